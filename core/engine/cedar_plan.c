/* What of a workspace is Cedar's, as units of a run. */
#include "engine/cedar.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/cedar_parse.h"
#include "engine/settings.h"

#include <stdlib.h>

enum { REQUESTS_MAX = 20000 };
#define TESTS_MAX_BYTES ((size_t)4 << 20)

struct extension {
    struct run_plan *plan;
    const struct policy_index *index;
    struct cedar_sets sets;
    bool *marked; /* by file: what a change of reaches the unit */
};

static void push_path(struct plan_words *words, const char *flag, const char *path)
{
    plan_words_push(words, flag);
    VEC_PUSH(words, path[0] == '/' ? mem_strdup(path) : mem_printf("./%s", path));
}

/* ---- words of command lines ---- */

/* A file of the cache named by what it holds: written once, the same for every run. */
static char *cache_file(struct str text, const char *ext, struct err *err)
{
    char *cache = path_home_dir(PATH_CACHE, err);
    char *folder = cache == NULL ? NULL : path_join(cache, "engines");
    char *path = NULL;
    if (folder != NULL && path_make_dirs(folder, err)) {
        path = mem_printf("%s/cedar-%016llx%s", folder, str_hash(text), ext);
        struct buf there = BUF_INIT;
        bool same = file_read(path, text.len, &there, NULL) && str_equal(buf_str(&there), text);
        if (!same && !file_write(path, text, 0600, err)) {
            free(path);
            path = NULL;
        }
        buf_free(&there);
    }
    free(folder);
    free(cache);
    return path;
}

static bool push_together(const char *root, const char *const *policies, size_t count,
    struct plan_words *args, struct err *err)
{
    struct cedar_source source;
    bool all = cedar_source_read(root, (char *const *)(uintptr_t)policies, count, &source);
    char *path = all ? cache_file(buf_str(&source.text), ".cedar", err) : NULL;
    cedar_source_free(&source);
    if (!all) {
        return err_set(err, ERR_IO, "the files of a set of policies cannot be read together");
    }
    if (path == NULL) {
        return false;
    }
    push_path(args, "-p", path);
    free(path);
    return true;
}

bool cedar_push_policies(const char *root, const char *const *policies, size_t count,
    const char *links, struct plan_words *args, struct err *err)
{
    bool ok = true;
    if (count > 1) {
        ok = push_together(root, policies, count, args, err);
    } else {
        push_path(args, "-p", policies[0]);
        if (strcmp(path_ext(policies[0]), ".json") == 0) {
            plan_words_push(args, "--policy-format");
            plan_words_push(args, "json");
        }
    }
    if (ok && links != NULL) {
        push_path(args, "-k", links);
    }
    return ok;
}

void cedar_push_schema(const char *schema, struct plan_words *args)
{
    if (schema != NULL) {
        push_path(args, "-s", schema);
        if (strcmp(path_ext(schema), ".json") == 0) {
            plan_words_push(args, "--schema-format");
            plan_words_push(args, "json");
        }
    }
}

bool cedar_push_entities(const char *entities, struct plan_words *args, struct err *err)
{
    if (entities != NULL) {
        push_path(args, "--entities", entities);
        return true;
    }
    char *none = cache_file(STR_LIT("[]\n"), ".json", err);
    if (none == NULL) {
        return false;
    }
    push_path(args, "--entities", none);
    free(none);
    return true;
}

/* ---- units ---- */

static void text_release(struct cedar_text *text)
{
    if (--text->references == 0) {
        cedar_source_free(&text->source);
        plan_words_free(&text->policies);
        free(text);
    }
}

static void unit_free(void *own)
{
    struct cedar_unit *unit = own;
    text_release(unit->text);
    free(unit->schema);
    free(unit->no_schema);
    plan_words_free(&unit->expected);
    plan_words_free(&unit->reason);
    free(unit);
}

static void mark(struct extension *x, const char *path)
{
    size_t place = path == NULL ? (size_t)-1 : plan_find_file(x->plan, path);
    if (place != (size_t)-1) {
        x->marked[place] = true;
    }
}

static struct cedar_unit *own_of(
    enum cedar_kind kind, const struct cedar_set *set, struct cedar_text *text)
{
    struct cedar_unit *own = MEM_NEW(struct cedar_unit);
    *own = (struct cedar_unit){.kind = kind, .text = text, .schema = mem_strdup(set->schema)};
    text->references++;
    return own;
}

