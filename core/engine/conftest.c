/* Conftest as an engine: its version, its command lines, its answers as rows. What is its own in a
 * workspace is found in conftest_plan.c. */
#include "engine/conftest.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/shell.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_BASE_S = 60, TIMEOUT_EACH_S = 5, RENDER_MESSAGE_MAX = 600 };

#define HOLLOW                                                                                     \
    "the file is empty: conftest asks the policies about nothing at all, and that they allow it "  \
    "says nothing"

static const char *const version_args[] = {"--version", NULL};
static const char *const environment[] = {
    "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=400MiB", "NO_COLOR=1", NULL};

static bool version_of(struct str output, char **version)
{
    struct str line;
    while (str_next_line(&output, &line)) {
        if (str_starts(line, "Conftest:")) {
            *version = str_dup(str_trim(str_from(line, strlen("Conftest:"))));
            return true;
        }
    }
    return false;
}

static const struct plan_unit *unit_of(const struct engine_question *q)
{
    return &q->plan->units.items[q->batch->units.items[0]];
}

static bool is_asked(const struct engine_question *q, size_t test)
{
    if (q->only == NULL || q->only->len == 0) {
        return true;
    }
    VEC_FOREACH (size_t, only, q->only) {
        if (*only == test) {
            return true;
        }
    }
    return false;
}

/* A path as conftest is given it, below the unit's folder; borrowed. */
static const char *below(const struct plan_unit *unit, const char *path)
{
    size_t len = strlen(unit->dir);
    return len == 0 ? path : path + len + 1;
}

/* The documents come from a pipe: we render them confined and become conftest; a person types the
 * pipe. */
static bool wrap_rendered(const struct engine_question *q, const struct conftest_rendered *rendered,
    struct engine_command *command, struct err *err)
{
    if (q->typed) {
        struct renderer_call call;
        bool found = renderer_find(rendered->renderer, rendered->target, &call, err);
        struct buf line = BUF_INIT;
        for (size_t i = 0; found && call.argv[i] != NULL; i++) {
            buf_append_c(&line, i == 0 ? "" : " ");
            shell_append_word(&line, i == 0 ? path_base(call.program) : call.argv[i]);
        }
        command->before = found ? buf_take(&line) : NULL;
        renderer_call_free(&call);
        return found;
    }
    const char *front[] = {NULL, "render", rendered->target, "--"};
    char *own = confined_program(err);
    front[0] = own;
    for (size_t i = 0; own != NULL && i < ARRAY_LEN(front); i++) {
        VEC_INSERT(&command->argv, i, mem_strdup(front[i]));
    }
    free(own);
    return own != NULL;
}

static bool command_for(const struct engine_question *q, const char *program,
    struct engine_command *command, struct err *err)
{
    const struct plan_unit *unit = unit_of(q);
    size_t tests = 0;
    VEC_PUSH(&command->argv, mem_strdup(program));
    VEC_FOREACH (char *, arg, &unit->args) {
        VEC_PUSH(&command->argv, mem_strdup(*arg));
    }
    VEC_FOREACH (size_t, test, &unit->tests) {
        if (!is_asked(q, *test)) {
            continue;
        }
        tests++;
        if (!unit->whole) {
            size_t file = q->plan->tests.items[*test].file;
            VEC_PUSH(&command->argv, mem_strdup(below(unit, q->plan->files.items[file].path)));
        }
    }
    bool ok = unit->own == NULL || wrap_rendered(q, unit->own, command, err);
    VEC_PUSH(&command->argv, NULL);
    command->env = environment;
    command->dir = unit->dir[0] == '\0' ? NULL : unit->dir;
    command->timeout_ms = (uint64_t)(TIMEOUT_BASE_S + TIMEOUT_EACH_S * tests) * 1000;
    return ok;
}

static struct result row_of(const struct engine_question *q, size_t test, enum result_status status)
{
    const struct plan_test *known = &q->plan->tests.items[test];
    return (struct result){.engine = engine_conftest.name,
        .suite = mem_strdup(known->suite),
        .name = mem_strdup(known->name),
        .status = status,
        .file = mem_strdup(q->plan->files.items[known->file].path),
        .at = known->at};
}

/* ---- verify ---- */

/* What the report says of one file: passes are only counted, the others are named. */
struct verified {
    size_t passed, named;
};

static struct verified count_file(const struct conftest_report *report, const char *path)
{
    struct verified seen = {0};
    VEC_FOREACH (struct conftest_entry, entry, report) {
        if (strcmp(entry->file, path) == 0) {
            seen.passed += entry->successes;
            seen.named += entry->findings.len;
        }
    }
    return seen;
}

/* "data.main.test_x" or "data.main.test_x#01". */
static bool is_named(const struct conftest_finding *finding, const struct plan_test *test)
{
    char *full = mem_printf("data.%s.%s", test->suite, test->name);
    size_t len = strlen(full);
    bool same = strncmp(finding->message, full, len) == 0 &&
                (finding->message[len] == '\0' || finding->message[len] == '#');
    free(full);
    return same;
}

