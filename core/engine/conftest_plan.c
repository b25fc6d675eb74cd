/* What of a workspace is Conftest's (conftest.h says by which rule), and how it becomes units: one
 * of each folder's tests, and of the inputs it is applied to as many as a process takes. */
#include "engine/conftest.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"
#include "workspace/ignore.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { INPUTS_MAX = 32 /* of one process: the first are seen early */, INPUTS_ALL_MAX = 20000 };
#define TOML_MAX_BYTES ((size_t)1 << 20)
#define REGO_MAX_BYTES ((size_t)1 << 20)

struct project {
    char *dir;                  /* "" the workspace */
    char *config;               /* its conftest.toml, or NULL */
    struct plan_words policies; /* folders below the root */
    struct plan_words inputs;
    char *policy_flag; /* what the settings' rule makes of it, or NULL: conftest decides */
    bool combine, v0;
};

struct projects {
    struct project *items; /* by dir, so a folder stands before those in it */
    size_t len, cap;
};

struct extension {
    struct run_plan *plan;
    const struct policy_index *index;
    struct projects projects;
    struct plan_words patterns;
    struct plan_words folders;
};

static void push(struct plan_words *words, const char *text)
{
    VEC_PUSH(words, mem_strdup(text));
}

static struct toml *read_toml(const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    struct toml *toml = file_read(full, TOML_MAX_BYTES, &text, NULL)
                            ? toml_parse(buf_str(&text), path, NULL)
                            : NULL;
    buf_free(&text);
    free(full);
    return toml;
}

/* A string, or a list of them. */
static void read_words(const struct toml *value, struct plan_words *out)
{
    if (value != NULL && value->kind == TOML_STRING) {
        push(out, value->text);
    }
    for (size_t i = 0; value != NULL && value->kind == TOML_ARRAY && i < value->len; i++) {
        if (value->items[i]->kind == TOML_STRING) {
            push(out, value->items[i]->text);
        }
    }
}

static void read_settings(struct extension *x)
{
    struct toml *toml = read_toml(x->index->root, ".bylaw/config.toml");
    read_words(toml_get_path(toml, "engines.conftest.inputs"), &x->patterns);
    read_words(toml_get_path(toml, "engines.conftest.folders"), &x->folders);
    toml_free(toml);
}

/* ---- projects ---- */

/* A folder of the project below the root, without "./"; NULL: it is outside or no folder name. */
static char *folder_below(const char *dir, const char *folder)
{
    while (strncmp(folder, "./", 2) == 0) {
        folder += 2;
    }
    if (folder[0] == '/' || strncmp(folder, "..", 2) == 0 || strstr(folder, "://") != NULL) {
        return NULL;
    }
    bool here = folder[0] == '\0' || strcmp(folder, ".") == 0;
    char *joined = here             ? mem_strdup(dir)
                   : dir[0] == '\0' ? mem_strdup(folder)
                                    : path_join(dir, folder);
    size_t len = strlen(joined);
    while (len > 0 && joined[len - 1] == '/') {
        joined[--len] = '\0';
    }
    return joined;
}

static void read_project(struct project *project, const char *root)
{
    struct toml *toml = project->config == NULL ? NULL : read_toml(root, project->config);
    struct plan_words policies = {0};
    read_words(toml_get(toml, "policy"), &policies);
    if (policies.len == 0) {
        push(&policies, project->policy_flag == NULL ? "policy" : project->policy_flag);
    }
    VEC_FOREACH (char *, policy, &policies) {
        char *folder = folder_below(project->dir, *policy);
        if (folder != NULL) {
            VEC_PUSH(&project->policies, folder);
        }
    }
    plan_words_free(&policies);
    project->combine = toml_bool_or(toml, "combine", false);
    project->v0 = strcmp(toml_string_or(toml, "rego-version", "v1"), "v0") == 0;
    toml_free(toml);
}

static bool is_folder(const char *root, const char *dir, const char *name)
{
    struct stat st;
    char *full = mem_printf("%s/%s/%s", root, dir, name);
    bool is = stat(full, &st) == 0 && S_ISDIR(st.st_mode);
    free(full);
    return is;
}

static void add_project(struct extension *x, const char *dir, const char *config)
{
    size_t at = 0;
    while (at < x->projects.len && strcmp(x->projects.items[at].dir, dir) < 0) {
        at++;
    }
    if (at < x->projects.len && strcmp(x->projects.items[at].dir, dir) == 0) {
        return;
    }
    struct project project = {.dir = mem_strdup(dir), .config = mem_strdup(config)};
    /* Named in the settings only: the folder may be the policy folder. */
    if (config == NULL && !is_folder(x->index->root, dir, "policy")) {
        project.policy_flag = mem_strdup(".");
    }
    read_project(&project, x->index->root);
    VEC_INSERT(&x->projects, at, project);
}

