/* What the app's own files share; panes see app.h only. */
#ifndef BYLAW_APP_PRIVATE_H
#define BYLAW_APP_PRIVATE_H

#include "app.h"
#include "base/vec.h"
#include "keymap.h"
#include "screen/clipboard.h"

struct overlay {
    struct pane pane;
    enum overlay_place place;
    int rows, cols;     /* wanted */
    struct rect inside; /* of the last frame */
};

struct global_set {
    const struct action_set *set;
    void *data;
    enum slot slot; /* where it applies; SLOT_NONE: everywhere */
};

struct finder;
struct finder_source;

struct app_source {
    const struct finder_source *source;
    void *data;
};

struct help_row;

struct app_key_set {
    const void *pane;
    bool (*row)(const void *pane, size_t index, struct help_row *out);
};

#define PASTE_TOLD ((size_t)1 << 18) /* a paste so long that one may wait for it */

enum grab { GRAB_NONE, GRAB_PANE, GRAB_OVERLAY, GRAB_DIVIDER_COL, GRAB_DIVIDER_ROW };

struct process;

/* Pasting from outside: a question under way, and what is known of the terminal. */
struct app_clipboard {
    enum clipboard_way way;
    bool asked;           /* the terminal, or a program */
    bool silent;          /* the terminal does not tell */
    enum clipboard which; /* asked for */
    bool own_is_newer[2]; /* too much for the terminal to take: pasted from our own copy */
    struct loop_timer *timer;
    struct process *reader; /* NULL: none runs */
    struct buf read;
};

struct app {
    struct loop *loop;
    struct app_options options;
    struct app_parts parts;
    struct layout layout;
    struct keymap *keymap;
    struct theme *theme;
    struct buf theme_problems;
    bool theme_fixed; /* chosen, not by the terminal's background */
    struct grid *grid;
    struct output *output; /* NULL: not running */
    struct input *input;
    struct app_clipboard clipboard;
    bool away;        /* another window has the terminal's focus */
    bool tells_focus; /* the terminal says so when it has it, and when not */
    struct pane panes[SLOT_COUNT];
    struct pane hosts[SLOT_COUNT]; /* whose slot is lent to a guest; ops NULL: not lent */
    struct {
        struct overlay *items;
        size_t len, cap;
    } overlays;
    struct {
        struct global_set *items;
        size_t len, cap;
    } globals;
    struct {
        struct app_source *items;
        size_t len, cap;
    } sources;             /* of the finder */
    struct finder *finder; /* while it is open */
    struct {
        struct app_key_set *items;
        size_t len, cap;
    } key_sets;                     /* of panes, for the ? screen (help.h) */
    const struct app_float *floats; /* NULL: none */
    void *floats_data;
    void (*draw_header)(void *data, struct region region);
    void *header_data;

    struct key sequence[KEYMAP_SEQUENCE_MAX];
    size_t sequence_len;
    bool sequence_hint; /* it waits for so long that what it can go on with is shown */
    struct loop_timer *sequence_timer;
    struct buf message;
    struct buf notice; /* waits for the message to go */
    bool is_notice;    /* what the message is */
    bool tall_message; /* what was painted last took rows of the panes */
    enum message_level message_level;
    uint64_t cancel_at; /* when ^C was pressed once, ms; 0: not */
    bool mouse;

    enum grab grab;
    enum slot grab_slot;
    uint64_t click_at;
    int click_row, click_col, clicks;
    int tab_split; /* column where the second tab's name begins, when the upper panes are tabs */

    bool dirty;
    bool all_dirty;      /* else only the focused pane, the header and the key line are */
    bool all_was_shown;  /* the frame before had nothing over the panes */
    bool at_once;        /* paint without waiting for the frame's time */
    uint64_t painted_at; /* us */
    int exit_code;
    bool quitting;
    struct loop_poll *poll;
    struct loop_timer *esc_timer, *frame_timer, *message_timer, *reply_timer;
    uint64_t message_ms;
    struct loop_timer *rest_timer; /* after frames of the focused pane only: paints the others */
    uv_idle_t *idle; /* runs while dirty, so that the loop does not sleep before the frame */
    uv_signal_t *signals[6];
};

/* app_paint.c */
void app_paint(struct app *app, int rows, int cols);
struct rect app_overlay_rect(const struct app *app, const struct overlay *overlay);

/* app_keys.c */
/* The pane that has the keys: the top overlay or the focused one; its ops may be NULL. */
struct pane app_active(const struct app *app);
/* Sets that apply now, nearest first, with the data each is run with; at most `max`. */
size_t app_contexts(const struct app *app, const struct action_set **sets, void **data, size_t max);
#define APP_CONTEXTS_MAX 16
/* As if the `skip` overlays on top were not there. */
size_t app_contexts_below(
    const struct app *app, size_t skip, const struct action_set **sets, void **data, size_t max);
void app_apply(struct app *app, const void *pane_data, unsigned flags);
unsigned app_run_row(struct app *app, const struct action *action, void *data);
void app_mouse(struct app *app, struct mouse mouse);

/* app_reply.c */
void app_ask_terminal(struct app *app);
/* The terminal has had its time. */
void app_on_reply_time(void *data);
/* One answer, without its ESC. */
void app_reply(struct app *app, struct str reply);
/* 1, 2, or 0: as the terminal says. */
int app_ambiguous_wish(const struct app *app);
/* All that is shown is measured and painted anew. */
void app_set_ambiguous_width(struct app *app, int columns);

/* app_clipboard.c */
/* A key came: what was asked for is pasted from our own. */
void app_end_paste_from(struct app *app);
/* True when the reply was about the clipboard. */
bool app_clipboard_reply(struct app *app, struct str reply);
/* The terminal has sent what was not read yet. */
bool app_has_unread(const struct app *app);
void app_note_away(struct app *app, bool away);
/* What app_notify says, as this terminal takes it. */
void app_append_notification(bool ring, const char *text, struct buf *out);
void app_free_clipboard(struct app *app);

/* app_actions.c */
extern const struct action_set app_core_set;   /* also over dialogs: help, quit, suspend */
extern const struct action_set app_global_set; /* panes, help, palette */

/* Keys rest for so long: what they changed in other panes is painted too. */
#define APP_REST_MS 80

/* app.c */
void app_suspend(struct app *app);
void app_pop_at(struct app *app, size_t index);
void app_clear_message(struct app *app);
/* Before a frame is painted: a notice that waits is said where there is no message. */
void app_say_notice(struct app *app);
/* As app_redraw, when nothing changed but the pane that has the keys, the header and the key line:
 * what a key does as a rule. */
void app_redraw_focused(struct app *app);

#endif
