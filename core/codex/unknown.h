/* Which settings of a file the installed Codex does not know: it leaves them out without a word, or
 * with one for a few of them. It is asked (`codex app-server --strict-config`, which names one and
 * ends), with a copy of the file in a folder of its own, until it has none left to name. */
#ifndef BYLAW_CODEX_UNKNOWN_H
#define BYLAW_CODEX_UNKNOWN_H

#include "config/codex_check.h"
#include "config/toml.h"

struct loop;

struct codex_unknown {
    const struct toml *at; /* the file's */
    char *name;            /* "tui.colour" */
};

struct codex_unknowns {
    struct codex_unknown *items;
    size_t len, cap;
};

/* Beside what `findings` say of it. Nothing where Codex does not answer so (an earlier one has no
 * such option). Runs the loop; a few of them take a second. Free with codex_unknowns_free. */
void codex_unknown_find(struct loop *loop, const char *program, const struct toml *root,
    const struct codex_findings *findings, struct codex_unknowns *out);
void codex_unknowns_free(struct codex_unknowns *unknowns);

#endif
