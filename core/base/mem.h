/* Allocation that cannot fail, for our own small things.
 *
 * Out of memory is handled in one way everywhere: the handler set with mem_set_handler runs (the
 * program uses it to give the terminal back), standard error is told, then the process aborts.
 * Everything the engineer did is in the journal by then, so the next start offers it. Sizes that
 * come from a file, a model or a process are bounded by the caller before they reach these
 * functions.
 *
 * Threads: mem_set_handler before any thread starts; the rest from any thread. */
#ifndef BYLAW_BASE_MEM_H
#define BYLAW_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MUST_USE
#define PRINTF_LIKE(fmt, args)
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Called once when memory is gone; must not allocate. */
void mem_set_handler(void (*handler)(void));

/* Passes ptr through; NULL (another library's allocation failed) is out of memory. */
void *mem_require(void *ptr);

/* Each returns memory the caller frees with free(). A zero size gives a valid one-byte block. */
void *mem_alloc(size_t size) MUST_USE;
void *mem_zalloc(size_t size) MUST_USE;
void *mem_realloc(void *ptr, size_t size) MUST_USE;
/* As realloc for count * size bytes; an overflow counts as out of memory. */
void *mem_realloc_array(void *ptr, size_t count, size_t size) MUST_USE;
void *mem_dup(const void *ptr, size_t size) MUST_USE;
/* NULL gives NULL. */
char *mem_strdup(const char *text) MUST_USE;
char *mem_strndup(const char *text, size_t len) MUST_USE;
/* Puts a copy of the text (NULL: none) in the place of what is there, which is freed, and of which
 * it may be a part. */
void mem_replace(char **into, const char *text);
char *mem_printf(const char *fmt, ...) MUST_USE PRINTF_LIKE(1, 2);

/* Gives memory that was freed back to the system, where the C library keeps it: for after large
 * work on other threads. Takes milliseconds. */
void mem_trim(void);

#define MEM_NEW(type) ((type *)mem_zalloc(sizeof(type)))

#endif
