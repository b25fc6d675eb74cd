/* Gatekeeper's suites in a workspace: which tests and cases there are, and what each is about. */
#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/gator.h"
#include "engine/gator_suite.h"
#include "engine/plan_closed.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

#define GROUP     "test.gatekeeper.sh/"
#define TEMPLATES "templates.gatekeeper.sh/"

struct suites {
    struct run_plan *plan;
    const char *root;
    struct closed_files closed;
};

struct suite {
    struct suites *all;
    const char *path;
    size_t file, unit;
    struct str text;
    bool *marked; /* by file: what a change of reaches it */
    size_t tests;
    struct gator_suite *own;
    bool second_time; /* with Rego */
    bool unknown;     /* it names a file that the plan does not know */
    char *trouble;    /* why it cannot be run, or NULL */
};

static struct position place_of(TSNode node)
{
    TSPoint point = ts_node_start_point(node);
    return (struct position){point.row + 1, point.column + 1};
}

static void add_test(struct suite *suite, const char *test, char *name, struct position at)
{
    if (suite->second_time) {
        char *longer = mem_printf("%s%s", name, GATOR_REGO);
        free(name);
        name = longer;
    }
    VEC_PUSH(&suite->all->plan->tests, (struct plan_test){.suite = mem_strdup(test),
                                           .name = name,
                                           .file = suite->file,
                                           .at = at,
                                           .unit = suite->unit});
    suite->tests++;
}

/* Without "." and "..", as far as it stays below the root. */
static char *collapse(const char *path)
{
    struct buf out = BUF_INIT;
    struct str rest = str_of(path);
    while (rest.len > 0) {
        size_t slash = str_find_char(rest, '/', 0);
        struct str part = str_slice(rest, 0, slash == SIZE_MAX ? rest.len : slash);
        rest = str_from(rest, part.len + 1);
        if (str_equal_c(part, "..") && out.len > 0 && !str_equal_c(buf_str(&out), "..")) {
            while (out.len > 0 && out.ptr[out.len - 1] != '/') {
                out.len--;
            }
            out.len -= out.len > 0;
        } else if (part.len > 0 && !str_equal_c(part, ".")) {
            buf_append_c(&out, out.len > 0 ? "/" : "");
            buf_append_str(&out, part);
        }
    }
    return buf_take(&out);
}

/* A file the suite names, relative to its own; "": it names none. The caller frees. */
static char *path_of(const struct suite *suite, TSNode mapping, const char *key)
{
    char *name = yaml_string(suite->text, mapping, key);
    char *dir = path_dir(suite->path);
    char *joined = name[0] == '\0' ? mem_strdup("") : path_join(dir, name);
    char *path = collapse(joined);
    free(joined);
    free(dir);
    free(name);
    return path;
}

static void mark(struct suite *suite, const char *path)
{
    size_t place = plan_find_file(suite->all->plan, path);
    if (place != (size_t)-1) {
        suite->marked[place] = true;
    } else if (path[0] != '\0') {
        suite->unknown = true;
    }
}

static bool read_below(const struct suite *suite, const char *path, struct buf *out)
{
    char *full = path_join(suite->all->root, path);
    bool ok = file_read(full, PLAN_SUITE_MAX, out, NULL);
    free(full);
    return ok;
}

/* ---- what a case asserts ---- */

static void say_assertion(struct str text, TSNode item, struct buf *out)
{
    char *violations = yaml_string(text, item, "violations");
    char *message = yaml_string(text, item, "message");
    const char *count = violations[0] == '\0' || strcmp(violations, "yes") == 0 ? "at least 1"
                        : strcmp(violations, "no") == 0                         ? "0"
                                                                                : violations;
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s violation%s%s%s%s", count,
        strcmp(count, "at least 1") == 0 || strcmp(count, "1") == 0 ? "" : "s",
        message[0] == '\0' ? "" : " containing \"", message, message[0] == '\0' ? "" : "\"");
    char *shown = safe_dup(buf_str(&line), SAFE_ONE_LINE, 400);
    buf_printf(out, "%s%s", out->len == 0 ? "" : "\n", shown);
    free(shown);
    buf_free(&line);
    free(message);
    free(violations);
}

