/* See hidden_puppet.h. Draws nothing: what is ordered is the tests' affair. */
#include "ktest/hidden_puppet.h"
#include "arch/user.h"
#include "ktest/child.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "proc/fork.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/thread.h"

#define PUPPET_CODE 0x410000ul
#define TURNS 4000

extern const char puppet_code[], puppet_code_end[];

/* rbx: its words, r12: its register. */
__asm__(".pushsection .rodata\n"
        ".global puppet_code, puppet_code_end\n"
        "puppet_code:\n"
        "    mov (%rbx), %rax\n"
        "    test %rax, %rax\n"
        "    jz 9f\n"
        "    cmp $2, %rax\n"
        "    je 2f\n"
        "    cmp $3, %rax\n"
        "    je 3f\n"
        "    cmp $4, %rax\n"
        "    je 4f\n"
        "    mov %rax, %r13\n"
        "    mov 48(%rbx), %r14\n"
        "    mov 8(%rbx), %rax\n"
        "    mov 16(%rbx), %rdi\n"
        "    mov 24(%rbx), %rsi\n"
        "    mov 32(%rbx), %rdx\n"
        "    mov 40(%rbx), %r10\n"
        "    syscall\n"
        "    test %rax, %rax\n"
        "    jnz 7f\n"
        "    cmp $5, %r13\n"
        "    jne 7f\n"
        "    mov %r14, %rbx\n" /* a child; by now its parent may have another order */
        "    jmp puppet_code\n"
        "2:  mov 8(%rbx), %rcx\n"
        "    mov 16(%rbx), %rdx\n"
        "    mov %rdx, (%rcx)\n"
        "    jmp 8f\n"
        "3:  mov 8(%rbx), %rcx\n"
        "    mov (%rcx), %rax\n"
        "    jmp 7f\n"
        "4:  add 8(%rbx), %r12\n"
        "    mov %r12, %rax\n"
        "7:  mov %rax, 8(%rbx)\n"
        "8:  movq $0, (%rbx)\n"
        "9:  mov $24, %eax\n"
        "    syscall\n"
        "    jmp puppet_code\n"
        "puppet_code_end:\n"
        ".popsection\n");

static pid_t pid[PUPPETS], mine;
static unsigned made;
static volatile struct puppet_words *words;

int puppets_begin(struct address_space *space)
{
    int error = child_prepare(space); /* for its shared page */

    made = 0;
    mine = current_process()->pid;
    if (!error)
        error = map_pages(space, PUPPET_CODE, 1, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = aspace_write(space, PUPPET_CODE, puppet_code, (size_t)(puppet_code_end - puppet_code));
    if (!error)
        error = aspace_protect(space, PUPPET_CODE, PAGE_SIZE, ACCESS_READ | ACCESS_EXEC);
    if (!error)
        words = phys_to_virt(entry_of(space->root, CHILD_SHARED, 1) & PTE_ADDRESS);
    return error;
}

int puppet_first(void)
{
    struct trap_frame *frame = user_frame(current()->user);
    pid_t child;

    user_frame_init(frame, PUPPET_CODE, 0);
    frame->rbx = CHILD_SHARED;
    child = process_fork(&(struct fork_options){ 0 });
    return child < 0 ? child : puppet_born(current_process()) ? 0 : -ESRCH;
}

unsigned puppets_made(void)
{
    return made;
}

volatile struct puppet_words *puppet_words(u64 n)
{
    return &words[n];
}

uptr puppet_words_at(u64 n)
{
    return CHILD_SHARED + n * sizeof(struct puppet_words);
}

struct process *puppet(u64 n)
{
    return child_of(pid[n]);
}

pid_t puppet_pid(u64 n)
{
    return pid[n];
}

u64 puppet_number(pid_t of)
{
    for (u64 i = 0; i < made; i++)
        if (pid[i] == of)
            return i;
    return of == mine ? PUPPETEER : of == 1 ? PROCESS_1 : NOBODY;
}

struct process *puppet_born(const struct process *parent)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = list_empty(&parent->children) ? NULL : list_entry(parent->children.prev, struct process, sibling_link);

    if (p && made < PUPPETS && puppet_number(p->pid) == NOBODY)
        pid[made++] = p->pid;
    else
        p = NULL;
    spin_unlock_irq(&processes_lock, flags);
    return p;
}

/* Nothing happens in it until somebody else does something. */
static bool rests(u64 n)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = process_find_locked(pid[n]);
    const struct thread *t = p && !list_empty(&p->threads) ? list_entry(p->threads.next, struct thread, owner_link) : NULL;
    bool still = t && (t->state == THREAD_BLOCKED || t->state == THREAD_STOPPED);
    bool rest = !p || p->state == PROCESS_ZOMBIE || still || (t && words[n].order == DONE && !p->signals.pending);

    spin_unlock_irq(&processes_lock, flags);
    return rest;
}

bool puppets_rest(void)
{
    for (unsigned turn = 0; turn < TURNS; turn++) {
        u64 n = 0;

        while (n < made && rests(n))
            n++;
        if (n == made)
            return true;
        thread_yield();
    }
    return false;
}

static void order_at(u64 n, enum order order, u64 a, const u64 args[4])
{
    words[n].a = a;
    for (unsigned i = 0; i < 4; i++)
        words[n].args[i] = args ? args[i] : 0;
    words[n].order = order;
}

bool puppet_obeys(u64 n, enum order order, u64 a, const u64 args[4])
{
    order_at(n, order, a, args);
    return puppets_rest();
}

bool puppet_forks(u64 n, u64 call, const u64 args[4])
{
    words[made].order = DONE;
    words[n].child = puppet_words_at(made);
    return puppet_obeys(n, FORK, call, args);
}

void puppet_bury(u64 n)
{
    struct process *p = puppet(n);
    u64 flags;

    if (!p || p->state != PROCESS_ZOMBIE)
        return;
    if (p->space) {
        fd_close_all(&p->fds);
        fs_context_end(&p->fs);
        aspace_free(p->space);
        p->space = NULL;
    }
    flags = spin_lock_irq(&processes_lock);
    process_unlink_locked(p);
    spin_unlock_irq(&processes_lock, flags);
    process_free(p);
}
