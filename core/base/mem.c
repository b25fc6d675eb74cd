#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void (*oom_handler)(void);

void mem_set_handler(void (*handler)(void))
{
    oom_handler = handler;
}

void *mem_require(void *ptr)
{
    if (ptr == NULL) {
        if (oom_handler != NULL) {
            oom_handler();
        }
        static const char last[] =
            "bylaw: out of memory; what was not saved is offered at the next start\n";
        ssize_t written = write(STDERR_FILENO, last, sizeof last - 1);
        (void)written; /* nothing more can be done */
        abort();
    }
    return ptr;
}

void *mem_alloc(size_t size)
{
    return mem_require(malloc(size == 0 ? 1 : size));
}

void *mem_zalloc(size_t size)
{
    return mem_require(calloc(1, size == 0 ? 1 : size));
}

void *mem_realloc(void *ptr, size_t size)
{
    return mem_require(realloc(ptr, size == 0 ? 1 : size));
}

void *mem_realloc_array(void *ptr, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return mem_require(NULL);
    }
    return mem_realloc(ptr, count * size);
}

void *mem_dup(const void *ptr, size_t size)
{
    void *copy = mem_alloc(size);
    if (size > 0) {
        memcpy(copy, ptr, size);
    }
    return copy;
}

char *mem_strdup(const char *text)
{
    return text == NULL ? NULL : mem_dup(text, strlen(text) + 1);
}

void mem_replace(char **into, const char *text)
{
    char *copy = mem_strdup(text);
    free(*into);
    *into = copy;
}

char *mem_strndup(const char *text, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, text, len);
    }
    copy[len] = '\0';
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    size_t size = len < 0 ? 1 : (size_t)len + 1;
    char *out = mem_zalloc(size);
    if (len >= 0) {
        vsnprintf(out, size, fmt, again);
    }
    va_end(again);
    return out;
}

void mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
