#include "workspace/search.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/ignore.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    SEARCH_FILE_MAX = 4 << 20,
    HITS_DEFAULT = 200,
    LINE_DEFAULT = 300,
    PATTERN_MAX = 4096,
    MATCH_LIMIT = 1000000,
    DEPTH_LIMIT = 10000,
    HEAP_LIMIT_KIB = 20000,
    BINARY_LOOK = 8000
};

struct finder {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    const struct search_options *options;
    struct search_result *out;
    size_t max_hits;
    size_t max_line;
};

static bool compile(struct finder *finder, struct err *err)
{
    struct str pattern = str_of(finder->options->pattern);
    if (pattern.len == 0) {
        return err_set(err, ERR_INVALID, "the search pattern is empty");
    }
    if (pattern.len > PATTERN_MAX) {
        return err_set(err, ERR_LIMIT, "the search pattern is longer than %d bytes", PATTERN_MAX);
    }
    uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    flags |= finder->options->is_literal ? PCRE2_LITERAL : PCRE2_MULTILINE;
    flags |= finder->options->ignore_case ? PCRE2_CASELESS : 0;
    if (finder->options->is_literal) {
        flags &= ~(uint32_t)PCRE2_NEVER_BACKSLASH_C;
    }
    int code = 0;
    PCRE2_SIZE at = 0;
    finder->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, flags, &code, &at, NULL);
    if (finder->code == NULL) {
        PCRE2_UCHAR why[256];
        pcre2_get_error_message(code, why, sizeof why);
        return err_set(err, ERR_INVALID,
            "the search pattern is no regular expression: %s at byte %zu", (const char *)why,
            at + 1);
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

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

/* The line around [at, end), cut to max_line bytes that hold the beginning of the match. */
static char *line_text(const struct finder *finder, struct str line, size_t at)
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
    buf_append_str(&out, str_slice(line, from, to));
    buf_append_c(&out, to < line.len ? "…" : "");
    return buf_take(&out);
}

static void search_text(struct finder *finder, const char *path, struct str text)
{
    size_t line = 1;
    size_t line_start = 0;
    size_t at = 0;
    while (at <= text.len && finder->out->len < finder->max_hits) {
        int rc = pcre2_match(
            finder->code, (PCRE2_SPTR)text.ptr, text.len, at, 0, finder->match, finder->context);
        if (rc == PCRE2_ERROR_NOMATCH) {
            return;
        }
        if (rc < 0) {
            finder->out->too_hard++;
            return;
        }
        size_t hit = pcre2_get_ovector_pointer(finder->match)[0];
        if (hit >= text.len && text.len > 0 && text.ptr[text.len - 1] == '\n') {
            return; /* an empty match behind the last line */
        }
        for (size_t nl = str_find_char(text, '\n', line_start); nl < hit;
             nl = str_find_char(text, '\n', line_start)) {
            line++;
            line_start = nl + 1;
        }
        size_t end = str_find_char(text, '\n', hit);
        struct str whole = str_slice(text, line_start, end == (size_t)-1 ? text.len : end);
        if (whole.len > 0 && whole.ptr[whole.len - 1] == '\r') {
            whole.len--;
        }
        struct search_hit found = {.path = mem_strdup(path),
            .line = line,
            .column = hit - line_start + 1,
            .text = line_text(finder, whole, hit - line_start)};
        VEC_PUSH(finder->out, found);
        if (end == (size_t)-1) {
            return;
        }
        at = end + 1;
    }
}

static bool wanted(const struct finder *finder, const struct file_entry *entry)
{
    const char *glob = finder->options->glob;
    if (glob == NULL || glob[0] == '\0') {
        return true;
    }
    const char *subject = strchr(glob, '/') == NULL ? path_base(entry->path) : entry->path;
    return ignore_glob(str_of(glob), str_of(subject), false);
}

static void search_file(struct finder *finder, int fd, const struct file_entry *entry)
{
    struct buf text = BUF_INIT;
    if (entry->is_link || entry->odd_name ||
        !beneath_read(fd, entry->path, SEARCH_FILE_MAX, &text, NULL, NULL) ||
        memchr(text.ptr, '\0', text.len < BINARY_LOOK ? text.len : BINARY_LOOK) != NULL) {
        finder->out->skipped++;
    } else {
        finder->out->files++;
        search_text(finder, entry->path, buf_str(&text));
    }
    buf_free(&text);
}

bool search_run(int fd, const char *root, const struct search_options *options,
    const atomic_bool *cancel, struct search_result *out, struct err *err)
{
    struct files files = {0};
    struct files_options listing = {.cancel = cancel};
    struct finder finder = {
        .options = options,
        .out = out,
        .max_hits = options->max_hits == 0 ? HITS_DEFAULT : options->max_hits,
        .max_line = options->max_line == 0 ? LINE_DEFAULT : options->max_line,
    };
    *out = (struct search_result){0};
    bool ok = compile(&finder, err) && files_list(fd, root, &listing, &files, err);
    for (size_t i = 0; ok && i < files.len && out->len < finder.max_hits; i++) {
        if (cancel != NULL && *cancel) {
            ok = err_set(err, ERR_CANCELLED, "the search was cancelled");
        } else if (wanted(&finder, &files.items[i])) {
            search_file(&finder, fd, &files.items[i]);
        }
    }
    out->truncated = files.truncated || out->len >= finder.max_hits;
    if (!ok) {
        search_result_free(out);
    }
    files_free(&files);
    pcre2_match_context_free(finder.context);
    pcre2_match_data_free(finder.match);
    pcre2_code_free(finder.code);
    return ok;
}

void search_result_free(struct search_result *result)
{
    VEC_FOREACH (struct search_hit, hit, result) {
        free(hit->path);
        free(hit->text);
    }
    VEC_FREE(result);
}

struct search {
    int fd;
    char *root;
    char *pattern;
    char *glob;
    struct search_options options;
    atomic_bool cancel;
    struct search_result result;
    bool ok;
    struct err err;
    void (*done)(void *data, const struct search_result *result, const struct err *err);
    void *data;
};

static void run_search(void *data)
{
    struct search *search = data;
    search->ok = search_run(
        search->fd, search->root, &search->options, &search->cancel, &search->result, &search->err);
}

static void finish_search(void *data, bool cancelled)
{
    (void)cancelled; /* search_cancel raises the flag; the worker says so in err */
    struct search *search = data;
    search->done(
        search->data, search->ok ? &search->result : NULL, search->ok ? NULL : &search->err);
    search_result_free(&search->result);
    free(search->root);
    free(search->pattern);
    free(search->glob);
    free(search);
}

struct search *search_start(struct loop *loop, int fd, const char *root,
    const struct search_options *options,
    void (*done)(void *data, const struct search_result *result, const struct err *err), void *data)
{
    struct search *search = MEM_NEW(struct search);
    search->fd = fd;
    search->root = mem_strdup(root);
    search->pattern = mem_strdup(options->pattern);
    search->glob = mem_strdup(options->glob);
    search->options = *options;
    search->options.pattern = search->pattern;
    search->options.glob = search->glob;
    search->done = done;
    search->data = data;
    loop_work_start(loop, run_search, finish_search, search);
    return search;
}

void search_cancel(struct search *search)
{
    search->cancel = true;
}
