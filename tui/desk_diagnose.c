#include "desk_diagnose.h"

#include "base/path.h"
#include "base/vec.h"
#include "check/check.h"
#include "desk_decided.h"
#include "desk_private.h"

#include <stdlib.h>

struct diagnose {
    struct desk *desk;
    struct problems *problems;
    struct checker *checker;
    char *focus; /* of the last check */
    struct {
        char **items; /* paths that the last check spoke of: it knows them better than a test run */
        size_t len, cap;
    } covered;
    /* Of the focus: as it was gathered, and as it was when what is shown was found. */
    uint64_t gathered_version, shown_version;
    bool show_inline;
    struct loop_timer *parsing; /* while the text in focus is not parsed to its end */
};

/* ---- marks ---- */

static struct editor_mark mark_of(const struct finding *finding)
{
    bool one_line = finding->end.row == finding->at.row && finding->at.col > 0;
    return (struct editor_mark){
        .line = finding->at.row - 1,
        .kind = finding->severity == SEVERITY_ERROR     ? EDITOR_MARK_ERROR
                : finding->severity == SEVERITY_WARNING ? EDITOR_MARK_WARNING
                                                        : EDITOR_MARK_INFO,
        .from = one_line ? finding->at.col - 1 : 0,
        .to = one_line && finding->end.col > 0 ? finding->end.col - 1 : 0,
        .message = finding->message,
    };
}

/* Rows of a proposal's files are not those of the workspace's. */
static bool is_of_workspace(const struct finding *finding)
{
    return finding->file != NULL && finding->at.row > 0 &&
           (finding->source == NULL || strncmp(finding->source, "proposal ", 9) != 0);
}

void diagnose_show(struct diagnose *d)
{
    struct editor *editor = d->desk->editor;
    const struct findings *all = problems_all(d->problems);
    struct {
        struct editor_mark *items;
        size_t len, cap;
    } marks = {0};
    editor_clear_marks(editor, "problems");
    for (size_t i = 0; i < all->len; i++) {
        const struct finding *finding = &all->items[i];
        const struct finding *next = i + 1 < all->len ? finding + 1 : NULL;
        if (is_of_workspace(finding)) {
            VEC_PUSH(&marks, mark_of(finding));
        }
        bool last = finding->file != NULL &&
                    (next == NULL || next->file == NULL || strcmp(next->file, finding->file) != 0);
        if (last && marks.len > 0) {
            editor_set_marks(editor, finding->file, "problems", marks.items, marks.len);
            marks.len = 0;
        }
    }
    VEC_FREE(&marks);
    app_redraw(d->desk->app);
}

/* ---- what the checker asks and tells ---- */

static bool is_policy(const char *path)
{
    const char *ext = path_ext(path);
    return strcmp(ext, ".rego") == 0 || strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0 ||
           strcmp(ext, ".cedar") == 0 || strcmp(ext, ".cedarschema") == 0;
}

/* What an engine is asked of its parses and compiles whole; of YAML only pieces are. */
static bool engine_parses(const char *path)
{
    const char *ext = path_ext(path);
    return is_policy(path) && strcmp(ext, ".yaml") != 0 && strcmp(ext, ".yml") != 0;
}

struct gathering {
    struct diagnose *diagnose;
    struct check_request *request;
};

static void add_text(void *data, const char *path)
{
    struct gathering *gathering = data;
    const struct editor *editor = gathering->diagnose->desk->editor;
    struct check_text text = {.too_large = editor_unsaved_length(editor, path) > CHECK_REGO_MAX};
    if (!is_policy(path) ||
        (!text.too_large && !editor_unsaved_content(editor, path, &text.text))) {
        return;
    }
    text.path = mem_strdup(path);
    VEC_PUSH(&gathering->request->texts, text);
}

/* Our own tree's errors are there at once; opa's take their place. */
static void tell_syntax(struct diagnose *d)
{
    struct syntax_errors errors = {0};
    struct findings findings = {0};
    const char *path = d->focus;
    bool all = true;
    if (path == NULL || !is_policy(path) ||
        !editor_syntax_errors(d->desk->editor, path, &errors, &all)) {
        return;
    }
    if (!all) {
        loop_timer_start(d->parsing, 1, 0);
    }
    VEC_FOREACH (const struct syntax_error, error, &errors) {
        VEC_PUSH(
            &findings, (struct finding){
                           .rule = mem_strdup("syntax"),
                           .severity = SEVERITY_ERROR,
                           .file = mem_strdup(path),
                           .at = {(unsigned)error->row + 1, (unsigned)error->column + 1},
                           .end = {(unsigned)error->end_row + 1, (unsigned)error->end_column + 1},
                           .message = mem_strdup(error->text),
                       });
    }
    problems_set(d->problems, "syntax", &path, 1, &findings);
    findings_free(&findings);
    VEC_FREE(&errors);
    diagnose_show(d);
}

