#include "engine/eval_input.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/target.h"

#include <stdio.h>
#include <stdlib.h>

enum { CANDIDATES_MAX = 1000, DOCUMENTS_MAX = 100, READ_FILES_MAX = 400, MEMORY_MAX = 500 };
#define LOOK_MAX_BYTES   ((size_t)1 << 20)
#define MEMORY_MAX_BYTES ((size_t)1 << 20)

struct eval_input eval_input_copy(const struct eval_input *input)
{
    struct eval_input copy = *input;
    copy.path = mem_strdup(input->path);
    copy.test = mem_strdup(input->test);
    copy.text = mem_strdup(input->text);
    return copy;
}

void eval_input_free(struct eval_input *input)
{
    free(input->path);
    free(input->test);
    free(input->text);
    *input = (struct eval_input){0};
}

char *eval_input_print(const struct eval_input *input)
{
    switch (input->kind) {
    case EVAL_INPUT_FILE:
        return input->document == 0 ? mem_printf("file %s", input->path)
                                    : mem_printf("file %s#%u", input->path, input->document);
    case EVAL_INPUT_TEST:
        return mem_printf("test %s:%u %s", input->path, input->row, input->test);
    default:
        return mem_strdup("none");
    }
}

/* Takes "<sep>NUMBER" off the end of *text; false: it does not end so. */
static bool take_number(struct str *text, char sep, unsigned *number)
{
    size_t at = text->len;
    unsigned value = 0;
    unsigned scale = 1;
    while (at > 0 && text->ptr[at - 1] >= '0' && text->ptr[at - 1] <= '9' && scale < 100000000) {
        value += (unsigned)(text->ptr[--at] - '0') * scale;
        scale *= 10;
    }
    if (at == text->len || at < 2 || text->ptr[at - 1] != sep || value == 0) {
        return false;
    }
    *number = value;
    *text = str_slice(*text, 0, at - 1);
    return true;
}

bool eval_input_parse(struct str line, struct eval_input *input)
{
    *input = (struct eval_input){0};
    if (str_equal_c(line, "none")) {
        return true;
    }
    bool test = str_starts(line, "test ");
    if (!test && !str_starts(line, "file ")) {
        return false;
    }
    struct str path = str_from(line, 5);
    struct str name = {0};
    if (test) {
        size_t blank = str_find_char(path, ' ', 0);
        while (blank != (size_t)-1 && str_find_char(path, ' ', blank + 1) != (size_t)-1) {
            blank = str_find_char(path, ' ', blank + 1);
        }
        name = str_from(path, blank == (size_t)-1 ? path.len : blank + 1);
        path = str_slice(path, 0, blank == (size_t)-1 ? 0 : blank);
        if (name.len == 0 || !take_number(&path, ':', &input->row)) {
            return false;
        }
    } else {
        (void)take_number(&path, '#', &input->document);
    }
    if (!path_check_relative(path, &input->path, NULL)) {
        return false;
    }
    input->kind = test ? EVAL_INPUT_TEST : EVAL_INPUT_FILE;
    input->test = test ? str_dup(name) : NULL;
    return true;
}

char *eval_input_show(const struct eval_input *input)
{
    switch (input->kind) {
    case EVAL_INPUT_FILE:
        return input->document == 0 ? mem_strdup(input->path)
                                    : mem_printf("%s, document %u", input->path, input->document);
    case EVAL_INPUT_TEST:
        return mem_printf("%s (%s:%u)", input->test, path_base(input->path), input->row);
    case EVAL_INPUT_TEXT:
        return mem_strdup("the given input");
    default:
        return mem_strdup("no input");
    }
}

bool eval_read(const char *root, const struct policy_text *texts, size_t count, const char *path,
    size_t max_bytes, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i].path, path) == 0) {
            buf_append_str(out, texts[i].text);
            return true;
        }
    }
    char *full = path_join(root, path);
    bool ok = file_read(full, max_bytes, out, err);
    free(full);
    return ok;
}

/* ---- YAML streams ---- */

static bool is_separator(struct str line)
{
    line = str_trim_right(line);
    return str_equal_c(line, "---") || str_starts(line, "--- ");
}

bool eval_next_document(struct str *rest, struct str *document)
{
    while (rest->len > 0) {
        struct str text = *rest;
        struct str line;
        bool content = false;
        size_t end = text.len;
        while (str_next_line(rest, &line)) {
            if (is_separator(line)) {
                end = (size_t)(line.ptr - text.ptr);
                break;
            }
            struct str trimmed = str_trim(line);
            content = content || (trimmed.len > 0 && trimmed.ptr[0] != '#');
        }
        *document = str_slice(text, 0, end);
        if (content) {
            return true;
        }
    }
    return false;
}

