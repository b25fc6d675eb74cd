/* Gatekeeper's gator as an engine: suites run and read. */
#include "engine/gator.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/gator_place.h"
#include "engine/gator_suite.h"
#include "policy/template_files.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_BASE_S = 60, TIMEOUT_EACH_S = 5 };

/* ---- asking ---- */

static const char *const version_args[] = {"--version", NULL};
static const char *const environment[] = {
    "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=400MiB", "NO_COLOR=1", NULL};

/* "gator version v3.23.0 (Feature State: beta), opa/v1.17.1, …"; a build from source: "devel". */
static bool version_of(struct str output, char **version)
{
    size_t at = str_find(output, STR_LIT("gator version "), 0);
    if (at == SIZE_MAX) {
        return false;
    }
    struct str rest = str_from(output, at + strlen("gator version "));
    if (str_starts(rest, "v")) {
        rest = str_from(rest, 1);
    }
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] > ' ') {
        end++;
    }
    *version = safe_dup(str_slice(rest, 0, end), SAFE_ONE_LINE, 60);
    return end > 0;
}

/* "^test$//^case$", which gator takes apart at the slashes. */
static void push_filter(const struct engine_question *q, struct engine_command *command)
{
    const struct plan_unit *unit = &q->plan->units.items[q->batch->units.items[0]];
    if (!q->typed || unit->tests.len < 2 || q->only == NULL || q->only->len != 1) {
        return;
    }
    const struct plan_test *test = &q->plan->tests.items[q->only->items[0]];
    struct str own = str_of(test->name);
    own.len -= str_ends(own, GATOR_REGO) ? strlen(GATOR_REGO) : 0;
    char *name = str_dup(own);
    bool told = engine_name_is_written(name, "") && engine_name_is_written(test->suite, "") &&
                strstr(name, "//") == NULL && strstr(test->suite, "//") == NULL;
    if (told) {
        struct buf filter = BUF_INIT;
        buf_append_char(&filter, '^');
        engine_append_literal(&filter, test->suite);
        buf_append_c(&filter, "$//^");
        engine_append_literal(&filter, name);
        buf_append_char(&filter, '$');
        VEC_PUSH(&command->argv, mem_strdup("--run"));
        VEC_PUSH(&command->argv, buf_take(&filter));
    }
    free(name);
}

static bool command_for(const struct engine_question *q, const char *program,
    struct engine_command *command, struct err *err)
{
    (void)err;
    const struct plan_unit *unit = &q->plan->units.items[q->batch->units.items[0]];
    VEC_PUSH(&command->argv, mem_strdup(program));
    VEC_FOREACH (char *, arg, &unit->args) {
        if (strcmp(*arg, "--") == 0) {
            push_filter(q, command);
        }
        VEC_PUSH(&command->argv, mem_strdup(*arg));
    }
    VEC_PUSH(&command->argv, NULL);
    command->env = environment;
    command->timeout_ms = (uint64_t)(TIMEOUT_BASE_S + TIMEOUT_EACH_S * unit->tests.len) * 1000;
    return true;
}

/* The name is the reported one, or that of its second time. */
static bool is_name(const char *name, const char *reported)
{
    size_t len = strlen(reported);
    return strncmp(name, reported, len) == 0 &&
           (name[len] == '\0' || strcmp(name + len, GATOR_REGO) == 0);
}

/* The case's own outcome (each is taken once: names may repeat); else what its test came to. */
static const struct gator_outcome *outcome_of(
    struct gator_report *report, const struct plan_test *test)
{
    const struct gator_outcome *whole = NULL;
    VEC_FOREACH (struct gator_outcome, outcome, report) {
        if (strcmp(outcome->test, test->suite) != 0 && outcome->name == NULL) {
            continue;
        }
        if (outcome->name == NULL) {
            whole = outcome;
        } else if (!outcome->taken && strcmp(outcome->test, test->suite) == 0 &&
                   is_name(test->name, outcome->name)) {
            outcome->taken = true;
            return outcome;
        }
    }
    return whole;
}

