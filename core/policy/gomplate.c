#include "policy/gomplate.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16, ARGS_MAX = 4, INDENT_MAX = 200 };
#define OUTPUT_MAX ((size_t)16 << 20)

struct value {
    bool is_number;
    long number;
    struct buf text;
};

struct renderer {
    const struct patch_source *source;
    const char *base;
    struct str text; /* the whole template */
    size_t at;       /* inside the action */
    size_t end;      /* of the action's inside */
    unsigned depth;
    char *path; /* first file read in this action */
    struct err *err;
};

static bool fail(struct renderer *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool fail(struct renderer *r, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    unsigned row = 1;
    for (size_t i = 0; i < r->at && i < r->text.len; i++) {
        row += r->text.ptr[i] == '\n';
    }
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    char *shown = safe_dup(buf_str(&text), SAFE_ONE_LINE, 300);
    err_set(r->err, ERR_UNSUPPORTED, "line %u: %s", row, shown);
    free(shown);
    buf_free(&text);
    return false;
}

/* ---- functions ---- */

static bool read_file(struct renderer *r, struct value *arg, struct value *out)
{
    struct patch_file file = {0};
    char *clean = NULL;
    struct err err;
    char *path = arg->text.ptr == NULL ? mem_strdup("") : mem_strdup(arg->text.ptr);
    char *joined = r->base[0] == '\0' ? mem_strdup(path) : path_join(r->base, path);
    bool ok = path_check_relative(str_of(joined), &clean, &err) &&
              r->source->read(r->source->data, clean, &file, &err);
    if (r->path == NULL) {
        r->path = mem_strdup(clean == NULL ? path : clean);
    }
    if (!ok) {
        fail(r, "file.Read: %s", err.text);
    } else if (file.found != PATCH_FILE) {
        ok = fail(r, "file.Read: there is no file %s", clean);
    }
    out->text = file.bytes;
    free(clean);
    free(joined);
    free(path);
    return ok;
}

static void indent(long width, struct str with, struct str text, struct buf *out)
{
    bool begins = true;
    for (size_t i = 0; i < text.len; i++) {
        for (long k = 0; begins && text.ptr[i] != '\n' && k < width; k++) {
            buf_append_str(out, with);
        }
        buf_append_char(out, text.ptr[i]);
        begins = text.ptr[i] == '\n';
    }
}

static struct str trim_set(struct str text, struct str set, bool left, bool right)
{
    while (left && text.len > 0 && str_find_char(set, text.ptr[0], 0) != SIZE_MAX) {
        text = str_from(text, 1);
    }
    while (right && text.len > 0 && str_find_char(set, text.ptr[text.len - 1], 0) != SIZE_MAX) {
        text.len--;
    }
    return text;
}

/* Functions of (what, text). */
static bool trim(
    struct renderer *r, const char *name, struct str what, struct str text, struct value *out)
{
    struct str left;
    if (strcmp(name, "TrimSuffix") == 0) {
        bool has = what.len <= text.len && str_equal(str_from(text, text.len - what.len), what);
        left = str_slice(text, 0, text.len - (has ? what.len : 0));
    } else if (strcmp(name, "TrimPrefix") == 0) {
        bool has = what.len <= text.len && str_equal(str_slice(text, 0, what.len), what);
        left = str_from(text, has ? what.len : 0);
    } else if (strcmp(name, "Trim") == 0) {
        left = trim_set(text, what, true, true);
    } else if (strcmp(name, "TrimLeft") == 0) {
        left = trim_set(text, what, true, false);
    } else if (strcmp(name, "TrimRight") == 0) {
        left = trim_set(text, what, false, true);
    } else {
        return fail(r, "strings.%s is not among the functions of gomplate known here", name);
    }
    buf_append_str(&out->text, left);
    return true;
}

static bool call_indent(struct renderer *r, struct value *args, size_t count, struct value *out)
{
    bool ok = (count == 2 || count == 3) && args[0].is_number && !args[count - 1].is_number &&
              (count == 2 || !args[1].is_number) && args[0].number >= 0 &&
              args[0].number <= INDENT_MAX;
    if (!ok) {
        return fail(r, "strings.Indent takes a width (up to %d) and a text", INDENT_MAX);
    }
    struct str with = count == 3 ? buf_str(&args[1].text) : STR_LIT(" ");
    struct str text = buf_str(&args[count - 1].text);
    if ((size_t)args[0].number * with.len > OUTPUT_MAX / (text.len + 1)) {
        return fail(r, "the indented text is too large");
    }
    indent(args[0].number, with, text, &out->text);
    return true;
}

static bool call(
    struct renderer *r, struct str name, struct value *args, size_t count, struct value *out)
{
    char what[24];
    if (str_equal_c(name, "file.Read")) {
        return count == 1 && !args[0].is_number ? read_file(r, &args[0], out)
                                                : fail(r, "file.Read takes one path");
    }
    if (str_equal_c(name, "strings.Indent") || str_equal_c(name, "indent")) {
        return call_indent(r, args, count, out);
    }
    if (!str_starts(name, "strings.") || name.len - 8 >= sizeof what) {
        return fail(r, "%.*s is not among the functions of gomplate known here", STR_FMT(name));
    }
    snprintf(what, sizeof what, "%.*s", STR_FMT(str_from(name, 8)));
    if (strcmp(what, "TrimSpace") == 0 && count == 1 && !args[0].is_number) {
        buf_append_str(&out->text, str_trim(buf_str(&args[0].text)));
        return true;
    }
    if (count != 2 || args[0].is_number || args[1].is_number) {
        return fail(r, "strings.%s does not take these arguments here", what);
    }
    return trim(r, what, buf_str(&args[0].text), buf_str(&args[1].text), out);
}

/* ---- the inside of an action ---- */

static char peek(struct renderer *r)
{
    while (r->at < r->end && isspace((unsigned char)r->text.ptr[r->at])) {
        r->at++;
    }
    return r->at < r->end ? r->text.ptr[r->at] : '\0';
}

static bool read_quoted(struct renderer *r, struct buf *out)
{
    char quote = r->text.ptr[r->at++];
    for (; r->at < r->end; r->at++) {
        char c = r->text.ptr[r->at];
        if (c == quote) {
            r->at++;
            return true;
        }
        if (c == '\\' && quote == '"' && r->at + 1 < r->end) {
            char next = r->text.ptr[++r->at];
            const char *from = "ntr\"\\'";
            const char *to = "\n\t\r\"\\'";
            const char *known = strchr(from, next);
            if (known == NULL || next == '\0') {
                return fail(r, "the escape \\%c is not known here", next);
            }
            c = to[known - from];
        }
        if (c == '\0') {
            break;
        }
        buf_append_char(out, c);
    }
    return fail(r, "a string does not end");
}

static struct str read_word(struct renderer *r)
{
    size_t from = r->at;
    while (r->at < r->end && (isalnum((unsigned char)r->text.ptr[r->at]) ||
                                 r->text.ptr[r->at] == '.' || r->text.ptr[r->at] == '_')) {
        r->at++;
    }
    return str_slice(r->text, from, r->at);
}

static bool pipeline(struct renderer *r, struct value *out);

static bool operand(struct renderer *r, struct value *out)
{
    char c = peek(r);
    if (c == '"' || c == '`') {
        return read_quoted(r, &out->text);
    }
    if (c == '(') {
        r->at++;
        if (r->depth >= DEPTH_MAX) {
            return fail(r, "parentheses are nested too deeply");
        }
        r->depth++;
        bool ok = pipeline(r, out);
        r->depth--;
        ok = ok && (peek(r) == ')' || fail(r, "a ) is missing"));
        r->at += ok;
        return ok;
    }
    if (isdigit((unsigned char)c)) {
        out->is_number = true;
        while (r->at < r->end && isdigit((unsigned char)r->text.ptr[r->at])) {
            out->number =
                out->number > 100000 ? out->number : out->number * 10 + (r->text.ptr[r->at] - '0');
            r->at++;
        }
        return true;
    }
    return fail(r, "this action is not among those of gomplate known here");
}

static bool arguments(struct renderer *r, struct value *args, size_t *count)
{
    for (char c = peek(r); c != '\0' && c != '|' && c != ')'; c = peek(r)) {
        if (*count == ARGS_MAX) {
            return fail(r, "too many arguments");
        }
        if (!operand(r, &args[(*count)++])) {
            return false;
        }
    }
    return true;
}

/* One command of a pipeline; `piped` (may be NULL) becomes its last argument. */
static bool command(struct renderer *r, struct value *piped, struct value *out)
{
    struct value args[ARGS_MAX + 1] = {0};
    size_t count = 0;
    bool ok;
    if (isalpha((unsigned char)peek(r))) {
        struct str name = read_word(r);
        ok = arguments(r, args, &count);
        if (ok && piped != NULL) {
            args[count++] = *piped;
            *piped = (struct value){0};
        }
        ok = ok && call(r, name, args, count, out);
    } else {
        ok = piped == NULL ? operand(r, out) : fail(r, "a function is missing after the |");
    }
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        buf_free(&args[i].text);
    }
    return ok;
}

