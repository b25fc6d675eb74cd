/* Reads events. What is kept of one is small and its texts are shared: the same value is bound
 * again and again. */
#include "engine/opa_trace.h"

#include "base/json_scan.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = 256, TERM_DEPTH_MAX = 128, LOCALS_MAX = 256 };

/* Texts, each once, found by their hash. */
struct trace_store {
    struct {
        char **items; /* slots; NULL: free */
        size_t count, slots;
    } texts;
    size_t bytes;
    struct {
        size_t *items; /* slots: 1 + place in frames; 0: free */
        size_t slots;
    } by_query;
    struct buf scratch;
};

const char *trace_outcome_name(enum trace_outcome outcome)
{
    static const char *const names[] = {
        "", "true", "false", "undefined", "false or undefined", "no more"};
    return names[outcome];
}

struct trace *trace_new(void)
{
    struct trace *trace = MEM_NEW(struct trace);
    trace->store = MEM_NEW(struct trace_store);
    return trace;
}

void trace_free(struct trace *trace)
{
    if (trace == NULL) {
        return;
    }
    for (size_t i = 0; i < trace->store->texts.slots; i++) {
        free(trace->store->texts.items[i]);
    }
    free(trace->store->texts.items);
    free(trace->store->by_query.items);
    buf_free(&trace->store->scratch);
    free(trace->store);
    VEC_FREE(&trace->steps);
    VEC_FREE(&trace->frames);
    VEC_FREE(&trace->bindings);
    free(trace);
}

/* ---- texts ---- */

static char **text_slot(struct trace_store *store, struct str text)
{
    size_t mask = store->texts.slots - 1;
    size_t at = (size_t)str_hash(text) & mask;
    while (store->texts.items[at] != NULL && !str_equal_c(text, store->texts.items[at])) {
        at = (at + 1) & mask;
    }
    return &store->texts.items[at];
}

static void grow_texts(struct trace_store *store)
{
    char **old = store->texts.items;
    size_t old_slots = store->texts.slots;
    store->texts.slots = old_slots == 0 ? 256 : old_slots * 2;
    store->texts.items = mem_zalloc(store->texts.slots * sizeof *old);
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i] != NULL) {
            *text_slot(store, str_of(old[i])) = old[i];
        }
    }
    free(old);
}

/* The store's own copy; a NUL in it ends it. */
static const char *intern(struct trace *trace, struct str text)
{
    struct trace_store *store = trace->store;
    const char *nul = text.len == 0 ? NULL : memchr(text.ptr, '\0', text.len);
    if (text.len == 0 || nul == text.ptr) {
        return "";
    }
    text.len = nul == NULL ? text.len : (size_t)(nul - text.ptr);
    if (store->texts.count * 2 >= store->texts.slots) {
        grow_texts(store);
    }
    char **slot = text_slot(store, text);
    if (*slot == NULL) {
        *slot = str_dup(text);
        store->texts.count++;
        store->bytes += text.len + 1;
    }
    return *slot;
}

static const char *intern_raw(struct trace *trace, struct str raw, size_t max)
{
    struct buf *scratch = &trace->store->scratch;
    buf_clear(scratch);
    json_unescape(str_slice(raw, 0, max), scratch);
    return intern(trace, buf_str(scratch));
}

/* ---- frames ---- */

static size_t *frame_slot(struct trace *trace, uint64_t query)
{
    struct trace_store *store = trace->store;
    size_t mask = store->by_query.slots - 1;
    size_t at = (size_t)(query * 0x9e3779b97f4a7c15U >> 20) & mask;
    while (store->by_query.items[at] != 0 &&
           trace->frames.items[store->by_query.items[at] - 1].query != query) {
        at = (at + 1) & mask;
    }
    return &store->by_query.items[at];
}

static void grow_frames(struct trace *trace)
{
    struct trace_store *store = trace->store;
    free(store->by_query.items);
    store->by_query.slots = store->by_query.slots == 0 ? 256 : store->by_query.slots * 2;
    store->by_query.items = mem_zalloc(store->by_query.slots * sizeof(size_t));
    for (size_t i = 0; i < trace->frames.len; i++) {
        *frame_slot(trace, trace->frames.items[i].query) = i + 1;
    }
}

