/* What Kyverno says of a policy that it cannot use, and where that stands. Its own words give a
 * path ("spec.rules[0].validate.patern"), and for CEL a line and column of the expression. */
#include "engine/kyverno.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"

#include <ctype.h>
#include <stdlib.h>

#define POLICY_MAX_BYTES ((size_t)1 << 20)
enum { MESSAGE_MAX = 500 };

struct diagnosis {
    struct str error, text;
    struct buf pointer; /* "spec/rules/0/validate/patern"; empty: none */
    struct str rule;    /* the pointer begins at this rule; empty: at the document */
    struct str policy;  /* metadata.name; empty: not known */
    unsigned line, col; /* in the expression; 0: none */
    struct finding *finding;
    bool placed;
};

/* What stands between two words; empty: not there. */
static struct str between(struct str text, const char *before, const char *after)
{
    size_t from = str_find(text, str_of(before), 0);
    size_t to = from == SIZE_MAX ? SIZE_MAX : str_find(text, str_of(after), from + strlen(before));
    return to == SIZE_MAX ? str_make("", 0) : str_slice(text, from + strlen(before), to);
}

static bool is_path_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("._[]-", c) != NULL);
}

/* "spec.rules[0].validate.patern" anywhere in the text, as "spec/rules/0/validate/patern". */
static void read_dotted(struct diagnosis *d)
{
    size_t at = str_find(d->error, STR_LIT("spec."), 0);
    size_t rules = str_find(d->error, STR_LIT("spec["), 0);
    at = at < rules ? at : rules;
    while (at < d->error.len && is_path_char(d->error.ptr[at])) {
        char c = d->error.ptr[at++];
        if (c != ']') {
            buf_append_char(&d->pointer, c == '.' || c == '[' ? '/' : c);
        }
    }
}

static void read_number(struct str text, size_t *at, unsigned *number)
{
    *number = 0;
    while (*at < text.len && isdigit((unsigned char)text.ptr[*at]) && *number < 1000000) {
        *number = *number * 10 + (unsigned)(text.ptr[(*at)++] - '0');
    }
}

/* "ERROR: <input>:1:5: undeclared reference": the first of them. */
static void read_cel(struct diagnosis *d)
{
    static const struct str head = {"<input>:", 8};
    size_t at = str_find(d->error, head, 0);
    if (at != SIZE_MAX) {
        at += head.len;
        read_number(d->error, &at, &d->line);
        at += at < d->error.len && d->error.ptr[at] == ':';
        read_number(d->error, &at, &d->col);
    }
}

static void read_error(struct diagnosis *d)
{
    struct str path = kyverno_path_in(d->error);
    d->policy = between(d->error, "compile policy ", " ");
    if (path.len > 0) {
        d->rule = between(d->error, "for rule ", ":");
        size_t end = path.len;
        while (end > 0 && (path.ptr[end - 1] == ':' || path.ptr[end - 1] == '/')) {
            end--;
        }
        buf_append_str(&d->pointer, str_slice(path, 0, end));
    } else {
        read_dotted(d);
        read_cel(d);
    }
}

/* ---- places in expressions ---- */

/* A scalar's text as YAML reads it, character by character, with where each came from. */
struct reader {
    struct str raw;
    size_t at;
    size_t indent; /* of a block */
    char style;    /* '"', '\'', '|', '>' or 0 */
};

static size_t skip_blanks(struct str raw, size_t at)
{
    while (at < raw.len && (raw.ptr[at] == ' ' || raw.ptr[at] == '\t')) {
        at++;
    }
    return at;
}

static struct reader reader_of(struct str raw)
{
    struct reader r = {.raw = raw};
    char first = raw.len == 0 ? '\0' : raw.ptr[0];
    if (first == '"' || first == '\'') {
        r.style = first;
        r.at = 1;
    } else if (first == '|' || first == '>') {
        size_t line = str_find_char(raw, '\n', 0);
        r.style = first;
        r.at = line == SIZE_MAX ? raw.len : line + 1;
        size_t text = skip_blanks(raw, r.at);
        r.indent = text - r.at;
        r.at = text;
    }
    return r;
}

