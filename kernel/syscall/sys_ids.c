/* System calls on who a process is: user and group ids, capabilities, process groups and sessions. The prototypes stand in the table that
   is made from syscall.tbl. Lock: processes_lock, inside proc/cred.c and proc/group.c. */
#include "arch/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/group.h"
#include "proc/table.h"
#include "proc/terminal.h"
#include "proc/user_thread.h"
#include "syscall/calls.h"

#define KEEP (~0u) /* an id that is not to be changed */

static const struct credentials *mine(void)
{
    return &current_process()->cred;
}

s64 sys_getuid(void)
{
    return mine()->uid.real;
}

s64 sys_geteuid(void)
{
    return mine()->uid.effective;
}

s64 sys_getgid(void)
{
    return mine()->gid.real;
}

s64 sys_getegid(void)
{
    return mine()->gid.effective;
}

/* --- setting ids: the rules are the same for users and groups --------------------------------------------------------------------- */

static bool among(const struct user_ids *ids, u32 id)
{
    return id == ids->real || id == ids->effective || id == ids->saved;
}

/* setuid() and setgid(). Returns 0, -EINVAL or -EPERM. */
static int set_one(struct user_ids *ids, u32 id, enum capability capability)
{
    if (id == KEEP)
        return -EINVAL;
    if (capable(capability))
        *ids = (struct user_ids){ id, id, id };
    else if (id == ids->real || id == ids->saved)
        ids->effective = id;
    else
        return -EPERM;
    return 0;
}

/* setreuid() and setregid(). */
static int set_two(struct user_ids *ids, u32 real, u32 effective, enum capability capability)
{
    struct user_ids before = *ids;

    if (!capable(capability) && ((real != KEEP && real != before.real && real != before.effective) ||
                                 (effective != KEEP && !among(&before, effective))))
        return -EPERM;
    if (real != KEEP)
        ids->real = real;
    if (effective != KEEP)
        ids->effective = effective;
    if (real != KEEP || (effective != KEEP && effective != before.real))
        ids->saved = ids->effective;
    return 0;
}

/* setresuid() and setresgid(). */
static int set_three(struct user_ids *ids, u32 real, u32 effective, u32 saved, enum capability capability)
{
    struct user_ids before = *ids;

    if (!capable(capability) && ((real != KEEP && !among(&before, real)) || (effective != KEEP && !among(&before, effective)) ||
                                 (saved != KEEP && !among(&before, saved))))
        return -EPERM;
    ids->real = real != KEEP ? real : before.real;
    ids->effective = effective != KEEP ? effective : before.effective;
    ids->saved = saved != KEEP ? saved : before.saved;
    return 0;
}

static int get_three(const struct user_ids *ids, uptr real, uptr effective, uptr saved)
{
    if (copyout(real, &ids->real, sizeof(u32)) || copyout(effective, &ids->effective, sizeof(u32)) ||
        copyout(saved, &ids->saved, sizeof(u32)))
        return -EFAULT;
    return 0;
}

s64 sys_setuid(u32 uid)
{
    struct credentials cred = *mine();
    int error = set_one(&cred.uid, uid, CAP_SETUID);

    return error ? error : credentials_change(&cred);
}

s64 sys_setgid(u32 gid)
{
    struct credentials cred = *mine();
    int error = set_one(&cred.gid, gid, CAP_SETGID);

    return error ? error : credentials_change(&cred);
}

s64 sys_setreuid(u32 real, u32 effective)
{
    struct credentials cred = *mine();
    int error = set_two(&cred.uid, real, effective, CAP_SETUID);

    return error ? error : credentials_change(&cred);
}

s64 sys_setregid(u32 real, u32 effective)
{
    struct credentials cred = *mine();
    int error = set_two(&cred.gid, real, effective, CAP_SETGID);

    return error ? error : credentials_change(&cred);
}

s64 sys_setresuid(u32 real, u32 effective, u32 saved)
{
    struct credentials cred = *mine();
    int error = set_three(&cred.uid, real, effective, saved, CAP_SETUID);

    return error ? error : credentials_change(&cred);
}

s64 sys_setresgid(u32 real, u32 effective, u32 saved)
{
    struct credentials cred = *mine();
    int error = set_three(&cred.gid, real, effective, saved, CAP_SETGID);

    return error ? error : credentials_change(&cred);
}

s64 sys_getresuid(uptr real, uptr effective, uptr saved)
{
    return get_three(&mine()->uid, real, effective, saved);
}

s64 sys_getresgid(uptr real, uptr effective, uptr saved)
{
    return get_three(&mine()->gid, real, effective, saved);
}

s64 sys_getgroups(int size, uptr groups)
{
    const struct fs_context *fs = &current_process()->fs;

    if (size < 0 || (size && (u32)size < fs->ngroups))
        return -EINVAL;
    if (size && copyout(groups, fs->groups, fs->ngroups * sizeof(u32)))
        return -EFAULT;
    return fs->ngroups;
}

