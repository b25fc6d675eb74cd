/* Kyverno as an engine: how `kyverno test` is called for a batch of suites, and what becomes of
 * those that it does not get to. */
#include "engine/kyverno.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TIMEOUT_BASE_S = 60,
    TIMEOUT_EACH_S = 5,
    SUITES_MAX = 40, /* of one process: starting one costs as much as seven suites */
    SLOW_MS = 20000,
    MESSAGE_MAX = 500,
    CLOSER_WORDS = 2 /* of a closer look, the first of the options */
};

static const char *const version_args[] = {"version", NULL};
static const char *const environment[] = {
    "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=600MiB", "NO_COLOR=1", NULL};

/* "Version: v1.19.1"; a build from source: "Version: ---". */
static bool version_of(struct str output, char **version)
{
    static const char head[] = "Version: ";
    struct str line;
    while (str_next_line(&output, &line)) {
        if (str_starts(line, head)) {
            struct str said = str_trim(str_from(line, strlen(head)));
            said = str_starts(said, "v") ? str_from(said, 1) : said;
            *version =
                str_equal_c(said, "---") ? mem_strdup("dev") : safe_dup(said, SAFE_ONE_LINE, 60);
            return said.len > 0;
        }
    }
    return false;
}

static const struct plan_unit *unit_at(const struct engine_question *q, size_t i)
{
    return &q->plan->units.items[q->batch->units.items[i]];
}

/* ---- asking ---- */

/* Kyverno goes down into a folder by itself: what is below another of the batch is not named. */
static bool is_below_another(const struct engine_question *q, const char *dir)
{
    for (size_t i = 0; i < q->batch->units.len; i++) {
        const struct kyverno_suite *other = unit_at(q, i)->own;
        char *above = path_dir(other->path);
        bool below = strcmp(above, dir) != 0 && plan_path_wanted(dir, above);
        free(above);
        if (below) {
            return true;
        }
    }
    return false;
}

/* A test is a resource of an entry. Kyverno's own selector is by names, without quoting: what would
 * mean something in it cannot be told. */
static void push_selector(const struct engine_question *q, struct engine_command *command)
{
    static const char special[] = "*?,= ";
    const struct plan_unit *unit = unit_at(q, 0);
    const struct kyverno_suite *suite = unit->own;
    if (!q->typed || q->only == NULL || q->only->len != 1) {
        return;
    }
    size_t place = 0;
    while (place < unit->tests.len && unit->tests.items[place] != q->only->items[0]) {
        place++;
    }
    VEC_FOREACH (struct kyverno_entry, entry, &suite->entries) {
        bool own = place >= entry->first && place - entry->first < entry->tests;
        if (!own || !engine_name_is_written(entry->policy, special)) {
            continue;
        }
        const char *resource = suite->resources.items[place];
        struct buf selector = BUF_INIT;
        buf_printf(&selector, "policy=%s", entry->policy);
        if (engine_name_is_written(entry->rule, special)) {
            buf_printf(&selector, ",rule=%s", entry->rule);
        }
        if (resource != NULL && engine_name_is_written(resource, special)) {
            buf_printf(&selector, ",resource=%s", resource);
        }
        VEC_PUSH(&command->argv, mem_strdup("-t"));
        VEC_PUSH(&command->argv, buf_take(&selector));
    }
}

/* Test files below the suite's folder are read with it. */
static bool has_below(const struct engine_question *q, const struct kyverno_suite *suite)
{
    char *dir = path_dir(suite->path);
    const char *base = path_base(suite->path);
    bool has = false;
    for (size_t i = 0; i < q->plan->files.len && !has; i++) {
        const char *path = q->plan->files.items[i].path;
        has = strcmp(path, suite->path) != 0 && strcmp(path_base(path), base) == 0 &&
              plan_path_wanted(path, dir);
    }
    free(dir);
    return has;
}

static bool command_for(const struct engine_question *q, const char *program,
    struct engine_command *command, struct err *err)
{
    if (q->ask == ENGINE_CHECK) {
        return kyverno_check_command(q, program, command);
    }
    static const char *const options[] = {
        "-v", "4", "--output-format", "json", "--detailed-results", "--remove-color", "--"};
    VEC_PUSH(&command->argv, mem_strdup(program));
    VEC_FOREACH (char *, arg, &unit_at(q, 0)->args) {
        VEC_PUSH(&command->argv, mem_strdup(*arg));
    }
    push_selector(q, command);
    for (size_t i = q->closer ? 0 : CLOSER_WORDS; i < ARRAY_LEN(options); i++) {
        VEC_PUSH(&command->argv, mem_strdup(options[i]));
    }
    for (size_t i = 0; i < q->batch->units.len; i++) {
        const struct kyverno_suite *suite = unit_at(q, i)->own;
        char *dir = path_dir(suite->path);
        if (!is_below_another(q, dir)) {
            VEC_PUSH(&command->argv, mem_printf("./%s", dir));
        }
        free(dir);
    }
    VEC_PUSH(&command->argv, NULL);
    command->env = environment;
    command->timeout_ms = (uint64_t)(TIMEOUT_BASE_S + TIMEOUT_EACH_S * q->batch->units.len) * 1000;
    struct kyverno_suite *alone = unit_at(q, 0)->own;
    bool apart = q->closer && q->batch->units.len == 1 && has_below(q, alone);
    if (apart && !kyverno_beside(alone, q->plan->root, err)) {
        return false;
    }
    command->dir = apart ? alone->beside.folder : NULL;
    return true;
}

