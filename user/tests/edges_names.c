/* Edges of the calls on names: paths, links, folders, what is known of a file. */

#include "edges.h"

enum { D = 40, F, P }; /* descriptors: a folder, a file, a pipe */
enum { AT_FOLLOW = 0x400, AT_EACCESS_ = 0x200, AT_NO_AUTOMOUNT_ = 0x800, NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

static char name255[300], name256[300], path4095[5000], path4096[5000], deep4095[5000];
static struct stat st;

static void make_names(void)
{
    int fds[2];
    memset(name255, 'n', 255);
    memset(name256, 'n', 256);
    for (int i = 0; i < 4095; i += 2) { /* ././.(...)/./f */
        path4095[i] = '.';
        path4095[i + 1] = '/';
    }
    path4095[4094] = 'f';
    path4095[4095] = 0;
    memcpy(path4096, path4095, 4094);
    strcpy(path4096 + 4094, "/f");
    memset(deep4095, '/', 4095);
    file_at(F, "f", O_RDWR, 10);
    mkdir("d", 0755);
    mkdir("full", 0755);
    close(open("full/x", O_CREAT | O_WRONLY, 0600));
    symlink("f", "link");
    symlink("d", "to_d");
    symlink("nothing", "dangling");
    symlink("loop2", "loop1");
    symlink("loop1", "loop2");
    symlink("self", "self");
    dup2(open("d", O_RDONLY | O_DIRECTORY), D);
    pipe(fds);
    dup2(fds[0], P);
    for (int fd = 3; fd < D; fd++)
        close(fd);
}

static void long_paths(void)
{
    char chain[8], target[8];
    make_names();
    E(open, path4095, O_RDONLY);
    E(open, path4096, O_RDONLY);
    E(open, deep4095, O_RDONLY);
    E(open, name256, O_RDONLY);
    E(open, name256, O_CREAT | O_WRONLY, 0600);
    E(creat, name255, 0600);
    E(unlink, name255);
    E(unlink, name256);
    E(mkdir, name255, 0700);
    E(mkdir, name256, 0700);
    E(rmdir, name255);
    E(rename, "f", name256);
    E(rename, name256, "f");
    E(link, "f", name256);
    E(symlink, "f", name256);
    E(symlink, name256, "s");
    E(stat, "s", &st);
    E(lstat, "s", &st);
    V(st.st_size);
    E(symlink, path4095, "s2");
    E(symlink, path4096, "s3");
    E(readlink, "s2", buffer, 65536);
    E(open, "s2", O_RDONLY);
    E(access, name256, F_OK);
    E(chmod, name256, 0);
    E(truncate, name256, 0);
    E(mknod, name256, S_IFREG | 0600, 0);
    about("links that lead to each other");
    E(open, "loop1", O_RDONLY);
    E(open, "self", O_RDONLY);
    E(open, "self/x", O_RDONLY);
    E(open, "self", O_CREAT | O_RDWR, 0600);
    E(stat, "loop1", &st);
    E(lstat, "loop1", &st);
    E(chdir, "loop1");
    E(rename, "loop1/x", "y");
    E(rename, "f", "loop1/y");
    E(unlink, "loop1/x");
    E(truncate, "loop1", 0);
    symlink("f", "c0");
    for (int i = 1; i <= 41; i++) {
        snprintf(chain, sizeof(chain), "c%d", i);
        snprintf(target, sizeof(target), "c%d", i - 1);
        symlink(target, chain);
    }
    E(access, "c39", F_OK);
    E(access, "c40", F_OK);
    E(open, "c40", O_RDONLY | O_NOFOLLOW);
}

static void paths(void)
{
    make_names();
    E(stat, "", &st);
    E(stat, "f/", &st);
    E(lstat, "link/", &st);
    E(lstat, "to_d/", &st);
    OCTAL(st.st_mode & S_IFMT);
    E(lstat, "to_d", &st);
    OCTAL(st.st_mode & S_IFMT);
    E(lstat, "dangling/", &st);
    E(stat, "dangling", &st);
    E(stat, "d/../f", &st);
    E(stat, "f/../f", &st);
    E(stat, "nothing/../f", &st);
    E(stat, "//f", &st);
    E(stat, "./././//f", &st);
    E(stat, "/..", &st);
    E(stat, "f", NOWHERE);
    E(stat, "nothing", NOWHERE);
    E(stat, NOWHERE, NOWHERE);
    E(stat, "f", KERNEL);
    E(stat, "f", read_only);
    E(lstat, NOWHERE, &st);
    E(fstat, 99, &st);
    E(fstat, 99, NOWHERE);
    E(fstat, F, NOWHERE);
    E(fstat, F, BEFORE_END(sizeof(st) - 1));
    E(fstat, P, &st);
    OCTAL(st.st_mode);
    V(st.st_size);
    about("newfstatat");
    E(newfstatat, AT_FDCWD, "f", &st, 0);
    V(st.st_size);
    V(st.st_nlink);
    V(st.st_blksize);
    E(newfstatat, AT_FDCWD, "f", &st, 1);
    E(newfstatat, AT_FDCWD, NOWHERE, &st, 1);
    E(newfstatat, AT_FDCWD, "f", &st, AT_FOLLOW);
    E(newfstatat, AT_FDCWD, "f", &st, AT_NO_AUTOMOUNT_);
    E(newfstatat, AT_FDCWD, "", &st, 0);
    E(newfstatat, AT_FDCWD, "", &st, AT_EMPTY_PATH);
    OCTAL(st.st_mode & S_IFMT);
    E(newfstatat, F, "", &st, AT_EMPTY_PATH);
    OCTAL(st.st_mode & S_IFMT);
    E(newfstatat, 99, "", &st, AT_EMPTY_PATH);
    E(newfstatat, 99, "", &st, 0);
    E(newfstatat, 99, "f", &st, 0);
    E(newfstatat, 99, "/", &st, 0);
    E(newfstatat, F, "f", &st, 0);
    E(newfstatat, D, ".", &st, 0);
    E(newfstatat, D, "../f", &st, 0);
    E(newfstatat, D, NOWHERE, &st, 0);
    E(newfstatat, D, "../link", &st, AT_SYMLINK_NOFOLLOW);
    V(st.st_size);
    about("access");
    E(access, "f", 8);
    E(access, "nothing", 8);
    E(access, NOWHERE, 8);
    E(access, "f", -1);
    E(access, NOWHERE, F_OK);
    E(access, "dangling", F_OK);
    E(access, "", F_OK);
    E(access, "f/", F_OK);
    E(access, "d/", R_OK | W_OK | X_OK);
    E(access, "f", X_OK);
    E(faccessat, 99, "f", F_OK);
    E(faccessat, 99, "", F_OK);
    E(faccessat, D, "../f", R_OK);
    E(faccessat, F, "f", F_OK);
    E(faccessat, AT_FDCWD, "f", 8);
    E(faccessat2, AT_FDCWD, "f", R_OK, 1);
    E(faccessat2, AT_FDCWD, NOWHERE, R_OK, 1);
    E(faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW);
    E(faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS_);
    E(faccessat2, F, "", R_OK, AT_EMPTY_PATH);
    E(faccessat2, 99, "", R_OK, AT_EMPTY_PATH);
    about("where one is");
    E(chdir, "");
    E(chdir, "f");
    E(chdir, "nothing");
    E(chdir, "dangling");
    E(chdir, NOWHERE);
    E(fchdir, 99);
    E(fchdir, F);
    E(fchdir, P);
    E(getcwd, buffer, 0);
    E(getcwd, buffer, 1);
    E(getcwd, NULL, 0);
    E(getcwd, NOWHERE, 1);
    E(getcwd, NOWHERE, 1000);
    E(chdir, "/");
    E(getcwd, buffer, 2);
    E(getcwd, buffer, 1);
    E(getcwd, buffer, -1);
}

static void links(void)
{
    make_names();
    about("link");
    E(link, "f", "f");
    E(link, "f", "d");
    E(link, "f", "");
    E(link, "", "x");
    E(link, "nothing", "x");
    E(link, "d", "x");
    E(link, "f/", "x");
    E(link, "f", "x/");
    E(link, "f", "nothing/x");
    E(link, "f", "f/x");
    E(link, "f", "dangling");
    E(link, NOWHERE, "f");
    E(link, "f", NOWHERE);
    E(link, "nothing", NOWHERE);
    E(link, "link", "hard");
    OCTAL(mode_of("hard") & S_IFMT);
    E(linkat, AT_FDCWD, "link", AT_FDCWD, "hard2", AT_FOLLOW);
    OCTAL(mode_of("hard2") & S_IFMT);
    V(links_of("f"));
    E(linkat, AT_FDCWD, "f", AT_FDCWD, "x", 1);
    E(linkat, AT_FDCWD, NOWHERE, AT_FDCWD, "x", 1);
    E(linkat, 99, "f", AT_FDCWD, "x", 0);
    E(linkat, AT_FDCWD, "f", 99, "x", 0);
    E(linkat, AT_FDCWD, "f", F, "x", 0);
    E(linkat, AT_FDCWD, "f", D, "x", 0);
    E(linkat, AT_FDCWD, "", AT_FDCWD, "y", 0);
    E(linkat, P, "", AT_FDCWD, "y", 0);
    E(linkat, AT_FDCWD, "f", AT_FDCWD, ".", 0);
    E(linkat, AT_FDCWD, "f", AT_FDCWD, "..", 0);
    E(linkat, AT_FDCWD, "f", AT_FDCWD, "/dev/null", 0);
    about("symlink");
    E(symlink, "", "s");
    E(symlink, "x", "");
    E(symlink, "x", "f");
    E(symlink, "x", "dangling");
    E(symlink, "x", "d");
    E(symlink, "x", "s/");
    E(symlink, "x", "nothing/s");
    E(symlink, NOWHERE, "s");
    E(symlink, "x", NOWHERE);
    E(symlink, NOWHERE, "f");
    E(symlinkat, "x", 99, "s");
    E(symlinkat, "x", F, "s");
    E(symlinkat, "x", D, "s");
    OCTAL(mode_of("d/s"));
    V(size_of("d/s"));
    about("readlink");
    E(readlink, "f", buffer, 10);
    E(readlink, "d", buffer, 10);
    E(readlink, "nothing", buffer, 10);
    E(readlink, "", buffer, 10);
    E(readlink, "link", buffer, 0);
    E(readlink, "link", buffer, -1);
    E(readlink, "nothing", buffer, 0);
    E(readlink, NOWHERE, buffer, -1);
    E(readlink, "link", NOWHERE, 10);
    E(readlink, "dangling", buffer, 3);
    E(readlink, "link/", buffer, 10);
    E(readlink, "to_d/", buffer, 10);
    E(readlink, NOWHERE, buffer, 10);
    E(readlinkat, 99, "link", buffer, 10);
    E(readlinkat, F, "", buffer, 10);
    E(readlinkat, D, "s", buffer, 10);
    E(readlinkat, AT_FDCWD, "", buffer, 10);
    about("unlink");
    E(unlink, "d");
    E(unlink, "d/");
    E(unlink, "f/");
    E(unlink, "nothing");
    E(unlink, "nothing/");
    E(unlink, "");
    E(unlink, ".");
    E(unlink, "..");
    E(unlink, "/");
    E(unlink, "link/");
    E(unlink, "to_d/");
    E(unlink, NOWHERE);
    E(unlink, "to_d");
    OCTAL(mode_of("d") & S_IFMT);
    E(unlinkat, AT_FDCWD, "f", 1);
    E(unlinkat, AT_FDCWD, NOWHERE, 1);
    E(unlinkat, AT_FDCWD, "f", AT_REMOVEDIR);
    E(unlinkat, AT_FDCWD, "d", 0);
    E(unlinkat, 99, "f", 0);
    E(unlinkat, F, "f", 0);
    E(unlinkat, D, "s", 0);
    E(unlinkat, D, ".", AT_REMOVEDIR);
}

static void making(void)
{
    make_names();
    about("folders");
    E(mkdir, "f", 0700);
    E(mkdir, "d", 0700);
    E(mkdir, "dangling", 0700);
    E(mkdir, "", 0700);
    E(mkdir, ".", 0700);
    E(mkdir, "/", 0700);
    E(mkdir, "nothing/x", 0700);
    E(mkdir, "f/x", 0700);
    E(mkdir, NOWHERE, 0700);
    E(mkdir, "new/", 07777);
    OCTAL(mode_of("new"));
    V(links_of("new"));
    E(mkdir, "new/in", 0);
    OCTAL(mode_of("new/in"));
    V(links_of("new"));
    E(mkdirat, 99, "x", 0700);
    E(mkdirat, F, "x", 0700);
    E(mkdirat, D, "x", 0700);
    E(mkdirat, D, "/", 0700);
    E(rmdir, "f");
    E(rmdir, "full");
    E(rmdir, "nothing");
    E(rmdir, "");
    E(rmdir, ".");
    E(rmdir, "..");
    E(rmdir, "d/.");
    E(rmdir, "d/..");
    E(rmdir, "/");
    E(rmdir, "to_d");
    E(rmdir, "to_d/");
    E(rmdir, "link");
    E(rmdir, "f/");
    E(rmdir, NOWHERE);
    E(rmdir, "d/x/");
    about("nodes");
    E(mknod, "f", S_IFREG | 0600, 0);
    E(mknod, "n0", 0600, 0);
    OCTAL(mode_of("n0"));
    E(mknod, "n1", S_IFREG | 07777, 0);
    OCTAL(mode_of("n1"));
    E(mknod, "n2", S_IFDIR | 0700, 0);
    E(mknod, "n3", S_IFLNK | 0700, 0);
    E(mknod, "n4", S_IFSOCK | 0700, 0);
    OCTAL(mode_of("n4"));
    E(open, "n4", O_RDWR);
    E(mknod, "n5", 0030000 | 0700, 0);
    E(mknod, "n6/", S_IFREG | 0700, 0);
    E(mknod, "nothing/n", S_IFREG | 0700, 0);
    E(mknod, NOWHERE, S_IFREG | 0700, 0);
    E(mknod, NOWHERE, S_IFDIR | 0700, 0);
    E(mknod, "f", S_IFDIR | 0700, 0);
    E(mknodat, 99, "n", S_IFIFO | 0700, 0);
    E(mknodat, F, "n", S_IFIFO | 0700, 0);
    E(mknodat, D, "n", S_IFIFO | 0700, 0);
    OCTAL(mode_of("d/n"));
    about("the mask");
    E(umask, 0777);
    E(creat, "m0", 0666);
    OCTAL(mode_of("m0"));
    E(umask, -1);
    E(umask, 0);
    E(mkdir, "m1", 0777);
    OCTAL(mode_of("m1"));
    E(umask, 022);
}

static void renaming(void)
{
    make_names();
    link("f", "same");
    mkdir("empty", 0755);
    E(rename, "nothing", "x");
    E(rename, "", "x");
    E(rename, "f", "");
    E(rename, NOWHERE, "x");
    E(rename, "f", NOWHERE);
    E(rename, "nothing", NOWHERE);
    E(rename, "f", "nothing/x");
    E(rename, "f", "f/x");
    E(rename, "f", "d");
    E(rename, "d", "f");
    E(rename, "d", "full");
    E(rename, "d", "d/x");
    E(rename, "full", "full/x");
    E(rename, "full/x", "full");
    E(rename, ".", "x");
    E(rename, "d/.", "x");
    E(rename, "..", "x");
    E(rename, "f", ".");
    E(rename, "f", "..");
    E(rename, "f", "/");
    E(rename, "/", "x");
    E(rename, "f", "x/");
    E(rename, "f/", "x");
    E(rename, "d", "x/");
    E(rename, "x/", "d");
    E(rename, "to_d/", "x");
    E(rename, "f", "same");
    V(links_of("f"));
    V(links_of("same"));
    E(rename, "f", "f");
    E(rename, "d", "d");
    E(rename, "dangling", "moved");
    OCTAL(mode_of("moved") & S_IFMT);
    E(rename, "f", "link");
    OCTAL(mode_of("link") & S_IFMT);
    E(rename, "empty", "d");
    E(access, "empty", F_OK);
    E(mkdirat, D, "x", 0700);
    E(rename, "link", "/dev/null/x");
    E(renameat, 99, "link", AT_FDCWD, "x");
    E(renameat, AT_FDCWD, "link", 99, "x");
    E(renameat, F, "link", AT_FDCWD, "x");
    E(renameat, AT_FDCWD, "link", AT_FDCWD, "d/x");
    E(renameat2, AT_FDCWD, "d/x", AT_FDCWD, "same", NOREPLACE);
    E(renameat2, AT_FDCWD, "d/x", AT_FDCWD, "d/x", NOREPLACE);
    E(renameat2, AT_FDCWD, "nothing", AT_FDCWD, "same", NOREPLACE);
    E(renameat2, AT_FDCWD, "d/x", AT_FDCWD, ".", NOREPLACE);
    E(renameat2, AT_FDCWD, "d/x", AT_FDCWD, "new", NOREPLACE);
    E(renameat2, AT_FDCWD, "new", AT_FDCWD, "y", 8);
    E(renameat2, AT_FDCWD, NOWHERE, AT_FDCWD, "y", 8);
    E(renameat2, AT_FDCWD, "new", AT_FDCWD, "same", EXCHANGE | NOREPLACE);
    E(renameat2, AT_FDCWD, "new", AT_FDCWD, "same", EXCHANGE | WHITEOUT);
    about("a folder that goes elsewhere");
    mkdir("a", 0755);
    mkdir("a/b", 0755);
    V(links_of("a"));
    E(rename, "a/b", "b");
    V(links_of("a"));
    E(rename, "b", "a/b");
    E(rename, "a", "a/b/c");
    E(rename, "a/b", "a");
    E(rename, "a/b", "full/x");
    E(rename, "a/b", "full/x/y");
}

static void attributes(void)
{
    struct timespec times[2] = { { 1000, 5 }, { 2000, 7 } }, now[2] = { { 1, UTIME_NOW }, { 1, UTIME_NOW } };
    struct timespec omit[2] = { { -5, UTIME_OMIT }, { -5, UTIME_OMIT } }, bad[2] = { { 1, 1000000000 }, { 1, 0 } };
    struct timespec negative[2] = { { 1, -1 }, { 1, 0 } }, second[2] = { { 3000, 0 }, { 1, UTIME_OMIT } };
    long buf[16];
    make_names();
    about("modes");
    E(chmod, "nothing", 0600);
    E(chmod, "", 0600);
    E(chmod, "f/", 0600);
    E(chmod, NOWHERE, 0600);
    E(chmod, "dangling", 0600);
    E(chmod, "f", 0177777);
    OCTAL(mode_of("f"));
    E(chmod, "link", 04000);
    OCTAL(mode_of("f"));
    OCTAL(mode_of("link"));
    E(fchmod, 99, 0600);
    E(fchmod, F, 0640);
    OCTAL(mode_of("f"));
    E(fchmod, P, 0640);
    E(fchmodat, 99, "f", 0600);
    E(fchmodat, D, "../f", 0600);
    E(fchmodat, F, "f", 0600);
    E(fchmodat, AT_FDCWD, "", 0600);
    about("owners");
    E(chown, "nothing", -1, -1);
    E(chown, "", -1, -1);
    E(chown, NOWHERE, -1, -1);
    E(chown, "f", -1, -1);
    E(lchown, "dangling", -1, -1);
    E(chown, "dangling", -1, -1);
    E(fchown, 99, -1, -1);
    E(fchown, F, -1, -1);
    E(fchownat, AT_FDCWD, "f", -1, -1, 1);
    E(fchownat, AT_FDCWD, NOWHERE, -1, -1, 1);
    E(fchownat, F, "", -1, -1, AT_EMPTY_PATH);
    E(fchownat, F, "", -1, -1, 0);
    E(fchownat, 99, "f", -1, -1, 0);
    E(fchownat, AT_FDCWD, "dangling", -1, -1, AT_SYMLINK_NOFOLLOW);
    about("times");
    E(utimensat, AT_FDCWD, "f", times, 0);
    E(stat, "f", &st);
    V(st.st_atim.tv_sec);
    V(st.st_atim.tv_nsec);
    V(st.st_mtim.tv_sec);
    V(st.st_mtim.tv_nsec);
    E(utimensat, AT_FDCWD, "f", second, 0);
    E(stat, "f", &st);
    V(st.st_atim.tv_sec);
    V(st.st_mtim.tv_sec);
    E(utimensat, AT_FDCWD, "f", now, 0);
    E(utimensat, AT_FDCWD, "f", omit, 0);
    E(utimensat, AT_FDCWD, "nothing", omit, 0);
    E(utimensat, AT_FDCWD, "f", bad, 0);
    E(utimensat, AT_FDCWD, "nothing", bad, 0);
    E(utimensat, AT_FDCWD, "f", negative, 0);
    E(utimensat, AT_FDCWD, "f", NULL, 0);
    E(utimensat, AT_FDCWD, "f", NOWHERE, 0);
    E(utimensat, AT_FDCWD, "nothing", NOWHERE, 0);
    E(utimensat, AT_FDCWD, "nothing", times, 0);
    E(utimensat, AT_FDCWD, "", times, 0);
    E(utimensat, AT_FDCWD, NOWHERE, times, 0);
    E(utimensat, AT_FDCWD, NULL, times, 0);
    E(utimensat, AT_FDCWD, NULL, omit, 0);
    E(utimensat, AT_FDCWD, "f", times, 1);
    E(utimensat, F, NULL, times, 0);
    E(utimensat, F, NULL, times, AT_SYMLINK_NOFOLLOW);
    E(utimensat, 99, NULL, times, 0);
    E(utimensat, 99, NULL, bad, 0);
    E(utimensat, 99, NULL, omit, 0);
    E(utimensat, 99, "f", times, 0);
    E(utimensat, F, "", times, AT_EMPTY_PATH);
    E(utimensat, AT_FDCWD, "dangling", times, 0);
    E(utimensat, AT_FDCWD, "dangling", times, AT_SYMLINK_NOFOLLOW);
    E(lstat, "dangling", &st);
    V(st.st_mtim.tv_sec);
    about("file systems");
    E(statfs, "nothing", buf);
    E(statfs, "", buf);
    E(statfs, NOWHERE, buf);
    E(statfs, "f", NOWHERE);
    E(statfs, "nothing", NOWHERE);
    E(statfs, "f", buf);
    V(buf[1]);
    V(buf[8]);
    E(statfs, "/proc", buf);
    V(buf[0]);
    V(buf[8]);
    E(fstatfs, P, buf);
    V(buf[8]);
    E(fchown, P, -1, -1);
    E(utimensat, P, NULL, times, 0);
    E(newfstatat, P, "", &st, AT_EMPTY_PATH);
    V(st.st_nlink);
    V(st.st_mtim.tv_sec);
    E(newfstatat, P, ".", &st, 0);
    E(fstatfs, 99, buf);
    E(fstatfs, 99, NOWHERE);
    E(fstatfs, F, NOWHERE);
    E(fstatfs, F, buf);
    V(buf[1]);
}

/* Of a process that has ended and is not waited for. */
static void dead_cwd(void)
{
    char path[32], to[64];
    pid_t pid = split();
    if (pid == 0)
        done(0);
    syscall(SYS_waitid, 1, pid, NULL, 4 | 0x1000000, NULL); /* P_PID, WEXITED | WNOWAIT: it stays */
    snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
    E(readlink, path, to, sizeof(to));
    wait_for(pid);
}

static void special(void)
{
    make_names();
    about("/proc");
    E(open, "/proc/nothing", O_RDONLY);
    E(open, "/proc/nothing", O_CREAT | O_RDWR, 0600);
    E(open, "/proc/999999", O_RDONLY);
    E(open, "/proc/999999/stat", O_RDONLY);
    E(open, "/proc/0", O_RDONLY);
    E(open, "/proc/01", O_RDONLY);
    E(open, "/proc/self/nothing", O_RDONLY);
    E(open, "/proc/self/fd/99", O_RDONLY);
    E(open, "/proc/self/fd/040", O_RDONLY);
    E(open, "/proc/self/fd/-1", O_RDONLY);
    E(open, "/proc/self/task/1", O_RDONLY);
    dead_cwd();
    E(mkdir, "/proc/x", 0700);
    E(mknod, "/proc/x", S_IFREG | 0600, 0);
    E(symlink, "x", "/proc/x");
    E(link, "f", "/proc/x");
    E(rename, "f", "/proc/x");
    E(rename, "nothing", "/proc/x");
    E(rename, ".", "/proc/x");
    E(unlink, "/proc/self/stat");
    E(unlink, "/proc/nothing");
    E(rmdir, "/proc/self/fd");
    E(rmdir, "/proc/nothing");
    E(rename, "/proc/self/stat", "x");
    E(rename, "/proc/self/stat", "/proc/self/x");
    E(rename, "/proc/self/stat", "/proc/self/status");
    E(link, "/proc/self/stat", "x");
    E(link, "/proc/self/stat", "/proc/self/x");
    E(mkdir, "/proc/self/stat", 0700);
    E(chdir, "/proc/self/stat");
    E(readlink, "/proc/self/stat", buffer, 10);
    E(access, "/proc/self/stat", W_OK | X_OK);
    OCTAL(mode_of("/proc/self/stat"));
    OCTAL(mode_of("/proc/self/fd"));
    OCTAL(mode_of("/proc/self/comm"));
    OCTAL(mode_of("/proc/self") & S_IFMT);
    V(size_of("/proc/self/stat"));
    int stat_file = open("/proc/self/stat", O_RDONLY);
    E(write, stat_file, "x", 1);
    E(lseek, stat_file, 0, SEEK_END);
    E(lseek, stat_file, -1, SEEK_SET);
    E(lseek, stat_file, 1000000, SEEK_SET);
    E(read, stat_file, buffer, 100);
    E(ioctl, stat_file, 0x5401, buffer);
    E(ftruncate, stat_file, 0);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, stat_file, 0);
    E(getdents64, stat_file, buffer, 100);
    int comm = open("/proc/self/comm", O_RDWR);
    E(write, comm, "a name that is too long", 23);
    E(pread64, comm, buffer, 100, 0);
    E(write, comm, "", 0);
    E(write, comm, NOWHERE, 3);
    about("/dev");
    int zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR), null = open("/dev/null", O_RDWR);
    E(read, zero, buffer, 100);
    E(read, zero, NOWHERE, 100);
    E(read, zero, BEFORE_END(10), 100);
    E(write, zero, NOWHERE, 100);
    E(write, full, "x", 1);
    E(write, full, "x", 0);
    E(write, full, NOWHERE, 1);
    E(read, full, buffer, 10);
    E(pwrite64, full, "x", 1, 100);
    E(write, null, NOWHERE, 10);
    E(write, null, KERNEL, 10);
    E(read, null, NOWHERE, 10);
    E(pread64, null, buffer, 10, 5);
    E(lseek, zero, 100, SEEK_CUR);
    E(lseek, full, -5, SEEK_SET);
    E(ftruncate, null, 5);
    E(fsync, zero);
    E(getdents64, zero, buffer, 100);
    E(fchdir, zero);
    E(newfstatat, AT_FDCWD, "/dev/null", &st, 0);
    OCTAL(st.st_mode);
    V(st.st_rdev);
    V(st.st_size);
    E(open, "/dev/null", O_RDWR | O_TRUNC | O_APPEND);
    E(open, "/dev/null", O_CREAT | O_EXCL | O_RDWR, 0600);
    about("a pipe with a name");
    E(mknod, "pipe", S_IFIFO | 0600, 0);
    E(open, "pipe", O_RDONLY | O_NONBLOCK | O_TRUNC);
    int both = E(open, "pipe", O_RDWR);
    E(write, both, "abc", 3);
    E(read, both, buffer, 10);
    E(newfstatat, AT_FDCWD, "pipe", &st, 0);
    V(st.st_size);
    E(pread64, both, buffer, 1, 0);
    E(ftruncate, both, 0);
    E(fchmod, both, 0640);
    OCTAL(mode_of("pipe"));
    E(unlink, "pipe");
    E(write, both, "abc", 3);
    about("where one is, and it is not");
    mkdir("gone", 0755);
    chdir("gone");
    rmdir("../gone");
    E(mkdir, "x", 0700);
    E(mknod, "x", S_IFREG, 0);
    E(symlink, "x", "y");
    E(link, "../f", "x");
    E(rename, "../f", "x");
    E(stat, ".", &st);
    V(st.st_nlink);
    E(stat, "..", &st);
    E(chdir, ".");
    E(getcwd, buffer, 100);
    E(getcwd, buffer, 1);
    E(rmdir, "../gone");
    E(open, "../f", O_RDONLY);
    E(execve, "x", NULL, NULL);
}

