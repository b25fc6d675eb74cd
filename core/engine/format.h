/* `opa fmt` for one text, through its standard input: nothing is written anywhere. The answer is a
 * list of small edits, so that cursor, marks and undo stay; line endings are kept as they are
 * (opa itself writes LF). Loop thread only. */
#ifndef BYLAW_ENGINE_FORMAT_H
#define BYLAW_ENGINE_FORMAT_H

#include "loop/loop.h"
#include "patch/edits.h"
#include "policy/facts.h"

struct format;

struct format_result {
    bool ok;
    struct text_edits edits;     /* of the text given; none: it was formatted already */
    enum policy_dialect dialect; /* what it was read as */
    unsigned row;                /* where opa saw the error, from 1; 0: not known */
    struct err err;              /* unless ok: one sentence, with the row */
};

/* Copies `text`. Which Rego it is, the file itself says; where it can be either, `hint` does
 * (runner_dialect; DIALECT_EITHER: v1). `done` comes exactly once, in a later turn, unless
 * cancelled; the result is borrowed, but its edits may be taken (zero them). The caller drops a
 * result for a text that has changed meanwhile (text_version). NULL: opa is not there. */
struct format *format_start(struct loop *loop, struct str text, enum policy_dialect hint,
    void (*done)(void *data, struct format_result *result), void *data, struct err *err) MUST_USE;
/* No callback comes; what still runs is killed and freed by the loop. */
void format_cancel(struct format *format);

#endif
