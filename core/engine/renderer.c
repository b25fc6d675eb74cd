#include "engine/renderer.h"

#include "base/path.h"
#include "base/safe.h"
#include "engine/engine.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

enum { LABEL_MAX = 300, RELEASE_MAX = 53 };

/* The first command whose program is there. "%" is the folder (or the plan file), "@" its name. */
struct tool {
    const char *what;
    const char *commands[2][RENDERER_WORDS];
    const char *get;
};

static const struct tool tools[RENDERERS] = {
    [RENDERER_CHART] = {"Helm charts", {{"helm", "template", "@", "%", NULL}, {NULL}},
        "scripts/setup --engines helm"},
    [RENDERER_OVERLAY] = {"Kustomize folders",
        {{"kustomize", "build", "%", NULL}, {"kubectl", "kustomize", "%", NULL}},
        "scripts/setup --engines kustomize, or kubectl"},
    [RENDERER_PLAN] = {"Terraform plan files",
        {{"terraform", "show", "-json", "-no-color", "%", NULL},
            {"tofu", "show", "-json", "-no-color", "%", NULL}},
        "install terraform or OpenTofu, or keep the plan as JSON: terraform show -json PLAN"},
};

const char *const renderer_environment[] = {"NO_COLOR=1", "TF_IN_AUTOMATION=1",
    "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/dev/null", NULL};

static const char *const files[] = {
    "Chart.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"};

enum renderer renderer_of(const char *path)
{
    const char *base = path_base(path);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strcmp(base, files[i]) == 0) {
            return i == 0 ? RENDERER_CHART : RENDERER_OVERLAY;
        }
    }
    bool is_plan = strcmp(path_ext(path), ".tfplan") == 0 || strcmp(base, "tfplan") == 0;
    return is_plan ? RENDERER_PLAN : RENDERERS;
}

char *renderer_target(const char *path)
{
    return renderer_of(path) == RENDERER_PLAN ? mem_strdup(path) : path_dir(path);
}

char *renderer_file_of(const char *root, const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char *file = path_join(target, files[i]);
        char *full = path_join(root, file);
        bool is_there = access(full, R_OK) == 0;
        free(full);
        if (is_there) {
            return file;
        }
        free(file);
    }
    return renderer_of(target) == RENDERER_PLAN ? mem_strdup(target) : NULL;
}

static bool has_chart(const struct policy_index *index, const char *path, size_t len)
{
    char *chart = mem_printf("%.*sChart.yaml", (int)len, path);
    bool has = policy_index_find(index, chart) != SIZE_MAX;
    free(chart);
    return has;
}

bool renderer_is_carried(const struct policy_index *index, const char *path)
{
    for (const char *at = path; (at = strstr(at, "/charts/")) != NULL; at++) {
        if (has_chart(index, path, (size_t)(at - path) + 1)) {
            return true;
        }
    }
    return false;
}

bool renderer_is_source(const struct policy_index *index, const char *path)
{
    const char *base = path_base(path);
    if (strcmp(base, ".helmignore") == 0 || strcmp(base, "Chart.lock") == 0) {
        return has_chart(index, path, (size_t)(base - path));
    }
    const char *at = strncmp(path, "templates/", 10) == 0 ? path : strstr(path, "/templates/");
    return at != NULL && has_chart(index, path, at == path ? 0 : (size_t)(at - path) + 1);
}

const char *renderer_what(enum renderer renderer)
{
    return tools[renderer].what;
}

const char *renderer_program(enum renderer renderer)
{
    return tools[renderer].commands[0][0];
}

const char *renderer_get(enum renderer renderer)
{
    return tools[renderer].get;
}

/* Helm takes no name that Kubernetes would not. */
static const char *release_of(const char *target)
{
    const char *name = path_base(target);
    size_t len = strlen(name);
    bool good = len > 0 && len <= RELEASE_MAX && isalnum((unsigned char)name[len - 1]) &&
                isalnum((unsigned char)name[0]);
    for (const char *c = name; *c != '\0'; c++) {
        good = good && (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-');
    }
    return good ? name : "release";
}

static char *label_of(const char *const *pattern, const char *target)
{
    struct buf label = BUF_INIT;
    for (size_t i = 0; pattern[i] != NULL; i++) {
        if (strcmp(pattern[i], "@") != 0) {
            bool is_target = strcmp(pattern[i], "%") == 0;
            buf_printf(&label, "%s%s", i == 0 ? "" : " ", is_target ? target : pattern[i]);
        }
    }
    char *shown = safe_dup(buf_str(&label), SAFE_ONE_LINE, LABEL_MAX);
    buf_free(&label);
    return shown;
}

char *renderer_label(enum renderer renderer, const char *target)
{
    return label_of(tools[renderer].commands[0], target);
}

static void write_call(const char *const *pattern, const char *target, struct renderer_call *call)
{
    call->dir = target[0] == '/' ? mem_strdup(target) : mem_printf("./%s", target);
    call->argv[0] = call->program;
    for (size_t i = 1; pattern[i] != NULL; i++) {
        call->argv[i] = strcmp(pattern[i], "%") == 0   ? call->dir
                        : strcmp(pattern[i], "@") == 0 ? release_of(target)
                                                       : pattern[i];
    }
    call->origin = label_of(pattern, target);
}

bool renderer_find(
    enum renderer renderer, const char *target, struct renderer_call *call, struct err *err)
{
    *call = (struct renderer_call){0};
    for (size_t k = 0; k < ARRAY_LEN(tools[renderer].commands); k++) {
        const char *const *pattern = tools[renderer].commands[k];
        call->program = pattern[0] == NULL ? NULL : engine_find_program(pattern[0]);
        if (call->program != NULL) {
            write_call(pattern, target, call);
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "%s is not on PATH (%s)", renderer_program(renderer),
        renderer_get(renderer));
}

void renderer_call_free(struct renderer_call *call)
{
    free(call->program);
    free(call->dir);
    free(call->origin);
    *call = (struct renderer_call){0};
}

bool renderer_has_document(struct str printed)
{
    struct str line;
    while (str_next_line(&printed, &line)) {
        line = str_trim(line);
        if (line.len > 0 && line.ptr[0] != '#' && !str_starts(line, "---") &&
            !str_starts(line, "...")) {
            return true;
        }
    }
    return false;
}
