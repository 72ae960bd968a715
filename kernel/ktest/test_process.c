/* Processes, descriptors and devices: given code of lab 1, which no exercise covers. */
#include "fs/device.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/thread.h"

static void tell(u64 step, s64 result)
{
    fact(FACT_RESULT, step, (u64)result);
}

/* Runs entry in a process of its own and waits for it. Returns its status, or an error that is -ENOMEM or below -1000. */
static int run_process(const char *name, int (*entry)(void *), void *arg)
{
    int status = 0;
    pid_t pid = process_create(name, entry, arg);
    pid_t waited;

    if (pid < 0)
        return pid;
    waited = process_wait(pid, &status, false);
    return waited == pid ? status : -1000 + waited;
}

/* --- descriptors --------------------------------------------------------------------------------------------------------------- */

static bool is_console(struct fd_table *table, int fd)
{
    struct file *file = fd_file(table, fd);
    bool is = file && !strcmp(file->name, "console");

    if (file)
        file_put(file);
    return is;
}

static int use_descriptors(void *arg)
{
    struct fd_table *table = &current_process()->fds;
    char c;

    (void)arg;
    for (int fd = 0; fd < 4; fd++)
        fact(FACT_COUNT, (u64)fd, is_console(table, fd));
    for (u64 step = 0; step < MAX_FDS - 2; step++)
        tell(step, fd_dup(table, 1)); /* 3, 4, ... 15, and one too many */
    tell(20, fd_close(table, 5));
    tell(21, fd_close(table, 5));
    tell(22, fd_dup(table, 5));
    tell(23, fd_dup(table, 0)); /* the lowest free one is 5 again */
    tell(24, fd_close(table, -1));
    tell(25, fd_close(table, MAX_FDS));
    tell(26, fd_close(table, 7));
    tell(27, fd_read(table, 7, &c, 1));
    tell(28, fd_write(table, 7, &c, 1));
    tell(29, fd_write(table, 15, "written to 15\n", 14));
    return 7; /* with 15 descriptors open */
}

KTEST(process_fds, "a process starts with the console as 0, 1 and 2, and has room for 16 descriptors")
{
    int status = run_process("descriptors", use_descriptors, NULL);

    if (status == -ENOMEM)
        return status;
    tell(40, status);
    return 0;
}

static int share(void *arg)
{
    struct fd_table *table = &current_process()->fds;
    int error;
    struct file *file = file_open("null", &error);
    int fd;

    (void)arg;
    if (!file)
        return error;
    fd = fd_install(table, file);
    tell(0, fd);
    tell(1, fd_dup(table, fd));
    tell(2, file->refs);
    fd_close(table, fd);
    tell(3, file->refs);
    tell(4, fd_write(table, fd + 1, "xyz", 3));
    return 0;
}

KTEST(process_share, "two descriptors of one open file: it lives as long as one of them")
{
    return run_process("sharing", share, NULL);
}

/* --- devices ------------------------------------------------------------------------------------------------------------------- */

/* Opens a device, reads or writes once, closes it, tells what that returned, or the error of opening. Returns -ENOMEM or 0. */
static int tell_move(u64 step, const char *name, s64 (*move)(struct file *, struct io *), void *buf, size_t n)
{
    int error;
    struct file *file = file_open(name, &error);
    struct io io = io_kernel(buf, n);
    s64 result = file ? move(file, &io) : error;

    if (file)
        file_put(file);
    tell(step, result);
    return result == -ENOMEM ? -ENOMEM : 0;
}

KTEST(devices, "null, zero and console are there, and a name is taken once")
{
    struct char_device again = { .name = "null" };
    char buf[8] = "abcdefg", words[] = "words on the console\n";

    fact(FACT_FOUND, 0, device_find("null") && device_find("zero") && device_find("console"));
    fact(FACT_FOUND, 1, device_find("nothing") != NULL);
    if (tell_move(0, "null", file_read, buf, sizeof(buf)) || tell_move(2, "null", file_write, buf, 5))
        return -ENOMEM;
    tell(1, buf[0]);
    if (tell_move(3, "zero", file_read, buf, 7) || tell_move(5, "zero", file_write, buf, 6))
        return -ENOMEM;
    tell(4, memcmp(buf, "\0\0\0\0\0\0\0\0", 8));
    tell(7, device_register(&again));
    return tell_move(6, "console", file_write, words, 21) || tell_move(9, "nothing", file_read, buf, 1) ? -ENOMEM : 0;
}

/* --- the life of a process ----------------------------------------------------------------------------------------------------- */

static int return_number(void *arg)
{
    return (int)(s64)arg;
}

static int slow(void *arg)
{
    for (unsigned i = 0; i < 5; i++)
        thread_yield();
    return (int)(s64)arg;
}

KTEST(process_wait, "process_wait gives a child's status, and each child once")
{
    pid_t first = process_create("first", slow, (void *)3), second;
    int status = 99;

    if (first < 0)
        return first;
    tell(0, process_wait(first, &status, true)); /* still runs */
    tell(1, status);
    tell(2, process_wait(first + 1000, &status, true));
    second = process_create("second", return_number, (void *)-4);
    if (second < 0) {
        process_wait(first, NULL, false);
        return second;
    }
    tell(3, process_wait(-1, &status, false) == second); /* it ends first */
    tell(4, status);
    tell(5, process_wait(first, &status, false) == first);
    tell(6, status);
    tell(7, process_wait(first, NULL, false));
    tell(8, process_wait(-1, NULL, true));
    return 0;
}

static pid_t grandchild;

static int leave_a_child(void *arg)
{
    (void)arg;
    grandchild = process_create("grandchild", slow, (void *)8);
    tell(0, process_wait(1, NULL, true)); /* process 1 is nobody's child */
    process_exit(grandchild < 0 ? grandchild : 0);
}

KTEST(process_orphans, "the children of a process that ends become children of process 1")
{
    int status = run_process("parent", leave_a_child, NULL);

    if (status)
        return status;
    status = 99;
    tell(1, process_wait(grandchild, &status, false) == grandchild);
    tell(2, status);
    tell(3, current_process()->pid);
    return 0;
}

static int look_at_myself(void *arg)
{
    const struct process *p = current_process();
    struct file *mine = descriptor(p->pid, 0), *nobodys = descriptor(p->pid + 1000, 0);

    (void)arg;
    tell(0, p->pid == current()->tid);
    tell(1, p->ppid);
    tell(2, p->state == PROCESS_RUNNING);
    tell(3, strcmp(p->name, "a long name for"));
    tell(4, mine != NULL);
    tell(5, nobodys != NULL);
    if (mine)
        file_put(mine);
    dump_process(p->pid);
    dump_process(p->pid + 1000);
    dump_all_processes();
    return 0;
}

KTEST(process_self, "a process knows its id, its parent and its name, and can be dumped")
{
    return run_process("a long name for a process", look_at_myself, NULL);
}
