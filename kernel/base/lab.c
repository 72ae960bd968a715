/* The stubs that a run met (lab.h): of each exercise the first one, in the order in which they were met. */
#include "base/lab.h"
#include "base/cmdline.h"
#include "base/cpu.h"
#include "base/printk.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/types.h"

#define MOST 16

/* Read by the grader; the first empty text ends the list. */
struct lab_stub_report {
    struct {
        char exercise[8], text[88];
    } met[MOST];
} lab_stub_report;

void lab_stub_beside_others(const char *exercise, const char *function)
{
    if (cpus_awake > 1)
        lab_stub(exercise, function);
}

/* Adds the exercise. Returns its text; NULL: it is known, or there is no room. */
static const char *add(const char *exercise, const char *function)
{
    unsigned i = 0;

    while (i < MOST && lab_stub_report.met[i].exercise[0] && strcmp(lab_stub_report.met[i].exercise, exercise))
        i++;
    if (i == MOST || lab_stub_report.met[i].exercise[0])
        return NULL;
    format(lab_stub_report.met[i].text, sizeof(lab_stub_report.met[i].text), "lab %s: %s is yours to write", exercise, function);
    format(lab_stub_report.met[i].exercise, sizeof(lab_stub_report.met[i].exercise), "%s", exercise);
    return lab_stub_report.met[i].text;
}

void lab_stub(const char *exercise, const char *function)
{
    static bool adding; /* [a] a lock of its own: spinlocks may be what is missing */
    u64 flags = irq_save();
    const char *text;

    while (__atomic_exchange_n(&adding, true, __ATOMIC_ACQUIRE))
        cpu_relax();
    text = add(exercise, function);
    __atomic_store_n(&adding, false, __ATOMIC_RELEASE);
    irq_restore(flags);
    /* Somebody tries the kernel, and may wait for ever for what is missing; the grader reads the report. */
    if (text && !option_given("ktest"))
        printk("%s\n", text);
}
