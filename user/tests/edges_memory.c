#include "edges.h"

int main(void)
{
    begin_edges();
    return 0;
}
