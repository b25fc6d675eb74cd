#include "workspace/grep.h"

#include "base/path.h"
#include "base/vec.h"
#include "text/replacement.h"
#include "workspace/ignore.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    FILE_DEFAULT = 4 << 20,
    HITS_DEFAULT = 200,
    LINE_DEFAULT = 300,
    PATTERN_MAX = 4096,
    MATCH_LIMIT = 1000000,
    DEPTH_LIMIT = 10000,
    HEAP_LIMIT_KIB = 20000,
    BINARY_LOOK = 8000,
    TELL_MS = 40 /* how often hits are told */
};

struct finder {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    const struct grep_options *options;
    struct grep_result *out;
    size_t max_hits;
    size_t max_line;
    size_t max_file;
    unsigned long long hash; /* of the text being searched; 0: not known yet */
    struct grep *job;        /* takes the hits over as they come, or NULL */
    size_t told;             /* hits it took */
};

static bool take_hits(struct finder *finder);

/* Between what is no word: written around the pattern, for literal ones it is quoted. */
static void append_pattern(const struct grep_options *options, struct buf *out)
{
    buf_append_c(out, options->whole_word ? "(?<!\\w)(?:" : "");
    if (options->is_literal && options->whole_word) {
        struct str rest = str_of(options->pattern);
        for (size_t end; (end = str_find(rest, STR_LIT("\\E"), 0)) != SIZE_MAX;) {
            buf_append_c(out, "\\Q");
            buf_append_str(out, str_slice(rest, 0, end));
            buf_append_c(out, "\\E\\\\E");
            rest = str_from(rest, end + 2);
        }
        buf_append_c(out, "\\Q");
        buf_append_str(out, rest);
        buf_append_c(out, "\\E");
    } else {
        buf_append_c(out, options->pattern);
    }
    buf_append_c(out, options->whole_word ? ")(?!\\w)" : "");
}

static bool no_code(int code, size_t at, size_t before, struct err *err)
{
    PCRE2_UCHAR why[256];
    pcre2_get_error_message(code, why, sizeof why);
    return err_set(err, ERR_INVALID, "the search pattern is no regular expression: %s at byte %zu",
        (const char *)why, (at > before ? at - before : 0) + 1);
}

