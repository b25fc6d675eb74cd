/* How the C library's heap is to behave in this program. */
#ifndef BYLAW_BASE_HEAP_H
#define BYLAW_BASE_HEAP_H

/* The C library's own way is to learn from the largest block that was freed: after one file of
 * 20 MB nothing smaller is given back, and each thread keeps what the next could have had. Here
 * the limits stay where they begin. First thing in the program. */
void heap_begin(void);

#endif
