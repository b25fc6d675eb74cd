#include "engine/engine.h"

#include "base/path.h"
#include "base/vec.h"

#include <unistd.h>

const struct engine *const engines[] = {&engine_opa, &engine_conftest, &engine_gator,
    &engine_kyverno, &engine_cedar, &engine_regal, &engine_helm, &engine_kustomize, NULL};

struct run_plan *engine_extend_plan(const struct engine *first, struct run_plan *plan,
    const struct policy_index *index, enum run_scope scope, const char *const *wanted, size_t count,
    const atomic_bool *cancel)
{
    if (plan == NULL) {
        return NULL;
    }
    plan->cancel = cancel;
    for (size_t i = 0; engines[i] != NULL && !plan_is_unwanted(plan); i++) {
        if (engines[i] != first && engines[i]->extend != NULL) {
            engines[i]->extend(plan, index, scope, wanted, count);
        }
    }
    bool unwanted = plan_is_unwanted(plan);
    plan->cancel = NULL;
    if (unwanted) {
        run_plan_free(plan);
        return NULL;
    }
    return plan;
}

char *engine_find_program(const char *name)
{
    char *found = path_find_program(name);
    char *cache = found == NULL ? path_home_dir(PATH_CACHE, NULL) : NULL;
    if (cache != NULL) {
        found = mem_printf("%s/bin/%s", cache, name);
        free(cache);
        if (access(found, X_OK) != 0) {
            free(found);
            found = NULL;
        }
    }
    return found;
}

char *engine_find(const struct engine *engine, struct err *err)
{
    char *found = engine_find_program(engine->program);
    if (found == NULL) {
        err_set(err, ERR_NOT_FOUND,
            "%s is not on PATH: run scripts/setup --engines %s or install it (%s or newer)",
            engine->program, engine->name, engine->minimum);
    }
    return found;
}

bool engine_version_at_least(const char *have, const char *least)
{
    while (*least != '\0' && strncmp(have, "dev", 3) != 0) {
        char *have_end;
        char *least_end;
        unsigned long a = strtoul(have, &have_end, 10);
        unsigned long b = strtoul(least, &least_end, 10);
        if (a != b) {
            return a > b;
        }
        have = *have_end == '.' ? have_end + 1 : "";
        if (*least_end != '.') {
            break;
        }
        least = least_end + 1;
    }
    return true;
}

void engine_command_free(struct engine_command *command)
{
    VEC_FOREACH (char *, arg, &command->argv) {
        free(*arg);
    }
    VEC_FREE(&command->argv);
    free(command->before);
    command->before = NULL;
}

void engine_answer_free(struct engine_answer *answer)
{
    results_free(&answer->results);
    findings_free(&answer->findings);
    VEC_FREE(&answer->again);
    VEC_FREE(&answer->closer);
    coverage_free(&answer->coverage);
    buf_free(&answer->text);
    free(answer->message);
    answer->message = NULL;
}

void engine_append_literal(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\.+*?()|[]{}^$", *text) != NULL) {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, *text);
    }
}

bool engine_name_is_written(const char *name, const char *but)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~' || *c == '\\' || strchr(but, *c) != NULL) {
            return false;
        }
    }
    return name[0] != '\0';
}
