#include "agent/mention.h"

#include "agent/fence.h"
#include "base/path.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdlib.h>

enum { MENTIONS_MAX = 20, DEFINITIONS_MAX = 20 };

struct gathering {
    const struct mention_source *source;
    struct buf *out, *said;
    size_t begin;      /* of what was appended to out */
    struct buf missed; /* what is not, and why: "a.bin (no text)" */
    /* What is there already: "path:from-to". */
    struct buf seen;
};

/* ---- names ---- */

static bool begins_word(struct str text, size_t at)
{
    return at == 0 || strchr(" \t\n([{\"'`,;", text.ptr[at - 1]) != NULL;
}

bool mention_next(struct str *rest, struct str *name)
{
    for (size_t at = 0; (at = str_find_char(*rest, '@', at)) != SIZE_MAX; at++) {
        size_t end = at + 1;
        while (end < rest->len && !isspace((unsigned char)rest->ptr[end]) &&
               strchr("()[]{}\"'`,;", rest->ptr[end]) == NULL) {
            end++;
        }
        size_t next = end;
        while (end > at + 1 && strchr(".:!?", rest->ptr[end - 1]) != NULL) {
            end--;
        }
        if (begins_word(*rest, at) && end > at + 1) {
            *name = str_slice(*rest, at + 1, end);
            *rest = str_from(*rest, next);
            return true;
        }
    }
    *rest = str_from(*rest, rest->len);
    return false;
}

/* "a.rego:12-40" is a path and lines; without them 0 and 0. */
static struct str cut_lines(struct str name, size_t *from, size_t *to)
{
    size_t colon = name.len;
    while (colon > 0 && name.ptr[colon - 1] != ':') {
        colon--;
    }
    *from = *to = 0;
    if (colon == 0) {
        return name;
    }
    size_t numbers[2] = {0, 0};
    size_t which = 0;
    for (size_t i = colon; i < name.len; i++) {
        if (name.ptr[i] == '-' && which == 0 && i > colon) {
            which = 1;
        } else if (isdigit((unsigned char)name.ptr[i]) && numbers[which] < 100000000) {
            numbers[which] = numbers[which] * 10 + (size_t)(name.ptr[i] - '0');
        } else {
            return name;
        }
    }
    *from = numbers[0];
    *to = numbers[1] >= numbers[0] ? numbers[1] : numbers[0];
    return *from == 0 ? name : str_slice(name, 0, colon - 1);
}

/* ---- content ---- */

static bool was_seen(struct gathering *all, const char *path, size_t from, size_t to)
{
    char *key = mem_printf("\n%s:%zu-%zu\n", path, from, to);
    bool seen = str_find(buf_str(&all->seen), str_of(key), 0) != SIZE_MAX;
    buf_append_c(&all->seen, seen ? "" : key);
    free(key);
    return seen;
}

static size_t count_lines(struct str text)
{
    size_t count = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        count++;
    }
    return count;
}

static void say(struct gathering *all, const char *path, size_t from, size_t to, bool cut)
{
    buf_printf(all->said, "%s%s, lines %zu-%zu%s", all->said->len > 0 ? "; " : "Sent along: ", path,
        from, to, cut ? " (cut)" : "");
}

static void miss(struct gathering *all, struct str name, const char *why)
{
    buf_printf(&all->missed, "%s%.*s (%s)", all->missed.len > 0 ? ", " : "", STR_FMT(name), why);
}

/* Lines from..to (from 1; to 0: all) of the file, as far as there is room. */
static void add_lines(
    struct gathering *all, const char *path, struct str text, size_t from, size_t to)
{
    size_t used = all->out->len - all->begin;
    size_t room = used < MENTION_ALL_MAX ? MENTION_ALL_MAX - used : 0;
    room = room < MENTION_ONE_MAX ? room : MENTION_ONE_MAX;
    size_t total = count_lines(text);
    size_t last = to == 0 || to > total ? total : to;
    size_t first = from == 0 ? 1 : from;
    if (first > last) {
        miss(all, str_of(path), total == 0 ? "empty" : "no such lines");
        return;
    }
    if (was_seen(all, path, first, last)) {
        return;
    }
    struct buf body = BUF_INIT;
    struct str line;
    size_t number = 0;
    size_t shown = 0;
    while (number < last && str_next_line(&text, &line)) {
        number++;
        if (number < first) {
            continue;
        }
        if (body.len + line.len + 1 > room) {
            break;
        }
        buf_append_str(&body, line);
        buf_append_char(&body, '\n');
        shown = number;
    }
    bool cut = shown < last;
    if (shown == 0) {
        buf_printf(all->out, "\n%s: left out, it is too long; read it with a tool.\n", path);
        miss(all, str_of(path), "too long");
    } else {
        buf_printf(all->out, "\n%s, lines %zu-%zu of %zu%s\n", path, first, shown, total,
            cut ? " (cut: read the rest with a tool)" : "");
        fence_append(all->out, buf_str(&body));
        say(all, path, first, shown, cut);
    }
    buf_free(&body);
}

