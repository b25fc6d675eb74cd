/* Test runs on the screen: which folder they run in, and what they mark in the editor. */
#include "desk_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "desk_decided.h"

#include <stdlib.h>
#include <sys/stat.h>

/* False: what is to be tested is being laid out, which is told when it is there. */
static bool set_root(struct desk *desk)
{
    unsigned proposal;
    const char *root = workbench_checked_root(desk->workbench, &proposal);
    if (root == NULL) {
        return false;
    }
    if (desk->tested_root == NULL || desk->tested_proposal != proposal ||
        strcmp(desk->tested_root, root) != 0) {
        free(desk->tested_root);
        desk->tested_root = mem_strdup(root);
        desk->tested_proposal = proposal;
        char *of = proposal == 0 ? NULL : mem_printf("proposal %u", proposal);
        status_set_root(desk->status, root, of);
        free(of);
    }
    return true;
}

void desk_run_tests(struct desk *desk)
{
    if (set_root(desk)) {
        status_run_changed(desk->status);
    }
}

void desk_run_all_tests(struct desk *desk)
{
    if (set_root(desk)) {
        status_run(desk->status, RUN_ALL, NULL, 0);
    }
}

/* What changed can affect more tests than the plan knows where files came or went, and naming
 * many files is no quicker than all of them. */
enum { AFFECTED_MAX = 100 };

void desk_tests_files_changed(struct desk *desk)
{
    const struct workspace_event *event = workbench_files_event(desk->workbench);
    bool ran = desk->tested_root != NULL && desk->tested_proposal == 0 &&
               board_count(status_board(desk->status)) > 0;
    bool whole = event == NULL || event->first || event->failed != NULL ||
                 event->changed_count > AFFECTED_MAX;
    for (size_t i = 0; !whole && i < event->changed_count; i++) {
        whole = event->changed[i].what != WORKSPACE_CHANGED;
    }
    if (!ran || (whole && status_is_watching(desk->status))) {
        desk_run_tests(desk);
        return;
    }
    for (size_t i = 0; event != NULL && i < event->changed_count && i < AFFECTED_MAX; i++) {
        status_file_changed(desk->status, event->changed[i].path);
    }
}

/* ---- texts that are not saved ---- */

#define TESTED_TEXT_MAX ((size_t)4 << 20)

