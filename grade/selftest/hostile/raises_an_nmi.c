/* Calls the handler that reports what the watchdog has interrupted. */
static void hostile(void)
{
    asm volatile("int $2");
}
