/* The frame of the workbench: it owns the loop, the screen, the panes and the overlays, takes keys
 * to where they belong and paints once a loop turn. It knows nothing of sessions, files or
 * policies: those hang on the panes and on the pointers below, set by main.
 *
 * Loop thread only. */
#ifndef BYLAW_APP_H
#define BYLAW_APP_H

#include "base/err.h"
#include "layout.h"
#include "loop/loop.h"
#include "pane/pane.h"
#include "screen/output.h"

struct app;
struct session;
struct workspace;
struct config;
struct keymap;

struct app_options {
    bool mouse;
    bool ascii;         /* --ascii, or a locale without UTF-8 was accepted */
    const char *theme;  /* as for themes_load; NULL or "auto": by the terminal's background */
    const char *colour; /* as output_options.colour */
    const char *ambiguous_width; /* "1", "2", or as the terminal says (NULL, "auto") */
    const char *key_set;         /* "standard" (NULL) or "vi" */
};

/* The loop is the caller's and outlives the app. The terminal is taken by app_run. */
struct app *app_new(struct loop *loop, const struct app_options *options, struct err *err) MUST_USE;
/* Destroys panes and overlays. */
void app_free(struct app *app);
/* Takes the terminal and runs until app_quit. False: the terminal could not be taken. */
bool app_run(struct app *app, struct err *err);
/* Ends app_run after this turn. */
void app_quit(struct app *app, int exit_code);
/* Quits, after asking when a pane says something would be lost. */
void app_ask_quit(struct app *app);
int app_exit_code(const struct app *app);

/* For the panes: what main wired; owned by main. */
struct app_parts {
    struct session *session;
    struct workspace *workspace;
    struct config *config;
    void *more; /* whatever main wants to find again */
};
struct app_parts *app_parts(struct app *app);
struct loop *app_loop(struct app *app);
struct keymap *app_keymap(struct app *app);
struct layout *app_layout(struct app *app);
const struct theme *app_theme(const struct app *app);
/* See themes_load. The terminal's background no longer picks one. */
bool app_set_theme(struct app *app, const char *name, struct err *err);
/* Mistakes in the theme shown (and why the one asked for at first could not be had), a line each.
 * Borrowed until the next theme. */
struct str app_theme_problems(const struct app *app);
/* It was chosen: the terminal's background does not change it. */
bool app_theme_is_fixed(const struct app *app);
void app_set_theme_fixed(struct app *app, bool fixed);

/* The app takes the pane over (ops->destroy is called by app_free or by the next set). */
void app_set_pane(struct app *app, enum slot slot, struct pane pane);
struct pane app_pane(const struct app *app, enum slot slot);
/* Shows the pane in the slot for a while, in place of the one that is there, which stays as it is.
 * A guest that is there already is destroyed. */
void app_lend(struct app *app, enum slot slot, struct pane pane);
/* Destroys the guest with this data; the slot's own pane is back. No-op when it is not there. */
void app_take_back(struct app *app, const void *pane_data);
void app_focus(struct app *app, enum slot slot);
bool app_has_focus(const struct app *app, const void *pane_data);
/* The header line, painted by main's function in place of the program's name. */
void app_set_header(struct app *app, void (*draw)(void *data, struct region region), void *data);
/* Actions that work everywhere and belong to no pane. The set is borrowed for ever. */
void app_add_actions(struct app *app, const struct action_set *set, void *data);
/* Actions of somebody else that apply where the pane of the slot has the keys, after its own. The
 * set is borrowed for ever. */
void app_add_pane_actions(
    struct app *app, enum slot slot, const struct action_set *set, void *data);
/* Runs an action by its id ("review.accept") where it applies now; false: no such action there, or
 * it cannot be done (then the reason is shown). */
bool app_run_action(struct app *app, const char *id);
/* Why app_run_action could not run it now, one sentence; NULL: it could. */
const char *app_why_not(struct app *app, const char *id);

/* Overlays: on top of the panes, the last has the keys. */
enum overlay_place {
    OVERLAY_FULL,   /* the whole screen but header and key line (review) */
    OVERLAY_CENTRE, /* a box of the wanted size in the middle */
    OVERLAY_TOP     /* a box under the header (palette) */
};
/* For CENTRE and TOP: size of the inside wanted, cut to the screen; the frame is drawn by the app
 * with the pane's title. */