/* ---- reading ---- */

/* How far Kyverno came with a suite. */
enum progress { NOT_BEGUN, BEGUN, ENDED };

static enum progress progress_of(
    const struct kyverno_suite *suite, const struct kyverno_report *report)
{
    size_t ended = 0;
    VEC_FOREACH (struct kyverno_block, block, &report->blocks) {
        bool own = strcmp(block->path, suite->path) == 0;
        if (own && !block->ended) {
            return ended >= suite->documents ? ENDED : BEGUN;
        }
        ended += own;
    }
    if (ended >= suite->documents && suite->documents > 0) {
        return ENDED;
    }
    return report->summed_up ? ENDED : NOT_BEGUN;
}

static void push_failure(
    const struct engine_question *q, size_t unit, const char *message, struct results *out)
{
    const struct plan_unit *planned = &q->plan->units.items[unit];
    VEC_FOREACH (size_t, place, &planned->tests) {
        const struct plan_test *test = &q->plan->tests.items[*place];
        VEC_PUSH(out, (struct result){.engine = engine_kyverno.name,
                          .suite = mem_strdup(test->suite),
                          .name = mem_strdup(test->name),
                          .status = RESULT_ERROR,
                          .file = mem_strdup(q->plan->files.items[test->file].path),
                          .at = test->at,
                          .message = safe_dup(str_of(message), SAFE_ONE_LINE, MESSAGE_MAX)});
    }
}

/* Why a test file does not load, or NULL. */
static const char *why_unloaded(
    const struct kyverno_suite *suite, const struct kyverno_report *report)
{
    VEC_FOREACH (struct kyverno_complaint, complaint, &report->unloaded) {
        if (strcmp(complaint->path, suite->path) == 0) {
            return complaint->text;
        }
    }
    return NULL;
}

/* "test file a/kyverno-test.yaml uses a deprecated schema": said before the suite is begun. */
static bool is_named(const struct kyverno_suite *suite, const char *error)
{
    char *words = mem_printf("test file %s uses", suite->path);
    bool named = error != NULL && strstr(error, words) != NULL;
    free(words);
    return named;
}

/* A file below the suite's folder that is nobody's suite here keeps Kyverno from the suite. */
static char *why_not_run(const struct kyverno_suite *suite, const struct kyverno_report *report)
{
    char *dir = path_dir(suite->path);
    char *why = NULL;
    VEC_FOREACH (struct kyverno_complaint, complaint, &report->unloaded) {
        if (why == NULL && plan_path_wanted(complaint->path, dir)) {
            why = mem_printf("kyverno does not run it because of %s in a folder below: %s",
                complaint->path, complaint->text);
        }
    }
    free(dir);
    return why;
}

