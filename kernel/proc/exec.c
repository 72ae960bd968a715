/* exec: everything new is made while the old program is still whole; then the process steps over. No lock: nobody else knows the new
   space, and the old one is left by its only thread. */
#include "proc/exec.h"
#include "arch/user.h"
#include "fs/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/clone.h"
#include "proc/loader.h"
#include "proc/posix_timer.h"
#include "proc/table.h"
#include "proc/user_thread.h"

#define STACK_PAGES 32 /* of the stack's region at first; it grows */
#define AUX_MAX 16

/* The auxiliary vector's names: System V ABI. */
enum { AT_NULL, AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY, AT_UID = 11, AT_EUID, AT_GID, AT_EGID,
       AT_CLKTCK = 17, AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31 };

/* --- strings ----------------------------------------------------------------------------------------------------------------------- */

static char *strings_end(const struct exec_strings *s)
{
    return (char *)frame_to_virt(s->block) + s->used;
}

/* Doubles the room. */
static int strings_grow(struct exec_strings *s)
{
    struct frame *block = NULL;

    if (s->size >= EXEC_STRINGS_MAX)
        return -E2BIG;
    block = frame_alloc(s->block ? s->block->order + 1u : 0);
    if (!block)
        return -ENOMEM;
    if (s->block) {
        memcpy(frame_to_virt(block), frame_to_virt(s->block), s->used);
        frame_put(s->block);
    }
    s->block = block;
    s->size = PAGE_SIZE << block->order;
    return 0;
}

/* One string of the program's. */
static int copy_one(struct exec_strings *s, uptr string)
{
    for (;;) {
        s64 length = s->block ? copyin_string(strings_end(s), string, s->size - s->used) : -ENAMETOOLONG;
        int error;

        if (length >= 0)
            s->used += (size_t)length + 1;
        if (length != -ENAMETOOLONG)
            return length < 0 ? (int)length : 0;
        error = strings_grow(s);
        if (error)
            return error;
    }
}

int exec_strings_copy(struct exec_strings *s, uptr array)
{
    int n = 0;

    for (uptr pointer; array; array += sizeof(pointer), n++) {
        int error = copyin(&pointer, array, sizeof(pointer));

        if (!error && !pointer)
            break;
        if (!error)
            error = copy_one(s, pointer);
        if (error)
            return error;
    }
    return n;
}

int exec_strings_add(struct exec_strings *s, const char *string)
{
    size_t n = strlen(string) + 1;

    while (s->size - s->used < n) {
        int error = strings_grow(s);

        if (error)
            return error;
    }
    memcpy(strings_end(s), string, n);
    s->used += n;
    return 0;
}

void exec_strings_free(struct exec_strings *s)
{
    if (s->block)
        frame_put(s->block);
    *s = (struct exec_strings){ 0 };
}

/* --- the first stack ----------------------------------------------------------------------------------------------------------------- */

/* Words that are written upwards into a space, some at a time. */
struct writer {
    struct address_space *space;
    uptr at;      /* of the first word in the buffer */
    unsigned n;
    u64 word[32];
};

static int flush(struct writer *w)
{
    int error = aspace_write(w->space, w->at, w->word, w->n * sizeof(u64));

    w->at += w->n * sizeof(u64);
    w->n = 0;
    return error;
}

static int put(struct writer *w, u64 word)
{
    w->word[w->n++] = word;
    return w->n == array_len(w->word) ? flush(w) : 0;
}

/* Pointers to n strings, which follow each other from s on and will be at `at`, and a NULL. Moves both on. */
static int put_pointers(struct writer *w, const char **s, uptr *at, unsigned n)
{
    int error = 0;

    for (; n && !error; n--) {
        size_t length = strlen(*s) + 1;

        error = put(w, *at);
        *s += length;
        *at += length;
    }
    return error ? error : put(w, 0);
}

static int put_auxiliary(struct writer *w, const struct program *program, const struct credentials *cred, uptr random, uptr file)
{
    const u64 aux[][2] = {
        { AT_PHDR, program->headers }, { AT_PHENT, 56 }, { AT_PHNUM, program->nr_headers }, { AT_PAGESZ, PAGE_SIZE },
        { AT_BASE, program->loader }, { AT_FLAGS, 0 }, { AT_ENTRY, program->entry },
        { AT_UID, cred->uid.real }, { AT_EUID, cred->uid.effective }, { AT_GID, cred->gid.real }, { AT_EGID, cred->gid.effective },
        { AT_CLKTCK, 100 }, { AT_SECURE, credentials_privileged(cred) }, { AT_RANDOM, random }, { AT_EXECFN, file }, { AT_NULL, 0 },
    };
    int error = 0;

    _Static_assert(array_len(aux) == AUX_MAX, "room was made for so many");
    for (unsigned i = 0; i < array_len(aux) && !error; i++) {
        error = put(w, aux[i][0]);
        if (!error)
            error = put(w, aux[i][1]);
    }
    return error;
}

