/* Which folders of a workspace are Conftest's (conftest.h says by which rule), and what their
 * conftest.toml says. Worker threads. */
#ifndef BYLAW_ENGINE_CONFTEST_PROJECTS_H
#define BYLAW_ENGINE_CONFTEST_PROJECTS_H

#include "engine/plan.h"

struct conftest_project {
    char *dir;                  /* below the root; "" the workspace */
    char *config;               /* its conftest.toml, or NULL */
    struct plan_words policies; /* folders below the root */
    struct plan_words spaces;   /* namespaces that are asked; none: all of them */
    /* For who looks for them: conftest_projects_find leaves both empty. */
    struct plan_words inputs;
    struct plan_words rendered; /* the files that make a folder a chart or an overlay; plan files */
    char *policy_flag;          /* what the settings' rule makes of it, or NULL: conftest decides */
    bool combine, v0;
};

struct conftest_projects {
    struct conftest_project *items; /* by dir, so a folder stands before those in it */
    size_t len, cap;
    struct plan_words patterns; /* of inputs, from the settings */
};

void conftest_projects_find(const struct policy_index *index, struct conftest_projects *projects);
void conftest_projects_free(struct conftest_projects *projects);
/* The path is a Rego file below a policy folder of the project; of any. */
bool conftest_project_has(const struct conftest_project *project, const char *path);
bool conftest_projects_have(const struct conftest_projects *projects, const char *path);
/* A folder that the settings name is there. */
bool conftest_is_folder(const char *root, const char *named);
/* The path is one that the settings name as an input. */
bool conftest_projects_is_input(const struct conftest_projects *projects, const char *path);
/* The deepest folder of Conftest's that holds the path, or NULL. */
struct conftest_project *conftest_projects_of(struct conftest_projects *projects, const char *path);

#endif
