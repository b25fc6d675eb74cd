/* What of a workspace is Conftest's (conftest.h says by which rule), and how it becomes units: one
 * of each folder's tests, and of the inputs it is applied to as many as a process takes. */
#include "engine/conftest.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/conftest_projects.h"
#include "engine/settings.h"

#include <stdlib.h>

enum { INPUTS_MAX = 32 /* of one process: the first are seen early */, INPUTS_ALL_MAX = 20000 };
enum { SAID_MAX = 200 };
#define REGO_MAX_BYTES ((size_t)1 << 20)
#define SETTINGS       ".bylaw/config.toml"

struct extension {
    struct run_plan *plan;
    const struct policy_index *index;
    struct conftest_projects projects;
};

/* ---- inputs ---- */

static void take_input(struct extension *x, const char *path, struct plan_words *files)
{
    struct conftest_project *project = conftest_projects_is_input(&x->projects, path)
                                           ? conftest_projects_of(&x->projects, path)
                                           : NULL;
    if (project == NULL || files->len >= INPUTS_ALL_MAX || renderer_is_source(x->index, path)) {
        return;
    }
    bool is_rendered = renderer_of(path) != RENDERERS;
    if (is_rendered && renderer_is_carried(x->index, path)) {
        return;
    }
    plan_words_push(is_rendered ? &project->rendered : &project->inputs, path);
    plan_words_push(files, path);
}

/* A chart is made from its folder; what an overlay reaches we do not follow: any YAML of the
 * project may be. */
static bool goes_into(
    const struct conftest_project *project, const char *rendered, const char *path)
{
    char *target = renderer_target(rendered);
    const char *ext = path_ext(path);
    bool is_yaml = strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0;
    bool goes =
        renderer_of(rendered) == RENDERER_OVERLAY
            ? (is_yaml && plan_path_wanted(path, project->dir)) || plan_path_wanted(path, target)
            : plan_path_wanted(path, target);
    free(target);
    return goes;
}

static void take_sources(struct extension *x, const char *path, struct plan_words *files)
{
    VEC_FOREACH (struct conftest_project, project, &x->projects) {
        VEC_FOREACH (char *, rendered, &project->rendered) {
            if (goes_into(project, *rendered, path)) {
                plan_words_push(files, path);
                return;
            }
        }
    }
}

/* The inputs, and the files that say how they are looked at: a change of one is a change. */
static void find_inputs(struct extension *x)
{
    struct plan_words files = {0};
    for (size_t i = 0; x->projects.patterns.len > 0 && i < x->index->files.len; i++) {
        take_input(x, x->index->files.items[i].path, &files);
    }
    for (size_t i = 0; x->projects.patterns.len > 0 && i < x->index->others.len; i++) {
        take_input(x, x->index->others.items[i], &files);
    }
    for (size_t i = 0; i < x->index->files.len; i++) {
        take_sources(x, x->index->files.items[i].path, &files);
    }
    for (size_t i = 0; i < x->index->others.len; i++) {
        take_sources(x, x->index->others.items[i], &files);
    }
    VEC_FOREACH (struct conftest_project, project, &x->projects) {
        if (project->config != NULL) {
            plan_words_push(&files, project->config);
        }
    }
    plan_add_files(x->plan, &files);
    plan_words_free(&files);
}

/* ---- units ---- */

static struct plan_unit new_unit(
    const struct conftest_project *project, const char *verb, const char *const *flags)
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
    plan_words_push(&unit.args, verb);
    for (size_t i = 0; always[i] != NULL; i++) {
        plan_words_push(&unit.args, always[i]);
    }
    for (size_t i = 0; flags[i] != NULL; i++) {
        plan_words_push(&unit.args, flags[i]);
    }
    if (project->policy_flag != NULL) {
        plan_words_push(&unit.args, "--policy");
        plan_words_push(&unit.args, project->policy_flag);
    }
    return unit;
}

static void mark_policies(
    const struct extension *x, const struct conftest_project *project, bool *marked)
{
    for (size_t i = 0; i < x->plan->files.len; i++) {
        marked[i] = conftest_project_has(project, x->plan->files.items[i].path);
    }
}

/* The tests below the policy folders are run by `conftest verify`: as the team runs them, and with
 * the functions that only Conftest has. */
