/* Conftest's namespaces applied to documents with the real conftest, as it is called in its folder:
 * all namespaces that its conftest.toml asks for, many documents a process. */
#include "apply/apply.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/conftest.h"
#include "engine/conftest_projects.h"

#include <stdlib.h>

enum { FIXTURES_OF_JOB = 64, POLICIES_OF_JOB = 64, TIMEOUT_MS = 60000 };
#define TEXT_MAX_BYTES ((size_t)16 << 20)

/* One namespace of a folder of Conftest's. */
struct space {
    char *dir, *name;
    char *policy_flag;
    struct plan_words policies; /* policy folders */
    struct plan_words rego;     /* files below them, where one is unsaved: laid out anew */
    struct plan_words inner;    /* folders of Conftest's in it: what is there is theirs */
    bool combine;
};

/* The files that a folder with `combine` looks at as one. */
struct combined {
    char *dir;
    struct plan_words files; /* below dir */
};

static void space_free(void *own)
{
    struct space *space = own;
    free(space->dir);
    free(space->name);
    free(space->policy_flag);
    plan_words_free(&space->policies);
    plan_words_free(&space->rego);
    plan_words_free(&space->inner);
    free(space);
}

static void combined_free(void *own)
{
    struct combined *combined = own;
    free(combined->dir);
    plan_words_free(&combined->files);
    free(combined);
}

/* ---- finding ---- */

