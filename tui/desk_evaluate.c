#include "desk_evaluate.h"

#include "base/vec.h"
#include "desk_private.h"
#include "pane/evaluate.h"
#include "policy/target.h"
#include "preview.h"
#include "widget/picker.h"

#include <stdlib.h>

enum { LOOK_MS = 150, SETTLE_MS = 250 };
#define HINTS "evaluate"

/* What is evaluated, so that it can be evaluated again. */
struct subject {
    char *file; /* NULL: nothing yet */
    size_t row;
    char *selection; /* may be "" */
    struct eval_input input;
    bool step;
    bool bench;    /* measure it */
    bool proposal; /* in the folder of the open proposal, kept off the network */
    char *root;    /* that folder where it was given; NULL: the one that was tested */
    bool of_apply; /* asked from the apply view, which is shown again afterwards */
};

struct desk_evaluate {
    struct desk *desk;
    struct evaluator *evaluator;
    struct evaluate_pane *pane; /* NULL: not shown */
    struct subject subject;
    enum slot home; /* where the focus goes when the pane closes */
    unsigned generation;
    struct loop_timer *look; /* at the text, while the pane is shown */
    uint64_t version;        /* of the text that was evaluated or seen last */
    uint64_t changed_at;     /* ms; 0: what is shown is of this text */
    struct choosing *choosing;
    struct preview *preview; /* of an input that can be chosen */
};

static const char *root_of(const struct desk_evaluate *e)
{
    const struct desk *desk = e->desk;
    if (e->subject.root != NULL) {
        return e->subject.root;
    }
    return e->subject.proposal && desk->tested_root != NULL
               ? desk->tested_root
               : workspace_root(workbench_workspace(desk->workbench));
}

static void subject_free(struct subject *subject)
{
    free(subject->file);
    free(subject->selection);
    free(subject->root);
    eval_input_free(&subject->input);
    *subject = (struct subject){0};
}

/* ---- unsaved texts ---- */

struct gathering {
    const struct editor *editor;
    struct eval_sources *texts;
};

static void take_unsaved(void *data, const char *path)
{
    const struct gathering *g = data;
    struct eval_source text = {.path = mem_strdup(path)};
    (void)editor_unsaved_content(g->editor, path, &text.text);
    VEC_PUSH(g->texts, text);
}

void desk_gather_unsaved(const struct desk *desk, struct eval_sources *texts)
{
    struct gathering g = {desk->editor, texts};
    editor_each_unsaved(desk->editor, take_unsaved, &g);
}

/* ---- the pane ---- */

static void on_open(void *data, const char *path, unsigned row, unsigned col)
{
    struct desk_evaluate *e = data;
    desk_show(e->desk, path, row, col);
}

static void on_stepped(
    void *data, const char *path, unsigned row, const struct editor_hint *hints, size_t count)
{
    struct desk_evaluate *e = data;
    struct editor *editor = e->desk->editor;
    editor_clear_hints(editor, HINTS);
    if (path == NULL && !e->subject.proposal) { /* back to where it was asked */
        (void)editor_jump(editor, e->subject.file, e->subject.row, 0);
    }
    /* What only a proposal has is not what the editor shows: the pane has the lines. */
    if (path != NULL && !e->subject.proposal && row > 0 && editor_jump(editor, path, row - 1, 0)) {
        app_layout(e->desk->app)->upper_tab = SLOT_EDITOR; /* in front, where it shares its place */
        editor_set_hints(editor, path, HINTS, hints, count);
    }
}

static const char *on_cursor(void *data, unsigned *row)
{
    struct desk_evaluate *e = data;
    size_t line;
    size_t col;
    editor_cursor(e->desk->editor, &line, &col);
    *row = (unsigned)line + 1;
    return editor_path(e->desk->editor);
}

static void start(struct desk_evaluate *e);
static void begin_choosing(struct desk_evaluate *e);

static void on_choose(void *data)
{
    begin_choosing(data);
}

static void on_again(void *data)
{
    start(data);
}