static const struct conftest_finding *find_named(
    const struct conftest_report *report, const char *path, const struct plan_test *test)
{
    VEC_FOREACH (struct conftest_entry, entry, report) {
        VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
            if (strcmp(entry->file, path) == 0 && is_named(finding, test)) {
                return finding;
            }
        }
    }
    return NULL;
}

static size_t tests_of_file(const struct engine_question *q, size_t file)
{
    size_t count = 0;
    VEC_FOREACH (size_t, test, &unit_of(q)->tests) {
        count += q->plan->tests.items[*test].file == file;
    }
    return count;
}

/* Conftest names the tests that failed and counts the others: a test passed when it is not named
 * and the numbers of its file add up. */
static void take_verified(
    const struct engine_question *q, const struct conftest_report *report, struct results *out)
{
    const struct plan_unit *unit = unit_of(q);
    VEC_FOREACH (size_t, place, &unit->tests) {
        const struct plan_test *test = &q->plan->tests.items[*place];
        const char *path = below(unit, q->plan->files.items[test->file].path);
        const struct conftest_finding *named = find_named(report, path, test);
        struct verified seen = count_file(report, path);
        size_t known = tests_of_file(q, test->file);
        enum result_status status = named != NULL                       ? named->status
                                    : seen.passed + seen.named == known ? RESULT_PASS
                                                                        : RESULT_NOT_EVALUATED;
        struct result row = row_of(q, *place, status);
        if (status == RESULT_NOT_EVALUATED && seen.passed + seen.named == 0) {
            row.message = mem_strdup("conftest verify reports no test of this file: does the "
                                     "namespace in conftest.toml leave its package out?");
        } else if (status == RESULT_NOT_EVALUATED) {
            row.message = mem_printf("conftest verify reports %zu tests of this file and does not "
                                     "name those that pass, but there are %zu",
                seen.passed + seen.named, known);
        }
        VEC_PUSH(out, row);
    }
}

/* ---- test ---- */

/* The worst of what the rows say; a file that every rule that matches it excepts is skipped. */
static enum result_status worst(const struct conftest_report *report, const char *path)
{
    size_t count[RESULT_STATUSES] = {0};
    VEC_FOREACH (struct conftest_entry, entry, report) {
        if (strcmp(entry->file, path) == 0) {
            count[RESULT_PASS] += entry->successes;
            VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
                count[finding->status]++;
            }
        }
    }
    static const enum result_status order[] = {
        RESULT_FAIL, RESULT_WARNING, RESULT_PASS, RESULT_SKIPPED};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (count[order[i]] > 0) {
            return order[i];
        }
    }
    return RESULT_NOT_EVALUATED;
}

/* `hollow`: of a file that holds nothing. A rule that it breaks is broken all the same. */
static void push_holding(const struct result *parent, const struct conftest_entry *entry,
    bool hollow, struct results *out)
{
    bool holds = entry->successes > 0 && !hollow;
    struct result row = {.engine = parent->engine,
        .suite = mem_strdup(parent->suite),
        .name = mem_printf("%s/%s", parent->name, entry->space),
        .status = holds ? RESULT_PASS : RESULT_NOT_EVALUATED,
        .depth = 1,
        .count = holds ? entry->successes : 0,
        .file = mem_strdup(parent->file),
        .at = parent->at};
    row.message = holds ? mem_printf(entry->successes == 1 ? "%u rule holds" : "%u rules hold",
                              entry->successes)
                  : hollow && entry->successes > 0
                      ? mem_strdup(HOLLOW)
                      : mem_printf("no rule of namespace %s was evaluated", entry->space);
    VEC_PUSH(out, row);
}

static void push_entry(const struct plan_unit *unit, const struct result *parent,
    const struct conftest_entry *entry, bool hollow, struct results *out)
{
    VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
        struct result row = {.engine = parent->engine,
            .suite = mem_strdup(parent->suite),
            .name = mem_printf("%s/%s", parent->name, finding->rule),
            .status = finding->status,
            .depth = 1,
            .file = mem_strdup(parent->file),
            .at = parent->at,
            .message = mem_strdup(finding->message),
            .detail = mem_strdup(finding->detail)};
        if (finding->row > 0) {
            row.at = (struct position){finding->row, 1};
        }
        if (finding->file != NULL && finding->file[0] != '/') {
            free(row.file);
            row.file = unit->dir[0] == '\0' ? mem_strdup(finding->file)
                                            : path_join(unit->dir, finding->file);
        }
        VEC_PUSH(out, row);
    }
    if (entry->successes > 0 || entry->findings.len == 0) {
        push_holding(parent, entry, hollow, out);
    }
}

