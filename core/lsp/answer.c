#include "lsp/answer.h"

#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>

enum { LABEL_MAX = 300, SYMBOL_DEPTH_MAX = 32, INSERT_MAX = 1 << 20 };

void lsp_places_free(struct lsp_places *places)
{
    VEC_FOREACH (struct lsp_place, place, places) {
        free(place->path);
    }
    VEC_FREE(places);
}

void lsp_item_free(struct lsp_item *item)
{
    free(item->label);
    free(item->detail);
    free(item->doc);
    free(item->sort);
    free(item->filter);
    free(item->text);
    text_edits_free(&item->more);
    cJSON_Delete(item->raw);
    *item = (struct lsp_item){0};
}

struct lsp_item lsp_item_copy(const struct lsp_item *item)
{
    struct lsp_item copy = *item;
    copy.label = mem_strdup(item->label);
    copy.detail = mem_strdup(item->detail);
    copy.doc = mem_strdup(item->doc);
    copy.sort = mem_strdup(item->sort);
    copy.filter = mem_strdup(item->filter);
    copy.text = mem_strdup(item->text);
    copy.raw = cJSON_Duplicate(item->raw, true);
    copy.more = (struct text_edits){0};
    VEC_FOREACH (const struct text_edit, edit, &item->more) {
        struct text_edit one = {.from = edit->from, .to = edit->to};
        buf_append_str(&one.with, buf_str(&edit->with));
        VEC_PUSH(&copy.more, one);
    }
    return copy;
}

void lsp_items_free(struct lsp_items *items)
{
    VEC_FOREACH (struct lsp_item, item, items) {
        lsp_item_free(item);
    }
    VEC_FREE(items);
}

void lsp_symbols_free(struct lsp_symbols *symbols)
{
    VEC_FOREACH (struct lsp_symbol, symbol, symbols) {
        free(symbol->name);
    }
    VEC_FREE(symbols);
}

static char *safe_or_null(const char *text, enum safe_keep keep, size_t max)
{
    return text == NULL || text[0] == '\0' ? NULL : safe_dup(str_of(text), keep, max);
}

/* A string, a MarkupContent, a MarkedString. */
static const char *markup(const cJSON *value)
{
    return cJSON_IsString(value) ? value->valuestring : json_string(value, "value");
}

static void append_markup(struct buf *out, const cJSON *value)
{
    const char *text = markup(value);
    if (text == NULL || text[0] == '\0' || out->len >= LSP_TEXT_MAX) {
        return;
    }
    if (out->len > 0) {
        buf_append_c(out, "\n\n");
    }
    size_t len = strlen(text);
    buf_append(out, text, len < LSP_TEXT_MAX ? len : LSP_TEXT_MAX);
}

static char *take_text(struct buf *text)
{
    char *out = NULL;
    struct str trimmed = str_trim(buf_str(text));
    if (trimmed.len > 0) {
        out = safe_dup(trimmed, SAFE_KEEP_LINES, LSP_TEXT_MAX);
    }
    buf_free(text);
    return out;
}

char *lsp_read_hover(const cJSON *result)
{
    struct buf text = BUF_INIT;
    const cJSON *contents = json_get(result, "contents");
    if (cJSON_IsArray(contents)) {
        const cJSON *part;
        cJSON_ArrayForEach(part, contents)
        {
            append_markup(&text, part);
        }
    } else {
        append_markup(&text, contents);
    }
    return take_text(&text);
}

/* The parameter's place in the label: told by offsets (taken as bytes only where the label is
 * ASCII), or found as text. */
static void find_parameter(const char *label, const cJSON *parameter, size_t *from, size_t *to)
{
    const cJSON *name = json_get(parameter, "label");
    struct str whole = str_of(label);
    if (cJSON_IsString(name)) {
        struct str wanted = str_of(name->valuestring);
        size_t at = wanted.len == 0 ? (size_t)-1 : str_find(whole, wanted, 0);
        if (at != (size_t)-1) {
            *from = at;
            *to = at + wanted.len;
        }
    } else if (cJSON_GetArraySize(name) == 2) {
        double a = cJSON_GetArrayItem(name, 0)->valuedouble;
        double b = cJSON_GetArrayItem(name, 1)->valuedouble;
        if (a >= 0 && a <= b && b <= (double)whole.len) {
            *from = lsp_byte_at(whole, (size_t)a, LSP_UTF16);
            *to = lsp_byte_at(whole, (size_t)b, LSP_UTF16);
        }
    }
}

