/* The terminal in a script of calls (test_fs_tools.h): who hears its signals is the test, which notes them. */
#include "fs/context.h"
#include "fs/tty.h"
#include "ktest/ktest.h"
#include "ktest/test_fs_tools.h"
#include "lib/errno.h"

static const struct fs_hooks *before;
static struct fs_hooks ours;
static pid_t my_group, its_group;

static void note_signal(int signal)
{
    if (its_group)
        fact(FACT_NOTE, (u64)its_group, (u64)signal);
}

static int refuse_background(int signal)
{
    if (my_group == its_group)
        return 0;
    fact(FACT_NOTE, (u64)my_group, (u64)signal);
    return -EIO;
}

s64 fs_tty_hear(pid_t me, pid_t foreground)
{
    if (!before)
        before = fs_hooks;
    ours = *before;
    ours.signal_foreground = note_signal;
    ours.background = refuse_background;
    my_group = me;
    its_group = foreground;
    fs_hooks = &ours;
    return 0;
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
