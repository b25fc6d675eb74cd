/* evaluate: `opa eval` of one expression over the files it needs, with an input. */
#include "agent/tools_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/opa_eval.h"
#include "workspace/beneath.h"

#include <stdlib.h>
#include <unistd.h>

enum { QUERY_MAX = 8192, INPUT_MAX = 4 << 20 };

struct evaluation {
    struct evaluator *evaluator; /* NULL before it has begun */
    char *query;
    struct eval_input input;
};

static void stop(struct tool_run *run)
{
    struct evaluation *e = run->state;
    evaluator_free(e->evaluator);
    eval_input_free(&e->input);
    free(e->query);
    free(e);
}

static void print_errors(struct tool_run *run, const struct eval_result *result)
{
    VEC_FOREACH (const struct finding, finding, &result->errors) {
        buf_printf(&run->output, "%s:%u:%u: %s: %s\n", finding->file == NULL ? "?" : finding->file,
            finding->at.row, finding->at.col, finding->rule, finding->message);
    }
}

/* opa prints the value as it stands in its own answer: each line but the first as far in as the
 * last. A JSON text has no other line ends. */
static void append_value(struct buf *out, struct str value)
{
    size_t end = value.len;
    while (end > 0 && value.ptr[end - 1] != '\n') {
        end--;
    }
    size_t depth = 0;
    while (end + depth < value.len && value.ptr[end + depth] == ' ') {
        depth++;
    }
    struct str line;
    for (bool first = true; str_next_line(&value, &line); first = false) {
        size_t skip = 0;
        while (!first && skip < depth && skip < line.len && line.ptr[skip] == ' ') {
            skip++;
        }
        buf_append_str(out, str_from(line, skip));
        buf_append_char(out, '\n');
    }
}

static void on_result(void *data, unsigned generation, struct eval_result *result)
{
    struct tool_run *run = data;
    (void)generation;
    if (result->trouble != NULL) {
        tool_fail(run, "%s.", result->trouble);
        return;
    }
    if (result->status == EVAL_VALUE) {
        append_value(&run->output, buf_str(&result->value));
    } else if (result->status == EVAL_UNDEFINED) {
        buf_append_c(&run->output, "undefined\n");
    }
    if (result->builtin_errors) {
        buf_append_c(
            &run->output, "errors of built-in functions, which opa takes for undefined:\n");
    }
    print_errors(run, result);
    tool_finish(run, result->status == EVAL_ERROR);
}

/* The path was checked to name nothing outside; what stands there must not lead outside either. */
static bool check_file(struct tool_run *run, const char *root, const char *path)
{
    struct err err;
    struct stat st;
    int fd = beneath_open_root(root, &err);
    bool found = fd >= 0 && beneath_stat(fd, path, &st, &err);
    if (fd >= 0) {
        close(fd);
    }
    if (!found) {
        tool_fail(run, "%s.", err.text);
    } else if (!S_ISREG(st.st_mode) || st.st_size > INPUT_MAX) {
        tool_fail(run, "%s is no file of at most %d bytes.", path, INPUT_MAX);
        found = false;
    }
    return found;
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
    if (e->input.kind == EVAL_INPUT_FILE && !check_file(run, root, e->input.path)) {
        return;
    }
    struct eval_events events = {.data = run, .result = on_result};
    struct eval_request request = {
        .root = root, .offline = true, .query = e->query, .input = e->input};
    e->evaluator = evaluator_new(run->tools->setup.loop, &events);
    evaluator_start(e->evaluator, &request);
}

/* False, and answered: what was given is no input. */
static bool take_input(
    struct tool_run *run, const char *text, const char *file, struct eval_input *input)
{
    struct err err;
    if (text != NULL && file != NULL) {
        tool_fail(run, "Give input or input_file, not both.");
        return false;
    }
    if (text != NULL) {
        cJSON *value = json_parse(str_of(text), &err);
        bool ok = value != NULL;
        cJSON_Delete(value); /* only checked: its numbers go on as they were written */
        if (!ok) {
            err_prefix(&err, "The input is");
            tool_fail(run, "%s.", err.text);
            return false;
        }
        *input = (struct eval_input){.kind = EVAL_INPUT_TEXT, .text = mem_strdup(text)};
    } else if (file != NULL) {
        if (!path_check_relative(str_of(file), &input->path, &err)) {
            tool_fail(run, "%s.", err.text);
            return false;
        }
        input->kind = EVAL_INPUT_FILE;
    }
    return true;
}

void tool_evaluate_start(struct tool_run *run, const cJSON *args)
{
    const char *query;
    const char *text;
    const char *file;
    struct eval_input input = {0};
    if (!tool_text(run, args, "query", &query) || !tool_text(run, args, "input", &text) ||
        !tool_text(run, args, "input_file", &file)) {
        return;
    }
    if (query == NULL || query[0] == '\0' || strlen(query) > QUERY_MAX) {
        tool_fail(run, "evaluate needs a query of at most %d bytes.", QUERY_MAX);
        return;
    }
    if (!take_input(run, text, file, &input)) {
        return;
    }
    struct evaluation *e = MEM_NEW(struct evaluation);
    e->query = mem_strdup(query);
    e->input = input;
    run->state = e;
    run->stop = stop;
    tool_lay_out(run, on_ready);
}