/* A Rego text is opa's matter once it has answered, Cedar's is cedar's. */
static void on_parsing(void *data)
{
    struct diagnose *d = data;
    bool is_whole = d->focus != NULL && engine_parses(d->focus);
    if (d->checker != NULL && (!is_whole || checker_state(d->checker) != CHECK_DONE)) {
        tell_syntax(d);
    }
}

static void gather(void *data, struct check_request *request)
{
    struct diagnose *d = data;
    struct gathering gathering = {d, request};
    const char *path = editor_path(d->desk->editor);
    free(d->focus);
    d->focus = mem_strdup(path);
    request->focus = mem_strdup(path);
    d->gathered_version = path == NULL ? 0 : editor_version(d->desk->editor, path);
    editor_each_unsaved(d->desk->editor, add_text, &gathering);
    tell_syntax(d);
}

static void forget_covered(struct diagnose *d)
{
    VEC_FOREACH (char *, path, &d->covered) {
        free(*path);
    }
    d->covered.len = 0;
}

static bool has_parse_error(const struct findings *findings)
{
    VEC_FOREACH (const struct finding, finding, findings) {
        if (strcmp(finding->rule, "rego_parse_error") == 0) {
            return true;
        }
    }
    return false;
}

static void found(void *data, const char *source, const char *const *paths, size_t path_count,
    const struct findings *findings)
{
    struct diagnose *d = data;
    problems_set(d->problems, source, paths, path_count, findings);
    d->shown_version = d->gathered_version;
    if (strcmp(source, "opa") == 0 || strcmp(source, "cedar") == 0) {
        const struct findings none = {0};
        bool whole = path_count == 0 || engine_parses(paths[0]);
        if (!has_parse_error(findings) && whole) {
            problems_set(d->problems, "syntax", paths, path_count, &none);
        }
        problems_set(d->problems, "tests", paths, path_count, &none);
        forget_covered(d);
        for (size_t i = 0; i < path_count; i++) {
            VEC_PUSH(&d->covered, mem_strdup(paths[i]));
        }
    }
    diagnose_show(d);
}

static void tell_trouble(struct diagnose *d, const char *trouble)
{
    struct findings findings = {0};
    if (trouble != NULL) {
        VEC_PUSH(&findings, (struct finding){.rule = mem_strdup("not-checked"),
                                .severity = SEVERITY_ERROR,
                                .file = mem_strdup(d->focus),
                                .message = mem_printf("not checked: %s", trouble)});
    }
    problems_set(d->problems, "check", NULL, 0, &findings);
    findings_free(&findings);
    diagnose_show(d);
}

static void tell_done(struct diagnose *d)
{
    size_t left = checker_unchecked(d->checker);
    bool rego = d->focus != NULL && strcmp(path_ext(d->focus), ".rego") == 0;
    struct buf text = BUF_INIT;
    buf_printf(&text, "no problems in %s%s", d->focus == NULL ? "" : d->focus,
        rego ? ", in what it needs and in what refers to it" : "");
    if (left > 0) {
        buf_printf(&text, " (%zu files that refer to it were left out)", left);
    }
    status_set_check(d->desk->status, "", text.ptr, false);
    buf_free(&text);
    tell_trouble(d, NULL);
}

static void changed(void *data)
{
    struct diagnose *d = data;
    struct status *status = d->desk->status;
    const char *trouble = checker_trouble(d->checker);
    switch (checker_state(d->checker)) {
    case CHECK_NOTHING:
        /* No Rego file and no YAML of a policy's size is shown: what the test run found stands. */
        status_set_check(status, "", NULL, false);
        tell_trouble(d, NULL);
        break;
    case CHECK_WAITING:
    case CHECK_RUNNING:
        status_set_check(status, "checking", "checking…", false);
        break;
    case CHECK_DONE:
        tell_done(d);
        break;
    case CHECK_TROUBLED: {
        char *text = mem_printf("not checked: %s", trouble == NULL ? "?" : trouble);
        status_set_check(status, "not checked", text, true);
        free(text);
        tell_trouble(d, trouble);
        break;
    }
    }
    desk_decided_refresh(d->desk->decided);
}

/* ---- what makes it check ---- */

static void on_changed(void *data, const char *path)
{
    struct diagnose *d = data;
    bool is_same = d->focus != NULL && strcmp(d->focus, path) == 0;
    if (d->checker != NULL) {
        checker_touch(d->checker, is_same ? CHECK_TYPING_MS : CHECK_SAVED_MS);
    }
}

static void on_saved(void *data, const char *path)
{
    struct diagnose *d = data;
    (void)path;
    if (d->checker != NULL) {
        checker_disk_changed(d->checker);
        checker_touch(d->checker, CHECK_SAVED_MS);
    }
}

void diagnose_files_changed(struct diagnose *d)
{
    checker_disk_changed(d->checker);
    checker_touch(d->checker, CHECK_TYPING_MS);
}

static bool is_covered(const struct diagnose *d, const struct finding *finding)
{
    VEC_FOREACH (char *, path, &d->covered) {
        if (finding->file != NULL && strcmp(*path, finding->file) == 0) {
            return true;
        }
    }
    return false;
}

