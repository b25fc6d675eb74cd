/* The program's own log: for its developers and bug reports, off unless opened. One line a record,
 * made visible by safe.h and with every registered secret replaced, so that it can be sent to
 * others. Any thread. */
#ifndef BYLAW_BASE_LOG_H
#define BYLAW_BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

/* Appends to `path` (mode 0600). */
bool log_open(const char *path, struct err *err) MUST_USE;
void log_close(void);
void log_write(const char *module, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Secrets (API keys): what was registered never reaches a log, a journal or a recording. Copies the
 * text. Shorter than 6 bytes is ignored: replacing it would tear ordinary text apart. */
void secret_register(struct str secret);
/* Appends text to out with each secret replaced by "[secret]". */
void secret_redact(struct buf *out, struct str text);
/* Forgets and wipes all. */
void secret_clear(void);

#endif
