# Files, folders, links, permissions.
mkdir -p a/b/c d; echo text > a/b/file; ln -s b/file a/link; ln a/b/file a/hard; touch -d '1999-01-02 03:04:05' a/old; touch empty
ls; ls -a a; ls -1 a; ls -F a; ls -R a; ls -d a; ls -p; ls;  ls -r a
ls -l a | grep -v ^d | sed 's/[A-Z][a-z][a-z]  *[0-9]* [0-9:]*  *b/DATE b/; s/[A-Z][a-z][a-z] .* \(hard\|link\)/DATE \1/'
ls -l --full-time a/old; ls -ln a/old; ls -lh a/old
cat a/link; readlink a/link; readlink -f a/link; realpath a/../a/b; realpath /nowhere/x; readlink a/old; echo $?
stat -c '%n %F %s %h %a %U %G' a/old a/b/file empty; stat -c '%F %N' a/link; stat -L -c '%F %s' a/link; stat -c '%a %F' /tmp / /dev/null
stat -c '%t %T' /dev/null
stat nothing; echo $?; stat -f -c '%s %S' . ; test a/hard -ef a/b/file && echo same; test a/old -ot empty && echo older
cp a/b/file copy; cp -a a e; ls -R e; cp -r a/b f; cp nothing x; echo $?; cp -i copy d/copy < /dev/null; cp -p a/old kept
stat -c %Y kept; cp a/b/file a/link d; ls d; cp -u copy d; cp -l copy hardcopy; cp -s /bin/busybox soft; readlink soft
mv copy moved; mv moved d; ls d; mv d/moved .; mv nothing x; echo $?; mv -n moved kept; ls moved; mv e/b e/renamed; ls e; mv moved e/; ls e
rm nothing; echo $?; rm -f nothing; echo $?; rm d; rmdir a; rm -r e; ls; rm -i empty < /dev/null; ls empty; rmdir -p x/y 2> /dev/null
mkdir -p x/y; rmdir -p x/y; ls
mkdir a; echo $?; mkdir -m 700 private; stat -c %a private; mkdir no/where; echo $?
chmod 640 kept; stat -c %A kept; chmod u+x,g-r,o=w kept; stat -c %A kept; chmod -R go-rwx a; stat -c %a a/b a/b/file; chmod 4755 kept
ls -l kept | cut -c 1-10; chmod +t d; stat -c %A d; chmod 9 kept; echo $?
chown 1:2 kept; stat -c '%u %g' kept; chown daemon kept 2> /dev/null || chown 3 kept; chgrp 5 kept; stat -c '%g' kept; chown -h 7 a/link
stat -c %u a/link
find . | sort; find . -type f -name '*e*' | sort; find . -type l | sort; find a -maxdepth 1 -mindepth 1 | sort
find . -size +0c -type f | sort; find . -perm 600 | sort; find . -name file -exec cat {} \; ; find . -type d -empty | sort
find . -newer a/old -type f | sort; find a -name 'o*' -o -name 'h*' | sort; find . -name kept -exec rm {} +; find . -name kept
cp -p a/old kept; find a -type f -print0 | xargs -0 ls | sort; find . -path './a/b/*' -prune -o -print | sort
find . -links 2 -type f | sort; find . -type f -mtime +36500 | wc -l
du -s a; du -a d | sort -k 2; du -sh a/b; dd if=/dev/zero of=big bs=1024 count=100 2> said; head -n 2 said; ls -s big; du -k big; rm big
df / > said; head -n 1 said; df -h | head -n 1; df /proc | tail -n 1 | cut -c 1-4
dd if=/dev/zero bs=4 count=2 2> /dev/null | od -c; printf 'abcdefgh' | dd bs=1 skip=2 count=3 2> /dev/null; echo
printf XY | dd of=a/b/file bs=1 seek=1 conv=notrunc 2> /dev/null; cat a/b/file; dd if=nothing; echo $?
printf 'mixed Case\n' | dd conv=ucase 2> /dev/null
truncate -s 5 cut; stat -c %s cut; truncate -s 2 cut; wc -c < cut; fallocate -l 100 alloc; stat -c %s alloc; shred -u alloc; ls alloc
mktemp -d XXXXXX | wc -c; t=$(mktemp /tmp/name.XXXXXX); ls $t | sed 's/\..*/.SUFFIX/'; rm $t; mktemp -u | cut -c 1-9
basename /a/b.c .c; basename /a/; dirname /a/b/c; dirname x; mkfifo pipe; stat -c %F pipe; (echo through > pipe) & cat pipe; wait
mknod second p; test -p second && echo a pipe too; rm second; cat < /dev/zero | head -c 3 | od -c
touch -t 199901020304 stamped; stat -c %Y stamped; touch -r a/old stamped; stat -c %Y stamped; touch -c uncreated; ls uncreated
link stamped second; stat -c %h second; unlink second; stat -c %h stamped
sync; fsync stamped 2> /dev/null; which ls sort nothing; test -x /bin/ls; echo $?
ls /dev | grep -E '^(null|zero|tty|random|full|urandom)$'; echo full > /dev/full; echo $?; head -c 4 /dev/urandom | wc -c; cat a
echo $?; cat nothing; echo $?; ls a/b/file/x; echo $?; cd a/b/file; cd nowhere; ls "$(printf '%0300d' 1)" 2>&1 | tail -c 20
ln -s loop loop; cat loop; ln -s nowhere dangling; cat dangling; ls -L dangling; cp dangling y; echo > a/b; echo > a/none/x;