void diagnose_tests_changed(struct diagnose *d)
{
    const struct desk *desk = d->desk;
    const struct findings *said = board_findings(status_board(desk->status));
    struct findings findings = {0};
    VEC_FOREACH (const struct finding, finding, said) {
        if (desk->tested_proposal == 0 && is_covered(d, finding)) {
            continue;
        }
        struct finding copy = finding_copy(finding);
        free(copy.source);
        copy.source = desk->tested_proposal == 0 ? mem_strdup("tests")
                                                 : mem_printf("proposal %u", desk->tested_proposal);
        VEC_PUSH(&findings, copy);
    }
    problems_set(d->problems, "tests", NULL, 0, &findings);
    findings_free(&findings);
    diagnose_show(d);
}

/* ---- actions ---- */

static const struct finding *fix_here(const struct diagnose *d)
{
    const char *path = editor_path(d->desk->editor);
    size_t row;
    size_t col;
    if (path == NULL) {
        return NULL;
    }
    editor_cursor(d->desk->editor, &row, &col);
    return problems_fix_at(d->problems, path, (unsigned)row + 1);
}

static void mend(void *data)
{
    struct diagnose *d = data;
    const struct finding *finding = fix_here(d);
    if (finding == NULL) {
        app_message(
            d->desk->app, MESSAGE_INFO, "Nothing to mend in this line: F8 goes to the next mark.");
        return;
    }
    /* Its places are those of the text that was checked. */
    if (editor_version(d->desk->editor, finding->file) != d->shown_version) {
        app_message(d->desk->app, MESSAGE_INFO, "The text is being checked: try again.");
        return;
    }
    const struct finding_edit *edit = &finding->edit;
    char *title = mem_strdup(edit->title);
    bool ok = editor_replace_range(d->desk->editor, finding->file, edit->from.row - 1,
        edit->from.col - 1, edit->to.row - 1, edit->to.col - 1, str_of(edit->with));
    app_message(d->desk->app, ok ? MESSAGE_INFO : MESSAGE_ERROR, "%s: %s", title,
        ok ? "done, undo takes it back" : "the text has changed");
    free(title);
}

/* Where a language server can be asked it is a menu of what it and we can do. */
static unsigned quick_fix(void *data)
{
    struct diagnose *d = data;
    const struct finding *finding = fix_here(d);
    if (!assist_offer_fixes(
            d->desk->assist, finding == NULL ? NULL : finding->edit.title, mend, d)) {
        mend(d);
    }
    return UI_DONE;
}

static const char *why_no_fix(void *data)
{
    const struct diagnose *d = data;
    return fix_here(d) == NULL && !assist_can_fix(d->desk->assist)
               ? "Nothing to mend in this line: F8 goes to the next mark."
               : NULL;
}

static unsigned toggle_inline(void *data)
{
    struct diagnose *d = data;
    d->show_inline = !d->show_inline;
    editor_show_messages(d->desk->editor, d->show_inline);
    return UI_DONE;
}

static const struct action actions[] = {
    {"problems.quick-fix", "quick fix", "Mend the problem in the cursor's line", "alt-enter", NULL,
        0, quick_fix, why_no_fix},
    {"problems.inline", "messages", "Show or hide what warnings say behind their lines", "", NULL,
        0, toggle_inline, NULL},
};

const struct action_set diagnose_actions = ACTION_SET("problems", "Problems", actions);

/* ---- life ---- */

struct diagnose *diagnose_new(struct desk *desk)
{
    struct diagnose *d = MEM_NEW(struct diagnose);
    d->desk = desk;
    d->problems = problems_new();
    d->parsing = loop_timer_new(desk->loop, on_parsing, d);
    const struct check_events events = {
        .data = d, .gather = gather, .found = found, .changed = changed};
    d->checker =
        checker_new(desk->loop, workspace_root(workbench_workspace(desk->workbench)), &events);
    d->show_inline = config_bool(workbench_config(desk->workbench), "diagnostics_inline");
    status_set_problems(desk->status, d->problems);
    editor_show_messages(desk->editor, d->show_inline);
    editor_on_changed(desk->editor, on_changed, d);
    editor_on_saved(desk->editor, on_saved, d);
    return d;
}

unsigned diagnose_evidence(const struct diagnose *diagnose)
{
    return diagnose->checker == NULL ? 0 : checker_evidence(diagnose->checker);
}

struct problems *diagnose_problems(struct diagnose *diagnose)
{
    return diagnose->problems;
}

void diagnose_stop(struct diagnose *d)
{
    if (d != NULL) {
        loop_timer_stop(d->parsing);
        checker_free(d->checker);
        d->checker = NULL;
    }
}

void diagnose_free(struct diagnose *d)
{
    if (d == NULL) {
        return;
    }
    loop_timer_free(d->parsing);
    problems_free(d->problems);
    forget_covered(d);
    VEC_FREE(&d->covered);
    free(d->focus);
    free(d);
}