/* ---- rows ---- */

struct rows {
    const struct engine_question *question;
    const struct plan_unit *unit;
    struct gator_suite *suite;
    struct gator_report report;
    struct engine_answer *answer;
    bool by_rego; /* the second time */
};

/* "unexpected number of violations: got 1 violations but want …: got messages [a b]" */
static char *got_of(const char *message)
{
    struct str text = str_of(message);
    size_t got = str_find(text, STR_LIT(": got "), 0);
    size_t but = got == SIZE_MAX ? SIZE_MAX : str_find(text, STR_LIT(" but want "), got);
    size_t list = but == SIZE_MAX ? SIZE_MAX : str_find(text, STR_LIT("got messages ["), but);
    if (list == SIZE_MAX) {
        return NULL;
    }
    struct str count = str_slice(text, got + strlen(": got "), but);
    struct str messages = str_from(text, list + strlen("got messages ["));
    messages.len -= str_ends(messages, "]");
    return messages.len == 0
               ? mem_printf("%.*s", STR_FMT(count))
               : mem_printf("%.*s\nmessages: %.*s", STR_FMT(count), STR_FMT(messages));
}

/* An error of the embedded Rego is told where it stands in the YAML, and in the file that it is
 * kept in. */
static void place_error(
    const struct rows *rows, const struct gator_suite_template *template, struct result *row)
{
    struct str yaml = buf_str(&template->text);
    struct position at = gator_error_place(yaml, NULL, row->message);
    if (at.row == 0) {
        return;
    }
    unsigned source_row = 0;
    char *said = gator_error_say(yaml, template->path, NULL, row->message);
    char *source = template_origin_on_disk(
        rows->question->plan->root, template->path, yaml, at.row, &source_row);
    free(row->message);
    row->message = source == NULL ? said : mem_printf("%s (%s:%u)", said, source, source_row);
    row->policy_at = at;
    struct finding finding = {.rule = mem_strdup("gator-template"),
        .severity = SEVERITY_ERROR,
        .file = mem_strdup(template->path),
        .at = at,
        .message = mem_strdup(row->message),
        .source = mem_strdup("gator")};
    findings_add(&rows->answer->findings, &finding);
    finding_free(&finding);
    if (source != NULL) {
        free(said);
        free(source);
    }
}

/* What each engine says of a case of a template with both: a finding once both have, and differ. */
static void compare_engines(const struct rows *rows, struct gator_case *one,
    const struct gator_suite_template *template, const struct result *row)
{
    if (!template->cel || !template->rego ||
        (row->status != RESULT_PASS && row->status != RESULT_FAIL)) {
        return;
    }
    *(rows->by_rego ? &one->by_rego : &one->by_cel) = row->status;
    if (one->by_cel == RESULT_NOT_EVALUATED || one->by_rego == RESULT_NOT_EVALUATED ||
        one->by_cel == one->by_rego) {
        return;
    }
    struct finding finding = {.rule = mem_strdup("cel-rego-differ"),
        .severity = SEVERITY_WARNING,
        .file = mem_strdup(template->path),
        .at = template->rego_at.row > 0 ? template->rego_at : template->at,
        .message = mem_printf("CEL and Rego differ: the case %s of %s:%u is a %s by CEL, which "
                              "Gatekeeper runs, and a %s by Rego",
            row->name, row->file, row->at.row, result_status_name(one->by_cel),
            result_status_name(one->by_rego)),
        .source = mem_strdup("gator")};
    findings_add(&rows->answer->findings, &finding);
    finding_free(&finding);
}

