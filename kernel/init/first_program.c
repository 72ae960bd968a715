/* The first program: the boot archive is unpacked, and process 1, until now the kernel's own, becomes what `init=` names. */
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"
#include "fs/initramfs.h"
#include "fs/names.h"
#include "init/first_program.h"
#include "init/program.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/exec_path.h"
#include "proc/user_thread.h"

#define ARCHIVE "initramfs" /* how the name of its module begins, behind folders */

static const struct boot_module *archive(const struct boot_info *boot)
{
    for (unsigned i = 0; i < boot->nmodules; i++) {
        const char *name = boot->module[i].name;

        for (const char *p = name; *p; p++)
            if (*p == '/')
                name = p + 1;
        if (!strncmp(name, ARCHIVE, strlen(ARCHIVE)))
            return &boot->module[i];
    }
    return NULL;
}

static bool wanted(const struct boot_info *boot)
{
    if (archive(boot))
        return true;
    for (unsigned i = 0; i < boot->nmodules; i++)
        printk("the boot module '%s' is left alone: the name of an archive with programs begins with %s\n", boot->module[i].name, ARCHIVE);
    return false;
}

/* The program and its arguments, from the boot option; and what Linux, too, gives its first program for an environment. */
static int first_strings(struct exec_strings *strings, char *option)
{
    char *word = option;
    int error = 0;

    for (char *p = option;; p++) {
        bool end = !*p;

        if (!end && *p != ',')
            continue;
        *p = 0;
        error = exec_strings_add(strings, word);
        strings->argc++;
        word = p + 1;
        if (end || error)
            break;
    }
    strings->envc = 2;
    if (!error)
        error = exec_strings_add(strings, "HOME=/");
    return error ? error : exec_strings_add(strings, "TERM=linux");
}

bool boot_archive_unpack(const struct boot_info *boot)
{
    const struct boot_module *module = archive(boot);
    int error = module ? initramfs_unpack(phys_to_virt(module->start), module->end - module->start) : 0;

    if (error == -ENOMEM)
        refuse("the boot archive cannot be unpacked: too little memory; start with more (-m), or with less of a trace (tracesize=)");
    if (error)
        refuse("the boot archive cannot be unpacked: error %d (kernel/lib/errno.h)", -error);
    return module;
}

int first_program(char *path, struct exec_strings *strings)
{
    char *option = path_buffer();
    int error;

    if (!option)
        return -ENOMEM;
    string_copy(option, *option_text("init") ? option_text("init") : "/init", PATH_MAX);
    error = first_strings(strings, option);
    string_copy(path, option, PATH_MAX); /* up to the first comma, which is none any more */
    path_free(option);
    return error;
}

/* Process 1's descriptors 0, 1 and 2 become the terminal: until now they are the kernel's own way to the console, without lines. */
static int open_terminal(char *path)
{
    struct fd_table *fds = &current_process()->fds;
    struct file *file;
    int error, fd;

    string_copy(path, "/dev/console", PATH_MAX);
    file = fs_open(AT_FDCWD, path, O_RDWR, 0, &error);
    if (!file)
        return error;
    for (fd = 0; fd < 3; fd++)
        (void)fd_close(fds, fd);
    fd = fd_install(fds, file);
    if (fd < 0)
        file_put(file);
    for (int copy = 1; fd >= 0 && copy < 3; copy++)
        fd = fd_dup_to(fds, 0, copy, false);
    return min(fd, 0);
}

static _Noreturn void cannot_run(int error)
{
    const char *name = *option_text("init") ? option_text("init") : "/init";

    if (error == -ENOENT || error == -ENOTDIR)
        refuse("boot option init=%s: there is no such program in the boot archive; /bin has what user/bin makes, /tests what user/tests",
               name);
    if (error == -ENOEXEC)
        refuse("boot option init=%s: that file is no program for this kernel, which wants an ELF file for x86-64, or a script", name);
    if (error == -EACCES)
        refuse("boot option init=%s: that may not be executed; it is a folder, or its mode does not allow it", name);
    refuse("boot option init=%s: cannot be run: error %d (kernel/lib/errno.h)", name, -error);
}

static void run(const struct boot_info *boot)
{
    struct exec_strings strings = { 0 };
    char *path = path_buffer();
    int error = path ? 0 : -ENOMEM;

    boot_archive_unpack(boot);
    printk_quiet("Crescent, %lu of %lu MiB free, clock %lu MHz\n", frames_free() * PAGE_SIZE / MIB(1), frames_total() * PAGE_SIZE / MIB(1),
                 (clock_hz() + 500000) / 1000000);
    if (!error)
        error = open_terminal(path);
    if (!error)
        error = first_program(path, &strings);
    if (!error)
        error = process_exec_path(path, 0, 0, &strings);
    if (error)
        cannot_run(error);
    exec_strings_free(&strings);
    path_free(path);
    printk_quiet("process 1 is %s\n", current_process()->name);
    user_thread_enter();
}

BOOT_PROGRAM(80, "init", wanted, run);