/* The next character; '\0' at the end. Lines are joined as the style says. */
static char read_char(struct reader *r)
{
    char c = r->at < r->raw.len ? r->raw.ptr[r->at] : '\0';
    bool block = r->style == '|' || r->style == '>';
    if (c == '\n') {
        size_t text = skip_blanks(r->raw, r->at + 1);
        bool deeper = text - r->at - 1 > r->indent;
        r->at = block && deeper ? r->at + 1 + r->indent : text;
        return r->style == '|' || (block && deeper) ? '\n' : ' ';
    }
    if (c == '\\' && r->style == '"') {
        r->at += 2;
        return c;
    }
    r->at += c != '\0';
    if (c == '\'' && r->style == '\'' && r->at < r->raw.len && r->raw.ptr[r->at] == '\'') {
        r->at++;
    }
    return c;
}

/* The offset in `raw` of a line and column (in characters) of what it says. */
static size_t offset_in(struct str raw, unsigned line, unsigned col)
{
    struct reader r = reader_of(raw);
    unsigned at_line = 1;
    unsigned at_col = 1;
    while (r.at < raw.len && (at_line < line || (at_line == line && at_col < col))) {
        char c = read_char(&r);
        if (c == '\n') {
            at_line++;
            at_col = 1;
        } else if (((unsigned char)c & 0xc0) != 0x80) {
            at_col++;
        }
        if (c == '\0') {
            break;
        }
    }
    while (r.at < raw.len && ((unsigned char)raw.ptr[r.at] & 0xc0) == 0x80) {
        r.at++;
    }
    return r.at < raw.len ? r.at : raw.len;
}

static struct position place_in_scalar(const struct diagnosis *d, TSNode node)
{
    size_t from = ts_node_start_byte(node);
    struct str raw = str_slice(d->text, from, ts_node_end_byte(node));
    struct position at = kyverno_place_of(node);
    size_t offset = offset_in(raw, d->line, d->col);
    for (size_t i = 0; i < offset; i++) {
        at.col++;
        if (raw.ptr[i] == '\n') {
            at.row++;
            at.col = 1;
        }
    }
    return at;
}

/* ---- places in policies ---- */

static bool says(struct str text, TSNode mapping, const char *path, struct str wanted)
{
    char *value = yaml_string(text, mapping, path);
    bool same = wanted.len == 0 || str_equal_c(wanted, value);
    free(value);
    return same;
}

static TSNode find_rule(const struct diagnosis *d, TSNode policy)
{
    TSNode rules = yaml_get_path(d->text, policy, "spec/rules");
    TSNode rule;
    uint32_t at = 0;
    while (yaml_next_item(rules, &at, &rule)) {
        if (says(d->text, rule, "name", d->rule)) {
            return rule;
        }
    }
    return policy;
}

/* A path that is not in the document is another document's, unless there is none better. */
static void place_in(void *data, TSNode object)
{
    struct diagnosis *d = data;
    TSNode key = {0};
    if (d->placed || !says(d->text, object, "metadata/name", d->policy)) {
        return;
    }
    TSNode from = d->rule.len > 0 ? find_rule(d, object) : object;
    TSNode node = kyverno_walk(d->text, from, buf_str(&d->pointer), &key);
    if (d->line > 0 && yaml_is_scalar(node)) {
        d->finding->at = place_in_scalar(d, node);
    } else {
        d->finding->at =
            kyverno_place_of(ts_node_is_null(key) || yaml_is_scalar(node) ? node : key);
    }
    d->placed = d->pointer.len == 0 || !ts_node_is_null(key);
}

/* ---- which file ---- */

static bool read_policy(const char *root, const char *path, struct buf *text)
{
    char *full = path_join(root, path);
    bool ok = file_read(full, POLICY_MAX_BYTES, text, NULL);
    free(full);
    return ok;
}

/* Whether a file is the one: it defines the policy, or (no policy is named) its path leads to a
 * value that the error quotes. */
struct search {
    const struct diagnosis *d;
    struct str text;
    bool found;
};

static bool is_quoted_in(struct str error, struct str text, TSNode scalar)
{
    struct buf quoted = BUF_INIT;
    size_t others = str_find(error, STR_LIT("supported values"), 0);
    error = others == SIZE_MAX ? error : str_slice(error, 0, others);
    buf_append_char(&quoted, '"');
    bool found = yaml_scalar(text, scalar, &quoted);
    buf_append_char(&quoted, '"');
    found = found && str_find(error, buf_str(&quoted), 0) != SIZE_MAX;
    buf_free(&quoted);
    return found;
}

