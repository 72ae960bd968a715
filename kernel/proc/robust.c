/* Robust mutexes (robust.h). No lock: the list is the program's, which may change it, or lie, at any time. */
#include "proc/robust.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/user_thread.h"

#define ENTRIES_MOST 2048 /* as Linux: the list may be a circle */
#define ENTRY_PI 1ul      /* in an entry's address: its mutex lends priority */

struct robust_head { /* as programs have it */
    uptr first;      /* an entry begins with the address of the next; the last one has the head's */
    s64 to_word;     /* from an entry to its mutex's word */
    uptr pending;    /* taken or given back just now, whether it is in the list or not */
};

_Static_assert(sizeof(struct robust_head) == ROBUST_HEAD_SIZE, "the layout of the ABI");

/* The word at `at`, if it says that tid owns it, says from now on that its owner is gone. Returns what it was, or 0. */
static u32 word_bequeath(uptr at, u32 tid)
{
    u32 word, seen;

    if (at & (sizeof(word) - 1) || copyin(&word, at, sizeof(word)))
        return 0;
    while ((word & FUTEX_TID_MASK) == tid) {
        seen = word;
        if (user_word_change((u32 *)at, &seen, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
            return 0;
        if (seen == word)
            return word;
        word = seen;
    }
    return 0;
}

static void mutex_ends(uptr at, bool lends, u32 tid)
{
    u32 was = word_bequeath(at, tid);

    if (was & FUTEX_WAITERS && !lends)
        (void)futex_wake(at, false, 1, FUTEX_ANY);
}

/* It was being given back, and nobody may own it already: who waits is to look. */
static void pending_ends(uptr at, bool lends, u32 tid)
{
    u32 word;

    if (!lends && !(at & (sizeof(word) - 1)) && !copyin(&word, at, sizeof(word)) && !word)
        (void)futex_wake(at, false, 1, FUTEX_ANY);
    else
        mutex_ends(at, lends, tid);
}

void robust_list_end(struct thread *me)
{
    struct user_thread *user = user_thread(me);
    uptr list = user->robust_list, at;
    u32 tid = (u32)thread_user_id(current_process(), me);
    struct robust_head head;

    user->robust_list = 0;
    if (!list || copyin(&head, list, sizeof(head)))
        return;
    at = head.first;
    for (unsigned i = 0; i < ENTRIES_MOST && (at & ~ENTRY_PI) != list; i++) {
        uptr entry = at & ~ENTRY_PI;
        bool lends = at & ENTRY_PI;
        bool more = !copyin(&at, entry, sizeof(at)); /* before its mutex goes to another thread, which may free it */

        if (entry != (head.pending & ~ENTRY_PI))
            mutex_ends(entry + (uptr)head.to_word, lends, tid);
        if (!more)
            return;
    }
    if (head.pending)
        pending_ends((head.pending & ~ENTRY_PI) + (uptr)head.to_word, head.pending & ENTRY_PI, tid);
}
