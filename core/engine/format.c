#include "engine/format.h"

#include "base/safe.h"
#include "engine/engine.h"
#include "loop/process.h"
#include "patch/lines.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 10000, MAX_OUTPUT = 64 << 20 };

struct format {
    struct loop *loop;
    char *program;
    struct buf text;
    struct buf out;
    struct buf errout;
    enum policy_dialect hint;
    struct format_result result;
    struct process *process;
    bool cancelled;
    void (*done)(void *data, struct format_result *result);
    void *data;
};

static void free_format(struct format *f)
{
    text_edits_free(&f->result.edits);
    buf_free(&f->text);
    buf_free(&f->out);
    buf_free(&f->errout);
    free(f->program);
    free(f);
}

static void finish(struct format *f)
{
    if (!f->cancelled) {
        f->done(f->data, &f->result);
    }
    free_format(f);
}

static void fail(struct format *f, enum err_kind kind, const char *text)
{
    err_set(&f->result.err, kind, "%s", text);
    finish(f);
}

/* The first "stdin:ROW: [code: ]message" of opa's standard error. */
static void read_error(struct format *f)
{
    static const char mark[] = "stdin:";
    struct str text = buf_str(&f->errout);
    size_t at = str_find(text, str_of(mark), 0);
    struct str rest = at == (size_t)-1 ? text : str_from(text, at + sizeof mark - 1);
    struct str line;
    if (!str_next_line(&rest, &line)) {
        line = STR_LIT("it gave no reason");
    }
    if (at != (size_t)-1) {
        size_t colon = str_find_char(line, ':', 0);
        f->result.row = (unsigned)strtoul(line.ptr, NULL, 10);
        line = str_trim(str_from(line, colon + 1));
        if (str_starts(line, "rego_")) {
            line = str_trim(str_from(line, str_find_char(line, ':', 0) + 1));
        }
    }
    char *shown = safe_dup(line, SAFE_ONE_LINE, 400);
    if (f->result.row > 0) {
        err_set(
            &f->result.err, ERR_INVALID, "opa fmt cannot read line %u: %s", f->result.row, shown);
    } else {
        err_set(&f->result.err, ERR_EXTERNAL, "opa fmt failed: %s", shown);
    }
    free(shown);
}

/* opa writes LF; a text with CR LF gets it back. */
static void keep_endings(struct format *f)
{
    struct lines lines = {0};
    lines_split(buf_str(&f->text), LINES_ANY, &lines);
    size_t crlf = 0;
    for (size_t i = 0; i < lines.len; i++) {
        crlf += lines.items[i].ending.len == 2 ? 1 : 0;
    }
    if (crlf * 2 > lines.len) {
        struct buf out = BUF_INIT;
        struct str rest = buf_str(&f->out);
        struct str line;
        while (str_next_line(&rest, &line)) {
            buf_append_str(&out, str_ends(line, "\r") ? str_slice(line, 0, line.len - 1) : line);
            buf_append_c(&out, "\r\n");
        }
        buf_free(&f->out);
        f->out = out;
    }
    lines_free(&lines);
}

static void compare(void *data)
{
    struct format *f = data;
    keep_endings(f);
    text_edits_between(buf_str(&f->text), buf_str(&f->out), &f->result.edits);
}

static void compared(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels the work itself */
    struct format *f = data;
    f->result.ok = true;
    finish(f);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct format *f = data;
    buf_append_str(stream == PROCESS_STDOUT ? &f->out : &f->errout, bytes);
}

static void on_ended(void *data, const struct process_result *result)
{
    struct format *f = data;
    f->process = NULL;
    if (f->cancelled) {
        free_format(f);
    } else if (result->timed_out) {
        fail(f, ERR_TIMEOUT, "opa fmt took over ten seconds and was stopped");
    } else if (result->signal != 0 || result->truncated) {
        fail(f, ERR_EXTERNAL, "opa fmt was ended before it answered");
    } else if (result->exit_code != 0) {
        read_error(f);
        finish(f);
    } else if (str_trim(buf_str(&f->out)).len == 0 && str_trim(buf_str(&f->text)).len > 0) {
        fail(f, ERR_EXTERNAL, "opa fmt answered nothing: the text stays as it is");
    } else {
        loop_work_start(f->loop, compare, compared, f);
    }
}

static void look(void *data)
{
    struct format *f = data;
    struct policy_facts *facts = policy_facts_parse(buf_str(&f->text));
    f->result.dialect = facts->dialect;
    policy_facts_release(facts);
    if (f->result.dialect == DIALECT_EITHER) {
        f->result.dialect = f->hint == DIALECT_V0 ? DIALECT_V0 : DIALECT_V1;
    }
}

static void looked(void *data, bool cancelled)
{
    (void)cancelled;
    struct format *f = data;
    if (f->cancelled) {
        free_format(f);
        return;
    }
    bool v0 = f->result.dialect == DIALECT_V0;
    const char *argv[] = {f->program, "fmt", v0 ? "--v0-compatible" : NULL, NULL};
    struct process_options options = {.argv = argv,
        .input = buf_str(&f->text),
        .timeout_ms = TIMEOUT_MS,
        .max_output = MAX_OUTPUT,
        .on_data = on_data,
        .on_exit = on_ended,
        .data = f};
    struct err err;
    f->process = process_start(f->loop, &options, &err);
    if (f->process == NULL) {
        fail(f, err.kind, err.text);
    }
}

struct format *format_start(struct loop *loop, struct str text, enum policy_dialect hint,
    void (*done)(void *data, struct format_result *result), void *data, struct err *err)
{
    char *program = engine_find(&engine_opa, err);
    if (program == NULL) {
        return NULL;
    }
    struct format *f = MEM_NEW(struct format);
    f->loop = loop;
    f->program = program;
    f->hint = hint;
    f->done = done;
    f->data = data;
    buf_append_str(&f->text, text);
    loop_work_start(loop, look, looked, f);
    return f;
}

void format_cancel(struct format *format)
{
    format->cancelled = true;
    if (format->process != NULL) {
        process_cancel(format->process);
    }
}
