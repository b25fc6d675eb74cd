#include "scripted_run.h"

#include "agent/journal.h"
#include "base/vec.h"

#include <stdlib.h>

struct stream {
    struct scripted_model *owner;
    struct loop_timer *timer;
    event_fn on_event;
    void *data;
};

static void end_stream(struct stream *stream)
{
    stream->owner->live = NULL;
    loop_timer_free(stream->timer);
    free(stream);
}

static void emit(void *data)
{
    struct stream *stream = data;
    struct scripted_model *owner = stream->owner;
    if (owner->at >= owner->count) {
        return; /* silent: the test interrupts or kills */
    }
    const struct scripted_step *step = &owner->steps[owner->at++];
    struct event event = {.kind = step->kind,
        .text = str_of(step->text),
        .call_id = step->call_id,
        .name = step->name,
        .http_status = step->status,
        .usage = {.input_tokens = step->kind == EVENT_USAGE ? step->status : 0},
        .retryable = true};
    if (step->kind == EVENT_ERROR) {
        err_set(&event.error, ERR_NETWORK, "%s", step->text);
    }
    event_fn on_event = stream->on_event;
    void *target = stream->data;
    if (step->kind == EVENT_DONE || step->kind == EVENT_ERROR) {
        end_stream(stream);
    }
    on_event(target, &event);
}

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    (void)err;
    struct scripted_model *owner = (struct scripted_model *)provider;
    struct stream *stream = MEM_NEW(struct stream);
    stream->owner = owner;
    stream->on_event = on_event;
    stream->data = data;
    stream->timer = loop_timer_new(owner->loop, emit, stream);
    loop_timer_start(stream->timer, 0, 1);
    owner->live = stream;
    static const char letters[] = "uarcR";
    VEC_FOREACH (struct item, item, request->items) {
        buf_printf(&owner->requests, "%c:%s|", letters[item->kind], item->text);
        if (item->call_id != NULL) {
            buf_printf(&owner->ids, "%s ", item->call_id);
        }
    }
    buf_append_char(&owner->requests, '\n');
    return stream;
}

static void cancel(struct stream *stream)
{
    end_stream(stream);
}

static void free_nothing(struct provider *provider)
{
    (void)provider;
}

static void decide(
    struct stream *stream, const char *call_id, enum approval approval, struct str reason)
{
    static const char letters[] = "osda";
    buf_printf(&stream->owner->decisions, "%s%c%.*s ", call_id, letters[approval], STR_FMT(reason));
}

static const struct provider_ops scripted_ops = {
    .name = "scripted", .start = start, .cancel = cancel, .free = free_nothing};

/* An agent that runs tools of its own. */
const struct provider_ops scripted_run_asking_ops = {
    .name = "asking", .start = start, .cancel = cancel, .free = free_nothing, .decide = decide};

/* ---- a toolbox whose tools answer "ran NAME" a few turns later ---- */

struct tool_run {
    struct loop_timer *timer;
    tool_done_fn done;
    void *data;
    char *output;
    struct buf *log;
};

static const struct tool_spec *specs(struct toolbox *toolbox, size_t *count)
{
    (void)toolbox;
    *count = 0;
    return NULL;
}

static bool is_exclusive(struct toolbox *toolbox, const char *name)
{
    (void)toolbox;
    return strcmp(name, "apply_patch") == 0;
}

static char *describe(struct toolbox *toolbox, const char *name, struct str arguments)
{
    (void)toolbox;
    return mem_printf("%s(%.*s)", name, STR_FMT(arguments));
}

static void finish_tool(void *data)
{
    struct tool_run *run = data;
    char *output = run->output;
    tool_done_fn done = run->done;
    void *target = run->data;
    buf_printf(run->log, "-%s ", output);
    loop_timer_free(run->timer);
    free(run);
    done(target, str_of(output), false);
    free(output);
}

static struct tool_run *start_tool(
    struct toolbox *toolbox, const char *name, struct str arguments, tool_done_fn done, void *data)
{
    struct scripted_tools *tools = (struct scripted_tools *)toolbox;
    struct tool_run *run = MEM_NEW(struct tool_run);
    run->done = done;
    run->data = data;
    run->log = &tools->log;
    run->output = mem_printf("%s(%.*s)", name, STR_FMT(arguments));
    buf_printf(&tools->log, "+%s ", run->output);
    run->timer = loop_timer_new(tools->loop, finish_tool, run);
    loop_timer_start(run->timer, 3, 0);
    return run;
}

