#include "agent/tools_private.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "workspace/workspace.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#define COMMAND_TOOL "run_command"
enum { LIST_MAX = 2000, READ_LINES = 400, LINE_BYTES = 2000, OWN_TOOLS = 2 };

/* Strict mode wants each property required; null stands for "not given". */
#define OBJECT(properties, required)                                                               \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" properties              \
    "},\"required\":[" required "]}"
#define TEXT(name, help) "\"" name "\":{\"type\":\"string\",\"description\":\"" help "\"}"
#define MAYBE_TEXT(name, help)                                                                     \
    "\"" name "\":{\"type\":[\"string\",\"null\"],\"description\":\"" help "\"}"
#define MAYBE_NUMBER(name, help)                                                                   \
    "\"" name "\":{\"type\":[\"integer\",\"null\"],\"description\":\"" help "\"}"
#define MAYBE_TEXTS(name, help)                                                                    \
    "\"" name                                                                                      \
    "\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"},\"description\":\"" help    \
    "\"}"

static void start_list(struct tool_run *run, const cJSON *args);
static void start_read(struct tool_run *run, const cJSON *args);

/* The patch format (patch/apply_patch.h) for servers that can hold a model to a grammar. */
static const char patch_grammar[] =
    "start: \"*** Begin Patch\" LF file+ \"*** End Patch\" LF?\n"
    "file: add | delete | update\n"
    "add: \"*** Add File: \" PATH LF (\"+\" REST LF)+\n"
    "delete: \"*** Delete File: \" PATH LF\n"
    "update: \"*** Update File: \" PATH LF move? chunk+\n"
    "move: \"*** Move to: \" PATH LF\n"
    "chunk: ((\"@@\" | \"@@ \" PATH) LF)? line+ (\"*** End of File\" LF)?\n"
    "line: (\"+\" | \"-\" | \" \") REST LF\n"
    "PATH: /.+/\n"
    "REST: /.*/\n"
    "%import common.LF\n";

