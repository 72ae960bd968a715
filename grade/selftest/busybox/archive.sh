# Archives and compression.
mkdir tree tree/sub; seq 2000 > tree/numbers; echo small > tree/sub/small; ln -s sub/small tree/link; chmod 600 tree/sub/small
touch -d '2021-05-06 07:08:09' tree/numbers
tar cf t.tar tree; tar tf t.tar | sort; mkdir out; tar xf t.tar -C out; diff -r tree out/tree && echo equal
stat -c %a out/tree/sub/small; stat -c %Y out/tree/numbers; readlink out/tree/link
tar czf t.tgz tree; gunzip -t t.tgz && echo sound; tar tzf t.tgz | sort | head -n 2; tar xzOf t.tgz tree/sub/small
tar tvf t.tar tree/numbers | tr -s ' '; tar cf - tree | tar tf - | wc -l; tar xf nothing.tar; echo $?; echo sub > list
tar -X list -cf x.tar tree 2> /dev/null; echo garbage | tar x; echo $?
cp tree/numbers n; gzip n; ls n*; zcat n.gz | tail -n 1; gzip -d n.gz; cmp n tree/numbers && echo same; gzip -c n | wc -c
gzip -9c n | gunzip | md5sum; md5sum < n; gzip -1 -c n | wc -c; echo spoilt > bad.gz; gunzip bad.gz; echo $?; gzip nothing; echo $?
bzip2 -k n; ls n*; bunzip2 -c n.bz2 | md5sum; bzcat n.bz2 | head -n 1; wc -c < n.bz2; rm n.bz2; lzop -c n > n.lzo; lzop -dc n.lzo | md5sum
printf '\3757zXZ\0' | xz -d; echo $?; xzcat nothing 2>&1; echo $?
echo /Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAAAPUP6UxtR6AvAAEeBsKkn2YftvN9AQAAAAAEWVo= | base64 -d | xz -dc; echo $?
find tree | sort | cpio -o -H newc > t.cpio 2> said; cat said; cpio -t < t.cpio 2> /dev/null; mkdir c
(cd c; cpio -id < ../t.cpio 2> /dev/null); diff -r tree c/tree && echo equal; stat -c %a c/tree/sub/small
ar t nothing.a; echo $?; printf 'begin 644 f\n#86)C\n`\nend\n' | uudecode -o -; seq 20000 | gzip | gunzip | md5sum; seq 20000 | md5sum
head -c 100000 /dev/zero | bzip2 | bunzip2 | wc -c; seq 5000 | tar cz -f - tree | tar tzf - | wc -l; unzip -l nothing; echo $?