static bool is_text(struct str bytes)
{
    return utf8_is_valid(bytes) &&
           memchr(bytes.ptr == NULL ? "" : bytes.ptr, '\0', bytes.len) == NULL;
}

/* False: there is no such file. */
static bool add_file(struct gathering *all, struct str path, size_t from, size_t to)
{
    struct err err;
    char *clean = NULL;
    struct buf text = BUF_INIT;
    bool found = path_check_relative(path, &clean, &err) &&
                 all->source->read(all->source->data, clean, &text, &err);
    if (!found && clean != NULL && err.kind == ERR_LIMIT) {
        buf_printf(all->out, "\n%s: left out, it is too long; read it with a tool.\n", clean);
        miss(all, str_of(clean), "too long");
        found = true;
    } else if (found && !is_text(buf_str(&text))) {
        buf_printf(all->out, "\n%s: left out, it is no text.\n", clean);
        miss(all, str_of(clean), "no text");
    } else if (found) {
        add_lines(all, clean, buf_str(&text), from, to);
    }
    buf_free(&text);
    free(clean);
    return found;
}

/* ---- packages and rules ---- */

struct places {
    struct str name;
    struct {
        char *path;
        size_t from, to; /* 0: all of the file */
    } items[DEFINITIONS_MAX];
    size_t count;
};

static bool names(struct str name, const struct catalog_entry *entry)
{
    const struct symbol_definition *definition = entry->definition;
    struct str own = str_of(definition->name);
    struct str container = str_of(entry->container == NULL ? "" : entry->container);
    if (str_equal(name, own)) {
        return true; /* a package, a policy, a rule that needs no more */
    }
    return container.len > 0 && name.len == container.len + 1 + own.len &&
           memcmp(name.ptr, container.ptr, container.len) == 0 && name.ptr[container.len] == '.' &&
           memcmp(name.ptr + container.len + 1, own.ptr, own.len) == 0;
}

static bool look(void *data, const struct catalog_entry *entry)
{
    struct places *places = data;
    if (entry->definition->name == NULL || !names(places->name, entry)) {
        return true;
    }
    bool whole = entry->definition->kind == SYMBOL_PACKAGE;
    places->items[places->count].path = mem_strdup(entry->path);
    places->items[places->count].from = whole ? 0 : entry->definition->whole.row + 1;
    /* The range may end at the beginning of the line behind. */
    size_t end = entry->definition->whole.end_row + (entry->definition->whole.end_col > 0);
    places->items[places->count].to = whole ? 0 : end;
    places->count++;
    return places->count < DEFINITIONS_MAX;
}

/* False: there is none. */
static bool add_symbol(struct gathering *all, struct str name)
{
    struct places places = {.name = str_starts(name, "data.") ? str_from(name, 5) : name};
    if (all->source->catalog == NULL) {
        return false;
    }
    catalog_each(all->source->catalog, look, &places);
    for (size_t i = 0; i < places.count; i++) {
        (void)add_file(all, str_of(places.items[i].path), places.items[i].from, places.items[i].to);
        free(places.items[i].path);
    }
    return places.count > 0;
}

/* A word with an "@" may be anything; one with a dot or a slash was to name something. */
static bool means_something(struct str name)
{
    return str_find_char(name, '.', 0) != SIZE_MAX || str_find_char(name, '/', 0) != SIZE_MAX;
}

void mention_append(
    struct str prompt, const struct mention_source *source, struct buf *out, struct buf *said)
{
    static const char head[] = "[What the prompt names with @, as it is in the workspace now]\n";
    struct gathering all = {.source = source, .out = out, .said = said, .begin = out->len};
    struct str name;
    buf_append_c(out, head);
    size_t empty = out->len;
    for (int i = 0; i < MENTIONS_MAX && mention_next(&prompt, &name); i++) {
        size_t from;
        size_t to;
        struct str path = cut_lines(name, &from, &to);
        if (!add_file(&all, path, from, to) && !add_symbol(&all, name) && means_something(name)) {
            miss(&all, name, "names nothing here");
        }
    }
    if (all.missed.len > 0) {
        buf_printf(said, "%sNot sent: %s", said->len > 0 ? ". " : "", all.missed.ptr);
    }
    buf_free(&all.missed);
    if (out->len == empty) {
        out->len = all.begin;
    }
    buf_free(&all.seen);
}
