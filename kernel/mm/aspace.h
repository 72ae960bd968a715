/* A program's address space: its regions, and its page tables, which are filled when a page is touched. The regions say what may be done;
   the tables are what was done about it so far, and can always be made anew from the regions and the pages.

   Nothing here takes a lock: whoever calls holds the space's (proc/process.h), or is the only one who knows the space. Physical memory that
   runs out is -ENOMEM, with the space as it was. */
#pragma once

#include "arch/pagetable.h"
#include "arch/space.h"
#include "lib/list.h"
#include "mm/frames.h"

/* Where the pages of a region come from that is not anonymous memory: a file, or memory that several spaces share. The functions are
   those of the layer that has the object. */
struct vm_object_ops {
    /* The object's page number `index`, with a reference for the caller; NULL with *error = -EIO (behind its end) or -ENOMEM. */
    struct frame *(*page)(void *object, u64 index, int *error);
    void (*get)(void *object);
    void (*put)(void *object);
    /* For people: a path, or what stands for one; in buf of PATH_MAX bytes, or not. tree_lock held. */
    const char *(*name)(void *object, char *buf);
};

enum vm_flags {
    VM_SHARED = 1 << 0, /* what one space writes, the others see; otherwise each has its own copy as soon as it writes */
    VM_STACK = 1 << 1,  /* grows downwards when it is touched below its start */
    VM_HEAP = 1 << 2,   /* brk() moves its end */
    VM_READ_ONLY = 1 << 3, /* of a shared file that was not opened for writing: never to be written */
    VM_LOCKED = 1 << 4, /* its pages are there from the start; they never leave anyway */
    VM_NO_RESERVE = 1 << 5, /* may be larger than all memory */
};

/* Part of an address space of which the same is true: [start, end), whole pages. */
typedef struct vm_region {
    struct list link;  /* in the space's list, by address */
    uptr start, end;
    u32 access;        /* enum page_access; 0: none at all */
    u32 flags;         /* enum vm_flags */
    const struct vm_object_ops *ops; /* NULL: anonymous memory */
    void *object;
    u64 first;         /* the object's page at start */
} vm_region_t;

struct address_space {
    paddr_t root;         /* its page tables */
    struct list regions;  /* vm_region.link, ascending, disjoint */
    vm_region_t *last;    /* the region found last, or NULL */
    uptr heap_start, heap_end; /* brk(): any byte, the region behind it has whole pages */
    uptr arg_start, arg_end, env_end; /* the program's arguments and, behind them, its environment, as exec() wrote them */
    u64 pages;            /* that its tables name */
    u64 limit;            /* bytes that its regions may have together (RLIMIT_AS) */
    u64 stack_limit;      /* bytes that its stack may have */
    u64 size;             /* bytes that its regions have together */
    bool lock_new, lock_untouched; /* new regions are locked; without their pages being made at once (mlockall()) */
    struct space_users users; /* the CPUs that use its tables (phase 4) */
};

void aspace_init(void); /* after slab_init() */
/* A space without regions; NULL: no memory. */
struct address_space *aspace_new(void);
/* The space whose first table this is. */
struct address_space *space_of(paddr_t root);
/* Gives everything back. No thread uses its tables. Thread context, no spinlock held. */
void aspace_free(struct address_space *space);
/* A copy for a child: the same regions; private pages are shared until one of the two writes (lab 3.5), or copied. The caller runs in
   `space`. NULL: no memory, and `space` is as it was. */
struct address_space *aspace_fork(struct address_space *space);

/* Makes [start, start + size) a region, in place of whatever is there. Whole pages, inside the program's half. The object gets a
   reference of the region's own. Returns 0 or -ENOMEM. */
int aspace_map(struct address_space *space, const vm_region_t *wanted);
/* Takes away what is there; nothing need be. Returns 0 or -ENOMEM (a region has to be split). */
int aspace_unmap(struct address_space *space, uptr start, size_t size);
/* Allows another access, up to the first hole or the first region that may not be written and should. -ENOMEM: there is a hole, or a
   region cannot be split; -EACCES. */