bool desk_evaluate_close(struct desk_evaluate *e)
{
    if (e->pane == NULL) {
        return false;
    }
    struct evaluate_pane *pane = e->pane;
    e->pane = NULL;
    evaluator_cancel(e->evaluator);
    loop_timer_stop(e->look);
    editor_clear_hints(e->desk->editor, HINTS);
    app_take_back(e->desk->app, pane);
    app_focus(e->desk->app, e->home);
    return true;
}

static void on_closed(void *data)
{
    struct desk_evaluate *e = data;
    if (desk_evaluate_close(e) && e->subject.of_apply) {
        desk_apply_show(e->desk->apply);
    }
}

static void show_pane(struct desk_evaluate *e)
{
    if (e->pane != NULL) {
        return;
    }
    struct evaluate_options options = {.app = e->desk->app,
        .open = on_open,
        .stepped = on_stepped,
        .cursor = on_cursor,
        .choose = on_choose,
        .again = on_again,
        .closed = on_closed,
        .data = e};
    struct pane pane = evaluate_pane_new(&options, &e->pane);
    app_lend(e->desk->app, SLOT_STATUS, pane);
    loop_timer_start(e->look, LOOK_MS, LOOK_MS);
}

/* ---- evaluating ---- */

static void on_result(void *data, unsigned generation, struct eval_result *result)
{
    struct desk_evaluate *e = data;
    if (e->pane == NULL || generation != e->generation) {
        return;
    }
    bool failed = result->status == EVAL_ERROR;
    bool of_package = result->label != NULL && strncmp(result->label, "package ", 8) == 0;
    if (e->subject.step && of_package) {
        app_message(e->desk->app, MESSAGE_INFO,
            "The cursor is in no rule: this steps through all of %s.", result->label);
    }
    evaluate_set_result(e->pane, result);
    if (failed && e->subject.step) {
        e->subject.step = false;
        app_message(e->desk->app, MESSAGE_WARNING, "It cannot be stepped through: see below.");
    }
}

static void on_trace(void *data, unsigned generation, struct eval_trace *trace)
{
    struct desk_evaluate *e = data;
    if (e->pane == NULL || generation != e->generation) {
        eval_trace_free(trace);
        return;
    }
    e->subject.step = false; /* evaluated again by an edit it is not stepped again */
    evaluate_set_trace(e->pane, trace);
}

static void start(struct desk_evaluate *e)
{
    struct eval_sources texts = {0};
    if (e->subject.file == NULL) {
        return;
    }
    if (!e->subject.proposal) {
        desk_gather_unsaved(e->desk, &texts);
    }
    show_pane(e);
    struct policy_text *view = eval_sources_view(&texts);
    struct eval_request request = {.root = root_of(e),
        .offline = e->subject.proposal,
        .file = e->subject.file,
        .row = e->subject.row,
        .selection = str_of(e->subject.selection),
        .texts = view,
        .text_count = texts.len,
        .input = e->subject.input,
        .trace = true,
        .bench = e->subject.bench};
    e->version = editor_version(e->desk->editor, e->subject.file);
    e->changed_at = 0;
    evaluate_begin(e->pane, e->subject.step);
    e->generation = evaluator_start(e->evaluator, &request);
    free(view);
    eval_sources_free(&texts);
}

/* The text is evaluated again when it has not changed for a moment. */
static void on_look(void *data)
{
    struct desk_evaluate *e = data;
    if (e->subject.file == NULL || e->subject.proposal) {
        return;
    }
    uint64_t version = editor_version(e->desk->editor, e->subject.file);
    uint64_t now = loop_now_ms();
    if (version != e->version) {
        bool opened = e->version == 0; /* shown by a step or a jump: not another text */
        e->version = version;
        if (opened) {
            return;
        }
        e->changed_at = now;
        return;
    }
    if (e->changed_at == 0 || now - e->changed_at < SETTLE_MS) {
        return;
    }
    e->changed_at = 0;
    const char *shown = editor_path(e->desk->editor);
    if (shown != NULL && strcmp(shown, e->subject.file) == 0 && e->subject.selection[0] == '\0') {
        size_t col;
        editor_cursor(e->desk->editor, &e->subject.row, &col);
    }
    e->subject.bench = false; /* seconds of a core are for who asks */
    start(e);
}

