/* The parsed form of a unified diff; see unified.h. */
#ifndef BYLAW_PATCH_UNIFIED_PARSE_H
#define BYLAW_PATCH_UNIFIED_PARSE_H

#include "base/err.h"
#include "base/str.h"

struct ud_line {
    char op;         /* ' ', '-' or '+' */
    bool no_newline; /* "\ No newline at end of file" follows */
    struct str text; /* without its LF; borrowed */
};

struct ud_hunk {
    bool has_position;
    size_t old_start, old_count; /* as the header says, from 1 */
    size_t new_count;
    size_t line; /* of the patch, from 1 */
    struct ud_line *items;
    size_t len, cap;
};

struct ud_file {
    char *old_path; /* NULL: /dev/null */
    char *new_path;
    bool is_rename, is_copy, is_new, is_deleted;
    unsigned mode;       /* git's, of the new file; 0: not said */
    const char *refused; /* why its lines cannot be taken ("a binary file"), or NULL. Static */
    size_t line;
    struct ud_hunk *items;
    size_t len, cap;
};

struct ud_patch {
    struct ud_file *items;
    size_t len, cap;
};

/* With `recount` hunk headers' counts are not believed. On failure nothing is left in *out. */
bool ud_parse(struct str text, bool recount, struct ud_patch *out, struct err *err) MUST_USE;
/* The same, but a file that cannot be taken (binary, a submodule) is in *out with the reason, links
 * are read as files, and a hunk that is cut short is there as far as it goes. */
bool ud_parse_most(struct str text, bool recount, struct ud_patch *out, struct err *err) MUST_USE;
void ud_patch_free(struct ud_patch *patch);

#endif