static bool has_difference(const struct kyverno_suite *suite, const struct kyverno_report *report)
{
    VEC_FOREACH (struct kyverno_block, block, &report->blocks) {
        VEC_FOREACH (struct kyverno_line, line, &block->lines) {
            if (kyverno_line_differs(line) && strcmp(block->path, suite->path) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* What Kyverno says of the suite's policies becomes a finding of the policy's file. Where and what
 * in a line that the caller frees; NULL: it speaks of none. */
static char *tell_policy(const struct engine_question *q, const struct kyverno_suite *suite,
    const char *error, struct engine_answer *answer)
{
    struct finding finding = {0};
    char *where = NULL;
    const char **paths = mem_alloc((suite->policy_files.len + 1) * sizeof *paths);
    for (size_t i = 0; i < suite->policy_files.len; i++) {
        paths[i] = q->plan->files.items[suite->policy_files.items[i]].path;
    }
    bool speaks_of_it = strstr(error, "policy") != NULL || strstr(error, "policies") != NULL;
    if (speaks_of_it &&
        kyverno_diagnose(str_of(error), q->plan->root, paths, suite->policy_files.len, &finding)) {
        findings_add(&answer->findings, &finding);
        where = mem_printf(
            "%s:%u:%u: %s", finding.file, finding.at.row, finding.at.col, finding.message);
        finding_free(&finding);
    }
    free(paths);
    return where;
}

/* Policies that Kyverno leaves out of a suite which it runs. */
static void tell_policies(const struct engine_question *q, const struct kyverno_suite *suite,
    const struct kyverno_report *report, struct engine_answer *answer)
{
    VEC_FOREACH (struct kyverno_block, block, &report->blocks) {
        bool own = strcmp(block->path, suite->path) == 0;
        for (size_t i = 0; own && i < block->complaints.len; i++) {
            char *error = mem_printf("policy file %s: %s", block->complaints.items[i].path,
                block->complaints.items[i].text);
            free(tell_policy(q, suite, error, answer));
            free(error);
        }
        for (size_t i = 0; own && i < block->lines.len; i++) {
            const struct kyverno_line *line = &block->lines.items[i];
            if (line->outcome == KYVERNO_SKIPPED) {
                char *error = mem_printf(
                    "compile policy %s (%s)", kyverno_base_name(line->policy), line->message);
                free(tell_policy(q, suite, error, answer));
                free(error);
            }
        }
    }
}

/* kyverno says nothing of a file that is empty, where no other is beside it. */
static bool has_nothing(const struct kyverno_suite *suite, const struct kyverno_report *report)
{
    return report->error == NULL && suite->entries.len > 0 &&
           suite->entries.items[0].document == (size_t)-1;
}

static void take_suite(const struct engine_question *q, size_t unit,
    const struct kyverno_report *report, struct kyverno_diffs *diffs, struct engine_answer *answer)
{
    const struct kyverno_suite *suite = q->plan->units.items[unit].own;
    const char *unloaded = why_unloaded(suite, report);
    enum progress progress = progress_of(suite, report);
    const char *error = report->error == NULL ? "it did not say why" : report->error;
    if (unloaded != NULL) {
        push_failure(q, unit, unloaded, &answer->results);
    } else if (progress == ENDED && !q->closer && has_difference(suite, report)) {
        VEC_PUSH(&answer->closer, unit);
    } else if (progress == ENDED || has_nothing(suite, report)) {
        kyverno_rows(q, unit, report, diffs, &answer->results);
        tell_policies(q, suite, report, answer);
    } else if (progress == BEGUN || is_named(suite, report->error)) {
        char *where = tell_policy(q, suite, error, answer);
        push_failure(q, unit, where != NULL ? where : error, &answer->results);
        free(where);
    } else if (q->batch->units.len > 1) {
        VEC_PUSH(&answer->again, unit);
    } else {
        char *why = why_not_run(suite, report);
        if (why != NULL && !q->closer) { /* by itself, without what is below */
            VEC_PUSH(&answer->closer, unit);
            free(why);
            return;
        }
        push_failure(q, unit, why == NULL ? error : why, &answer->results);
        free(why);
    }
}

static bool parse(const struct engine_question *q, struct str out, struct str errout, int exit_code,
    struct engine_answer *answer, struct err *err)
{
    if (q->ask == ENGINE_CHECK) {
        kyverno_check_parse(q, out, errout, answer);
        return true;
    }
    struct kyverno_report report = {0};
    bool ok = kyverno_parse(out, errout, &report, err);
    size_t failed = 0;
    VEC_FOREACH (struct kyverno_block, block, &report.blocks) {
        VEC_FOREACH (struct kyverno_line, line, &block->lines) {
            failed += line->outcome == KYVERNO_FAILED;
        }
    }
    if (ok && report.summed_up && (failed > 0) != (exit_code != 0)) {
        ok = err_set(err, ERR_EXTERNAL,
            "kyverno ended with exit code %d, which does not go with the %zu failures it printed",
            exit_code, failed);
    }
    struct kyverno_diffs diffs = {0};
    if (ok && q->closer) {
        kyverno_read_diffs(errout, &diffs);
    }
    answer->loaded = true;
    for (size_t i = 0; ok && i < q->batch->units.len; i++) {
        take_suite(q, q->batch->units.items[i], &report, &diffs, answer);
    }
    kyverno_diffs_free(&diffs);
    if (answer->again.len == q->batch->units.len) {
        answer->loaded = false; /* nobody in particular is to blame: each by itself */
        answer->message = mem_printf("kyverno: %s",
            report.error == NULL ? "it ran nothing and did not say why" : report.error);
    }
    kyverno_report_free(&report);
    return ok;
}

const struct engine engine_kyverno = {
    .name = "kyverno",
    .program = "kyverno",
    .minimum = "1.15.0",
    .unlocks = "Kyverno suites (kyverno test), what policies decide (kyverno apply)",
    .version_args = version_args,
    .version = version_of,
    .checks = true,
    .units_max = SUITES_MAX,
    .slow_ms = SLOW_MS,
    .extend = kyverno_extend,
    .command = command_for,
    .parse = parse,
};
