#include "desk_decided.h"

#include "base/vec.h"
#include "desk_private.h"
#include "evidence/evidence.h"
#include "policy/guard.h"

#include <stdlib.h>

/* What is read on a worker, and under whose name it is told. */
struct reading {
    struct desk_decided *owner; /* NULL: not wanted any more */
    struct reading **slot;      /* the owner's */
    const char *name;
    char *root;
    struct coverage coverage; /* picked */
    struct findings findings;
};

enum applied { APPLIED_NEVER, APPLIED_RUNS, APPLIED_KNOWN, APPLIED_TOO_MANY, APPLIED_TROUBLED };

struct desk_decided {
    struct desk *desk;
    struct reading *fixtures, *tests; /* the last ones begun, or NULL */
    enum applied applied;
    bool moved;      /* something changed since policies were applied */
    uint64_t board;  /* its version when it was read; 0: never */
    bool unsaved;    /* coverage of texts that are not saved was left out */
    char *unsettled; /* of what was applied: what an engine gave no answer to; or NULL */
    char *unasked;   /* of the tests that ran: why one of them could not; or NULL */
    char *said;
};

/* ---- reading ---- */

static void work(void *data)
{
    struct reading *reading = data;
    evidence_of_picked(reading->root, &reading->coverage, &reading->findings);
    guards_drop_silenced(reading->root, &reading->findings);
}

static void worked(void *data, bool cancelled)
{
    struct reading *reading = data;
    struct desk_decided *decided = reading->owner;
    if (decided != NULL && !cancelled) {
        *reading->slot = NULL;
        problems_set(
            diagnose_problems(decided->desk->diagnose), reading->name, NULL, 0, &reading->findings);
        diagnose_show(decided->desk->diagnose);
    }
    coverage_free(&reading->coverage);
    findings_free(&reading->findings);
    free(reading->root);
    free(reading);
}

static void forget(struct reading **slot)
{
    if (*slot != NULL) {
        (*slot)->owner = NULL;
        *slot = NULL;
    }
}

static struct reading *begin(struct desk_decided *decided, struct reading **slot, const char *name)
{
    forget(slot);
    struct reading *reading = MEM_NEW(struct reading);
    reading->owner = decided;
    reading->slot = slot;
    reading->name = name;
    reading->root = mem_strdup(workspace_root(workbench_workspace(decided->desk->workbench)));
    *slot = reading;
    return reading;
}

/* ---- what is not evaluated ---- */

static const char *why_no_fixtures(const struct desk_decided *d)
{
    switch (d->applied) {
    case APPLIED_RUNS:
        return "policies are being applied to fixtures";
    case APPLIED_KNOWN:
        return d->moved ? "something changed since Alt-A applied the policies: Alt-A again"
                        : d->unsettled;
    case APPLIED_TOO_MANY:
        return "too many decisions for here: bylaw guards --decide";
    case APPLIED_TROUBLED:
        return "policies could not be applied to fixtures: Alt-A tries again";
    default:
        return "Alt-A applies the policies to the fixtures";
    }
}

static const char *why_no_tests(const struct desk_decided *d)
{
    const struct board *board = status_board(d->desk->status);
    const struct coverage *coverage = board_coverage(board);
    if (d->desk->tested_proposal != 0) {
        return "the tests that ran are those of the proposal";
    }
    if (board_is_busy(board)) {
        return "the tests are running";
    }
    if (board_trouble(board) != NULL) {
        return "the tests could not run: F5 tries again";
    }
    if (board_wall_us(board) == 0) {
        return "F5 runs the tests";
    }
    if (status_has_unrun(d->desk->status)) {
        return "something changed since the tests ran: F5 again";
    }
    if (d->unasked != NULL || board_coverage_is_empty(board)) {
        return d->unasked;
    }
    if (coverage == NULL || coverage->incomplete || board_coverage_is_old(board)) {
        return "coverage is not complete: the tests must load and pass";
    }
    return d->unsaved ? "coverage is read of what is saved" : NULL;
}

/* What waits for one kind of evidence, as "why (guards)". */
static void say_one(unsigned evidence, const char *why, struct buf *out)
{
    if (why != NULL) {
        buf_printf(out, "%s%s (", out->len > 0 ? "; " : "", why);
        (void)guards_by_evidence(evidence, out);
        buf_append_c(out, ")");
    }
}

static void say(struct desk_decided *d)
{
    if (d->desk->diagnose == NULL) {
        return; /* the desk is being made */
    }
    unsigned wanted = diagnose_evidence(d->desk->diagnose);
    const char *fixtures = (wanted & GUARD_BY_FIXTURES) != 0 ? why_no_fixtures(d) : NULL;
    const char *tests = (wanted & GUARD_BY_TESTS) != 0 ? why_no_tests(d) : NULL;
    struct buf text = BUF_INIT;
    struct buf names = BUF_INIT;
    size_t count = guards_by_evidence((fixtures != NULL ? (unsigned)GUARD_BY_FIXTURES : 0U) |
                                          (tests != NULL ? (unsigned)GUARD_BY_TESTS : 0U),
        &names);
    say_one(GUARD_BY_FIXTURES, fixtures, &text);
    say_one(GUARD_BY_TESTS, tests, &text);
    buf_append_c(&text, "");
    if (d->said == NULL || strcmp(d->said, text.ptr) != 0) {
        free(d->said);
        d->said = mem_strdup(text.ptr);
        status_set_waiting(d->desk->status, count, text.ptr);
    }
    buf_free(&names);
    buf_free(&text);
}

