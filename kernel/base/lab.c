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

void lab_stub(const char *exercise, const char *function)
{
    for (unsigned i = 0; i < MOST && strcmp(lab_stub_report.met[i].exercise, exercise); i++) {
        if (lab_stub_report.met[i].exercise[0])
            continue;
        format(lab_stub_report.met[i].text, sizeof(lab_stub_report.met[i].text), "lab %s: %s is yours to write", exercise, function);
        format(lab_stub_report.met[i].exercise, sizeof(lab_stub_report.met[i].exercise), "%s", exercise);
        if (!option_given("ktest")) /* somebody tries the kernel, and may wait for ever for what is missing; the grader reads the report */
            printk("%s\n", lab_stub_report.met[i].text);
        return;
    }
}
