# Processes: who there is, how they end, how they are scheduled.
sleep 100 & p=$!
while [ "$(cat /proc/$p/comm)" != sleep ]; do :; done
ps -o pid,ppid,comm | head -n 1; ps -o comm,args | grep '[s]leep 100'; ps | grep -c '[s]leep 100'
ps -o pid,stat,pgid,sid,vsz,rss,tty,user,group,nice,args | head -n 1; ps -o comm,stat,nice,user,group,args | grep '^[s]leep'
sleep 0.05; pidof sleep | grep -cx $p; pidof nothing; echo $?
ps -o pid,ppid,pgid,sid,comm | awk -v p=$p -v me=$$ '$1 == p { print $2 == me, $3 != p, $4 > 0, $5 }'
kill -0 $p; echo $?; kill -STOP $p; sleep 0.05; ps -o comm,stat | grep '^sleep' | tr -s ' '; kill -CONT $p; kill $p
wait $p 2> /dev/null; echo $?; kill -0 $p 2> said; echo $?; sed 's/[0-9][0-9]*/N/' said; kill -9 999999; echo $?; kill -l | head -n 3
kill -l TERM; killall nothing; echo $?
(sleep 100 & sleep 0.05; killall sleep; wait $!; echo $?; sleep 100 & kill -INT $!; kill -KILL $!; wait $!; echo $?) 2> /dev/null
ps -o pid,nice | awk -v p=$$ '$1 == p { print $2 }'
sh -c 'renice -n 3 -p $$; renice -n 2 $$; ps -o pid,nice | grep "^ *$$ "' | awk '{ print $2 }'; renice 5 999999; echo $?
taskset 1 true; echo $?; taskset 1 sh -c 'taskset -p $$' | sed 's/pid [0-9]*/pid N/'; taskset 1 nproc; taskset 0 true; echo $?
taskset -p 999999; echo $?
timeout 0.1 sleep 100; echo $?; timeout 10 true; echo $?; timeout -s KILL 0.1 sleep 100; echo $?; timeout 10 sh -c 'exit 5'; echo $?
timeout 1 nothing; echo $?; timeout x true 2> /dev/null; echo $?
(time sleep 0.1) 2>&1 | sed 's/[0-9.]*s$/T/'; time -f '%x' false; echo $?; (time -p true) 2>&1 | cut -d ' ' -f 1
setsid sh -c 'ps -o pid,sid,pgid,args | grep "[s]etsid_mark" |
    { read a b c d; [ $a = $b ] && [ $b = $c ] && echo leads a session; }' setsid_mark
nohup sh -c 'kill -HUP $$; echo survived' 2> /dev/null; env -i A=1 B='2 3' env | sort; env -u HOME sh -c 'echo "[$HOME]"'
env X=y sh -c 'echo $X'; env nothing; echo $?
sh -c 'sleep 0.05 & exit 0'; sleep 0.1; echo orphans are taken in; start-stop-daemon -S -b -x /bin/sleep -- 100; sleep 0.1
pidof sleep | wc -w; start-stop-daemon -K -x /bin/sleep | sed 's/pid [0-9]*/pid N/'; sleep 0.05; pidof sleep; echo $?
usleep 1000; echo $?; sleep 0; sleep x; echo $?; true; echo $?; false; echo $?; sh -c 'kill -SEGV $$'; echo $?
sh -c 'ulimit -n 4; cat < /dev/null'; echo $?
top -b -n 1 | sed -n '4p' | tr -s ' '; top -b -n 1 | grep -c 'top -b'; top -b -n 2 -d 0.1 | grep -c '^ *PID'
top -b -n 1 | awk 'NR < 4 { print $1 } $8 == "sh" && $3 == "root" { n++ } END { print (n > 0) }'
(watch -t -n 1 echo watched > seen & sleep 0.3; kill $!; wait $!) 2> /dev/null; grep -c watched seen; cat /proc/self/comm; cat /proc/$$/comm
tr '\0' ' ' < /proc/self/cmdline; echo; grep -E '^(Name|Threads|Uid):' /proc/self/status; readlink /proc/self/exe
readlink /proc/self/cwd; readlink /proc/$$/root; readlink /proc/self/fd/0; ls /proc/self/fd | wc -l
ls -l /proc/self/fd/0 | sed 's/.*fd.0/0/'; ls -d /proc/self/task/* | wc -l; readlink /proc/self | grep -c '^[0-9]*$'
cut -d ' ' -f 3 /proc/self/stat; cat /proc/self/environ | tr '\0' '\n' | grep ^USER;
mkfifo gate; cat gate > got & for i in 1 2 3; do echo line $i; done > gate; wait; cat got; seq 100000 | tail -n 1
yes | tr -d '\n' | head -c 100000 | wc -c; for i in 1 2 3 4 5 6 7 8 9 10; do echo $i & done | sort -n | tail -n 1
cat /dev/null | cat | cat | wc -c; echo $( (echo a; sleep 0.05; echo b) | cat); (exit 3) | true; echo $?; true | (exit 4); echo $?
sh -c 'trap "echo int" INT; kill -INT $$; echo on'; sh -c '(kill -TERM $$); sleep 1; echo not reached'; echo $?
sh -c 'sleep 10 & sleep 10 & jobs | wc -l; kill %1 %2; wait; echo $?'; sh -c 'exec sleep 0'; echo $?; sh -c 'exec nothing'; echo $?
sh -c 'sleep 0.1 & sleep 0.2 & wait; jobs | wc -l'
