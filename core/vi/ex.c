/* Ex commands: addresses, names, and which row of the table does the work. */
#include "vi/vi_rows.h"

#include <ctype.h>

#define EX_DEPTH 20

static bool number(struct str *s, size_t *value)
{
    if (s->len == 0 || !isdigit((unsigned char)s->ptr[0])) {
        return false;
    }
    *value = 0;
    while (s->len > 0 && isdigit((unsigned char)s->ptr[0]) && *value < 100000000) {
        *value = *value * 10 + (size_t)(s->ptr[0] - '0');
        *s = str_from(*s, 1);
    }
    return true;
}

static void skip_blanks(struct str *s)
{
    while (s->len > 0 && vi_blank(s->ptr[0])) {
        *s = str_from(*s, 1);
    }
}

void vi_ex_count(const struct vi *vi, struct vi_ex *ex, struct str digits)
{
    size_t count = 0, lines = vi_line_count(vi);
    if (number(&digits, &count) && count > 0) {
        ex->first = ex->last;
        ex->last = lines - ex->last > count ? ex->last + count - 1 : lines - 1;
    }
}

struct str vi_ex_delimited(struct str *s, char delimiter)
{
    size_t at = 0;
    while (at < s->len && s->ptr[at] != delimiter) {
        at += s->ptr[at] == '\\' && at + 1 < s->len ? 2 : 1;
    }
    struct str part = str_slice(*s, 0, at);
    *s = str_from(*s, at + 1);
    return part;
}

static bool find_address(struct vi *vi, struct str *s, size_t from, size_t *line)
{
    char delimiter = s->ptr[0];
    *s = str_from(*s, 1);
    struct str pattern = vi_ex_delimited(s, delimiter);
    struct search *search = vi_compile(vi, pattern, true);
    size_t start, end;
    if (search == NULL) {
        return false;
    }
    size_t at = delimiter == '/' ? text_line_end(vi->text, from) : text_line_start(vi->text, from);
    if (!vi_find_from(vi, search, delimiter == '/', at, &start, &end, vi->options.wrapscan)) {
        return vi_say(vi, true, "not found: %.*s", STR_FMT(pattern));
    }
    vi->search.forward = delimiter == '/';
    *line = vi_pos_of(vi, start).line;
    return true;
}

static bool mark_address(struct vi *vi, struct str *s, size_t *line)
{
    struct vi_pos pos;
    const char *path;
    char name = s->len > 1 ? s->ptr[1] : '\0';
    *s = str_from(*s, 2);
    if (!vi_mark_get(vi, name, &pos, &path) || path != NULL) {
        return vi_say(vi, true, "mark %c is not set", name == '\0' ? ' ' : name);
    }
    *line = pos.line;
    return true;
}

/* The first part of an address; line counts from 1, 0 is before the first. */
static bool base_address(struct vi *vi, struct str *s, size_t from, size_t *line, bool *found)
{
    size_t value;
    *found = true;
    if (number(s, &value)) {
        *line = value;
        return true;
    }
    char c = s->len > 0 ? s->ptr[0] : '\0';
    switch (c) {
    case '.':
        *line = from + 1;
        *s = str_from(*s, 1);
        return true;
    case '$':
        *line = vi_line_count(vi);
        *s = str_from(*s, 1);
        return true;
    case '\'':
        if (!mark_address(vi, s, &value)) {
            return false;
        }
        *line = value + 1;
        return true;
    case '/':
    case '?':
        if (!find_address(vi, s, from, &value)) {
            return false;
        }
        *line = value + 1;
        return true;
    default:
        *found = c == '+' || c == '-';
        *line = from + 1;
        return true;
    }
}

bool vi_ex_address(struct vi *vi, struct str *s, size_t from, size_t *line, bool *found)
{
    skip_blanks(s);
    if (!base_address(vi, s, from, line, found)) {
        return false;
    }
    skip_blanks(s);
    while (*found && s->len > 0 && (s->ptr[0] == '+' || s->ptr[0] == '-')) {
        bool minus = s->ptr[0] == '-';
        size_t by = 1;
        *s = str_from(*s, 1);
        number(s, &by);
        if (minus && by > *line) {
            return vi_say(vi, true, "there is no line before the first");
        }
        *line = minus ? *line - by : *line + by;
        skip_blanks(s);
    }
    return true;
}

/* A column of another line may lie within a character of this one. */
static void onto_character(struct vi *vi)
{
    struct str line = vi_here(vi);
    size_t at = 0;
    while (at < line.len && vi_next_col(line, at) <= vi->cursor.col) {
        at = vi_next_col(line, at);
    }
    vi->cursor.col = at;
}