static void find_projects(struct extension *x)
{
    for (size_t i = 0; i < x->index->others.len; i++) {
        const char *path = x->index->others.items[i];
        if (strcmp(path_base(path), "conftest.toml") == 0) {
            char *dir = path_dir(path);
            add_project(x, strcmp(dir, ".") == 0 ? "" : dir, path);
            free(dir);
        }
    }
    VEC_FOREACH (char *, folder, &x->folders) {
        char *dir = folder_below("", *folder);
        if (dir != NULL && is_folder(x->index->root, dir, ".")) {
            add_project(x, dir, NULL);
        }
        free(dir);
    }
    if (x->projects.len == 0 && x->patterns.len > 0) {
        add_project(x, "", NULL);
    }
}

static void free_extension(struct extension *x)
{
    VEC_FOREACH (struct project, project, &x->projects) {
        free(project->dir);
        free(project->config);
        free(project->policy_flag);
        plan_words_free(&project->policies);
        plan_words_free(&project->inputs);
    }
    VEC_FREE(&x->projects);
    plan_words_free(&x->patterns);
    plan_words_free(&x->folders);
}

/* ---- inputs ---- */

static bool is_input(const struct extension *x, const char *path)
{
    for (size_t i = 0; i < x->patterns.len; i++) {
        const char *pattern = x->patterns.items[i];
        if (plan_path_wanted(path, pattern) || ignore_glob(str_of(pattern), str_of(path), false)) {
            return true;
        }
    }
    return false;
}

/* The deepest folder of Conftest's that holds it. */
static struct project *project_of(struct extension *x, const char *path)
{
    struct project *found = NULL;
    VEC_FOREACH (struct project, project, &x->projects) {
        bool holds = project->dir[0] == '\0' || plan_path_wanted(path, project->dir);
        if (holds && (found == NULL || strlen(project->dir) > strlen(found->dir))) {
            found = project;
        }
    }
    return found;
}

static void take_input(struct extension *x, const char *path, struct plan_words *files)
{
    struct project *project = is_input(x, path) ? project_of(x, path) : NULL;
    if (project != NULL && files->len < INPUTS_ALL_MAX) {
        push(&project->inputs, path);
        push(files, path);
    }
}

/* The inputs, and the files that say how they are looked at: a change of one is a change. */
static void find_inputs(struct extension *x)
{
    struct plan_words files = {0};
    for (size_t i = 0; x->patterns.len > 0 && i < x->index->files.len; i++) {
        take_input(x, x->index->files.items[i].path, &files);
    }
    for (size_t i = 0; x->patterns.len > 0 && i < x->index->others.len; i++) {
        take_input(x, x->index->others.items[i], &files);
    }
    VEC_FOREACH (struct project, project, &x->projects) {
        if (project->config != NULL) {
            push(&files, project->config);
        }
    }
    plan_add_files(x->plan, &files);
    plan_words_free(&files);
}

/* ---- units ---- */

static bool in_policies(const struct project *project, const char *path)
{
    VEC_FOREACH (char *, folder, &project->policies) {
        if (strcmp(path_ext(path), ".rego") == 0 && plan_path_wanted(path, *folder)) {
            return true;
        }
    }
    return false;
}

static struct plan_unit new_unit(
    const struct project *project, const char *verb, const char *const *flags)
{
    struct plan_unit unit = {.label = mem_printf("conftest %s%s%s", verb,
                                 project->dir[0] == '\0' ? "" : " in ", project->dir),
        .dialect = project->v0 ? DIALECT_V0 : DIALECT_V1,
        .alone = true,
        .engine = &engine_conftest,
        .dir = mem_strdup(project->dir)};
    /* What conftest.toml might say otherwise: a repository's may not fetch code, hide results or
     * print another format. */
    static const char *const always[] = {
        "--output=json", "--no-color", "--quiet=false", "--trace=false", NULL};
    push(&unit.args, verb);
    for (size_t i = 0; always[i] != NULL; i++) {
        push(&unit.args, always[i]);
    }
    for (size_t i = 0; flags[i] != NULL; i++) {
        push(&unit.args, flags[i]);
    }
    if (project->policy_flag != NULL) {
        push(&unit.args, "--policy");
        push(&unit.args, project->policy_flag);
    }
    return unit;
}

static void mark_policies(const struct extension *x, const struct project *project, bool *marked)
{
    for (size_t i = 0; i < x->plan->files.len; i++) {
        marked[i] = in_policies(project, x->plan->files.items[i].path);
    }
}

/* The tests below the policy folders are run by `conftest verify`: as the team runs them, and with
 * the functions that only Conftest has. */
static void add_verify(struct extension *x, const struct project *project)
{
    static const char *const flags[] = {"--report=", NULL};
    struct run_plan *plan = x->plan;
    size_t unit = plan->units.len;
    bool *marked = mem_zalloc(plan->files.len + 1);
    size_t taken = 0;
    mark_policies(x, project, marked);
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        const struct plan_unit *of = test->unit < unit ? &plan->units.items[test->unit] : NULL;
        if (of == NULL || of->engine != NULL ||
            !in_policies(project, plan->files.items[test->file].path)) {
            continue;
        }
        VEC_FOREACH (size_t, place, &of->files) {
            marked[*place] = true;
        }
        test->unit = unit;
        taken++;
    }
    if (taken > 0) {
        struct plan_unit verify = new_unit(project, "verify", flags);
        verify.whole = true;
        size_t config =
            project->config == NULL ? (size_t)-1 : plan_find_file(plan, project->config);
        if (config != (size_t)-1) {
            marked[config] = true;
        }
        plan_mark_files(plan, marked, &verify.files);
        VEC_PUSH(&plan->units, verify);
    }
    free(marked);
}

