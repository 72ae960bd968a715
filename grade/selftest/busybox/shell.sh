# The shell itself: words, redirection, here-documents, functions, jobs in the background, traps.
echo "one   two" 'three $HOME' four\ five
x=5; echo $((x * 7 - 3)) ${x:-none} ${y:-none} ${#x} "$(echo nested $(echo deeper))"
set -- a 'b c' d; echo $# "$2" "$*"; shift; echo $1
for i in 1 2 3; do [ $i = 2 ] && continue; echo -n "$i "; done; echo
i=0; while [ $i -lt 5 ]; do i=$((i + 1)); case $i in 1|3) echo odd $i ;; 4) break ;; *) echo other $i ;; esac; done
until [ $i = 0 ]; do i=$((i - 1)); done; echo $i
f() { local v=$1; [ $v -le 1 ] && { echo 1; return; }; echo $((v * $(f $((v - 1))))); }
f 6
cat << END
x is $x and $((x + 1))
END
cat << 'END'
$x stays
END
eval "$(printf 'cat <<- END | tr a-z A-Z\n\tindented\n\tEND')"
{ echo to stdout; echo to stderr >&2; } 2>&1 | sort
echo overwritten > out; echo one > out; echo two >> out; cat < out; wc -l < out
ls /nowhere 2> errors; echo "status $?"; cat errors
exec 3> three; echo through three >&3; exec 3>&-; cat three
(echo sub; exit 7); echo "status $?"
! true; echo $?; false || echo or; true && echo and
echo a b c | { read p q; echo "<$p> <$q>"; }
printf '%s\n' "${0##*/}" | sed 's/.*/name/'
v=/usr/lib/file.tar.gz; echo ${v##*/} ${v%.*} ${v%%.*} ${v#*/} ${v/lib/LIB}
echo {no,braces} [ab]* *.none; touch a1 b1; echo [ab]1
trap 'echo end of shell' EXIT
trap 'echo got USR1' USR1; kill -USR1 $$; echo after
trap '' TERM; kill -TERM $$; echo still here; trap - TERM
sh -c 'kill -TERM $$'; echo "status $?"
sh -c 'trap "echo bye; exit 3" TERM; kill $$; sleep 5'; echo "status $?"
sleep 0.1 & wait $!; echo "waited $?"
(sleep 100 & kill $!; wait $!; echo "killed $?") 2> /dev/null
(sleep 0.05; echo late) & echo early; wait
for i in 3 1 2; do (sleep 0.$i; echo job $i) & done; wait
sh -c 'exit 42' & wait $! ; echo $?
yes | head -n 2; echo "no SIGPIPE is told: $?"
seq 1000 | (read a; read b; echo $a $b)
echo $(seq 5 | while read n; do echo $((n * n)); done)
eval 'z=3; echo $z'; unset z; echo "[$z]"
set -e; (false; echo not reached) || echo caught; set +e
set -u; (echo $unknown_name) 2> /dev/null || echo refused; set +u
sh -c 'echo $0 $1' zero one; sh -c 'echo $PPID' | grep -c '^[0-9][0-9]*$'
echo 'echo from a script: $1' > script; chmod +x script; ./script hello; sh ./script again
printf '#!/bin/sh\necho $0 "$@"\n' > script; ./script x 'y z'
printf '#!/bin/sed 1d\nthe second line\n' > filter; chmod 755 filter; ./filter
./missing; echo $?; ./a1; echo $?; /; echo $?
type cd; command -v sed; alias ll='ls -l'; alias ll
umask 027; umask; umask 22
ulimit -n 20; ulimit -n
getopts ab: o -b value; echo $o $OPTARG
IFS=:; set -- $(echo p:q:r); echo $3; unset IFS
readonly r=1; (r=2) 2> /dev/null; echo $?
times | wc -l; hash -r; let 'n = 4 + 5'; echo $n
time true 2> times; cut -f 1 times
printf 'a\nb\n' | while read l; do echo "<$l>"; done
test -d / -a ! -f / && [ 2 -gt 1 ] && [[ abc == a* ]] && echo tests
cd /; pwd; cd - > /dev/null; cd /usr/bin/..; pwd; cd -P .; pwd
