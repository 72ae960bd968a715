/* Gives the kernel's own string functions names that the C library does not have. Included by force into lib/string.c, and by
   test_string.c after the library's headers, so that both can be called and compared. */
#pragma once

#define memcpy k_memcpy
#define memmove k_memmove
#define memset k_memset
#define memcmp k_memcmp
#define strlen k_strlen
#define strnlen k_strnlen
#define strcmp k_strcmp
#define strncmp k_strncmp
#define strchr k_strchr