static void add_verify(struct extension *x, const struct conftest_project *project)
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
            !conftest_project_has(project, plan->files.items[test->file].path)) {
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
    struct extension *x, const struct conftest_project *project, size_t from, size_t to)
{
    static const char *const flags[] = {"--no-fail=false", "--update=", NULL};
    struct run_plan *plan = x->plan;
    size_t unit = plan->units.len;
    bool *marked = mem_zalloc(plan->files.len + 1);
    mark_policies(x, project, marked);
    struct plan_unit tests = new_unit(project, "test", flags);
    tests.inputs = true;
    tests.whole = project->combine;
    plan_words_push(&tests.args, "--");
    size_t skip = project->dir[0] == '\0' ? 0 : strlen(project->dir) + 1;
    for (size_t i = from; i < to; i++) {
        const char *path = project->inputs.items[i];
        size_t file = plan_find_file(plan, path);
        marked[file] = true;
        if (project->combine) {
            plan_words_push(&tests.args, path + skip);
        } else {
            add_test(plan, mem_strdup(path), file, unit);
            plan->tests.items[plan->tests.len - 1].hollow = plan_is_hollow(plan->root, path);
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

static void rendered_free(void *own)
{
    struct conftest_rendered *rendered = own;
    free(rendered->target);
    free(rendered);
}

/* A chart, an overlay or a plan file: its documents go to a conftest of their own. */
static void add_rendered_unit(
    struct extension *x, const struct conftest_project *project, const char *path)
{
    static const char *const flags[] = {"--no-fail=false", "--update=", NULL};
    struct run_plan *plan = x->plan;
    struct conftest_rendered *own = MEM_NEW(struct conftest_rendered);
    char *below = renderer_target(path);
    size_t skip = project->dir[0] == '\0' ? 0 : strlen(project->dir) + 1;
    bool is_top = strlen(below) < skip; /* the project's folder itself */
    *own = (struct conftest_rendered){.renderer = renderer_of(path),
        .target = mem_strdup(is_top ? "." : below + skip),
        .combine = project->combine};
    struct plan_unit tests = new_unit(project, "test", flags);
    bool *marked = mem_zalloc(plan->files.len + 1);
    mark_policies(x, project, marked);
    for (size_t i = 0; i < plan->files.len; i++) {
        marked[i] = marked[i] || goes_into(project, path, plan->files.items[i].path);
    }
    size_t config = project->config == NULL ? (size_t)-1 : plan_find_file(plan, project->config);
    if (config != (size_t)-1) {
        marked[config] = true;
    }
    plan_words_push(&tests.args, "--parser");
    plan_words_push(&tests.args, own->renderer == RENDERER_PLAN ? "json" : "yaml");
    plan_words_push(&tests.args, "--");
    plan_words_push(&tests.args, "-");
    free(tests.label);
    char *name = renderer_label(own->renderer, below);
    tests.label = mem_printf("%s | conftest test", name);
    tests.inputs = tests.whole = true;
    tests.own = own;
    tests.own_free = rendered_free;
    struct renderer_call call;
    struct err err;
    if (!renderer_find(own->renderer, own->target, &call, &err)) {
        tests.unasked = true;
        tests.trouble = mem_printf("not rendered: %s", err.text);
    }
    renderer_call_free(&call);
    add_test(plan, name, plan_find_file(plan, path), plan->units.len);
    plan_mark_files(plan, marked, &tests.files);
    VEC_PUSH(&plan->units, tests);
    free(marked);
    free(below);
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
            VEC_FOREACH (struct conftest_project, project, &x->projects) {
                unit->dropped = unit->dropped ||
                                (conftest_project_has(project, path) && uses_builtins(x, path));
            }
        }
    }
    free(left);
}

static void note(struct run_plan *plan, const struct conftest_project *project)
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

/* ---- settings that name nothing ---- */

static void check_folder(struct extension *x, const struct toml *value)
{
    if (value->kind != TOML_STRING || conftest_is_folder(x->index->root, value->text)) {
        return;
    }
    char *shown = safe_dup(str_of(value->text), SAFE_ONE_LINE, SAID_MAX);
    VEC_PUSH(&x->plan->notes,
        ((struct finding){.rule = mem_strdup("settings"),
            .severity = SEVERITY_ERROR,
            .file = mem_strdup(SETTINGS),
            .at = {value->row, value->col},
            .message = mem_printf("folders: there is no folder %s below the workspace, so Conftest "
                                  "does not run there",
                shown),
            .fix = mem_strdup("name what is there, or take it out")}));
    free(shown);
}

static void check_settings(struct extension *x)
{
    struct toml *toml = settings_read(x->index->root, SETTINGS);
    const struct toml *folders = toml_get_path(toml, "engines.conftest.folders");
    settings_note_unmatched(x->index, SETTINGS, toml_get_path(toml, "engines.conftest.inputs"),
        settings_name, &x->plan->notes);
    if (folders != NULL && folders->kind != TOML_ARRAY) {
        check_folder(x, folders);
    }
    for (size_t i = 0; folders != NULL && folders->kind == TOML_ARRAY && i < folders->len; i++) {
        check_folder(x, folders->items[i]);
    }
    toml_free(toml);
}

void conftest_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count)
{
    struct extension x = {.plan = plan, .index = index};
    conftest_projects_find(index, &x.projects);
    check_settings(&x);
    if (x.projects.len > 0) {
        size_t opa_units = plan->units.len;
        find_inputs(&x);
        /* The deepest first: what is in a folder of its own is not its parent's. */
        for (size_t i = x.projects.len; i > 0; i--) {
            const struct conftest_project *project = &x.projects.items[i - 1];
            add_verify(&x, project);
            size_t step = project->combine ? project->inputs.len : INPUTS_MAX;
            for (size_t at = 0; at < project->inputs.len; at += step) {
                size_t end = at + step < project->inputs.len ? at + step : project->inputs.len;
                add_inputs_unit(&x, project, at, end);
            }
            VEC_FOREACH (char *, rendered, &project->rendered) {
                add_rendered_unit(&x, project, *rendered);
            }
            if (project->inputs.len + project->rendered.len == 0 && project->config != NULL &&
                x.projects.patterns.len == 0) {
                note(plan, project);
            }
        }
        drop_empty(&x, opa_units);
        plan_settle(plan, scope, wanted, count);
    }
    conftest_projects_free(&x.projects);
}