/* The path of a descriptor's link, in a place that is used again. */
static const char *of_fd(int fd, const char *rest)
{
    static char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d%s", fd, rest);
    return path;
}

static long number_in(int fd)
{
    char text[32] = "";
    pread(fd, text, sizeof(text) - 1, 0);
    return atol(text);
}

static int mode_behind(int fd)
{
    return stat(of_fd(fd, ""), &st) ? -1 : (int)(st.st_mode & S_IFMT);
}

/* Where a link leads, without the folders; a number in brackets is any. */
static const char *leads(const char *link)
{
    static char to[PATH_MAX];
    long n = readlink(link, to, sizeof(to) - 1);
    if (n < 0)
        return error_name(errno);
    to[n] = 0;
    if (strchr(to, '[') && to[n - 1] == ']')
        strcpy(strchr(to, '['), "[...]");
    return strrchr(to, '/') ? strrchr(to, '/') : to;
}

/* The last word of the line about what is mapped there. */
static const char *name_in_maps(const void *at)
{
    static char line[PATH_MAX];
    char start[32];
    FILE *maps = fopen("/proc/self/maps", "r");
    snprintf(start, sizeof(start), "%08lx-", (long)at);
    while (fgets(line, sizeof(line), maps) && strncmp(line, start, strlen(start)) != 0)
        ;
    fclose(maps);
    line[strcspn(line, "\n")] = 0;
    return strrchr(line, '/') ? strrchr(line, '/') : "none";
}

