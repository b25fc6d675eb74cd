/* Random texts and key sequences for the vi engine, and what tests look at behind its face. */
#ifndef BYLAW_TEST_VI_RANDOM_H
#define BYLAW_TEST_VI_RANDOM_H

#include "base/str.h"
#include "base/vec.h"
#include "vi/vi.h"

#include <stdint.h>

struct vi_case {
    struct buf text;
    struct {
        char **items; /* each the keys of whole commands */
        size_t len, cap;
    } units;
    bool wrapped; /* lines are longer than the screen is wide, and go on in the next row */
};

/* The same seed gives the same case. */
void vi_case_make(struct vi_case *c, uint64_t seed);
/* Long lines, and keys that go by rows of the screen. */
void vi_case_make_wrapped(struct vi_case *c, uint64_t seed);
void vi_case_copy(struct vi_case *to, const struct vi_case *from);
void vi_case_free(struct vi_case *c);

/* Fills the registers as integration/vi_vim.vim does, and searches on as nothing was. */
void vi_test_clear(struct vi *vi);
/* Appends what the unnamed register holds. */
void vi_test_register(struct vi *vi, struct buf *out);

#endif
