/* What a parent hears of its children. */
#pragma once

#include "proc/process.h"

enum wait_options { WNOHANG = 1, WUNTRACED = 2, WEXITED = 4, WCONTINUED = 8, WNOWAIT = 0x1000000, WNOTHREAD = 0x20000000,
                    WALL = 0x40000000 };
#define WCLONE 0x80000000u /* only children that end without a signal */

/* Waits for a child to end, or as options say to stop or go on. pid: as wait4() has it: a child's id; -1, any; 0, of the caller's
   group; below, of group -pid. *status gets what happened, as Linux codes it. A child that has ended is gone then. Returns its id;
   0: nothing yet, and WNOHANG; -ECHILD: there is no such child; -ERESTART: a signal came first. */
pid_t process_wait_for(pid_t pid, int options, int *status);

/* Which children waitid() means. */
enum wait_for { WAIT_ALL, WAIT_PID, WAIT_GROUP };

/* What it tells of one. */
struct child_news {
    int how; /* CLD_*; 0: nothing yet */
    pid_t pid;
    u32 uid;
    int status; /* an exit code, or a signal */
};

/* Waits for what options ask for, as waitid() (wait_id.c). id: of a process, or of a group, 0: the caller's. A child that has ended is gone
   then, unless WNOWAIT. Returns 0, also if there is nothing yet (WNOHANG); -ECHILD; -ERESTART. */
int process_wait_id(enum wait_for which, pid_t id, int options, struct child_news *news);
