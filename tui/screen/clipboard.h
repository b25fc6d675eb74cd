/* Copying to the terminal's clipboard with OSC 52, which works over ssh and, with
 * `set-clipboard on`, in tmux. The terminal may ignore it without a word, so the copied text is
 * also kept here for our own paste. */
#ifndef BYLAW_SCREEN_CLIPBOARD_H
#define BYLAW_SCREEN_CLIPBOARD_H

#include "base/err.h"
#include "screen/output.h"

/* Terminals take about 74 KB of base64. */
#define CLIPBOARD_OSC_MAX ((size_t)74000 / 4 * 3)

/* Keeps a copy of text and sends it to the terminal (output may be NULL: kept only). ERR_LIMIT when
 * it is too long for the terminal: then it is kept all the same. */
bool clipboard_copy(struct output *output, struct str text, struct err *err);
/* What was copied last in this program; borrowed until the next copy. */
struct str clipboard_text(void);
void clipboard_clear(void);
/* The control string for text, appended to out. */
void clipboard_append_osc52(struct buf *out, struct str text);

#endif
