/* Folders and names: mkdir, rename, link, unlink of what is open, symbolic links, what a folder lists, the current folder, permissions. */

#include "show.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static void make(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    write(fd, text, strlen(text));
    close(fd);
}

static void list(const char *name, const char *path)
{
    char **names;
    int n = list_folder(path, 1, &names);
    printf("%s:", name);
    for (int i = 0; i < n; i++)
        printf(" %s", names[i]);
    printf("\n");
}

static long links(const char *path)
{
    struct stat st;
    return lstat(path, &st) < 0 ? -1 : (long)st.st_nlink;
}

static void show_contents(const char *name, const char *path)
{
    char text[100] = "";
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        show_call(name, fd);
        return;
    }
    text[read(fd, text, 99)] = 0;
    show_text(name, text);
    close(fd);
}

static void folders(void)
{
    show("mkdir", mkdir("d", 0755));
    show_call("mkdir again", mkdir("d", 0755));
    show_call("mkdir below nothing", mkdir("x/y", 0755));
    show_call("mkdir with a slash behind", mkdir("d/sub/", 0755));
    make("d/file", "text");
    show_call("mkdir below a file", mkdir("d/file/y", 0755));
    list("folder", "d");
    show_call("rmdir of a full one", rmdir("d"));
    show_call("rmdir of a file", rmdir("d/file"));
    show_call("unlink of a folder", unlink("d/sub"));
    show("rmdir", rmdir("d/sub"));
    show_call("rmdir of .", rmdir("d/."));
    show_call("rmdir of nothing", rmdir("nothing"));
    show("unlink", unlink("d/file"));
    show_call("unlink again", unlink("d/file"));
    list("empty", "d");
    for (int i = 0; i < 200; i++) {
        char name[40];
        snprintf(name, sizeof(name), "d/a-name-that-is-somewhat-long-%d", i);
        make(name, "");
    }
    char **names;
    show("many names", list_folder("d", 1, &names));
    for (int i = 0; i < 200; i++) {
        char name[40];
        snprintf(name, sizeof(name), "d/a-name-that-is-somewhat-long-%d", i);
        unlink(name);
    }
    list("none left", "d");
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    char buffer[100];
    show_call("getdents64 with no room", getdents64(fd, buffer, 10));
    show_call("read of a folder", read(fd, buffer, 10));
    rmdir("d");
    show_call("mkdir in a folder that is gone", mkdirat(fd, "x", 0700));
    close(fd);
    show_call("listing a file", (make("f", ""), open("f", O_DIRECTORY)));
    unlink("f");
}

static void renames(void)
{
    make("a", "of a");
    make("b", "of b");
    mkdir("d", 0755);
    mkdir("e", 0755);
    show("onto another", rename("a", "b"));
    show_contents("b", "b");
    show_call("a is gone", open("a", O_RDONLY));
    show_call("a file onto a folder", rename("b", "d"));
    show_call("a folder onto a file", rename("d", "b"));
    show("a folder onto an empty one", rename("d", "e"));
    make("e/x", "x");
    mkdir("d", 0755);
    show_call("onto a full one", rename("d", "e"));
    show_call("into itself", rename("e", "e/sub"));
    show("onto itself", rename("b", "b"));
    show_call("of nothing", rename("nothing", "b"));
    show("into a folder", rename("b", "d/moved"));
    show("a folder into a folder", rename("d", "e/d"));
    show_contents("through two", "e/d/moved");
    show_contents("..", "e/d/../x");
    show("hard link", link("e/x", "y"));
    show("links", links("y"));
    show("two names of one: rename does nothing", rename("y", "e/x"));
    show("both are there", links("y"));
    show_call("link of a folder", link("e", "z"));
    show_call("link onto what is there", link("e/x", "y"));
    unlink("e/x");
    show("one left", links("y"));
    show_contents("y", "y");
    unlink("y");
    unlink("e/d/moved");
    rmdir("e/d");
    rmdir("e");
}

