#define PCRE2_CODE_UNIT_WIDTH 8
#include "syntax/query.h"

#include "base/log.h"
#include "base/vec.h"

#include <pcre2.h>
#include <pthread.h>

/* Longer nodes are compared by their beginning: predicates look at names, never at whole bodies. */
#define NODE_TEXT_MAX 4096
/* Steps a regular expression may take on one node before it counts as not matching. */
#define MATCH_LIMIT 100000

enum test { TEST_EQUAL, TEST_MATCH, TEST_ANY_OF, TEST_NEVER };

struct predicate {
    enum test test;
    bool negate;
    bool any; /* one node of a quantified capture is enough */
    uint32_t capture;
    bool other_is_capture; /* TEST_EQUAL between two captures */
    uint32_t other;
    struct str *words; /* borrowed from the TSQuery */
    size_t word_count;
    pcre2_code *regex;
};

struct property {
    const char *key; /* borrowed from the TSQuery */
    const char *value;
};

struct pattern {
    struct {
        struct predicate *items;
        size_t len, cap;
    } predicates;
    struct {
        struct property *items;
        size_t len, cap;
    } properties;
};

struct style {
    bool shown;
    enum capture capture;
};

struct query {
    TSQuery *raw;
    struct pattern *patterns;
    struct style *styles; /* by capture index */
    const char *unknown;
    pcre2_match_context *limits;
};

static const char *string_of(const TSQuery *raw, uint32_t id)
{
    uint32_t len;
    return ts_query_string_value_for_id(raw, id, &len);
}

static bool take_name(const char *name, struct predicate *p)
{
    static const struct {
        const char *name;
        enum test test;
        bool negate, any;
    } known[] = {
        {"eq?", TEST_EQUAL, false, false},
        {"not-eq?", TEST_EQUAL, true, false},
        {"any-eq?", TEST_EQUAL, false, true},
        {"any-not-eq?", TEST_EQUAL, true, true},
        {"match?", TEST_MATCH, false, false},
        {"not-match?", TEST_MATCH, true, false},
        {"any-match?", TEST_MATCH, false, true},
        {"any-not-match?", TEST_MATCH, true, true},
        {"any-of?", TEST_ANY_OF, false, false},
        {"not-any-of?", TEST_ANY_OF, true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(name, known[i].name) == 0) {
            p->test = known[i].test;
            p->negate = known[i].negate;
            p->any = known[i].any;
            return true;
        }
    }
    return false;
}

static bool compile_regex(struct predicate *p, struct str text, struct err *err)
{
    int code;
    PCRE2_SIZE at;
    p->regex = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, 0, &code, &at, NULL);
    if (p->regex == NULL) {
        PCRE2_UCHAR message[128] = "";
        pcre2_get_error_message(code, message, sizeof message);
        return err_set(err, ERR_INVALID, "regular expression \"%.*s\" at %zu: %s", STR_FMT(text),
            (size_t)at, (const char *)message);
    }
    return true;
}

/* One predicate: steps[0] its name, then `count` arguments. */
static bool add_predicate(struct query *q, struct pattern *pattern,
    const TSQueryPredicateStep *steps, uint32_t count, struct err *err)
{
    const char *name = string_of(q->raw, steps[0].value_id);
    const TSQueryPredicateStep *args = steps + 1;
    if (strcmp(name, "set!") == 0) {
        uint32_t skip = count > 0 && args[0].type == TSQueryPredicateStepTypeCapture;
        if (count > skip) {
            const char *value = count > skip + 1 ? string_of(q->raw, args[skip + 1].value_id) : "";
            VEC_PUSH(&pattern->properties,
                (struct property){string_of(q->raw, args[skip].value_id), value});
        }
        return true;
    }
    if (strcmp(name, "is?") == 0 || strcmp(name, "is-not?") == 0) {
        return true;
    }
    struct predicate p = {0};
    if (!take_name(name, &p)) {
        q->unknown = q->unknown == NULL ? name : q->unknown;
        p.test = TEST_NEVER;
        VEC_PUSH(&pattern->predicates, p);
        return true;
    }
    if (count < 2 || args[0].type != TSQueryPredicateStepTypeCapture) {
        return err_set(err, ERR_INVALID, "#%s wants a capture and a value", name);
    }
    p.capture = args[0].value_id;
    if (args[1].type == TSQueryPredicateStepTypeCapture) {
        if (p.test != TEST_EQUAL) {
            return err_set(err, ERR_INVALID, "#%s wants text as its second argument", name);
        }
        p.other_is_capture = true;
        p.other = args[1].value_id;
    } else {
        p.word_count = count - 1;
        p.words = mem_realloc_array(NULL, p.word_count, sizeof *p.words);
        for (uint32_t i = 1; i < count; i++) {
            uint32_t len;
            const char *text = ts_query_string_value_for_id(q->raw, args[i].value_id, &len);
            p.words[i - 1] = str_make(text, len);
        }
    }
    bool ok = p.test != TEST_MATCH || compile_regex(&p, p.words[0], err);
    VEC_PUSH(&pattern->predicates, p);
    return ok;
}

