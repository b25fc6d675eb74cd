/* What of a workspace is Kyverno's: its suites as units. */
#include "engine/kyverno.h"
#include "engine/plan_closed.h"
#include "engine/settings.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

#define GROUP      "cli.kyverno.io/"
#define USUAL_NAME "kyverno-test.yaml"
enum { NAME_MAX_BYTES = 1000 };

struct reader {
    struct run_plan *plan;
    struct kyverno_suite *suite;
    struct str text;
    char *dir;    /* of the suite */
    bool *marked; /* by file: what a change of reaches it */
    size_t file, unit;
    const char *title; /* of the document */
    bool seen;         /* a document is a suite */
    char *trouble;     /* why it cannot be run, or NULL */
    bool unknown;      /* it names more than files the plan knows: a folder, an address */
    struct closed_files *closed;
};

static void mark_file(struct reader *r, const char *path, struct policy_set *also)
{
    size_t place = plan_find_file(r->plan, path);
    if (place == (size_t)-1) {
        return;
    }
    r->marked[place] = true;
    if (also != NULL) {
        VEC_PUSH(also, place);
    }
}

static bool is_yaml(const char *path)
{
    return path_is_yaml(path) || strcmp(path_ext(path), ".json") == 0;
}

/* A file or a folder that the suite names, relative to its own. */
static void mark(struct reader *r, TSNode named, struct policy_set *also)
{
    if (ts_node_is_null(named)) {
        return;
    }
    struct buf name = BUF_INIT;
    char *path = yaml_scalar(r->text, named, &name) && name.len > 0
                     ? path_resolve(r->dir, buf_str(&name))
                     : NULL;
    bool known = path != NULL && plan_find_file(r->plan, path) != (size_t)-1;
    r->unknown = r->unknown || !known;
    if (path != NULL && !known) {
        for (size_t i = 0; i < r->plan->files.len; i++) {
            const char *below = r->plan->files.items[i].path;
            if (is_yaml(below) && plan_path_wanted(below, path)) {
                mark_file(r, below, also);
            }
        }
    } else if (known) {
        mark_file(r, path, also);
    }
    free(path);
    buf_free(&name);
}

/* One, or a list of them. */
static void mark_all(struct reader *r, TSNode mapping, const char *key, struct policy_set *also)
{
    TSNode value = yaml_get(r->text, mapping, key, NULL);
    TSNode item;
    uint32_t at = 0;
    if (!yaml_is_sequence(value)) {
        mark(r, value, also);
    }
    while (yaml_next_item(value, &at, &item)) {
        mark(r, item, also);
    }
}

static void add_test(struct reader *r, char *name, struct position at)
{
    VEC_PUSH(&r->plan->tests, (struct plan_test){.suite = mem_strdup(r->title),
                                  .name = safe_dup(str_of(name), SAFE_ONE_LINE, NAME_MAX_BYTES),
                                  .file = r->file,
                                  .at = at,
                                  .unit = r->unit});
    free(name);
}

/* "require-limits Pod/web"; with its policy before it where the suite's name does not say it. */
static void add_resource(
    struct reader *r, const struct kyverno_entry *entry, char *resource, TSNode at)
{
    struct buf name = BUF_INIT;
    bool said = strcmp(entry->policy, r->title) == 0 && entry->rule[0] != '\0';
    buf_printf(&name, "%s%s%s ", said ? "" : entry->policy,
        said || entry->rule[0] == '\0' ? "" : "/", entry->rule);
    buf_printf(&name, "%s%s%s", entry->kind, entry->kind[0] == '\0' ? "" : "/",
        resource == NULL ? "*" : resource);
    TSPoint point = ts_node_start_point(at);
    VEC_PUSH(&r->suite->resources, resource);
    add_test(r, buf_take(&name), (struct position){point.row + 1, point.column + 1});
}

/* Each is resources, a list of names, or resourceSpecs, a list of mappings. */
static void read_names(struct reader *r, const struct kyverno_entry *entry, TSNode list, bool specs)
{
    TSNode item;
    uint32_t at = 0;
    while (yaml_next_item(list, &at, &item)) {
        struct buf name = BUF_INIT;
        if (specs) {
            char *space = yaml_string(r->text, item, "namespace");
            char *own = yaml_string(r->text, item, "name");
            buf_printf(&name, "%s%s%s", space, space[0] == '\0' ? "" : "/", own);
            free(space);
            free(own);
        } else {
            yaml_scalar(r->text, item, &name);
        }
        add_resource(r, entry, buf_take(&name), item);
    }
}

