#include "patch/unified_parse.h"

#include "base/vec.h"
#include "patch/lines.h"
#include "patch/unified.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

struct parser {
    struct lines lines;
    size_t at;
    bool recount;
    bool most; /* what cannot be taken is told, not an error */
    struct ud_patch *out;
    struct err *err;
};

void ud_patch_free(struct ud_patch *patch)
{
    VEC_FOREACH (struct ud_file, file, patch) {
        VEC_FOREACH (struct ud_hunk, hunk, file) {
            VEC_FREE(hunk);
        }
        VEC_FREE(file);
        free(file->old_path);
        free(file->new_path);
    }
    VEC_FREE(patch);
}

static struct str line_at(const struct parser *p, size_t at)
{
    return at < p->lines.len ? p->lines.items[at].text : STR_LIT("");
}

/* Header lines do not carry a CR of their own. */
static struct str header_at(const struct parser *p, size_t at)
{
    struct str line = line_at(p, at);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static bool after(struct str line, const char *prefix, struct str *rest)
{
    if (!str_starts(line, prefix)) {
        return false;
    }
    *rest = str_from(line, strlen(prefix));
    return true;
}

/* Undoes git's quoting ("a\tb\303\244"); false when the quotes do not close. */
static bool unquote(struct str *rest, struct buf *out)
{
    size_t i = 1;
    for (; i < rest->len && rest->ptr[i] != '"'; i++) {
        char c = rest->ptr[i];
        if (c != '\\' || i + 1 >= rest->len) {
            buf_append_char(out, c);
            continue;
        }
        c = rest->ptr[++i];
        static const char from[] = "abtnvfr\"\\";
        static const char to[] = "\a\b\t\n\v\f\r\"\\";
        const char *known = strchr(from, c);
        if (known != NULL) {
            buf_append_char(out, to[known - from]);
        } else if (c >= '0' && c <= '3' && i + 2 < rest->len) {
            int value = (c - '0') * 64 + (rest->ptr[i + 1] - '0') * 8 + (rest->ptr[i + 2] - '0');
            buf_append_char(out, (char)value);
            i += 2;
        } else {
            return false;
        }
    }
    if (i >= rest->len) {
        return false;
    }
    *rest = str_from(*rest, i + 1);
    return true;
}

/* The name in a "--- NAME<TAB>timestamp" line. NULL for /dev/null. */
static char *header_name(struct str rest)
{
    struct buf name = BUF_INIT;
    if (rest.len > 0 && rest.ptr[0] == '"' && unquote(&rest, &name)) {
        return buf_take(&name);
    }
    buf_free(&name);
    size_t tab = str_find_char(rest, '\t', 0);
    rest = str_slice(rest, 0, tab == SIZE_MAX ? rest.len : tab);
    return str_equal_c(rest, "/dev/null") ? NULL : str_dup(rest);
}

static bool has_prefix(const char *path, const char *letters)
{
    return path != NULL && path[0] != '\0' && path[1] == '/' && strchr(letters, path[0]) != NULL;
}

/* a/x b/x (or i/ w/ c/ o/ with diff.mnemonicPrefix) lose their prefix; a pair without one, as from
 * --no-prefix, is left alone. */
static void strip_prefixes(char **old_path, char **new_path)
{
    bool old_has = *old_path == NULL || has_prefix(*old_path, "aciow12");
    bool new_has = *new_path == NULL || has_prefix(*new_path, "bciow12");
    if (!old_has || !new_has) {
        return;
    }
    if (*old_path != NULL) {
        memmove(*old_path, *old_path + 2, strlen(*old_path) - 1);
    }
    if (*new_path != NULL) {
        memmove(*new_path, *new_path + 2, strlen(*new_path) - 1);
    }
}

static void set_names(struct ud_file *file, char *old_path, char *new_path)
{
    strip_prefixes(&old_path, &new_path);
    free(file->old_path);
    free(file->new_path);
    file->old_path = old_path;
    file->new_path = new_path;
}

/* "a/x b/x" of a diff --git line: the same name twice, since a rename says so on lines of its own.
 */
static void git_line_names(struct ud_file *file, struct str rest)
{
    struct buf name = BUF_INIT;
    if (rest.len > 0 && rest.ptr[0] == '"') {
        if (unquote(&rest, &name) && rest.len > 0) {
            set_names(
                file, mem_strdup(name.ptr == NULL ? "" : name.ptr), header_name(str_trim(rest)));
        }
        buf_free(&name);
        return;
    }
    size_t half = rest.len / 2;
    if (rest.len % 2 == 1 && rest.ptr[half] == ' ' && half > 2 &&
        str_equal(str_slice(rest, 2, half), str_from(rest, half + 3))) {
        set_names(file, str_dup(str_slice(rest, 0, half)), str_dup(str_from(rest, half + 1)));
    }
}

static struct ud_file *push_file(struct parser *p)
{
    struct ud_file file = {.line = p->at + 1};
    VEC_PUSH(p->out, file);
    return &p->out->items[p->out->len - 1];
}

static bool fail_at(struct parser *p, size_t at, const char *what)
{
    struct str line = line_at(p, at);
    line.len = line.len > 160 ? 160 : line.len;
    return err_set(
        p->err, ERR_INVALID, "patch line %zu: %s: \"%.*s\"", at + 1, what, STR_FMT(line));
}

static bool is_pair(const struct parser *p, size_t at)
{
    return str_starts(line_at(p, at), "--- ") && str_starts(line_at(p, at + 1), "+++ ");
}

static bool take_pair(struct parser *p, struct ud_file *file)
{
    char *old_path = header_name(str_from(header_at(p, p->at), 4));
    char *new_path = header_name(str_from(header_at(p, p->at + 1), 4));
    if (file == NULL) {
        file = push_file(p);
    }
    if (old_path == NULL && new_path == NULL) {
        return fail_at(p, p->at, "both sides are /dev/null");
    }
    file->is_new = file->is_new || old_path == NULL;
    file->is_deleted = file->is_deleted || new_path == NULL;
    if (file->is_rename || file->is_copy) {
        free(old_path);
        free(new_path);
    } else {
        set_names(file, old_path, new_path);
    }
    p->at += 2;
    return true;
}

static bool set_mode(struct parser *p, struct ud_file *file, struct str text)
{
    char digits[8] = {0};
    if (text.len == 0 || text.len >= sizeof digits) {
        return fail_at(p, p->at, "not a file mode");
    }
    memcpy(digits, text.ptr, text.len);
    char *end;
    file->mode = (unsigned)strtoul(digits, &end, 8);
    if (*end != '\0') {
        return fail_at(p, p->at, "not a file mode");
    }
    if (p->most) {
        bool takes = (file->mode & 0170000) == 0100000 || (file->mode & 0170000) == 0120000;
        file->refused = takes                               ? file->refused
                        : (file->mode & 0170000) == 0160000 ? "a submodule"
                                                            : "a special file";
        return true;
    }
    if ((file->mode & 0170000) != 0100000) {
        return err_set(p->err, ERR_UNSUPPORTED, "patch line %zu: %s are not patched here",
            p->at + 1,
            (file->mode & 0170000) == 0120000   ? "symbolic links"
            : (file->mode & 0170000) == 0160000 ? "submodules"
                                                : "special files");
    }
    return true;
}

static void set_name(char **name, struct str rest)
{
    free(*name);
    *name = header_name(rest);
}

static const char a_binary[] = "a binary file";

/* One of git's extended headers; *taken tells whether it was. */
static bool take_extended(struct parser *p, struct ud_file *file, bool *taken)
{
    struct str line = header_at(p, p->at);
    struct str rest;
    *taken = true;
    if (after(line, "new file mode ", &rest)) {
        file->is_new = true;
        return set_mode(p, file, rest);
    }
    if (after(line, "deleted file mode ", &rest)) {
        file->is_deleted = true;
        return set_mode(p, file, rest);
    }
    if (after(line, "new mode ", &rest)) {
        return set_mode(p, file, rest);
    }
    if (after(line, "rename from ", &rest) || after(line, "copy from ", &rest)) {
        file->is_rename = line.ptr[0] == 'r';
        file->is_copy = !file->is_rename;
        set_name(&file->old_path, rest);
        return true;
    }
    if (after(line, "rename to ", &rest) || after(line, "copy to ", &rest)) {
        set_name(&file->new_path, rest);
        return true;
    }
    if (after(line, "Binary files ", &rest) || str_equal_c(line, "GIT binary patch")) {
        file->refused = a_binary;
        return p->most || err_set(p->err, ERR_UNSUPPORTED,
                              "patch line %zu: a binary file cannot be patched here: %s", p->at + 1,
                              file->new_path != NULL   ? file->new_path
                              : file->old_path != NULL ? file->old_path
                                                       : "(no name)");
    }
    *taken = str_starts(line, "old mode ") || str_starts(line, "similarity index ") ||
             str_starts(line, "dissimilarity index ") || str_starts(line, "index ");
    return true;
}

static bool take_git_header(struct parser *p)
{
    struct ud_file *file = push_file(p);
    git_line_names(file, str_from(header_at(p, p->at), strlen("diff --git ")));
    p->at++;
    bool taken = true;
    while (taken && p->at < p->lines.len) {
        if (!take_extended(p, file, &taken)) {
            return false;
        }
        p->at += taken;
    }
    bool ends = file->refused != NULL && strcmp(file->refused, a_binary) == 0;
    return ends || !is_pair(p, p->at) || take_pair(p, file);
}

static bool number(struct str *s, size_t *out)
{
    size_t i = 0;
    *out = 0;
    while (i < s->len && i < 9 && isdigit((unsigned char)s->ptr[i])) {
        *out = *out * 10 + (size_t)(s->ptr[i++] - '0');
    }
    *s = str_from(*s, i);
    return i > 0;
}

static bool range(struct str *s, char sign, size_t *start, size_t *count)
{
    *count = 1;
    if (s->len == 0 || s->ptr[0] != sign) {
        return false;
    }
    *s = str_from(*s, 1);
    if (!number(s, start)) {
        return false;
    }
    if (s->len > 0 && s->ptr[0] == ',') {
        *s = str_from(*s, 1);
        return number(s, count);
    }
    return true;
}

/* "@@ -a,b +c,d @@", or a bare "@@" (then the counts are whatever follows). */
static bool parse_hunk_header(struct str line, struct ud_hunk *hunk)
{
    struct str s = str_from(line, 2);
    size_t new_start;
    if (str_starts(s, " ")) {
        s = str_from(s, 1);
        if (range(&s, '-', &hunk->old_start, &hunk->old_count) && str_starts(s, " ")) {
            s = str_from(s, 1);
            if (range(&s, '+', &new_start, &hunk->new_count) && str_starts(s, " @@")) {
                hunk->has_position = true;
            }
        }
    }
    return hunk->has_position;
}

static bool ends_hunk(const struct parser *p, bool satisfied)
{
    struct str line = line_at(p, p->at);
    if (str_starts(line, "@@") || str_starts(line, "diff --git ")) {
        return true;
    }
    if (is_pair(p, p->at) && (satisfied || p->recount)) {
        return true;
    }
    if (line.len == 0) {
        return satisfied;
    }
    if (satisfied && (str_equal_c(line, "-- ") || !p->recount)) {
        return line.ptr[0] != '\\';
    }
    return strchr(" +-\\\r", line.ptr[0]) == NULL;
}

static void take_hunk_line(
    struct parser *p, struct ud_hunk *hunk, size_t *old_left, size_t *new_left)
{
    struct str line = line_at(p, p->at);
    if (line.len > 0 && line.ptr[0] == '\\') {
        if (hunk->len > 0) {
            hunk->items[hunk->len - 1].no_newline = true;
        }
        return;
    }
    /* Mailers and models drop the blank of an empty context line. */
    bool bare = line.len == 0 || line.ptr[0] == '\r';
    struct ud_line entry = {
        .op = bare ? ' ' : line.ptr[0],
        .text = bare ? line : str_from(line, 1),
    };
    *old_left -= entry.op != '+' && *old_left > 0;
    *new_left -= entry.op != '-' && *new_left > 0;
    VEC_PUSH(hunk, entry);
}

static bool take_hunk(struct parser *p)
{
    if (p->out->len == 0) {
        return fail_at(p, p->at, "a hunk without a file header (\"--- a/PATH\", \"+++ b/PATH\")");
    }
    struct ud_file *file = &p->out->items[p->out->len - 1];
    struct ud_hunk hunk = {.line = p->at + 1};
    bool header = parse_hunk_header(header_at(p, p->at), &hunk);
    if (!header && !p->recount) {
        return fail_at(p, p->at, "a hunk header reads \"@@ -START,COUNT +START,COUNT @@\"");
    }
    size_t old_left = p->recount ? SIZE_MAX : hunk.old_count;
    size_t new_left = p->recount ? SIZE_MAX : hunk.new_count;
    p->at++;
    while (p->at < p->lines.len && !ends_hunk(p, old_left == 0 && new_left == 0)) {
        take_hunk_line(p, &hunk, &old_left, &new_left);
        p->at++;
    }
    while (p->recount && hunk.len > 0 && hunk.items[hunk.len - 1].op == ' ' &&
           hunk.items[hunk.len - 1].text.len == 0) {
        hunk.len--; /* blank lines after the last hunk are the text around it */
    }
    VEC_PUSH(file, hunk);
    if (!p->recount && !p->most && (old_left > 0 || new_left > 0)) {
        return fail_at(p, hunk.line - 1, "the hunk has fewer lines than its header says");
    }
    return hunk.len > 0 || p->most || fail_at(p, hunk.line - 1, "the hunk has no lines");
}

static bool check_files(struct parser *p)
{
    if (p->out->len == 0) {
        return err_set(p->err, ERR_INVALID,
            "there is no diff in this text: no \"--- \" and "
            "\"+++ \" lines and no \"diff --git\" line");
    }
    VEC_FOREACH (struct ud_file, file, p->out) {
        if ((file->old_path == NULL && file->new_path == NULL) ||
            ((file->is_rename || file->is_copy) &&
                (file->old_path == NULL || file->new_path == NULL))) {
            return err_set(
                p->err, ERR_INVALID, "patch line %zu: the file header has no name", file->line);
        }
    }
    return true;
}

static bool take_step(struct parser *p)
{
    struct str line = line_at(p, p->at);
    if (str_starts(line, "diff --git ")) {
        return take_git_header(p);
    }
    if (is_pair(p, p->at)) {
        return take_pair(p, NULL);
    }
    if (str_starts(line, "@@") && (p->out->len > 0 || str_starts(line, "@@ -"))) {
        return take_hunk(p);
    }
    bool binary = str_starts(line, "Binary files ") && str_ends(header_at(p, p->at), " differ");
    if (binary && !p->most) {
        return err_set(
            p->err, ERR_UNSUPPORTED, "patch line %zu: a binary file cannot be patched", p->at + 1);
    }
    p->at++;
    return true;
}

static bool parse(struct str text, bool recount, bool most, struct ud_patch *out, struct err *err)
{
    *out = (struct ud_patch){0};
    if (text.len > UNIFIED_MAX_BYTES) {
        return err_set(
            err, ERR_LIMIT, "the patch is larger than %d MiB", UNIFIED_MAX_BYTES / 1024 / 1024);
    }
    struct parser p = {.recount = recount, .most = most, .out = out, .err = err};
    lines_split(text, LINES_LF, &p.lines);
    bool ok = true;
    while (ok && p.at < p.lines.len) {
        ok = take_step(&p);
    }
    ok = ok && check_files(&p);
    lines_free(&p.lines);
    if (!ok) {
        ud_patch_free(out);
    }
    return ok;
}

bool ud_parse(struct str text, bool recount, struct ud_patch *out, struct err *err)
{
    return parse(text, recount, false, out, err);
}

bool ud_parse_most(struct str text, bool recount, struct ud_patch *out, struct err *err)
{
    return parse(text, recount, true, out, err);
}
