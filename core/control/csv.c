#include "control/csv.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BLOCK = 64 << 10,
    FIELD_MAX = 1 << 20,
    ROW_MAX = 4 << 20,
    FIELDS_MAX = 1024,
    GROWTH = 16 << 10 /* of libcsv's buffer; its own 128 bytes make long fields slow */
};

struct reader {
    struct csv_parser parser;
    const char *name;
    csv_take_row take;
    void *data;
    struct err *err;
    bool failed, begun;
    bool after_cr;   /* an LF now belongs to the line that ended */
    size_t line;     /* of the next byte */
    size_t row_line; /* where the row under way begins */
    struct buf text; /* its fields so far, one behind the other */
    struct {
        size_t *items; /* where each ends in text */
        size_t len, cap;
    } ends;
    struct {
        struct str *items;
        size_t len, cap;
    } fields;
};

static void refuse(struct reader *reader, enum err_kind kind, size_t line, const char *what)
{
    if (!reader->failed) {
        reader->failed = true;
        err_set(reader->err, kind, "%s:%zu: %s", reader->name, line, what);
    }
}

static void on_field(void *bytes, size_t len, void *data)
{
    struct reader *reader = data;
    if (reader->failed) {
        return;
    }
    if (reader->ends.len >= FIELDS_MAX) {
        refuse(reader, ERR_LIMIT, reader->row_line, "a row of more than 1,024 fields");
    } else if (reader->text.len + len > ROW_MAX) {
        refuse(reader, ERR_LIMIT, reader->row_line, "a row of more than 4 MiB");
    } else if (!utf8_is_valid(str_make(bytes, len))) {
        refuse(reader, ERR_INVALID, reader->row_line,
            "not valid UTF-8 in this row: export the file as UTF-8");
    } else {
        buf_append(&reader->text, bytes, len);
        VEC_PUSH(&reader->ends, reader->text.len);
    }
}

static void on_row(int end, void *data)
{
    struct reader *reader = data;
    (void)end;
    reader->fields.len = 0;
    size_t from = 0;
    bool any = false;
    VEC_FOREACH (const size_t, to, &reader->ends) {
        VEC_PUSH(&reader->fields, str_make(reader->text.ptr + from, *to - from));
        any = any || *to > from;
        from = *to;
    }
    struct csv_row row = {reader->row_line, reader->fields.items, reader->fields.len};
    if (!reader->failed && any && !reader->take(reader->data, &row, reader->err)) {
        reader->failed = true;
    }
    reader->ends.len = 0;
    buf_clear(&reader->text);
}

static void explain(struct reader *reader)
{
    if (csv_error(&reader->parser) == CSV_EPARSE) {
        refuse(reader, ERR_INVALID, reader->line,
            "a quote stands inside a field that does not begin with one, or something follows the "
            "quote that ends a field: a field with quotes in it is written \"like \"\"this\"\"\"");
    } else {
        refuse(reader, ERR_INVALID, reader->line, csv_strerror(csv_error(&reader->parser)));
    }
}

/* At most one line at a time, so that it is known in which line a row begins. */
static void feed_line(struct reader *reader, struct str piece)
{
    size_t done = csv_parse(&reader->parser, piece.ptr, piece.len, on_field, on_row, reader);
    if (done != piece.len) {
        explain(reader);
    }
    if (csv_get_buffer_size(&reader->parser) > FIELD_MAX + GROWTH) {
        refuse(reader, ERR_LIMIT, reader->row_line,
            "a field of more than 1 MiB begins in this row: is a quote missing?");
    }
}

static void feed(struct reader *reader, struct str block)
{
    if (memchr(block.ptr, '\0', block.len) != NULL) {
        refuse(reader, ERR_INVALID, reader->line, "a NUL byte behind here: this is no text");
        return;
    }
    while (block.len > 0 && !reader->failed) {
        size_t len = 0;
        bool follows = reader->after_cr && block.ptr[0] == '\n';
        while (len < block.len && block.ptr[len] != '\n' && block.ptr[len] != '\r') {
            len++;
        }
        bool ended = len < block.len;
        reader->after_cr = ended && block.ptr[len] == '\r';
        len += ended;
        feed_line(reader, str_make(block.ptr, len));
        reader->line += ended && !follows;
        /* State 0 is libcsv's "no row has begun". */
        if (reader->parser.pstate == 0) {
            reader->row_line = reader->line;
        }
        block = str_from(block, len);
    }
}

/* ---- the beginning of a file ---- */