/* The words after the verb's own; what keeps it from being called becomes the unit's trouble. */
static void add_unit(struct extension *x, const struct cedar_set *set, struct cedar_unit *own,
    const char *verb, const char *what, struct plan_words *args)
{
    struct plan_unit unit = {.label = mem_printf("cedar %s %s", verb, what),
        .dialect = DIALECT_EITHER,
        .alone = true,
        .engine = &engine_cedar,
        .dir = mem_strdup(""),
        .own = own,
        .own_free = unit_free,
        .whole = true,
        .inputs = true};
    struct err err;
    plan_words_push(&unit.args, verb);
    plan_words_push(&unit.args, "--error-format=json");
    if (!cedar_push_policies(x->index->root, (const char *const *)set->policies.items,
            set->policies.len, set->links, &unit.args, &err) ||
        (own->kind == CEDAR_REQUEST && !cedar_push_entities(set->entities, &unit.args, &err))) {
        unit.trouble = mem_strdup(err.text);
    }
    VEC_FOREACH (char *, arg, args) {
        VEC_PUSH(&unit.args, *arg);
    }
    VEC_FREE(args);
    VEC_FOREACH (char *, path, &set->policies) {
        mark(x, *path);
    }
    mark(x, set->schema);
    mark(x, set->links);
    plan_mark_files(x->plan, x->marked, &unit.files);
    memset(x->marked, 0, x->plan->files.len);
    VEC_PUSH(&x->plan->units, unit);
}

static void add_test(
    struct extension *x, const char *suite, char *name, const char *path, struct position at)
{
    VEC_PUSH(&x->plan->tests, (struct plan_test){.suite = mem_strdup(suite),
                                  .name = name,
                                  .file = plan_find_file(x->plan, path),
                                  .at = at,
                                  .unit = x->plan->units.len});
}

static void add_validation(
    struct extension *x, const struct cedar_set *set, struct cedar_text *text)
{
    struct plan_words args = {0};
    bool validates = set->schema != NULL;
    struct cedar_unit *own = own_of(validates ? CEDAR_VALIDATE : CEDAR_PARSE, set, text);
    own->no_schema = mem_strdup(set->no_schema);
    if (validates) {
        cedar_push_schema(set->schema, &args);
    }
    if (validates && set->level >= 0) {
        plan_words_push(&args, "--level");
        VEC_PUSH(&args, mem_printf("%lld", set->level));
    }
    add_test(
        x, set->label, mem_strdup("validate"), set->policies.items[0], (struct position){1, 1});
    add_unit(x, set, own, validates ? "validate" : "check-parse", set->label, &args);
}

static struct position place_in(struct str text, size_t offset)
{
    struct position at = {1, 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        at.col = text.ptr[i] == '\n' ? 1 : at.col + 1;
        at.row += text.ptr[i] == '\n';
    }
    return at;
}

static void add_tests(struct extension *x, const struct cedar_set *set, struct cedar_text *text,
    const char *path, struct str json)
{
    struct cedar_tests tests = {0};
    struct plan_words args = {0};
    struct cedar_unit *own = own_of(CEDAR_TESTS, set, text);
    char *folder = path_dir(path);
    cedar_parse_tests(json, &tests);
    struct position at = {1, 1};
    size_t offset = 0;
    VEC_FOREACH (struct cedar_test, test, &tests) {
        struct position step = place_in(str_from(json, offset), test->offset - offset);
        at.col = step.row == 1 ? at.col + step.col - 1 : step.col;
        at.row += step.row - 1;
        offset = test->offset;
        add_test(x, path, mem_strdup(test->name), path, at);
        plan_words_push(&own->expected, test->expected);
        plan_words_push(&own->reason, test->reason == NULL ? "" : test->reason);
        if (test->entities != NULL) {
            char *entities = strcmp(folder, ".") == 0 ? mem_strdup(test->entities)
                                                      : path_join(folder, test->entities);
            mark(x, entities);
            free(entities);
        }
    }
    own->no_tests = tests.len == 0;
    if (own->no_tests) {
        add_test(x, path, mem_strdup(path_base(path)), path, (struct position){1, 1});
    }
    push_path(&args, "--tests", path);
    cedar_push_schema(set->schema, &args);
    mark(x, path);
    add_unit(x, set, own, "run-tests", path, &args);
    cedar_tests_free(&tests);
    free(folder);
}

static void add_tests_file(
    struct extension *x, const struct cedar_set *set, struct cedar_text *text, const char *path)
{
    struct buf json = BUF_INIT;
    struct err err;
    char *full = path_join(x->index->root, path);
    if (plan_find_file(x->plan, path) != (size_t)-1) {
        bool ok = file_read(full, TESTS_MAX_BYTES, &json, &err);
        add_tests(x, set, text, path, buf_str(&json));
        struct plan_unit *unit = &x->plan->units.items[x->plan->units.len - 1];
        if (!ok && unit->trouble == NULL) { /* they must not vanish */
            unit->trouble = mem_printf("the tests cannot be read: %s", err.text);
        }
    }
    buf_free(&json);
    free(full);
}