static void read_entry(struct reader *r, TSNode item)
{
    struct kyverno_entry entry = {.policy = yaml_string(r->text, item, "policy"),
        .rule = yaml_string(r->text, item, "rule"),
        .kind = yaml_string(r->text, item, "kind"),
        .expected = yaml_string(r->text, item, "result"),
        .document = r->suite->documents,
        .first = r->suite->resources.len};
    static const char *const made[] = {
        "patchedResources", "generatedResource", "generatedResources", "cloneSourceResource"};
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        struct policy_set files = {0};
        mark_all(r, item, made[i], &files);
        if (files.len > 0 && entry.produces == NULL && i < 3) {
            entry.produces = mem_strdup(r->plan->files.items[files.items[0]].path);
            entry.generates = i > 0;
        }
        VEC_FREE(&files);
    }
    read_names(r, &entry, yaml_get(r->text, item, "resources", NULL), false);
    read_names(r, &entry, yaml_get(r->text, item, "resourceSpecs", NULL), true);
    if (r->suite->resources.len == entry.first) {
        add_resource(r, &entry, NULL, item);
    }
    entry.tests = r->suite->resources.len - entry.first;
    VEC_PUSH(&r->suite->entries, entry);
}

static void read_document(struct reader *r, TSNode document)
{
    static const char *const files[] = {"variables", "userinfo", "exceptions", "targetResources",
        "clusterResources", "paramResources", "jsonPayload", "jsonPayloads", "httpPayloads",
        "envoyPayloads", "context"};
    char *kind = yaml_string(r->text, document, "kind");
    char *api = yaml_string(r->text, document, "apiVersion");
    bool usual = strcmp(path_base(r->suite->path), USUAL_NAME) == 0;
    if (usual || (strcmp(kind, "Test") == 0 && strncmp(api, GROUP, strlen(GROUP)) == 0)) {
        char *name = yaml_string(r->text, document, "metadata/name");
        char *title = safe_dup(str_of(name[0] == '\0' ? r->dir : name), SAFE_ONE_LINE, 200);
        TSNode results = yaml_get(r->text, document, "results", NULL);
        TSNode item;
        uint32_t at = 0;
        r->title = title;
        r->seen = true;
        mark_all(r, document, "policies", &r->suite->policy_files);
        mark_all(r, document, "resources", &r->suite->object_files);
        mark_all(r, document, "targetResources", &r->suite->object_files);
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
            mark_all(r, document, files[i], NULL);
        }
        size_t before = r->suite->entries.len;
        while (yaml_next_item(results, &at, &item)) {
            read_entry(r, item);
        }
        r->suite->documents += r->suite->entries.len > before;
        free(name);
        free(title);
    }
    free(kind);
    free(api);
}

/* A suite that cannot be read, or has nothing to say, is a test by itself: it must not vanish. */
static void add_whole(struct reader *r)
{
    struct kyverno_entry none = {.policy = mem_strdup(""),
        .rule = mem_strdup(""),
        .kind = mem_strdup(""),
        .expected = mem_strdup(""),
        .document = (size_t)-1,
        .tests = 1};
    r->title = r->dir;
    VEC_PUSH(&r->suite->entries, none);
    VEC_PUSH(&r->suite->resources, NULL);
    add_test(r, mem_strdup(path_base(r->suite->path)), (struct position){1, 1});
}

static void add_unit(struct reader *r)
{
    const char *args[] = {"test", "-f", path_base(r->suite->path)};
    struct plan_unit unit = {.label = mem_printf("kyverno test %s", r->suite->path),
        .dialect = DIALECT_V1,
        .engine = &engine_kyverno,
        .dir = mem_strdup(""),
        .trouble = mem_strdup(r->trouble),
        .own = r->suite,
        .own_free = kyverno_suite_free,
        .whole = true,
        .inputs = true};
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        VEC_PUSH(&unit.args, mem_strdup(args[i]));
    }
    r->marked[r->file] = true;
    plan_mark_files(r->plan, r->marked, &unit.files);
    unit.closed = !r->unknown && closed_suite(r->text) && closed_files_all(r->closed, &unit.files);
    VEC_PUSH(&r->plan->units, unit);
}

