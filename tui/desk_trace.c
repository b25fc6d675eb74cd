#include "desk_trace.h"

#include "base/path.h"
#include "base/vec.h"
#include "control/controls.h"
#include "control/lineage.h"
#include "desk_private.h"
#include "widget/picker.h"
#include "widget/textview.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    SLICE_MS = 4,
    LOOK_AGAIN_MS = 50,
    LOOKS_MAX = 40,
    LIST_COLS = 140,
    STATE_COLS = 13,
    ID_COLS_MAX = 20
};

struct row {
    char *text, *detail;
};

struct desk_trace {
    struct desk *desk; /* NULL: it went while a worker was busy */
    char *root;
    char *setting, *setting_map;
    bool is_read;  /* the controls */
    bool is_shown; /* the list is open and owns this */
    struct err err;
    struct controls controls;
    struct cover_map map;
    struct cover_maker *coverer; /* makes `map` */
    struct lineage_maker *maker; /* then, with it, the rows */
    unsigned looks;              /* for the index, before it had begun */
    unsigned generation;         /* of the catalog that the makers read */
    struct loop_timer *timer;
    struct loop_work *work; /* NULL: no worker is busy */
    atomic_bool stop;
    struct lineage lineage;
    struct textview *about; /* the row under the cursor, in full */
    size_t told;            /* which that is; SIZE_MAX: none yet */
    struct {
        struct row *items;
        size_t len, cap;
    } rows;
};

static void free_trace(struct desk_trace *trace)
{
    lineage_cancel(trace->maker);
    cover_map_cancel(trace->coverer);
    lineage_free(&trace->lineage);
    cover_map_free(&trace->map);
    controls_free(&trace->controls);
    if (trace->timer != NULL) {
        loop_timer_free(trace->timer);
    }
    if (trace->about != NULL) {
        textview_free(trace->about);
    }
    VEC_FOREACH (struct row, row, &trace->rows) {
        free(row->text);
        free(row->detail);
    }
    VEC_FREE(&trace->rows);
    free(trace->root);
    free(trace->setting);
    free(trace->setting_map);
    free(trace);
}

/* The list was closed, or something went wrong. */
static void end(struct desk_trace *trace)
{
    if (trace->desk != NULL) {
        trace->desk->trace = NULL;
    }
    free_trace(trace);
}

void desk_trace_stop(struct desk *desk)
{
    struct desk_trace *trace = desk->trace;
    if (trace == NULL || trace->is_shown) {
        return; /* the list frees it when it closes */
    }
    desk->trace = NULL;
    trace->desk = NULL;
    if (trace->work == NULL) {
        free_trace(trace);
        return;
    }
    /* Its `done` frees it. */
    atomic_store(&trace->stop, true);
    if (trace->timer != NULL) {
        loop_timer_free(trace->timer);
        trace->timer = NULL;
    }
    loop_work_cancel(trace->work);
}

/* ---- the list ---- */

static void item(void *data, size_t index, struct picker_item *out)
{
    const struct desk_trace *trace = data;
    out->text = str_of(trace->rows.items[index].text);
    out->detail = str_of(trace->rows.items[index].detail);
}

/* Below the workspace, or NULL: the matrix may lie anywhere. */
static const char *matrix_path(const struct desk_trace *trace)
{
    size_t len = strlen(trace->root);
    const char *name = trace->controls.list.name;
    return strncmp(name, trace->root, len) == 0 && name[len] == '/' ? name + len + 1 : NULL;
}

/* Where Enter goes: the rule, or the control's row of the matrix. */
static const char *place_of(const struct desk_trace *trace, size_t index, size_t *row, size_t *col)
{
    const struct lineage_row *about = &trace->lineage.rows.items[index];
    *row = about->rule.row;
    *col = about->rule.col;
    if (*about->rule.path != '\0') {
        return about->rule.path;
    }
    const struct requirement *asked = &trace->controls.list.items[about->control];
    *row = asked->line > 0 ? asked->line - 1 : 0;
    *col = 0;
    return matrix_path(trace);
}

/* ---- the row under the cursor, in full ---- */

static void tell(struct desk_trace *trace, const char *head, const char *text)
{
    const struct textview_line line = {.hang = 2};
    if (*text != '\0') {
        textview_line(trace->about, &line);
        textview_span(trace->about, str_of(head), STYLE(DIM));
        textview_span(trace->about, STR_LIT("  "), STYLE(DIM));
        textview_span(trace->about, str_of(text), STYLE(TEXT));
    }
}

static void tell_places(
    struct desk_trace *trace, const char *head, const struct lineage_places *places)
{
    const struct textview_line line = {.indent = 2, .hang = 4};
    textview_line(trace->about, NULL);
    textview_span(trace->about, str_of(head), STYLE(DIM));
    VEC_FOREACH (const struct lineage_place, place, places) {
        char *where = mem_printf("  %s:%u", place->path, place->row + 1);
        textview_line(trace->about, &line);
        textview_span(trace->about, str_of(place->name), STYLE(TEXT));
        textview_span(trace->about, str_of(where), STYLE(DIM));
        free(where);
    }
    if (places->len == 0) {
        textview_line(trace->about, &line);
        textview_span(trace->about, STR_LIT("none"), STYLE(WARNING));
    }
}

