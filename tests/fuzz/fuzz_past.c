/* A history of tests from anywhere: the bytes as they are, and as lines behind a head that is
 * right. What is taken over is written so that it reads the same. */
#include "engine/test_history.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct test_history *history)
{
    struct buf text = BUF_INIT;
    struct buf again = BUF_INIT;
    struct err err;
    test_history_write(history, &text);
    struct test_history *read = test_history_new();
    if (!test_history_read(read, buf_str(&text), &err)) {
        abort();
    }
    test_history_write(read, &again);
    if (!str_equal(buf_str(&text), buf_str(&again))) {
        abort();
    }
    test_history_free(read);
    buf_free(&text);
    buf_free(&again);
}

static void read_one(struct str text)
{
    struct test_history *history = test_history_new();
    struct err err;
    if (test_history_read(history, text, &err)) {
        write_again(history);
    } else if (test_history_count(history) != 0) {
        abort();
    }
    test_history_free(history);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = BUF_INIT;
    read_one(str_make((const char *)data, size));
    buf_append_c(&text, "bylaw test history 1\n");
    buf_append(&text, data, size);
    read_one(buf_str(&text));
    buf_free(&text);
    return 0;
}
