#include "plain_toolbox.h"

#include <stdlib.h>

#include "base/vec.h"
#include "test.h"

struct tool_run {
    struct plain_toolbox *toolbox;
    char *text;
    tool_done_fn done;
    void *data;
};

struct plain_toolbox {
    struct toolbox face; /* first */
    struct {
        struct tool_run **items;
        size_t len, cap;
    } runs;
    size_t cancelled;
};

static const struct tool_spec *specs(struct toolbox *toolbox, size_t *count)
{
    static const struct tool_spec list[] = {
        {"read", "Reads.",
            "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"path\":{"
            "\"type\":\"string\"},"
            "\"line\":{\"type\":[\"integer\",\"null\"]}},\"required\":[\"path\",\"line\"]}",
            false, NULL},
        {"look", "Looks.", "{\"type\":\"object\",\"properties\":{},\"required\":[]}", false, NULL},
        {"change", "Changes.", NULL, true, NULL},
    };
    (void)toolbox;
    *count = ARRAY_LEN(list);
    return list;
}

static bool is_exclusive(struct toolbox *toolbox, const char *name)
{
    (void)toolbox;
    return strcmp(name, "change") == 0;
}

static char *describe(struct toolbox *toolbox, const char *name, struct str arguments)
{
    (void)toolbox;
    (void)arguments;
    return mem_strdup(name);
}

static struct tool_run *start(
    struct toolbox *toolbox, const char *name, struct str arguments, tool_done_fn done, void *data)
{
    struct plain_toolbox *plain = (struct plain_toolbox *)toolbox;
    struct tool_run *run = MEM_NEW(struct tool_run);
    *run = (struct tool_run){plain, mem_printf("%s %.*s", name, STR_FMT(arguments)), done, data};
    VEC_PUSH(&plain->runs, run);
    return run;
}

static void drop(struct tool_run *run)
{
    struct plain_toolbox *plain = run->toolbox;
    for (size_t i = 0; i < plain->runs.len; i++) {
        if (plain->runs.items[i] == run) {
            VEC_REMOVE(&plain->runs, i);
            break;
        }
    }
    free(run->text);
    free(run);
}

static void cancel(struct tool_run *run)
{
    run->toolbox->cancelled++;
    drop(run);
}

struct plain_toolbox *plain_toolbox_new(void)
{
    static const struct toolbox_ops ops = {specs, is_exclusive, describe, start, cancel, NULL};
    struct plain_toolbox *plain = MEM_NEW(struct plain_toolbox);
    plain->face.ops = &ops;
    return plain;
}

void plain_toolbox_free(struct plain_toolbox *toolbox)
{
    assert_int_equal(toolbox->runs.len, 0);
    VEC_FREE(&toolbox->runs);
    free(toolbox);
}

struct toolbox *plain_toolbox_face(struct plain_toolbox *toolbox)
{
    return &toolbox->face;
}

char *plain_toolbox_running(const struct plain_toolbox *toolbox)
{
    struct buf text = BUF_INIT;
    VEC_FOREACH (struct tool_run *, run, &toolbox->runs) {
        buf_append_c(&text, text.len > 0 ? "|" : "");
        buf_append_c(&text, (*run)->text);
    }
    return buf_take(&text);
}

void plain_toolbox_end(struct plain_toolbox *toolbox, size_t at, const char *output, bool failed)
{
    assert_true(at < toolbox->runs.len);
    struct tool_run *run = toolbox->runs.items[at];
    tool_done_fn done = run->done;
    void *data = run->data;
    drop(run);
    done(data, str_of(output), failed);
}

size_t plain_toolbox_cancelled(const struct plain_toolbox *toolbox)
{
    return toolbox->cancelled;
}