char *lsp_read_signature(const cJSON *result, size_t *from, size_t *to)
{
    const cJSON *signatures = json_get(result, "signatures");
    long long active = json_int_or(result, "activeSignature", 0);
    const cJSON *signature =
        cJSON_GetArrayItem(signatures, active < 0 || active > 1000 ? 0 : (int)active);
    const char *label = json_string(signature, "label");
    *from = *to = 0;
    if (label == NULL) {
        return NULL;
    }
    long long parameter =
        json_int_or(signature, "activeParameter", json_int_or(result, "activeParameter", 0));
    char *shown = safe_dup(str_of(label), SAFE_ONE_LINE, 1000);
    if (parameter >= 0 && parameter < 1000) {
        find_parameter(
            shown, cJSON_GetArrayItem(json_get(signature, "parameters"), (int)parameter), from, to);
    }
    struct buf text = BUF_INIT;
    buf_append_c(&text, shown);
    free(shown);
    struct buf doc = BUF_INIT;
    append_markup(&doc, json_get(signature, "documentation"));
    char *plain = take_text(&doc);
    if (plain != NULL) {
        buf_printf(&text, "\n\n%s", plain);
    }
    free(plain);
    return buf_take(&text);
}

static const char *name_of(const char *const *names, size_t count, long long number)
{
    return number >= 1 && (size_t)number <= count ? names[number - 1] : "";
}

static const char *completion_kind(const cJSON *item)
{
    static const char *const names[] = {"text", "method", "function", "constructor", "field",
        "variable", "class", "interface", "module", "property", "unit", "value", "enum", "keyword",
        "snippet", "colour", "file", "reference", "folder", "member", "constant", "struct", "event",
        "operator", "type"};
    return name_of(names, ARRAY_LEN(names), json_int_or(item, "kind", 0));
}

static const char *symbol_kind(const cJSON *item)
{
    static const char *const names[] = {"file", "module", "namespace", "package", "class", "method",
        "property", "field", "constructor", "enum", "interface", "function", "variable", "constant",
        "string", "number", "boolean", "array", "object", "key", "null", "member", "struct",
        "event", "operator", "type"};
    return name_of(names, ARRAY_LEN(names), json_int_or(item, "kind", 0));
}

/* Edits of [{range, newText}]; false: one makes no sense, or they overlap. */
static bool read_more(struct lsp_mapper *mapper, const cJSON *list, struct text_edits *edits)
{
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, list)
    {
        struct text_edit edit = {0};
        const char *text = json_string(one, "newText");
        if (count++ >= 100 || text == NULL ||
            !lsp_range_of(mapper, json_get(one, "range"), &edit.from, &edit.to)) {
            return false;
        }
        buf_append_c(&edit.with, text);
        VEC_PUSH(edits, edit);
    }
    return text_edits_sort(edits, TEXT_MAX);
}

static void read_edit(
    struct lsp_mapper *mapper, const cJSON *raw, size_t word, size_t at, struct lsp_item *item)
{
    const cJSON *edit = json_get(raw, "textEdit");
    const cJSON *range = json_get(edit, "range");
    const char *text = json_string(edit, "newText");
    if (range == NULL) {
        range = json_get(edit, "insert");
    }
    if (text == NULL || !lsp_range_of(mapper, range, &item->from, &item->to)) {
        item->from = word;
        item->to = at;
        text = json_string_or(raw, "insertText", json_string(raw, "label"));
    }
    if (strlen(text) > INSERT_MAX) {
        text = "";
    }
    if (json_int_or(raw, "insertTextFormat", 1) == 2) {
        item->text = lsp_plain_snippet(text, &item->cursor);
    } else {
        item->text = mem_strdup(text);
        item->cursor = strlen(text);
    }
    if (!read_more(mapper, json_get(raw, "additionalTextEdits"), &item->more)) {
        text_edits_free(&item->more);
    }
}

static char *documentation(const cJSON *raw)
{
    struct buf doc = BUF_INIT;
    append_markup(&doc, json_get(raw, "documentation"));
    return take_text(&doc);
}

