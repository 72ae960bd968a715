/* The VGA's text screen, 80 x 25, if there is one: what GRUB or a PC shows. Output only scrolls. The caller serialises. */
#include "arch/arch.h"
#include "arch/x86_64/io.h"

#define COLUMNS 80
#define ROWS 25
#define VGA_MEMORY 0xb8000ul
#define LIGHT_GREY 0x0700u
#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5
#define CURSOR_HIGH 14
#define CURSOR_LOW 15

static volatile u16 *screen; /* NULL: no screen */
static unsigned row, column;

static void clear_row(unsigned r)
{
    for (unsigned c = 0; c < COLUMNS; c++)
        screen[r * COLUMNS + c] = LIGHT_GREY | ' ';
}

static void move_cursor(void)
{
    unsigned at = row * COLUMNS + column;

    outb(CRTC_INDEX, CURSOR_HIGH);
    outb(CRTC_DATA, (u8)(at >> 8));
    outb(CRTC_INDEX, CURSOR_LOW);
    outb(CRTC_DATA, (u8)at);
}

/* A machine without VGA has nothing at VGA_MEMORY: what is written there does not come back. */
void vga_init(void)
{
    volatile u16 *memory = phys_to_virt(VGA_MEMORY);

    memory[0] = 0x0755;
    memory[1] = 0x07aa;
    if (memory[0] != 0x0755 || memory[1] != 0x07aa)
        return;
    screen = memory;
    for (unsigned r = 0; r < ROWS; r++)
        clear_row(r);
    move_cursor();
}

static void new_line(void)
{
    column = 0;
    if (++row < ROWS)
        return;
    row = ROWS - 1;
    for (unsigned i = 0; i < (ROWS - 1) * COLUMNS; i++)
        screen[i] = screen[i + COLUMNS];
    clear_row(row);
}

void vga_putc(char c)
{
    if (!screen)
        return;
    if (c == '\n') {
        new_line();
    } else if (c == '\r') {
        column = 0;
    } else if (c == '\b') {
        if (column)
            column--;
    } else {
        screen[row * COLUMNS + column] = LIGHT_GREY | (u8)c;
        if (++column == COLUMNS)
            new_line();
    }
    move_cursor();
}
