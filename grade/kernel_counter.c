/* Counts the instructions that a guest executes in kernel mode: a plugin for QEMU, which bench_real.py compiles and reads. It looks at the
 * address of each instruction: on this kernel as on Linux the upper half of the addresses is the kernel's, and no program runs there.
 *
 *     qemu-system-x86_64 ... -plugin ./kernel_counter.so,out=FILE[,user=on][,where=on]
 *
 * FILE gets a line `mark KERNEL USER` each time that a program executes MARK (user/tests/mark.c): instructions since the machine's reset,
 * in user mode 0 unless asked for, because counting those takes longer. where: at the end a line `at ADDRESS COUNT` for each instruction of
 * the kernel's that was executed between an odd mark and the next one. One CPU.
 *
 * A round of `rep` is an instruction. One that faults counts here, and once more when it is tried again; QEMU's own count, which is the
 * guest's TSC, has it once.
 *
 * QEMU's header for plugins is not in Debian's package; what is used of it is declared here. API is the version that QEMU wants. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define VISIBLE __attribute__((visibility("default")))
#define MARK "\x0f\x1f\x80MARK" /* nopl 0x4b52414d(%rax) */
enum { MARK_SIZE = 7, SLOTS = 1 << 20 };

typedef uint64_t plugin_id;
typedef void on_executed(unsigned cpu, void *data);
struct block;
struct instruction;

VISIBLE int qemu_plugin_version = API;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*call)(plugin_id id, struct block *block));
void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id id, void *data), void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct instruction *it, on_executed *call, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct block *block);
struct instruction *qemu_plugin_tb_get_insn(const struct block *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct instruction *it);
size_t qemu_plugin_insn_size(const struct instruction *it);

#if API < 3
const void *qemu_plugin_insn_data(const struct instruction *it);

static int is_mark(const struct instruction *it)
{
    return qemu_plugin_insn_size(it) == MARK_SIZE && !memcmp(qemu_plugin_insn_data(it), MARK, MARK_SIZE);
}
#else
size_t qemu_plugin_insn_data(const struct instruction *it, void *to, size_t size);

static int is_mark(const struct instruction *it)
{
    char code[MARK_SIZE];

    return qemu_plugin_insn_size(it) == MARK_SIZE && qemu_plugin_insn_data(it, code, MARK_SIZE) == MARK_SIZE &&
        !memcmp(code, MARK, MARK_SIZE);
}
#endif

struct slot {
    uint64_t address, count;
};

static FILE *out;
static uint64_t kernel, user, marks;
static int count_user, tell_where;
static struct slot slots[SLOTS]; /* by a hash of the address; far more than a kernel has executed instructions */

static struct slot *slot_of(uint64_t address)
{
    size_t at = (address * 0x9e3779b97f4a7c15) >> 44;

    while (slots[at].address && slots[at].address != address)
        at = (at + 1) % SLOTS;
    slots[at].address = address;
    return &slots[at];
}

static void kernel_executed(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    kernel++;
}

static void place_executed(unsigned cpu, void *data)
{
    struct slot *slot = data;

    (void)cpu;
    kernel++;
    slot->count += marks & 1;
}

static void user_executed(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    user++;
}

static void mark_executed(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    marks++;
    fprintf(out, "mark %lu %lu\n", kernel, user);
}

static void translated(plugin_id id, struct block *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct instruction *it = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(it);

        if (address >> 63)
            qemu_plugin_register_vcpu_insn_exec_cb(it, tell_where ? place_executed : kernel_executed, 0,
                                                   tell_where ? slot_of(address) : NULL);
        else if (count_user)
            qemu_plugin_register_vcpu_insn_exec_cb(it, user_executed, 0, NULL);
        if (!(address >> 63) && is_mark(it))
            qemu_plugin_register_vcpu_insn_exec_cb(it, mark_executed, 0, NULL);
    }
}

static void ended(plugin_id id, void *data)
{
    (void)id, (void)data;
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i].count)
            fprintf(out, "at %#lx %lu\n", slots[i].address, slots[i].count);
    fclose(out);
}

VISIBLE int qemu_plugin_install(plugin_id id, const void *info, int count, char **options)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (!strncmp(options[i], "out=", 4))
            out = fopen(options[i] + 4, "w");
        count_user |= !strcmp(options[i], "user=on");
        tell_where |= !strcmp(options[i], "where=on");
    }
    if (!out) {
        fprintf(stderr, "kernel_counter: out= names no file that can be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