static int compare_items(const void *x, const void *y)
{
    const struct lsp_item *a = x;
    const struct lsp_item *b = y;
    int order = strcmp(a->sort, b->sort);
    return order != 0 ? order : strcmp(a->label, b->label);
}

static bool read_item(
    struct lsp_mapper *mapper, cJSON *raw, size_t word, size_t at, struct lsp_items *items)
{
    const char *label = json_string(raw, "label");
    if (label == NULL || label[0] == '\0') {
        return false;
    }
    struct lsp_item item = {.kind = completion_kind(raw)};
    item.label = safe_dup(str_of(label), SAFE_ONE_LINE, LABEL_MAX);
    item.detail = safe_or_null(json_string(raw, "detail"), SAFE_ONE_LINE, LABEL_MAX);
    item.doc = documentation(raw);
    item.sort = safe_dup(str_of(json_string_or(raw, "sortText", label)), SAFE_ONE_LINE, LABEL_MAX);
    item.filter =
        safe_dup(str_of(json_string_or(raw, "filterText", label)), SAFE_ONE_LINE, LABEL_MAX);
    read_edit(mapper, raw, word, at, &item);
    item.raw = raw;
    VEC_PUSH(items, item);
    return true;
}

void lsp_read_completion(
    struct lsp_mapper *mapper, cJSON *result, size_t word, size_t at, struct lsp_items *items)
{
    cJSON *list = cJSON_IsArray(result) ? result : json_get(result, "items");
    items->incomplete = json_bool_or(result, "isIncomplete", false);
    cJSON *raw = cJSON_IsArray(list) ? list->child : NULL;
    for (size_t seen = 0; raw != NULL && items->len < LSP_ITEMS_MAX && seen < 10000; seen++) {
        cJSON *next = raw->next;
        if (cJSON_IsObject(raw) && json_string(raw, "label") != NULL) {
            cJSON_DetachItemViaPointer(list, raw);
            if (!read_item(mapper, raw, word, at, items)) {
                cJSON_Delete(raw);
            }
        }
        raw = next;
    }
    items->incomplete = items->incomplete || raw != NULL;
    if (items->len > 0) {
        qsort(items->items, items->len, sizeof *items->items, compare_items);
    }
}

void lsp_read_resolved(struct lsp_mapper *mapper, const cJSON *result, struct lsp_item *item)
{
    char *doc = documentation(result);
    if (doc != NULL) {
        free(item->doc);
        item->doc = doc;
    }
    char *detail = safe_or_null(json_string(result, "detail"), SAFE_ONE_LINE, LABEL_MAX);
    if (detail != NULL) {
        free(item->detail);
        item->detail = detail;
    }
    if (item->more.len == 0 &&
        !read_more(mapper, json_get(result, "additionalTextEdits"), &item->more)) {
        text_edits_free(&item->more);
    }
}

static const char *action_kind(const char *kind)
{
    static const char *const known[] = {"quickfix", "refactor", "source"};
    for (size_t i = 0; kind != NULL && i < ARRAY_LEN(known); i++) {
        if (str_starts(str_of(kind), known[i])) {
            return known[i];
        }
    }
    return "";
}

void lsp_read_actions(cJSON *result, struct lsp_items *items)
{
    cJSON *raw = cJSON_IsArray(result) ? result->child : NULL;
    for (size_t seen = 0; raw != NULL && items->len < LSP_ITEMS_MAX && seen < 10000; seen++) {
        cJSON *next = raw->next;
        const char *title = json_string(raw, "title");
        if (title != NULL && title[0] != '\0') {
            const char *why = json_string(json_get(raw, "disabled"), "reason");
            struct lsp_item item = {.kind = action_kind(json_string(raw, "kind"))};
            item.label = safe_dup(str_of(title), SAFE_ONE_LINE, LABEL_MAX);
            item.detail = safe_or_null(why, SAFE_ONE_LINE, LABEL_MAX);
            item.doc = safe_or_null(
                json_string(cJSON_GetArrayItem(json_get(raw, "diagnostics"), 0), "code"),
                SAFE_ONE_LINE, LABEL_MAX);
            item.raw = cJSON_DetachItemViaPointer(result, raw);
            VEC_PUSH(items, item);
        }
        raw = next;
    }
}