/* The range before a command. first and last count from 1 (0: before the first). */
static bool range(struct vi *vi, struct str *s, size_t *first, size_t *last, size_t *given)
{
    size_t here = vi->cursor.line;
    *first = *last = here + 1;
    *given = 0;
    skip_blanks(s);
    if (str_starts(*s, "%")) {
        *s = str_from(*s, 1);
        *first = 1;
        *last = vi_line_count(vi);
        *given = 2;
        return true;
    }
    if (str_starts(*s, "*")) {
        *s = str_from(*s, 1);
        struct str marks = STR_LIT("'<,'>");
        return range(vi, &marks, first, last, given);
    }
    for (;;) {
        size_t line;
        bool found;
        if (!vi_ex_address(vi, s, here, &line, &found)) {
            return false;
        }
        bool more = str_starts(*s, ",") || str_starts(*s, ";");
        if (!found && !more && *given == 0) {
            return true;
        }
        *first = *given == 0 ? line : *last;
        *last = line;
        (*given)++;
        if (!more) {
            break;
        }
        if (s->ptr[0] == ';') {
            here = line > 0 ? line - 1 : 0;
            vi->cursor.line = here;
            vi_clamp(vi);
            onto_character(vi);
        }
        *s = str_from(*s, 1);
    }
    size_t lines = vi_line_count(vi);
    struct str rest = *s;
    skip_blanks(&rest);
    if (rest.len == 0 || rest.ptr[0] == '|') {
        *last = *last < lines ? *last : lines; /* no command: as far as there are lines */
        return true;
    }
    if (*first > lines || *last > lines) {
        return vi_say(vi, true, "there is no line %zu", *first > lines ? *first : *last);
    }
    if (*first > *last) {
        size_t swap = *first;
        *first = *last;
        *last = swap;
    }
    return true;
}

static bool is_name(const struct vi_ex_row *row, struct str name)
{
    return name.len >= strlen(row->shortest) && str_starts(str_of(row->name), row->shortest) &&
           name.len <= strlen(row->name) && memcmp(row->name, name.ptr, name.len) == 0;
}

static const struct vi_ex_row *find_row(struct str *s)
{
    size_t len = 0;
    if (s->len > 0 && strchr("<>&~=!@", s->ptr[0]) != NULL) {
        len = str_starts(*s, "&&") ? 2 : 1;
    } else {
        while (len < s->len && isalpha((unsigned char)s->ptr[len])) {
            len++;
        }
        /* :kx, :s/ with flags glued on: the letter is the name. */
        if (len > 1 && s->ptr[0] == 'k' && len == 2) {
            len = 1;
        }
    }
    struct str name = str_slice(*s, 0, len);
    for (size_t i = 0; i < vi_ex_row_count; i++) {
        if (len > 0 && is_name(&vi_ex_rows[i], name)) {
            *s = str_from(*s, len);
            return &vi_ex_rows[i];
        }
    }
    return NULL;
}

/* The command's own part of the line, up to a | that is none of it. */
static struct str argument(struct str *s, const struct vi_ex_row *row)
{
    size_t at = 0;
    if (row->flags & EX_BAR) {
        at = s->len;
    }
    while (at < s->len && s->ptr[at] != '|') {
        at += s->ptr[at] == '\\' && at + 1 < s->len ? 2 : 1;
    }
    struct str arg = str_slice(*s, 0, at);
    *s = str_from(*s, at + 1);
    return arg;
}

/* Which is no jump, as in Vim. */
static bool go_to(struct vi *vi, size_t line)
{
    vi->cursor.line = line > 0 ? line - 1 : 0;
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return true;
}

static bool run_host(struct vi *vi, const struct vi_ex *ex)
{
    if (ex->given > 0 && strcmp(ex->row->act, "write") == 0) {
        return vi_say(vi, true, ":%s saves whole files, not lines of one", ex->row->name);
    }
    return vi_act(vi, ex->row->act, str_trim(ex->arg), ex->bang, ex->given > 0 ? ex->last + 1 : 1);
}

static bool no_command(struct vi *vi, struct str name)
{
    size_t len = 0;
    while (len < name.len && isalpha((unsigned char)name.ptr[len])) {
        len++;
    }
    len = len == 0 && name.len > 0 ? 1 : len;
    const char *instead = vi_ex_absent(str_slice(name, 0, len));
    return instead != NULL ? vi_say(vi, true, "no :%.*s: %s", (int)len, name.ptr, instead)
                           : vi_say(vi, true, "no command :%.*s", STR_FMT(name));
}

