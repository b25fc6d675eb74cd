/* Inside of desk_assist*.c. Nobody else includes it. */
#ifndef BYLAW_DESK_ASSIST_PRIVATE_H
#define BYLAW_DESK_ASSIST_PRIVATE_H

#include "desk_assist.h"

#include "base/vec.h"
#include "desk_private.h"
#include "engine/format.h"
#include "lsp/service.h"
#include "widget/note.h"
#include "widget/popup.h"

enum {
    ASSIST_TEXT_MAX = 1 << 20, /* a larger file is asked about as it is on disk */
    ASSIST_LINE_MAX = 4096,    /* bytes of a line before the cursor that completion looks at */
    ASSIST_TYPING_MS = 60,     /* after a key; completion and signatures */
    ASSIST_BEGIN_MS = 150,     /* after the start: the first screen comes before language servers */
    ASSIST_REST_MS = 250       /* after the cursor came to rest; what is marked and shown of it */
};

/* A file open in the editor. */
struct assist_file {
    struct text *text;
    char *path;
    const char *language;          /* static; NULL: none */
    struct lsp_document *document; /* NULL: language servers are off, or not begun yet */
};

/* A completion on offer. */
struct assist_entry {
    char *insert;
    size_t cursor;          /* in it, where the cursor goes */
    size_t from_col;        /* what it replaces begins there and ends at the cursor */
    char *docs;             /* Markdown, or NULL */
    struct text_edits more; /* before it in the text (an import) */
};

enum assist_note { NOTE_NONE, NOTE_HOVER, NOTE_SIGNATURE };

struct assist_format;

struct assist {
    struct desk *desk;
    struct lsp_service *servers; /* NULL: off, or stopped */
    struct {
        struct assist_file *items;
        size_t len, cap;
    } files;
    struct catalog *empty; /* until the index begins */
    bool stopped;

    /* desk_assist_complete.c */
    struct popup *popup;
    bool open, asked_by_hand;
    size_t row, from_col; /* where what is completed begins */
    size_t asked_len;     /* of what was typed of it when it was asked for */
    bool more;            /* not all there is was in the answer */
    struct {
        struct assist_entry *items;
        size_t len, cap;
    } entries;
    struct note *docs;
    const struct popup_item *docs_of; /* shown in `docs` */
    uint64_t completing;              /* question to a server; 0: none */
    struct loop_timer *typing;
    struct loop_timer *begin; /* runs until language servers may be started */
    bool armed;               /* the last key typed text */
    char typed;               /* its last byte */
    bool automatic, off;

    /* desk_assist_read.c */
    bool reading;
    void (*read_then)(void *assist); /* what waits for it; NULL: nothing */
    void (*read_also)(void *assist);

    /* desk_assist_hover.c */
    struct note *note;
    enum assist_note noted;
    struct buf said;  /* the Markdown in it */
    uint64_t asking;  /* question to a server; 0: none */
    char *reach_path; /* which tests reach this line is to be told, too; NULL: nothing is */
    unsigned reach_row;

    /* desk_assist_rest.c */
    struct loop_timer *rest;
    char *rest_path; /* as it was looked at */
    size_t rest_row, rest_col;
    uint64_t rest_version;
    bool was_indexing;

    /* Questions to a server; 0: none. */
    uint64_t going;  /* where it is, what can be mended: the next key withdraws it */
    uint64_t making; /* what to rename, how to mend: makes a proposal */
    char *rename_to;
    char *last_test; /* name of the one a rule was gone to from */
    size_t working;  /* renames being made, and texts being read, on a worker */
    struct {
        struct assist_format **items;
        size_t len, cap;
    } formats;
    bool format_on_save;
    char *server_said;   /* last line about a server, or NULL */
    struct fixes *fixes; /* waits for a server's answer, or NULL */
    char *fix_name;      /* of the server's that was chosen */
    char *save_note;     /* to be said when the save is done; or NULL */
};

/* The cursor for the catalog. */
struct assist_here {
    struct catalog_cursor cursor;
    struct buf text;
    char *path;
    bool exact; /* positions in answers are those of the text */
};
/* False: no file is open. Free it in any case. */
bool assist_look(const struct assist *assist, struct assist_here *out);
void assist_here_free(struct assist_here *here);
struct catalog *assist_catalog(const struct assist *assist);
/* NULL: none is shown, or language servers are off. */
struct lsp_document *assist_document(const struct assist *assist);
/* The cursor as a byte of the shown text, and the end of its line. */
size_t assist_offset(const struct assist *assist);
size_t assist_line_end(const struct assist *assist);
/* NULL: not open (also of NULL). */
const struct assist_file *assist_file_of(const struct assist *assist, const char *path);
bool assist_is_indexing(const struct assist *assist);
/* Why nothing was found: "no symbol here", or that the index is still being built. */
const char *assist_why_nothing(const struct assist *assist);
/* For why_not. */
const char *assist_why_no_file(void *data);
bool assist_can_ask(const struct assist *assist, enum lsp_what what);
/* Asks about the cursor; 0: nobody can be asked. Takes the place of *slot's question. */
bool assist_ask(struct assist *assist, uint64_t *slot, enum lsp_what what,
    void (*on_reply)(void *data, struct lsp_reply *reply));
/* Withdraws what was asked of a server to go somewhere or to mend something. */
void assist_stop_going(struct assist *assist);
/* Makes a proposal and opens its review, or says why not. */
void assist_propose(struct assist *assist, const struct changes *changes, const char *origin);

/* True when the index knows the text that is shown (or cannot). False: it is read on a worker, and
 * `then` (of two at most) called, unless more is typed meanwhile. */
bool assist_has_read(struct assist *assist, void (*then)(void *assist));

/* desk_assist_go.c */
unsigned assist_definition(void *data);
unsigned assist_references(void *data);
unsigned assist_callers(void *data);
unsigned assist_toggle_test(void *data);
unsigned assist_tests(void *data);
const char *assist_why_no_symbol(void *data);

/* desk_assist_test.c */
/* Asks whether to begin a test of the rule around the cursor; false: there is none to be begun. */
bool assist_offer_test(struct assist *assist, const struct assist_here *here);

/* desk_assist_rename.c */
unsigned assist_rename(void *data);

/* desk_assist_template.c */
unsigned assist_assemble_template(void *data);
unsigned assist_split_template(void *data);

/* desk_assist_hover.c */
unsigned assist_hover(void *data);
/* The arguments of the call that is being typed, or nothing. */
void assist_signature(struct assist *assist);
void assist_close_note(struct assist *assist);

/* desk_assist_complete.c */
unsigned assist_complete(void *data);
void assist_typed(void *data);
/* A question that is not answered yet is withdrawn, too. */
void assist_close_popup(struct assist *assist);
unsigned assist_popup_key(struct assist *assist, const struct key *key);
void assist_popup_draw(struct assist *assist, struct region region, int row, int col);
void assist_popup_free(struct assist *assist);

/* desk_assist_format.c */
unsigned assist_format(void *data);
const char *assist_why_no_format(void *data);
bool assist_before_save(void *data, const char *path, struct text *text);
void assist_saved(void *data, const char *path);
/* Saves what waits and forgets the rest. */
void assist_stop_formats(struct assist *assist);

/* desk_assist_rest.c */
void assist_rested(void *data);

/* desk_servers.c */
struct lsp_service *servers_new(struct assist *assist);
/* A menu that waits for its answer. */
void servers_forget_fixes(struct assist *assist);

#endif
