/* The real time clock of a PC (MC146818 and its descendants), and the reset line (arch/platform.h). */
#include "arch/platform.h"
#include "arch/arch.h"
#include "arch/x86_64/io.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_STATUS_B 11
#define STATUS_B_24_HOURS 2
#define STATUS_B_BINARY 4
#define HOURS_PM 0x80 /* in 12-hour form */
#define CENTURY 2000  /* the clock keeps two digits */
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe /* pulses the processor's reset line */

enum { SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR, PARTS };

static u8 cmos(u8 at)
{
    outb(CMOS_INDEX, at);
    return inb(CMOS_DATA);
}

static void read_all(u8 part[PARTS])
{
    static const u8 at[PARTS] = { 0, 2, 4, 7, 8, 9 };

    for (unsigned i = 0; i < PARTS; i++)
        part[i] = cmos(at[i]);
}

static bool same(const u8 a[PARTS], const u8 b[PARTS])
{
    for (unsigned i = 0; i < PARTS; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static unsigned binary(u8 value, u8 status)
{
    return status & STATUS_B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

/* Days from 1970 to a date of the Gregorian calendar. The year begins in March here, so that the leap day is its last. */
static u64 days_since_1970(u64 year, u64 month, u64 day)
{
    u64 y = month > 2 ? year : year - 1, m = (month + 9) % 12; /* March is 0 */

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

u64 rtc_seconds(void)
{
    u8 status = cmos(CMOS_STATUS_B), now[PARTS], before[PARTS];
    unsigned hours;

    read_all(now);
    do { /* it may count on in between: then the parts are of two times */
        for (unsigned i = 0; i < PARTS; i++)
            before[i] = now[i];
        read_all(now);
    } while (!same(now, before));
    hours = binary(now[HOURS] & (u8)~HOURS_PM, status);
    if (!(status & STATUS_B_24_HOURS))
        hours = hours % 12 + (now[HOURS] & HOURS_PM ? 12 : 0);
    return days_since_1970(CENTURY + binary(now[YEAR], status), binary(now[MONTH], status), binary(now[DAY], status)) * 86400 +
           hours * 3600ul + binary(now[MINUTES], status) * 60ul + binary(now[SECONDS], status);
}

_Noreturn void machine_restart(void)
{
    outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
    machine_halt();
}
