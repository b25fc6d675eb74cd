/* Whether Kyverno can use a policy that no suite loads. There is no `kyverno validate` any more:
 * the policy is applied to a namespace of our own, with a log that says what is left out without a
 * word else. */
#include "engine/kyverno.h"
#include "engine/kyverno_apply_internal.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

#define POLICY_MAX_BYTES ((size_t)1 << 20)
enum { TIMEOUT_MS = 120000 };

static const char probe[] = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: bylaw-check\n";

/* A file with what the policies are applied to; NULL: there is no place for it. */
static char *probe_file(void)
{
    char *cache = path_home_dir(PATH_CACHE, NULL);
    char *dir = cache == NULL ? NULL : path_join(cache, "kyverno");
    char *path = dir == NULL ? NULL : path_join(dir, "namespace.yaml");
    struct buf there = BUF_INIT;
    bool ok = path != NULL && file_read(path, sizeof probe, &there, NULL) &&
              str_equal_c(buf_str(&there), probe);
    ok = ok ||
         (path != NULL && path_make_dirs(dir, NULL) && file_write(path, str_of(probe), 0600, NULL));
    if (!ok) {
        free(path);
        path = NULL;
    }
    buf_free(&there);
    free(dir);
    free(cache);
    return path;
}

/* Kyverno itself does not go into hidden folders; tests of other tools stand there. */
static bool is_hidden(const char *path)
{
    return path[0] == '.' || strstr(path, "/.") != NULL;
}

struct look {
    struct str text;
    bool policy;
};

static void look_at(void *data, TSNode object)
{
    struct look *look = data;
    char *api = yaml_string(look->text, object, "apiVersion");
    char *kind = yaml_string(look->text, object, "kind");
    bool group =
        strncmp(api, "kyverno.io/", 11) == 0 || strncmp(api, "policies.kyverno.io/", 20) == 0;
    look->policy = look->policy || (group && str_ends(str_of(kind), "Policy") &&
                                       yaml_is_mapping(yaml_get(look->text, object, "spec", NULL)));
    free(api);
    free(kind);
}

/* What Helm writes is no policy before it is rendered. */
static bool is_template(struct str text)
{
    return str_find(text, STR_LIT("{{-"), 0) != SIZE_MAX ||
           str_find(text, STR_LIT("{{ ."), 0) != SIZE_MAX ||
           str_find(text, STR_LIT("{{."), 0) != SIZE_MAX;
}

static bool is_policy(const char *root, const struct policy_file *file)
{
    const char *ext = path_ext(file->path);
    bool yaml = strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0;
    struct buf text = BUF_INIT;
    struct look look = {0};
    char *full = path_join(root, file->path);
    if (yaml && file->size < POLICY_MAX_BYTES && !is_hidden(file->path) &&
        plan_file_has(root, file->path, "kyverno.io/") &&
        file_read(full, POLICY_MAX_BYTES, &text, NULL) && !is_template(buf_str(&text))) {
        look.text = buf_str(&text);
        kyverno_each(look.text, look_at, &look);
    }
    buf_free(&text);
    free(full);
    return look.policy;
}

static void add_unit(struct run_plan *plan, size_t file, const char *probed)
{
    const char *args[] = {"apply", "--resource", probed, "--remove-color", "-v", "3", "--"};
    struct plan_unit unit = {.label = mem_printf("kyverno apply %s", plan->files.items[file].path),
        .dialect = DIALECT_V1,
        .engine = &engine_kyverno,
        .dir = mem_strdup(""),
        .whole = true,
        .inputs = true};
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        VEC_PUSH(&unit.args, mem_strdup(args[i]));
    }
    VEC_PUSH(&unit.files, file);
    VEC_PUSH(&plan->units, unit);
}

void kyverno_check_extend(struct run_plan *plan, const struct policy_index *index)
{
    bool *loaded = mem_zalloc(plan->files.len + 1);
    char *probed = NULL;
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        const struct kyverno_suite *suite = unit->engine == &engine_kyverno ? unit->own : NULL;
        for (size_t i = 0; suite != NULL && i < suite->policy_files.len; i++) {
            loaded[suite->policy_files.items[i]] = true;
        }
    }
    for (size_t i = 0; i < index->files.len && !plan_is_unwanted(plan); i++) {
        size_t file = plan_find_file(plan, index->files.items[i].path);
        if (file == (size_t)-1 || loaded[file] || !is_policy(index->root, &index->files.items[i])) {
            continue;
        }
        probed = probed == NULL ? probe_file() : probed;
        if (probed != NULL) {
            add_unit(plan, file, probed);
        }
    }
    free(probed);
    free(loaded);
}

static const char *path_of(const struct engine_question *q, size_t i)
{
    const struct plan_unit *unit = &q->plan->units.items[q->batch->units.items[i]];
    return q->plan->files.items[unit->files.items[0]].path;
}

bool kyverno_check_command(
    const struct engine_question *q, const char *program, struct engine_command *command)
{
    static const char *const environment[] = {
        "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=600MiB", "NO_COLOR=1", NULL};
    const struct plan_unit *first = &q->plan->units.items[q->batch->units.items[0]];
    VEC_PUSH(&command->argv, mem_strdup(program));
    VEC_FOREACH (char *, arg, &first->args) {
        VEC_PUSH(&command->argv, mem_strdup(*arg));
    }
    for (size_t i = 0; i < q->batch->units.len; i++) {
        VEC_PUSH(&command->argv, mem_strdup(path_of(q, i)));
    }
    VEC_PUSH(&command->argv, NULL);
    command->env = environment;
    command->timeout_ms = TIMEOUT_MS;
    return true;
}

/* Tells what is wrong with one of the batch's policies; true: which. */
static bool tell(const struct engine_question *q, const char *const *paths, bool *blamed,
    const char *error, struct engine_answer *answer)
{
    struct finding finding = {0};
    if (!kyverno_diagnose(str_of(error), q->plan->root, paths, q->batch->units.len, &finding)) {
        return false;
    }
    for (size_t i = 0; i < q->batch->units.len; i++) {
        blamed[i] = blamed[i] || strcmp(paths[i], finding.file) == 0;
    }
    findings_add(&answer->findings, &finding);
    finding_free(&finding);
    return true;
}

void kyverno_check_parse(const struct engine_question *q, struct str out, struct str errout,
    struct engine_answer *answer)
{
    struct kyverno_applied applied = {0};
    struct kyverno_application none = {0};
    size_t count = q->batch->units.len;
    const char **paths = mem_alloc((count + 1) * sizeof *paths);
    bool *blamed = mem_zalloc(count + 1);
    for (size_t i = 0; i < count; i++) {
        paths[i] = path_of(q, i);
    }
    kyverno_apply_parse(out, errout, &applied, &none);
    VEC_FOREACH (char *, error, &applied.errors) {
        tell(q, paths, blamed, *error, answer);
    }
    answer->loaded = true;
    if (applied.fatal != NULL) {
        /* Those after the one that made it give up are not checked yet. */
        answer->loaded = tell(q, paths, blamed, applied.fatal, answer);
        for (size_t i = 0; i < count && answer->loaded; i++) {
            if (!blamed[i]) {
                VEC_PUSH(&answer->again, q->batch->units.items[i]);
            }
        }
    }
    kyverno_applied_free(&applied);
    kyverno_application_free(&none);
    free(paths);
    free(blamed);
}
