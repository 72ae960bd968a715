/* top [-n TIMES] [-d SECONDS]: again and again, the processes that used the CPU most since the last look, from /proc. On a terminal the
 * screen is drawn anew, and q or Ctrl-C ends it; otherwise it looks once, a second after its start. With -n it reads no keys: what was
 * typed ahead is for the shell. */

#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 512 };

struct process {
    int pid;
    char state, name[32];
    long ticks, priority, nice, kib, used; /* used: ticks since the last look */
};

static struct process now[MOST], before[MOST];
static int count, count_before;
static long looked_at, passed_ms = 1; /* CLOCK_MONOTONIC, ms: of the last look, and from the one before it */
static struct termios settings;
static int on_screen, reads_keys;

static int read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t n = fread(text, 1, size - 1, file);
    text[n] = 0;
    fclose(file);
    return n > 0;
}

static long ticks_before(int pid)
{
    for (int i = 0; i < count_before; i++)
        if (before[i].pid == pid)
            return before[i].ticks;
    return 0;
}

static void look_at(const char *pid)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    if (count == MOST || !read_file(path, text, sizeof(text)))
        return;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close)
        return;
    *close = 0;
    struct process *p = &now[count++];
    *p = (struct process){ .pid = atoi(pid), .state = close[2] };
    snprintf(p->name, sizeof(p->name), "%s", open + 1);
    char *at = close + 4;
    for (int i = 4; i < 25; i++) {
        long value = strtol(at, &at, 10);
        if (i == 14 || i == 15)
            p->ticks += value;
        else if (i == 18)
            p->priority = value;
        else if (i == 19)
            p->nice = value;
        else if (i == 24)
            p->kib = value * 4;
    }
    p->used = p->ticks - ticks_before(p->pid);
}

static void look(void)
{
    char **names;
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    long ms = clock.tv_sec * 1000 + clock.tv_nsec / 1000000;
    passed_ms = ms > looked_at ? ms - looked_at : 1;
    looked_at = ms;
    memcpy(before, now, sizeof(now));
    count_before = count;
    count = 0;
    int n = list_folder("/proc", 0, &names);
    for (int i = 0; i < n; i++) {
        if (isdigit(names[i][0]))
            look_at(names[i]);
        free(names[i]);
    }
    free(n >= 0 ? names : NULL);
}

static int by_use(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return x->used != y->used ? (x->used < y->used) - (x->used > y->used) : x->pid - y->pid;
}

static long value_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? atol(at + strlen(name)) : 0;
}

/* Less is better: -2 to -100 is real-time priority 1 to 99, 0 to 39 follows from the nice value. The best of all are called rt. */
static const char *priority_of(const struct process *p)
{
    static char text[16];
    snprintf(text, sizeof(text), p->priority < -99 ? "rt" : "%ld", p->priority);
    return text;
}

static void draw(int lines)
{
    char up[64] = "0", memory[2048] = "", stat[1024] = "";
    read_file("/proc/uptime", up, sizeof(up));
    read_file("/proc/meminfo", memory, sizeof(memory));
    read_file("/proc/stat", stat, sizeof(stat));
    if (on_screen)
        printf("\033[H\033[J");
    printf("up %ld s, %d processes, memory %ld of %ld KiB free, %ld context switches\n\n", atol(up), count, value_of(memory, "MemFree:"),
           value_of(memory, "MemTotal:"), value_of(stat, "ctxt "));
    printf("%5s %c %3s %3s %5s %10s %7s %s\n", "PID", 'S', "PR", "NI", "CPU%", "TIME", "KIB", "NAME");
    qsort(now, count, sizeof(now[0]), by_use);
    for (int i = 0; i < count && i < lines; i++)
        printf("%5d %c %3s %3ld %5ld %4ld:%02ld.%02ld %7ld %s\n", now[i].pid, now[i].state, priority_of(&now[i]), now[i].nice,
               now[i].used * 1000 / passed_ms, now[i].ticks / 6000, now[i].ticks / 100 % 60, now[i].ticks % 100, now[i].kib, now[i].name);
    fflush(stdout);
}

static void restore(void)
{
    if (reads_keys)
        tcsetattr(0, TCSANOW, &settings);
}

int main(int argc, char **argv)
{
    int letter;
    long times = 0, seconds = 1;
    while ((letter = getopt(argc, argv, "n:d:")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 'n' ? &times : &seconds) = atol(optarg);
    }
    if (seconds < 1 || times < 0)
        return fprintf(stderr, "top: usage: top [-n TIMES] [-d SECONDS]\n"), 2;
    on_screen = isatty(1) && tcgetattr(0, &settings) == 0;
    if (on_screen && !times) {
        struct termios keys = settings;
        keys.c_lflag &= ~(ICANON | ECHO);
        keys.c_cc[VMIN] = 1;
        reads_keys = tcsetattr(0, TCSANOW, &keys) == 0;
        atexit(restore);
    }
    times = times ? times : reads_keys ? -1 : 1;
    look();
    for (struct pollfd keyboard = { 0, POLLIN, 0 }; times != 0; times -= times > 0) {
        char key = 0;
        if (reads_keys && poll(&keyboard, 1, seconds * 1000) > 0 && (read(0, &key, 1) <= 0 || key == 'q'))
            break;
        if (!reads_keys)
            sleep(seconds);
        look();
        draw(20);
    }
    return 0;
}
