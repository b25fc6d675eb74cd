/* What keys make of a text in the vi engine and in the real Vim: text, cursor and unnamed register.
 */
#ifndef BYLAW_TEST_VI_OUTCOME_H
#define BYLAW_TEST_VI_OUTCOME_H

#include "test.h"

#include "vi_random.h"

struct text;
struct view;

struct vi_outcome {
    char *text, *reg;
    int line, col;
    int empties; /* Vim only: commands that changed nothing and made an undo step */
};

/* Where the cases that are wrapped are shown: rows of the screen are those of a real view, one
 * column wider than Vim's, for here one stays for the cursor behind the last character. */
#define VI_OUTCOME_WIDTH 80
extern struct view *vi_outcome_view;

void vi_outcome_of_engine(const struct vi_case *c, struct vi_outcome *out);
/* Runs the cases in Vim. `drop`: undo steps of commands that changed nothing are not kept. */
void vi_outcome_of_vim(
    const struct vi_case *cases, size_t count, bool drop, struct vi_outcome *out);
void vi_outcome_free(struct vi_outcome *outcome);
bool vi_outcome_same(const struct vi_outcome *a, const struct vi_outcome *b);

/* The text that a case begins with; one of the view's, or the caller's to free. */
struct text *vi_outcome_text(const struct vi_case *c);
/* A case as Vim's script reads it. The caller frees. */
char *vi_outcome_case_json(const struct vi_case *c, bool drop) MUST_USE;

#endif
