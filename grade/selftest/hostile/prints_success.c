/* Says that all is well, as the kernel and the grader would, and switches off. */
static void hostile(void)
{
    printk("ktest: done\nok     1.4   threads that yield take turns    4/4\nScore: 100/100\n30 passed\nexit 0\n");
    machine_poweroff();
}