static void push_input(const struct engine_question *q, size_t test,
    const struct conftest_report *report, struct results *out)
{
    const struct plan_unit *unit = unit_of(q);
    const struct plan_test *known = &q->plan->tests.items[test];
    const struct conftest_rendered *rendered = unit->own;
    const char *path = rendered != NULL && !rendered->combine ? "" /* of standard input */
                       : unit->whole                          ? "Combined"
                                     : below(unit, q->plan->files.items[known->file].path);
    size_t first = out->len;
    VEC_PUSH(out, row_of(q, test, worst(report, path)));
    struct result parent = out->items[first];
    struct buf spaces = BUF_INIT;
    VEC_FOREACH (struct conftest_entry, entry, report) {
        if (strcmp(entry->file, path) == 0) {
            buf_printf(&spaces, "%s%s", spaces.len == 0 ? "" : ", ", entry->space);
            push_entry(unit, &parent, entry, known->hollow, out);
        }
    }
    struct result *row = &out->items[first];
    if (row->status == RESULT_PASS && known->hollow) {
        row->status = RESULT_NOT_EVALUATED;
        row->message = mem_strdup(HOLLOW);
    } else if (row->status == RESULT_NOT_EVALUATED) {
        row->message =
            spaces.len == 0
                ? mem_strdup("conftest does not report on it: conftest.toml ignores it, or there "
                             "is no namespace")
                : mem_printf("nothing was evaluated: there is no deny, violation or warn "
                             "rule in namespace %s, or no document in the file",
                      spaces.ptr);
    } else if (row->status != RESULT_PASS) {
        row->message = mem_strdup(out->items[first + 1].message);
    }
    buf_free(&spaces);
}

/* Warnings are failures where conftest.toml says fail-on-warn, which the exit code tells: 1 with
 * warnings only, 2 with failures. False: the code does not go with what was reported. */
static bool read_exit(struct conftest_report *report, int exit_code, struct err *err)
{
    size_t failures = 0;
    size_t warnings = 0;
    VEC_FOREACH (struct conftest_entry, entry, report) {
        VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
            failures += finding->status == RESULT_FAIL;
            warnings += finding->status == RESULT_WARNING;
        }
    }
    if (exit_code != 0 && failures + warnings == 0) {
        return err_set(err, ERR_EXTERNAL,
            "conftest ended with exit code %d, but reports no failure", exit_code);
    }
    bool fail_on_warn = exit_code == 2 || (exit_code == 1 && failures == 0);
    VEC_FOREACH (struct conftest_entry, entry, report) {
        VEC_FOREACH (struct conftest_finding, finding, &entry->findings) {
            if (fail_on_warn && finding->status == RESULT_WARNING) {
                finding->status = RESULT_FAIL;
            }
        }
    }
    return true;
}

/* What `bylaw render` says in place of conftest: that the tool failed, or (which is no answer to
 * what the policies ask: conftest would let nothing at all pass) that there is no document. */
static bool take_unrendered(
    const struct engine_question *q, struct str errout, int exit_code, struct engine_answer *answer)
{
    static const char ours[] = "bylaw render: ";
    if (unit_of(q)->own == NULL || !str_starts(errout, ours)) {
        return false;
    }
    char *said =
        safe_dup(str_trim(str_from(errout, sizeof ours - 1)), SAFE_ONE_LINE, RENDER_MESSAGE_MAX);
    answer->loaded = exit_code == RENDERED_NOTHING;
    for (size_t i = 0; answer->loaded && i < unit_of(q)->tests.len; i++) {
        const size_t *test = &unit_of(q)->tests.items[i];
        struct result row = row_of(q, *test, RESULT_NOT_EVALUATED);
        row.message = mem_strdup(said);
        VEC_PUSH(&answer->results, row);
    }
    answer->message = said;
    return true;
}

static bool parse(const struct engine_question *q, struct str out, struct str errout, int exit_code,
    struct engine_answer *answer, struct err *err)
{
    const struct plan_unit *unit = unit_of(q);
    struct conftest_report report = {0};
    struct str said = str_trim(out);
    if (said.len == 0 && take_unrendered(q, errout, exit_code, answer)) {
        return true;
    }
    if (said.len == 0) {
        answer->loaded = false;
        conftest_parse_refusal(errout, unit->dir, &answer->findings, &answer->message);
        return true;
    }
    answer->loaded = true;
    bool ok = conftest_parse(said, &report, err) && read_exit(&report, exit_code, err);
    if (ok && !unit->inputs) {
        take_verified(q, &report, &answer->results);
    }
    VEC_FOREACH (size_t, test, &unit->tests) {
        if (ok && unit->inputs && is_asked(q, *test)) {
            push_input(q, *test, &report, &answer->results);
        }
    }
    conftest_report_free(&report);
    return ok;
}

const struct engine engine_conftest = {
    .name = "conftest",
    .program = "conftest",
    .minimum = "0.56.0",
    .unlocks =
        "conftest verify and conftest test in folders with a conftest.toml, also of what charts "
        "and overlays render to",
    .version_args = version_args,
    .version = version_of,
    .extend = conftest_extend,
    .command = command_for,
    .parse = parse,
};
