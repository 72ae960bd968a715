/* What the scheduling classes keep in a thread: nothing, as long as there is one class. */
#pragma once

#define THREAD_ENTITY