static bool is_tested(const char *path)
{
    static const char *const ends[] = {".rego", ".json", ".yaml", ".yml"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (strcmp(path_ext(path), ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

struct unsaved {
    struct desk *desk;
    struct status_texts *texts;
};

static void add_unsaved(void *data, const char *path)
{
    struct unsaved *unsaved = data;
    const struct editor *editor = unsaved->desk->editor;
    struct status_text text = {0};
    if (is_tested(path) && editor_unsaved_length(editor, path) <= TESTED_TEXT_MAX &&
        editor_unsaved_content(editor, path, &text.text)) {
        text.path = mem_strdup(path);
        VEC_PUSH(unsaved->texts, text);
    }
}

void desk_tests_unsaved(void *data, struct status_texts *texts)
{
    struct unsaved unsaved = {data, texts};
    editor_each_unsaved(unsaved.desk->editor, add_unsaved, &unsaved);
}

/* The version is another than when this was last asked. What is asked for the first time is new
 * unless it stands as it was read (in the midst of a change a text does not know yet whether it is
 * as on disk). */
static bool is_new_version(struct desk *desk, const char *path)
{
    uint64_t version = editor_version(desk->editor, path);
    VEC_FOREACH (struct tested_text, text, &desk->tested) {
        if (strcmp(text->path, path) == 0) {
            bool is_new = text->version != version;
            text->version = version;
            return is_new;
        }
    }
    VEC_PUSH(&desk->tested, (struct tested_text){mem_strdup(path), version});
    return version > EDITOR_VERSION_READ || editor_unsaved_length(desk->editor, path) > 0;
}

void desk_tests_free(struct desk *desk)
{
    VEC_FOREACH (struct tested_text, text, &desk->tested) {
        free(text->path);
    }
    VEC_FREE(&desk->tested);
}

/* Also told of when a file is shown: then its text is no other than was tested. */
void desk_tests_text_changed(void *data, const char *path)
{
    struct desk *desk = data;
    if (desk->closing || !is_tested(path) || !is_new_version(desk, path)) {
        return;
    }
    desk_apply_text_changed(desk->apply);
    if (desk->tested_proposal == 0) {
        status_text_changed(desk->status, path);
    }
}

/* ---- what a test is about ---- */

/* The first of the places that the catalog tells of a test. */
static bool open_first(struct desk *desk, struct catalog_places *places)
{
    bool any = places->len > 0;
    if (any) {
        const struct catalog_place *place = &places->items[0];
        desk_show(desk, place->path, (unsigned)place->at.row + 1, (unsigned)place->at.col + 1);
    }
    catalog_places_free(places);
    return any;
}

bool desk_open_rule(void *data, const char *path, struct position at)
{
    struct desk *desk = data;
    struct catalog *catalog = indexer_catalog(workbench_indexer(desk->workbench));
    struct catalog_places places = {0};
    struct catalog_cursor cursor = {
        .path = path, .row = at.row > 0 ? at.row - 1 : 0, .col = at.col > 0 ? at.col - 1 : 0};
    if (path != NULL) {
        catalog_tested(catalog, &cursor, &places);
    }
    return open_first(desk, &places);
}

bool desk_open_fixture(void *data, const char *path, struct position at)
{
    (void)at;
    struct desk *desk = data;
    struct catalog_places places = {0};
    if (path != NULL) {
        catalog_fixtures(indexer_catalog(workbench_indexer(desk->workbench)), path, &places);
    }
    return open_first(desk, &places);
}

/* ---- marks ---- */

struct marks {
    struct editor_mark *items;
    size_t len, cap;
};

static void mark_coverage(struct desk *desk)
{
    const struct coverage *coverage = board_coverage(status_board(desk->status));
    editor_clear_marks(desk->editor, "coverage");
    if (coverage == NULL) {
        return;
    }
    VEC_FOREACH (struct coverage_file, file, coverage) {
        struct marks marks = {0};
        unsigned last = 0;
        VEC_FOREACH (struct coverage_range, range, &file->covered) {
            last = range->end_row > last ? range->end_row : last;
        }
        VEC_FOREACH (struct coverage_range, range, &file->missed) {
            last = range->end_row > last ? range->end_row : last;
        }
        for (unsigned row = 1; row <= last; row++) {
            enum coverage_line line = coverage_line(file, row);
            if (line != LINE_NONE) {
                VEC_PUSH(&marks,
                    (struct editor_mark){
                        .line = row - 1,
                        .kind = line == LINE_COVERED ? EDITOR_MARK_COVERED : EDITOR_MARK_UNCOVERED,
                        .message = line == LINE_PARTLY   ? "partly covered by tests"
                                   : line == LINE_MISSED ? "no test reaches this line"
                                                         : NULL,
                    });
            }
        }
        editor_set_marks(desk->editor, file->path, "coverage", marks.items, marks.len);
        VEC_FREE(&marks);
    }
}

/* The line that did not hold, which may stand in another file than the test. */
static void mark_culprit(const struct board_test *test, const char *path, struct marks *marks)
{
    char *file = NULL;
    struct position at;
    if (board_culprit(test, &file, &at) && strcmp(file, path) == 0 && at.row != test->at.row) {
        VEC_PUSH(marks, (struct editor_mark){.line = at.row - 1,
                            .kind = EDITOR_MARK_ERROR,
                            .message = test->message != NULL ? test->message : "fails here"});
    }
    free(file);
}

static void mark_file(struct desk *desk, const char *path)
{
    struct board *board = status_board(desk->status);
    struct marks marks = {0};
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        enum result_status status = board_status(test);
        bool red = !test->pending && (status == RESULT_FAIL || status == RESULT_ERROR);
        if (red && test->detail != NULL) {
            mark_culprit(test, path, &marks);
        }
        if (red && test->file != NULL && strcmp(test->file, path) == 0 && test->at.row > 0) {
            VEC_PUSH(&marks,
                (struct editor_mark){.line = test->at.row - 1,
                    .kind = EDITOR_MARK_ERROR,
                    .message = test->message != NULL ? test->message : result_status_name(status)});
        }
    }
    editor_set_marks(desk->editor, path, "tests", marks.items, marks.len);
    VEC_FREE(&marks);
}

void desk_tests_changed(void *data)
{
    struct desk *desk = data;
    if (desk->diagnose != NULL) {
        diagnose_tests_changed(desk->diagnose);
        desk_decided_refresh(desk->decided);
    }
    desk_reach_changed(desk);
    assist_reach_changed(desk->assist);
    /* Rows and columns of a proposal's files are not those of the workspace's. */
    if (desk->tested_proposal != 0) {
        editor_clear_marks(desk->editor, "coverage");
        editor_clear_marks(desk->editor, "tests");
    } else if (!board_is_busy(status_board(desk->status))) {
        mark_coverage(desk);
        editor_clear_marks(desk->editor, "tests");
        const char *shown = editor_path(desk->editor);
        if (shown != NULL) {
            char *path = mem_strdup(shown);
            mark_file(desk, path);
            free(path);
        }
    }
    app_redraw(desk->app);
}

/* ---- places ---- */

void desk_show(void *data, const char *path, unsigned row, unsigned col)
{
    struct desk *desk = data;
    struct proposals *proposals = workbench_proposals(desk->workbench);
    const struct proposal *open = proposals_open(proposals);
    if (desk->tested_proposal != 0 && open != NULL && changes_find(&open->changes, path) != NULL) {
        desk_open_review(desk);
        if (desk->review != NULL) {
            review_pane_show(desk->review, path, row);
        }
        return;
    }
    if (editor_jump(desk->editor, path, row > 0 ? row - 1 : 0, col > 0 ? col - 1 : 0)) {
        if (desk->tested_proposal == 0) {
            mark_file(desk, path);
        }
        app_focus(desk->app, SLOT_EDITOR);
    }
}

const char *desk_current_file(void *data)
{
    struct desk *desk = data;
    return editor_path(desk->editor);
}

const char *desk_cursor(void *data, struct position *at)
{
    const struct desk *desk = data;
    size_t row = 0;
    size_t col = 0;
    const char *path = editor_path(desk->editor);
    if (path != NULL) {
        editor_cursor(desk->editor, &row, &col);
        *at = (struct position){(unsigned)row + 1, (unsigned)col + 1};
    }
    return path;
}