static const struct {
    struct tool_spec spec;
    void (*start)(struct tool_run *run, const cJSON *args);
} table[] = {
    {{"list_files", "List the files of the workspace with your proposal on top, one path a line.",
         OBJECT(MAYBE_TEXT("pattern",
                    "Shell pattern the whole path must match, such as policies/**/*.rego; * also "
                    "matches a slash. null for all"),
             "\"pattern\""),
         false, NULL},
        start_list},
    {{"read_file", "Read a file, with line numbers. Your own proposed changes are included.",
         OBJECT(TEXT("path", "Relative to the workspace") "," MAYBE_NUMBER(
                    "start_line", "First line, from 1; null for 1") "," MAYBE_NUMBER("end_line",
                    "Last line, inclusive; null for the end or 400 lines"),
             "\"path\",\"start_line\",\"end_line\""),
         false, NULL},
        start_read},
    {{"search",
         "Search all files of the workspace, your proposal included, for a regular expression "
         "(PCRE).",
         OBJECT(TEXT("pattern", "Regular expression, matched within a line") "," MAYBE_TEXT(
                    "path", "Shell pattern of paths to search, null for all"),
             "\"pattern\",\"path\""),
         false, NULL},
        tool_search_start},
    {{"apply_patch",
         "Propose a change. The patch is not written: the engineer reviews it line by line. "
         "Format:\n"
         "*** Begin Patch\n*** Add File: PATH (then lines with +)\n*** Update File: PATH (then @@ "
         "and lines with "
         "space, - or +; give three lines of context)\n*** Delete File: PATH\n*** Move to: PATH "
         "(after Update "
         "File)\n*** End Patch",
         OBJECT(TEXT("input", "The whole patch"), "\"input\""), true, patch_grammar},
        NULL},
    {{"run_tests",
         "Run the tests (opa test, and the suites of Conftest, Gatekeeper, Kyverno and Cedar) on "
         "the workspace with your proposal on top. Says for each failure why.",
         OBJECT(MAYBE_TEXTS("paths", "Only tests in these files or folders; null for all"),
             "\"paths\""),
         false, NULL},
        tool_tests_start},
    {{"check",
         "Parse and compile the policies with your proposal on top and report errors. The engines "
         "run the tests for that too, so it takes as long as run_tests, which reports the same "
         "errors and what the tests say: after that it is not needed.",
         OBJECT(MAYBE_TEXTS("paths", "Only these files or folders; null for all"), "\"paths\""),
         false, NULL},
        tool_check_start},
    {{"guards",
         "Look for what goes wrong in policies again and again and no engine minds: a deny without "
         "a test, a test that "
         "cannot fail, a match block that is too broad, a message without the resource's name, and "
         "others. Your "
         "proposal is included.",
         OBJECT(MAYBE_TEXTS("paths", "Only these files or folders; null for all"), "\"paths\""),
         false, NULL},
        tool_guards_start},
    {{"find_symbol",
         "Find where a package, rule, function, test, Kyverno policy, constraint or template is "
         "defined, by its name "
         "or a part of it; with references also where it is used and what tests it. Your proposal "
         "is not included.",
         OBJECT(
             TEXT("name",
                 "For example deny, data.k8s.privileged.deny, require-limits") ","
                                                                               "\"references\":{"
                                                                               "\"type\":["
                                                                               "\"boolean\","
                                                                               "\"null\"],"
                                                                               "\"description\":"
                                                                               "\"Also the uses "
                                                                               "and the "
                                                                               "tests of each\"}",
             "\"name\",\"references\""),
         false, NULL},
        tool_symbol_start},
    {{"evaluate",
         "Evaluate a Rego expression over the policies, your proposal included, with an input.",
         OBJECT(TEXT("query", "For example data.k8s.privileged.deny") "," MAYBE_TEXT("input",
                    "The input document as JSON text; null for none") "," MAYBE_TEXT("input_file",
                    "A JSON or YAML file of the workspace to use as input; null for none"),
             "\"query\",\"input\",\"input_file\""),
         false, NULL},
        tool_evaluate_start},
    {{"read_skill",
         "Read a skill by its name: how a kind of task is done here. Read the one that fits before "
         "you begin.",
         OBJECT(TEXT("name", "One of the skills you were told of"), "\"name\""), false, NULL},
        tool_skill_start},
    {{COMMAND_TOOL,
         "Run a program in the workspace with your proposal on top. It is confined: it reads "
         "files, "
         "writes at most its own copy of the workspace and $TMPDIR, and has no network unless the "
         "engineer grants it. Prefer the other tools to read, search, test and change files. A "
         "line "
         "that is plainly one program and its arguments runs without a shell, any other by sh.",
         OBJECT(TEXT("command",
                    "For example opa fmt --diff policies") ","
                                                           "\"network\":{\"type\":["
                                                           "\"boolean\",\"null\"],"
                                                           "\"description\":\"true "
                                                           "when it cannot do without the "
                                                           "network: the engineer is "
                                                           "asked\"}," MAYBE_TEXT("reason",
                                                               "Why, in one sentence for "
                                                               "the engineer; null for "
                                                               "none") "," MAYBE_NUMBER("ti"
                                                                                        "me"
                                                                                        "ou"
                                                                                        "t_"
                                                                                        "s",
                                                               "Seconds it may take, up to "
                                                               "600; null for 120"),
             "\"command\",\"network\",\"reason\",\"timeout_s\""),
         false, NULL},
        tool_command_start},
};

/* What is for our own agent only is at the end, so that without it the list is shorter. */
static size_t tool_count(const struct tools *tools)
{
    return ARRAY_LEN(table) - (tools->setup.commands == NULL ? OWN_TOOLS : 0);
}

/* ---- runs ---- */

static void release(struct tool_run *run)
{
    struct tools *tools = run->tools;
    for (size_t i = 0; i < tools->runs.len; i++) {
        if (tools->runs.items[i] == run) {
            VEC_REMOVE(&tools->runs, i);
            break;
        }
    }
    loop_timer_free(run->later);
    buf_free(&run->output);
    free(run);
}

static void deliver(void *data)
{
    struct tool_run *run = data;
    struct buf output = run->output;
    tool_done_fn done = run->done;
    void *done_data = run->done_data;
    bool failed = run->failed;
    run->output = BUF_INIT;
    if (run->stop != NULL) {
        run->stop(run);
    }
    release(run);
    done(done_data, buf_str(&output), failed);
    buf_free(&output);
}