static void names_of_files(void)
{
    int end[2], made = open("d/made", O_CREAT | O_RDWR, 0600);
    void *mapped;
    about("how files are called");
    write(made, "x", 1);
    mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, made, 0);
    TEXT(leads(of_fd(made, "")));
    TEXT(leads(of_fd(D, "")));
    TEXT(name_in_maps(mapped));
    rename("d/made", "d/named");
    TEXT(leads(of_fd(made, "")));
    TEXT(name_in_maps(mapped));
    rename("d", "e");
    TEXT(leads(of_fd(D, "")));
    chdir("e");
    TEXT(leads("/proc/self/cwd"));
    chdir("..");
    rename("e", "d");
    unlink("d/named");
    TEXT(leads(of_fd(made, "")));
    TEXT(name_in_maps(mapped));
    close(open("d/named", O_CREAT | O_WRONLY, 0600));
    TEXT(leads(of_fd(made, "")));
    unlink("d/named");
    mkdir("gone", 0755);
    chdir("gone");
    rmdir("../gone");
    TEXT(leads("/proc/self/cwd"));
    chdir("..");
    chdir("/proc/self/fd");
    TEXT(leads("/proc/self/cwd"));
    chdir(of_fd(D, "/.."));
    close(made);
    made = open("/proc/self/stat", O_RDONLY);
    TEXT(leads(of_fd(made, "")));
    close(made);
    made = open("/dev/null", O_RDONLY);
    TEXT(leads(of_fd(made, "")));
    close(made);
    pipe(end);
    TEXT(leads(of_fd(end[0], "")));
    close(end[0]);
    close(end[1]);
    TEXT(leads("/proc/self/exe"));
}

