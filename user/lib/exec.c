/* Starting programs by name: execv(), execvp(). */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

/* A file that is neither ELF nor begins with #! is a shell script, as in every Unix. */
static void exec_or_script(const char *path, char *const argv[])
{
    execv(path, argv);
    if (errno != ENOEXEC)
        return;
    int n = 0;
    while (argv[n])
        n++;
    char *script[n + 2];
    script[0] = "sh";
    script[1] = (char *)path;
    for (int i = 1; i <= n; i++)
        script[i + 1] = argv[i];
    execv("/bin/sh", script);
}

int execvp(const char *name, char *const argv[])
{
    if (strchr(name, '/')) {
        exec_or_script(name, argv);
        return -1;
    }
    int error = ENOENT;
    const char *path = getenv("PATH");
    for (path = path ? path : "/bin"; *name;) {
        char file[PATH_MAX];
        int n = strchrnul(path, ':') - path;
        if (snprintf(file, sizeof(file), "%.*s%s%s", n, path, n ? "/" : "", name) < (int)sizeof(file)) {
            exec_or_script(file, argv);
            if (errno != ENOENT && errno != ENOTDIR)
                error = errno;
        }
        if (!path[n])
            break;
        path += n + 1;
    }
    errno = error;
    return -1;
}