static void tell_commit(struct desk_trace *trace, const struct last_commit *commit)
{
    if (commit != NULL) {
        char *text = commit->id[0] == '\0'
                         ? mem_strdup("not committed")
                         : mem_printf("%.8s %s: %s%s", commit->id, commit->author, commit->subject,
                               commit->is_changed ? " (changed since)" : "");
        tell(trace, "Last commit", text);
        free(text);
    }
}

static void tell_row(struct desk_trace *trace, const struct lineage_row *row)
{
    char *words = lineage_control_words(&trace->lineage, row);
    textview_clear(trace->about);
    tell(trace, "State", lineage_state_name(row->state));
    tell(trace, "Control", lineage_control_id(&trace->lineage, row));
    tell(trace, "Asked for", words);
    tell(trace, "Note", row->note);
    if (*row->rule.path != '\0') {
        char *rule = mem_printf(
            "%s, %s, %s:%u", row->policy, row->rule.name, row->rule.path, row->rule.row + 1);
        tell(trace, "Rule", rule);
        tell_places(trace, "Tests", &row->tests);
        tell_places(trace, "Fixtures", &row->fixtures);
        tell_commit(trace, row->commit);
        free(rule);
    }
    textview_show_line(trace->about, 0, true);
    free(words);
}

static void preview(void *data, size_t index, struct region region)
{
    struct desk_trace *trace = data;
    if (index >= trace->rows.len) {
        return;
    }
    if (trace->told != index) {
        tell_row(trace, &trace->lineage.rows.items[index]);
        trace->told = index;
    }
    textview_draw(trace->about, region, false);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct desk_trace *trace = data;
    size_t row;
    size_t col;
    if (index == PICKER_NONE) {
        app_message(trace->desk->app, MESSAGE_WARNING, "no control or policy is like \"%.*s\"",
            STR_FMT(query));
        return;
    }
    const char *path = place_of(trace, index, &row, &col);
    if (path == NULL) {
        app_message(trace->desk->app, MESSAGE_INFO, "%s: %s",
            lineage_control_id(&trace->lineage, &trace->lineage.rows.items[index]),
            trace->lineage.rows.items[index].note);
    } else if (editor_jump(trace->desk->editor, path, row, col)) {
        app_focus(trace->desk->app, SLOT_EDITOR);
    }
}

static void destroy(void *data)
{
    end(data);
}

/* "untested      5.2.2  privileged containers  k8s.privileged.deny p/privileged.rego": all of it is
 * matched by what is typed, whatever of it there is room for. */
static char *text_of(const struct desk_trace *trace, const struct lineage_row *row, int id_cols)
{
    char *words = lineage_control_words(&trace->lineage, row);
    const char *id = lineage_control_id(&trace->lineage, row);
    bool has_id = *id != '\0'; /* an orphan has none: its policy is what is to be seen */
    char *text = mem_printf("%-*s %-*s%s%s%s%s%s%s %s", STATE_COLS, lineage_state_name(row->state),
        has_id ? id_cols : 0, id, has_id ? "  " : "", words, *words == '\0' ? "" : "  ",
        row->policy, *row->policy == '\0' ? "" : ".", row->rule.name, row->rule.path);
    free(words);
    return text;
}

static char *detail_of(const struct lineage_row *row)
{
    if (*row->rule.path == '\0') {
        return mem_strdup("");
    }
    return row->tests.len == 0 ? mem_strdup("no test") : mem_printf("%zu tests", row->tests.len);
}

static void make_rows(struct desk_trace *trace)
{
    size_t id_cols = 4;
    VEC_FOREACH (const struct requirement, requirement, &trace->controls.list) {
        size_t len = strlen(requirement->id);
        id_cols = len > id_cols ? len : id_cols;
    }
    id_cols = id_cols > ID_COLS_MAX ? ID_COLS_MAX : id_cols;
    VEC_FOREACH (const struct lineage_row, row, &trace->lineage.rows) {
        VEC_PUSH(&trace->rows, (struct row){text_of(trace, row, (int)id_cols), detail_of(row)});
    }
}

static void show(struct desk_trace *trace)
{
    const struct lineage *lineage = &trace->lineage;
    char *kinds = lineage->unknown_count == 0
                      ? mem_strdup("")
                      : mem_printf("; %zu controls of unknown kind", lineage->unknown_count);
    char *title = mem_printf("Trace: %zu of %zu controls traced, %zu uncovered, %zu untested, %zu "
                             "orphaned rules%s",
        lineage->controls[LINEAGE_TRACED], lineage->requirements->len,
        lineage->controls[LINEAGE_UNCOVERED], lineage->controls[LINEAGE_UNTESTED],
        lineage->counts[LINEAGE_ORPHANED], kinds);
    trace->about = textview_new();
    trace->told = SIZE_MAX;
    make_rows(trace);
    trace->is_shown = true;
    struct picker_options options = {.title = title,
        .hint = "a control, a policy, uncovered, untested, orphaned …",
        .keys = "Enter|go to it|↑↓|move|Esc|close",
        .count = trace->rows.len,
        .cols = LIST_COLS,
        .item = item,
        .preview = preview,
        .chosen = chosen,
        .destroy = destroy,
        .data = trace};
    picker_show_preview(picker_open(trace->desk->app, &options), true);
    free(title);
    free(kinds);
}