static void pipes_again(void)
{
    int end[2];
    about("a pipe is opened again, and waits for nobody");
    pipe(end);
    OCTAL(mode_behind(end[0]));
    int writer = E(open, of_fd(end[0], ""), O_WRONLY);
    E(write, writer, "abc", 3);
    close(end[1]);
    E(read, end[0], buffer, 10);
    close(writer);
    E(read, end[0], buffer, 10);
    writer = E(open, of_fd(end[0], ""), O_WRONLY | O_NONBLOCK);
    close(end[0]);
    int reader = E(open, of_fd(writer, ""), O_RDONLY);
    E(write, writer, "de", 2);
    E(read, reader, buffer, 10);
    close(reader);
    reader = E(open, of_fd(writer, ""), O_RDWR);
    E(write, reader, "f", 1);
    E(read, reader, buffer, 10);
    E(linkat, AT_FDCWD, of_fd(writer, ""), AT_FDCWD, "a pipe", AT_FOLLOW);
    E(linkat, writer, "", AT_FDCWD, "a pipe", 0x1000);
    E(chdir, of_fd(writer, ""));
    E(open, of_fd(writer, "/f"), O_RDONLY);
}

static void others(void)
{
    int sockets[2], events;
    about("what cannot be opened again, but looked at");
    syscall(SYS_socketpair, 1, 1, 0, sockets); /* AF_UNIX, SOCK_STREAM */
    OCTAL(mode_behind(sockets[0]));
    E(open, of_fd(sockets[0], ""), O_RDWR);
    events = (int)syscall(SYS_eventfd2, 0, 0);
    E(open, of_fd(events, ""), O_RDWR);
    E(linkat, AT_FDCWD, of_fd(events, ""), AT_FDCWD, "events", AT_FOLLOW);
}