struct str eval_document(struct str yaml, unsigned number)
{
    struct str document = {0};
    for (unsigned i = 0; i < number; i++) {
        if (!eval_next_document(&yaml, &document)) {
            return str_make(NULL, 0);
        }
    }
    return document;
}

/* ---- candidates ---- */

/* "Deployment web" of a manifest: its kind and name as they stand at the margin. */
static char *describe(struct str text)
{
    struct str line;
    struct str kind = {0};
    struct str name = {0};
    bool in_metadata = false;
    for (size_t rows = 0; rows < 4000 && str_next_line(&text, &line); rows++) {
        struct str trimmed = str_trim_right(line);
        bool margin = trimmed.len > 0 && trimmed.ptr[0] != ' ' && trimmed.ptr[0] != '#';
        in_metadata = margin ? str_starts(trimmed, "metadata:") : in_metadata;
        if (kind.len == 0 && str_starts(trimmed, "kind:")) {
            kind = str_trim(str_from(trimmed, 5));
        } else if (in_metadata && name.len == 0 && str_starts(trimmed, "  name:")) {
            name = str_trim(str_from(trimmed, 7));
        }
    }
    struct buf out = BUF_INIT;
    safe_append(&out, str_slice(kind, 0, 80), SAFE_ONE_LINE);
    buf_append_c(&out, kind.len > 0 && name.len > 0 ? " " : "");
    safe_append(&out, str_slice(name, 0, 120), SAFE_ONE_LINE);
    return buf_take(&out);
}

struct gathering {
    const struct policy_index *index;
    const struct policy_text *texts;
    size_t count;
    struct eval_candidates *out;
};

static void add(struct gathering *g, struct eval_input input, char *detail)
{
    if (g->out->len >= CANDIDATES_MAX) {
        eval_input_free(&input);
        free(detail);
        return;
    }
    VEC_PUSH(g->out, (struct eval_candidate){input, detail});
}

static void add_tests(struct gathering *g, const char *path)
{
    struct buf text = BUF_INIT;
    struct target_inputs inputs = {0};
    if (eval_read(g->index->root, g->texts, g->count, path, LOOK_MAX_BYTES, &text, NULL)) {
        target_inputs_find(buf_str(&text), &inputs);
    }
    VEC_FOREACH (struct target_input, input, &inputs) {
        add(g,
            (struct eval_input){.kind = EVAL_INPUT_TEST,
                .path = mem_strdup(path),
                .test = mem_strdup(input->test),
                .row = input->row},
            mem_strdup(input->shown));
    }
    target_inputs_free(&inputs);
    buf_free(&text);
}

static void add_documents(struct gathering *g, const char *path)
{
    struct buf text = BUF_INIT;
    bool read = eval_read(g->index->root, g->texts, g->count, path, LOOK_MAX_BYTES, &text, NULL);
    struct str rest = buf_str(&text);
    struct str first;
    struct str document;
    bool several = read && path_is_yaml(path) && eval_next_document(&rest, &first) &&
                   eval_next_document(&rest, &document);
    rest = buf_str(&text);
    for (unsigned i = 1; several && i <= DOCUMENTS_MAX && eval_next_document(&rest, &document);
         i++) {
        add(g,
            (struct eval_input){.kind = EVAL_INPUT_FILE, .path = mem_strdup(path), .document = i},
            describe(document));
    }
    if (!several) {
        add(g, (struct eval_input){.kind = EVAL_INPUT_FILE, .path = mem_strdup(path)},
            path_is_yaml(path) ? describe(buf_str(&text)) : mem_strdup("JSON"));
    }
    buf_free(&text);
}

struct near {
    const char *path;
    size_t shared; /* bytes of folders in common */
    bool fixture;
};

static int by_nearness(const void *a, const void *b)
{
    const struct near *x = a;
    const struct near *y = b;
    if (x->shared != y->shared) {
        return x->shared > y->shared ? -1 : 1;
    }
    return x->fixture != y->fixture ? (x->fixture ? -1 : 1) : strcmp(x->path, y->path);
}

static struct near nearness(const char *path, const char *file)
{
    struct near near = {.path = path};
    for (size_t i = 0; path[i] != '\0' && path[i] == file[i]; i++) {
        near.shared = path[i] == '/' ? i + 1 : near.shared;
    }
    near.fixture = strstr(path, "testdata") != NULL || strstr(path, "fixture") != NULL ||
                   strstr(path, "example") != NULL || strstr(path, "input") != NULL;
    return near;
}

