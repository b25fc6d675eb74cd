/* What text.c and undo.c share. Nothing else includes this. */
#ifndef BYLAW_TEXT_TEXT_PRIVATE_H
#define BYLAW_TEXT_TEXT_PRIVATE_H

#include "text/pieces.h"
#include "text/text.h"

/* Where typed and pasted bytes go; filled from the front, never moved, newest block first. */
struct block {
    struct block *next;
    size_t len, cap;
    char bytes[];
};

struct listener {
    void (*callback)(void *data, const struct text_change *change);
    void *data;
};

/* One replacement, with what it takes to go either way: runs of memory that the text owns. */
struct edit {
    size_t at;
    size_t removed_len, inserted_len;
    struct str *removed, *inserted; /* owned arrays */
    size_t removed_count, inserted_count;
};

/* One undo step: a node of a tree whose root (step 0) is the text as it was opened. */
struct step {
    struct edit *items;
    size_t len, cap;
    size_t parent;
    size_t redo;    /* the newest child, 0: none */
    uint64_t state; /* names the content after this step */
    int64_t time_ms;
    struct text_cursor before, after;
};

enum run {
    RUN_NONE,
    RUN_TYPE,
    RUN_ERASE_BACK,
    RUN_ERASE_FORWARD,
    RUN_MANY_TYPE, /* text_begin_run: several places at a time */
    RUN_MANY_ERASE
};

/* What was asked last of the text. Who goes on from there, byte by byte or line by line, is spared
   the way down the tree and the count of newlines within a piece. Both hold for one version. */
struct reading {
    size_t line, line_start;
    size_t run_start;
    struct str run; /* a whole piece; empty: none was asked for */
    uint64_t line_version, run_version;
};

struct text {
    struct piece *root;
    struct reading *reading; /* beside the text, as reading leaves the text as it is */
    char *original;
    struct block *blocks;
    size_t piece_max, block_size;
    uint64_t seed, version;
    enum text_ending ending;
    struct {
        struct listener *items;
        size_t len, cap;
    } listeners;

    struct {
        struct step *items;
        size_t len, cap;
    } steps;
    size_t current;       /* the step that the content stands after */
    uint64_t last_state;  /* the newest state number given out */
    uint64_t saved_state; /* UINT64_MAX: none */
    enum run run;         /* what kind of run the current step may go on as */
    enum run run_next;    /* what text_end makes of it */
    unsigned depth;       /* of text_begin */
    bool open;            /* the step of the outermost text_begin exists already */
    int64_t now_ms;       /* as noted last */
    struct text_cursor cursor;
};

/* Replaces and notifies, without recording. at and len are in range. */
void text_apply(struct text *text, size_t at, size_t len, const struct str *runs, size_t count);

/* Bytes kept for the text's life, as one run. */
struct str text_keep(struct text *text, struct str bytes);

void undo_init(struct text *text);
void undo_free(struct text *text);
/* A change was made: `removed` runs (len bytes) at `at` gave way to `added`. */
void undo_record(
    struct text *text, size_t at, const struct spans *removed, size_t len, struct str added);

#endif