static void add_test(struct run_plan *plan, char *name, size_t file, size_t unit)
{
    VEC_PUSH(&plan->tests,
        (struct plan_test){
            .suite = mem_strdup("input"), .name = name, .file = file, .at = {1, 1}, .unit = unit});
}

static void add_inputs_unit(
    struct extension *x, const struct project *project, size_t from, size_t to)
{
    static const char *const flags[] = {"--no-fail=false", "--update=", NULL};
    struct run_plan *plan = x->plan;
    size_t unit = plan->units.len;
    bool *marked = mem_zalloc(plan->files.len + 1);
    mark_policies(x, project, marked);
    struct plan_unit tests = new_unit(project, "test", flags);
    tests.inputs = true;
    tests.whole = project->combine;
    push(&tests.args, "--");
    size_t skip = project->dir[0] == '\0' ? 0 : strlen(project->dir) + 1;
    for (size_t i = from; i < to; i++) {
        const char *path = project->inputs.items[i];
        size_t file = plan_find_file(plan, path);
        marked[file] = true;
        if (project->combine) {
            push(&tests.args, path + skip);
        } else {
            add_test(plan, mem_strdup(path), file, unit);
        }
    }
    size_t config = project->config == NULL ? (size_t)-1 : plan_find_file(plan, project->config);
    if (config != (size_t)-1) {
        marked[config] = true;
    }
    if (project->combine) {
        add_test(plan, mem_printf("%zu files combined", to - from), config, unit);
    }
    plan_mark_files(plan, marked, &tests.files);
    VEC_PUSH(&plan->units, tests);
    free(marked);
}

/* ---- what opa is not asked any more ---- */

static bool uses_builtins(const struct extension *x, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(x->index->root, path);
    bool uses = file_read(full, REGO_MAX_BYTES, &text, NULL) &&
                (str_find(buf_str(&text), STR_LIT("parse_config"), 0) != SIZE_MAX ||
                    str_find(buf_str(&text), STR_LIT("parse_combined_config"), 0) != SIZE_MAX);
    buf_free(&text);
    free(full);
    return uses;
}

/* Units whose tests all went to Conftest; and those without tests that opa cannot compile, because
 * they call what only Conftest has: with them goes nothing but what Conftest compiles itself. */
static void drop_empty(struct extension *x, size_t opa_units)
{
    struct run_plan *plan = x->plan;
    size_t *left = mem_zalloc((plan->units.len + 1) * sizeof *left);
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        left[test->unit]++;
    }
    for (size_t i = 0; i < opa_units; i++) {
        struct plan_unit *unit = &plan->units.items[i];
        unit->dropped = left[i] == 0 && unit->tests.len > 0;
        for (size_t k = 0; unit->tests.len == 0 && k < unit->files.len && !unit->dropped; k++) {
            const char *path = plan->files.items[unit->files.items[k]].path;
            VEC_FOREACH (struct project, project, &x->projects) {
                unit->dropped =
                    unit->dropped || (in_policies(project, path) && uses_builtins(x, path));
            }
        }
    }
    free(left);
}

static void note(struct run_plan *plan, const struct project *project)
{
    VEC_PUSH(&plan->notes,
        (struct finding){.rule = mem_strdup("conftest-inputs"),
            .severity = SEVERITY_NOTE,
            .file = mem_strdup(project->config),
            .at = {1, 1},
            .message = mem_strdup("conftest verify runs here; conftest test does not, because no "
                                  "inputs are named"),
            .fix = mem_strdup("name them in .bylaw/config.toml: [engines.conftest] inputs = "
                              "[\"deploy/*.yaml\"]")});
}

void conftest_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    struct extension x = {.plan = plan, .index = index};
    read_settings(&x);
    find_projects(&x);
    if (x.projects.len > 0) {
        size_t opa_units = plan->units.len;
        find_inputs(&x);
        /* The deepest first: what is in a folder of its own is not its parent's. */
        for (size_t i = x.projects.len; i > 0; i--) {
            const struct project *project = &x.projects.items[i - 1];
            add_verify(&x, project);
            size_t step = project->combine ? project->inputs.len : INPUTS_MAX;
            for (size_t at = 0; at < project->inputs.len; at += step) {
                size_t end = at + step < project->inputs.len ? at + step : project->inputs.len;
                add_inputs_unit(&x, project, at, end);
            }
            if (project->inputs.len == 0 && project->config != NULL) {
                note(plan, project);
            }
        }
        drop_empty(&x, opa_units);
        plan_settle(plan, scope, wanted, count);
    }
    free_extension(&x);
}
