/* The PS/2 keyboard, polled, US layout, scan code set 1. The caller serialises. */
#include "arch/arch.h"
#include "arch/x86_64/io.h"

#define DATA 0x60
#define STATUS 0x64
#define STATUS_FULL 0x01
#define STATUS_MOUSE 0x20
#define RELEASED 0x80
#define SCAN_LEFT_SHIFT 0x2a
#define SCAN_RIGHT_SHIFT 0x36
#define SCAN_CONTROL 0x1d

static const char plain[] = "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

static bool shift, control;
static bool present;

void keyboard_init(void)
{
    present = inb(STATUS) != 0xff; /* 0xff: nothing answers at that port */
    while (present && inb(STATUS) & STATUS_FULL)
        (void)inb(DATA); /* what the boot loader left */
}

int keyboard_getc(void)
{
    u8 status, code;
    char c;

    if (!present)
        return -1;
    status = inb(STATUS);
    if (!(status & STATUS_FULL))
        return -1;
    code = inb(DATA);
    if (status & STATUS_MOUSE)
        return -1;

    switch (code & ~RELEASED) {
    case SCAN_LEFT_SHIFT:
    case SCAN_RIGHT_SHIFT:
        shift = !(code & RELEASED);
        return -1;
    case SCAN_CONTROL:
        control = !(code & RELEASED);
        return -1;
    }
    if (code & RELEASED || code >= sizeof(plain) - 1)
        return -1;
    c = (shift ? shifted : plain)[code];
    if (control && c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 1);
    return c ? c : -1;
}