/* The beginning and the end say most; the middle goes. */
static void cap(struct buf *output)
{
    if (output->len <= TOOLS_OUTPUT_MAX) {
        return;
    }
    size_t head = TOOLS_OUTPUT_MAX * 3 / 4;
    size_t tail = output->len - TOOLS_OUTPUT_MAX / 4;
    while (head > 0 && output->ptr[head - 1] != '\n' && head > TOOLS_OUTPUT_MAX / 2) {
        head--;
    }
    while (tail < output->len && ((unsigned char)output->ptr[tail] & 0xC0u) == 0x80u) {
        tail++;
    }
    char *note = mem_printf("\n[… %zu bytes cut here; ask for less at once …]\n", tail - head);
    buf_remove(output, head, tail - head);
    buf_insert(output, head, note, strlen(note));
    free(note);
}

void tool_finish(struct tool_run *run, bool failed)
{
    run->failed = failed;
    cap(&run->output);
    loop_timer_start(run->later, 0, 0);
}

void tool_fail(struct tool_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&run->output, fmt, args);
    va_end(args);
    tool_finish(run, true);
}

void tool_lay_out(
    struct tool_run *run, void (*ready)(void *run, const char *root, const struct err *err))
{
    run->laying_out = true;
    run->tools->setup.lay_out(run->tools->setup.data, ready, run);
}

static void cancel(struct tool_run *run)
{
    if (run->laying_out) {
        run->tools->setup.lay_out_cancel(run->tools->setup.data, run);
    }
    if (run->stop != NULL) {
        run->stop(run);
    }
    release(run);
}

/* ---- arguments ---- */

bool tool_text(struct tool_run *run, const cJSON *args, const char *key, const char **out)
{
    const cJSON *item = json_get(args, key);
    *out = NULL;
    if (item == NULL || cJSON_IsNull(item)) {
        return true;
    }
    *out = cJSON_GetStringValue(item);
    if (*out == NULL) {
        tool_fail(run, "The argument \"%s\" must be a string or null.", key);
        return false;
    }
    return true;
}

bool tool_number(struct tool_run *run, const cJSON *args, const char *key, long long min,
    long long max, long long fallback, long long *out)
{
    const cJSON *item = json_get(args, key);
    *out = fallback;
    if (item == NULL || cJSON_IsNull(item)) {
        return true;
    }
    *out = json_int_or(args, key, min - 1);
    if (!cJSON_IsNumber(item) || *out < min || *out > max) {
        tool_fail(run, "The argument \"%s\" must be a whole number from %lld to %lld, or null.",
            key, min, max);
        return false;
    }
    return true;
}

/* ---- list_files ---- */

static bool gone(const struct proposal *proposal, const char *path)
{
    if (proposal == NULL) {
        return false;
    }
    VEC_FOREACH (struct change, c, &proposal->changes) {
        if ((c->kind == CHANGE_DELETE && strcmp(c->path, path) == 0) ||
            (c->moved_from != NULL && strcmp(c->moved_from, path) == 0)) {
            return true;
        }
    }
    return false;
}

