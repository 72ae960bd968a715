/* ps [-eAlL] [-p PID,...] [-o COLUMN,...]: the processes, from /proc. -l tells how each is scheduled, -L shows threads one by one, -p only
 * these, -o the columns of one's choice. */

#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 42, MOST_COLUMNS = 20, TEXT = 64 };
/* Numbers of a process, or thread: the fields of stat, as proc(5) counts them, and before them what is known otherwise. */
enum { TID, PID, UID, STATE, PPID, UTIME = 14, STIME, PRIORITY = 18, NICE, THREADS, RSS = 24, CPU = 39, RT_PRIORITY, POLICY };

struct process {
    long field[FIELDS];
    char state, *name;
};

static void show_state(const struct process *p, char *text)
{
    snprintf(text, TEXT, "%c", p->state);
}

static void show_class(const struct process *p, char *text)
{
    static const char *const names[] = { "TS", "FF", "RR", "B", "ISO", "IDL", "DLN" };
    unsigned long policy = p->field[POLICY];
    snprintf(text, TEXT, "%s", policy < sizeof(names) / sizeof(names[0]) ? names[policy] : "?");
}

static void show_rt_priority(const struct process *p, char *text)
{
    snprintf(text, TEXT, p->field[RT_PRIORITY] ? "%ld" : "-", p->field[RT_PRIORITY]);
}

/* More is better: 0 to 39 by the nice value, 41 to 139 by the real-time priority; who has a deadline has 140. */
static void show_priority(const struct process *p, char *text)
{
    snprintf(text, TEXT, "%ld", 39 - p->field[PRIORITY]);
}

/* Where it has an effect. */
static void show_nice(const struct process *p, char *text)
{
    int has = p->field[POLICY] == SCHED_OTHER || p->field[POLICY] == SCHED_BATCH;
    snprintf(text, TEXT, has ? "%ld" : "-", p->field[NICE]);
}

static void show_time(const struct process *p, char *text)
{
    long ticks = p->field[UTIME] + p->field[STIME];
    snprintf(text, TEXT, "%ld:%02ld.%02ld", ticks / 6000, ticks / 100 % 60, ticks % 100);
}

static void show_kib(const struct process *p, char *text)
{
    snprintf(text, TEXT, "%ld", p->field[RSS] * 4);
}

static void show_name(const struct process *p, char *text)
{
    snprintf(text, TEXT, "%s", p->name);
}

static const struct column {
    const char *name, *title;
    int width; /* below 0: to the left */
    int field; /* which number it shows, if not ... */
    void (*show)(const struct process *p, char *text);
} columns[] = {
    { "pid", "PID", 5, PID, NULL }, { "tid", "TID", 5, TID, NULL }, { "ppid", "PPID", 5, PPID, NULL }, { "uid", "UID", 5, UID, NULL },
    { "s", "S", 1, 0, show_state }, { "cls", "CLS", 3, 0, show_class }, { "rtprio", "RTPRIO", 6, 0, show_rt_priority },
    { "pri", "PRI", 3, 0, show_priority }, { "ni", "NI", 3, 0, show_nice }, { "nice", "NICE", 4, NICE, NULL },
    { "psr", "PSR", 3, CPU, NULL }, { "nlwp", "NLWP", 4, THREADS, NULL }, { "time", "TIME", 10, 0, show_time },
    { "kib", "KIB", 7, 0, show_kib }, { "name", "NAME", -15, 0, show_name }, { "comm", "COMMAND", -15, 0, show_name },
};

static const struct column *chosen[MOST_COLUMNS];
static int count_chosen;
static int with_threads; /* -L */
static const char *only; /* -p */

static int choose(char *list)
{
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
        size_t i = 0;
        while (i < sizeof(columns) / sizeof(columns[0]) && strcmp(columns[i].name, name) != 0)
            i++;
        if (i == sizeof(columns) / sizeof(columns[0]) || count_chosen == MOST_COLUMNS)
            return fprintf(stderr, "ps: %s: no such column\n", name), 0;
        chosen[count_chosen++] = &columns[i];
    }
    return 1;
}

