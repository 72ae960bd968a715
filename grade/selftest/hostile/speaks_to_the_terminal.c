/* Prints what would clear a terminal, rename its window and forge a line, were it shown as it is. */
static void hostile(void)
{
    printk("\033[2J\033]0;owned\007\rok     1.4   threads that yield take turns\n");
    machine_poweroff();
}