/* ---- making it ---- */

static void read_history(void *data)
{
    struct desk_trace *trace = data;
    struct err ignored; /* without a repository there are no commits to show */
    (void)!lineage_read_commits(&trace->lineage, trace->root, &trace->stop, &ignored);
}

static void history_read(void *data, bool cancelled)
{
    struct desk_trace *trace = data;
    trace->work = NULL;
    if (cancelled || trace->desk == NULL) {
        end(trace);
        return;
    }
    app_message(trace->desk->app, MESSAGE_INFO, "Trace: %zu controls of %s, %zu rows",
        trace->controls.list.len, path_base(trace->controls.list.name), trace->lineage.rows.len);
    show(trace);
    app_redraw(trace->desk->app);
}

static void begin(struct desk_trace *trace, const struct catalog *catalog)
{
    lineage_cancel(trace->maker);
    trace->maker = NULL;
    cover_map_cancel(trace->coverer);
    cover_map_free(&trace->map);
    trace->map = (struct cover_map){0};
    trace->generation = catalog_generation(catalog);
    trace->coverer = cover_map_begin(catalog, &trace->controls.list);
}

/* A slice of what is to be made. True: it is all there. */
static bool make_some(struct desk_trace *trace, struct catalog *catalog)
{
    /* The files changed meanwhile: once more from the start. */
    if ((trace->coverer == NULL && trace->maker == NULL) ||
        trace->generation != catalog_generation(catalog)) {
        begin(trace, catalog);
        return false;
    }
    if (trace->maker != NULL) {
        return lineage_step(trace->maker, SLICE_MS);
    }
    if (cover_map_step(trace->coverer, SLICE_MS)) {
        cover_map_finish(trace->coverer, &trace->map);
        trace->coverer = NULL;
        trace->maker =
            lineage_begin(catalog, &trace->controls.list, &trace->map, trace->controls.benchmark);
    }
    return false;
}

static void on_slice(void *data)
{
    struct desk_trace *trace = data;
    struct indexer *indexer = workbench_indexer(trace->desk->workbench);
    struct indexer_progress progress = indexer_progress(indexer);
    /* A folder without a policy has nothing to index, and never begins. */
    bool begun = progress.generation > 0 || trace->looks++ >= LOOKS_MAX;
    if (!begun || progress.done != progress.total) {
        loop_timer_start(trace->timer, LOOK_AGAIN_MS, 0);
    } else if (!make_some(trace, indexer_catalog(indexer))) {
        loop_timer_start(trace->timer, 0, 0);
    } else {
        lineage_finish(trace->maker, &trace->lineage);
        trace->maker = NULL;
        trace->work = loop_work_start(trace->desk->loop, read_history, history_read, trace);
    }
}

static void read_controls(void *data)
{
    struct desk_trace *trace = data;
    struct controls_wish wish = {
        .root = trace->root, .setting = trace->setting, .setting_map = trace->setting_map};
    trace->is_read = controls_open(&wish, &trace->controls, &trace->err);
}

static void controls_read(void *data, bool cancelled)
{
    struct desk_trace *trace = data;
    trace->work = NULL;
    if (cancelled || trace->desk == NULL) {
        end(trace);
    } else if (!trace->is_read) {
        app_message(trace->desk->app, MESSAGE_ERROR, "%s", trace->err.text);
        app_redraw(trace->desk->app);
        end(trace);
    } else {
        trace->timer = loop_timer_new(trace->desk->loop, on_slice, trace);
        loop_timer_start(trace->timer, 0, 0);
    }
}

static unsigned show_trace(void *data)
{
    struct desk *desk = data;
    const struct config *config = workbench_config(desk->workbench);
    desk_trace_stop(desk);
    if (desk->trace != NULL) {
        return UI_DONE;
    }
    struct desk_trace *trace = MEM_NEW(struct desk_trace);
    trace->desk = desk;
    trace->root = mem_strdup(workspace_root(workbench_workspace(desk->workbench)));
    trace->setting = mem_strdup(config_string(config, "requirements"));
    trace->setting_map = mem_strdup(config_string(config, "requirements_map"));
    desk->trace = trace;
    app_message(desk->app, MESSAGE_INFO, "Trace: reading the requirements, policies and history …");
    trace->work = loop_work_start(desk->loop, read_controls, controls_read, trace);
    return UI_DONE;
}

static const char *why_not(void *data)
{
    const struct desk *desk = data;
    return workbench_indexer(desk->workbench) == NULL ? "The workspace is still being read." : NULL;
}

static const struct action actions[] = {
    {"trace.show", "trace",
        "Trace: every control of the requirements with its policy, rule, tests, fixtures and last "
        "commit; what is missing first",
        "", NULL, 0, show_trace, why_not},
};

const struct action_set trace_actions = ACTION_SET("trace", "Controls", actions);
