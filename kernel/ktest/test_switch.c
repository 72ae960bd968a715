/* Lab 1.1, seen without the scheduler: two stacks made by hand, and switch_context() between them. */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "arch/x86_64/switch_frame.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/string.h"

void probe_switch(u64 **save, u64 *next, const u64 in[6], u64 out[9]);
void probe_entry(void);
void probe_arrived(const u64 registers[8]);
extern const char probe_switch_end[];

#define BESIDE 64 /* words */
#define ABOVE 0xa0 /* what stands above each side's frame: a `ret` that takes it goes to an address that tells so */

static struct {
    u8 stack[16384];
    u64 above[2];
} other __attribute__((aligned(16)));
static u64 *other_rsp;
/* Where switch_context() stores the main side's stack pointer, in the middle of what is not its own. */
static struct {
    u64 below[BESIDE];
    u64 *rsp;
    u64 above[BESIDE];
} saved;
static bool ends_there; /* the test is complete on the other side: whether the way back works is not its question */

/* A frame as if the other side had once called switch_context() itself. */
static u64 *make_frame(void (*go)(void), u64 rflags)
{
    struct switch_frame *frame = (struct switch_frame *)other.above - 1;

    other.above[0] = ABOVE;
    other.above[1] = ABOVE + 1;
    *frame = (struct switch_frame){ 0xa15, 0xa14, 0xa13, 0xa12, 0xabb, 0xabf, rflags, (u64)go };
    return (u64 *)frame;
}

/* That nothing was stored beside it. */
static void tell_beside(void)
{
    static typeof(saved) expected;

    memset(&expected, 0x5a, sizeof(expected));
    expected.rsp = saved.rsp;
    tell_kept(0, &saved, &expected, sizeof(saved));
}

static void tell_frame(void)
{
    for (unsigned i = 0; i < 8; i++)
        fact(FACT_FRAME_WORD, i, saved.rsp[i]);
    fact(FACT_RETURN_INSIDE, saved.rsp[7], saved.rsp[7] > (u64)probe_switch && saved.rsp[7] < (u64)probe_switch_end);
}

/* The other side of the first tests: reports what it got and what it finds of the first side, then goes back for good. */
_Noreturn void probe_arrived(const u64 registers[8])
{
    for (unsigned i = 0; i < 6; i++)
        fact(FACT_REG_ARRIVED, i, registers[i]);
    fact(FACT_RSP, (u64)other.above, registers[6]);
    fact(FACT_FLAGS, 1, registers[7]);
    tell_beside();
    if (ends_there) {
        if (saved.rsp)
            tell_frame();
        ktest_done();
    }
    switch_context(&other_rsp, saved.rsp);
    panic("switch_context: came back to a side that nobody switched to");
}

static void there_and_back(u64 other_rflags)
{
    static const u64 in[6] = { 0x1111bbbb1111bbbb, 0x2222bbbb2222bbbb, 0x1212121212121212, 0x1313131313131313, 0x1414141414141414,
                               0x1515151515151515 };
    u64 out[9] = { 0 };

    other_rsp = make_frame(probe_entry, other_rflags);
    memset(&saved, 0x5a, sizeof(saved));
    saved.rsp = NULL;
    for (unsigned i = 0; i < 6; i++)
        fact(FACT_REG_BEFORE, i, in[i]);
    probe_switch(&saved.rsp, other_rsp, in, out);
    for (unsigned i = 0; i < 6; i++)
        fact(FACT_REG_AFTER, i, out[i]);
    fact(FACT_RSP, out[6], out[7]);
    fact(FACT_FLAGS, 0, out[8]);
}

KTEST(switch_registers, "callee-saved registers and the stack pointer over a switch and back")
{
    there_and_back(SWITCH_RFLAGS);
    return 0;
}

KTEST(switch_frame, "what the thread switched to finds, and what the stack of the one that was left holds")
{
    ends_there = true;
    there_and_back(SWITCH_RFLAGS);
    return 0;
}

/* Interrupts are on here and off there: each side must find its own flags. */
KTEST(switch_flags, "the flags register belongs to the thread")
{
    u64 flags = irq_save();

    there_and_back(SWITCH_RFLAGS | RFLAGS_IF);
    irq_restore(flags);
    there_and_back(SWITCH_RFLAGS);
    return 0;
}

#define ROUNDS 1000

static u64 rounds;

static void other_loop(void)
{
    for (;;) {
        rounds++;
        switch_context(&other_rsp, saved.rsp);
    }
}

KTEST(switch_many, "a thousand switches leave both stacks where they were")
{
    u64 *first_rsp = NULL;

    rounds = 0;
    other_rsp = make_frame(other_loop, SWITCH_RFLAGS);
    for (unsigned i = 0; i < ROUNDS; i++) {
        switch_context(&saved.rsp, other_rsp);
        if (i == 0)
            first_rsp = saved.rsp;
    }
    fact(FACT_ROUND, ROUNDS, rounds);
    fact(FACT_RSP, (u64)first_rsp, (u64)saved.rsp);
    ktest_done(); /* the stack may have moved: no way back to the caller */
}
