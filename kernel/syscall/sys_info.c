/* System calls on the machine and the kernel themselves, and the few that set what a thread is called and where its C library keeps its
   own. */
#include "arch/platform.h"
#include "arch/user.h"
#include "base/panic_others.h"
#include "base/printk.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "proc/info.h"
#include "proc/show.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "syscall/calls.h"

/* --- what there is ------------------------------------------------------------------------------------------------------------------- */

s64 sys_uname(uptr name)
{
    struct kernel_identity identity;

    identity_get(&identity);
    return copyout(name, &identity, sizeof(identity));
}

struct sysinfo {
    s64 uptime;
    u64 loads[3], total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
    u16 processes, padding;
    u64 total_high, free_high;
    u32 unit;
};

_Static_assert(sizeof(struct sysinfo) == 112, "the layout of the ABI");

s64 sys_sysinfo(uptr info)
{
    struct sysinfo result = {
        .uptime = (s64)(clock_ns() / NS_PER_SEC),
        .total_ram = frames_total() * PAGE_SIZE,
        .free_ram = frames_free() * PAGE_SIZE,
        .processes = (u16)min(process_count(), 0xffffu),
        .unit = 1,
    };

    return copyout(info, &result, sizeof(result));
}

enum { LOG_CLOSE, LOG_OPEN, LOG_READ_ALL = 3, LOG_CONSOLE_OFF = 6, LOG_CONSOLE_ON, LOG_CONSOLE_LEVEL, LOG_SIZE_OF_BUFFER = 10 };

/* What the kernel has printed, the last n bytes of it. */
static s64 read_log(uptr to, int n)
{
    char *text;
    size_t all, part;
    s64 result;

    if (!to || n < 0)
        return -EINVAL;
    text = kmalloc(PRINTK_LOG_SIZE);
    if (!text)
        return -ENOMEM;
    all = printk_log(text, PRINTK_LOG_SIZE);
    part = min(all, (size_t)n);
    result = copyout(to, text + all - part, part) ? -EFAULT : (s64)part;
    kfree(text);
    return result;
}

/* Everything that is printed is shown. */
s64 sys_syslog(int action, uptr to, int n)
{
    if (action != LOG_READ_ALL && action != LOG_SIZE_OF_BUFFER && !capable(CAP_SYSLOG) && !capable(CAP_SYS_ADMIN))
        return -EPERM;
    switch (action) {
    case LOG_CLOSE:
    case LOG_OPEN:
    case LOG_CONSOLE_OFF:
    case LOG_CONSOLE_ON:
        return 0;
    case LOG_CONSOLE_LEVEL:
        return n < 1 || n > 8 ? -EINVAL : 0;
    case LOG_READ_ALL:
        return read_log(to, n);
    case LOG_SIZE_OF_BUFFER:
        return PRINTK_LOG_SIZE;
    default:
        return -EINVAL;
    }
}

/* --- the running thread --------------------------------------------------------------------------------------------------------------- */

#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

s64 sys_arch_prctl(int code, u64 address)
{
    struct user_context *context = current()->user;

    if (code == ARCH_GET_FS)
        return copyout(address, &context->fs_base, sizeof(context->fs_base));
    if (code != ARCH_SET_FS)
        return -EINVAL;
    if (address >= USER_END)
        return -EPERM;
    user_fs_base_set(context, address);
    return 0;
}

#define PERSONALITY_ASK 0xffffffff

/* There is only Linux's. */
s64 sys_personality(u64 persona)
{
    return persona == 0 || persona == PERSONALITY_ASK ? 0 : -EINVAL;
}

/* --- the end -------------------------------------------------------------------------------------------------------------------------- */

#define REBOOT_MAGIC 0xfee1deadu
#define REBOOT_RESTART 0x01234567u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_CAD_ON 0x89abcdefu
#define REBOOT_CAD_OFF 0u

s64 sys_reboot(u32 magic, u32 magic2, u32 command, uptr argument)
{
    static const u32 dates[] = { 0x28121969, 0x05121996, 0x16041998, 0x20112000 };
    bool dated = false;

    (void)argument;
    if (!capable(CAP_SYS_BOOT))
        return -EPERM;
    for (unsigned i = 0; i < array_len(dates); i++)
        dated = dated || magic2 == dates[i];
    if (magic != REBOOT_MAGIC || !dated)
        return -EINVAL;
    switch (command) {
    case REBOOT_CAD_ON: /* there is no Ctrl-Alt-Del to be turned on or off */
    case REBOOT_CAD_OFF:
        return 0;
    case REBOOT_RESTART:
        printk("the machine restarts\n");
        machine_restart();
    case REBOOT_HALT:
        printk("the machine halts\n");
        irq_disable();
        halt_others();
        machine_halt();
    case REBOOT_POWER_OFF:
        machine_poweroff();
    default:
        return -EINVAL;
    }
}