static size_t frame_of(struct trace *trace, uint64_t query, uint64_t parent)
{
    if (trace->frames.len * 2 >= trace->store->by_query.slots) {
        grow_frames(trace);
    }
    size_t *slot = frame_slot(trace, query);
    if (*slot != 0) {
        return *slot - 1;
    }
    struct trace_frame frame = {.query = query,
        .parent = TRACE_NONE,
        .enter = trace->steps.len,
        .last = TRACE_NONE,
        .rule = ""};
    size_t above = query == parent ? 0 : *frame_slot(trace, parent);
    if (above != 0) {
        frame.parent = above - 1;
        frame.depth = trace->frames.items[above - 1].depth + 1;
    }
    VEC_PUSH(&trace->frames, frame);
    *slot = trace->frames.len;
    return trace->frames.len - 1;
}

/* ---- terms ---- */

struct term {
    struct str type, value; /* value: raw JSON */
};

static bool term_of(struct str json, struct term *term)
{
    struct json_scan scan;
    struct str key;
    *term = (struct term){0};
    json_scan_init(&scan, json);
    if (json_scan_next(&scan) != JSON_OBJECT) {
        return false;
    }
    while (json_scan_key(&scan, &key)) {
        struct str value;
        if (!json_scan_value(&scan, &value)) {
            return false;
        }
        if (str_equal_c(key, "type") && value.len >= 2) {
            term->type = str_slice(value, 1, value.len - 1);
        } else if (str_equal_c(key, "value")) {
            term->value = value;
        }
    }
    return term->type.len > 0;
}

static void put_term(struct str json, unsigned depth, struct buf *out);

static void put_pair(struct str pair, unsigned depth, struct buf *out)
{
    struct json_scan scan;
    struct str side;
    json_scan_init(&scan, pair);
    if (json_scan_next(&scan) == JSON_ARRAY && json_scan_value(&scan, &side)) {
        put_term(side, depth, out);
        buf_append_c(out, ": ");
        if (json_scan_value(&scan, &side)) {
            put_term(side, depth, out);
        }
    }
}

static void put_items(struct str items, bool pairs, unsigned depth, struct buf *out)
{
    struct json_scan scan;
    struct str item;
    json_scan_init(&scan, items);
    if (json_scan_next(&scan) != JSON_ARRAY) {
        return;
    }
    for (size_t i = 0; json_scan_value(&scan, &item); i++) {
        buf_append_c(out, i > 0 ? ", " : "");
        if (out->len > TRACE_VALUE_MAX) {
            buf_append_c(out, "…");
            return;
        }
        if (pairs) {
            put_pair(item, depth + 1, out);
        } else {
            put_term(item, depth + 1, out);
        }
    }
}

static void put_ref(struct str parts, unsigned depth, struct buf *out)
{
    struct json_scan scan;
    struct str part;
    json_scan_init(&scan, parts);
    if (json_scan_next(&scan) != JSON_ARRAY) {
        return;
    }
    for (size_t i = 0; json_scan_value(&scan, &part) && out->len < TRACE_VALUE_MAX; i++) {
        struct term term;
        bool name = term_of(part, &term) && str_equal_c(term.type, "string") && i > 0;
        struct str text = name ? str_slice(term.value, 1, term.value.len - 1) : (struct str){0};
        for (size_t k = 0; k < text.len; k++) {
            char c = text.ptr[k];
            name = name && (c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (k > 0 && c >= '0' && c <= '9'));
        }
        if (name) {
            buf_append_char(out, '.');
            buf_append_str(out, text);
        } else {
            buf_append_c(out, i > 0 ? "[" : "");
            put_term(part, depth + 1, out);
            buf_append_c(out, i > 0 ? "]" : "");
        }
    }
}

