/* The clipboard and the primary selection (what was selected last): kept here, and handed to the
 * terminal with OSC 52, which works over ssh and, with `set-clipboard on`, in tmux. The terminal
 * may ignore it without a word, so a copy is kept for our own paste. Who asks the terminal for
 * what it has is app_clipboard.h. */
#ifndef BYLAW_SCREEN_CLIPBOARD_H
#define BYLAW_SCREEN_CLIPBOARD_H

#include "base/err.h"
#include "screen/output.h"

/* Terminals take about 74 KB of base64. */
#define CLIPBOARD_OSC_MAX ((size_t)74000 / 4 * 3)

/* The most that is taken from outside. */
#define CLIPBOARD_MAX ((size_t)16 << 20)

enum clipboard { CLIPBOARD_COPIED, CLIPBOARD_PRIMARY };

/* Keeps a copy of text and sends it to the terminal (output may be NULL: kept only). ERR_LIMIT when
 * it is too long for the terminal: then it is kept all the same. */
bool clipboard_put(struct output *output, enum clipboard which, struct str text, struct err *err);
/* What was put there last in this program; borrowed until the next. */
struct str clipboard_kept(enum clipboard which);
/* The same for what was copied. */
bool clipboard_copy(struct output *output, struct str text, struct err *err);
struct str clipboard_text(void);
void clipboard_clear(void);
/* The control string for text, appended to out. */
void clipboard_append_osc52(struct buf *out, enum clipboard which, struct str text);
/* Appends what base64 stands for; false (out as it was): it is none, or of more than CLIPBOARD_MAX
 * bytes. */
bool clipboard_decode(struct str base64, struct buf *out) MUST_USE;

#endif