/* False: some assertion wants a violation. */
static bool wants_none(struct str text, TSNode assertions)
{
    TSNode item;
    bool none = false;
    for (uint32_t at = 0; yaml_next_item(assertions, &at, &item);) {
        TSNode violations = yaml_get(text, item, "violations", NULL);
        if (!yaml_equals(text, violations, "no") && !yaml_equals(text, violations, "0")) {
            return false;
        }
        none = true;
    }
    return none;
}

/* A file of the case's inventory, relative to the suite's own; the caller frees. */
static char *path_of_item(const struct suite *suite, TSNode item)
{
    struct buf name = BUF_INIT;
    char *dir = path_dir(suite->path);
    char *path = NULL;
    if (yaml_scalar(suite->text, item, &name) && name.len > 0) {
        char *joined = path_join(dir, name.ptr);
        path = collapse(joined);
        free(joined);
    }
    free(dir);
    buf_free(&name);
    return path == NULL ? mem_strdup("") : path;
}

static void read_inventory(const struct suite *suite, TSNode list, struct buf *out)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        char *path = path_of_item(suite, item);
        buf_append_c(out, out->len > 0 ? "\n---\n" : "");
        (void)(path[0] != '\0' && read_below(suite, path, out));
        free(path);
    }
}

static void read_object(
    struct suite *suite, struct gator_case *one, TSNode test, TSNode inventory, bool none)
{
    struct buf object = BUF_INIT;
    struct buf beside = BUF_INIT;
    struct buf constraint = BUF_INIT;
    char *path = path_of(suite, test, "constraint");
    one->object_at = (struct position){1, 1};
    if (one->object != NULL && read_below(suite, one->object, &object)) {
        TSTree *tree = yaml_tree_parse(buf_str(&object));
        TSNode content;
        uint32_t at = 0;
        if (tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &content) &&
            !ts_node_is_null(content)) {
            one->object_at = place_of(content);
        }
        if (tree != NULL) {
            ts_tree_delete(tree);
        }
        bool expands = !ts_node_is_null(yaml_get(suite->text, test, "expansion", NULL));
        if (none && !expands && read_below(suite, path, &constraint)) {
            read_inventory(suite, inventory, &beside);
            one->vacuous =
                gator_never_matches(buf_str(&constraint), buf_str(&object), buf_str(&beside));
        }
    }
    free(path);
    buf_free(&object);
    buf_free(&beside);
    buf_free(&constraint);
}

static void read_facts(struct suite *suite, TSNode test, TSNode item, size_t template)
{
    struct gator_case one = {.at = place_of(item), .template = template};
    TSNode assertions = yaml_get(suite->text, item, "assertions", NULL);
    struct buf expected = BUF_INIT;
    TSNode assertion;
    for (uint32_t at = 0; yaml_next_item(assertions, &at, &assertion);) {
        say_assertion(suite->text, assertion, &expected);
    }
    one.expected = expected.len > 0 ? buf_take(&expected) : NULL;
    char *object = path_of(suite, item, "object");
    if (object[0] == '\0') {
        free(object);
        object = NULL;
    }
    one.object = object;
    read_object(suite, &one, test, yaml_get(suite->text, item, "inventory", NULL),
        wants_none(suite->text, assertions));
    VEC_PUSH(&suite->own->cases, one);
}

/* ---- tests ---- */

static void read_case(
    struct suite *suite, const char *name_of_test, TSNode test, TSNode item, size_t template)
{
    char *name = yaml_string(suite->text, item, "name");
    char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, 1000);
    add_test(suite, name_of_test, shown, place_of(item));
    char *object = path_of(suite, item, "object");
    mark(suite, object);
    free(object);
    TSNode inventory = yaml_get(suite->text, item, "inventory", NULL);
    TSNode beside;
    for (uint32_t at = 0; yaml_next_item(inventory, &at, &beside);) {
        char *path = path_of_item(suite, beside);
        mark(suite, path);
        free(path);
    }
    if (!suite->second_time) {
        read_facts(suite, test, item, template);
    }
    free(name);
}

