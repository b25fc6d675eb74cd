#include "policy/index_internal.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

#define DATA_KEYS_MAX_BYTES ((size_t)32 << 20)

struct work {
    struct policy_index *index;
    bool *in; /* by place */
    struct policy_set queue;
    struct policy_set documents;
};

static void enter(struct work *work, size_t place)
{
    if (!work->in[place]) {
        work->in[place] = true;
        VEC_PUSH(&work->queue, place);
    }
}

static struct policy_file *at_order(const struct work *work, size_t i)
{
    return &work->index->files.items[work->index->by_package.items[i]];
}

static size_t common_prefix(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '/') {
            shared = i + 1;
        }
    }
    return shared;
}

/* Enters the files [from, to) of by_package, which share a package. Where the package is split by
 * folder, only those of the folder nearest to `asker`. */
static void enter_package(struct work *work, size_t from, size_t to, const char *asker)
{
    const char *nearest = NULL;
    size_t best = 0;
    for (size_t i = from; i < to && at_order(work, from)->scope[0] != '\0'; i++) {
        const struct policy_file *file = at_order(work, i);
        char *dir = path_dir(asker);
        size_t shared = common_prefix(file->path, asker) * 2 + (strcmp(dir, file->scope) == 0);
        free(dir);
        if (nearest == NULL || shared > best) {
            nearest = file->scope;
            best = shared;
        }
    }
    for (size_t i = from; i < to; i++) {
        if (nearest == NULL || strcmp(at_order(work, i)->scope, nearest) == 0) {
            enter(work, work->index->by_package.items[i]);
        }
    }
}

/* Enters the package at place `from` of by_package and returns the place after it. */
static size_t enter_package_at(struct work *work, size_t from, const char *asker)
{
    size_t to = policy_package_end(work->index, from);
    enter_package(work, from, to, asker);
    return to;
}

/* True when a file of the package [from, …) has a rule whose head begins with the first part of
 * `rest`. */
static bool package_defines(const struct work *work, size_t from, const char *rest)
{
    size_t len = strcspn(rest, "/");
    if (len == 0) {
        return false;
    }
    const char *package = at_order(work, from)->facts->package;
    for (size_t i = from;
         i < work->index->by_package.len && strcmp(at_order(work, i)->facts->package, package) == 0;
         i++) {
        VEC_FOREACH (struct policy_rule, rule, &at_order(work, i)->facts->rules) {
            if (strncmp(rule->name, rest, len) == 0 &&
                (rule->name[len] == '\0' || rule->name[len] == '/')) {
                return true;
            }
        }
    }
    return false;
}

enum found {
    FOUND_NOTHING,
    FOUND_PACKAGE, /* there is a package, but no rule of it is named */
    FOUND_RULE
};

/* The packages a reference may reach: the one it lies in (and shorter ones that define its next
 * part), and all below it. */
static enum found enter_packages(struct work *work, const char *ref, const char *asker)
{
    enum found found = FOUND_NOTHING;
    bool longest = true;
    for (size_t end = strlen(ref); end > 0; end--) {
        if (ref[end] != '\0' && ref[end] != '/') {
            continue;
        }
        char *package = mem_strndup(ref, end);
        size_t at = policy_package_bound(work->index, package);
        bool here = at < work->index->by_package.len &&
                    strcmp(at_order(work, at)->facts->package, package) == 0;
        free(package);
        const char *rest = ref[end] == '\0' ? "" : ref + end + 1;
        bool defines = here && package_defines(work, at, rest);
        if (here && (longest || defines)) {
            enter_package_at(work, at, asker);
            found = defines || found == FOUND_RULE ? FOUND_RULE : FOUND_PACKAGE;
            longest = false;
        }
    }
    char *below = ref[0] == '\0' ? mem_strdup("") : mem_printf("%s/", ref);
    size_t i = policy_package_bound(work->index, below);
    while (i < work->index->by_package.len &&
           strncmp(at_order(work, i)->facts->package, below, strlen(below)) == 0) {
        i = enter_package_at(work, i, asker);
        found = found == FOUND_NOTHING ? FOUND_PACKAGE : found;
    }
    free(below);
    return found;
}

/* `key: …` at the margin, the key plain or in quotes that need no unescaping. */
static bool is_usual_key(struct str line)
{
    bool quoted = line.ptr[0] == '"' || line.ptr[0] == '\'';
    size_t end = quoted ? str_find_char(line, line.ptr[0], 1) : str_find_char(line, ':', 0);
    return end != SIZE_MAX && strchr("{[?&!*|>%@`-", line.ptr[0]) == NULL &&
           str_find_char(str_slice(line, 0, end), '\\', 0) == SIZE_MAX &&
           (!quoted || (end + 1 < line.len && line.ptr[end + 1] == ':'));
}

static void read_yaml_keys(struct policy_file *file, struct str text)
{
    struct str line;
    bool content = false;
    while (str_next_line(&text, &line)) {
        line = str_trim_right(line);
        if (str_equal_c(line, "---") || str_starts(line, "--- ")) {
            file->no_document = file->no_document || content;
            continue;
        }
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        bool indented = isspace((unsigned char)line.ptr[0]) != 0;
        size_t colon = str_find(line, str_of(":"), 0);
        file->odd_keys = file->odd_keys || (indented ? !content : !is_usual_key(line));
        content = true;
        if (indented || colon == (size_t)-1) {
            continue;
        }
        struct str key = str_slice(line, 0, colon);
        if (key.len >= 2 && (key.ptr[0] == '"' || key.ptr[0] == '\'')) {
            key = str_slice(key, 1, key.len - 1);
        }
        VEC_PUSH(&file->keys, str_dup(key));
    }
}

