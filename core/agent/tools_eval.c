/* evaluate: `opa eval` of one expression over the files it needs, with an input. */
#include "agent/tools_private.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/offline.h"
#include "loop/process.h"
#include "policy/index.h"
#include "workspace/beneath.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUERY_MAX = 8192, EVAL_TIMEOUT_MS = 20000, INPUT_MAX = 4 << 20 };

struct evaluation {
    struct tool_run *run; /* NULL once nobody waits for it */
    char *query;
    char *input;
    char *input_file;
    char *root;
    struct loop_work *work;
    atomic_bool cancel;
    /* Made by the worker. */
    struct {
        char **items;
        size_t len, cap;
    } argv;
    struct buf stdin_text;
    struct err err;
    bool ok;
    struct process *process;
    bool preparing; /* offline_start still holds it */
    struct buf out;
    struct buf errout;
};

static void free_evaluation(struct evaluation *e)
{
    VEC_FOREACH (char *, arg, &e->argv) {
        free(*arg);
    }
    VEC_FREE(&e->argv);
    free(e->query);
    free(e->input);
    free(e->input_file);
    free(e->root);
    buf_free(&e->stdin_text);
    buf_free(&e->out);
    buf_free(&e->errout);
    free(e);
}

/* The worker or the process still holds it: whichever ends last frees. */
static void stop(struct tool_run *run)
{
    struct evaluation *e = run->state;
    e->run = NULL;
    atomic_store(&e->cancel, true);
    if (e->work != NULL) {
        loop_work_cancel(e->work);
    } else if (e->process != NULL) {
        process_cancel(e->process);
    } else if (!e->preparing) {
        free_evaluation(e);
    }
}

/* The files whose package the query names, or which stand above or below what it names. The query
 * is read as a rule's value, so that its references are those of the syntax tree. */
static void find_seeds(
    const struct policy_index *index, const char *query, struct policy_set *seeds)
{
    char *module = mem_printf("package query\n\nanswer := %s\n", query);
    struct policy_facts *asked = policy_facts_parse(str_of(module));
    free(module);
    for (size_t i = 0; i < index->files.len; i++) {
        const struct policy_file *file = &index->files.items[i];
        if (file->kind != POLICY_REGO || file->facts == NULL || file->facts->package == NULL) {
            continue;
        }
        const char *package = file->facts->package;
        bool wanted = false;
        VEC_FOREACH (struct policy_ref, ref, &asked->refs) {
            wanted = wanted || policy_path_below(package, ref->path) ||
                     policy_path_below(ref->path, package);
        }
        if (wanted) {
            VEC_PUSH(seeds, i);
        }
    }
    policy_facts_release(asked);
}

static void push(struct evaluation *e, char *arg)
{
    VEC_PUSH(&e->argv, arg);
}

static void add_files(struct evaluation *e, struct policy_index *index)
{
    struct policy_set seeds = {0};
    struct policy_set closure = {0};
    bool v0 = false;
    bool v1 = false;
    find_seeds(index, e->query, &seeds);
    policy_closure(index, &seeds, &closure);
    for (size_t i = 0; i < closure.len; i++) {
        const struct policy_file *file = &index->files.items[closure.items[i]];
        push(e, mem_strdup("-d"));
        if (file->kind == POLICY_DATA && file->mount != NULL && file->mount[0] != '\0') {
            char *mount = mem_strdup(file->mount);
            for (char *c = mount; *c != '\0'; c++) {
                *c = *c == '/' ? '.' : *c;
            }
            push(e, mem_printf("%s:%s", mount, file->path));
            free(mount);
        } else {
            push(e, mem_strdup(file->path));
        }
        if (file->kind == POLICY_REGO && file->facts != NULL) {
            v0 = v0 || file->facts->dialect == DIALECT_V0;
            v1 = v1 || file->facts->dialect == DIALECT_V1;
        }
    }
    if (v0 && !v1) {
        push(e, mem_strdup("--v0-compatible"));
    }
    VEC_FREE(&seeds);
    VEC_FREE(&closure);
}

static bool read_input(struct evaluation *e)
{
    if (e->input != NULL) {
        cJSON *value = json_parse(str_of(e->input), &e->err);
        if (value == NULL) {
            return err_prefix(&e->err, "The input is");
        }
        cJSON_Delete(value); /* only checked: its numbers go on as they were written */
        buf_append_c(&e->stdin_text, e->input);
        push(e, mem_strdup("--stdin-input"));
        return true;
    }
    if (e->input_file != NULL) {
        /* opa reads JSON and YAML inputs by the file's name; the path was checked to stay inside.
         */
        int fd = beneath_open_root(e->root, &e->err);
        struct stat st;
        bool found = fd >= 0 && beneath_stat(fd, e->input_file, &st, &e->err);
        if (fd >= 0) {
            close(fd);
        }
        if (!found) {
            return false;
        }
        if (!S_ISREG(st.st_mode) || st.st_size > INPUT_MAX) {
            return err_set(&e->err, ERR_INVALID, "%s is no file of at most %d bytes", e->input_file,
                INPUT_MAX);
        }
        push(e, mem_strdup("--input"));
        push(e, mem_strdup(e->input_file));
    }
    return true;
}

