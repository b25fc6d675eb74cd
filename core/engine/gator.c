/* Gatekeeper's gator as an engine: suites found, run and read. */
#include "engine/gator.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_BASE_S = 60, TIMEOUT_EACH_S = 5 };
#define SUITE_MAX_BYTES ((size_t)1 << 20)
#define GROUP           "test.gatekeeper.sh/"

/* ---- what is a suite's in a workspace ---- */

struct suites {
    struct run_plan *plan;
    const char *root;
};

struct suite {
    struct suites *all;
    const char *path;
    size_t file, unit;
    struct str text;
    bool *marked; /* by file: what a change of reaches it */
    size_t tests;
    bool dual;        /* a template of it has both CEL and Rego */
    bool second_time; /* with Rego */
};

static void add_test(struct suite *suite, const char *test, char *name, TSNode at)
{
    if (suite->second_time) {
        char *longer = mem_printf("%s%s", name, GATOR_REGO);
        free(name);
        name = longer;
    }
    TSPoint point = ts_node_start_point(at);
    VEC_PUSH(&suite->all->plan->tests, (struct plan_test){.suite = mem_strdup(test),
                                           .name = name,
                                           .file = suite->file,
                                           .at = {point.row + 1, point.column + 1},
                                           .unit = suite->unit});
    suite->tests++;
}

static bool is_dual(const struct suite *suite, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(suite->all->root, path);
    bool dual = file_read(full, SUITE_MAX_BYTES, &text, NULL) &&
                str_find(buf_str(&text), STR_LIT("K8sNativeValidation"), 0) != SIZE_MAX &&
                str_find(buf_str(&text), STR_LIT("engine: Rego"), 0) != SIZE_MAX;
    buf_free(&text);
    free(full);
    return dual;
}

/* A file the suite names, relative to its own. */
static void mark(struct suite *suite, TSNode mapping, const char *key)
{
    char *name = yaml_string(suite->text, mapping, key);
    char *dir = path_dir(suite->path);
    char *joined = strcmp(dir, ".") == 0 ? mem_strdup(name) : path_join(dir, name);
    size_t place = name[0] == '\0' ? (size_t)-1 : plan_find_file(suite->all->plan, joined);
    if (place != (size_t)-1) {
        suite->marked[place] = true;
        suite->dual = suite->dual || (strcmp(key, "template") == 0 && is_dual(suite, joined));
    }
    free(joined);
    free(dir);
    free(name);
}

static void read_case(struct suite *suite, const char *test, TSNode item)
{
    char *name = yaml_string(suite->text, item, "name");
    char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, 1000);
    add_test(suite, test, shown, item);
    mark(suite, item, "object");
    free(name);
}

static void read_test(struct suite *suite, TSNode item)
{
    char *name = yaml_string(suite->text, item, "name");
    char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, 1000);
    uint32_t at = 0;
    size_t before = suite->tests;
    TSNode entry;
    mark(suite, item, "template");
    mark(suite, item, "constraint");
    TSNode cases = yaml_get(suite->text, item, "cases", NULL);
    while (yaml_next_item(cases, &at, &entry)) {
        read_case(suite, shown, entry);
    }
    if (suite->tests == before) { /* a template that must be refused; or nothing at all */
        add_test(suite, shown, mem_strdup("template"), item);
    }
    free(shown);
    free(name);
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
            add_test(suite, "suite", mem_strdup(path_base(suite->path)), document);
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
    if (suite->tests > 0) {
        add_unit(suite);
    }
}

static void read_suite(struct suites *all, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(all->root, path);
    struct suite suite = {.all = all, .path = path, .file = plan_find_file(all->plan, path)};
    TSTree *tree = NULL;
    if (suite.file != (size_t)-1 && file_read(full, SUITE_MAX_BYTES, &text, NULL)) {
        suite.text = buf_str(&text);
        tree = yaml_tree_parse(suite.text);
    }
    suite.marked = mem_zalloc(all->plan->files.len + 1);
    if (tree != NULL) {
        read_stream(&suite, ts_tree_root_node(tree));
        if (suite.dual) {
            suite.second_time = true;
            read_stream(&suite, ts_tree_root_node(tree));
        }
        ts_tree_delete(tree);
    }
    free(suite.marked);
    free(full);
    buf_free(&text);
}

void gator_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    struct suites suites = {.plan = plan, .root = index->root};
    size_t before = plan->units.len;
    for (size_t i = 0; i < index->files.len; i++) {
        const struct policy_file *file = &index->files.items[i];
        const char *ext = path_ext(file->path);
        bool yaml = strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0;
        if (yaml && file->size < SUITE_MAX_BYTES && plan_head_has(index->root, file->path, GROUP)) {
            read_suite(&suites, file->path);
        }
    }
    if (plan->units.len > before) {
        plan_settle(plan, scope, wanted, count);
    }
}

/* ---- asking and reading ---- */

static const char *const version_args[] = {"--version", NULL};
static const char *const environment[] = {
    "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=400MiB", "NO_COLOR=1", NULL};