static void add_request(struct extension *x, const struct cedar_set *set, struct cedar_text *text,
    const char *path, bool allow)
{
    struct plan_words args = {0};
    struct cedar_unit *own = own_of(CEDAR_REQUEST, set, text);
    own->allow = allow;
    plan_words_push(&args, "--verbose");
    push_path(&args, "--request-json", path);
    cedar_push_schema(set->schema, &args);
    mark(x, path);
    mark(x, set->entities);
    add_test(x, set->label, mem_printf("%s %s", allow ? "allow" : "deny", path_base(path)), path,
        (struct position){1, 1});
    add_unit(x, set, own, "authorize", path, &args);
}

static void add_set(struct extension *x, const struct cedar_set *set)
{
    struct cedar_text *text = MEM_NEW(struct cedar_text);
    text->references = 1;
    VEC_FOREACH (char *, path, &set->policies) {
        plan_words_push(&text->policies, *path);
    }
    /* What cannot be read has no places; cedar says why. */
    (void)!cedar_source_read(
        x->index->root, text->policies.items, text->policies.len, &text->source);
    add_validation(x, set, text);
    VEC_FOREACH (char *, path, &set->tests) {
        add_tests_file(x, set, text, *path);
    }
    size_t requests = 0;
    VEC_FOREACH (char *, path, &set->requests) {
        bool allow = false;
        bool expected = false;
        VEC_FOREACH (char *, known, &set->allow) {
            allow = allow || strcmp(*known, *path) == 0;
        }
        VEC_FOREACH (char *, known, &set->deny) {
            expected = expected || strcmp(*known, *path) == 0;
        }
        if ((allow || expected) && requests++ < REQUESTS_MAX) {
            add_request(x, set, text, *path, allow);
        }
    }
    text_release(text);
}

/* What nothing can be asked about is not evaluated, and does not vanish. */
static void add_stray(struct extension *x, const struct cedar_stray *stray)
{
    if (plan_find_file(x->plan, stray->path) == (size_t)-1) {
        return;
    }
    struct plan_unit unit = {.label = mem_printf("cedar run-tests %s", stray->path),
        .dialect = DIALECT_EITHER,
        .alone = true,
        .engine = &engine_cedar,
        .dir = mem_strdup(""),
        .trouble = mem_strdup(stray->why),
        .unasked = true,
        .whole = true,
        .inputs = true};
    add_test(
        x, stray->path, mem_strdup(path_base(stray->path)), stray->path, (struct position){1, 1});
    mark(x, stray->path);
    plan_mark_files(x->plan, x->marked, &unit.files);
    memset(x->marked, 0, x->plan->files.len);
    VEC_PUSH(&x->plan->units, unit);
}

static void check_settings(const struct policy_index *index, struct run_plan *plan)
{
    static const char *const file = ".bylaw/config.toml";
    static const char *const keys[] = {"policies", "tests", "allow", "deny"};
    struct toml *toml = settings_read(index->root, file);
    const struct toml *sets = toml_get_path(toml, "engines.cedar.sets");
    for (size_t i = 0; sets != NULL && sets->kind == TOML_TABLE && i < sets->len; i++) {
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            settings_note_unmatched(
                index, file, toml_get(sets->items[i], keys[k]), settings_name, &plan->notes);
        }
    }
    toml_free(toml);
}

static void all_paths(const struct policy_index *index, struct plan_words *paths)
{
    size_t i = 0;
    size_t k = 0;
    while (i < index->files.len || k < index->others.len) {
        bool file = k >= index->others.len ||
                    (i < index->files.len &&
                        strcmp(index->files.items[i].path, index->others.items[k]) < 0);
        plan_words_push(paths, file ? index->files.items[i].path : index->others.items[k]);
        i += file;
        k += !file;
    }
}

void cedar_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    struct extension x = {.plan = plan, .index = index};
    struct plan_words paths = {0};
    all_paths(index, &paths);
    check_settings(index, plan);
    cedar_sets_find(index->root, &paths, &x.sets);
    if (x.sets.len + x.sets.stray_count > 0) {
        struct plan_words files = {0};
        VEC_FOREACH (struct cedar_set, set, &x.sets) {
            VEC_FOREACH (char *, path, &set->policies) {
                plan_words_push(&files, *path);
            }
            if (set->schema != NULL) {
                plan_words_push(&files, set->schema);
            }
            if (set->links != NULL) {
                plan_words_push(&files, set->links);
            }
        }
        plan_add_files(plan, &files);
        plan_words_free(&files);
        x.marked = mem_zalloc(plan->files.len + 1);
        VEC_FOREACH (struct cedar_set, set, &x.sets) {
            add_set(&x, set);
        }
        for (size_t i = 0; i < x.sets.stray_count; i++) {
            add_stray(&x, &x.sets.strays[i]);
        }
        free(x.marked);
        plan_settle(plan, scope, wanted, count);
    }
    cedar_sets_free(&x.sets);
    plan_words_free(&paths);
}