static void put_term(struct str json, unsigned depth, struct buf *out)
{
    struct term term;
    if (depth > TERM_DEPTH_MAX || !term_of(json, &term)) {
        buf_append_c(out, "…");
    } else if (str_equal_c(term.type, "var") && term.value.len >= 2) {
        buf_append_str(out, str_slice(term.value, 1, term.value.len - 1));
    } else if (str_equal_c(term.type, "array") || str_equal_c(term.type, "object")) {
        bool object = term.type.ptr[0] == 'o';
        buf_append_char(out, object ? '{' : '[');
        put_items(term.value, object, depth, out);
        buf_append_char(out, object ? '}' : ']');
    } else if (str_equal_c(term.type, "set")) {
        size_t before = out->len;
        put_items(term.value, false, depth, out);
        bool empty = out->len == before;
        buf_insert(out, before, empty ? "set(" : "{", empty ? 4 : 1);
        buf_append_char(out, empty ? ')' : '}');
    } else if (str_equal_c(term.type, "ref")) {
        put_ref(term.value, depth, out);
    } else if (str_equal_c(term.type, "string") || str_equal_c(term.type, "number") ||
               str_equal_c(term.type, "boolean") || str_equal_c(term.type, "null")) {
        buf_append_str(out, term.value.len == 0 ? str_of("null") : term.value);
    } else {
        buf_printf(out, "<%.*s>", STR_FMT(str_slice(term.type, 0, 40)));
    }
}

/* ---- an event ---- */

struct event {
    struct str op, node, location, locals, metadata, message, ref;
    uint64_t query, parent;
};

static uint64_t number_of(struct str raw)
{
    char text[24];
    snprintf(text, sizeof text, "%.*s", raw.len > 20 ? 20 : (int)raw.len, raw.ptr);
    return strtoull(text, NULL, 10);
}

static struct str unquoted(struct str raw)
{
    bool quoted = raw.len >= 2 && raw.ptr[0] == '"';
    return quoted ? str_slice(raw, 1, raw.len - 1) : str_make(raw.ptr, 0);
}

static bool read_event(struct str json, struct event *event)
{
    struct json_scan scan;
    struct str key;
    *event = (struct event){0};
    json_scan_init(&scan, json);
    if (json_scan_next(&scan) != JSON_OBJECT) {
        return false;
    }
    const struct {
        const char *key;
        struct str *value;
    } members[] = {{"Op", &event->op}, {"Node", &event->node}, {"Location", &event->location},
        {"Locals", &event->locals}, {"LocalMetadata", &event->metadata},
        {"Message", &event->message}, {"Ref", &event->ref}};
    while (json_scan_key(&scan, &key)) {
        struct str value;
        if (!json_scan_value(&scan, &value)) {
            return false;
        }
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
            if (str_equal_c(key, members[i].key)) {
                *members[i].value = value;
            }
        }
        event->query = str_equal_c(key, "QueryID") ? number_of(value) : event->query;
        event->parent = str_equal_c(key, "ParentID") ? number_of(value) : event->parent;
    }
    return !scan.bad && unquoted(event->op).len > 0;
}

static enum trace_op op_of(struct str name)
{
    static const char *const names[] = {"Enter", "Eval", "Redo", "Exit", "Fail", "Note", "Index"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_equal_c(name, names[i])) {
            return (enum trace_op)i;
        }
    }
    return TRACE_OTHER;
}

static void take_location(struct trace *trace, struct str json, struct trace_step *step)
{
    struct json_scan scan;
    struct str key;
    struct str value;
    step->file = "";
    json_scan_init(&scan, json);
    if (json.len == 0 || json_scan_next(&scan) != JSON_OBJECT) {
        return;
    }
    while (json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        uint64_t number = number_of(value);
        number = number < 100000000 ? number : 0;
        if (str_equal_c(key, "file")) {
            step->file = intern_raw(trace, unquoted(value), 4096);
        } else if (str_equal_c(key, "row")) {
            step->at.row = (unsigned)number;
        } else if (str_equal_c(key, "col")) {
            step->at.col = (unsigned)number;
        }
    }
}

/* The operator of an expression that is a call: compares and tests cannot be undefined once their
 * operands are known, and opa evaluates the operands first. */
static bool is_test(struct str terms)
{
    static const char *const tests[] = {"equal", "neq", "lt", "lte", "gt", "gte", "eq",
        "internal.member_2", "internal.member_3", "startswith", "endswith", "contains"};
    struct json_scan scan;
    struct str first;
    struct term term;
    if (terms.len > 0 && terms.ptr[0] == '{') { /* no call: a term alone */
        return term_of(terms, &term) && str_equal_c(term.type, "boolean");
    }
    json_scan_init(&scan, terms);
    if (json_scan_next(&scan) != JSON_ARRAY || !json_scan_value(&scan, &first) ||
        !term_of(first, &term) || !str_equal_c(term.type, "ref")) {
        return false;
    }
    struct buf name = BUF_INIT;
    put_ref(term.value, 0, &name);
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        found = found || str_equal_c(buf_str(&name), tests[i]);
    }
    /* An unification of a reference may well look into nothing. */
    struct str operand;
    while (found && json_scan_value(&scan, &operand)) {
        found = term_of(operand, &term) && !str_equal_c(term.type, "ref");
    }
    buf_free(&name);
    return found;
}

