/* yes [WORD]: writes the word, or y, line after line until nobody reads. */

#include <stdio.h>

int main(int argc, char **argv)
{
    while (puts(argc > 1 ? argv[1] : "y") >= 0)
        ;
    return 1;
}
