/* CSV as it comes from spreadsheets, read row by row (libcsv) in memory that does not grow with the
 * file; and written by RFC 4180.
 *
 * Read are commas, semicolons and tabs (told by the first line, or said by Excel's "sep=;" before
 * it), quoted fields with delimiters, doubled quotes and line ends in them, LF, CR LF and CR, with
 * or without a UTF-8 byte order mark. Blanks around a field that is not quoted are not part of it.
 * Lines without anything are passed over.
 *
 * Refused, with the line: bytes that are not UTF-8 (and UTF-16, by its mark), NUL, a quote inside a
 * field that does not begin with one, a quoted field that never ends, fields over 1 MiB, rows of
 * more than 1,024 fields or 4 MiB. Any thread. */
#ifndef BYLAW_CONTROL_CSV_H
#define BYLAW_CONTROL_CSV_H

#include "base/err.h"
#include "base/str.h"

struct csv_row {
    size_t line;             /* where it begins, from 1 */
    const struct str *items; /* borrowed until the callback returns */
    size_t len;
};

/* False stops the reading: the error is what csv_read_… gives. */
typedef bool (*csv_take_row)(void *data, const struct csv_row *row, struct err *err);

/* Every row in order, the header too. `name` is for messages. */
bool csv_read_text(
    struct str text, const char *name, csv_take_row take, void *data, struct err *err) MUST_USE;
/* The same of a file, "-" standard input; 64 KiB of it are held at a time. */
bool csv_read_file(const char *path, csv_take_row take, void *data, struct err *err) MUST_USE;

/* Appends one field, quoted where it must be; the first of a line without a comma before it. */
void csv_append(struct buf *out, struct str field, bool first);
/* Appends a line of them, ended by CR LF as RFC 4180 has it. */
void csv_append_row(struct buf *out, const struct str *fields, size_t count);

#endif
