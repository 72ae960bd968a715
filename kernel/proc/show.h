/* Text about processes and the system, in the forms that Linux's /proc has, as far as ps, top, free and uptime read them. What does not
   exist here is 0 there. */
#pragma once

#include "fs/file.h"
#include "proc/process.h"

/* Text that is made piece by piece. What does not fit is counted, so that the caller can come again with more room. */
struct text {
    char *at;
    size_t size; /* bytes at `at` */
    size_t used; /* bytes that the text has so far */
};

void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* About the process of this id. Return 0, or -ESRCH: there is none any more. Thread context, no lock held. */
int show_stat(struct text *to, pid_t pid);
int show_status(struct text *to, pid_t pid);
int show_statm(struct text *to, pid_t pid);
int show_maps(struct text *to, pid_t pid);
int show_cmdline(struct text *to, pid_t pid);
int show_comm(struct text *to, pid_t pid);
int show_sched(struct text *to, pid_t pid);

/* About the system; pid is not looked at. Return 0. */
int show_system_stat(struct text *to, pid_t pid);
int show_meminfo(struct text *to, pid_t pid);
int show_uptime(struct text *to, pid_t pid);
int show_loadavg(struct text *to, pid_t pid);
int show_version(struct text *to, pid_t pid);
int show_cpuinfo(struct text *to, pid_t pid);
int show_mounts(struct text *to, pid_t pid);
int show_filesystems(struct text *to, pid_t pid);
int show_schedstat(struct text *to, pid_t pid);
int show_kmsg(struct text *to, pid_t pid);

/* proc_text.c: what reads a file of /proc. */
extern const struct file_ops proc_text_files;
/* procfs.c: the text of a file of /proc. Returns 0 or -ESRCH. */
int proc_show(const struct inode *inode, struct text *to);