static bool pipeline(struct renderer *r, struct value *out)
{
    struct value value = {0};
    bool ok = command(r, NULL, &value);
    while (ok && peek(r) == '|') {
        struct value next = {0};
        r->at++;
        ok = command(r, &value, &next);
        buf_free(&value.text);
        value = next;
    }
    *out = value;
    return ok;
}

/* ---- the whole ---- */

/* Where the action that begins at `from` ends (its braces), strings skipped; SIZE_MAX: nowhere. */
static size_t action_end(struct str text, size_t from)
{
    char quote = '\0';
    for (size_t i = from; i + 1 < text.len; i++) {
        char c = text.ptr[i];
        if (quote != '\0') {
            i += quote == '"' && c == '\\';
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '`') {
            quote = c;
        } else if (c == '}' && text.ptr[i + 1] == '}') {
            return i + 2;
        }
    }
    return SIZE_MAX;
}

struct piece {
    size_t start, end;       /* of the action, braces included */
    size_t inner, inner_end; /* its inside, without trim markers */
    bool trim_left, trim_right;
    bool comment;
};

static bool find_action(struct renderer *r, size_t from, struct piece *piece)
{
    struct str text = r->text;
    *piece = (struct piece){.start = from, .inner = from + 2};
    piece->trim_left = from + 3 < text.len && text.ptr[from + 2] == '-' &&
                       isspace((unsigned char)text.ptr[from + 3]);
    piece->inner += piece->trim_left;
    size_t word = piece->inner;
    while (piece->trim_left && word < text.len && isspace((unsigned char)text.ptr[word])) {
        word++;
    }
    r->at = from;
    if (str_starts(str_from(text, word), "/*")) {
        size_t close = str_find(text, STR_LIT("*/"), word + 2);
        size_t end = close == SIZE_MAX ? SIZE_MAX : str_find(text, STR_LIT("}}"), close);
        if (end == SIZE_MAX) {
            return fail(r, "a comment does not end");
        }
        piece->comment = true;
        piece->inner_end = end;
        piece->end = end + 2;
    } else {
        piece->end = action_end(text, piece->inner);
        if (piece->end == SIZE_MAX) {
            return fail(r, "an action does not end: }} is missing");
        }
        piece->inner_end = piece->end - 2;
    }
    piece->trim_right = piece->inner_end >= piece->inner + 2 &&
                        text.ptr[piece->inner_end - 1] == '-' &&
                        isspace((unsigned char)text.ptr[piece->inner_end - 2]);
    piece->inner_end -= piece->trim_right;
    return true;
}

