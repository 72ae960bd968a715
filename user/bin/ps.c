/* ps: the processes, from /proc: number, parent, user, state, nice, CPU time, memory, name. */

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print(const char *name)
{
    char path[64], text[512];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%s/stat", name);
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
    long field[30] = { 0 }; /* as proc(5) counts them; 3 is the state */
    char *at = close + 4;
    for (int i = 4; i < 30; i++)
        field[i] = strtol(at, &at, 10);
    long ticks = field[14] + field[15];
    printf("%5s %5ld %5d %c %4ld %4ld:%02ld.%02ld %7ld %s\n", name, field[4], uid, close[2], field[19], ticks / 6000, ticks / 100 % 60,
           ticks % 100, field[24] * 4, open + 1);
}

static int by_number(const void *a, const void *b)
{
    return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

int main(void)
{
    char **names;
    int count = list_folder("/proc", 0, &names);
    if (count < 0)
        return perror("ps: /proc"), 1;
    qsort(names, count, sizeof(char *), by_number);
    printf("%5s %5s %5s %c %4s %10s %7s %s\n", "PID", "PPID", "UID", 'S', "NICE", "TIME", "KIB", "NAME");
    for (int i = 0; i < count; i++)
        if (isdigit(names[i][0]))
            print(names[i]);
    return 0;
}
