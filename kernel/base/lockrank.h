/* The order in which locks nest, outermost first. Taking a lock whose rank is not above that of every lock held is a panic that names
   both. */
#pragma once

enum lock_rank {
    RANK_PROCESSES,   /* proc/process.c: the process table */
    RANK_FILES,       /* fs/fd_table.c: a descriptor table */
    RANK_TTY,         /* fs/tty.c: the terminal's line */
    RANK_PIPE,        /* fs/pipe_file.c: a pipe */
    RANK_INODE,       /* fs/memfs.h: a file's array of pages */
    RANK_EPOLL,       /* fs/epoll.c: which items of epolls are ready */
    RANK_POLL,        /* fs/poll.c: who polls */
    RANK_CONDVAR,     /* sched/sync.h: a condition variable */
    RANK_FUTEX,       /* proc/futex.c: who waits for words of user memory */
    RANK_PI,          /* sched/mutex.c: who owns and who waits for which mutex */
    RANK_WAIT,        /* sched/wait.h: a wait queue */
    RANK_THREADS,     /* sched/thread.c: the thread table, and who waits for whom */
    RANK_TIMERS,      /* sched/timer.c: a CPU's timers */
    RANK_RUN_QUEUE,   /* sched/rq.h: one CPU's run queue */
    RANK_SHARED,      /* mm/shared.c: memory that address spaces share */
    RANK_KSTACK,      /* mm/kstack.c: kernel stacks */
    RANK_SLAB,        /* mm/slab.c: one cache of the kernel heap */
    RANK_FRAME_CACHE, /* mm/frames_impl.h: one CPU's cache of frames */
    RANK_FRAMES,      /* mm/frames.c: physical memory */
    RANK_CONSOLE,     /* base/printk.c: the console's output */
};