static void not_owner(void)
{
    char theirs[64];
    snprintf(theirs, sizeof(theirs), "/proc/%d/fd/%d", getpid(), F);
    about("others' descriptors, and what is not for us");
    chmod("f", 0400);
    pid_t pid = split();
    if (pid == 0) {
        syscall(SYS_setuid, 1000);
        E(open, theirs, O_RDONLY);
        E(stat, theirs, &st);
        E(open, of_fd(F, ""), O_RDONLY);
        E(access, of_fd(F, ""), R_OK);
        E(write, F, "x", 1);
        done(0);
    }
    wait_for(pid);
    chmod("f", 0644);
}

static void descriptors(void)
{
    make_names();
    about("a file is opened again, at its beginning");
    E(write, F, "text", 4);
    int again = E(open, of_fd(F, ""), O_RDONLY);
    E(read, again, buffer, 4);
    E(write, again, "x", 1);
    E(open, "/dev/fd/41", O_RDONLY);
    E(open, of_fd(F, ""), O_RDONLY | O_NOFOLLOW);
    E(open, of_fd(F, ""), O_RDWR | O_CREAT | O_EXCL, 0600);
    E(open, of_fd(F, ""), O_RDWR | O_CREAT | O_TRUNC, 0600);
    V(size_of("f"));
    E(open, of_fd(F, "/"), O_RDONLY);
    E(open, of_fd(F, "/x"), O_RDONLY);
    E(chdir, of_fd(F, ""));
    E(mkdir, of_fd(F, ""), 0700);
    E(mkdir, of_fd(F, "/x"), 0700);
    E(chmod, of_fd(F, ""), 0640);
    OCTAL(mode_of("f"));
    E(truncate, of_fd(F, ""), 5);
    V(size_of("f"));
    E(execve, of_fd(F, ""), NULL, NULL);
    E(unlink, of_fd(F, ""));
    E(rename, of_fd(F, ""), "x");
    E(linkat, AT_FDCWD, of_fd(F, ""), AT_FDCWD, "second", AT_FOLLOW);
    unlink("f");
    E(linkat, AT_FDCWD, of_fd(F, ""), AT_FDCWD, "third", AT_FOLLOW);
    unlink("second");
    unlink("third");
    E(linkat, AT_FDCWD, of_fd(F, ""), AT_FDCWD, "fourth", AT_FOLLOW);
    again = E(open, of_fd(F, ""), O_RDWR);
    E(lseek, again, 0, SEEK_END);
    file_at(F, "f", O_RDWR, 10);
    about("a folder");
    OCTAL(mode_behind(D));
    E(open, of_fd(D, "/../f"), O_RDONLY);
    E(open, of_fd(D, "/."), O_RDONLY);
    E(open, of_fd(D, "/nothing"), O_RDONLY);
    E(open, of_fd(D, "/made"), O_CREAT | O_WRONLY, 0600);
    E(access, "d/made", F_OK);
    E(mkdir, of_fd(D, "/inside"), 0700);
    E(rmdir, of_fd(D, "/inside"));
    E(rename, of_fd(D, "/made"), "moved");
    E(symlink, of_fd(D, "/../f"), "by_number");
    E(open, "by_number", O_RDONLY);
    names_of_files();
    pipes_again();
    others();
    not_owner();
    about("how much a process counts when memory is out");
    int counts = open("/proc/self/oom_score_adj", O_RDWR);
    static const char *const numbers[] = { "7", " 0x1f \n", "+010\n\n", "0x", "08", "-", "", "1 2", "1001", "9999999999", "0000000000099",
                                           "\t5\v" };
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        E(pwrite64, counts, numbers[i], strlen(numbers[i]), 0);
        V(number_in(counts));
    }
    E(fchmod, counts, 0600);
    E(chmod, "/proc/self/stat", 0600);
}

