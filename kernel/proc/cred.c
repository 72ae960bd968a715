/* Credentials (cred.h). Lock: processes_lock, while they change. */
#include "proc/cred.h"
#include "fs/abi.h"
#include "lib/errno.h"
#include "proc/table.h"

void credentials_init(struct credentials *cred)
{
    *cred = (struct credentials){ .effective = CAPABILITIES_ALL, .permitted = CAPABILITIES_ALL };
}

static bool any_root(const struct user_ids *uid)
{
    return !uid->real || !uid->effective || !uid->saved;
}

/* Who stops being root in every way loses all; who stops acting as root keeps the right to get it back. */
static void adjust_capabilities(struct credentials *now, const struct credentials *before)
{
    if (any_root(&before->uid) && !any_root(&now->uid))
        now->permitted = now->effective = 0;
    if (!before->uid.effective && now->uid.effective)
        now->effective = 0;
    if (before->uid.effective && !now->uid.effective)
        now->effective = now->permitted;
}

/* As whom it touches files from now on. */
static void show_to_fs(struct process *p)
{
    struct fs_context *fs = &p->fs;

    fs->uid = p->cred.uid.real;
    fs->gid = p->cred.gid.real;
    fs->euid = p->cred.uid.effective;
    fs->egid = p->cred.gid.effective;
}

int credentials_change(const struct credentials *cred)
{
    struct process *me = current_process();
    struct credentials now = *cred;
    u64 flags = spin_lock_irq(&processes_lock);
    int error = 0;

    adjust_capabilities(&now, &me->cred);
    if (now.uid.real != me->cred.uid.real)
        error = limits_move_locked(me, now.uid.real);
    if (!error) {
        if (now.uid.effective != me->cred.uid.effective || now.gid.effective != me->cred.gid.effective)
            traits_changed_user_locked(me);
        me->cred = now;
        show_to_fs(me);
    }
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

struct credentials credentials_of_program(u32 mode, u32 uid, u32 gid)
{
    struct credentials cred = current_process()->cred;

    if (current_process()->traits.no_new_privileges)
        mode &= ~(u32)(S_ISUID | S_ISGID);
    if (mode & S_ISUID)
        cred.uid.effective = uid;
    if ((mode & (S_ISGID | 010)) == (S_ISGID | 010)) /* without the right to execute the bit means something else */
        cred.gid.effective = gid;
    cred.uid.saved = cred.uid.effective;
    cred.gid.saved = cred.gid.effective;
    cred.permitted = cred.uid.real && cred.uid.effective ? 0 : CAPABILITIES_ALL;
    cred.effective = cred.uid.effective ? 0 : cred.permitted;
    return cred;
}

void credentials_exec(const struct credentials *cred, bool secret)
{
    struct process *me = current_process();
    u64 flags = spin_lock_irq(&processes_lock);

    me->cred = *cred;
    traits_exec_locked(me, credentials_privileged(cred), secret);
    show_to_fs(me);
    spin_unlock_irq(&processes_lock, flags);
}

bool credentials_privileged(const struct credentials *cred)
{
    return cred->uid.effective != cred->uid.real || cred->gid.effective != cred->gid.real;
}

bool capable(enum capability capability)
{
    return current_process()->cred.effective >> capability & 1;
}

bool may_signal_locked(const struct process *p, int signal)
{
    const struct process *me = current_process();
    const struct user_ids *mine = &me->cred.uid, *its = &p->cred.uid;

    return mine->effective == its->saved || mine->effective == its->real || mine->real == its->saved || mine->real == its->real ||
           capable(CAP_KILL) || (signal == SIGCONT && me->sid == p->sid);
}