/* From the top: 8 bytes of 0, the program's name, the strings, 16 random bytes; then, at *rsp, the words that the ABI wants: argc,
   pointers to the arguments and NULL, to the environment's and NULL, the auxiliary vector. */
static int stack_make(struct address_space *space, const struct program *program, const struct credentials *cred, const char *name,
                      const struct exec_strings *s, uptr *rsp)
{
    u64 random[2];
    uptr file = USER_END - 8 - (strlen(name) + 1), strings = file - s->used, random_at = align_down(strings - sizeof(random), 16);
    size_t words = 1 + s->argc + 1 + s->envc + 1 + 2 * AUX_MAX;
    uptr bottom = align_down(random_at - words * sizeof(u64), 16);
    vm_region_t region = {
        .start = align_down(bottom,
                            PAGE_SIZE) - STACK_PAGES * PAGE_SIZE, .end = USER_END, .access = ACCESS_READ | ACCESS_WRITE, .flags = VM_STACK,
    };
    struct writer w = { .space = space, .at = bottom };
    const char *string = s->block ? frame_to_virt(s->block) : "";
    int error = aspace_map(space, &region);

    *rsp = bottom;
    random_bytes(random, sizeof(random));
    space->arg_start = strings;
    if (!error)
        error = aspace_write(space, file, name, strlen(name) + 1);
    if (!error && s->used)
        error = aspace_write(space, strings, string, s->used);
    if (!error)
        error = aspace_write(space, random_at, random, sizeof(random));
    if (!error)
        error = put(&w, s->argc);
    if (!error)
        error = put_pointers(&w, &string, &strings, s->argc);
    space->arg_end = strings;
    if (!error)
        error = put_pointers(&w, &string, &strings, s->envc);
    space->env_end = strings;
    if (!error)
        error = put_auxiliary(&w, program, cred, random_at, file);
    return error ? error : flush(&w);
}

/* --- stepping over -------------------------------------------------------------------------------------------------------------------- */

/* The running thread leaves one space for another. Returns the old one. */
static struct address_space *step_over(struct process *p, struct thread *me, struct address_space *space)
{
    struct address_space *old = p->space;
    u64 flags;

    mutex_lock(&p->space_lock);
    flags = spin_lock_irq(&processes_lock);
    p->space = space;
    limits_to_space(p, space); /* they may have changed since it was made */
    spin_unlock_irq(&processes_lock, flags);
    mutex_unlock(&p->space_lock);
    flags = irq_save();
    me->user->root = space->root;
    space_become(me->user, &space->users);
    user_context_reset(me->user);
    user_context_load(me->user);
    irq_restore(flags);
    return old;
}

static const char *last_part(const char *path)
{
    const char *last = path;

    for (; *path; path++)
        if (path[0] == '/' && path[1])
            last = path + 1;
    return last;
}

/* It runs another program now, and is called like that. */
static void call_it(struct process *p, struct thread *me, const char *name)
{
    u64 flags = spin_lock_irq(&processes_lock);

    p->execed = true;
    string_copy(p->name, name, sizeof(p->name));
    string_copy(me->name, name, sizeof(me->name));
    spin_unlock_irq(&processes_lock, flags);
}

/* The first program that a process runs: until now it was the kernel's own. Returns 0 or -ENOMEM. */
static int become_user(struct process *p, struct thread *me, const struct address_space *space)
{
    int error = signals_new(&p->signals, NULL);

    if (!error)
        error = user_thread_prepare(me, space->root);
    if (error) {
        signals_free(&p->signals);
        return error;
    }
    me->owner_ops = &process_thread_ops;
    fs_context_copy(&p->fs, current_fs());
    p->pgid = p->sid = p->pid;
    return 0;
}

int process_exec(const struct image *image, const char *name, const struct exec_strings *strings)
{
    struct thread *me = current();
    struct process *p = current_process();
    struct address_space *space = aspace_new(), *old;
    const struct credentials cred = credentials_of_program(image->mode, image->uid, image->gid);
    struct program program = { 0 };
    uptr rsp;
    int error;

    if (!space)
        return -ENOMEM;
    limits_to_space(p, space);
    error = program_load(space, image, &program);
    if (!error)
        error = stack_make(space, &program, &cred, name, strings, &rsp);
    if (!error && !me->user)
        error = become_user(p, me, space);
    if (!error)
        error = process_be_alone(p);
    if (error) {
        aspace_free(space);
        return error;
    }
    thread_tells_end(me);
    posix_timers_end(p);
    space->heap_start = space->heap_end = align_up(program.end, PAGE_SIZE);
    old = step_over(p, me, space);
    if (old && p->lent)
        process_returns_space(p);
    else if (old)
        aspace_free(old);
    fd_close_on_exec(&p->fds);
    signals_reset(p);
    credentials_exec(&cred, image->secret);
    user_thread(me)->altstack = (struct signal_stack){ 0 };
    user_thread(me)->clear_tid = 0;
    call_it(p, me, last_part(name));
    user_frame_init(user_frame(me->user), program.loader ? program.start : program.entry, rsp);
    return 0;
}