static void prepare(void *data)
{
    struct evaluation *e = data;
    char *program = engine_find(&engine_opa, &e->err);
    if (program == NULL) {
        return;
    }
    push(e, program);
    push(e, mem_strdup("eval"));
    push(e, mem_strdup("--format=json"));
    push(e, mem_strdup("--show-builtin-errors"));
    struct policy_index *index = policy_index_new();
    if (policy_index_scan(index, e->root, &e->cancel, &e->err)) {
        add_files(e, index);
        e->ok = read_input(e);
    }
    policy_index_free(index);
    push(e, mem_strdup("--"));
    push(e, mem_strdup(e->query));
    VEC_PUSH(&e->argv, NULL);
}

static void on_output(void *data, enum process_stream stream, struct str bytes)
{
    struct evaluation *e = data;
    buf_append_str(stream == PROCESS_STDOUT ? &e->out : &e->errout, bytes);
}

/* {"result":[{"expressions":[{"value":…}]}]} as the value's text; else what opa said. */
static void print_value(struct tool_run *run, const struct evaluation *e)
{
    cJSON *json = json_parse(buf_str(&e->out), NULL);
    const cJSON *rows = json_get(json, "result");
    const cJSON *errors = json_get(json, "errors");
    if (cJSON_IsArray(errors)) {
        buf_append_str(&run->output, buf_str(&e->out));
    } else if (json != NULL && cJSON_GetArraySize(rows) == 0) {
        buf_append_c(&run->output, "undefined\n");
    } else {
        buf_append_str(&run->output, buf_str(&e->out));
    }
    cJSON_Delete(json);
    buf_append_str(&run->output, buf_str(&e->errout));
}

static void on_opa_exit(void *data, const struct process_result *result)
{
    struct evaluation *e = data;
    struct tool_run *run = e->run;
    e->process = NULL;
    if (run == NULL) {
        free_evaluation(e);
        return;
    }
    if (result->timed_out) {
        tool_fail(run, "The evaluation did not end within %d seconds.", EVAL_TIMEOUT_MS / 1000);
        return;
    }
    print_value(run, e);
    tool_finish(run, result->exit_code != 0);
}

static void run_opa(void *data, const char *path, const struct err *err);

static void on_prepared(void *data, bool cancelled)
{
    struct evaluation *e = data;
    struct tool_run *run = e->run;
    e->work = NULL;
    if (run == NULL) {
        free_evaluation(e);
        return;
    }
    if (cancelled || !e->ok) {
        tool_fail(run, "%s.", cancelled ? "Cancelled" : e->err.text);
        return;
    }
    e->preparing = true;
    offline_start(run->tools->setup.loop, &engine_opa, e->argv.items[0], run_opa, e);
}

static void run_opa(void *data, const char *path, const struct err *err)
{
    struct evaluation *e = data;
    struct tool_run *run = e->run;
    e->preparing = false;
    if (run == NULL) {
        free_evaluation(e);
        return;
    }
    if (path == NULL) {
        tool_fail(run, "The evaluation cannot be kept off the network: %s.", err->text);
        return;
    }
    char **environment = offline_environment(&engine_opa, path, NULL);
    struct process_options options = {
        .env = (const char *const *)environment,
        .argv = (const char *const *)e->argv.items,
        .cwd = e->root,
        .input = buf_str(&e->stdin_text),
        .timeout_ms = EVAL_TIMEOUT_MS,
        .max_output = (size_t)8 << 20,
        .on_data = on_output,
        .on_exit = on_opa_exit,
        .data = e,
    };
    e->process = process_start(run->tools->setup.loop, &options, &e->err);
    offline_environment_free(environment);
    if (e->process == NULL) {
        tool_fail(run, "%s.", e->err.text);
    }
}

static void on_ready(void *data, const char *root, const struct err *err)
{
    struct tool_run *run = data;
    struct evaluation *e = run->state;
    run->laying_out = false;
    if (root == NULL) {
        tool_fail(run, "The proposal could not be laid out for a run: %s.", err->text);
        return;
    }
    e->root = mem_strdup(root);
    e->work = loop_work_start(run->tools->setup.loop, prepare, on_prepared, e);
}

void tool_evaluate_start(struct tool_run *run, const cJSON *args)
{
    const char *query;
    const char *input;
    const char *input_file;
    if (!tool_text(run, args, "query", &query) || !tool_text(run, args, "input", &input) ||
        !tool_text(run, args, "input_file", &input_file)) {
        return;
    }
    if (query == NULL || query[0] == '\0' || strlen(query) > QUERY_MAX) {
        tool_fail(run, "evaluate needs a query of at most %d bytes.", QUERY_MAX);
        return;
    }
    char *clean = NULL;
    struct err err;
    if (input_file != NULL && !path_check_relative(str_of(input_file), &clean, &err)) {
        tool_fail(run, "%s.", err.text);
        return;
    }
    struct evaluation *e = MEM_NEW(struct evaluation);
    e->run = run;
    e->query = mem_strdup(query);
    e->input = mem_strdup(input);
    e->input_file = clean;
    run->state = e;
    run->stop = stop;
    tool_lay_out(run, on_ready);
}