static void open_and_gone(void)
{
    char text[20] = "";
    make("f", "still here");
    int fd = open("f", O_RDWR);
    unlink("f");
    struct stat st;
    fstat(fd, &st);
    show("links of an open file that is gone", st.st_nlink);
    read(fd, text, 19);
    show_text("its text", text);
    show("written to", pwrite(fd, "more", 4, 20));
    make("f", "another");
    fstat(fd, &st);
    show("its size", st.st_size);
    show_contents("of the same name", "f");
    close(fd);
    unlink("f");
}

static void symbolic(void)
{
    char text[100] = "";
    make("f", "target");
    show("symlink", symlink("f", "s"));
    show_contents("through it", "s");
    show("readlink", readlink("s", text, sizeof(text)));
    show_text("says", text);
    show("cut", readlink("s", text, 0) < 0 ? 0 : 1);
    show_call("readlink of a file", readlink("f", text, sizeof(text)));
    struct stat st;
    lstat("s", &st);
    show_true("lstat: a link", S_ISLNK(st.st_mode));
    show("its size", st.st_size);
    show("its mode", st.st_mode & 07777);
    stat("s", &st);
    show_true("stat: a file", S_ISREG(st.st_mode));
    show_call("O_NOFOLLOW", open("s", O_RDONLY | O_NOFOLLOW));
    show_call("symlink onto what is there", symlink("x", "s"));
    unlink("f");
    show_call("dangling", open("s", O_RDONLY));
    show_call("O_EXCL on it", open("s", O_CREAT | O_EXCL | O_WRONLY, 0600));
    close(open("s", O_CREAT | O_WRONLY, 0600));
    show_ok("created through it", access("f", F_OK));
    unlink("s");
    unlink("f");
    symlink("loop2", "loop1");
    symlink("loop1", "loop2");
    show_call("a loop", open("loop1", O_RDONLY));
    unlink("loop1");
    unlink("loop2");
    mkdir("d", 0755);
    make("d/f", "in d");
    symlink("d", "to-d");
    show_contents("a folder's link", "to-d/f");
    show_contents("and back", "to-d/../d/f");
    show_call("rmdir of the link", rmdir("to-d"));
    show_call("unlink of the link", unlink("to-d"));
    unlink("d/f");
    rmdir("d");
}

static void current(void)
{
    char start[512], now[512];
    getcwd(start, sizeof(start));
    mkdir("d", 0755);
    show("chdir", chdir("d"));
    getcwd(now, sizeof(now));
    show_text("below the start", now + strlen(start));
    show("back", chdir(".."));
    int fd = open("d", O_RDONLY);
    show("fchdir", fchdir(fd));
    rmdir("../d");
    show_call("getcwd of what is gone", getcwd(now, sizeof(now)) ? 0 : -1);
    show_call("a new file there", open("x", O_CREAT | O_WRONLY, 0600));
    show_call("..", chdir(".."));
    chdir(start);
    close(fd);
    make("f", "");
    show_call("chdir to a file", chdir("f"));
    show_call("chdir to nothing", chdir("nothing"));
    unlink("f");
    show("the root's parent", chdir("/../.."));
    show_text("is the root", getcwd(now, sizeof(now)));
    chdir(start);
}

static void modes(void)
{
    struct stat st;
    make("f", "x");
    show("chmod", chmod("f", 04751));
    stat("f", &st);
    show("mode", st.st_mode & 07777);
    struct timespec times[2] = { { 1000, 5 }, { 2000, 6 } };
    show("utimensat", utimensat(AT_FDCWD, "f", times, 0));
    stat("f", &st);
    show("atime", st.st_atim.tv_sec);
    show("mtime", st.st_mtim.tv_sec);
    int fd = open("f", O_WRONLY);
    write(fd, "y", 1);
    close(fd);
    stat("f", &st);
    show_true("a write renews it", st.st_mtim.tv_sec > 1000000);
    show("access", access("f", R_OK | W_OK | X_OK));
    chmod("f", 0);
    show_call("access X of mode 0", access("f", X_OK));
    show_call("of nothing", access("nothing", F_OK));
    unlink("f");
    make("f", "12345");
    show("truncate", truncate("f", 2));
    show_contents("truncated", "f");
    show_call("truncate of a folder", truncate(".", 0));
    unlink("f");
}

int main(void)
{
    begin();
    umask(022);
    folders();
    renames();
    open_and_gone();
    symbolic();
    current();
    modes();
    return 0;
}
