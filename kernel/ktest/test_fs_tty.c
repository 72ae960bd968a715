/* The terminal in a script of calls (test_fs_tools.h): who hears its signals is the test, which notes them. */
#include "fs/context.h"
#include "fs/tty.h"
#include "ktest/ktest.h"
#include "ktest/test_fs_tools.h"
#include "lib/errno.h"

static const struct fs_hooks *before;
static struct fs_hooks ours;
static pid_t my_group;

static void note_signal(pid_t group, int signal)
{
    fact(FACT_NOTE, (u64)group, (u64)signal);
}

static pid_t group(void)
{
    return my_group;
}

static bool known(pid_t which)
{
    return which < 100;
}

static int refuse_background(int signal)
{
    fact(FACT_NOTE, (u64)my_group, (u64)signal);
    return -EIO;
}

s64 fs_tty_hear(pid_t me, pid_t foreground)
{
    if (!before)
        before = fs_hooks;
    ours = *before;
    ours.signal_group = note_signal;
    ours.group = group;
    ours.group_known = known;
    ours.background = refuse_background;
    my_group = me;
    fs_hooks = &ours;
    return tty_set_foreground(foreground);
}

s64 fs_tty_mode(u32 iflag, u32 lflag, u8 least, u8 tenths)
{
    struct termios to = tty_sane;

    to.iflag = iflag;
    to.lflag = lflag;
    to.cc[VMIN] = least;
    to.cc[VTIME] = tenths;
    tty_set_termios(&to, false);
    return 0;
}

void fs_tty_end(void)
{
    tty_set_termios(&tty_sane, true);
    if (before)
        fs_hooks = before;
    before = NULL;
}
