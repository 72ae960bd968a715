# The system: who, when, how much.
id; id -u; id -un; id -G; whoami; groups; id nobody 2> /dev/null; tty; echo $?; hostname; uname; uname -m; uname -n; uname -s
hostid | wc -c; users 2> /dev/null; who; w 2> /dev/null | head -n 0;
date -u -d '2021-02-03 04:05:06' '+%Y %m %d %H %M %S %a %b %j %u %s'; date -u -d @0; date -d @86400 -u +%F; TZ=UTC-2 date -d @0 +%T
date +%Y | wc -c; date -d nonsense; echo $?; date -r /etc/passwd +%Y | wc -c; cal 2 2024; date -u -D %Y%m%d -d 20200304 +%F
test $(date +%s) -gt 0 && echo time goes on
free | head -n 1; free | awk 'NR == 2 { print $1, NF, $2 > 0, $3 <= $2, $4 <= $2 }'; free -m | sed -n '3p' | awk '{ print $1 }'
uptime | sed 's/.* up .*load average: [0-9.]*, [0-9.]*, [0-9.]*/FORM/'; nproc | grep -c '^[1-9]'
cut -d ' ' -f 1 /proc/uptime | grep -c '^[0-9]*\.[0-9][0-9]$'; cat /proc/loadavg | wc -w; grep -c '^MemTotal: ' /proc/meminfo
grep -c '^processor' /proc/cpuinfo | grep -c '^[1-9]'; head -n 1 /proc/stat | cut -c 1-4; grep -w -c proc /proc/filesystems
awk '$2 == "/proc" { print $3 }' /proc/mounts; mount | grep -c ' on /proc type proc'; mountpoint /proc 2> /dev/null
cat /proc/version | cut -d ' ' -f 2
stty -a < /dev/null; echo $?; mesg 2> /dev/null < /dev/null; getopt -o ab: -- -a -b x y; run-parts /etc/nowhere; echo $?
seq 3 | ts x | wc -l; mkpasswd -m md5 -S saltsalt secret; cryptpw -m sha256 -S saltsalt secret 2> /dev/null; ipcalc -n 192.168.1.7/24
env | sort | grep -v '^_='; hostname other; hostname; uname -n; hostname crescent; umount /tmp/system; echo $?
cat /etc/passwd | head -n 1; mount -t nothing none /tmp; echo $?; umount /nowhere; echo $?; lsmod 2> /dev/null | head -n 0
losetup 2> /dev/null | head -n 0; adjtimex 2> /dev/null | head -n 0; logger -s hello 2>&1 | sed 's/.*: /: /'
ttysize 2> /dev/null | head -n 0; mknod bad x 2> /dev/null; echo $?
sysctl kernel.ostype kernel.hostname; hostname other; sysctl -n kernel.hostname; hostname crescent; cat /proc/sys/kernel/hostname
(sysctl kernel.pid_max; sysctl kernel.threads-max) | grep -c ' = [1-9][0-9]*$'
test $(cat /proc/sys/kernel/osrelease) = $(uname -r); echo $?
test "$(cat /proc/sys/kernel/version)" = "$(uname -v)"; echo $?; ls -d /proc/sys/kernel/random/*id | cut -d / -f 5-
ls -ld /proc/sys | cut -c 1-10
cd /proc/sys/kernel/random; tr 0-9a-f x < uuid; cut -c 15,20 uuid | tr 89ab V
cat uuid uuid | uniq | wc -l; cat boot_id boot_id | uniq | wc -l
cat /proc/sys/nothing 2>&1; cat /proc/sys/kernel 2>&1; pwd; cd /tmp
