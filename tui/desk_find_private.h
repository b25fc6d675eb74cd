/* Inside of desk_find*.c: the sources of the finder on the desk. Nobody else includes it. */
#ifndef BYLAW_DESK_FIND_PRIVATE_H
#define BYLAW_DESK_FIND_PRIVATE_H

#include "desk_find.h"

#include "desk_private.h"
#include "finder.h"
#include "pane/editor_places.h"
#include "pane/grep_pane.h"
#include "preview.h"
#include "workspace/recent.h"

struct desk_find {
    struct desk *desk;
    struct recent *recent;
    struct preview *preview;
    struct grep_pane *grep;
    struct loop_timer *again; /* the outline was not complete */
};

enum {
    FIND_LINE_MAX = 400, /* bytes of a line that are matched */
    /* Of what is likely looked for. Less than what a match in one piece has before one of two: who
     * types a name to its end gets the file of that name. */
    FIND_BONUS_OPEN = 8
};

/* desk_find.c: for places */
void find_preview(void *data, const struct finder_item *item, struct region region);
void find_go(struct desk_find *find, const char *path, size_t row, size_t col);
void find_place_chosen(void *data, const struct finder_item *item, struct str text);

/* desk_find_files.c */
extern const struct finder_source find_files, find_open_files;
/* desk_find_symbols.c */
extern const struct finder_source find_symbols, find_all_symbols, find_lines;
/* desk_find_more.c */
extern const struct finder_source find_tests, find_prompts, find_text;

#endif