int aspace_protect(struct address_space *space, uptr start, size_t size, u32 access);
/* remap.c: [at, at + old_size), part of one region, becomes new_size bytes long; what is there moves along. Whole pages, none of them 0 but
   old_size, which asks for a second mapping of what is shared. Stays if it can; else, if it may move, goes to the highest gap below
   `below`. Returns where it is then; -EFAULT: it is in no one region; -EINVAL: nothing is shared; -ENOMEM. */
s64 aspace_resize(struct address_space *space, uptr at, size_t old_size, size_t new_size, bool may_move, uptr below);
/* The same to `to`, in place of whatever is there; the two do not overlap. */
s64 aspace_move(struct address_space *space, uptr at, size_t old_size, size_t new_size, uptr to);
/* The lowest address of `size` bytes that are in no region, as high up as possible below `below`; 0 if there are none. */
uptr aspace_gap(const struct address_space *space, size_t size, uptr below);
/* Where a new region of `size` bytes goes: at `wanted` if that is free, else in the highest gap below `below`; 0: nowhere. */
uptr aspace_place(const struct address_space *space, uptr wanted, size_t size, uptr below);
/* Whether no region has any of it. */
bool aspace_is_free(const struct address_space *space, uptr start, size_t size);
/* Whether every page of it is in a region. */
bool aspace_has_all(const struct address_space *space, uptr start, size_t size);
/* Anonymous memory there is as it was when it was mapped. */
void aspace_forget(struct address_space *space, uptr start, size_t size);
/* lock_pages.c: locks or unlocks every page there. -ENOMEM: there is a hole, and what comes before it is done; or a region cannot be
   split. */
int aspace_lock(struct address_space *space, uptr start, size_t size, bool lock);
/* Makes every page there, ready to be used as its region allows. Returns 0; -ENOMEM: one may not be touched; -EAGAIN: there is no frame. */
int aspace_populate(struct address_space *space, uptr start, size_t size);
/* Bytes that are locked there. */
u64 aspace_locked(const struct address_space *space, uptr start, uptr end);
/* A new region is there: it is locked if new ones are to be. */
void aspace_lock_new(struct address_space *space, uptr start, size_t size);
/* Moves the end of the heap. Returns where it is then: unchanged if that was not possible. */
uptr aspace_brk(struct address_space *space, uptr end);
/* The region that `at` lies in, or NULL. */
vm_region_t *region_find(struct address_space *space, uptr at);

/* A page that the program touched, or that the kernel wants on its behalf, in a way that its tables did not allow (fault.c). write,
   exec: what was tried. Returns 0: it may try again; -EFAULT: no such access there; -EIO: behind the end of a file; -ENOMEM. */
int aspace_fault(struct address_space *space, uptr at, bool write, bool exec);
/* Writes into a space that is not in use, as the program could if it were its own: n bytes at `to`. Returns 0, or an error as above. */
int aspace_write(struct address_space *space, uptr to, const void *from, size_t n);

/* Lab 3.5 (cow.c). */

/* A present page of a private region gets a second entry, in a child's tables: both name the same page, and neither may be written through.
   *to is 0 before. Returns 0 or -ENOMEM. */
int page_share(pte_t *from, pte_t *to);
/* The program wrote to a private page that its entry forbids to write though the region allows it: afterwards *pte names a page that only
   this space has, writable. Returns 0 or -ENOMEM. */
int cow_break(const vm_region_t *region, pte_t *pte, uptr at);

/* For page_share() as long as it does not share: *to names a copy of the page. Returns 0 or -ENOMEM. */
int page_copy(pte_t *from, pte_t *to);
/* A page with nothing in it, or with the contents of another one; one reference. NULL: no memory. */
struct frame *page_new(void);
struct frame *page_new_copy(const struct frame *of);