void policy_document_keys(struct policy_file *file, struct str text)
{
    file->keys_read = true;
    file->no_document = file->odd_keys = false;
    if (strcmp(path_ext(file->path), ".json") == 0) {
        cJSON *doc = json_parse(text, NULL);
        /* Not JSON: opa says so better than we could, when a policy asks for it. */
        file->odd_keys = doc == NULL;
        file->no_document = doc != NULL && !cJSON_IsObject(doc);
        for (cJSON *member = doc == NULL ? NULL : doc->child; member != NULL;
             member = member->next) {
            if (member->string != NULL) {
                VEC_PUSH(&file->keys, mem_strdup(member->string));
            }
        }
        cJSON_Delete(doc);
    } else {
        read_yaml_keys(file, text);
    }
}

static void read_keys(const struct policy_index *index, struct policy_file *file)
{
    if (file->keys_read) {
        return;
    }
    char *path = path_join(index->root, file->path);
    struct buf text = BUF_INIT;
    if (file_read(path, DATA_KEYS_MAX_BYTES, &text, NULL)) {
        policy_document_keys(file, buf_str(&text));
    } else {
        file->keys_read = file->no_document = file->odd_keys = true;
    }
    buf_free(&text);
    free(path);
}

static bool is_named_data(const char *path)
{
    const char *base = path_base(path);
    return strcmp(base, "data.json") == 0 || strcmp(base, "data.yaml") == 0 ||
           strcmp(base, "data.yml") == 0;
}

/* True when the document holds something at or below `ref`, or `ref` leads into it. Of documents
 * that are called neither data.json nor data.yaml and that no setting declares, the very key must
 * be asked for, and they do not count where a package answers: most YAML beside policies is
 * Kubernetes manifests, which opa would merge into one another. What a rule answers is asked of
 * declared ones only, so that opa can say when both define it. */
static bool reaches(
    const struct policy_index *index, struct policy_file *file, const char *ref, enum found found)
{
    bool named = !file->is_declared && is_named_data(file->path);
    if (!file->is_declared && (found == FOUND_RULE || (found == FOUND_PACKAGE && !named))) {
        return false;
    }
    if (policy_path_below(file->mount, ref)) {
        return named || file->is_declared || ref[0] != '\0'; /* the whole folder is asked for */
    }
    if (!policy_path_below(ref, file->mount)) {
        return false;
    }
    if (named) {
        return true;
    }
    const char *rest = ref + strlen(file->mount);
    rest += *rest == '/' ? 1 : 0;
    read_keys(index, file);
    VEC_FOREACH (char *, key, &file->keys) {
        if (!file->no_document && policy_path_below(rest, *key)) {
            return true;
        }
    }
    return file->is_declared && (file->no_document || file->odd_keys);
}

static void enter_data(struct work *work, const char *ref, enum found found)
{
    for (size_t i = 0; i < work->index->files.len; i++) {
        struct policy_file *file = &work->index->files.items[i];
        if (file->kind == POLICY_DATA && !work->in[i] &&
            (found != FOUND_RULE || file->is_declared) && reaches(work->index, file, ref, found)) {
            work->in[i] = true;
            VEC_PUSH(&work->documents, i);
        }
    }
}

static void follow(struct work *work, size_t place)
{
    const struct policy_file *file = &work->index->files.items[place];
    if (file->facts == NULL) {
        return;
    }
    if (file->facts->package != NULL) {
        size_t at = policy_package_bound(work->index, file->facts->package);
        if (at < work->index->by_package.len) {
            enter_package_at(work, at, file->path);
        }
    }
    VEC_FOREACH (struct policy_ref, ref, &file->facts->refs) {
        enum found found = enter_packages(work, ref->path, file->path);
        if (found != FOUND_RULE || work->index->roots.len > 0) {
            enter_data(work, ref->path, found);
        }
    }
}

void policy_closure(
    struct policy_index *index, const struct policy_set *seeds, struct policy_set *closure)
{
    struct work work = {.index = index, .in = mem_zalloc(index->files.len + 1)};
    VEC_FOREACH (size_t, seed, seeds) {
        enter(&work, *seed);
    }
    for (size_t i = 0; i < work.queue.len; i++) {
        follow(&work, work.queue.items[i]);
    }
    size_t before = closure->len;
    VEC_FOREACH (size_t, place, &work.queue) {
        VEC_PUSH(closure, *place);
    }
    VEC_FOREACH (size_t, place, &work.documents) {
        VEC_PUSH(closure, *place);
    }
    policy_set_sort(closure, before);
    VEC_FREE(&work.queue);
    VEC_FREE(&work.documents);
    free(work.in);
}

/* A package is there or below, or one on the way to it cannot be read whole. */
static bool has_package(const struct work *work, const char *ref)
{
    size_t at = policy_package_bound(work->index, ref);
    bool has = at < work->index->by_package.len &&
               policy_path_below(at_order(work, at)->facts->package, ref);
    VEC_FOREACH (size_t, place, &work->queue) {
        const struct policy_facts *facts = work->index->files.items[*place].facts;
        has = has || (facts != NULL && facts->has_errors);
    }
    return has;
}

bool policy_names_something(struct policy_index *index, const char *ref, const char *asker)
{
    struct work work = {.index = index, .in = mem_zalloc(index->files.len + 1)};
    enum found found = enter_packages(&work, ref, asker);
    bool some = found == FOUND_RULE || (found == FOUND_PACKAGE && has_package(&work, ref));
    for (size_t i = 0; i < index->files.len && !some; i++) {
        struct policy_file *file = &index->files.items[i];
        some = file->kind == POLICY_DATA && reaches(index, file, ref, found);
    }
    VEC_FREE(&work.queue);
    free(work.in);
    return some;
}
