/* The first stub that a run met (lab.h). Written once. */
#include "base/lab.h"
#include "base/panic.h"
#include "lib/format.h"

/* Read by the grader; text is empty until a stub was met. */
struct lab_stub_report {
    char text[96];
} lab_stub_report;

void lab_stub(const char *exercise, const char *function)
{
    if (!lab_stub_report.text[0])
        format(lab_stub_report.text, sizeof(lab_stub_report.text), "lab %s: %s is yours to write", exercise, function);
}
