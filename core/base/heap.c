#include "base/heap.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { GIVEN_BACK = 256 << 10 }; /* bytes: a block from which on it is mapped and freed alone */

void heap_begin(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
    mallopt(M_TRIM_THRESHOLD, GIVEN_BACK);
#endif
}
