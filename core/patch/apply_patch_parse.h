/* The parsed form of an apply_patch text; see apply_patch.h for the format. */
#ifndef BYLAW_PATCH_APPLY_PATCH_PARSE_H
#define BYLAW_PATCH_APPLY_PATCH_PARSE_H

#include "base/err.h"
#include "base/str.h"

struct ap_line {
    char op; /* ' ', '-' or '+' */
    struct str text;
};

struct ap_chunk {
    bool has_anchor;
    struct str anchor; /* the text after "@@ " */
    bool at_end;       /* "*** End of File" */
    size_t line;       /* of the patch, from 1, where it begins */
    struct ap_line *items;
    size_t len, cap;
};

enum ap_kind { AP_ADD, AP_DELETE, AP_UPDATE };

struct ap_file {
    enum ap_kind kind;
    struct str path;
    bool has_move;
    struct str move_to;
    size_t line;
    struct buf content; /* AP_ADD */
    struct ap_chunk *items;
    size_t len, cap;
};

struct ap_patch {
    struct ap_file *items;
    size_t len, cap;
};

/* All views borrow from text. On failure nothing is left in *out. */
bool ap_parse(struct str text, struct ap_patch *out, struct err *err) MUST_USE;
void ap_patch_free(struct ap_patch *patch);

#endif