static void put(int i, const char *text)
{
    int last = i + 1 == count_chosen, width = chosen[i]->width;
    printf("%*s%c", last && width < 0 ? 0 : width, text, last ? '\n' : ' ');
}

static void print(const char *path, long pid, long tid)
{
    char text[1024];
    struct stat st;
    FILE *file = fopen(path, "r");
    if (!file)
        return; /* it has ended meanwhile */
    int uid = fstat(fileno(file), &st) == 0 ? (int)st.st_uid : 0;
    char *line = fgets(text, sizeof(text), file);
    fclose(file);
    char *open = line ? strchr(text, '(') : NULL, *close = line ? strrchr(text, ')') : NULL;
    if (!open || !close)
        return;
    *close = 0;
    struct process p = { .field = { [PID] = pid, [TID] = tid, [UID] = uid }, .state = close[2], .name = open + 1 };
    char *at = close + 4;
    for (int i = STATE + 1; i < FIELDS; i++)
        p.field[i] = strtol(at, &at, 10);
    for (int i = 0; i < count_chosen; i++) {
        char cell[TEXT];
        if (chosen[i]->show)
            chosen[i]->show(&p, cell);
        else
            snprintf(cell, TEXT, "%ld", p.field[chosen[i]->field]);
        put(i, cell);
    }
}

static int by_number(const void *a, const void *b)
{
    return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

/* Calls look() with each number among the folder's names. Returns whether there is that folder. */
static int each_number(const char *folder, long pid, void (*look)(const char *folder, long pid, long number))
{
    char **names;
    int count = list_folder(folder, 0, &names);
    if (count < 0)
        return 0;
    qsort(names, count, sizeof(char *), by_number);
    for (int i = 0; i < count; i++) {
        if (isdigit(names[i][0]))
            look(folder, pid, atol(names[i]));
        free(names[i]);
    }
    free(names);
    return 1;
}

static void show_one(const char *folder, long pid, long number)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%ld/stat", folder, number);
    print(path, pid ? pid : number, number);
}

/* Whether the number is in a list such as 1,22. */
static int listed(const char *list, long number)
{
    for (char *end; *list; list = *end ? end + 1 : end)
        if (strtol(list, &end, 10) == number)
            return 1;
        else if (end == list)
            return 0;
    return 0;
}

static void show_process(const char *folder, long pid, long number)
{
    char path[64];
    (void)pid;
    snprintf(path, sizeof(path), "/proc/%ld/task", number);
    if (only && !listed(only, number))
        return;
    if (!with_threads || !each_number(path, number, show_one))
        show_one(folder, 0, number);
}

int main(int argc, char **argv)
{
    char usual[] = "pid,ppid,uid,s,nice,time,kib,name", in_full[] = "pid,ppid,s,cls,rtprio,pri,ni,psr,time,name";
    char thread[] = "pid,tid,s,cls,rtprio,pri,ni,psr,time,name", *list = NULL;
    int letter;
    while ((letter = getopt(argc, argv, "eAlLp:o:")) != -1) {
        if (letter == '?')
            return 2;
        if (letter == 'l')
            list = in_full;
        if (letter == 'L')
            with_threads = 1;
        if (letter == 'p')
            only = optarg;
        if (letter == 'o')
            list = optarg;
    }
    if (optind < argc)
        return fprintf(stderr, "ps: usage: ps [-elL] [-p PID,...] [-o COLUMN,...]\n"), 2;
    if (!choose(list ? list : with_threads ? thread : usual))
        return 2;
    for (int i = 0; i < count_chosen; i++)
        put(i, chosen[i]->title);
    if (!each_number("/proc", 0, show_process))
        return perror("ps: /proc"), 1;
    return 0;
}
