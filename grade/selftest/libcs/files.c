/* Standard I/O and the calls around it: positions, pushing back, buffers, temporary files, pipes to programs, directories, lines. */
#include "../pthreads/pthreads.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>

static void streams(void)
{
    FILE *file = fopen("text", "w+");
    char line[100], word[20];
    int n = 0;
    double d = 0;

    fprintf(file, "first %d\nsecond %s %5.2f\n\nlast", 1, "line", 3.14159);
    show("ftell", ftell(file));
    rewind(file);
    while (fgets(line, sizeof(line), file))
        printf("fgets: %s%s", line, strchr(line, '\n') ? "" : "|\n");
    show("feof", feof(file) != 0);
    fseek(file, 6, SEEK_SET);
    show("fgetc", fgetc(file));
    ungetc('X', file);
    show("ungetc", fgetc(file));
    show("then", fgetc(file));
    show("fscanf", fscanf(file, "%19s %19s %lf", word, line, &d));
    printf("%s %s %.2f\n", word, line, d);
    fseek(file, -4, SEEK_END);
    show("fread", (long)fread(word, 1, 10, file));
    printf("%.4s\n", word);
    clearerr(file);
    fseek(file, 0, SEEK_SET);
    fputs("FIRST", file);
    fflush(file);
    fseek(file, 0, SEEK_SET);
    show_call("fgets", fgets(line, sizeof(line), file) ? 0 : -1);
    printf("%s", line);
    fclose(file);
    file = fopen("text", "a");
    fputs(" appended", file);
    show("at the end", ftell(file));
    fclose(file);
    file = fopen("text", "r");
    show("write to what is read", fputc('x', file));
    show("ferror", ferror(file) != 0);
    file = freopen("other", "wx", file);
    show("freopen", file != NULL);
    fclose(file);
    show("exclusive", fopen("other", "wx") == NULL && errno == EEXIST);
    show("nothing there", fopen("nothing/there", "r") == NULL && errno == ENOENT);
    show_call("rename", rename("other", "third"));
    show_call("remove", remove("third"));
    sscanf("0x1f 077 -12 abc", "%i %o %d", &n, (unsigned *)&n, &n);
    show("sscanf", n);
}

static void buffers(void)
{
    char *text = NULL, *line = NULL;
    size_t size = 0, room_of_line = 0;
    FILE *file = fopen("buffered", "w");
    struct stat st;

    setvbuf(file, NULL, _IOFBF, 4096);
    fputs("not yet", file);
    stat("buffered", &st);
    show("in the file", (long)st.st_size);
    fflush(file);
    stat("buffered", &st);
    show("now", (long)st.st_size);
    setvbuf(file, NULL, _IONBF, 0);
    fputs("!", file);
    stat("buffered", &st);
    show("at once", (long)st.st_size);
    fclose(file);
    file = open_memstream(&text, &size);
    for (int i = 0; i < 1000; i++)
        fprintf(file, "%d,", i);
    fclose(file);
    printf("in memory: %zu, ends with %s\n", size, text + size - 4);
    free(text);
    file = fmemopen("one\ntwo words\n\nfour", 19, "r");
    for (long got; (got = getline(&line, &room_of_line, file)) >= 0;)
        printf("getline: %ld %s", got, line[got - 1] == '\n' ? line : "four\n");
    fclose(file);
    free(line);
    remove("buffered");
}

static void temporary(void)
{
    char name[] = "/tmp/mineXXXXXX", folder[] = "/tmp/folderXXXXXX", text[10] = "";
    FILE *file = tmpfile();
    struct stat st;
    int fd;

    show("tmpfile", file != NULL);
    fputs("kept", file);
    rewind(file);
    printf("%s\n", fgets(text, sizeof(text), file));
    fstat(fileno(file), &st);
    show("links", (long)st.st_nlink);
    fclose(file);
    fd = mkstemp(name);
    show("mkstemp", fd >= 0 && strcmp(name, "/tmp/mineXXXXXX"));
    fstat(fd, &st);
    show("mode", st.st_mode & 0777);
    close(fd);
    show_call("unlink", unlink(name));
    show("mkdtemp", mkdtemp(folder) != NULL);
    show_call("rmdir", rmdir(folder));
}

