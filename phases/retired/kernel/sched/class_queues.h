/* What the scheduling classes keep in a run queue: nothing, as long as there is one class. */
#pragma once

#define RQ_CLASSES