/* :silent, :keepjumps and the like before a command, which mean nothing here. */
static void skip_modifiers(struct str *s)
{
    static const char *const names[] = {"silent!", "silent", "sil!", "sil", "keepjumps", "keepj",
        "keepmarks", "keepalt", "keeppatterns", "keepp", "lockmarks", "noautocmd", "noa"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (str_starts(*s, names[i]) && s->len > len && vi_blank(s->ptr[len])) {
            *s = str_from(*s, len);
            skip_blanks(s);
            i = SIZE_MAX; /* from the first again */
        }
    }
}

static bool one(struct vi *vi, struct str *s)
{
    struct vi_ex ex = {0};
    size_t first, last;
    skip_blanks(s);
    while (str_starts(*s, ":")) {
        *s = str_from(*s, 1);
        skip_blanks(s);
    }
    skip_modifiers(s);
    if (s->len == 0 || s->ptr[0] == '"') {
        *s = str_of("");
        return true;
    }
    struct str line = *s;
    if (!range(vi, s, &first, &last, &ex.given)) {
        return false;
    }
    bool lines = s->len < line.len;
    skip_blanks(s);
    if (s->len == 0 || s->ptr[0] == '|') {
        bool selection = str_equal_c(str_trim(str_slice(line, 0, line.len - s->len)), "'<,'>");
        *s = str_from(*s, 1);
        return selection || go_to(vi, last); /* : in a selection and nothing more */
    }
    struct str name = *s;
    ex.row = find_row(s);
    if (ex.row == NULL) {
        return no_command(vi, name);
    }
    if (lines && !(ex.row->flags & (EX_RANGE | EX_HOST))) {
        return vi_say(vi, true, ":%s takes no lines", ex.row->name);
    }
    if (ex.given == 0 && ex.row->flags & EX_WHOLE) {
        first = 1;
        last = vi_line_count(vi);
    }
    if (first == 0 && !(ex.row->flags & EX_ZERO)) {
        first = 1;
        last = last > 0 ? last : 1;
    }
    ex.zero = last == 0;
    ex.first = first > 0 ? first - 1 : 0;
    ex.last = last > 0 ? last - 1 : 0;
    if (str_starts(*s, "!") && ex.row->flags & EX_BANG) {
        ex.bang = true;
        *s = str_from(*s, 1);
    }
    ex.arg = argument(s, ex.row);
    if (ex.row->flags & EX_BAR) {
        *s = str_of("");
    }
    return ex.row->flags & EX_HOST ? run_host(vi, &ex) : ex.row->run(vi, &ex);
}

bool vi_ex(struct vi *vi, struct str line)
{
    struct buf copy = BUF_INIT;
    if (vi->ex_depth >= EX_DEPTH) {
        return vi_say(vi, true, "commands within commands too deep");
    }
    buf_append_str(&copy, line);
    struct str rest = buf_str(&copy);
    bool ok = true;
    vi->ex_depth++;
    while (ok && rest.len > 0 && vi->text != NULL) {
        ok = vi->ask.on ? vi_say(vi, true, ":s with c takes no command behind it") : one(vi, &rest);
    }
    vi->ex_depth--;
    buf_free(&copy);
    if (vi->text != NULL) {
        vi_clamp(vi);
    }
    return ok || vi_fail(vi);
}

static void offer(struct buf *out, const char *name, struct str word)
{
    if (strlen(name) >= word.len && memcmp(name, word.ptr == NULL ? "" : word.ptr, word.len) == 0) {
        buf_printf(out, "%s\n", name);
    }
}

size_t vi_ex_complete(struct vi *vi, struct str line, struct buf *out)
{
    size_t at = 1;
    while (at < line.len && !isalpha((unsigned char)line.ptr[at])) {
        at++;
    }
    size_t end = at;
    while (end < line.len && isalpha((unsigned char)line.ptr[end])) {
        end++;
    }
    struct str name = str_slice(line, at, end);
    if (end == line.len) {
        for (size_t i = 0; i < vi_ex_row_count; i++) {
            offer(out, vi_ex_rows[i].name, name);
        }
        return at;
    }
    size_t from = line.len;
    while (from > end && !vi_blank(line.ptr[from - 1])) {
        from--;
    }
    struct str word = str_from(line, from);
    if (str_starts(name, "se") && str_starts(STR_LIT("set"), "se") && name.len <= 3) {
        struct vi_entry entry;
        for (size_t i = 0; vi_set_entry(i, &entry); i++) {
            offer(out, entry.id + strlen("set."), word);
        }
    } else if (vi->host->complete_path != NULL) {
        vi->host->complete_path(vi->data, word, out);
    }
    return from;
}
