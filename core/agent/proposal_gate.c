#include "agent/proposal_gate.h"

#include "agent/workbench_private.h"
#include "base/safe.h"
#include "base/vec.h"
#include "gate/gate.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 40, LINE_BYTES = 600, ROWS_MAX = 5000 };

struct proposal_gate {
    struct workbench *wb;
    unsigned stamp; /* of what it is about */
    void (*done)(void *data);
    void *data;
    struct gate *gate;
    const struct report *report; /* the gate's; NULL: it runs */
};

static void on_done(void *data, struct report *report)
{
    struct proposal_gate *gate = data;
    gate->report = report;
    gate->done(gate->data);
}

static void add_paths(const struct changes *changes, struct gate_options *options, char **paths)
{
    VEC_FOREACH (const struct change, change, changes) {
        paths[options->changed_count++] = change->path;
        if (change->moved_from != NULL) {
            paths[options->changed_count++] = change->moved_from;
        }
    }
    options->changed = paths;
}

struct proposal_gate *proposal_gate_start(
    struct workbench *wb, struct loop *loop, void (*done)(void *data), void *data)
{
    unsigned number;
    const char *root = workbench_checked_root(wb, &number);
    const struct proposal *open = proposals_open(wb->proposals);
    if (root == NULL || open == NULL || number != open->number) {
        return NULL;
    }
    struct proposal_gate *gate = MEM_NEW(struct proposal_gate);
    gate->wb = wb;
    gate->stamp = wb->stamp;
    gate->done = done;
    gate->data = data;
    struct gate_options options = {.root = root,
        .before = workspace_root(wb->workspace),
        .threshold = (double)config_integer(wb->config, "coverage_threshold"),
        .fails = SEVERITY_ERROR,
        .offline = true};
    char **paths = mem_zalloc((2 * open->changes.len + 1) * sizeof *paths);
    add_paths(&open->changes, &options, paths);
    gate->gate = gate_start(loop, &options, &(struct gate_events){.data = gate, .done = on_done});
    free(paths);
    return gate;
}

void proposal_gate_free(struct proposal_gate *gate)
{
    if (gate != NULL) {
        gate_free(gate->gate);
        free(gate);
    }
}

bool proposal_gate_runs(const struct proposal_gate *gate)
{
    return gate->report == NULL && gate->stamp == gate->wb->stamp;
}

bool proposal_gate_holds(const struct proposal_gate *gate)
{
    return gate->report != NULL && gate->stamp == gate->wb->stamp;
}

bool proposal_gate_passed(const struct proposal_gate *gate)
{
    return gate->report != NULL && gate->report->trouble == NULL &&
           gate->report->verdict == RESULT_PASS;
}

static bool is_red(const struct report_part_outcome *part)
{
    return part->status != RESULT_PASS && part->status != RESULT_SKIPPED;
}

/* The first that fails, of what has a place. */
static void put_first(const struct report *report, struct buf *why)
{
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        if (finding->severity == SEVERITY_ERROR && finding->file != NULL &&
            finding->file[0] != '\0') {
            char *said = safe_dup(str_of(finding->message), SAFE_ONE_LINE, LINE_BYTES);
            buf_printf(why, "; %s, %s: %s", finding->rule, finding->file, said);
            free(said);
            return;
        }
    }
}

void proposal_gate_describe(const struct proposal_gate *gate, struct buf *why)
{
    const struct report *report = gate->report;
    size_t before = why->len;
    if (report == NULL || report->trouble != NULL) {
        buf_printf(why, "not evaluated: %s", report == NULL ? "it runs" : report->trouble);
        return;
    }
    for (int i = 0; i < REPORT_PARTS; i++) {
        if (is_red(&report->parts[i])) {
            buf_printf(why, "%s%s: %s (%s)", why->len > before ? "; " : "",
                report_part_name((enum report_part)i), result_status_name(report->parts[i].status),
                report->parts[i].why == NULL ? "" : report->parts[i].why);
        }
    }
    put_first(report, why);
    if (why->len == before && !proposal_gate_passed(gate)) {
        buf_append_c(why, "not evaluated: there is nothing in it to check");
    }
}

/* Where no test comes. */
static void put_missed(const struct coverage *coverage, struct buf *told)
{
    size_t count = 0;
    for (size_t i = 0; i < coverage->len && count < FINDINGS_MAX; i++) {
        const struct coverage_file *file = &coverage->items[i];
        if (file->missed_rows > 0 && file->missed.len > 0) {
            buf_printf(told, "- %s: no test reaches row ", file->path);
            size_t last = file->missed.items[file->missed.len - 1].end_row;
            (void)coverage_append_rows(told, file, 0, last < ROWS_MAX ? last : ROWS_MAX, false);
            buf_append_char(told, '\n');
            count++;
        }
    }
}

bool proposal_gate_tell(const struct proposal_gate *gate, struct buf *told)
{
    const struct report *report = gate->report;
    size_t count = 0;
    buf_append_c(told, "## The gate does not pass your proposal\n"
                       "This is what `bylaw check` says of the workspace with it. Mend it with "
                       "apply_patch. Do not weaken a test or remove a fixture to pass it. If the "
                       "check is wrong, say so and change nothing.\n\n");
    proposal_gate_describe(gate, told);
    buf_append_char(told, '\n');
    if (is_red(&report->parts[REPORT_COVERAGE])) {
        put_missed(&report->covered, told);
    }
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        if (finding->severity != SEVERITY_ERROR || count++ >= FINDINGS_MAX) {
            continue;
        }
        char *said = safe_dup(str_of(finding->message), SAFE_ONE_LINE, LINE_BYTES);
        buf_printf(told, "- %s:%u:%u  %s: %s\n", finding->file == NULL ? "" : finding->file,
            finding->at.row, finding->at.col, finding->rule, said);
        free(said);
    }
    if (count > FINDINGS_MAX) {
        buf_printf(told, "(%zu more)\n", count - FINDINGS_MAX);
    }
    return count > 0;
}