/* gator says of a test without cases that it passes, when the template and the constraint load. */
static void read_caseless(struct suite *suite, const char *name, TSNode item, size_t template)
{
    bool refused = yaml_equals(suite->text, yaml_get(suite->text, item, "invalid", NULL), "true");
    add_test(suite, name, mem_strdup("template"), place_of(item));
    if (!suite->second_time) {
        VEC_PUSH(&suite->own->cases,
            (struct gator_case){.at = place_of(item),
                .template = template,
                .expected =
                    refused ? mem_strdup("the template or the constraint is refused") : NULL,
                .vacuous = refused ? NULL
                                   : mem_strdup("the test has no cases: the template and the "
                                                "constraint load, no policy was asked")});
    }
}

static void read_test(struct suite *suite, TSNode item)
{
    char *name = yaml_string(suite->text, item, "name");
    char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, 1000);
    char *path = path_of(suite, item, "template");
    char *constraint = path_of(suite, item, "constraint");
    char *expansion = path_of(suite, item, "expansion");
    uint32_t at = 0;
    size_t before = suite->tests;
    TSNode entry;
    mark(suite, path);
    mark(suite, constraint);
    mark(suite, expansion);
    size_t template = gator_suite_template(suite->own, suite->all->root, path);
    TSNode cases = yaml_get(suite->text, item, "cases", NULL);
    while (yaml_next_item(cases, &at, &entry)) {
        read_case(suite, shown, item, entry, template);
    }
    if (suite->tests == before) {
        read_caseless(suite, shown, item, template);
    }
    free(expansion);
    free(constraint);
    free(path);
    free(shown);
    free(name);
}

/* A suite that cannot be read, or has nothing to say, is a test by itself: it must not vanish. */
static void add_whole(struct suite *suite, struct position at)
{
    add_test(suite, "suite", mem_strdup(path_base(suite->path)), at);
}

