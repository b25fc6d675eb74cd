#include "engine/opa_inspect.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "loop/process.h"
#include "workspace/scratch.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 30000, MESSAGE_MAX = 600, NAME_MAX_BYTES = 300, WIDTH = 76 };
#define OUTPUT_MAX_BYTES ((size_t)32 << 20)
#define MEMORY_MAX_BYTES ((uint64_t)1 << 30)

struct opa_inspect {
    struct loop *loop;
    char *root, *path;
    char *program;
    char *given; /* to opa: the path, or a file with the unsaved text */
    struct scratch scratch;
    void (*done)(void *data, struct str json, const struct err *err);
    void *data;
    struct process *process;
    struct loop_timer *timer; /* tells what went wrong at once in a turn of its own */
    struct buf out, errout;
    struct err err;
    bool old; /* the older version of Rego is tried */
    bool freed;
};

/* ---- asking ---- */

static void release(struct opa_inspect *inspect)
{
    scratch_remove(&inspect->scratch);
    loop_timer_free(inspect->timer);
    buf_free(&inspect->out);
    buf_free(&inspect->errout);
    free(inspect->program);
    free(inspect->given);
    free(inspect->path);
    free(inspect->root);
    free(inspect);
}

static void start(struct opa_inspect *inspect);

static void on_failure(void *data)
{
    struct opa_inspect *inspect = data;
    inspect->done(inspect->data, str_make("", 0), &inspect->err);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct opa_inspect *inspect = data;
    buf_append_str(stream == PROCESS_STDOUT ? &inspect->out : &inspect->errout, bytes);
}

/* What opa says names the file it was given. */
static void set_failure(struct opa_inspect *inspect, const struct process_result *result)
{
    struct str said = str_trim(buf_str(&inspect->errout));
    struct buf text = BUF_INIT;
    for (size_t at; (at = str_find(said, str_of(inspect->given), 0)) != SIZE_MAX;) {
        buf_append_str(&text, str_slice(said, 0, at));
        buf_append_c(&text, inspect->path);
        said = str_from(said, at + strlen(inspect->given));
    }
    buf_append_str(&text, said);
    char *shown = safe_dup(buf_str(&text), SAFE_KEEP_LINES, MESSAGE_MAX);
    err_set(&inspect->err, ERR_EXTERNAL, "opa inspect %s: %s", inspect->path,
        result->timed_out   ? "it did not answer within 30 seconds"
        : result->too_large ? "it needed more than 1 GB of memory and was stopped"
        : result->truncated ? "it printed more than is taken"
        : shown[0] == '\0'  ? "it failed and did not say why"
                            : shown);
    free(shown);
    buf_free(&text);
}

static void on_exit_(void *data, const struct process_result *result)
{
    struct opa_inspect *inspect = data;
    inspect->process = NULL;
    if (inspect->freed) {
        release(inspect);
        return;
    }
    bool ok = result->exit_code == 0 && !result->timed_out && !result->too_large &&
              !result->truncated && inspect->out.len > 0;
    if (!ok && inspect->err.kind == ERR_NONE) {
        set_failure(inspect, result);
    }
    if (!ok && !inspect->old && result->exit_code > 0) {
        inspect->old = true;
        start(inspect);
        return;
    }
    struct err none = {0};
    inspect->done(
        inspect->data, ok ? buf_str(&inspect->out) : str_make("", 0), ok ? &none : &inspect->err);
}

/* When it cannot be started, on_failure follows. */
static void start(struct opa_inspect *inspect)
{
    static const char *const environment[] = {"NO_COLOR=1", NULL};
    const char *argv[] = {inspect->program, "inspect", "--annotations", "--format", "json",
        inspect->given, inspect->old ? "--v0-compatible" : NULL, NULL};
    struct process_options options = {.argv = argv,
        .cwd = inspect->root,
        .env = environment,
        .timeout_ms = TIMEOUT_MS,
        .memory_max = MEMORY_MAX_BYTES,
        .max_output = OUTPUT_MAX_BYTES,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = inspect};
    buf_clear(&inspect->out);
    buf_clear(&inspect->errout);
    inspect->process = process_start(inspect->loop, &options, &inspect->err);
    if (inspect->process == NULL) {
        loop_timer_start(inspect->timer, 0, 0);
    }
}

static bool prepare(struct opa_inspect *inspect, struct str text)
{
    inspect->program = engine_find(&engine_opa, &inspect->err);
    if (inspect->program == NULL) {
        return false;
    }
    if (text.ptr == NULL) {
        inspect->given = mem_strdup(inspect->path);
        return true;
    }
    if (!scratch_make(&inspect->scratch, &inspect->err)) {
        return false;
    }
    inspect->given = path_join(inspect->scratch.folder, path_base(inspect->path));
    return file_write(inspect->given, text, 0600, &inspect->err);
}

struct opa_inspect *opa_inspect_start(struct loop *loop, const struct opa_inspect_request *request,
    void (*done)(void *data, struct str json, const struct err *err), void *data)
{
    struct opa_inspect *inspect = MEM_NEW(struct opa_inspect);
    *inspect = (struct opa_inspect){.loop = loop,
        .root = mem_strdup(request->root),
        .path = mem_strdup(request->path),
        .done = done,
        .data = data};
    inspect->timer = loop_timer_new(loop, on_failure, inspect);
    if (prepare(inspect, request->text)) {
        start(inspect);
    } else {
        loop_timer_start(inspect->timer, 0, 0);
    }
    return inspect;
}

