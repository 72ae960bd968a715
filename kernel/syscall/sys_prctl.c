/* prctl(): what a process, or thread, says of itself; and unshare(), for which there is nothing that only some share. */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/show.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "syscall/calls.h"

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define NAME_SIZE 16 /* of the buffer, as Linux has it */

static int set_name(uptr name)
{
    const struct process *me = current_process();
    char buffer[NAME_SIZE];
    s64 length = copyin_string(buffer, name, sizeof(buffer));

    if (length == -EFAULT)
        return -EFAULT;
    buffer[NAME_SIZE - 1] = 0;
    return comm_set((struct shown){ me->pid, thread_user_id(me, current()) }, buffer);
}

static int get_name(uptr to)
{
    char name[NAME_SIZE] = "";

    string_copy(name, current()->name, sizeof(name));
    return copyout(to, name, sizeof(name));
}

/* Sets one of the running process's traits, or returns one that is the call's result. processes_lock held. */
static s64 trait_locked(struct traits *mine, int option, u64 argument)
{
    switch (option) {
    case PR_SET_PDEATHSIG:
        mine->death_signal = (int)argument;
        return 0;
    case PR_GET_DUMPABLE:
        return !mine->not_dumpable;
    case PR_SET_DUMPABLE:
        mine->not_dumpable = !argument;
        return 0;
    case PR_SET_TIMERSLACK:
        mine->slack_ns = argument ? argument : mine->slack_at_first;
        return 0;
    case PR_GET_TIMERSLACK:
        return (s64)mine->slack_ns;
    case PR_SET_CHILD_SUBREAPER:
        mine->adopts = argument;
        return 0;
    case PR_SET_NO_NEW_PRIVS:
        mine->no_new_privileges = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return mine->no_new_privileges;
    default:
        return -EINVAL;
    }
}

/* Whether the option does not take these arguments. */
static bool bad_arguments(int option, u64 argument, u64 rest)
{
    switch (option) {
    case PR_SET_PDEATHSIG:
        return argument > NSIG;
    case PR_SET_DUMPABLE:
        return argument > 1;
    case PR_SET_NO_NEW_PRIVS:
        return argument != 1 || rest;
    case PR_GET_NO_NEW_PRIVS:
        return argument || rest;
    default:
        return false;
    }
}

s64 sys_prctl(int option, u64 argument, u64 argument3, u64 argument4, u64 argument5)
{
    struct traits *mine = &current_process()->traits;
    int number = option == PR_GET_PDEATHSIG ? mine->death_signal : mine->adopts;
    s64 result;
    u64 flags;

    if (option == PR_SET_NAME)
        return set_name(argument);
    if (option == PR_GET_NAME)
        return get_name(argument);
    if (option == PR_GET_PDEATHSIG || option == PR_GET_CHILD_SUBREAPER)
        return copyout(argument, &number, sizeof(number));
    if (bad_arguments(option, argument, argument3 | argument4 | argument5))
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    result = trait_locked(mine, option, argument);
    spin_unlock_irq(&processes_lock, flags);
    return result;
}