static void take_head(struct trace *trace, struct str head, struct trace_step *step)
{
    struct json_scan scan;
    struct str key;
    struct str value;
    struct buf *scratch = &trace->store->scratch;
    json_scan_init(&scan, head);
    if (json_scan_next(&scan) != JSON_OBJECT) {
        return;
    }
    while (json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        if (str_equal_c(key, "ref")) {
            buf_clear(scratch);
            put_ref(value, 0, scratch);
            step->text = intern(trace, str_slice(buf_str(scratch), 0, NAME_MAX_BYTES));
        } else if (str_equal_c(key, "name") && step->text[0] == '\0') {
            step->text = intern_raw(trace, unquoted(value), NAME_MAX_BYTES);
        }
    }
}

/* `outcome` is, until trace_finish, what a failure of the expression would mean. */
static void take_node(struct trace *trace, struct str node, struct trace_step *step)
{
    struct json_scan scan;
    struct str key;
    struct str value;
    json_scan_init(&scan, node);
    if (node.len == 0 || json_scan_next(&scan) != JSON_OBJECT) {
        return;
    }
    bool test = false;
    while (json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        if (str_equal_c(key, "index")) {
            uint64_t index = number_of(value);
            step->index = index < 1000000 ? (unsigned)index : 0;
        } else if (str_equal_c(key, "generated")) {
            step->generated = str_equal_c(value, "true");
        } else if (str_equal_c(key, "negated")) {
            step->negated = str_equal_c(value, "true");
        } else if (str_equal_c(key, "terms")) {
            test = is_test(value);
        } else if (str_equal_c(key, "head")) {
            take_head(trace, value, step);
        }
    }
    step->outcome = step->negated || test ? TRACE_FALSE
                    : step->generated     ? TRACE_UNDEFINED
                                          : TRACE_NOT_TRUE;
}

/* The name that the source gives a local; empty: opa made it up. */
static struct str source_name(struct str metadata, struct str local)
{
    struct json_scan scan;
    struct str key;
    struct str value;
    json_scan_init(&scan, metadata);
    if (metadata.len == 0 || json_scan_next(&scan) != JSON_OBJECT) {
        return str_make(NULL, 0);
    }
    while (json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        if (!str_equal(key, local)) {
            continue;
        }
        struct json_scan inner;
        json_scan_init(&inner, value);
        if (json_scan_next(&inner) != JSON_OBJECT) {
            break;
        }
        while (json_scan_key(&inner, &key) && json_scan_value(&inner, &value)) {
            if (str_equal_c(key, "name")) {
                return unquoted(value);
            }
        }
        break;
    }
    return str_make(NULL, 0);
}

static int by_name(const void *a, const void *b)
{
    const struct trace_binding *x = a;
    const struct trace_binding *y = b;
    return strcmp(x->name, y->name);
}

static void take_local(struct trace *trace, struct str local, struct str metadata)
{
    struct json_scan scan;
    struct str key;
    struct str value;
    struct str name = {0};
    json_scan_init(&scan, local);
    if (json_scan_next(&scan) != JSON_OBJECT) {
        return;
    }
    while (json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        name = str_equal_c(key, "name") ? unquoted(value) : name;
    }
    struct str shown = source_name(metadata, name);
    if (shown.len == 0 || shown.ptr[0] == '$' || str_starts(shown, "__local") ||
        str_equal_c(shown, "_")) {
        return;
    }
    struct buf text = BUF_INIT;
    put_term(local, 0, &text);
    struct trace_binding binding = {
        .name = intern_raw(trace, shown, NAME_MAX_BYTES), .value = intern(trace, buf_str(&text))};
    buf_free(&text);
    VEC_PUSH(&trace->bindings, binding);
}