/* A test that knows the package: it is in it, or refers to it. */
static bool tests_package(const struct policy_facts *facts, const char *package)
{
    bool found = facts->package != NULL && strcmp(facts->package, package) == 0;
    VEC_FOREACH (const struct policy_ref, ref, &facts->refs) {
        found = found || policy_path_below(ref->path, package);
    }
    return found && facts->tests.len > 0;
}

void eval_candidates_find(const struct policy_index *index, const struct policy_text *texts,
    size_t count, const char *file, struct eval_candidates *candidates)
{
    struct gathering g = {index, texts, count, candidates};
    size_t place = policy_index_find(index, file);
    const struct policy_facts *facts = place == (size_t)-1 ? NULL : index->files.items[place].facts;
    struct {
        struct near *items;
        size_t len, cap;
    } near = {0};
    for (size_t i = 0; i < index->files.len; i++) {
        const struct policy_file *other = &index->files.items[i];
        if (other->kind == POLICY_DATA) {
            VEC_PUSH(&near, nearness(other->path, file));
        } else if (facts != NULL && facts->package != NULL && other->facts != NULL &&
                   tests_package(other->facts, facts->package)) {
            add_tests(&g, other->path);
        }
    }
    if (near.len > 1) {
        qsort(near.items, near.len, sizeof *near.items, by_nearness);
    }
    for (size_t i = 0; i < near.len && i < READ_FILES_MAX; i++) {
        if (strcmp(near.items[i].path, file) != 0) {
            add_documents(&g, near.items[i].path);
        }
    }
    VEC_FREE(&near);
}

void eval_candidates_free(struct eval_candidates *candidates)
{
    VEC_FOREACH (struct eval_candidate, candidate, candidates) {
        eval_input_free(&candidate->input);
        free(candidate->detail);
    }
    VEC_FREE(candidates);
}

/* ---- memory ---- */

static char *memory_path(const char *root)
{
    char *state = path_home_dir(PATH_STATE, NULL);
    char *folder = state == NULL ? NULL : path_join(state, "inputs");
    bool made = folder != NULL && path_make_dirs(folder, NULL);
    char *path = made ? mem_printf("%s/%016llx", folder, str_hash(str_of(root))) : NULL;
    free(folder);
    free(state);
    return path;
}

static bool next_memory(struct str *rest, struct str *file, struct str *input)
{
    struct str line;
    while (str_next_line(rest, &line)) {
        size_t tab = str_find_char(line, '\t', 0);
        if (tab != (size_t)-1) {
            *file = str_slice(line, 0, tab);
            *input = str_from(line, tab + 1);
            return true;
        }
    }
    return false;
}

bool eval_memory_get(const char *root, const char *file, struct eval_input *input)
{
    char *path = memory_path(root);
    struct buf text = BUF_INIT;
    bool found = false;
    if (path != NULL && file_read(path, MEMORY_MAX_BYTES, &text, NULL)) {
        struct str rest = buf_str(&text);
        struct str name;
        struct str line;
        while (!found && next_memory(&rest, &name, &line)) {
            found = str_equal_c(name, file) && eval_input_parse(line, input);
        }
    }
    buf_free(&text);
    free(path);
    return found;
}

void eval_memory_set(const char *root, const char *file, const struct eval_input *input)
{
    char *path = memory_path(root);
    if (path == NULL || strpbrk(file, "\t\n") != NULL) {
        free(path);
        return;
    }
    struct buf old = BUF_INIT;
    struct buf text = BUF_INIT;
    char *line = eval_input_print(input);
    buf_printf(&text, "%s\t%s\n", file, line);
    free(line);
    if (file_read(path, MEMORY_MAX_BYTES, &old, NULL)) {
        struct str rest = buf_str(&old);
        struct str name;
        struct str kept;
        for (size_t i = 1; i < MEMORY_MAX && next_memory(&rest, &name, &kept);) {
            if (!str_equal_c(name, file)) {
                buf_printf(&text, "%.*s\t%.*s\n", STR_FMT(name), STR_FMT(kept));
                i++;
            }
        }
    }
    /* A choice that cannot be kept is asked for again: nothing is lost. */
    (void)!file_write(path, buf_str(&text), 0600, NULL);
    buf_free(&old);
    buf_free(&text);
    free(path);
}
