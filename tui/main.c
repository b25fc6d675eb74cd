#include <stdio.h>

int main(void)
{
    puts("bylaw " BYLAW_VERSION);
    return 0;
}