static void read_stream(struct reader *r, TSNode stream)
{
    TSNode document;
    uint32_t at = 0;
    while (yaml_next_document(stream, &at, &document)) {
        read_document(r, document);
    }
    bool usual = strcmp(path_base(r->suite->path), USUAL_NAME) == 0;
    bool says = str_find(r->text, STR_LIT(GROUP), 0) != SIZE_MAX;
    if (r->suite->entries.len == 0 && (r->seen || usual || says)) {
        add_whole(r);
    }
}

static void read_suite(struct run_plan *plan, struct closed_files *closed, const char *path)
{
    struct buf text = BUF_INIT;
    struct err err = {0};
    char *full = path_join(plan->root, path);
    struct reader r = {.plan = plan,
        .suite = MEM_NEW(struct kyverno_suite),
        .dir = path_dir(path),
        .file = plan_find_file(plan, path),
        .unit = plan->units.len,
        .closed = closed};
    r.suite->path = mem_strdup(path);
    r.marked = mem_zalloc(plan->files.len + 1);
    bool known = r.file != (size_t)-1;
    TSTree *tree = NULL;
    if (known && file_read(full, PLAN_SUITE_MAX, &text, &err)) {
        r.text = buf_str(&text);
        tree = yaml_tree_parse(r.text);
    }
    if (tree != NULL) {
        read_stream(&r, ts_tree_root_node(tree));
        ts_tree_delete(tree);
    } else if (known) {
        r.trouble = mem_printf("the suite cannot be read: %s", err.text);
        add_whole(&r);
    }
    if (r.suite->entries.len > 0) {
        add_unit(&r);
    } else {
        kyverno_suite_free(r.suite);
    }
    free(r.trouble);
    free(r.marked);
    buf_free(&text);
    free(full);
    free(r.dir);
}

struct names {
    struct plan_words words; /* of test files, beside the usual one */
};

static bool is_named(const struct names *names, const char *path)
{
    bool named = strcmp(path_base(path), USUAL_NAME) == 0;
    VEC_FOREACH (char *, name, &names->words) {
        named = named || strcmp(path_base(path), *name) == 0;
    }
    return named;
}

/* `kyverno test` passes by files of another name, which is how people put a suite off. */
static void note_unnamed(struct run_plan *plan, const char *path)
{
    struct finding note = {.rule = (char *)(uintptr_t) "kyverno-suite-name",
        .severity = SEVERITY_NOTE,
        .file = (char *)(uintptr_t)path,
        .at = {1, 1},
        .source = (char *)(uintptr_t) "kyverno"};
    note.message = mem_printf("kyverno test runs files called %s: this suite is not run (the "
                              "setting engines.kyverno.suites names others)",
        USUAL_NAME);
    findings_add(&plan->notes, &note);
    free(note.message);
}

static void look_at(struct run_plan *plan, struct closed_files *closed, const struct names *names,
    const struct policy_file *file)
{
    if (is_named(names, file->path)) {
        read_suite(plan, closed, file->path);
    } else if (is_yaml(file->path) && plan_file_has(plan->root, file->path, "apiVersion: " GROUP) &&
               plan_file_has(plan->root, file->path, "kind: Test\n")) {
        note_unnamed(plan, file->path);
    }
}

static bool is_called(const char *name, const char *path)
{
    return strcmp(path_base(path), name) == 0;
}

void kyverno_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    size_t before = plan->units.len;
    struct names names = {0};
    static const char *const file = ".bylaw/config.toml";
    struct toml *settings = settings_read(index->root, file);
    const struct toml *suites = toml_get_path(settings, "engines.kyverno.suites");
    settings_words(suites, &names.words);
    settings_note_unmatched(index, file, suites, is_called, &plan->notes);
    toml_free(settings);
    struct closed_files closed;
    closed_files_begin(&closed, plan);
    for (size_t i = 0; i < index->files.len && !plan_is_unwanted(plan); i++) {
        look_at(plan, &closed, &names, &index->files.items[i]);
    }
    closed_files_end(&closed);
    plan_words_free(&names.words);
    kyverno_check_extend(plan, index);
    if (plan->units.len == before) {
        return;
    }
    plan_settle(plan, scope, wanted, count);
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        if (unit->engine == &engine_kyverno && unit->included && unit->own != NULL) {
            kyverno_suite_look(unit->own, plan);
        }
    }
}