s64 sys_setgroups(size_t size, uptr groups)
{
    struct fs_context *fs = &current_process()->fs;
    u32 group[FS_GROUPS_MAX] = { 0 };
    u64 flags;

    if (!capable(CAP_SETGID))
        return -EPERM;
    if (size > FS_GROUPS_MAX)
        return -EINVAL;
    if (copyin(group, groups, size * sizeof(u32)))
        return -EFAULT;
    flags = spin_lock_irq(&processes_lock); /* /proc shows them */
    memcpy(fs->groups, group, sizeof(group));
    fs->ngroups = (u32)size;
    spin_unlock_irq(&processes_lock, flags);
    return 0;
}

/* --- capabilities ------------------------------------------------------------------------------------------------------------------- */

#define CAPABILITY_V1 0x19980330u /* sets of 32 bits */
#define CAPABILITY_V2 0x20071026u /* of 64, in two parts */
#define CAPABILITY_V3 0x20080522u

struct cap_header {
    u32 version;
    int pid;
};

struct cap_part {
    u32 effective, permitted, inheritable;
};

/* Reads the header. Returns how many parts follow. A version that is not known: tells the one that is, -EINVAL. */
static int read_header(uptr at, struct cap_header *header)
{
    static const u32 known = CAPABILITY_V3;

    if (copyin(header, at, sizeof(*header)))
        return -EFAULT;
    if (header->version == CAPABILITY_V1)
        return 1;
    if (header->version == CAPABILITY_V2 || header->version == CAPABILITY_V3)
        return 2;
    return copyout(at, &known, sizeof(known)) ? -EFAULT : -EINVAL;
}

s64 sys_capget(uptr header_at, uptr data)
{
    struct cap_header header;
    struct cap_part part[2];
    struct credentials cred = { 0 };
    struct process *p;
    int parts = read_header(header_at, &header);
    u64 flags;

    if (parts < 0)
        return parts == -EINVAL && !data ? 0 : parts;
    if (header.pid < 0)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    p = header.pid ? process_find_locked(header.pid) : current_process();
    if (p)
        cred = p->cred;
    spin_unlock_irq(&processes_lock, flags);
    if (!p)
        return -ESRCH;
    if (!data)
        return 0;
    for (unsigned i = 0; i < 2; i++)
        part[i] = (struct cap_part){ (u32)(cred.effective >> 32 * i), (u32)(cred.permitted >> 32 * i), (u32)(cred.inheritable >> 32 * i) };
    return copyout(data, part, (size_t)parts * sizeof(part[0]));
}

s64 sys_capset(uptr header_at, uptr data)
{
    struct cap_header header;
    struct cap_part part[2] = { 0 };
    struct credentials cred = *mine();
    u64 effective, permitted, inheritable;
    int parts = read_header(header_at, &header);

    if (parts < 0)
        return parts;
    if (header.pid && header.pid != current_process()->pid)
        return -EPERM;
    if (copyin(part, data, (size_t)parts * sizeof(part[0])))
        return -EFAULT;
    effective = (part[0].effective | (u64)part[1].effective << 32) & CAPABILITIES_ALL;
    permitted = (part[0].permitted | (u64)part[1].permitted << 32) & CAPABILITIES_ALL;
    inheritable = (part[0].inheritable | (u64)part[1].inheritable << 32) & CAPABILITIES_ALL;
    if (permitted & ~cred.permitted || effective & ~permitted ||
        (inheritable & ~(cred.inheritable | cred.permitted) && !capable(CAP_SETPCAP)))
        return -EPERM;
    cred.effective = effective;
    cred.permitted = permitted;
    cred.inheritable = inheritable;
    return credentials_change(&cred);
}

/* --- groups of processes ------------------------------------------------------------------------------------------------------------ */

s64 sys_setpgid(int pid, int group)
{
    return process_set_group(pid, group);
}

s64 sys_getpgrp(void)
{
    return current_process()->pgid;
}

s64 sys_getpgid(int pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = pid ? process_find_locked(pid) : current_process();
    s64 pgid = p ? p->pgid : -ESRCH;

    spin_unlock_irq(&processes_lock, flags);
    return pgid;
}

s64 sys_getsid(int pid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = pid ? process_find_locked(pid) : current_process();
    s64 sid = p ? p->sid : -ESRCH;

    spin_unlock_irq(&processes_lock, flags);
    return sid;
}

s64 sys_setsid(void)
{
    return process_new_session();
}

s64 sys_vhangup(void)
{
    if (!capable(CAP_SYS_TTY_CONFIG))
        return -EPERM;
    terminal_hang_up();
    return 0;
}

/* --- threads ------------------------------------------------------------------------------------------------------------------------ */

s64 sys_gettid(void)
{
    return thread_user_id(current_process(), current());
}

s64 sys_set_tid_address(uptr address)
{
    user_thread(current())->clear_tid = address;
    return sys_gettid();
}