struct paths {
    const char **items;
    size_t len, cap;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void gather(const struct tools *tools, const char *pattern, struct paths *out)
{
    const struct proposal *proposal = tools->setup.proposal(tools->setup.data);
    const struct files *files = workspace_files(tools->setup.workspace);
    VEC_FOREACH (struct file_entry, file, files) {
        if (!file->odd_name && !gone(proposal, file->path) &&
            (pattern == NULL || fnmatch(pattern, file->path, 0) == 0)) {
            VEC_PUSH(out, file->path);
        }
    }
    if (proposal != NULL) {
        VEC_FOREACH (struct change, c, &proposal->changes) {
            if (c->kind != CHANGE_DELETE && files_find(files, c->path) == NULL &&
                (pattern == NULL || fnmatch(pattern, c->path, 0) == 0)) {
                VEC_PUSH(out, c->path);
            }
        }
    }
    if (out->len > 0) {
        qsort(out->items, out->len, sizeof *out->items, by_path);
    }
}

static void start_list(struct tool_run *run, const cJSON *args)
{
    const char *pattern;
    if (!tool_text(run, args, "pattern", &pattern)) {
        return;
    }
    struct paths paths = {0};
    gather(run->tools, pattern, &paths);
    for (size_t i = 0; i < paths.len && i < LIST_MAX; i++) {
        buf_printf(&run->output, "%s\n", paths.items[i]);
    }
    if (paths.len == 0) {
        buf_append_c(&run->output, "No file matches.\n");
    } else if (paths.len > LIST_MAX) {
        buf_printf(&run->output, "[%zu more paths cut: give a pattern]\n", paths.len - LIST_MAX);
    }
    VEC_FREE(&paths);
    tool_finish(run, false);
}

/* ---- read_file ---- */

static bool read_workspace(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct workspace *workspace = data;
    struct file_stamp stamp;
    if (workspace_read(workspace, path, &file->bytes, &stamp, err)) {
        file->found = PATCH_FILE;
        file->mode = stamp.mode;
        return true;
    }
    file->found = PATCH_ABSENT;
    return err->kind == ERR_NOT_FOUND;
}

static bool read_view(struct tool_run *run, const char *path, struct buf *out)
{
    struct err err;
    char *clean;
    if (!path_check_relative(str_of(path), &clean, &err)) {
        tool_fail(run, "%s.", err.text);
        return false;
    }
    const struct tools_setup *setup = &run->tools->setup;
    struct patch_source below = {read_workspace, (void *)setup->workspace};
    struct proposal_view view = {setup->proposal(setup->data), &below};
    struct patch_file file = {0};
    bool ok = proposal_view_read(&view, clean, &file, &err);
    free(clean);
    if (!ok) {
        tool_fail(run, "%s.", err.text);
    } else if (file.found != PATCH_FILE) {
        tool_fail(run, "%s: %s.", path,
            file.found == PATCH_FOLDER ? "that is a folder: use list_files"
                                       : "there is no such file");
        ok = false;
    } else if (file.bytes.len > 0 && memchr(file.bytes.ptr, 0, file.bytes.len) != NULL) {
        tool_fail(run, "%s is a binary file of %zu bytes.", path, file.bytes.len);
        ok = false;
    }
    if (ok) {
        *out = file.bytes;
    } else {
        buf_free(&file.bytes);
    }
    return ok;
}

static void print_lines(struct buf *out, struct str text, long long first, long long last)
{
    struct str line;
    long long number = 0;
    while (str_next_line(&text, &line)) {
        if (++number < first) {
            continue;
        }
        if (number > last) {
            long long more = 1;
            while (str_next_line(&text, &line)) {
                more++;
            }
            buf_printf(out, "[%lld more lines: read from line %lld]\n", more, number);
            return;
        }
        bool cut = line.len > LINE_BYTES;
        char *shown = safe_dup(line, SAFE_KEEP_LINES, LINE_BYTES);
        buf_printf(out, "%5lld  %s%s\n", number, shown, cut ? " [line cut]" : "");
        free(shown);
    }
    if (number < first) {
        buf_printf(out, "[the file has %lld lines]\n", number);
    }
}

static void start_read(struct tool_run *run, const cJSON *args)
{
    const char *path;
    long long first;
    long long last;
    if (!tool_text(run, args, "path", &path) ||
        !tool_number(run, args, "start_line", 1, 100000000, 1, &first) ||
        !tool_number(run, args, "end_line", 1, 100000000, first + READ_LINES - 1, &last)) {
        return;
    }
    if (path == NULL) {
        tool_fail(run, "read_file needs a path.");
        return;
    }
    struct buf bytes = BUF_INIT;
    if (!read_view(run, path, &bytes)) {
        return;
    }
    if (bytes.len == 0) {
        buf_append_c(&run->output, "[the file is empty]\n");
    }
    print_lines(&run->output, buf_str(&bytes), first, last < first ? first : last);
    buf_free(&bytes);
    tool_finish(run, false);
}

/* ---- apply_patch ---- */

/* The patch itself, or {"input": "…"} where the wire has no plain-text tools. */
static void start_patch(struct tool_run *run, struct str arguments)
{
    cJSON *args = json_parse(arguments, NULL);
    const char *input = json_string(args, "input");
    if (input == NULL) {
        input = json_string(args, "patch");
    }
    struct str patch = input != NULL ? str_of(input) : arguments;
    bool ok = run->tools->setup.patch(run->tools->setup.data, patch, &run->output);
    cJSON_Delete(args);
    tool_finish(run, !ok);
}

/* ---- the toolbox ---- */

static const struct tool_spec *specs(struct toolbox *toolbox, size_t *count)
{
    static struct tool_spec list[ARRAY_LEN(table)];
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        list[i] = table[i].spec;
    }
    *count = tool_count((struct tools *)toolbox);
    return list;
}

