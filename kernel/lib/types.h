/* The kernel's basic types. Pure: also compiled for the host. No lock, no function. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 paddr_t; /* a physical address, in bytes */
typedef u64 uptr;    /* a user address: a number that is never followed (mm/uaccess.h) */
typedef int tid_t;   /* a thread's id: 1 and up; 0 is the idle thread of CPU 0 */
typedef int pid_t;   /* a process's id: 1 and up */

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ul << PAGE_SHIFT)

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)
#define NS_PER_MS 1000000ul
#define NS_PER_SEC 1000000000ul

#define array_len(a) (sizeof(a) / sizeof((a)[0]))
#define align_up(x, a) (((x) + (a) - 1) & ~((u64)(a) - 1))
#define align_down(x, a) ((x) & ~((u64)(a) - 1))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define min(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); a_ > b_ ? a_ : b_; })