/* ---- which input ---- */

/* A picker that opens at once, so that what is typed goes there; the candidates come as a worker
 * has them. First another looks whether there is anything to choose: that takes no time. */
struct choosing {
    struct desk_evaluate *owner; /* NULL: nobody waits any more */
    struct app *app;
    char *root, *file;
    size_t row;
    struct eval_sources texts;
    struct eval_candidates found;
    struct {
        char **items; /* shown names; [0] is "no input" */
        size_t len, cap;
    } names;
    bool is_test;          /* no input to choose: it gives its own */
    bool working;          /* a worker has this */
    struct picker *picker; /* NULL: not open yet, or not any more */
    struct err err;
};

#define CHOOSING_TITLE "Evaluate with which input?"
#define CHOOSING_HINT  "a file, a document, a test"

static void choosing_free(struct choosing *c)
{
    VEC_FOREACH (char *, name, &c->names) {
        free(*name);
    }
    VEC_FREE(&c->names);
    eval_sources_free(&c->texts);
    eval_candidates_free(&c->found);
    free(c->root);
    free(c->file);
    free(c);
}

static void find_subject(void *data)
{
    struct choosing *c = data;
    struct policy_text *view = eval_sources_view(&c->texts);
    struct buf text = BUF_INIT;
    struct target target = {0};
    if (eval_read(c->root, view, c->texts.len, c->file, (size_t)16 << 20, &text, &c->err) &&
        target_at(buf_str(&text), c->row, str_make("", 0), &target, &c->err)) {
        c->is_test = target.is_test;
        target_free(&target);
    }
    buf_free(&text);
    free(view);
}

static void find_candidates(void *data)
{
    struct choosing *c = data;
    struct policy_index *index = policy_index_new();
    struct policy_text *view = eval_sources_view(&c->texts);
    if (policy_index_scan(index, c->root, NULL, &c->err)) {
        policy_index_lay(index, view, c->texts.len);
        eval_candidates_find(index, view, c->texts.len, c->file, &c->found);
    }
    free(view);
    policy_index_free(index);
}

static void use_input(struct desk_evaluate *e, const struct eval_input *input)
{
    eval_input_free(&e->subject.input);
    e->subject.input = eval_input_copy(input);
    start(e);
}

static void item(void *data, size_t index, struct picker_item *out)
{
    struct choosing *c = data;
    out->text = str_of(c->names.items[index]);
    out->is_path = index > 0 && c->found.items[index - 1].input.kind == EVAL_INPUT_FILE;
    out->detail = str_of(index == 0 ? "input is undefined" : c->found.items[index - 1].detail);
}

static void preview(void *data, size_t index, struct region region)
{
    struct choosing *c = data;
    if (c->owner == NULL || index == 0 || index >= c->names.len) {
        return;
    }
    const struct eval_input *input = &c->found.items[index - 1].input;
    if (input->path != NULL) {
        size_t row = input->row > 0 ? input->row - 1 : 0;
        struct preview_place place = {
            .path = input->path, .head = true, .row = row, .mark = input->row > 0};
        preview_draw(c->owner->preview, &place, region);
    }
}

static void chosen(void *data, size_t index, struct str query)
{
    struct choosing *c = data;
    if (c->owner == NULL) {
        return;
    }
    if (index >= c->names.len) {
        app_message(c->app, MESSAGE_WARNING, "no input is called \"%.*s\"", STR_FMT(query));
        return;
    }
    struct eval_input none = {0};
    const struct eval_input *input = index == 0 ? &none : &c->found.items[index - 1].input;
    eval_memory_set(c->root, c->file, input);
    use_input(c->owner, input);
}