static bool run_action(struct renderer *r, const struct piece *piece, struct gomplate_output *out)
{
    struct value value = {0};
    r->at = piece->inner;
    r->end = piece->inner_end;
    free(r->path);
    r->path = NULL;
    bool ok = pipeline(r, &value);
    if (ok && peek(r) != '\0') {
        ok = fail(r, "this action is not among those of gomplate known here");
    }
    if (ok && out->text.len + value.text.len > OUTPUT_MAX) {
        ok = fail(r, "the output is too large");
    }
    struct gomplate_action action = {.start = piece->start,
        .end = piece->end,
        .out_start = out->text.len,
        .path = mem_strdup(r->path)};
    if (ok && value.is_number) {
        buf_printf(&out->text, "%ld", value.number);
    } else if (ok) {
        buf_append_str(&out->text, buf_str(&value.text));
    }
    action.out_end = out->text.len;
    VEC_PUSH(&out->actions, action);
    buf_free(&value.text);
    return ok;
}

bool gomplate_render(struct str text, const struct patch_source *source, const char *base,
    struct gomplate_output *out, struct err *err)
{
    struct renderer r = {.source = source, .base = base, .text = text, .err = err};
    size_t at = 0;
    bool ok = true;
    bool trim_next = false;
    while (ok && at <= text.len) {
        size_t open = str_find(text, STR_LIT("{{"), at);
        struct piece piece = {.start = text.len, .end = text.len + 1};
        if (open != SIZE_MAX) {
            ok = find_action(&r, open, &piece);
        }
        struct str literal = str_slice(text, at, ok ? piece.start : text.len);
        if (trim_next) {
            literal = trim_set(literal, STR_LIT(" \t\r\n"), true, false);
        }
        if (piece.trim_left) {
            literal = str_trim_right(literal);
        }
        buf_append_str(&out->text, literal);
        if (ok && open != SIZE_MAX && !piece.comment) {
            ok = run_action(&r, &piece, out);
        }
        trim_next = piece.trim_right;
        at = piece.end;
    }
    free(r.path);
    return ok;
}

void gomplate_output_free(struct gomplate_output *output)
{
    VEC_FOREACH (struct gomplate_action, action, &output->actions) {
        free(action->path);
    }
    VEC_FREE(&output->actions);
    buf_free(&output->text);
}

void gomplate_escape(struct str text, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        size_t open = str_find(text, STR_LIT("{{"), at);
        size_t end = open == SIZE_MAX ? text.len : open;
        buf_append_str(out, str_slice(text, at, end));
        if (open != SIZE_MAX) {
            buf_append_c(out, "{{ \"{{\" }}");
            end += 2;
        }
        at = end;
    }
}
