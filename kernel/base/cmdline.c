/* Boot options, read once at start (cmdline.h). After that the table is read only. */
#include "base/cmdline.h"
#include "base/class_options.h"
#include "arch/upcall.h"
#include "base/panic.h"
#include "base/printk.h"
#include "lib/errno.h"
#include "lib/string.h"

#define CHOICES_MAX 8

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_CHOICE };

struct option {
    const char *name;
    enum option_kind kind;
    const char *about;
    u64 least, most;                  /* OPTION_NUMBER: what is allowed */
    const char *choices[CHOICES_MAX]; /* OPTION_CHOICE */
    u64 number;                       /* a number, or a choice's index; the default until it is given */
    const char *text;
    bool given;
};

#define TEXT(option_name, option_about) { .name = option_name, .kind = OPTION_TEXT, .about = option_about, .text = "" }
#define NUMBER(option_name, lo, hi, option_about) \
    { .name = option_name, .kind = OPTION_NUMBER, .about = option_about, .least = lo, .most = hi }
#define CHOICE(option_name, option_about, ...) \
    { .name = option_name, .kind = OPTION_CHOICE, .about = option_about, .choices = { __VA_ARGS__ } } /* the first is the default */

static struct option options[] = {
    TEXT("ktest", "run one of the kernel's own tests and power off; a wrong name lists them"),
    NUMBER("nonce", 0, ~0ul, "the grader's number for this run"),
    NUMBER("watchdog", 0, 600000, "let QEMU end the run after so many ms of virtual time (0 = never)"),
    CHOICE("trace", "event trace: the last events, none, or all until its memory is full", "last", "off", "all"),
    NUMBER("tracesize", 0, 1 << 20, "records that a CPU's trace holds (a power of two; 0 = by mode)"),
    TEXT("failalloc", "in a ktest, let the n-th allocation fail; `all` tries every n in turn"),
    NUMBER("rounds", 0, ~0ul, "in a ktest that repeats something: how often"),
    NUMBER("seed", 0, ~0ul, "what a ktest's random choices, the race build's, and other CPUs' timers, are made from"),
#if PHASE >= 2
    { .name = "quantum", .kind = OPTION_NUMBER, .about = "round-robin's quantum for all priorities, ms (0 = by priority)", .most = 1000 },
    { .name = "hz", .kind = OPTION_NUMBER, .about = "ticks a second", .least = 10, .most = 10000, .number = 1000 },
    { .name = "seeds", .kind = OPTION_NUMBER, .about = "a ktest is run again with so many seeds, from seed= on, until it fails",
      .least = 1, .most = 10000, .number = 1 },
    { .name = "race", .kind = OPTION_NUMBER, .about = "race build: one access in so many hands the CPU on (0 = none)", .most = 1 << 20 },
    CHOICE("kpreempt", "preempt threads in the kernel, too, or only the idle thread", "on", "off"),
#endif
#if PHASE >= 4
    { .name = "cpus", .kind = OPTION_NUMBER, .about = "CPUs that are used, at most", .least = 1, .most = 64, .number = 64 },
    NUMBER("affinity", 0, ~0ul, "CPUs for the first thread and all that it makes, bit n for CPU n (0 = all)"),
    { .name = "answer", .kind = OPTION_NUMBER, .about = "ms after which a CPU that was started and does not come is left out", .least = 1,
      .most = 10000, .number = 100 },
    { .name = "balance", .kind = OPTION_NUMBER, .about = "ticks after which a CPU balances (0 = 50)", .most = 100000 },
    CHOICE("balancing", "move waiting threads between CPUs from time to time", "on", "off"),
    CHOICE("steal", "CPUs without work take it from others", "on", "off"),
#endif
#if PHASE >= 3
    TEXT("init", "the first program and its arguments, with commas in between (/init)"),
#endif
    { .name = "sched", .kind = OPTION_CHOICE, .about = "the policy of normal threads", .number = OPTION_POLICY_DEFAULT, .choices = {
        "rr", "fcfs",
#if PHASE >= 2
        "sjf", "prio", "mlfq",
#endif
        OPTIONS_POLICIES
    } },
    OPTIONS_CLASSES
};

static char line_copy[1024];

static struct option *find(const char *name)
{
    for (unsigned i = 0; i < array_len(options); i++)
        if (!strcmp(options[i].name, name))
            return &options[i];
    return NULL;
}

static void print_option(const struct option *o)
{
    printk("  %s=", o->name);
    if (o->kind == OPTION_TEXT)
        printk("TEXT");
    else if (o->kind == OPTION_NUMBER)
        printk(o->most == ~0ul ? "NUMBER" : "%lu..%lu", o->least, o->most);
    else
        for (unsigned i = 0; i < CHOICES_MAX && o->choices[i]; i++)
            printk("%s%s", i ? "|" : "", o->choices[i]);
    printk("  %s\n", o->about);
}

void options_print(void)
{
    for (unsigned i = 0; i < array_len(options); i++)
        print_option(&options[i]);
}

static _Noreturn void bad_value(const struct option *o, const char *value)
{
    printk("the boot option takes:\n");
    print_option(o);
    refuse("boot option %s=%s: no such value", o->name, value);
}

static void set(struct option *o, const char *value)
{
    o->given = true;
    o->text = value;
    switch (o->kind) {
    case OPTION_TEXT:
        return;
    case OPTION_NUMBER:
        if (parse_u64(value, &o->number) || o->number < o->least || o->number > o->most)
            bad_value(o, value);
        return;
    case OPTION_CHOICE:
        for (unsigned i = 0; i < CHOICES_MAX && o->choices[i]; i++)
            if (!strcmp(o->choices[i], value)) {
                o->number = i;
                return;
            }
        bad_value(o, value);
    }
}

static void read_word(char *word)
{
    char *equals = strchr(word, '=');
    struct option *o;

    if (equals)
        *equals = 0;
    o = find(word);
    if (!o || !equals) {
        printk("boot options, each as name=value:\n");
        options_print();
        refuse(o ? "boot option '%s' has no value" : "no boot option is called '%s'", word);
    }
    set(o, equals + 1);
}

void cmdline_init(const char *line)
{
    char *word = line_copy;

    string_copy(line_copy, line, sizeof(line_copy));
    while (*word) {
        char *end = strchr(word, ' ');

        if (end)
            *end = 0;
        if (*word)
            read_word(word);
        if (!end)
            break;
        word = end + 1;
    }
}

static struct option *known(const char *name)
{
    struct option *o = find(name);

    if (!o)
        panic("option '%s' is asked for but not in the table of base/cmdline.c", name);
    return o;
}

const char *option_text(const char *name)
{
    return known(name)->text;
}

u64 option_u64(const char *name)
{
    return known(name)->number;
}

unsigned option_choice(const char *name)
{
    return (unsigned)known(name)->number;
}

bool option_given(const char *name)
{
    return known(name)->given;
}
