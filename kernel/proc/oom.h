/* Memory that is out. Programs get more memory than there is: a page is made when it is touched, and pages are shared until somebody
   writes. So there may be no frame for what was promised; then one process is ended, the one that has most, and the others go on.
   Whoever needs a frame in vain waits until that has given back what it had. */
#pragma once

#include "lib/types.h"

#define OOM_FRAMES 16ul  /* as many as a page fault needs, and some more */
#define OOM_FRAMES_MOST 1024ul /* a call for which so many are not enough wants what there is not */
#define OOM_ADJ_LEAST (-1000) /* never */
#define OOM_ADJ_MOST 1000

struct process;

void oom_init(void);
/* The running thread did not get a frame. Returns true when about so many are free, for it to try again; who has most may have been ended
   for that. False: it did not fail for want of frames; or the running process is to end itself; or nobody is left who may be ended. Thread
   context, no spinlock held; mutexes may be. */
bool oom_make_room(size_t frames);
/* How much there is to be had from ending p: its pages and what oom_adj adds; 0: it is not to be ended. processes_lock held. */
u64 oom_points_locked(const struct process *p);