/* Nobody chooses any more. A worker that has it hands it on when it is done. */
static void give_up(struct choosing *c)
{
    if (c->owner != NULL) {
        c->owner->choosing = NULL;
        c->owner = NULL;
    }
    if (!c->working && c->picker == NULL) {
        choosing_free(c);
    }
}

static void picker_gone(void *data)
{
    struct choosing *c = data;
    c->picker = NULL;
    give_up(c);
}

static void on_candidates(void *data, bool cancelled)
{
    struct choosing *c = data;
    c->working = false;
    if (cancelled || c->picker == NULL) {
        give_up(c);
        return;
    }
    VEC_FOREACH (struct eval_candidate, candidate, &c->found) {
        VEC_PUSH(&c->names, eval_input_show(&candidate->input));
    }
    picker_set_title(c->picker, CHOOSING_TITLE, CHOOSING_HINT);
    picker_set_waiting(c->picker, false);
    picker_set_count(c->picker, c->names.len);
}

static void on_subject(void *data, bool cancelled)
{
    struct choosing *c = data;
    struct desk_evaluate *e = c->owner;
    c->working = false;
    if (cancelled || e == NULL) {
        give_up(c);
        return;
    }
    if (c->is_test) {
        struct eval_input none = {0};
        give_up(c);
        use_input(e, &none);
        return;
    }
    VEC_PUSH(&c->names, mem_strdup("no input"));
    struct picker_options options = {.title = CHOOSING_TITLE " Looking for them …",
        .hint = CHOOSING_HINT,
        .count = c->names.len,
        .item = item,
        .preview = preview,
        .chosen = chosen,
        .destroy = picker_gone,
        .data = c};
    c->picker = picker_open(c->app, &options);
    picker_set_waiting(c->picker, true);
    c->working = true;
    loop_work_start(e->desk->loop, find_candidates, on_candidates, c);
}

static void begin_choosing(struct desk_evaluate *e)
{
    if (e->choosing != NULL || e->subject.file == NULL) {
        return;
    }
    struct choosing *c = MEM_NEW(struct choosing);
    c->owner = e;
    c->app = e->desk->app;
    c->root = mem_strdup(root_of(e));
    c->file = mem_strdup(e->subject.file);
    c->row = e->subject.row;
    desk_gather_unsaved(e->desk, &c->texts);
    preview_forget(e->preview);
    e->choosing = c;
    c->working = true;
    loop_work_start(e->desk->loop, find_subject, on_subject, c);
}

/* ---- actions ---- */

/* What the cursor is on. */
static void take_subject(struct desk_evaluate *e)
{
    struct editor *editor = e->desk->editor;
    struct buf selection = BUF_INIT;
    size_t col;
    struct subject subject = {.file = mem_strdup(editor_path(editor))};
    editor_cursor(editor, &subject.row, &col);
    (void)editor_selection(editor, &selection);
    subject.selection = buf_take(&selection);
    subject_free(&e->subject);
    e->subject = subject;
    e->home = SLOT_EDITOR;
}

static bool same_place(const struct desk_evaluate *e)
{
    size_t row;
    size_t col;
    const char *path = editor_path(e->desk->editor);
    editor_cursor(e->desk->editor, &row, &col);
    return e->pane != NULL && path != NULL && e->subject.file != NULL &&
           strcmp(path, e->subject.file) == 0 && row == e->subject.row;
}

static unsigned evaluate(void *data)
{
    struct desk_evaluate *e = data;
    bool again = same_place(e);
    take_subject(e);
    if (again) {
        app_focus(e->desk->app, SLOT_STATUS);
    }
    if (eval_memory_get(root_of(e), e->subject.file, &e->subject.input)) {
        start(e);
    } else {
        begin_choosing(e);
    }
    return UI_DONE;
}

static unsigned evaluate_with(void *data)
{
    struct desk_evaluate *e = data;
    take_subject(e);
    begin_choosing(e);
    return UI_DONE;
}

