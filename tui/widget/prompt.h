/* The line (or lines) one types a prompt in: an edit field with history and folded pastes.
 *
 * Up in the first row and Down in the last go through past prompts; ^R searches them. A paste of
 * many lines is shown as "[pasted 42 lines]", one unit for the cursor and for deletion, and is
 * whole again in prompt_text. */
#ifndef BYLAW_WIDGET_PROMPT_H
#define BYLAW_WIDGET_PROMPT_H

#include "screen/grid.h"
#include "screen/input.h"

/* A paste with more than so many lines or bytes is folded. */
#define PROMPT_FOLD_LINES 8
#define PROMPT_FOLD_BYTES 2000

/* Past prompts, oldest first. `at` lends the text for the length of the call. */
struct prompt_history {
    size_t (*count)(void *data);
    const char *(*at)(void *data, size_t index);
    void *data;
};

struct prompt;

struct prompt *prompt_new(struct prompt_history history) MUST_USE;
void prompt_free(struct prompt *prompt);

/* Appends what would be sent: folded pastes are whole. */
void prompt_text(const struct prompt *prompt, struct buf *out);
/* Folds when it is long; the cursor goes to the end. */
void prompt_set(struct prompt *prompt, struct str text);
void prompt_clear(struct prompt *prompt);
bool prompt_is_empty(const struct prompt *prompt);
/* The field as it is shown: folded pastes are their marks. Borrowed until the next change. */
struct str prompt_typed(const struct prompt *prompt);
size_t prompt_cursor(const struct prompt *prompt); /* in what is shown */
/* An "@" that begins a word stands right before the cursor. */
bool prompt_is_after_at(const struct prompt *prompt);
/* Grows with each change of the text. */
unsigned prompt_version(const struct prompt *prompt);

/* Something is folded; it is shown as text, to be changed: the paste at the cursor, else the first.
 */
bool prompt_has_folded(const struct prompt *prompt);
void prompt_unfold(struct prompt *prompt);
/* At the cursor, as it is. */
void prompt_insert(struct prompt *prompt, struct str text);
/* At the cursor, folded when it is long. */
void prompt_paste(struct prompt *prompt, struct str text);
/* UI_IGNORED for keys it has no use for, Enter first of all: the owner sends then. */
unsigned prompt_key(struct prompt *prompt, const struct key *key);
/* A press in the region of the last draw. */
unsigned prompt_mouse(struct prompt *prompt, const struct mouse *mouse);
/* Begins or goes on with a search of the history. */
void prompt_search(struct prompt *prompt);
bool prompt_is_searching(const struct prompt *prompt);
/* Ends the search with the text as it was before; false when there was none. */
bool prompt_escape(struct prompt *prompt);

/* Rows it wants at a width. */
int prompt_height(const struct prompt *prompt, int cols);
void prompt_draw(struct prompt *prompt, struct region region, bool focused, const char *hint);

#endif
