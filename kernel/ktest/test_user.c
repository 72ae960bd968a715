/* Programs: the one that `init=` names is run as a process of its own, with an empty input and with its output kept for the grader.
   Lab 3. */
#include "base/cmdline.h"
#include "fs/context.h"
#include "fs/device.h"
#include "fs/names.h"
#include "init/first_program.h"
#include "ktest/ktest.h"
#include "ktest/output.h"
#include "ktest/program.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/exec_path.h"
#include "proc/process.h"
#include "proc/user_thread.h"
#include "sched/mutex.h"

struct ktest_output ktest_output;
static struct mutex output_lock = MUTEX(output_lock, "output"); /* a program's processes may write at the same time */

static s64 output_write(struct file *file, struct io *io)
{
    struct ktest_output *o = &ktest_output;
    size_t n = io->left, room;
    int error;

    (void)file;
    mutex_lock(&output_lock);
    room = min(n, (size_t)(KTEST_OUTPUT_MAX - o->size));
    error = io_get(io, o->text + o->size, room);
    if (!error) {
        o->size += room;
        o->lost += n - room;
    }
    mutex_unlock(&output_lock);
    return error ? -EFAULT : (s64)n;
}

static const struct file_ops output_ops = { .write = output_write };

/* Descriptors as the program expects them: nothing to read, and two ways to write. */
static int open_descriptors(struct fd_table *fds)
{
    struct file *file;
    int error = 0;

    fd_close_all(fds);
    file = file_open("null", &error);
    if (file && fd_install(fds, file) != 0)
        error = -EMFILE;
    if (error)
        return error;
    file = file_new("output", &output_ops, NULL, O_WRONLY);
    if (!file)
        return -ENOMEM;
    error = fd_install(fds, file);
    if (error < 0) {
        file_put(file);
        return error;
    }
    error = fd_dup(fds, 1);
    return error < 0 ? error : 0;
}

/* Programs that make files do so where they may. */
static int enter_tmp(char *path)
{
    struct inode *inode;
    int error;

    string_copy(path, "/tmp", PATH_MAX);
    error = path_find(AT_FDCWD, path, 0, &inode);
    return error ? error : fs_chdir(inode);
}

/* The process's first steps. Its exit status where the program cannot be run: the error, which no program's status looks like. */
static int begin(void *unused)
{
    struct exec_strings strings = { 0 };
    char *path = path_buffer();
    int error = path ? open_descriptors(&current_process()->fds) : -ENOMEM;

    (void)unused;
    if (!error)
        error = enter_tmp(path);
    if (!error)
        error = first_program(path, &strings);
    if (!error)
        error = process_exec_path(path, 0, 0, &strings);
    exec_strings_free(&strings);
    path_free(path);
    if (error)
        return error;
    user_thread_enter();
}

pid_t program_start(void)
{
    return process_create("user", begin, NULL);
}

/* Tells RESULT 0: how the program ended, as wait4() codes it. */
KTEST(user, "runs the program init=PATH,ARGUMENT,... as a process and keeps its output")
{
    int status = 0;
    pid_t pid = program_start(), waited, orphan = 0;

    if (pid < 0)
        return pid;
    waited = process_wait(pid, &status, false);
    /* Orphans came to this process. A wait that finds the program again, or nobody, is wrong: what the program wrote says more of it. */
    while (!list_empty(&current_process()->children) && orphan >= 0 && orphan != pid)
        orphan = process_wait(-1, NULL, false);
    if (waited < 0)
        return waited;
    fact(FACT_RESULT, 0, (u64)(s64)status);
    return status == -ENOMEM ? -ENOMEM : 0;
}
