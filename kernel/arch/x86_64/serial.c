/* COM1, polled; its interrupt says no more than that a byte came. The receiver's FIFO stays off: turning it on would throw away a byte that
   came before, and without it QEMU holds back what we have not yet read. The caller serialises. */
#include "arch/arch.h"
#include "arch/x86_64/io.h"

#define COM1 0x3f8
#define DATA (COM1 + 0)
#define INTERRUPTS (COM1 + 1)
#define LINE_CONTROL (COM1 + 3)
#define MODEM_CONTROL (COM1 + 4)
#define LINE_STATUS (COM1 + 5)
#define STATUS_RECEIVED 0x01
#define STATUS_CAN_SEND 0x20

void serial_init(void)
{
    outb(INTERRUPTS, 0);
    outb(LINE_CONTROL, 0x80); /* the next two writes set the divisor: 115200 baud */
    outb(DATA, 1);
    outb(INTERRUPTS, 0);
    outb(LINE_CONTROL, 0x03); /* 8 bits, no parity, 1 stop bit */
    outb(MODEM_CONTROL, 0x0b); /* with its interrupt line connected */
    outb(INTERRUPTS, 0x01);    /* for received bytes */
}

void serial_putc(char c)
{
    while (!(inb(LINE_STATUS) & STATUS_CAN_SEND))
        cpu_relax();
    outb(DATA, (u8)c);
}

int serial_getc(void)
{
    u8 status = inb(LINE_STATUS);

    if (status == 0xff || !(status & STATUS_RECEIVED)) /* 0xff: no such port */
        return -1;
    return inb(DATA);
}
