/* Whose the terminal is (terminal.h), with Linux's rules and errors. There is one terminal. Lock: processes_lock; the terminal's own comes
   after it. */
#include "proc/terminal.h"
#include "fs/abi.h"
#include "fs/tty.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/group.h"
#include "proc/table.h"
#include "proc/user_thread.h"

static pid_t session;    /* [p] whose the terminal is; 0: nobody's. Who has it (process.terminal) is of that session */
static pid_t foreground; /* [p] 0: none */

pid_t terminal_foreground_locked(void)
{
    return foreground;
}

bool terminal_is_mine(void)
{
    const struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    bool mine = me->terminal;

    spin_unlock_irq(&processes_lock, flags);
    return mine;
}

void terminal_signal(int signal)
{
    u64 flags = spin_lock_irq(&processes_lock);

    if (foreground)
        group_signal_locked(foreground, signal);
    spin_unlock_irq(&processes_lock, flags);
}

/* --- the background ------------------------------------------------------------------------------------------------------------------ */

/* Who does not want to hear of it is let through to write, and told that it cannot read; a group that would stop for ever can do
   neither. */
static int background_locked(struct process *me, int signal)
{
    bool deaf = user_thread(current())->blocked & SIGNAL_BIT(signal) || me->signals.action[signal - 1].handler == SIG_IGN;

    if (deaf)
        return signal == SIGTTIN ? -EIO : 0;
    if (group_is_orphaned_locked(me->pgid))
        return -EIO;
    group_signal_locked(me->pgid, signal);
    current()->interrupted = true; /* though another thread may be who hears it */
    return -ERESTART;
}

int terminal_background(int signal)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    int error = me->terminal && foreground && me->pgid != foreground ? background_locked(me, signal) : 0;

    spin_unlock_irq(&processes_lock, flags);
    return error;
}

/* --- getting it and losing it -------------------------------------------------------------------------------------------------------- */

static void take_locked(struct process *me)
{
    me->terminal = true;
    me->hung_up = 0;
    session = me->sid;
    foreground = me->pgid;
}

/* It is nobody's from now on. */
static void release_locked(void)
{
    list_for_each(it, &processes)
        list_entry(it, struct process, all_link)->terminal = false;
    session = foreground = 0;
}

void terminal_opened(const struct file *file)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);

    if (leads_session(me) && !me->terminal && !session && (file->flags & O_ACCMODE) != O_WRONLY)
        take_locked(me);
    spin_unlock_irq(&processes_lock, flags);
}

/* steal: even if it is another session's. */
static int take(const struct file *file, bool steal)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    bool may = capable(CAP_SYS_ADMIN), mine = leads_session(me) && me->sid == session;
    int error = 0;

    if (!mine && (!leads_session(me) || me->terminal || (session && !(steal && may))))
        error = -EPERM;
    else if (!mine && (file->flags & O_ACCMODE) == O_WRONLY && !may)
        error = -EPERM;
    if (!mine && !error) {
        release_locked();
        take_locked(me);
    }
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

/* TIOCNOTTY: the running process has it no more; if it is the leader, nobody has. */
static int give_up(void)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);
    int error = me->terminal ? 0 : -ENOTTY;

    if (!error && leads_session(me)) {
        if (foreground) {
            group_signal_locked(foreground, SIGHUP);
            group_signal_locked(foreground, SIGCONT);
        }
        release_locked();
    }
    me->terminal = false;
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

/* The terminal is nobody's, and files that were opened before are of no use any more. Its session's leader hears of it, and will tell who
   was in the foreground when it ends. */
static void hang_up_locked(void)
{
    struct process *leader = session ? process_find_locked(session) : NULL;

    if (leader) {
        signal_send_locked(leader, SIGHUP, NULL);
        signal_send_locked(leader, SIGCONT, NULL);
        leader->hung_up = foreground;
    }
    release_locked();
    tty_hang_up();
}

void terminal_hang_up(void)
{
    u64 flags = spin_lock_irq(&processes_lock);

    if (current_process()->terminal)
        hang_up_locked();
    spin_unlock_irq(&processes_lock, flags);
}

void terminal_left(const struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);

    if (leads_session(p) && p->terminal) {
        if (foreground)
            group_signal_locked(foreground, SIGHUP);
        hang_up_locked();
    } else if (leads_session(p) && p->hung_up) {
        group_signal_locked(p->hung_up, SIGHUP);
        group_signal_locked(p->hung_up, SIGCONT);
    }
    spin_unlock_irq(&processes_lock, flags);
}

/* --- ioctl() ------------------------------------------------------------------------------------------------------------------------- */

static s64 tell(uptr to, const pid_t *which)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool mine = current_process()->terminal;
    pid_t number = *which;

    spin_unlock_irq(&processes_lock, flags);
    if (!mine)
        return -ENOTTY;
    return copyout(to, &number, sizeof(number)) ? -EFAULT : 0;
}

/* Whether a group, or where there is none of that number a process or thread, is in the session of `me`. Returns 0, -EPERM, or -ESRCH: the
   number is nobody's. */
static int in_session_locked(pid_t number, const struct process *me)
{
    const struct process *of = group_next_locked(NULL, number);
    bool known = false;

    list_for_each(it, &processes) {
        const struct process *p = list_entry(it, struct process, all_link);

        known |= p->sid == number;
        if (!of && (p->pid == number || user_thread_find_locked(p, number)))
            of = p;
    }
    if (of)
        return of->sid == me->sid ? 0 : -EPERM;
    return known ? -EPERM : -ESRCH;
}

static int set_foreground(uptr from)
{
    struct process *me = current_process();
    int error = terminal_background(SIGTTOU);
    pid_t group;
    u64 flags;

    if (error)
        return error == -EIO ? -ENOTTY : error;
    if (copyin(&group, from, sizeof(group)))
        return -EFAULT;
    if (group < 0)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    error = !me->terminal ? -ENOTTY : !group ? -ESRCH : in_session_locked(group, me);
    if (!error)
        foreground = group;
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

static int hang_up(void)
{
    u64 flags;

    if (!capable(CAP_SYS_ADMIN))
        return -EPERM;
    flags = spin_lock_irq(&processes_lock);
    hang_up_locked();
    spin_unlock_irq(&processes_lock, flags);
    return 0;
}

s64 terminal_control(const struct file *file, u32 command, uptr arg)
{
    switch (command) {
    case TIOCSCTTY:
        return take(file, arg == 1);
    case TIOCNOTTY:
        return give_up();
    case TIOCGPGRP:
        return tell(arg, &foreground);
    case TIOCGSID:
        return tell(arg, &session);
    case TIOCSPGRP:
        return set_foreground(arg);
    case TIOCVHANGUP:
        return hang_up();
    default:
        return -ENOTTY;
    }
}