/* The same bindings as the frame's step before are kept once. */
static void share_bindings(struct trace *trace, struct trace_step *step, size_t before)
{
    const struct trace_step *last = before == TRACE_NONE ? NULL : &trace->steps.items[before];
    if (last == NULL || last->binding_count != step->binding_count || step->binding_count == 0) {
        return;
    }
    const struct trace_binding *a = &trace->bindings.items[last->first_binding];
    const struct trace_binding *b = &trace->bindings.items[step->first_binding];
    for (size_t i = 0; i < step->binding_count; i++) {
        if (a[i].name != b[i].name || a[i].value != b[i].value) {
            return;
        }
    }
    trace->bindings.len = step->first_binding;
    step->first_binding = last->first_binding;
}

static void take_locals(
    struct trace *trace, const struct event *event, struct trace_step *step, size_t before)
{
    struct json_scan scan;
    struct str local;
    step->first_binding = trace->bindings.len;
    json_scan_init(&scan, event->locals);
    if (event->locals.len == 0 || json_scan_next(&scan) != JSON_ARRAY) {
        return;
    }
    for (size_t i = 0; i < LOCALS_MAX && json_scan_value(&scan, &local); i++) {
        take_local(trace, local, event->metadata);
    }
    step->binding_count = trace->bindings.len - step->first_binding;
    if (step->binding_count > 1) {
        qsort(&trace->bindings.items[step->first_binding], step->binding_count,
            sizeof(struct trace_binding), by_name);
    }
    share_bindings(trace, step, before);
}

bool trace_add(struct trace *trace, struct str json)
{
    struct event event;
    if (trace->steps.len >= TRACE_EVENTS_MAX || trace->store->bytes >= TRACE_VALUES_MAX) {
        trace->cut = true;
        return false;
    }
    if (!read_event(json, &event)) {
        trace->bad++;
        return true;
    }
    struct trace_step step = {.op = op_of(unquoted(event.op)), .next_same = TRACE_NONE, .text = ""};
    if (step.op == TRACE_OTHER) {
        return true;
    }
    step.frame = frame_of(trace, event.query, event.parent);
    struct trace_frame *frame = &trace->frames.items[step.frame];
    take_location(trace, event.location, &step);
    take_node(trace, event.node, &step);
    take_locals(trace, &event, &step, frame->last);
    struct str message = unquoted(event.message);
    if (step.op == TRACE_NOTE || step.op == TRACE_INDEX) {
        step.text = intern_raw(trace, message, 4096);
    }
    step.early = step.op == TRACE_EXIT && str_equal_c(message, "early");
    if (step.op == TRACE_ENTER && frame->rule[0] == '\0') {
        frame->rule = step.text;
    }
    frame->exited = frame->exited || step.op == TRACE_EXIT;
    if (frame->last != TRACE_NONE) {
        trace->steps.items[frame->last].next_same = trace->steps.len;
    }
    frame->last = trace->steps.len;
    VEC_PUSH(&trace->steps, step);
    return true;
}

void trace_finish(struct trace *trace)
{
    for (size_t i = 0; i < trace->steps.len; i++) {
        struct trace_step *step = &trace->steps.items[i];
        enum trace_outcome failed = step->outcome;
        size_t next = step->next_same;
        while (next != TRACE_NONE && (trace->steps.items[next].op == TRACE_INDEX ||
                                         trace->steps.items[next].op == TRACE_NOTE)) {
            next = trace->steps.items[next].next_same;
        }
        step->outcome = TRACE_OPEN;
        if (step->op == TRACE_FAIL) {
            step->outcome = failed;
        } else if ((step->op == TRACE_EVAL || step->op == TRACE_REDO) && next != TRACE_NONE) {
            enum trace_op op = trace->steps.items[next].op;
            step->outcome = op == TRACE_FAIL                             ? failed
                            : op == TRACE_EVAL || op == TRACE_EXIT       ? TRACE_TRUE
                            : op == TRACE_REDO && step->op == TRACE_REDO ? TRACE_EXHAUSTED
                                                                         : TRACE_OPEN;
        } else if (step->op == TRACE_REDO) {
            step->outcome = TRACE_EXHAUSTED;
        }
    }
}

void trace_relocate(struct trace *trace,
    const char *(*place)(void *data, const char *file, struct position *at), void *data)
{
    VEC_FOREACH (struct trace_step, step, &trace->steps) {
        if (step->file[0] != '\0') {
            step->file = intern(trace, str_of(place(data, step->file, &step->at)));
        }
    }
}