void opa_inspect_free(struct opa_inspect *inspect)
{
    if (inspect == NULL) {
        return;
    }
    if (inspect->process != NULL) {
        inspect->freed = true;
        process_cancel(inspect->process);
    } else {
        release(inspect);
    }
}

/* ---- telling ---- */

static void append_heading(struct buf *out, const char *heading)
{
    buf_printf(out, "%s%s\n", out->len == 0 ? "" : "\n", heading);
}

static void append_packages(struct buf *out, const cJSON *spaces)
{
    const cJSON *space;
    bool any = false;
    cJSON_ArrayForEach(space, spaces)
    {
        if (space->string == NULL) {
            continue;
        }
        if (!any) {
            append_heading(out, "Packages");
            any = true;
        }
        buf_printf(out, "  %s\n",
            strncmp(space->string, "data.", 5) == 0 ? space->string + 5 : space->string);
        const cJSON *file;
        cJSON_ArrayForEach(file, space)
        {
            if (cJSON_IsString(file) && cJSON_GetArraySize(space) > 1) {
                buf_printf(out, "    %s\n", file->valuestring);
            }
        }
    }
}

/* "k8s.privileged.deny" of [{value: "data"}, {value: "k8s"}, …]. */
static char *path_of(const cJSON *path)
{
    struct buf name = BUF_INIT;
    const cJSON *part;
    cJSON_ArrayForEach(part, path)
    {
        const char *value = json_string(part, "value");
        if (value != NULL && part != path->child) {
            buf_printf(&name, "%s%s", name.len == 0 ? "" : ".", value);
        }
    }
    return buf_take(&name);
}

static void append_member(struct buf *out, const cJSON *notes, const char *key)
{
    const cJSON *value = json_get(notes, key);
    if (cJSON_IsString(value)) {
        struct str rest = str_of(value->valuestring);
        struct str line;
        while (str_next_line(&rest, &line)) {
            buf_printf(out, "    %.*s\n", STR_FMT(line));
        }
    } else if (value != NULL) {
        char *text = json_print(value);
        buf_printf(out, "    %s: %s\n", key, text);
        free(text);
    }
}

static void append_annotation(struct buf *out, const cJSON *item)
{
    static const char *const members[] = {
        "description", "organizations", "authors", "schemas", "related_resources", "custom"};
    const cJSON *notes = json_get(item, "annotations");
    const cJSON *place = json_get(item, "location");
    const char *file = json_string_or(place, "file", "");
    char *path = path_of(json_get(item, "path"));
    const char *title = json_string_or(notes, "title", "");
    buf_printf(out, "  %s %s  (%s:%.0f)\n", json_string_or(notes, "scope", "?"), path,
        path_base(file), json_number_or(place, "row", 0));
    if (title[0] != '\0') {
        buf_printf(out, "    %s\n", title);
    }
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        append_member(out, notes, members[i]);
    }
    free(path);
}

/* Words of a list, as many a line as there is room for. */
static void append_words(struct buf *out, const char *heading, const cJSON *list)
{
    const cJSON *item;
    size_t col = 0;
    if (cJSON_GetArraySize(list) > 0) {
        append_heading(out, heading);
    }
    cJSON_ArrayForEach(item, list)
    {
        const char *word = cJSON_IsString(item) ? item->valuestring : json_string(item, "name");
        size_t len = word == NULL ? 0 : strlen(word);
        if (len == 0) {
            continue;
        }
        bool breaks = col == 0 || col + len + 1 > WIDTH;
        buf_printf(out, "%s%s%s", col > 0 && breaks ? "\n" : "", breaks ? "  " : " ", word);
        col = (breaks ? 2 : col + 1) + len;
    }
    if (col > 0) {
        buf_append_char(out, '\n');
    }
}

char *opa_inspect_show(struct str json, const char *path)
{
    cJSON *root = json_parse(json, NULL);
    const cJSON *spaces = json_get(root, "namespaces");
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return NULL;
    }
    struct buf out = BUF_INIT;
    append_packages(&out, spaces);
    if (cJSON_GetArraySize(spaces) == 0) {
        buf_printf(&out, "opa finds no package in %s.\n", path);
    }
    const cJSON *manifest = json_get(root, "manifest");
    if (cJSON_GetArraySize(manifest) > 0) {
        char *text = json_print(manifest);
        append_heading(&out, "Manifest");
        buf_printf(&out, "  %s\n", text);
        free(text);
    }
    const cJSON *annotations = json_get(root, "annotations");
    const cJSON *item;
    if (cJSON_GetArraySize(annotations) > 0) {
        append_heading(&out, "Annotations");
    }
    cJSON_ArrayForEach(item, annotations)
    {
        append_annotation(&out, item);
    }
    const cJSON *needs = json_get(root, "capabilities");
    append_words(&out, "Built-in functions it calls", json_get(needs, "builtins"));
    append_words(&out, "Features it needs", json_get(needs, "features"));
    append_words(&out, "Keywords it imports", json_get(needs, "future_keywords"));
    char *shown = safe_dup(buf_str(&out), SAFE_KEEP_LINES, SIZE_MAX);
    buf_free(&out);
    cJSON_Delete(root);
    return shown;
}