/* Files of /proc have none on Linux either, and others may. */
static void extended(void)
{
    static const char proc[] = "/proc/self/status";
    static char name[300], large[70000];
    make_names();
    memset(name, 'n', sizeof(name) - 1);
    memcpy(name, "user.", 5);
    int fd = open(proc, O_RDONLY);
    for (int user = 0; user < 2; user++) {
        about(user ? "another user" : "root");
        E(getxattr, proc, "user.x", buffer, 100);
        E(lgetxattr, proc, "system.posix_acl_access", 0, 0);
        E(fgetxattr, fd, "security.x", buffer, 100);
        E(getxattr, proc, "trusted.x", buffer, 100);
        E(getxattr, proc, "x", buffer, 100);
        E(listxattr, proc, buffer, 100);
        E(llistxattr, "dangling", buffer, 100);
        E(flistxattr, fd, 0, 0);
        E(setxattr, proc, "trusted.x", "value", 5, 0);
        E(lsetxattr, proc, "system.x", "value", 5, 1);
        E(fsetxattr, fd, "security.y", "", 0, 2);
        E(removexattr, proc, "system.x");
        E(lremovexattr, proc, "trusted.x");
        E(fremovexattr, fd, "system.x");
        E(fgetxattr, P, "user.x", buffer, 100);
        E(fsetxattr, P, "user.x", "value", 5, 0);
        E(fremovexattr, P, "user.x");
        E(lgetxattr, "link", "user.x", buffer, 100);
        E(lsetxattr, "link", "user.x", "value", 5, 0);
        E(setxattr, "/proc/1/status", "user.x", "value", 5, 0);
        E(setuid, 1000);
    }
    about("mistakes");
    E(getxattr, "nothing", "user.x", buffer, 100);
    E(getxattr, "dangling", "user.x", buffer, 100);
    E(getxattr, NOWHERE, "user.x", buffer, 100);
    E(getxattr, proc, NOWHERE, buffer, 100);
    E(getxattr, proc, "", buffer, 100);
    E(getxattr, proc, name, buffer, 100);
    name[256] = 0;
    E(getxattr, proc, name, buffer, 100);
    name[255] = 0;
    E(getxattr, proc, name, buffer, 100);
    E(listxattr, "nothing", buffer, 100);
    E(fgetxattr, 99, "user.x", buffer, 100);
    E(flistxattr, 99, buffer, 100);
    E(fsetxattr, 99, "user.x", "value", 5, 0);
    E(fremovexattr, 99, "user.x");
    E(setxattr, proc, "system.x", "value", 5, 4);
    E(setxattr, proc, "system.x", NOWHERE, 5, 0);
    E(setxattr, proc, "system.x", large, 65536, 0);
    E(setxattr, proc, "system.x", large, 65537, 0);
    E(setxattr, proc, "", "value", 5, 0);
    E(setxattr, proc, NOWHERE, "value", 5, 0);
    E(removexattr, proc, "");
    E(removexattr, proc, name);
    E(removexattr, "nothing", "user.x");
}

int main(void)
{
    begin_edges();
    group("long paths and loops", long_paths);
    group("paths", paths);
    group("links", links);
    group("making and removing", making);
    group("renaming", renaming);
    group("attributes", attributes);
    group("special files", special);
    group("links of descriptors", descriptors);
    group("extended attributes", extended);
    return 0;
}
