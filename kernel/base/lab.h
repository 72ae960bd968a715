/* What a stub that goes on working, weakly, leaves behind: which exercise was met first. The grader names it when a test fails.
   A stub that cannot go on panics with "lab N.M: ..." instead. */
#pragma once

/* exercise as "2.1". Only the first call counts. Any context. */
void lab_stub(const char *exercise, const char *function);