void app_push(struct app *app, struct pane pane, enum overlay_place place, int rows, int cols);
/* Pops (and destroys) the overlay with this data; false when it is not there. */
bool app_pop(struct app *app, const void *pane_data);
bool app_has_overlay(const struct app *app, const char *ops_name);
/* Another wanted size for a box already shown. */
void app_resize_overlay(struct app *app, const void *pane_data, int rows, int cols);

/* What floats over the panes, beside the cursor: a list of completions, a box of help. It has no
 * focus and is not there while an overlay is. */
struct app_float {
    /* A look at each key, paste and click before anybody else; UI_IGNORED: it goes its way. */
    unsigned (*key)(void *data, const struct key *key);
    /* Called for each frame, with all the rows that panes have; the grid's cursor (grid_cursor) is
     * where the focused pane put it. */
    void (*draw)(void *data, struct region region);
    /* There is something to draw: while there is, whole frames are painted. */
    bool (*shows)(void *data);
};
/* One is enough; borrowed for ever. NULL: none. */
void app_set_float(struct app *app, const struct app_float *ops, void *data);

/* Marks the screen as changed: painted at the end of this turn, at most 60 times a second while a
 * stream runs, at once after a key. */
void app_redraw(struct app *app);
/* The same when only the pane with this data, the header and the key line have changed: cheaper
 * when it is the focused one. */
void app_redraw_pane(struct app *app, const void *pane_data);
enum message_level {
    MESSAGE_INFO,
    MESSAGE_GOOD,
    MESSAGE_WARNING,
    MESSAGE_STANDING, /* a warning that waits for the engineer */
    MESSAGE_ERROR
};
/* One line in the key line's place, until the next key or for five seconds (standing warnings and
 * errors stay until a key, and what is only good to know does not take their place). */
void app_message(struct app *app, enum message_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* What is good to know and answers no key: it waits until the answer that stands there has gone. */
void app_notice(struct app *app, const char *text);
/* What the message line says now, or "". */
const char *app_message_text(const struct app *app);

/* Copies to the clipboard and says so. */
void app_copy(struct app *app, struct str text);
/* Where copies go to and pastes come from: the terminal's clipboard by OSC 52 (with the desktop's
 * own program where the terminal does not tell what it has), this program only, or the desktop's
 * program (wl-copy, xclip, pbcopy) only. */
enum clipboard_way { CLIPBOARD_WAY_OSC52, CLIPBOARD_WAY_INTERNAL, CLIPBOARD_WAY_COMMAND };
void app_set_clipboard(struct app *app, enum clipboard_way way);
/* What was selected with the mouse, for the middle button: without a word. */
void app_copy_primary(struct app *app, struct str text);
/* Pastes into the pane that has the keys what the clipboard (or the primary selection) holds: what
 * the terminal answers within a quarter of a second, else what was copied here. Does not wait: a
 * key that comes first has it pasted before. */
void app_paste_from(struct app *app, bool primary);
/* Another window has the focus: the terminal said so. */
bool app_is_away(const struct app *app);
/* Nobody may be looking: it is away, or the terminal does not say which window has the focus. */
bool app_may_be_away(const struct app *app);
/* Rings, and has the desktop show a text (OSC 9; NULL: none) where the terminal can: safe ASCII.
 * tmux hands it on where its allow-passthrough is on. */
void app_notify(struct app *app, bool ring, const char *text);
/* Gives the terminal to `argv` (an editor) in cwd (NULL: ours) and waits for it: the only place
 * where the loop stands still, because the terminal is not ours meanwhile. */
bool app_run_in_terminal(
    struct app *app, const char *const *argv, const char *cwd, int *exit_code, struct err *err);

/* For tests: the frame's grid after painting at a size, without a terminal; and a key from nowhere.
 */
const struct grid *app_paint_to_grid(struct app *app, int rows, int cols);
void app_key(struct app *app, const struct key *key);
void app_paste(struct app *app, struct str text);

#endif