static void read_symbol_list(
    struct lsp_mapper *mapper, const cJSON *list, unsigned depth, struct lsp_symbols *symbols)
{
    const cJSON *raw;
    cJSON_ArrayForEach(raw, list)
    {
        const char *name = json_string(raw, "name");
        if (symbols->len >= LSP_SYMBOLS_MAX || depth > SYMBOL_DEPTH_MAX) {
            return;
        }
        const cJSON *range = json_get(raw, "range");
        if (range == NULL) { /* SymbolInformation */
            range = json_get_path(raw, "location.range");
        }
        if (name == NULL || range == NULL) {
            continue;
        }
        struct lsp_symbol symbol = {.kind = symbol_kind(raw), .depth = depth};
        symbol.name = safe_dup(str_of(name), SAFE_ONE_LINE, LABEL_MAX);
        symbol.at = lsp_place_of(mapper, json_get(range, "start"));
        symbol.end = lsp_place_of(mapper, json_get(range, "end"));
        VEC_PUSH(symbols, symbol);
        read_symbol_list(mapper, json_get(raw, "children"), depth + 1, symbols);
    }
}

void lsp_read_symbols(struct lsp_mapper *mapper, const cJSON *result, struct lsp_symbols *symbols)
{
    read_symbol_list(mapper, result, 0, symbols);
}

/* Snippets. */

struct snippet {
    struct str rest;
    struct buf out;
    bool has_cursor;
    bool final; /* $0 was met: the cursor is there */
    size_t cursor;
};

static char peek(const struct snippet *s)
{
    return s->rest.len == 0 ? '\0' : s->rest.ptr[0];
}

static void skip(struct snippet *s)
{
    s->rest = str_from(s->rest, 1);
}

static void expand(struct snippet *s, const char *stops, unsigned depth);

static void place_cursor(struct snippet *s, bool final)
{
    if (!s->final && (final || !s->has_cursor)) {
        s->cursor = s->out.len;
        s->has_cursor = true;
        s->final = final;
    }
}

/* After "${NAME": a default, choices, a transformation, or the end. */
static void expand_braced(struct snippet *s, unsigned depth)
{
    if (peek(s) == ':') {
        skip(s);
        expand(s, "}", depth + 1);
    } else if (peek(s) == '|') {
        skip(s);
        expand(s, ",|", depth + 1);
        while (s->rest.len > 0 && peek(s) != '}') {
            skip(s);
        }
    } else {
        while (s->rest.len > 0 && peek(s) != '}') {
            skip(s);
        }
    }
    if (peek(s) == '}') {
        skip(s);
    }
}

static void expand_variable(struct snippet *s, unsigned depth)
{
    skip(s);
    bool braced = peek(s) == '{';
    if (braced) {
        skip(s);
    } else if (!isalnum((unsigned char)peek(s)) && peek(s) != '_') {
        buf_append_char(&s->out, '$');
        return;
    }
    bool numbered = isdigit((unsigned char)peek(s)) != 0;
    bool zero = peek(s) == '0';
    while (numbered ? isdigit((unsigned char)peek(s)) != 0
                    : isalnum((unsigned char)peek(s)) || peek(s) == '_') {
        skip(s);
    }
    if (numbered) {
        place_cursor(s, zero);
    }
    if (braced) {
        expand_braced(s, depth);
    }
}

/* Copies up to one of `stops` (which stays), expanding what stands in between. */
static void expand(struct snippet *s, const char *stops, unsigned depth)
{
    while (s->rest.len > 0) {
        char c = peek(s);
        if (strchr(stops, c) != NULL) {
            return;
        }
        if (c == '\\' && s->rest.len > 1) {
            skip(s);
            buf_append_char(&s->out, peek(s));
            skip(s);
        } else if (c == '$' && depth < 20) {
            expand_variable(s, depth);
        } else {
            buf_append_char(&s->out, c);
            skip(s);
        }
    }
}

char *lsp_plain_snippet(const char *snippet, size_t *cursor)
{
    struct snippet s = {.rest = str_of(snippet)};
    expand(&s, "", 0);
    *cursor = s.has_cursor ? s.cursor : s.out.len;
    return buf_take(&s.out);
}
