/* What every test includes: cmocka with what it needs before it, and temporary folders. */
#ifndef BYLAW_TEST_H
#define BYLAW_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

/* A fresh folder below $TMPDIR, removed (with all in it) by test_dir_remove. The caller frees the
 * name. */
char *test_dir_make(void) MUST_USE;
void test_dir_remove(char *dir); /* frees the name too */
/* Writes dir/name (making folders); fails the test when it cannot. */
void test_write(const char *dir, const char *name, const char *content);
/* The content of dir/name, which the caller frees; fails the test when it cannot be read. */
char *test_read(const char *dir, const char *name) MUST_USE;
/* Waits until the file of the folder holds just this. */
void test_expect_file(const char *dir, const char *name, const char *expected);
/* Path below the source tree. The caller frees. */
char *test_source_path(const char *relative) MUST_USE;
/* Runs a program to its end (argv NULL-terminated, cwd may be NULL) and fails the test when it does
 * not exit 0; returns its standard output, which the caller frees. */
char *test_run(const char *cwd, const char *const *argv) MUST_USE;

#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, (err).text);                                                 \
        }                                                                                          \
    } while (0)

#endif
