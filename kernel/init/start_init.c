/* The first program: process 1 becomes it. */
#include "base/panic.h"
#include "base/printk.h"
#include "init/program.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "proc/exec.h"
#include "proc/user_thread.h"

static const struct boot_module *module;

static struct frame *module_page(void *object, u64 index, int *error)
{
    const struct boot_module *m = object;
    struct frame *f = frame_alloc(0);
    (void)error;
    page_duplicate(frame_to_virt(f), (char *)phys_to_virt(m->start) + index * PAGE_SIZE);
    return f;
}
static void nothing(void *object)
{
    (void)object;
}
static const struct vm_object_ops module_ops = { .page = module_page, .get = nothing, .put = nothing };

static bool wanted(void)
{
    return true;
}

static void run(const struct boot_info *boot)
{
    struct exec_strings strings = { 0 };
    for (unsigned i = 0; i < boot->nmodules; i++)
        if (!strcmp(boot->module[i].name, "init"))
            module = &boot->module[i];
    if (!module)
        return;
    struct image image = { .ops = &module_ops, .object = (void *)module, .size = module->end - module->start };
    exec_strings_add(&strings, "/init"), strings.argc = 1;
    int error = process_exec(&image, "/init", &strings);
    if (error)
        panic("init: error %d", -error);
    exec_strings_free(&strings);
    user_thread_enter();
}

BOOT_PROGRAM(80, "init", wanted, run);
