/* date [+FORMAT]: the time, UTC; in a format %Y %m %d %H %M %S %F %T %a %b %e %j %s stand for its parts. */

#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    char text[256];
    time_t now = time(NULL);
    if (argc > 2 || (argc == 2 && argv[1][0] != '+'))
        return fprintf(stderr, "date: usage: date [+FORMAT]\n"), 1;
    strftime(text, sizeof(text), argc == 2 ? argv[1] + 1 : "%a %b %e %H:%M:%S %Z %Y", gmtime(&now));
    puts(text);
    return 0;
}