static void cancel_tool(struct tool_run *run)
{
    loop_timer_free(run->timer);
    free(run->output);
    free(run);
}

static const struct toolbox_ops tools_ops = {
    specs, is_exclusive, describe, start_tool, cancel_tool, NULL};

/* ---- fixture ---- */

/* Ten dollars a million tokens for "m"; what "free" costs is not known. */
static const struct price *price_of(void *data, const char *model)
{
    static const struct price price = {.known = true, .input = 10, .cached = 10, .output = 10};
    (void)data;
    return model != NULL && strcmp(model, "m") == 0 ? &price : NULL;
}

static void get_bounds(void *data, struct turn_bounds *out)
{
    struct scripted_run *f = data;
    *out = f->bounds;
}

static long long get_window(void *data, const char *model)
{
    struct scripted_run *f = data;
    (void)model;
    return f->window;
}

static void on_turn_end(void *data)
{
    struct scripted_run *f = data;
    f->ended = true;
}

static char *get_instructions(void *data, char **files)
{
    const struct scripted_run *f = data;
    *files = NULL;
    return mem_strdup(f->instructions);
}

struct session_setup scripted_run_setup(struct scripted_run *f)
{
    return (struct session_setup){.loop = f->loop,
        .provider = &f->provider.provider,
        .toolbox = &f->tools.toolbox,
        .model = "m",
        .bounds = get_bounds,
        .window = get_window,
        .instructions = get_instructions,
        .price = price_of,
        .on_turn_end = on_turn_end,
        .data = f};
}

void scripted_run_script(struct scripted_run *f, const struct scripted_step *steps, size_t count)
{
    f->provider.steps = steps;
    f->provider.count = count;
    f->provider.at = 0;
    f->ended = false;
}

int scripted_run_set_up(void **state)
{
    struct err err;
    struct scripted_run *f = MEM_NEW(struct scripted_run);
    f->state = test_dir_make();
    f->bounds = (struct turn_bounds){.requests = 60, .dollars = -1};
    setenv("XDG_STATE_HOME", f->state, 1);
    f->loop = loop_new(&err);
    f->provider = (struct scripted_model){.provider = {.ops = &scripted_ops}, .loop = f->loop};
    f->tools = (struct scripted_tools){.toolbox = {&tools_ops}, .loop = f->loop};
    struct session_setup setup = scripted_run_setup(f);
    setup.journal = journal_create("/ws", &err);
    assert_non_null(setup.journal);
    f->session = session_new(&setup);
    *state = f;
    return 0;
}

int scripted_run_tear_down(void **state)
{
    struct scripted_run *f = *state;
    session_free(f->session);
    loop_free(f->loop);
    buf_free(&f->provider.requests);
    buf_free(&f->provider.ids);
    buf_free(&f->provider.decisions);
    buf_free(&f->tools.log);
    test_dir_remove(f->state);
    free(f);
    return 0;
}

void scripted_run_prompt(struct scripted_run *f, const char *text)
{
    struct err err;
    assert_ok(session_prompt(f->session, str_of(text), &err), err);
}

void scripted_run_wait_end(struct scripted_run *f)
{
    assert_true(loop_run_until(f->loop, &f->ended, 240000));
}

char *scripted_run_shown(const struct session *session)
{
    static const char kinds[] = "UARTPNEFC";
    static const char marks[] = ".+!/";
    struct buf out = BUF_INIT;
    VEC_FOREACH (struct entry, e, session_transcript(session)) {
        buf_printf(
            &out, "%c%c%s|", kinds[e->kind], marks[e->status], e->text.len > 0 ? e->text.ptr : "");
    }
    return buf_take(&out);
}

void scripted_run_expect_shown(const struct session *session, const char *expected)
{
    char *text = scripted_run_shown(session);
    assert_string_equal(text, expected);
    free(text);
}

void scripted_run_expect_same_after_resume(struct scripted_run *f)
{
    struct err err;
    char *before = scripted_run_shown(f->session);
    char *id = mem_strdup(session_id(f->session));
    session_free(f->session);
    struct session_setup setup = scripted_run_setup(f);
    f->session = session_resume(&setup, "/ws", id, &err);
    assert_non_null(f->session);
    scripted_run_expect_shown(f->session, before);
    free(before);
    free(id);
}

void scripted_run_answer_two_prompts(struct scripted_run *f)
{
    static const struct scripted_step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_wait_end(f);
    f->ended = false;
    scripted_run_prompt(f, "two");
    scripted_run_wait_end(f);
    f->ended = false;
}
