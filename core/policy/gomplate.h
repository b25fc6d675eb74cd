/* The part of gomplate's templates that puts files into a YAML file: text with actions such as
 *
 *     {{ file.Read "src/x/src.rego" | strings.Indent 8 | strings.TrimSuffix "\n" }}
 *
 * Known are file.Read, strings.Indent (also indent), strings.TrimSuffix, TrimPrefix, TrimSpace,
 * Trim, TrimLeft, TrimRight, string literals, pipes, parentheses, comments and trim markers, as of
 * gomplate 4 (docs.gomplate.ca). Everything else is an error that names it: nothing is guessed.
 *
 * The text is untrusted: nesting and sizes are bounded; files are read through the asker's source.
 * Any thread. */
#ifndef BYLAW_POLICY_GOMPLATE_H
#define BYLAW_POLICY_GOMPLATE_H

#include "patch/source.h"

/* What an action came to. */
struct gomplate_action {
    size_t start, end;         /* its bytes in the template, braces included */
    size_t out_start, out_end; /* its bytes in the output */
    char *path;                /* the first file it reads, as written; NULL: none */
};

struct gomplate_output {
    struct buf text;
    struct {
        struct gomplate_action *items;
        size_t len, cap;
    } actions; /* comments are none */
};

/* Renders. Paths are relative to `base`, a folder of the source ("" its root). False: err says the
 * line and why; the actions before it are there all the same. */
bool gomplate_render(struct str text, const struct patch_source *source, const char *base,
    struct gomplate_output *out, struct err *err) MUST_USE;
void gomplate_output_free(struct gomplate_output *output);

/* Appends text so that rendering gives it back. */
void gomplate_escape(struct str text, struct buf *out);

#endif
