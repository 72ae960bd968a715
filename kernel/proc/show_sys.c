/* /proc/sys (show.h): what can be set on Linux, and can only be read here. Lock: processes_lock, for names and for the boot's number. */
#include "fs/random.h"
#include "proc/info.h"
#include "proc/limits.h"
#include "proc/show.h"
#include "proc/table.h"
#include "sched/thread.h"

/* 16 bytes with a form of their own: of the fourth kind (at random), of the usual variant (RFC 4122). */
struct uuid {
    u8 byte[16];
};

static struct uuid new_uuid(void)
{
    struct uuid id;

    random_bytes(&id, sizeof(id));
    id.byte[6] = (id.byte[6] & 0x0f) | 0x40;
    id.byte[8] = (id.byte[8] & 0x3f) | 0x80;
    return id;
}

static int add_uuid(struct text *to, const struct uuid *id)
{
    for (unsigned i = 0; i < sizeof(id->byte); i++)
        text_add(to, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id->byte[i]);
    text_add(to, "\n");
    return 0;
}

int show_uuid(struct text *to, struct shown who)
{
    struct uuid id = new_uuid();

    (void)who;
    return add_uuid(to, &id);
}

/* The same until the machine is turned off. */
int show_boot_id(struct text *to, struct shown who)
{
    static struct uuid id; /* [p] */
    u64 flags = spin_lock_irq(&processes_lock);

    (void)who;
    if (!id.byte[6])
        id = new_uuid();
    spin_unlock_irq(&processes_lock, flags);
    return add_uuid(to, &id);
}

int show_ostype(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "%s\n", kernel_identity.system);
    return 0;
}

int show_osrelease(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "%s\n", kernel_identity.release);
    return 0;
}

int show_os_version(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "%s\n", kernel_identity.version);
    return 0;
}

int show_hostname(struct text *to, struct shown who)
{
    struct kernel_identity now;

    (void)who;
    identity_get(&now);
    text_add(to, "%s\n", now.node);
    return 0;
}

int show_domainname(struct text *to, struct shown who)
{
    struct kernel_identity now;

    (void)who;
    identity_get(&now);
    text_add(to, "%s\n", now.domain);
    return 0;
}

/* One more than the highest. */
int show_pid_max(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "%d\n", TID_MAX + 1);
    return 0;
}

int show_threads_max(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "%u\n", limits_threads_most());
    return 0;
}