static bool is_exclusive(struct toolbox *toolbox, const char *name)
{
    (void)toolbox;
    return strcmp(name, "apply_patch") == 0 || strcmp(name, COMMAND_TOOL) == 0;
}

static char *describe(struct toolbox *toolbox, const char *name, struct str arguments)
{
    (void)toolbox;
    struct buf line = BUF_INIT;
    if (strcmp(name, "apply_patch") == 0) {
        size_t lines = 0;
        for (size_t i = 0; i < arguments.len; i++) {
            lines += arguments.ptr[i] == '\n';
        }
        buf_printf(&line, "%zu lines", lines);
        return buf_take(&line);
    }
    cJSON *args = json_parse(arguments, NULL);
    if (strcmp(name, COMMAND_TOOL) == 0 && json_string(args, "command") != NULL) {
        buf_printf(&line, "%s%s", json_string(args, "command"),
            json_bool_or(args, "network", false) ? "  (network)" : "");
        char *shown_line = safe_dup(buf_str(&line), SAFE_ONE_LINE, 200);
        buf_free(&line);
        cJSON_Delete(args);
        return shown_line;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, args)
    {
        const cJSON *part;
        if (cJSON_IsNull(item)) {
            continue;
        }
        buf_append_c(&line, line.len > 0 ? "  " : "");
        if (cJSON_IsString(item)) {
            buf_append_c(&line, item->valuestring);
        } else if (cJSON_IsNumber(item)) {
            buf_printf(&line, "%s %.0f", item->string, item->valuedouble);
        } else {
            cJSON_ArrayForEach(part, item)
            {
                buf_printf(&line, "%s ", cJSON_IsString(part) ? part->valuestring : "…");
            }
        }
    }
    cJSON_Delete(args);
    char *shown = safe_dup(str_trim_right(buf_str(&line)), SAFE_ONE_LINE, 200);
    buf_free(&line);
    return shown;
}

static struct tool_run *start(
    struct toolbox *toolbox, const char *name, struct str arguments, tool_done_fn done, void *data)
{
    struct tools *tools = (struct tools *)toolbox;
    struct tool_run *run = MEM_NEW(struct tool_run);
    run->tools = tools;
    run->done = done;
    run->done_data = data;
    run->later = loop_timer_new(tools->setup.loop, deliver, run);
    VEC_PUSH(&tools->runs, run);
    size_t i = 0;
    size_t count = tool_count(tools);
    while (i < count && strcmp(table[i].spec.name, name) != 0) {
        i++;
    }
    if (i == count) {
        char *shown = safe_dup(str_of(name), SAFE_ONE_LINE, 80);
        tool_fail(run, "There is no tool \"%s\".", shown);
        free(shown);
        return run;
    }
    if (table[i].start == NULL) {
        start_patch(run, arguments);
        return run;
    }
    struct err err;
    struct str text = str_trim(arguments).len == 0 ? STR_LIT("{}") : arguments;
    cJSON *args = json_parse(text, &err);
    if (!cJSON_IsObject(args)) {
        tool_fail(run, "The arguments of %s are %s. Send one JSON object by the tool's schema.",
            name, args == NULL ? err.text : "no object");
    } else {
        table[i].start(run, args);
    }
    cJSON_Delete(args);
    return run;
}

static void listen_to(struct tool_run *run, void (*part)(void *data, struct str text))
{
    run->part = part;
}

static const struct toolbox_ops ops = {specs, is_exclusive, describe, start, cancel, listen_to};

struct toolbox *tools_new(const struct tools_setup *setup)
{
    struct tools *tools = MEM_NEW(struct tools);
    tools->toolbox.ops = &ops;
    tools->setup = *setup;
    return &tools->toolbox;
}

void tools_free(struct toolbox *toolbox)
{
    struct tools *tools = (struct tools *)toolbox;
    if (tools == NULL) {
        return;
    }
    for (size_t i = tools->runs.len; i > 0; i--) {
        cancel(tools->runs.items[i - 1]);
    }
    VEC_FREE(&tools->runs);
    free(tools);
}