static char delimiter_of(struct str line)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[ARRAY_LEN(candidates)] = {0};
    bool quoted = false;
    for (size_t i = 0; i < line.len && (quoted || strchr("\r\n", line.ptr[i]) == NULL); i++) {
        quoted = quoted != (line.ptr[i] == '"');
        for (size_t c = 0; c < ARRAY_LEN(candidates) && !quoted; c++) {
            counts[c] += line.ptr[i] == candidates[c];
        }
    }
    size_t best = 0;
    for (size_t c = 1; c < ARRAY_LEN(candidates); c++) {
        best = counts[c] > counts[best] ? c : best;
    }
    return candidates[best];
}

static void begin(struct reader *reader, struct str *block)
{
    reader->begun = true;
    if (block->len >= 2 &&
        (memcmp(block->ptr, "\xff\xfe", 2) == 0 || memcmp(block->ptr, "\xfe\xff", 2) == 0)) {
        refuse(reader, ERR_INVALID, 1, "this is UTF-16: export the file as UTF-8");
        return;
    }
    if (str_starts(*block, "\xef\xbb\xbf")) {
        *block = str_from(*block, 3);
    }
    if (block->len > 5 && str_starts(*block, "sep=") && strchr("\r\n", block->ptr[5]) != NULL) {
        csv_set_delim(&reader->parser, (unsigned char)block->ptr[4]);
        size_t end = str_find_char(*block, '\n', 0);
        *block = str_from(*block, end == SIZE_MAX ? 6 : end + 1);
        reader->line = reader->row_line = 2;
    } else {
        csv_set_delim(&reader->parser, (unsigned char)delimiter_of(*block));
    }
}

static void take_block(struct reader *reader, struct str block)
{
    if (!reader->begun) {
        begin(reader, &block);
    }
    feed(reader, block);
}

static void open_reader(
    struct reader *reader, const char *name, csv_take_row take, void *data, struct err *err)
{
    *reader = (struct reader){
        .name = name, .take = take, .data = data, .err = err, .line = 1, .row_line = 1};
    /* Fails only for options it does not have. */
    csv_init(&reader->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_realloc_func(&reader->parser, mem_realloc);
    csv_set_blk_size(&reader->parser, GROWTH);
}

static bool close_reader(struct reader *reader)
{
    if (!reader->failed && csv_fini(&reader->parser, on_field, on_row, reader) != 0) {
        refuse(reader, ERR_INVALID, reader->row_line,
            "a quoted field of the row that begins here never ends");
    }
    csv_free(&reader->parser);
    buf_free(&reader->text);
    VEC_FREE(&reader->ends);
    VEC_FREE(&reader->fields);
    return !reader->failed;
}

bool csv_read_text(
    struct str text, const char *name, csv_take_row take, void *data, struct err *err)
{
    struct reader reader;
    open_reader(&reader, name, take, data, err);
    for (size_t at = 0; !reader.failed && at < text.len; at += BLOCK) {
        take_block(&reader, str_slice(text, at, at + BLOCK < text.len ? at + BLOCK : text.len));
    }
    return close_reader(&reader);
}

/* The next block, filled as far as the file goes; -1: errno. */
static ssize_t read_block(int fd, char *block)
{
    size_t len = 0;
    while (len < BLOCK) {
        ssize_t got = read(fd, block + len, BLOCK - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? got : (ssize_t)len;
        }
        len += (size_t)got;
    }
    return (ssize_t)len;
}

bool csv_read_file(const char *path, csv_take_row take, void *data, struct err *err)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot open %s", path);
    }
    struct reader reader;
    char *block = mem_alloc(BLOCK);
    open_reader(&reader, is_input ? "standard input" : path, take, data, err);
    ssize_t got = 0;
    while (!reader.failed && (got = read_block(fd, block)) > 0) {
        take_block(&reader, str_make(block, (size_t)got));
    }
    if (got < 0) {
        reader.failed = true;
        err_set_errno(err, errno, "cannot read %s", path);
    }
    bool ok = close_reader(&reader);
    free(block);
    if (!is_input) {
        close(fd);
    }
    return ok;
}

/* ---- writing ---- */

void csv_append(struct buf *out, struct str field, bool first)
{
    if (!first) {
        buf_append_char(out, ',');
    }
    bool plain = field.len > 0 && field.ptr[0] != ' ' && field.ptr[field.len - 1] != ' ';
    for (size_t i = 0; plain && i < field.len; i++) {
        plain = field.ptr[i] != '\0' && strchr(",\"\r\n;\t", field.ptr[i]) == NULL;
    }
    if (plain || field.len == 0) {
        buf_append_str(out, field);
        return;
    }
    buf_append_char(out, '"');
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '"') {
            buf_append_char(out, '"');
        }
        buf_append_char(out, field.ptr[i]);
    }
    buf_append_char(out, '"');
}

void csv_append_row(struct buf *out, const struct str *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        csv_append(out, fields[i], i == 0);
    }
    buf_append_c(out, "\r\n");
}
