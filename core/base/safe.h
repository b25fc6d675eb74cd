/* Untrusted bytes made visible: text from a model, a file or an engine passes here before a
 * terminal, a log line or a commit message sees it.
 *
 * Hidden are C0 and C1 controls, DEL, bidirectional overrides and isolates, zero-width and other
 * format characters that can make text read as something else (Unicode TR36, "Trojan Source"), and
 * invalid bytes. They are shown as ^X for C0, <9b> for a C1 or an invalid byte, <U+202E> for the
 * rest. A zero-width joiner and the variation selectors are left alone: emoji need them. */
#ifndef BYLAW_BASE_SAFE_H
#define BYLAW_BASE_SAFE_H

#include "base/str.h"

#include <stdint.h>

#define SAFE_SHOWN_MAX 12

/* cp may be UTF8_INVALID. TAB and LF count as hidden here; callers treat them before. */
bool safe_is_hidden(int32_t cp);
/* Writes the visible form (ASCII, NUL-terminated) and returns its length, which is its width.
 * `byte` is what stands in the text when cp is UTF8_INVALID. */
size_t safe_show(int32_t cp, unsigned char byte, char out[SAFE_SHOWN_MAX]);

enum safe_keep {
    SAFE_ONE_LINE = 0,   /* LF and TAB are shown too: for titles, table cells, log lines */
    SAFE_KEEP_LINES = 1, /* LF and TAB pass, CR LF becomes LF: for messages of many lines */
    /* A run of blanks and line ends becomes one blank, none at the ends: for what somebody wrote in
     * several lines and is told in one */
    SAFE_SENTENCE = 2
};

void safe_append(struct buf *out, struct str text, enum safe_keep keep);
/* The same as text or attribute value of XML or HTML. What XML 1.0 (2.2) forbids of the rest
 * becomes U+FFFD. `text` NULL: nothing. */
void safe_append_markup(struct buf *out, const char *text, enum safe_keep keep);
/* A visible copy the caller frees, cut to at most `max` bytes with "…" at the end when longer. */
char *safe_dup(struct str text, enum safe_keep keep, size_t max) MUST_USE;

#endif