static bool compile(struct finder *finder, struct err *err)
{
    const struct grep_options *options = finder->options;
    size_t len = strlen(options->pattern);
    if (len == 0) {
        return err_set(err, ERR_INVALID, "the search pattern is empty");
    }
    if (len > PATTERN_MAX) {
        return err_set(err, ERR_LIMIT, "the search pattern is longer than %d bytes", PATTERN_MAX);
    }
    bool literal = options->is_literal && !options->whole_word;
    uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    flags |= literal ? PCRE2_LITERAL : PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
    flags |= options->ignore_case ? PCRE2_CASELESS : 0;
    struct buf pattern = BUF_INIT;
    append_pattern(options, &pattern);
    int code = 0;
    PCRE2_SIZE at = 0;
    finder->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, flags, &code, &at, NULL);
    size_t before = options->whole_word ? strlen("(?<!\\w)(?:") : 0;
    buf_free(&pattern);
    if (finder->code == NULL) {
        return no_code(code, at, before, err);
    }
    /* Without the compiler (not on every processor) matching is slower, no more. */
    (void)pcre2_jit_compile(finder->code, PCRE2_JIT_COMPLETE);
    finder->match = mem_require(pcre2_match_data_create_from_pattern(finder->code, NULL));
    finder->context = mem_require(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(finder->context, MATCH_LIMIT);
    pcre2_set_depth_limit(finder->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(finder->context, HEAP_LIMIT_KIB);
    return true;
}

static void finder_free(struct finder *finder)
{
    pcre2_match_context_free(finder->context);
    pcre2_match_data_free(finder->match);
    pcre2_code_free(finder->code);
}

/* ---- what a match becomes ---- */

struct groups {
    struct str text;
    const PCRE2_SIZE *places;
    size_t count;
};

static void append_group(void *data, int number, struct buf *out)
{
    const struct groups *groups = data;
    size_t at = 2 * (size_t)number;
    if ((size_t)number < groups->count && groups->places[at] != PCRE2_UNSET) {
        buf_append_str(out, str_slice(groups->text, groups->places[at], groups->places[at + 1]));
    }
}

static bool expand(struct finder *finder, struct str text, struct buf *out, struct err *err)
{
    if (finder->options->is_literal) {
        buf_append_c(out, finder->options->with);
        return true;
    }
    struct groups groups = {
        text, pcre2_get_ovector_pointer(finder->match), pcre2_get_ovector_count(finder->match)};
    return replacement_expand(str_of(finder->options->with), append_group, &groups, out, err);
}

static void no_group(void *data, int number, struct buf *out)
{
    (void)data;
    (void)number;
    (void)out;
}

/* Said before anything is searched. */
static bool check_with(const struct grep_options *options, struct err *err)
{
    struct buf out = BUF_INIT;
    bool ok = options->with == NULL || options->is_literal ||
              replacement_expand(str_of(options->with), no_group, NULL, &out, err);
    buf_free(&out);
    return ok;
}

/* ---- matches ---- */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

/* The line around the match, cut to max_line bytes that hold its beginning. */
static void set_line(
    const struct finder *finder, struct str line, size_t at, size_t end, struct grep_hit *hit)
{
    size_t from = 0;
    if (line.len > finder->max_line && at > finder->max_line / 2) {
        from = at - finder->max_line / 2;
    }
    size_t to = line.len - from > finder->max_line ? from + finder->max_line : line.len;
    while (from > 0 && from < line.len && is_continuation(line.ptr[from])) {
        from++;
    }
    while (to < line.len && to > from && is_continuation(line.ptr[to])) {
        to--;
    }
    struct buf out = BUF_INIT;
    buf_append_c(&out, from > 0 ? "…" : "");
    hit->from = out.len + (at > from ? at - from : 0);
    hit->to = out.len + (end > to ? to : end > from ? end : from) - from;
    buf_append_str(&out, str_slice(line, from, to));
    buf_append_c(&out, to < line.len ? "…" : "");
    hit->text = buf_take(&out);
}

/* Where the next match begins and ends; false: there is none, or it is too hard to say. */
static bool next_match(
    struct finder *finder, struct str text, size_t from, size_t *start, size_t *end)
{
    int rc = from > text.len ? PCRE2_ERROR_NOMATCH
                             : pcre2_match(finder->code, (PCRE2_SPTR)text.ptr, text.len, from, 0,
                                   finder->match, finder->context);
    if (rc < 0) {
        finder->out->too_hard += rc != PCRE2_ERROR_NOMATCH;
        return false;
    }
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(finder->match);
    *start = places[0];
    *end = places[1] > places[0] ? places[1] : places[0]; /* \K may put the start behind it */
    /* An empty match behind the last line is none. */
    return *start < text.len || text.len == 0 || text.ptr[text.len - 1] != '\n';
}

/* Where to look for the match after this one. */
static size_t after_match(struct str text, size_t start, size_t end)
{
    if (end > start) {
        return end;
    }
    end++;
    while (end < text.len && is_continuation(text.ptr[end])) {
        end++;
    }
    return end;
}

static struct str line_around(struct str text, size_t line_start, size_t at)
{
    size_t end = str_find_char(text, '\n', at);
    struct str line = str_slice(text, line_start, end == SIZE_MAX ? text.len : end);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static void add_hit(struct finder *finder, const char *path, struct str text, size_t line,
    size_t line_start, size_t start, size_t end)
{
    if (finder->hash == 0) {
        finder->hash = str_hash(text);
    }
    struct grep_hit hit = {.path = mem_strdup(path),
        .line = line,
        .column = start - line_start + 1,
        .offset = start,
        .hash = finder->hash};
    set_line(
        finder, line_around(text, line_start, start), start - line_start, end - line_start, &hit);
    struct buf with = BUF_INIT;
    struct err err;
    if (finder->options->with != NULL && expand(finder, text, &with, &err)) {
        buf_append_char(&with, '\0');
        hit.with = buf_take(&with);
    }
    buf_free(&with);
    VEC_PUSH(finder->out, hit);
}

static void search_text(struct finder *finder, const char *path, struct str text)
{
    size_t line = 1;
    size_t line_start = 0;
    size_t at = 0;
    size_t start;
    size_t end;
    finder->hash = 0;
    while (finder->told + finder->out->len < finder->max_hits &&
           next_match(finder, text, at, &start, &end)) {
        for (size_t nl = str_find_char(text, '\n', line_start); nl < start;
             nl = str_find_char(text, '\n', line_start)) {
            line++;
            line_start = nl + 1;
        }
        add_hit(finder, path, text, line, line_start, start, end);
        at = after_match(text, start, end);
        if (!finder->options->every_match) {
            size_t next = str_find_char(text, '\n', start);
            at = next == SIZE_MAX ? text.len + 1 : next + 1;
        }
    }
}

/* Sessions to be replayed word by word: what is found there is of no use, and what is replaced
 * there breaks them. */
#define RECORDINGS ".bylaw/recordings/"

static bool wanted(const struct finder *finder, const struct file_entry *entry)
{
    const char *glob = finder->options->glob;
    bool all = glob == NULL || glob[0] == '\0';
    if ((all || finder->options->with != NULL) && str_starts(str_of(entry->path), RECORDINGS)) {
        return false;
    }
    if (all) {
        return true;
    }
    const char *subject = strchr(glob, '/') == NULL ? path_base(entry->path) : entry->path;
    return ignore_glob(str_of(glob), str_of(subject), false);
}

static const struct grep_unsaved *find_unsaved(const struct grep_options *options, const char *path)
{
    for (size_t i = 0; i < options->unsaved_count; i++) {
        if (strcmp(options->unsaved[i].path, path) == 0) {
            return &options->unsaved[i];
        }
    }
    return NULL;
}

static void search_file(struct finder *finder, int fd, const struct file_entry *entry)
{
    const struct grep_unsaved *unsaved = find_unsaved(finder->options, entry->path);
    if (unsaved != NULL) {
        finder->out->files++;
        search_text(finder, entry->path, buf_str(&unsaved->bytes));
        return;
    }
    struct buf text = BUF_INIT;
    if (entry->is_link || entry->odd_name ||
        !beneath_read(fd, entry->path, finder->max_file, &text, NULL, NULL) ||
        memchr(text.ptr, '\0', text.len < BINARY_LOOK ? text.len : BINARY_LOOK) != NULL) {
        finder->out->skipped++;
    } else {
        finder->out->files++;
        search_text(finder, entry->path, buf_str(&text));
    }
    buf_free(&text);
}

static bool run(
    int fd, const char *root, struct finder *finder, const atomic_bool *cancel, struct err *err)
{
    struct files files = {0};
    struct files_options listing = {.cancel = cancel};
    struct grep_result *out = finder->out;
    bool ok = check_with(finder->options, err) && compile(finder, err) &&
              files_list(fd, root, &listing, &files, err);
    for (size_t i = 0; ok && i < files.len && finder->told + out->len < finder->max_hits; i++) {
        if (cancel != NULL && *cancel) {
            ok = err_set(err, ERR_CANCELLED, "the search was cancelled");
        } else if (wanted(finder, &files.items[i])) {
            search_file(finder, fd, &files.items[i]);
            if (finder->job != NULL && take_hits(finder)) {
                finder->told += out->len;
                out->len = 0;
            }
        }
    }
    out->truncated = files.truncated || finder->told + out->len >= finder->max_hits;
    if (!ok) {
        grep_result_free(out);
    }
    files_free(&files);
    finder_free(finder);
    return ok;
}

static struct finder finder_of(const struct grep_options *options, struct grep_result *out)
{
    *out = (struct grep_result){0};
    return (struct finder){
        .options = options,
        .out = out,
        .max_hits = options->max_hits == 0 ? HITS_DEFAULT : options->max_hits,
        .max_line = options->max_line == 0 ? LINE_DEFAULT : options->max_line,
        .max_file = options->max_file == 0 ? FILE_DEFAULT : options->max_file,
    };
}

bool grep_run(int fd, const char *root, const struct grep_options *options,
    const atomic_bool *cancel, struct grep_result *out, struct err *err)
{
    struct finder finder = finder_of(options, out);
    return run(fd, root, &finder, cancel, err);
}

void grep_hit_free(struct grep_hit *hit)
{
    free(hit->path);
    free(hit->text);
    free(hit->with);
    *hit = (struct grep_hit){0};
}

void grep_result_free(struct grep_result *result)
{
    VEC_FOREACH (struct grep_hit, hit, result) {
        grep_hit_free(hit);
    }
    VEC_FREE(result);
}

static bool is_kept(const size_t *keep, size_t count, size_t offset)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (keep[middle] == offset) {
            return true;
        }
        if (keep[middle] < offset) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return false;
}

bool grep_replace(struct str content, const struct grep_options *options, const size_t *keep,
    size_t keep_count, struct buf *out, struct err *err)
{
    struct grep_result counts;
    struct finder finder = finder_of(options, &counts);
    bool ok = compile(&finder, err);
    size_t copied = 0;
    size_t at = 0;
    size_t start;
    size_t end;
    while (ok && next_match(&finder, content, at, &start, &end)) {
        if (!is_kept(keep, keep_count, start)) {
            buf_append_str(out, str_slice(content, copied, start));
            ok = expand(&finder, content, out, err);
            copied = end;
        }
        at = after_match(content, start, end);
    }
    if (ok && counts.too_hard > 0) {
        ok = err_set(err, ERR_LIMIT, "the pattern takes too much work in this file");
    }
    buf_append_str(out, str_from(content, copied));
    finder_free(&finder);
    return ok;
}

/* ---- on a worker ---- */

struct hits {
    struct grep_hit *items;
    size_t len, cap;
};

struct grep {
    int fd;
    char *root;
    char *pattern;
    char *with;
    char *glob;
    struct {
        struct grep_unsaved *items;
        size_t len, cap;
    } unsaved;
    struct grep_options options;
    struct grep_events events;
    atomic_bool cancel;
    struct grep_result result;
    bool ok;
    struct err err;
    struct loop_timer *timer; /* takes what came to the callback */
    uv_mutex_t lock;
    struct hits fresh; /* under the lock: not told yet */
    size_t files;      /* under the lock */
};

/* False: they stay in the result. */
static bool take_hits(struct finder *finder)
{
    struct grep *grep = finder->job;
    if (grep->events.hits == NULL) {
        return false;
    }
    uv_mutex_lock(&grep->lock);
    VEC_FOREACH (struct grep_hit, hit, finder->out) {
        VEC_PUSH(&grep->fresh, *hit);
    }
    grep->files = finder->out->files;
    uv_mutex_unlock(&grep->lock);
    return true;
}

static void tell_hits(void *data)
{
    struct grep *grep = data;
    uv_mutex_lock(&grep->lock);
    struct hits fresh = grep->fresh;
    size_t files = grep->files;
    grep->fresh = (struct hits){0};
    uv_mutex_unlock(&grep->lock);
    if (grep->events.hits != NULL) {
        grep->events.hits(grep->events.data, fresh.items, fresh.len, files);
    }
    VEC_FOREACH (struct grep_hit, hit, &fresh) {
        grep_hit_free(hit);
    }
    VEC_FREE(&fresh);
}

static void run_grep(void *data)
{
    struct grep *grep = data;
    struct finder finder = finder_of(&grep->options, &grep->result);
    finder.job = grep;
    grep->ok = run(grep->fd, grep->root, &finder, &grep->cancel, &grep->err);
}

static void grep_free(struct grep *grep)
{
    loop_timer_free(grep->timer);
    uv_mutex_destroy(&grep->lock);
    grep_result_free(&grep->result);
    VEC_FOREACH (struct grep_unsaved, unsaved, &grep->unsaved) {
        free(unsaved->path);
        buf_free(&unsaved->bytes);
    }
    VEC_FREE(&grep->unsaved);
    free(grep->root);
    free(grep->pattern);
    free(grep->with);
    free(grep->glob);
    free(grep);
}

static void finish_grep(void *data, bool cancelled)
{
    struct grep *grep = data;
    if (cancelled) { /* before it began: grep_cancel raises the flag only, so by the loop's end */
        grep->ok = err_set(&grep->err, ERR_CANCELLED, "the search was cancelled");
    }
    tell_hits(grep);
    grep->events.done(
        grep->events.data, grep->ok ? &grep->result : NULL, grep->ok ? NULL : &grep->err);
    grep_free(grep);
}

static void copy_unsaved(struct grep *grep, const struct grep_options *options)
{
    for (size_t i = 0; i < options->unsaved_count; i++) {
        struct grep_unsaved copy = {.path = mem_strdup(options->unsaved[i].path)};
        buf_append_str(&copy.bytes, buf_str(&options->unsaved[i].bytes));
        VEC_PUSH(&grep->unsaved, copy);
    }
    grep->options.unsaved = grep->unsaved.items;
}

struct grep *grep_start(struct loop *loop, int fd, const char *root,
    const struct grep_options *options, const struct grep_events *events)
{
    struct grep *grep = MEM_NEW(struct grep);
    grep->fd = fd;
    grep->root = mem_strdup(root);
    grep->pattern = mem_strdup(options->pattern);
    grep->with = mem_strdup(options->with);
    grep->glob = mem_strdup(options->glob);
    grep->options = *options;
    grep->options.pattern = grep->pattern;
    grep->options.with = grep->with;
    grep->options.glob = grep->glob;
    copy_unsaved(grep, options);
    grep->events = *events;
    uv_mutex_init(&grep->lock);
    grep->timer = loop_timer_new(loop, tell_hits, grep);
    if (events->hits != NULL) {
        loop_timer_start(grep->timer, TELL_MS, TELL_MS);
    }
    loop_work_start(loop, run_grep, finish_grep, grep);
    return grep;
}

void grep_cancel(struct grep *grep)
{
    grep->cancel = true;
}