static unsigned step_test(void *data)
{
    struct desk_evaluate *e = data;
    take_subject(e);
    free(e->subject.selection);
    e->subject.selection = mem_strdup("");
    e->subject.step = true;
    (void)eval_memory_get(root_of(e), e->subject.file, &e->subject.input);
    start(e);
    app_focus(e->desk->app, SLOT_STATUS);
    return UI_DONE;
}

static unsigned bench(void *data)
{
    struct desk_evaluate *e = data;
    take_subject(e);
    (void)eval_memory_get(root_of(e), e->subject.file, &e->subject.input);
    e->subject.bench = true;
    start(e);
    app_focus(e->desk->app, SLOT_STATUS);
    return UI_DONE;
}

static const char *why_no_policy(void *data)
{
    const struct desk_evaluate *e = data;
    return editor_path(e->desk->editor) == NULL ? "Open a policy first: Alt-p finds files." : NULL;
}

void desk_evaluate_step(struct desk_evaluate *e, const char *path, unsigned row)
{
    struct subject subject = {.file = mem_strdup(path),
        .row = row > 0 ? row - 1 : 0,
        .selection = mem_strdup(""),
        .step = true,
        .proposal = e->desk->tested_proposal != 0};
    subject_free(&e->subject);
    e->subject = subject;
    e->home = SLOT_STATUS;
    start(e);
    app_focus(e->desk->app, SLOT_STATUS);
}

void desk_evaluate_decision(struct desk_evaluate *e, const char *path, unsigned row,
    const struct eval_input *input, const char *root)
{
    struct subject subject = {.file = mem_strdup(path),
        .row = row > 0 ? row - 1 : 0,
        .selection = mem_strdup(""),
        .input = eval_input_copy(input),
        .proposal = root != NULL,
        .root = mem_strdup(root),
        .of_apply = true};
    subject_free(&e->subject);
    e->subject = subject;
    e->home = SLOT_STATUS;
    start(e);
    app_focus(e->desk->app, SLOT_STATUS);
}

static const struct action actions[] = {
    {"evaluate.rule", "evaluate",
        "Evaluate the rule under the cursor (or the selected expression) with the last input; asks "
        "for one the first time",
        "f7", NULL, 0, evaluate, why_no_policy},
    {"evaluate.with", "evaluate with", "Evaluate the rule under the cursor with another input",
        "shift-f7", NULL, 0, evaluate_with, why_no_policy},
    {"evaluate.step-test", "step test",
        "Run the test (or rule) under the cursor and step through what it did", "f10", NULL, 0,
        step_test, why_no_policy},
    {"evaluate.bench", "measure",
        "Measure how long the rule under the cursor (or the selected expression) takes with the "
        "last input (opa bench)",
        "shift-f10", NULL, 0, bench, why_no_policy},
};

const struct action_set evaluate_actions = ACTION_SET("evaluate", "Evaluate", actions);

/* ---- life ---- */

static bool unsaved_text(void *data, const char *path, struct buf *out)
{
    const struct desk_evaluate *e = data;
    return editor_unsaved_content(e->desk->editor, path, out);
}

struct desk_evaluate *desk_evaluate_new(struct desk *desk)
{
    struct desk_evaluate *e = MEM_NEW(struct desk_evaluate);
    struct eval_events events = {.data = e, .result = on_result, .trace = on_trace};
    e->desk = desk;
    e->evaluator = evaluator_new(desk->loop, &events);
    struct preview_options preview = {.app = desk->app,
        .workspace = workbench_workspace(desk->workbench),
        .unsaved = unsaved_text,
        .data = e};
    e->preview = preview_new(&preview);
    e->look = loop_timer_new(desk->loop, on_look, e);
    return e;
}

void desk_evaluate_free(struct desk_evaluate *e)
{
    if (e == NULL) {
        return;
    }
    if (e->choosing != NULL) {
        e->choosing->owner = NULL;
    }
    evaluator_free(e->evaluator);
    preview_free(e->preview);
    loop_timer_free(e->look);
    subject_free(&e->subject);
    free(e);
}