/* ---- fixtures ---- */

void desk_decided_applying(struct desk_decided *decided)
{
    decided->applied = APPLIED_RUNS;
    decided->moved = false;
    say(decided);
}

void desk_decided_troubled(struct desk_decided *decided)
{
    decided->applied = APPLIED_TROUBLED;
    say(decided);
}

/* What no engine answered, and no test that ran did either. */
static void find_unsettled(struct desk_decided *d, const struct matrix *matrix)
{
    struct board *board = status_board(d->desk->status);
    struct results tested = {0}; /* the board's; those that can tell */
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        for (size_t k = 0; k < test->count; k++) {
            if (test->rows[k].input_file != NULL) {
                VEC_PUSH(&tested, test->rows[k]);
            }
        }
    }
    free(d->unsettled);
    d->unsettled = evidence_unsettled_fixtures(matrix, MATRIX_NOW, &tested);
    if (d->unsettled == NULL) {
        d->unsettled = evidence_unsettled_policies(matrix, MATRIX_NOW);
    }
    VEC_FREE(&tested);
}

void desk_decided_tell(struct desk_decided *decided, const struct matrix *matrix)
{
    forget(&decided->fixtures);
    bool few = matrix_policies(matrix) * matrix_fixtures(matrix) <= DECIDED_CELLS_MAX;
    decided->applied = few ? APPLIED_KNOWN : APPLIED_TOO_MANY;
    if (few) {
        struct reading *reading = begin(decided, &decided->fixtures, "decided");
        evidence_of_matrix(matrix, MATRIX_NOW, &reading->findings);
        find_unsettled(decided, matrix);
        loop_work_start(decided->desk->loop, work, worked, reading);
    }
    say(decided);
}

void desk_decided_moved(struct desk_decided *decided)
{
    if (decided != NULL) {
        decided->moved = true;
        say(decided);
    }
}

void desk_decided_unmoved(struct desk_decided *decided)
{
    decided->moved = false;
    say(decided);
}

/* ---- tests ---- */

static void take_rows(struct desk_decided *d, struct board *board, struct findings *findings)
{
    struct results unasked = {0}; /* the board's */
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        struct results rows = {.items = test->rows, .len = test->count};
        evidence_of_results(&rows, findings);
        for (size_t k = 0; k < rows.len; k++) {
            if (rows.items[k].unasked) {
                VEC_PUSH(&unasked, rows.items[k]);
            }
        }
    }
    free(d->unasked);
    d->unasked = evidence_unasked_tests(&unasked);
    VEC_FREE(&unasked);
}

/* Rows of a text that is not saved are not those of the file. */
static void take_coverage(struct desk_decided *d, struct board *board, struct coverage *out)
{
    struct coverage picked = {0};
    d->unsaved = false;
    evidence_pick_coverage(board_coverage(board), &picked);
    VEC_FOREACH (struct coverage_file, file, &picked) {
        if (editor_unsaved_length(d->desk->editor, file->path) > 0) {
            file->covered.len = file->missed.len = 0;
            d->unsaved = true;
        }
    }
    *out = picked;
}

static void read_tests(struct desk_decided *d, struct board *board)
{
    struct reading *reading = begin(d, &d->tests, "tested");
    if (d->desk->tested_proposal == 0) {
        take_rows(d, board, &reading->findings);
    }
    if (d->desk->tested_proposal == 0 && board_coverage(board) != NULL &&
        !board_coverage_is_old(board)) {
        take_coverage(d, board, &reading->coverage);
    }
    loop_work_start(d->desk->loop, work, worked, reading);
}

void desk_decided_refresh(struct desk_decided *decided)
{
    if (decided == NULL) {
        return;
    }
    struct board *board = status_board(decided->desk->status);
    if (!board_is_busy(board) && board_wall_us(board) > 0 &&
        board_version(board) != decided->board) {
        decided->board = board_version(board);
        read_tests(decided, board);
    }
    say(decided);
}

/* ---- life ---- */

struct desk_decided *desk_decided_new(struct desk *desk)
{
    struct desk_decided *decided = MEM_NEW(struct desk_decided);
    decided->desk = desk;
    return decided;
}

void desk_decided_free(struct desk_decided *decided)
{
    if (decided != NULL) {
        forget(&decided->fixtures);
        forget(&decided->tests);
        free(decided->unsettled);
        free(decided->unasked);
        free(decided->said);
        free(decided);
    }
}