static bool decides(const struct policy_facts *facts)
{
    for (size_t i = 0; i < facts->rules.len; i++) {
        const char *name = facts->rules.items[i].name;
        if (strncmp(name, "deny", 4) == 0 || strncmp(name, "violation", 9) == 0 ||
            strncmp(name, "warn", 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Those that conftest.toml names, else every package with rules that conftest looks for. */
static void spaces_of(
    const struct apply_set *set, const struct conftest_project *project, struct plan_words *spaces)
{
    VEC_FOREACH (char *, name, &project->spaces) {
        plan_words_push(spaces, *name);
    }
    for (size_t i = 0; project->spaces.len == 0 && i < set->index->files.len; i++) {
        const struct policy_file *file = &set->index->files.items[i];
        if (!conftest_project_has(project, file->path) || file->facts == NULL ||
            file->facts->package == NULL || !decides(file->facts)) {
            continue;
        }
        char *name = policy_path_show(file->facts->package);
        if (!plan_words_have(spaces, name)) {
            plan_words_push(spaces, name);
        }
        free(name);
    }
}

static bool is_unsaved(const struct apply_set *set, const char *path)
{
    for (size_t i = 0; i < set->text_count; i++) {
        if (strcmp(set->texts[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* The file and row of the namespace's first rule. */
static void place(const struct apply_set *set, const struct conftest_project *project,
    const char *name, struct apply_policy *policy)
{
    for (size_t i = 0; i < set->index->files.len; i++) {
        const struct policy_file *file = &set->index->files.items[i];
        if (!conftest_project_has(project, file->path) || file->facts == NULL ||
            file->facts->package == NULL || !decides(file->facts)) {
            continue;
        }
        char *package = policy_path_show(file->facts->package);
        bool same = strcmp(package, name) == 0;
        free(package);
        if (same) {
            policy->file = mem_strdup(file->path);
            policy->at = (struct position){
                file->facts->rules.len > 0 ? file->facts->rules.items[0].row : 1, 1};
            return;
        }
    }
    policy->file = mem_strdup(project->config);
    policy->at = (struct position){1, 1};
}

static void add_space(struct apply_set *set, const struct conftest_projects *projects,
    const struct conftest_project *project, const char *name)
{
    struct space *own = MEM_NEW(struct space);
    bool unsaved = false;
    own->dir = mem_strdup(project->dir);
    own->name = mem_strdup(name);
    own->policy_flag = mem_strdup(project->policy_flag);
    own->combine = project->combine;
    VEC_FOREACH (char *, folder, &project->policies) {
        plan_words_push(&own->policies, *folder);
    }
    for (size_t i = 0; i < set->index->files.len; i++) {
        const char *path = set->index->files.items[i].path;
        if (conftest_project_has(project, path)) {
            plan_words_push(&own->rego, path);
            unsaved = unsaved || is_unsaved(set, path);
        }
    }
    if (!unsaved) {
        plan_words_free(&own->rego);
    }
    VEC_FOREACH (const struct conftest_project, other, projects) {
        bool in = project->dir[0] == '\0' || plan_path_wanted(other->dir, project->dir);
        if (other != project && in) {
            plan_words_push(&own->inner, other->dir);
        }
    }
    const char *in = project->dir[0] == '\0' ? "" : " in ";
    struct apply_policy policy = {.engine = "conftest",
        .id = mem_printf("conftest %s%s%s", name, in, project->dir),
        .name = mem_printf("%s%s%s", name, in, project->dir),
        .own = own,
        .own_free = space_free};
    place(set, project, name, &policy);
    VEC_PUSH(&set->policies, policy);
}

/* In another language than YAML and JSON, and meant to be looked at: named in the settings, or in a
 * folder of test data, or known by its name. */
static bool is_foreign(const struct conftest_projects *projects, const char *path)
{
    const char *base = path_base(path);
    const char *ext = path_ext(path);
    if (strcmp(base, "conftest.toml") == 0) {
        return false;
    }
    if (conftest_projects_is_input(projects, path)) {
        return true;
    }
    bool hidden = path[0] == '.' || strstr(path, "/.") != NULL;
    return !hidden && (strncmp(base, "Dockerfile", 10) == 0 || strcmp(ext, ".tf") == 0 ||
                          strcmp(ext, ".hcl") == 0);
}

static void add_foreign(struct apply_set *set, struct conftest_projects *projects)
{
    for (size_t i = 0; i < set->index->others.len; i++) {
        const char *path = set->index->others.items[i];
        struct buf text = BUF_INIT;
        if (is_foreign(projects, path) && !renderer_is_source(set->index, path) &&
            conftest_projects_of(projects, path) != NULL &&
            apply_read(set, path, TEXT_MAX_BYTES, &text, NULL)) {
            struct apply_fixture fixture = {.id = mem_strdup(path),
                .name = mem_strdup(path_base(path)),
                .file = mem_strdup(path),
                .at = {1, 1},
                .kind = APPLY_FILE,
                .only = "conftest",
                .text = text,
                .api_version = mem_strdup(""),
                .object_kind = mem_strdup(""),
                .object_name = mem_strdup(""),
                .space = mem_strdup("")};
            VEC_PUSH(&set->fixtures, fixture);
        } else {
            buf_free(&text);
        }
    }
}

/* Inputs that conftest looks at together: one document, all of them. */
static void add_combined(
    struct apply_set *set, struct conftest_projects *projects, struct conftest_project *project)
{
    struct combined *own = MEM_NEW(struct combined);
    size_t skip = project->dir[0] == '\0' ? 0 : strlen(project->dir) + 1;
    own->dir = mem_strdup(project->dir);
    for (size_t i = 0; i < set->index->files.len + set->index->others.len; i++) {
        const char *path = i < set->index->files.len
                               ? set->index->files.items[i].path
                               : set->index->others.items[i - set->index->files.len];
        if (conftest_projects_is_input(projects, path) &&
            conftest_projects_of(projects, path) == project) {
            plan_words_push(&own->files, path + skip);
        }
    }
    if (own->files.len == 0) {
        combined_free(own);
        return;
    }
    const char *where = project->config == NULL ? project->dir : project->config;
    struct apply_fixture fixture = {
        .id = mem_printf("%s combined", project->dir[0] == '\0' ? "." : project->dir),
        .name = mem_printf("%zu files combined", own->files.len),
        .file = mem_strdup(where),
        .at = {1, 1},
        .kind = APPLY_FILE,
        .only = "conftest",
        .api_version = mem_strdup(""),
        .object_kind = mem_strdup(""),
        .object_name = mem_strdup(""),
        .space = mem_strdup(""),
        .own = own,
        .own_free = combined_free};
    VEC_FOREACH (char *, file, &own->files) {
        buf_printf(&fixture.text, "%s\n", *file);
    }
    VEC_PUSH(&set->fixtures, fixture);
}

static void find(struct apply_set *set, const atomic_bool *cancel)
{
    struct conftest_projects projects = {0};
    (void)cancel;
    conftest_projects_find(set->index, &projects);
    for (size_t i = 0; i < projects.len; i++) {
        struct plan_words spaces = {0};
        spaces_of(set, &projects.items[i], &spaces);
        VEC_FOREACH (char *, name, &spaces) {
            add_space(set, &projects, &projects.items[i], *name);
        }
        if (projects.items[i].combine && spaces.len > 0) {
            add_combined(set, &projects, &projects.items[i]);
        }
        plan_words_free(&spaces);
    }
    add_foreign(set, &projects);
    conftest_projects_free(&projects);
}

/* What is in its folder; of a folder that combines, only that. */
static bool takes(const struct apply_policy *policy, const struct apply_fixture *fixture)
{
    const struct space *space = policy->own;
    if (space->combine || fixture->own != NULL) {
        const struct combined *combined = fixture->own;
        return space->combine && combined != NULL && strcmp(combined->dir, space->dir) == 0;
    }
    VEC_FOREACH (char *, inner, &space->inner) {
        if (plan_path_wanted(fixture->file, *inner)) {
            return false;
        }
    }
    return space->dir[0] == '\0' || plan_path_wanted(fixture->file, space->dir);
}

static bool together(const struct apply_policy *a, const struct apply_policy *b)
{
    const struct space *x = a->own;
    const struct space *y = b->own;
    return strcmp(x->dir, y->dir) == 0;
}

/* ---- asking ---- */

/* The policies as they are in the editor. */
static bool lay_policies(struct apply_job *job, const struct space *space,
    struct apply_command *command, struct err *err)
{
    bool ok = true;
    VEC_FOREACH (char *, path, &space->rego) {
        struct buf text = BUF_INIT;
        char *name = mem_printf("policy/%s", *path);
        char *made = ok && apply_read(job->set, *path, TEXT_MAX_BYTES, &text, err)
                         ? apply_scratch(job, name, buf_str(&text), err)
                         : NULL;
        ok = made != NULL;
        free(made);
        free(name);
        buf_free(&text);
    }
    VEC_FOREACH (char *, folder, &space->policies) {
        if (ok && space->rego.len > 0) {
            VEC_PUSH(&command->argv, mem_strdup("--policy"));
            VEC_PUSH(&command->argv, mem_printf("%s/policy/%s", job->scratch.folder, *folder));
        }
    }
    return ok;
}

/* Where conftest finds the document: its file, where that is one and saved; else a scratch file
 * with the same ending, by which conftest tells the language. */
static char *path_of(struct apply_job *job, size_t number, struct err *err)
{
    const struct apply_fixture *fixture = &job->set->fixtures.items[job->fixtures[number]];
    bool whole = fixture->document == 0 && fixture->origin == NULL;
    if (whole && !is_unsaved(job->set, fixture->file)) {
        return path_join(job->set->root, fixture->file);
    }
    const char *base = fixture->origin == NULL ? path_base(fixture->file)
                       : fixture->json         ? "rendered.json"
                                               : "rendered.yaml";
    char *name = mem_printf("%zu/%s", number, base);
    char *path = apply_scratch(job, name, buf_str(&fixture->text), err);
    free(name);
    return path;
}

static void push_flags(const struct space *space, struct apply_command *command)
{
    /* What conftest.toml might say otherwise: a repository's may not fetch code, hide results or
     * print another format. */
    static const char *const flags[] = {"test", "--output=json", "--no-color", "--quiet=false",
        "--trace=false", "--no-fail=false", "--update=", NULL};
    for (size_t i = 0; flags[i] != NULL; i++) {
        VEC_PUSH(&command->argv, mem_strdup(flags[i]));
    }
    if (space->policy_flag != NULL && space->rego.len == 0) {
        VEC_PUSH(&command->argv, mem_strdup("--policy"));
        VEC_PUSH(&command->argv, mem_strdup(space->policy_flag));
    }
}

static bool command_for(struct apply_job *job, struct apply_command *command, struct err *err)
{
    static const char *const environment[] = {"GOMAXPROCS=1", "NO_COLOR=1", NULL};
    const struct space *space = job->set->policies.items[job->policies[0]].own;
    VEC_PUSH(&command->argv, mem_strdup(job->program));
    push_flags(space, command);
    bool ok = lay_policies(job, space, command, err);
    VEC_PUSH(&command->argv, mem_strdup("--"));
    for (size_t i = 0; ok && i < job->fixture_count; i++) {
        const struct combined *combined = job->set->fixtures.items[job->fixtures[i]].own;
        char *path = combined == NULL ? path_of(job, i, err) : NULL;
        ok = combined != NULL || path != NULL;
        if (path != NULL) {
            VEC_PUSH(&command->argv, path);
        }
        for (size_t k = 0; combined != NULL && k < combined->files.len; k++) {
            VEC_PUSH(&command->argv, mem_strdup(combined->files.items[k]));
        }
    }
    command->dir = space->dir[0] == '\0' ? NULL : path_join(job->set->root, space->dir);
    command->env = environment;
    command->timeout_ms = TIMEOUT_MS;
    return ok;
}

/* ---- reading ---- */

static enum apply_verdict verdict_of(const struct conftest_finding *finding)
{
    switch (finding->status) {
    case RESULT_FAIL:
        return APPLY_DENY;
    case RESULT_WARNING:
        return APPLY_WARN;
    default:
        return strncmp(finding->rule, "exception ", 10) == 0 ? APPLY_EXCEPTED : APPLY_NOT_EVALUATED;
    }
}

static void take_entry(struct apply_cell *cell, const struct conftest_entry *entry)
{
    if (entry->successes > 0) {
        apply_cell_add(cell, APPLY_ALLOW, NULL);
    }
    VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
        enum apply_verdict verdict = verdict_of(finding);
        apply_cell_add(cell, verdict,
            verdict == APPLY_EXCEPTED ? mem_strdup(finding->rule) : mem_strdup(finding->message));
        if (finding->detail != NULL && cell->detail == NULL) {
            cell->detail = mem_strdup(finding->detail);
        }
    }
}

/* The document that conftest names by the path it was given. */
static bool is_of(const struct apply_job *job, size_t number, const char *file)
{
    const struct apply_fixture *fixture = &job->set->fixtures.items[job->fixtures[number]];
    if (fixture->own != NULL) {
        return strcmp(file, "Combined") == 0;
    }
    if (job->scratch.folder != NULL) {
        char *begins = mem_printf("%s/%zu/", job->scratch.folder, number);
        bool same = strncmp(file, begins, strlen(begins)) == 0;
        free(begins);
        if (same) {
            return true;
        }
    }
    char *full = path_join(job->set->root, fixture->file);
    bool same = strcmp(file, full) == 0 && fixture->document == 0 && fixture->origin == NULL;
    free(full);
    return same;
}

static void take_report(struct apply_job *job, const struct conftest_report *report)
{
    for (size_t p = 0; p < job->policy_count; p++) {
        const struct space *space = job->set->policies.items[job->policies[p]].own;
        for (size_t f = 0; f < job->fixture_count; f++) {
            struct apply_cell *cell = apply_job_cell(job, p, f);
            bool named = false;
            VEC_FOREACH (struct conftest_entry, entry, report) {
                if (strcmp(entry->space, space->name) == 0 && is_of(job, f, entry->file)) {
                    named = true;
                    take_entry(cell, entry);
                }
            }
            if (cell->verdict == APPLY_WAITING) {
                apply_cell_add(cell, APPLY_NOT_EVALUATED,
                    named ? mem_printf("there is no deny, violation or warn rule in namespace %s, "
                                       "or no document",
                                space->name)
                          : mem_printf("conftest does not report on it: conftest.toml ignores it, "
                                       "or there is no namespace %s",
                                space->name));
            }
        }
    }
}

static enum apply_read read_answer(
    struct apply_job *job, const struct apply_answer *answer, struct err *err)
{
    const struct space *space = job->set->policies.items[job->policies[0]].own;
    struct str said = str_trim(answer->out);
    struct conftest_report report = {0};
    if (said.len == 0) {
        struct findings findings = {0};
        char *message = NULL;
        conftest_parse_refusal(answer->errout, space->dir, &findings, &message);
        err_set(err, ERR_EXTERNAL, "%s", message);
        bool broken = findings.len > 0;
        free(message);
        findings_free(&findings);
        return broken ? APPLY_READ_BROKEN : APPLY_READ_APART;
    }
    bool ok = conftest_parse(said, &report, err);
    if (ok) {
        take_report(job, &report);
    }
    conftest_report_free(&report);
    return ok ? APPLY_READ_DONE : APPLY_READ_APART;
}

const struct apply_engine apply_engine_conftest = {
    .engine = &engine_conftest,
    .policies_max = POLICIES_OF_JOB,
    .fixtures_max = FIXTURES_OF_JOB,
    .find = find,
    .takes = takes,
    .together = together,
    .command = command_for,
    .read = read_answer,
};
