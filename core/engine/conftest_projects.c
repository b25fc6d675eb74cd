#include "engine/conftest_projects.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/settings.h"

#include <stdlib.h>
#include <sys/stat.h>

struct reading {
    const struct policy_index *index;
    struct conftest_projects *projects;
    struct plan_words folders;
};

static void read_settings(struct reading *x)
{
    struct toml *toml = settings_read(x->index->root, ".bylaw/config.toml");
    settings_words(toml_get_path(toml, "engines.conftest.inputs"), &x->projects->patterns);
    settings_words(toml_get_path(toml, "engines.conftest.folders"), &x->folders);
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

static void read_project(struct conftest_project *project, const char *root)
{
    struct toml *toml = project->config == NULL ? NULL : settings_read(root, project->config);
    struct plan_words policies = {0};
    settings_words(toml_get(toml, "policy"), &policies);
    if (policies.len == 0) {
        plan_words_push(&policies, project->policy_flag == NULL ? "policy" : project->policy_flag);
    }
    VEC_FOREACH (char *, policy, &policies) {
        char *folder = folder_below(project->dir, *policy);
        if (folder != NULL) {
            VEC_PUSH(&project->policies, folder);
        }
    }
    plan_words_free(&policies);
    settings_words(toml_get(toml, "namespace"), &project->spaces);
    if (project->spaces.len == 0 && !toml_bool_or(toml, "all-namespaces", false)) {
        plan_words_push(&project->spaces, "main");
    } else if (toml_bool_or(toml, "all-namespaces", false)) {
        plan_words_free(&project->spaces);
    }
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

static void add_project(struct reading *x, const char *dir, const char *config)
{
    size_t at = 0;
    while (at < x->projects->len && strcmp(x->projects->items[at].dir, dir) < 0) {
        at++;
    }
    if (at < x->projects->len && strcmp(x->projects->items[at].dir, dir) == 0) {
        return;
    }
    struct conftest_project project = {.dir = mem_strdup(dir), .config = mem_strdup(config)};
    /* Named in the settings only: the folder may be the policy folder. */
    if (config == NULL && !is_folder(x->index->root, dir, "policy")) {
        project.policy_flag = mem_strdup(".");
    }
    read_project(&project, x->index->root);
    VEC_INSERT(x->projects, at, project);
}

static void find_projects(struct reading *x)
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
    if (x->projects->len == 0 && x->projects->patterns.len > 0) {
        add_project(x, "", NULL);
    }
}

void conftest_projects_find(const struct policy_index *index, struct conftest_projects *projects)
{
    struct reading x = {.index = index, .projects = projects};
    read_settings(&x);
    find_projects(&x);
    plan_words_free(&x.folders);
}

void conftest_projects_free(struct conftest_projects *projects)
{
    VEC_FOREACH (struct conftest_project, project, projects) {
        free(project->dir);
        free(project->config);
        free(project->policy_flag);
        plan_words_free(&project->policies);
        plan_words_free(&project->spaces);
        plan_words_free(&project->inputs);
        plan_words_free(&project->rendered);
    }
    VEC_FREE(projects);
    plan_words_free(&projects->patterns);
}

/* ---- asking ---- */

bool conftest_project_has(const struct conftest_project *project, const char *path)
{
    VEC_FOREACH (char *, folder, &project->policies) {
        if (strcmp(path_ext(path), ".rego") == 0 && plan_path_wanted(path, *folder)) {
            return true;
        }
    }
    return false;
}

bool conftest_projects_have(const struct conftest_projects *projects, const char *path)
{
    VEC_FOREACH (struct conftest_project, project, projects) {
        if (conftest_project_has(project, path)) {
            return true;
        }
    }
    return false;
}

bool conftest_is_folder(const char *root, const char *named)
{
    char *dir = folder_below("", named);
    bool is = dir != NULL && is_folder(root, dir, ".");
    free(dir);
    return is;
}

bool conftest_projects_is_input(const struct conftest_projects *projects, const char *path)
{
    VEC_FOREACH (char *, pattern, &projects->patterns) {
        if (settings_name(*pattern, path)) {
            return true;
        }
    }
    return false;
}

struct conftest_project *conftest_projects_of(struct conftest_projects *projects, const char *path)
{
    struct conftest_project *found = NULL;
    VEC_FOREACH (struct conftest_project, project, projects) {
        bool holds = project->dir[0] == '\0' || plan_path_wanted(path, project->dir);
        if (holds && (found == NULL || strlen(project->dir) > strlen(found->dir))) {
            found = project;
        }
    }
    return found;
}