/* What is known of the case goes into its row. */
static void explain_row(const struct rows *rows, struct gator_case *one, struct result *row)
{
    const struct gator_suite_template *template =
        one->template == SIZE_MAX ? NULL : &rows->suite->templates.items[one->template];
    row->input_file = mem_strdup(one->object);
    row->input_at = one->object_at;
    if (template != NULL) {
        bool rego = template->rego_at.row > 0 && (rows->by_rego || !template->cel);
        row->policy_file = mem_strdup(template->path);
        row->policy_at = rego ? template->rego_at : template->at;
    }
    if (row->status == RESULT_FAIL) {
        row->expected = mem_strdup(one->expected);
        row->got = row->message == NULL ? NULL : got_of(row->message);
    } else if (row->status == RESULT_PASS && one->vacuous != NULL) {
        row->status = RESULT_NOT_EVALUATED;
        row->message = mem_strdup(one->vacuous);
    } else if (row->status == RESULT_ERROR && row->message != NULL && template != NULL) {
        place_error(rows, template, row);
    }
    if (template != NULL) {
        compare_engines(rows, one, template, row);
    }
}

static void push_row(struct rows *rows, size_t place)
{
    const struct run_plan *plan = rows->question->plan;
    const struct plan_test *test = &plan->tests.items[place];
    const struct gator_outcome *outcome = outcome_of(&rows->report, test);
    struct result row = {.engine = engine_gator.name,
        .suite = mem_strdup(test->suite),
        .name = mem_strdup(test->name),
        .status = RESULT_NOT_EVALUATED,
        .file = mem_strdup(plan->files.items[test->file].path),
        .at = test->at};
    bool own = outcome != NULL && (outcome->name != NULL || is_name(test->name, "template"));
    if (outcome == NULL) {
        bool whole = strcmp(test->name, path_base(row.file)) == 0;
        row.message = mem_printf("gator does not report on it: the suite has nothing to run here%s",
            whole ? " (it takes kind: Suite, and tests with cases)" : "");
    } else if (own || outcome->status != RESULT_PASS) {
        row.status = own || outcome->status != RESULT_FAIL ? outcome->status : RESULT_ERROR;
        row.message = mem_strdup(outcome->message);
        row.duration_us = outcome->duration_us;
    } else {
        row.message = mem_strdup("gator passes the test without a word on this case");
    }
    struct gator_case *one = rows->suite == NULL ? NULL : gator_suite_find(rows->suite, test->at);
    if (one != NULL) {
        explain_row(rows, one, &row);
    }
    VEC_PUSH(&rows->answer->results, row);
}

static bool parse(const struct engine_question *q, struct str out, struct str errout, int exit_code,
    struct engine_answer *answer, struct err *err)
{
    const struct plan_unit *unit = &q->plan->units.items[q->batch->units.items[0]];
    struct rows rows = {.question = q, .unit = unit, .suite = unit->own, .answer = answer};
    gator_parse(out, &rows.report);
    rows.by_rego = str_ends(str_of(unit->label), GATOR_REGO);
    bool bad = false;
    VEC_FOREACH (struct gator_outcome, outcome, &rows.report) {
        bad = bad || outcome->status == RESULT_FAIL || outcome->status == RESULT_ERROR;
    }
    bool ok = true;
    answer->loaded = rows.report.len > 0 || exit_code == 0;
    if (!answer->loaded) {
        char *said = safe_dup(str_trim(errout.len > 0 ? errout : out), SAFE_ONE_LINE, 400);
        answer->message =
            mem_printf("gator: %s", said[0] == '\0' ? "it ran nothing and did not say why" : said);
        free(said);
    } else if (!gator_is_whole(out)) {
        ok = err_set(err, ERR_EXTERNAL, "gator ended in the middle of its answer");
    } else if (bad != (exit_code != 0)) {
        ok = err_set(err, ERR_EXTERNAL,
            "gator ended with exit code %d, which does not go with what "
            "it printed",
            exit_code);
    } else {
        VEC_FOREACH (size_t, test, &unit->tests) {
            push_row(&rows, *test);
        }
    }
    gator_report_free(&rows.report);
    return ok;
}

const struct engine engine_gator = {
    .name = "gator",
    .program = "gator",
    .minimum = "3.18.0",
    .unlocks = "Gatekeeper suites (gator verify)",
    .version_args = version_args,
    .version = version_of,
    .extend = gator_extend,
    .command = command_for,
    .parse = parse,
};