/* "gator version v3.23.0 (Feature State: beta), opa/v1.17.1, …"; a build from source: "devel". */
static bool version_of(struct str output, char **version)
{
    size_t at = str_find(output, STR_LIT("gator version "), 0);
    if (at == SIZE_MAX) {
        return false;
    }
    struct str rest = str_from(output, at + strlen("gator version "));
    if (str_starts(rest, "v")) {
        rest = str_from(rest, 1);
    }
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] > ' ') {
        end++;
    }
    *version = safe_dup(str_slice(rest, 0, end), SAFE_ONE_LINE, 60);
    return end > 0;
}

static bool command_for(const struct engine_question *q, const char *program,
    struct engine_command *command, struct err *err)
{
    (void)err;
    const struct plan_unit *unit = &q->plan->units.items[q->batch->units.items[0]];
    VEC_PUSH(&command->argv, mem_strdup(program));
    VEC_FOREACH (char *, arg, &unit->args) {
        VEC_PUSH(&command->argv, mem_strdup(*arg));
    }
    VEC_PUSH(&command->argv, NULL);
    command->env = environment;
    command->timeout_ms = (uint64_t)(TIMEOUT_BASE_S + TIMEOUT_EACH_S * unit->tests.len) * 1000;
    return true;
}

/* The name is the reported one, or that of its second time. */
static bool is_name(const char *name, const char *reported)
{
    size_t len = strlen(reported);
    return strncmp(name, reported, len) == 0 &&
           (name[len] == '\0' || strcmp(name + len, GATOR_REGO) == 0);
}

/* The case's own outcome (each is taken once: names may repeat); else what its test came to. */
static const struct gator_outcome *outcome_of(
    struct gator_report *report, const struct plan_test *test)
{
    const struct gator_outcome *whole = NULL;
    VEC_FOREACH (struct gator_outcome, outcome, report) {
        if (strcmp(outcome->test, test->suite) != 0 && outcome->name == NULL) {
            continue;
        }
        if (outcome->name == NULL) {
            whole = outcome;
        } else if (!outcome->taken && strcmp(outcome->test, test->suite) == 0 &&
                   is_name(test->name, outcome->name)) {
            outcome->taken = true;
            return outcome;
        }
    }
    return whole;
}

static void push_row(
    const struct engine_question *q, size_t place, struct gator_report *report, struct results *out)
{
    const struct plan_test *test = &q->plan->tests.items[place];
    const struct gator_outcome *outcome = outcome_of(report, test);
    struct result row = {.engine = engine_gator.name,
        .suite = mem_strdup(test->suite),
        .name = mem_strdup(test->name),
        .status = RESULT_NOT_EVALUATED,
        .file = mem_strdup(q->plan->files.items[test->file].path),
        .at = test->at};
    bool own = outcome != NULL && (outcome->name != NULL || is_name(test->name, "template"));
    if (outcome == NULL) {
        row.message = mem_strdup("gator does not report on it: the suite has nothing to run here");
    } else if (own || outcome->status != RESULT_PASS) {
        row.status = own || outcome->status != RESULT_FAIL ? outcome->status : RESULT_ERROR;
        row.message = mem_strdup(outcome->message);
        row.duration_us = outcome->duration_us;
    } else {
        row.message = mem_strdup("gator passes the test without a word on this case");
    }
    VEC_PUSH(out, row);
}

static bool parse(const struct engine_question *q, struct str out, struct str errout, int exit_code,
    struct engine_answer *answer, struct err *err)
{
    const struct plan_unit *unit = &q->plan->units.items[q->batch->units.items[0]];
    struct gator_report report = {0};
    gator_parse(out, &report);
    bool bad = false;
    VEC_FOREACH (struct gator_outcome, outcome, &report) {
        bad = bad || outcome->status == RESULT_FAIL || outcome->status == RESULT_ERROR;
    }
    bool ok = true;
    answer->loaded = report.len > 0 || exit_code == 0;
    if (!answer->loaded) {
        char *said = safe_dup(str_trim(errout.len > 0 ? errout : out), SAFE_ONE_LINE, 400);
        answer->message =
            mem_printf("gator: %s", said[0] == '\0' ? "it ran nothing and did not say why" : said);
        free(said);
    } else if (bad != (exit_code != 0)) {
        ok = err_set(err, ERR_EXTERNAL,
            "gator ended with exit code %d, which does not go with what "
            "it printed",
            exit_code);
    } else {
        VEC_FOREACH (size_t, test, &unit->tests) {
            push_row(q, *test, &report, &answer->results);
        }
    }
    gator_report_free(&report);
    return ok;
}

const struct engine engine_gator = {
    .name = "gator",
    .program = "gator",
    .minimum = "3.18.0",
    .unlocks = "Gatekeeper suites (gator verify)",
    .version_args = version_args,
    .version = version_of,
    .extend = gator_extend,
    .command = command_for,
    .parse = parse,
};