/* It wants to be a suite, also where it is broken or its kind is misspelt. */
static bool says_group(struct str text)
{
    struct str line;
    while (str_next_line(&text, &line)) {
        size_t key = str_find(line, STR_LIT("apiVersion"), 0);
        if (key != SIZE_MAX && str_find(line, STR_LIT(GROUP), key) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static void read_document(struct suite *suite, TSNode document)
{
    char *version = yaml_string(suite->text, document, "apiVersion");
    char *kind = yaml_string(suite->text, document, "kind");
    if (strncmp(version, GROUP, strlen(GROUP)) == 0 && strcmp(kind, "Suite") == 0) {
        uint32_t at = 0;
        size_t before = suite->tests;
        TSNode item;
        TSNode tests = yaml_get(suite->text, document, "tests", NULL);
        while (yaml_next_item(tests, &at, &item)) {
            read_test(suite, item);
        }
        if (suite->tests == before) { /* gator says ok to it */
            add_whole(suite, place_of(document));
        }
    }
    free(version);
    free(kind);
}

static void add_unit(struct suite *suite)
{
    static const char *const args[] = {"verify", "--verbose", "--"};
    struct run_plan *plan = suite->all->plan;
    struct plan_unit unit = {
        .label = mem_printf("gator verify %s%s", suite->path, suite->second_time ? GATOR_REGO : ""),
        .dialect = DIALECT_V0,
        .alone = true,
        .engine = &engine_gator,
        .dir = mem_strdup(""),
        .trouble = mem_strdup(suite->trouble),
        .own = gator_suite_share(suite->own),
        .own_free = gator_suite_release,
        .whole = true,
        .inputs = true};
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        if (i + 1 == ARRAY_LEN(args) && suite->second_time) {
            VEC_PUSH(&unit.args, mem_strdup("--enable-k8s-native-validation=false"));
        }
        VEC_PUSH(&unit.args, mem_strdup(args[i]));
    }
    VEC_PUSH(&unit.args, mem_printf("./%s", suite->path));
    suite->marked[suite->file] = true;
    plan_mark_files(plan, suite->marked, &unit.files);
    unit.closed = !suite->unknown && closed_suite(suite->text) &&
                  closed_files_all(&suite->all->closed, &unit.files);
    VEC_PUSH(&plan->units, unit);
}

static void read_stream(struct suite *suite, TSNode stream)
{
    uint32_t at = 0;
    TSNode document;
    suite->unit = suite->all->plan->units.len;
    suite->tests = 0;
    while (yaml_next_document(stream, &at, &document)) {
        read_document(suite, document);
    }
    if (suite->tests == 0 && says_group(suite->text)) {
        add_whole(suite, place_of(stream));
    }
    if (suite->tests > 0) {
        add_unit(suite);
    }
}

static void cannot_read(struct suite *suite, const char *why)
{
    suite->trouble = mem_printf("the suite cannot be read: %s", why);
    suite->unit = suite->all->plan->units.len;
    add_whole(suite, (struct position){1, 1});
    add_unit(suite);
    free(suite->trouble);
}

static bool has_dual(const struct gator_suite *suite)
{
    VEC_FOREACH (const struct gator_suite_template, template, &suite->templates) {
        if (template->cel && template->rego) {
            return true;
        }
    }
    return false;
}

/* A suite is known by what is in it: one with nothing in it any more (a full disk, a merge)
 * is told by the usual name beside a template. To gator it is no suite, and all is well. */
static bool was_suite(const struct policy_index *index, const char *path)
{
    const char *base = path_base(path);
    size_t folder = strlen(path) - strlen(base);
    if ((strcmp(base, "suite.yaml") != 0 && strcmp(base, "suite.yml") != 0) ||
        !plan_is_hollow(index->root, path)) {
        return false;
    }
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        if (strncmp(file->path, path, folder) == 0 && strchr(file->path + folder, '/') == NULL &&
            path_is_yaml(file->path) && plan_file_has(index->root, file->path, TEMPLATES)) {
            return true;
        }
    }
    return false;
}

static void read_suite(struct suites *all, const char *path, bool hollow)
{
    struct buf text = BUF_INIT;
    struct err err = {0};
    struct suite suite = {.all = all, .path = path, .file = plan_find_file(all->plan, path)};
    if (suite.file == (size_t)-1) {
        return;
    }
    char *full = path_join(all->root, path);
    TSTree *tree = NULL;
    if (!hollow && file_read(full, PLAN_SUITE_MAX, &text, &err)) {
        suite.text = buf_str(&text);
        tree = yaml_tree_parse(suite.text);
    }
    free(full);
    suite.marked = mem_zalloc(all->plan->files.len + 1);
    suite.own = gator_suite_new();
    if (tree == NULL) {
        cannot_read(
            &suite, hollow ? "nothing is in it, and gator verify says PASS to that" : err.text);
    } else {
        read_stream(&suite, ts_tree_root_node(tree));
        if (has_dual(suite.own)) {
            suite.second_time = true;
            read_stream(&suite, ts_tree_root_node(tree));
        }
        ts_tree_delete(tree);
    }
    gator_suite_release(suite.own);
    free(suite.marked);
    buf_free(&text);
}

void gator_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    struct suites suites = {.plan = plan, .root = index->root};
    size_t before = plan->units.len;
    closed_files_begin(&suites.closed, plan);
    for (size_t i = 0; i < index->files.len && !plan_is_unwanted(plan); i++) {
        const struct policy_file *file = &index->files.items[i];
        bool hollow = was_suite(index, file->path);
        if (hollow || (path_is_yaml(file->path) && plan_file_has(index->root, file->path, GROUP))) {
            read_suite(&suites, file->path, hollow);
        }
    }
    closed_files_end(&suites.closed);
    if (plan->units.len > before) {
        plan_settle(plan, scope, wanted, count);
    }
}
