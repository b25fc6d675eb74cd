#include "command/template_apply.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "engine/gator_apply.h"

#include <stdlib.h>
#include <unistd.h>

struct test {
    const struct args *args;
    bool ended, failed, evaluated;
    size_t counts[GATOR_ERROR + 1];
};

struct yaml_files {
    const char **items;
    size_t len, cap;
};

static void find_files(
    const struct policy_index *index, char *const *paths, size_t count, struct yaml_files *files)
{
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        const char *ext = path_ext(file->path);
        bool wanted = count == 0;
        for (size_t i = 0; i < count && !wanted; i++) {
            wanted = paths[i][0] == '\0' || policy_path_below(file->path, paths[i]);
        }
        if (wanted && (strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0)) {
            VEC_PUSH(files, file->path);
        }
    }
}

static void set_place(cJSON *object, const char *key, const char *file, struct position at)
{
    if (file != NULL) {
        cJSON *place = json_set_object(object, key);
        json_set_string(place, "file", file);
        json_set_int(place, "row", at.row);
    }
}

static void print_json(const struct gator_decision *d)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "verdict", gator_verdict_name(d->verdict));
    json_set_string(object, "constraint", d->policy);
    set_place(object, "constraint_at", d->policy_file, d->policy_at);
    set_place(object, "template_at", d->template_file, d->template_at);
    json_set_string(object, "engine", d->language);
    json_set_string(object, "kind", d->kind);
    json_set_string(object, "namespace", d->space);
    json_set_string(object, "name", d->name);
    set_place(object, "resource_at", d->resource_file, d->resource_at);
    json_set_string(object, "action", d->action);
    json_set_string(object, "message", d->message);
    char *line = json_print(object);
    puts(line);
    free(line);
    cJSON_Delete(object);
}

static void print_decision(const struct gator_decision *d)
{
    char *file =
        safe_dup(str_of(d->resource_file == NULL ? "" : d->resource_file), SAFE_ONE_LINE, 4096);
    printf("%s:%u: %s: %s%s%s/%s: %s%s%s%s%s\n", file, d->resource_at.row,
        gator_verdict_name(d->verdict), d->space, d->space[0] == '\0' ? "" : "/", d->kind, d->name,
        d->policy, d->language[0] == '\0' ? "" : " by ", d->language,
        d->message[0] == '\0' ? "" : ": ", d->message);
    free(file);
}

static void print_finding(const struct finding *finding)
{
    char *file = safe_dup(str_of(finding->file), SAFE_ONE_LINE, 4096);
    fprintf(stderr, "%s:%u:%u: %s: %s [%s]\n", file, finding->at.row, finding->at.col,
        severity_name(finding->severity), finding->message, finding->rule);
    free(file);
}

static void done(void *data, const struct gator_application *application)
{
    struct test *test = data;
    test->ended = true;
    VEC_FOREACH (const struct gator_decision, d, &application->decisions) {
        test->counts[d->verdict]++;
        if (args_has(test->args, "json")) {
            print_json(d);
        } else if (args_has(test->args, "all") ||
                   (d->verdict != GATOR_NOT_EVALUATED && d->verdict != GATOR_ERROR)) {
            print_decision(d);
        }
    }
    VEC_FOREACH (const struct finding, finding, &application->findings) {
        print_finding(finding);
        test->failed = test->failed || finding->severity == SEVERITY_ERROR;
    }
    if (application->trouble != NULL) {
        command_fail(test->args, "%s", application->trouble);
        test->failed = true;
    }
}

static int verdict(const struct test *test)
{
    const size_t *n = test->counts;
    size_t evaluated = n[GATOR_ALLOW] + n[GATOR_DENY] + n[GATOR_WARN] + n[GATOR_DRYRUN];
    if (!args_has(test->args, "json")) {
        fprintf(stderr, "%zu allow, %zu deny, %zu warn, %zu dryrun, %zu error, %zu not evaluated\n",
            n[GATOR_ALLOW], n[GATOR_DENY], n[GATOR_WARN], n[GATOR_DRYRUN], n[GATOR_ERROR],
            n[GATOR_NOT_EVALUATED]);
    }
    if (evaluated == 0) {
        fprintf(stderr, "nothing was evaluated: no constraint here matches a resource here\n");
    }
    bool bad = n[GATOR_DENY] > 0 || n[GATOR_ERROR] > 0 || test->failed || evaluated == 0;
    return bad ? EXIT_NO : EXIT_YES;
}

int template_apply_test(const struct args *args, const char *root, const struct policy_index *index,
    char *const *paths, size_t count)
{
    struct err err;
    struct yaml_files files = {0};
    char *program = engine_find(&engine_gator, &err);
    struct loop *loop = program == NULL ? NULL : loop_new(&err);
    if (loop == NULL) {
        free(program);
        return command_fail(args, "%s", err.text);
    }
    find_files(index, paths, count, &files);
    struct gator_apply_options options = {.program = program,
        .dir = root,
        .policies = files.items,
        .policy_count = files.len,
        .resources = files.items,
        .resource_count = files.len};
    struct test test = {.args = args};
    (void)!gator_apply_start(loop, &options, done, &test);
    while (!test.ended) {
        loop_run_once(loop, 1000);
    }
    loop_free(loop);
    VEC_FREE(&files);
    free(program);
    return verdict(&test);
}

int template_apply_expand(const struct args *args, const char *root,
    const struct policy_index *index, char *const *paths, size_t count)
{
    struct err err;
    struct yaml_files files = {0};
    struct buf text = BUF_INIT;
    char *program = engine_find(&engine_gator, &err);
    struct loop *loop = program == NULL ? NULL : loop_new(&err);
    find_files(index, paths, count, &files);
    struct gator_apply_options options = {
        .program = program, .dir = root, .resources = files.items, .resource_count = files.len};
    int code = EXIT_COULD_NOT;
    if (loop == NULL || !gator_expand(loop, &options, &text, &err)) {
        command_fail(args, "%s", err.text);
    } else if (str_trim(buf_str(&text)).len == 0) {
        fprintf(stderr, "nothing is generated: no ExpansionTemplate here applies to a resource\n");
        code = EXIT_NO;
    } else {
        struct buf shown = BUF_INIT;
        safe_append(&shown, buf_str(&text), SAFE_KEEP_LINES);
        const struct buf *out = isatty(STDOUT_FILENO) ? &shown : &text;
        fwrite(out->ptr, 1, out->len, stdout);
        buf_free(&shown);
        code = EXIT_YES;
    }
    if (loop != NULL) {
        loop_free(loop);
    }
    buf_free(&text);
    VEC_FREE(&files);
    free(program);
    return code;
}
