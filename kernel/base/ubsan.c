/* What the compiler calls in a checked build when an operation has no defined result (-fsanitize=undefined), and when a
   function finds its stack canary overwritten. Each is a panic that names the place. The argument layouts are the compiler's. */
#include "arch/upcall.h"

struct source_location {
    const char *file;
    u32 line;
    u32 column;
};

/* Every handler's first argument starts with the location. */
#define UBSAN_HANDLER(name, rule)                                                                               \
    void __ubsan_handle_##name(const struct source_location *at, u64 a, u64 b);                                 \
    void __ubsan_handle_##name(const struct source_location *at, u64 a, u64 b)                                  \
    {                                                                                                           \
        panic("undefined behaviour at %s:%u: " rule " (operands %#lx, %#lx)", at->file, at->line, a, b); \
    }

UBSAN_HANDLER(add_overflow, "a signed addition overflows")
UBSAN_HANDLER(sub_overflow, "a signed subtraction overflows")
UBSAN_HANDLER(mul_overflow, "a signed multiplication overflows")
UBSAN_HANDLER(negate_overflow, "the smallest number has no negative")
UBSAN_HANDLER(divrem_overflow, "a division by zero or with an overflow")
UBSAN_HANDLER(shift_out_of_bounds, "a shift by a negative or too large amount")
UBSAN_HANDLER(out_of_bounds, "an array index past the end")
UBSAN_HANDLER(load_invalid_value, "a bool or enum holds a value that it cannot have")
UBSAN_HANDLER(type_mismatch_v1, "a NULL or misaligned pointer is followed")
UBSAN_HANDLER(pointer_overflow, "pointer arithmetic leaves the object")
UBSAN_HANDLER(builtin_unreachable, "code that cannot be reached is")
UBSAN_HANDLER(vla_bound_not_positive, "an array of no or negative length")
UBSAN_HANDLER(nonnull_arg, "NULL is passed where it must not be")
UBSAN_HANDLER(invalid_builtin, "a builtin gets a value that it does not take")

void __stack_chk_fail(void);
u64 __stack_chk_guard = 0x00c0ffee0ddba11dul; /* holds a 0 byte, so that no string copy reproduces it */

_Noreturn void __stack_chk_fail(void)
{
    panic("a local array was written past its end (stack canary overwritten)");
}