static bool read_pattern(struct query *q, uint32_t index, struct err *err)
{
    uint32_t count;
    const TSQueryPredicateStep *steps = ts_query_predicates_for_pattern(q->raw, index, &count);
    for (uint32_t i = 0; i < count;) {
        uint32_t end = i;
        while (end < count && steps[end].type != TSQueryPredicateStepTypeDone) {
            end++;
        }
        if (end > i && !add_predicate(q, &q->patterns[index], steps + i, end - i - 1, err)) {
            return false;
        }
        i = end + 1;
    }
    return true;
}

static void read_styles(struct query *q)
{
    uint32_t count = ts_query_capture_count(q->raw);
    q->styles = mem_zalloc(count * sizeof *q->styles);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t len;
        const char *name = ts_query_capture_name_for_id(q->raw, i, &len);
        q->styles[i].shown = syntax_capture_is_known(str_make(name, len));
        q->styles[i].capture = syntax_capture_id(str_make(name, len));
    }
}

struct query *query_new(const TSLanguage *grammar, struct str text, struct err *err)
{
    uint32_t at = 0;
    TSQueryError kind = TSQueryErrorNone;
    TSQuery *raw = ts_query_new(grammar, text.ptr, (uint32_t)text.len, &at, &kind);
    if (raw == NULL) {
        static const char *const kinds[] = {
            "", "syntax", "node type", "field", "capture", "structure", "grammar version"};
        err_set(err, ERR_INVALID, "query: wrong %s at byte %u, before \"%.*s\"",
            (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind] : "text", at,
            (int)(text.len - at < 40 ? text.len - at : 40), text.ptr + at);
        return NULL;
    }
    struct query *q = MEM_NEW(struct query);
    q->raw = raw;
    q->limits = mem_require(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(q->limits, MATCH_LIMIT);
    uint32_t count = ts_query_pattern_count(raw);
    q->patterns = mem_zalloc(count * sizeof *q->patterns);
    read_styles(q);
    for (uint32_t i = 0; i < count; i++) {
        if (!read_pattern(q, i, err)) {
            query_free(q);
            return NULL;
        }
    }
    return q;
}

void query_free(struct query *query)
{
    if (query == NULL) {
        return;
    }
    for (uint32_t i = 0; i < ts_query_pattern_count(query->raw); i++) {
        struct pattern *pattern = &query->patterns[i];
        VEC_FOREACH (struct predicate, p, &pattern->predicates) {
            pcre2_code_free(p->regex);
            free(p->words);
        }
        VEC_FREE(&pattern->predicates);
        VEC_FREE(&pattern->properties);
    }
    free(query->patterns);
    free(query->styles);
    pcre2_match_context_free(query->limits);
    ts_query_delete(query->raw);
    free(query);
}

const TSQuery *query_raw(const struct query *query)
{
    return query->raw;
}

static void node_text(const struct source_window *text, TSNode node, struct buf *out)
{
    size_t from = ts_node_start_byte(node);
    size_t to = ts_node_end_byte(node);
    buf_clear(out);
    source_append(text, from, to - from > NODE_TEXT_MAX ? from + NODE_TEXT_MAX : to, out);
}

static bool node_passes(const struct query *q, const struct predicate *p, struct str value,
    const TSQueryMatch *match, const struct source_window *text)
{
    bool holds = false;
    if (p->test == TEST_MATCH) {
        pcre2_match_data *data = mem_require(pcre2_match_data_create(1, NULL));
        const char *ptr = value.ptr == NULL ? "" : value.ptr;
        holds = pcre2_match(p->regex, (PCRE2_SPTR)ptr, value.len, 0, 0, data, q->limits) >= 0;
        pcre2_match_data_free(data);
    } else if (p->other_is_capture) {
        struct buf other = BUF_INIT;
        for (uint16_t i = 0; i < match->capture_count && !holds; i++) {
            if (match->captures[i].index == p->other) {
                node_text(text, match->captures[i].node, &other);
                holds = str_equal(value, buf_str(&other));
            }
        }
        buf_free(&other);
    } else {
        size_t count = p->test == TEST_EQUAL ? 1 : p->word_count;
        for (size_t i = 0; i < count && !holds; i++) {
            holds = str_equal(value, p->words[i]);
        }
    }
    return holds != p->negate;
}

static bool predicate_holds(const struct query *q, const struct predicate *p,
    const TSQueryMatch *match, const struct source_window *text)
{
    if (p->test == TEST_NEVER) {
        return false;
    }
    struct buf value = BUF_INIT;
    bool result = !p->any;
    for (uint16_t i = 0; i < match->capture_count; i++) {
        if (match->captures[i].index != p->capture) {
            continue;
        }
        node_text(text, match->captures[i].node, &value);
        if (node_passes(q, p, buf_str(&value), match, text) == p->any) {
            result = p->any;
            break;
        }
    }
    buf_free(&value);
    return result;
}

bool query_next(const struct query *query, TSQueryCursor *cursor, const struct source_window *text,
    TSQueryMatch *match)
{
    while (ts_query_cursor_next_match(cursor, match)) {
        const struct pattern *pattern = &query->patterns[match->pattern_index];
        bool holds = true;
        VEC_FOREACH (struct predicate, p, &pattern->predicates) {
            if (!predicate_holds(query, p, match, text)) {
                holds = false;
                break;
            }
        }
        if (holds) {
            return true;
        }
    }
    return false;
}

const char *query_capture_name(const struct query *query, uint32_t index)
{
    uint32_t len;
    return ts_query_capture_name_for_id(query->raw, index, &len);
}

bool query_capture_style(const struct query *query, uint32_t index, enum capture *style)
{
    *style = query->styles[index].capture;
    return query->styles[index].shown;
}

const char *query_property(const struct query *query, uint32_t pattern, const char *key)
{
    VEC_FOREACH (struct property, p, &query->patterns[pattern].properties) {
        if (strcmp(p->key, key) == 0) {
            return p->value;
        }
    }
    return NULL;
}

const char *query_unknown_predicate(const struct query *query)
{
    return query->unknown;
}

/* Compiled queries, by language and file; never freed, so that any thread may hold one. Compiling
 * takes milliseconds, so it is done outside the lock: who wants another query does not wait for it,
 * who wants the same one does. */
struct entry {
    const struct language *language;
    const char *file;
    struct query *query;
    bool ready;
};
static struct {
    struct entry **items;
    size_t len, cap;
} cache;
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cache_ready = PTHREAD_COND_INITIALIZER;

static struct query *compile(const struct language *language, const char *file)
{
    struct str text = language_query(language, file);
    struct err err = {0};
    struct query *query = text.len == 0 ? NULL : query_new(language->grammar(), text, &err);
    if (text.len > 0 && query == NULL) {
        log_write("syntax", "%s/%s: %s", language->name, file, err.text);
    }
    return query;
}

static struct entry *find_entry(const struct language *language, const char *file)
{
    VEC_FOREACH (struct entry *, entry, &cache) {
        if ((*entry)->language == language && strcmp((*entry)->file, file) == 0) {
            return *entry;
        }
    }
    return NULL;
}

const struct query *query_get(const struct language *language, const char *file)
{
    pthread_mutex_lock(&cache_lock);
    struct entry *entry = find_entry(language, file);
    if (entry == NULL) {
        entry = MEM_NEW(struct entry);
        entry->language = language;
        entry->file = file;
        VEC_PUSH(&cache, entry);
        pthread_mutex_unlock(&cache_lock);
        struct query *query = compile(language, file);
        pthread_mutex_lock(&cache_lock);
        entry->query = query;
        entry->ready = true;
        pthread_cond_broadcast(&cache_ready);
    }
    while (!entry->ready) {
        pthread_cond_wait(&cache_ready, &cache_lock);
    }
    pthread_mutex_unlock(&cache_lock);
    return entry->query;
}

void query_warm_editing(const struct language *language)
{
    static const char *const files[] = {
        "highlights.scm", "folds.scm", "indents.scm", "outline.scm", "textobjects.scm"};
    for (size_t i = 0; i < ARRAY_LEN(files) && language != NULL; i++) {
        query_get(language, files[i]);
    }
}

void query_warm(const struct language *language)
{
    if (language != NULL) {
        query_get(language, "highlights.scm");
        query_get(language, "injections.scm");
    }
}