static void search_in(void *data, TSNode object)
{
    struct search *search = data;
    const struct diagnosis *d = search->d;
    if (d->policy.len > 0) {
        search->found = search->found || says(search->text, object, "metadata/name", d->policy);
    } else if (d->pointer.len > 0) {
        TSNode node = kyverno_walk(search->text, object, buf_str(&d->pointer), NULL);
        search->found = search->found || is_quoted_in(d->error, search->text, node);
    }
}

static bool is_meant(const struct diagnosis *d, const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    struct search search = {.d = d};
    if (read_policy(root, path, &text)) {
        search.text = buf_str(&text);
        kyverno_each(search.text, search_in, &search);
    }
    buf_free(&text);
    return search.found;
}

/* The file that the error names, else the one that it speaks of, else the only one. */
static const char *choose(
    const struct diagnosis *d, const char *root, const char *const *paths, size_t count)
{
    const char *named = NULL;
    for (size_t i = 0; i < count; i++) {
        bool longer = named == NULL || strlen(paths[i]) > strlen(named);
        if (longer && str_find(d->error, str_of(paths[i]), 0) != SIZE_MAX) {
            named = paths[i];
        }
    }
    for (size_t i = 0; i < count && named == NULL; i++) {
        if (is_meant(d, root, paths[i])) {
            named = paths[i];
        }
    }
    return named == NULL && count == 1 ? paths[0] : named;
}

static struct str from_words(struct str text, const char *words)
{
    size_t at = str_find(text, str_of(words), 0);
    return at == SIZE_MAX ? text : str_from(text, at + strlen(words));
}

/* Without the brackets at its end that nothing in it opens. */
static struct str balanced(struct str text)
{
    int open = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        open += c == '(' || c == '[';
        open -= c == ')' || c == ']';
    }
    while (open < 0 && text.len > 0 && strchr(")]", text.ptr[text.len - 1]) != NULL) {
        text.len--;
        open++;
    }
    return text;
}

static struct str up_to(struct str text, const char *words)
{
    size_t at = str_find(text, str_of(words), 0);
    return at == SIZE_MAX ? text : str_slice(text, 0, at);
}

/* "Internal error: … : ERROR: <input>:1:5: undeclared reference to 'hass' (in container '')": what
 * the engineer wrote is at fault for, without what Kyverno went through to see it. */
static char *message_of(const struct diagnosis *d)
{
    static const char *const heads[] = {
        "failed to parse document (", " is invalid: ", "Internal error: "};
    struct str said = d->error;
    size_t cel = str_find(said, STR_LIT("ERROR: <input>:"), 0);
    size_t query = str_find(said, STR_LIT("invalid JMESPath query "), 0);
    if (cel != SIZE_MAX) { /* its place is the finding's; the lines after it draw the place */
        said = from_words(str_from(said, cel + strlen("ERROR: <input>:")), ": ");
        said = up_to(up_to(said, "\n"), " (in container");
    } else if (query != SIZE_MAX) {
        said = str_from(said, query);
    } else {
        said = str_starts(said, "compile policy ") ? from_words(said, " (") : said;
        for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
            said = from_words(said, heads[i]);
        }
        while (said.len > 0 && (said.ptr[0] == '[' || said.ptr[0] == '(')) {
            said = str_from(said, 1);
        }
        said = up_to(up_to(said, "\n"), ", spec.");
    }
    said = balanced(str_trim(said));
    return safe_dup(str_trim(said), SAFE_ONE_LINE, MESSAGE_MAX);
}

bool kyverno_diagnose(struct str error, const char *root, const char *const *paths, size_t count,
    struct finding *finding)
{
    struct diagnosis d = {.error = error, .finding = finding};
    struct buf text = BUF_INIT;
    read_error(&d);
    const char *path = choose(&d, root, paths, count);
    if (path != NULL) {
        *finding = (struct finding){.rule = mem_strdup("kyverno-load"),
            .severity = SEVERITY_ERROR,
            .file = mem_strdup(path),
            .at = {1, 1},
            .message = message_of(&d),
            .source = mem_strdup("kyverno")};
    }
    if (path != NULL && read_policy(root, path, &text)) {
        d.text = buf_str(&text);
        kyverno_each(d.text, place_in, &d);
    }
    buf_free(&text);
    buf_free(&d.pointer);
    return path != NULL;
}
