# Programs that read lines and write lines.
printf 'pear 3\napple 10\nfig 2\napple 10\nplum 1\n' > fruit
sort fruit; sort -u fruit; sort -k2,2n fruit; sort -rk2,2n -k1,1 fruit | head -n 2; sort -t ' ' -k 2 -c fruit; echo $?
uniq -c fruit; sort fruit | uniq -d; sort fruit | uniq -u
cat -n fruit; cat -A fruit | head -n 1; tac fruit; rev fruit; nl fruit; nl -b a -s : fruit
head -n 2 fruit; head -c 5 fruit; echo; tail -n 2 fruit; tail -n +4 fruit; tail -c 4 fruit
wc fruit; wc -l < fruit; wc -c fruit fruit; wc -w fruit
cut -d ' ' -f 2 fruit; cut -c 2-3 fruit; cut -f 1 -s fruit
tr a-z A-Z < fruit; tr -d 'aeiou' < fruit; tr -s p < fruit; tr -c 'a-z\n' . < fruit
grep -n app fruit; grep -c a fruit; grep -v a fruit; grep -E '^(fig|plum)' fruit; grep -o '[0-9]*$' fruit; grep -il APPLE fruit
fgrep '.' fruit; echo $?; egrep -w '3|2' fruit; grep -q plum fruit && echo there; grep -A1 -B1 fig fruit; grep -r pear . | sort
sed 's/a/A/g; 2d; $a the end' fruit; sed -n '2,3p' fruit; sed -e '/fig/i before' -e '/fig/c changed' fruit
sed -E 's/([a-z]+) ([0-9]+)/\2 \1/' fruit; sed 'N;s/\n/+/' fruit; sed -n '/pear/,/fig/{=;p}' fruit; sed y/abc/xyz/ fruit
cp fruit edited; sed -i 's/^/> /' edited; cat edited
awk '{ sum += $2; n[$1]++ } END { print sum, NR; for (k in n) print k, n[k] | "sort" }' fruit
awk -F' ' 'NR > 1 && /a/ { printf "%-8s|%3d\n", toupper($1), $2 * 2 }' fruit
awk 'BEGIN { while (("echo a b; echo c" | getline line) > 0) print "<" line ">" }'
awk 'BEGIN { print length("hello"), substr("hello", 2, 3), index("hello", "l"), 7 / 2, sprintf("%x", 255) }'
awk -v who=you 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } BEGIN { print who, f(15) }'
awk -v who=you 'BEGIN { split("a:b:c", p, ":"); print p[3]; gsub(/o/, "0", who); print who }'
printf 'a\tb\n' | expand | od -c; printf '        x\n' | unexpand -a | od -An -c
fold -w 3 fruit | head -n 4; echo 'the quick brown fox jumps' | fold -s -w 10
printf '1\n2\n3\n' > n; printf 'x\ny\n' > l; paste n l; paste -d , -s n; paste -d : l n
printf 'a\nb\nc\n' > left; printf 'a\nB\nc\nd\n' > right
diff left right; echo $?; diff -u left right | tail -n +3; diff left left; echo $?; diff -q left right
cmp left right; echo $?; cmp left left; cmp -s left right || echo differ; cmp -l left right
printf 'hello\n' | od -An -tx1; printf 'hello, world of bytes\n' | hexdump -C; printf 'ab' | xxd; printf '\1\2' | od -b
printf abcd | od -t x4
printf hello | md5sum; printf hello | sha1sum; printf hello | sha256sum; printf hello | sha512sum; printf hello | sha3sum
printf hello | crc32
md5sum fruit > sums; md5sum -c sums; printf hello | base64; echo aGVsbG8= | base64 -d; echo
echo one | tee copy; echo two | tee -a copy > /dev/null; cat copy
seq 3; seq 2 3 11; seq -s , 5; seq -w 8 11; seq 3 -1 1; printf '%05d|%-6s|%x|%o|%c|%5.2f|%%|%b\n' 42 ab 255 8 X 3.14159 'a\tb'
printf '%s-%s\n' a b c; printf '%d\n' 0x1f; printf '\x41\102\n'; printf '%q\n' 2> /dev/null
expr 2 + 3 \* 4; expr \( 2 + 3 \) \* 4; expr length hello; expr substr hello 2 3; expr hello : 'h\(.*\)o'; expr 5 '>' 7; echo $?
echo '2^70; scale=5; 22/7; ibase=16; FF' | bc; dc -e '3 4 + 2 * p'; factor 360 97
printf 'a b  c\nd\n' | xargs; printf 'a b c d e\n' | xargs -n 2 echo; printf 'x y' | xargs -I{} echo '<{}>'
printf 'a\0b c\0' | xargs -0 -n 1 echo; seq 5 | xargs -n 2 sh -c 'echo $# $0'
echo "b,a;c" | tr ',;' '\n\n' | sort | paste -sd+; yes no | head -n 2; printf 'x\ny\nz\n' | shuf | sort; strings -n 4 /bin/sh | head -c 0
printf 'dos\r\n' | dos2unix | od -An -c; printf 'unix\n' | unix2dos | od -An -c; printf 'q 1\n' | ts '%%' | cut -c 1
printf '%s\n' 1,2d '$p' 'a' 'new' . w q | ed -s fruit 2> /dev/null; printf '%s\n' 1,2d w q | ed fruit; cat fruit
printf 'one\ntwo\n' | cat - fruit | less | head -n 2; printf '1\n2\n' | more; clear | od -An -c; echo x | uuencode name; ascii | head -n 3
