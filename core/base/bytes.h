/* Looks through many bytes at a time: what opening a large file does with all of them. */
#ifndef BYLAW_BASE_BYTES_H
#define BYLAW_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

enum { BYTES_BLOCK = 256 };

/* How many bytes are a newline. */
size_t bytes_count_newlines(const char *ptr, size_t len);
/* Of the BYTES_BLOCK bytes at ptr (one more can be read): false when a newline is followed by `a`
 * or `b`; else *newlines grows by those in the block. */
bool bytes_skip_block(const char *ptr, char a, char b, size_t *newlines);

#endif
