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

/* What is shown. */
struct shown {
    pid_t pid; /* 0: the system */
    tid_t tid; /* one thread of the process, as programs call it; 0: all of it */
};

/* Who there is (shown.c). Any context, processes_lock not held. */

/* Who its files belong to: whom the process acts as; what tells of its insides, root, if it may not be looked into and is not the one that
   runs. Returns 0, or -ESRCH. */
int shown_owner(struct shown who, bool inside, u32 *uid, u32 *gid);
/* The lowest process id from `least` on; 0: there is none. */
pid_t shown_next_process(u64 least);
/* The lowest of a process's threads from `least` on, as programs call them; 0: there is none. */
tid_t shown_next_thread(pid_t pid, u64 least);
/* The lowest open descriptor of a process from `least` on; -1: there is none. */
int shown_next_descriptor(pid_t pid, u64 least);

/* Whom a text is about: a process, and of its threads the one that is asked for, or else the first one; NULL: there is none any more. */
struct subject {
    const struct process *p;
    const struct thread *t;
    bool alone; /* the thread was asked for */
};

struct memory; /* of a process, as show_process.c needs it */

/* show_process.c. Calls show() with whom a text is about, processes_lock held. Returns 0 or -ESRCH. */
int with_subject(struct shown who, void (*show)(struct text *to, const struct subject *who, const struct memory *m), struct text *to,
                 const struct memory *m);
/* By which number programs know it, how it is called, how many threads its process has. processes_lock held. */
pid_t subject_id(const struct subject *who);
const char *subject_name(const struct subject *who);
unsigned count_threads(const struct process *p);

/* show_process.c. Calls look() with the process's address space, its lock held; not if it has none, or has lent it. Returns 0 or -ESRCH. */
int with_space(pid_t pid, void (*look)(struct address_space *space, void *arg), void *arg);

void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* About a process or a thread. Return 0, or -ESRCH: there is none any more. Thread context, no lock held. */
int show_stat(struct text *to, struct shown who);
int show_status(struct text *to, struct shown who);
int show_statm(struct text *to, struct shown who);
int show_maps(struct text *to, struct shown who);
int show_cmdline(struct text *to, struct shown who);
int show_environ(struct text *to, struct shown who);
int show_comm(struct text *to, struct shown who);
int show_sched(struct text *to, struct shown who);
int show_schedstat(struct text *to, struct shown who);
int show_oom_score(struct text *to, struct shown who);
int show_oom_score_adj(struct text *to, struct shown who);

/* About the system. Return 0. */
int show_system_stat(struct text *to, struct shown who);
int show_meminfo(struct text *to, struct shown who);
int show_uptime(struct text *to, struct shown who);
int show_loadavg(struct text *to, struct shown who);
int show_version(struct text *to, struct shown who);
int show_cpuinfo(struct text *to, struct shown who);
int show_mounts(struct text *to, struct shown who);
int show_filesystems(struct text *to, struct shown who);
int show_system_schedstat(struct text *to, struct shown who);
int show_kmsg(struct text *to, struct shown who);
int show_swaps(struct text *to, struct shown who);
int show_diskstats(struct text *to, struct shown who);
/* About the system too, but of a process's folder: there is one root and one control group for all. */
int show_cgroup(struct text *to, struct shown who);

/* show_sys.c: /proc/sys. Return 0. */
int show_uuid(struct text *to, struct shown who);
int show_boot_id(struct text *to, struct shown who);
int show_ostype(struct text *to, struct shown who);
int show_osrelease(struct text *to, struct shown who);
int show_os_version(struct text *to, struct shown who);
int show_hostname(struct text *to, struct shown who);
int show_domainname(struct text *to, struct shown who);
int show_pid_max(struct text *to, struct shown who);
int show_threads_max(struct text *to, struct shown who);

/* A thread of the running process is called so from now on. Returns 0; -EINVAL: it is none. */
int comm_set(struct shown who, const char *name);

/* The process counts for more or less when memory is out (proc/oom.h). Returns 0; -ESRCH; -EINVAL: not a thousandth; -EACCES: it may only
   be made worse, unless one may do that. */
int oom_adj_set(struct shown who, s64 adj);

/* proc_text.c: what reads a file of /proc; and those that can be written, too: comm, oom_score_adj. */
extern const struct file_ops proc_text_files, proc_comm_files, proc_oom_files;
/* show_links.c: where links lead, up to size bytes of it. Return how many, -ENOENT, -ESRCH or -ENOMEM. tree_lock held. */
s64 lead_self(struct shown who, char *to, size_t size);
s64 lead_thread_self(struct shown who, char *to, size_t size);
s64 lead_exe(struct shown who, char *to, size_t size);
s64 lead_cwd(struct shown who, char *to, size_t size);
s64 lead_root(struct shown who, char *to, size_t size);
s64 lead_descriptor(pid_t pid, int fd, char *to, size_t size);
/* What a descriptor stands for, with a reference. Returns 0 or -ENOENT. */
int inode_of_descriptor(pid_t pid, int fd, struct inode **found);

/* procfs.c: the text of a file of /proc. Returns 0 or -ESRCH. */
int proc_show(const struct inode *inode, struct text *to);
/* Whom a file of /proc is about. */
struct shown proc_shown(const struct inode *inode);