static void programs(void)
{
    char line[100];
    FILE *file = popen("echo from a program; exit 5", "r");

    while (fgets(line, sizeof(line), file))
        printf("popen: %s", line);
    show_status("pclose", pclose(file));
    file = popen("cat > piped", "w");
    fprintf(file, "to a program\n");
    show_status("pclose", pclose(file));
    file = fopen("piped", "r");
    printf("%s", fgets(line, sizeof(line), file));
    fclose(file);
    remove("piped");
    show_status("system", system("exit 3"));
    show_status("system", system("kill -9 $$"));
    show("a shell", system(NULL) != 0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int walked, depth_sum;

static int walks(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)path, (void)st, (void)type;
    walked++;
    depth_sum += where->level;
    return 0;
}

static void folders(void)
{
    char name[64], before[4096], there[4096];
    struct dirent **list, *entry;
    int n = 0, found;
    glob_t names;
    DIR *dir;
    long place = 0;

    need(mkdir("folder", 0755), "mkdir");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "folder/entry-%03d-with-a-longer-name", i);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    mkdir("folder/below", 0700);
    dir = opendir("folder");
    while ((entry = readdir(dir))) {
        n++;
        if (n == 150)
            place = telldir(dir);
    }
    show("entries", n);
    seekdir(dir, place);
    for (n = 0; readdir(dir); n++)
        ;
    show("from the middle", n);
    rewinddir(dir);
    for (n = 0; readdir(dir); n++)
        ;
    show("again", n);
    closedir(dir);
    found = scandir("folder", &list, visible, by_name);
    show("scandir", found);
    for (int i = 0; i < found; i++) {
        if (i < 3 || i == found - 1)
            printf("%s, folder %d\n", list[i]->d_name, list[i]->d_type == DT_DIR);
        free(list[i]);
    }
    free(list);
    show("glob", glob("folder/*-00[0-4]-*", 0, NULL, &names));
    show("names", (long)names.gl_pathc);
    globfree(&names);
    show_call("nftw", nftw("folder", walks, 10, FTW_PHYS));
    show("walked", walked * 1000 + depth_sum);
    need(getcwd(before, sizeof(before)) == NULL, "getcwd");
    show_call("chdir", chdir("folder/below"));
    getcwd(there, sizeof(there));
    show("below", !strncmp(before, there, strlen(before)) && !strcmp(there + strlen(before), "/folder/below"));
    chdir("../..");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "folder/entry-%03d-with-a-longer-name", i);
        unlink(name);
    }
    show_call("not empty", rmdir("folder"));
    rmdir("folder/below");
    show_call("empty", rmdir("folder"));
    show_call("no folder", opendir("text") ? 0 : -1);
}

static void descriptors(void)
{
    struct iovec pieces[3] = { { "one ", 4 }, { "", 0 }, { "three", 5 } };
    int fd = open("text", O_RDWR | O_TRUNC), copy, ends[2];
    struct timeval none = { 0, 0 };
    char text[20] = "";
    struct stat st;
    fd_set set;

    show("writev", writev(fd, pieces, 3));
    copy = dup(fd);
    show("shared position", lseek(copy, 0, SEEK_CUR));
    show("pread", pread(fd, text, 5, 4));
    printf("%s\n", text);
    show_call("ftruncate", ftruncate(fd, 100));
    fstat(fd, &st);
    show("size", (long)st.st_size);
    show("lseek", lseek(fd, -10, SEEK_END));
    show_call("before the start", lseek(fd, -1, SEEK_SET));
    show("cloexec", fcntl(fd, F_SETFD, FD_CLOEXEC) + fcntl(fd, F_GETFD));
    close(fd);
    close(copy);
    show_call("closed", write(fd, "x", 1));
    need(pipe(ends), "pipe");
    signal(SIGPIPE, SIG_IGN);
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    show("select, nothing", select(ends[0] + 1, &set, NULL, NULL, &none));
    need(write(ends[1], "x", 1) != 1, "write");
    FD_SET(ends[0], &set);
    show("select, something", select(ends[0] + 1, &set, NULL, NULL, NULL));
    show("that one", FD_ISSET(ends[0], &set) != 0);
    close(ends[0]);
    show("nobody reads", write(ends[1], "x", 1) < 0 && errno == EPIPE);
    close(ends[1]);
    unlink("text");
}

int main(void)
{
    umask(022);
    streams();
    buffers();
    temporary();
    programs();
    folders();
    descriptors();
    return 0;
}
