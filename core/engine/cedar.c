/* Cedar as an engine: its version, its command lines, its answers as rows and findings. */
#include "engine/cedar.h"

#include "base/safe.h"
#include "base/vec.h"
#include "engine/cedar_parse.h"

#include <stdlib.h>

enum { TIMEOUT_S = 60, SAID_MAX = 600 };

static const char *const version_args[] = {"--version", NULL};
static const char *const environment[] = {"NO_COLOR=1", NULL};

/* "cedar-policy-cli 4.14.1" */
static bool version_of(struct str output, char **version)
{
    struct str line = {0};
    if (!str_next_line(&output, &line) || !str_starts(line, "cedar-policy-cli ")) {
        return false;
    }
    *version = safe_dup(str_trim(str_from(line, strlen("cedar-policy-cli "))), SAFE_ONE_LINE, 60);
    return true;
}

static const struct plan_unit *unit_of(const struct engine_question *q)
{
    return &q->plan->units.items[q->batch->units.items[0]];
}

/* Asked `closer`, a request is decided without the schema, which its entities do not keep to. */
static bool command_for(const struct engine_question *q, const char *program,
    struct engine_command *command, struct err *err)
{
    (void)err;
    const struct plan_unit *unit = unit_of(q);
    VEC_PUSH(&command->argv, mem_strdup(program));
    for (size_t i = 0; i < unit->args.len; i++) {
        const char *arg = unit->args.items[i];
        bool of_schema = strcmp(arg, "-s") == 0 || strcmp(arg, "--schema-format") == 0;
        if (of_schema && q->closer) {
            i++;
        } else {
            VEC_PUSH(&command->argv, mem_strdup(arg));
        }
    }
    VEC_PUSH(&command->argv, NULL);
    command->env = environment;
    command->timeout_ms = (uint64_t)TIMEOUT_S * 1000;
    return true;
}

static struct result row_of(
    const struct engine_question *q, size_t test, enum result_status status, char *message)
{
    const struct plan_test *known = &q->plan->tests.items[test];
    return (struct result){.engine = engine_cedar.name,
        .suite = mem_strdup(known->suite),
        .name = mem_strdup(known->name),
        .status = status,
        .file = mem_strdup(q->plan->files.items[known->file].path),
        .at = known->at,
        .message = message};
}

/* ---- findings ---- */

struct finding cedar_finding(const struct cedar_diagnostic *diagnostic,
    const struct cedar_source *policies, const struct cedar_source *schema, const char *path)
{
    bool in_schema = diagnostic->in_schema && schema != NULL;
    const struct cedar_source *source = in_schema ? schema : policies;
    struct finding finding = {.rule = mem_strdup("cedar"),
        .severity = diagnostic->severity,
        .message = mem_strdup(diagnostic->message),
        .fix = mem_strdup(diagnostic->help),
        .source = mem_strdup("cedar")};
    if (diagnostic->has_span && source->count > 0) {
        finding.at = cedar_source_place(source, diagnostic->offset, &path);
        finding.end = cedar_source_place(source, diagnostic->offset + diagnostic->length, &path);
    } else {
        finding.at = (struct position){diagnostic->row, diagnostic->col};
    }
    finding.file = mem_strdup(path);
    return finding;
}

static struct finding finding_of(
    const struct engine_question *q, const struct cedar_diagnostic *diagnostic)
{
    const struct cedar_unit *own = unit_of(q)->own;
    bool in_schema = diagnostic->in_schema && own->schema != NULL;
    struct cedar_source schema = {0};
    if (in_schema) {
        (void)!cedar_source_read(q->plan->root, &own->schema, 1, &schema);
    }
    struct finding finding = cedar_finding(diagnostic, &own->text->source,
        in_schema ? &schema : NULL, in_schema ? own->schema : own->text->policies.items[0]);
    cedar_source_free(&schema);
    return finding;
}

/* True when one of them is an error. */
static bool add_findings(const struct engine_question *q,
    const struct cedar_diagnostics *diagnostics, struct findings *out)
{
    bool error = false;
    VEC_FOREACH (struct cedar_diagnostic, diagnostic, diagnostics) {
        error = error || diagnostic->severity == SEVERITY_ERROR;
        VEC_PUSH(out, finding_of(q, diagnostic));
    }
    return error;
}

/* "photo.cedar:3:9: …" */
static char *placed(const struct finding *finding)
{
    return finding->at.row == 0 ? mem_strdup(finding->message)
                                : mem_printf("%s:%u:%u: %s", finding->file, finding->at.row,
                                      finding->at.col, finding->message);
}

/* Nothing could be evaluated: policies, schema, entities or tests that cannot be read. */
static void refuse(const struct engine_question *q, struct str out, struct str errout,
    struct engine_answer *answer)
{
    struct cedar_diagnostics diagnostics = {0};
    const struct cedar_unit *own = unit_of(q)->own;
    cedar_parse_diagnostics(out, &diagnostics);
    answer->loaded = false;
    /* Of these only the policies and the schema are the set's; a request or a file of tests that
     * cannot be read keeps nothing else from being evaluated. */
    bool of_set = own->kind == CEDAR_VALIDATE || own->kind == CEDAR_PARSE;
    if (of_set) {
        add_findings(q, &diagnostics, &answer->findings);
    }
    if (answer->findings.len > 0) {
        answer->message = placed(&answer->findings.items[0]);
    } else if (diagnostics.len > 0) {
        struct finding first = finding_of(q, &diagnostics.items[0]);
        bool has_place = diagnostics.items[0].has_span;
        answer->message = has_place ? placed(&first) : mem_strdup(first.message);
        finding_free(&first);
    } else {
        char *said = safe_dup(str_trim(errout.len > 0 ? errout : out), SAFE_ONE_LINE, SAID_MAX);
        answer->message =
            mem_printf("cedar: %s", said[0] == '\0' ? "it ended and did not say why" : said);
        free(said);
    }
    cedar_diagnostics_free(&diagnostics);
}

/* ---- the four answers ---- */

static void take_validation(
    const struct engine_question *q, struct str out, int exit_code, struct engine_answer *answer)
{
    const struct cedar_unit *own = unit_of(q)->own;
    struct cedar_diagnostics diagnostics = {0};
    size_t test = unit_of(q)->tests.items[0];
    enum result_status status = RESULT_PASS;
    char *message = NULL;
    cedar_parse_diagnostics(out, &diagnostics);
    bool passed = str_find(out, STR_LIT("policy set validation passed"), 0) != SIZE_MAX;
    bool error = add_findings(q, &diagnostics, &answer->findings) || exit_code != 0 || !passed;
    if (own->kind == CEDAR_PARSE) {
        status = RESULT_NOT_EVALUATED;
        message = mem_printf("it parses, but nothing is validated without a schema: %s",
            own->no_schema != NULL ? own->no_schema
                                   : "put a NAME.cedarschema beside it, or name one in "
                                     ".bylaw/config.toml, [engines.cedar.sets.NAME] schema");
    } else if (answer->findings.len > 0) {
        status = error ? RESULT_ERROR : RESULT_WARNING;
        message = placed(&answer->findings.items[0]);
    } else if (error || str_find(out, STR_LIT("no errors or warnings"), 0) == SIZE_MAX) {
        status = RESULT_ERROR;
        message = mem_printf(
            "cedar validate ended with exit code %d and did not say what it found", exit_code);
    } else {
        message = mem_printf("valid against %s", own->schema);
    }
    struct result row = row_of(q, test, status, message);
    row.input_file = mem_strdup(own->schema);
    VEC_PUSH(&answer->results, row);
    cedar_diagnostics_free(&diagnostics);
}

/* "expected Deny, got Allow" and "missing reason(s): `a`", said side by side. */
static char *got_of(const char *expected, const char *message)
{
    const char *got = message == NULL ? NULL : strstr(message, ", got ");
    const char *missing = message == NULL ? NULL : strstr(message, "missing reason(s): ");
    if (strncmp(message == NULL ? "" : message, "expected ", 9) == 0 && got != NULL) {
        bool allow = strncmp(got + strlen(", got "), "Allow", 5) == 0;
        return mem_strdup(allow ? "allow" : "deny");
    }
    size_t word = strcspn(expected, "\n");
    return message == NULL
               ? mem_strdup(expected)
               : mem_printf("%.*s\n%s", (int)word, expected, missing != NULL ? missing : message);
}

/* On one line: "deny, reason: locked". */
static char *one_line(const char *text)
{
    struct buf out = BUF_INIT;
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            buf_append_c(&out, ", ");
        } else {
            buf_append_char(&out, *text);
        }
    }
    char *line = safe_dup(buf_str(&out), SAFE_ONE_LINE, SAID_MAX);
    buf_free(&out);
    return line;
}

static void place_policy(const struct cedar_unit *own, const char *id, struct result *row)
{
    const char *path = NULL;
    struct position at = {0};
    if (id != NULL && id[0] != '\0' &&
        cedar_source_policy(&own->text->source, id, &path, &at, NULL)) {
        row->policy_file = mem_strdup(path);
        row->policy_at = at;
    }
}

static struct result test_row(
    const struct engine_question *q, size_t test, size_t place, const struct cedar_outcome *outcome)
{
    const struct cedar_unit *own = unit_of(q)->own;
    const char *expected = own->expected.items[place];
    const char *reason = own->reason.items[place];
    struct result row = row_of(q, test, outcome->status, NULL);
    if (outcome->status == RESULT_PASS && strcmp(expected, "deny") == 0) {
        row.status = RESULT_WARNING;
        row.message = mem_strdup("passes without a reason: a request that no policy speaks of is "
                                 "denied too. Name the policy that forbids it in \"reason\"");
    } else if (outcome->status == RESULT_PASS) {
        row.message = one_line(expected);
    } else {
        row.message = mem_strdup(outcome->message);
    }
    if (outcome->status != RESULT_ERROR) {
        row.expected = mem_strdup(expected);
        row.got = got_of(expected, outcome->message);
    }
    place_policy(own, reason, &row);
    return row;
}

static bool take_tests(
    const struct engine_question *q, struct str out, struct engine_answer *answer, struct err *err)
{
    const struct plan_unit *unit = unit_of(q);
    const struct cedar_unit *own = unit->own;
    struct cedar_outcomes outcomes = {0};
    bool ok = cedar_parse_outcomes(out, &outcomes, err);
    if (ok && own->no_tests && outcomes.len == 0) {
        VEC_PUSH(&answer->results, row_of(q, unit->tests.items[0], RESULT_NOT_EVALUATED,
                                       mem_strdup("there is no test in it: cedar run-tests "
                                                  "counts 0 passed and is content")));
    } else if (ok && (own->no_tests || outcomes.len != unit->tests.len)) {
        ok = err_set(err, ERR_EXTERNAL,
            "cedar run-tests ran %zu tests, but there are %zu: did the file change?", outcomes.len,
            own->no_tests ? 0 : unit->tests.len);
    } else if (ok) {
        for (size_t i = 0; i < outcomes.len; i++) {
            VEC_PUSH(&answer->results, test_row(q, unit->tests.items[i], i, &outcomes.items[i]));
        }
    }
    cedar_outcomes_free(&outcomes);
    return ok;
}

static char *decision_text(const struct cedar_answer *said)
{
    struct buf text = BUF_INIT;
    buf_append_c(&text, said->allow ? "allow" : "deny");
    VEC_FOREACH (char *, id, &said->reason) {
        buf_printf(&text, "%s%s", id == said->reason.items ? "\nreason: " : ", ", *id);
    }
    VEC_FOREACH (char *, error, &said->errors) {
        buf_printf(&text, "\n%s", *error);
    }
    return buf_take(&text);
}

static void take_decision(
    const struct engine_question *q, const struct cedar_answer *said, struct engine_answer *answer)
{
    const struct plan_unit *unit = unit_of(q);
    const struct cedar_unit *own = unit->own;
    bool as_expected = said->allow == own->allow;
    char *got = decision_text(said);
    char *line = one_line(got);
    struct result row = row_of(q, unit->tests.items[0], RESULT_PASS, NULL);
    if (!as_expected) {
        row.status = RESULT_FAIL;
        row.message = mem_printf("expected %s, got %s", own->allow ? "allow" : "deny", line);
    } else if (q->closer) {
        row.status = RESULT_WARNING;
        row.message =
            mem_printf("%s, decided without the schema: the entities do not keep to it", line);
    } else if (said->errors.len > 0) {
        row.status = RESULT_WARNING;
        row.message =
            mem_printf("as expected, but a policy took no part: %s", said->errors.items[0]);
    } else if (!said->allow && said->reason.len == 0 && own->schema == NULL) {
        row.status = RESULT_WARNING;
        row.message = mem_strdup("denied because no policy speaks of it, which a misspelt request "
                                 "is too: a schema would tell them apart");
    } else if (said->reason.len == 0) {
        row.message = mem_strdup("denied by default: no policy speaks of it");
    } else {
        row.message = mem_strdup(line);
    }
    row.expected = mem_strdup(own->allow ? "allow" : "deny");
    row.got = got;
    row.input_file = mem_strdup(row.file);
    row.input_at = row.at;
    place_policy(own, said->reason.len > 0 ? said->reason.items[0] : NULL, &row);
    free(line);
    VEC_PUSH(&answer->results, row);
}

static bool take_authorization(const struct engine_question *q, struct str out, struct str errout,
    int exit_code, struct engine_answer *answer, struct err *err)
{
    struct cedar_answer said = {0};
    cedar_parse_answer(out, &said);
    bool ok = true;
    if (!said.decided && exit_code != 0 && exit_code != 2) {
        refuse(q, out, errout, answer);
        if (strncmp(answer->message, "failed to parse entities", 24) == 0 && !q->closer &&
            ((const struct cedar_unit *)unit_of(q)->own)->schema != NULL) {
            answer->loaded = true;
            VEC_PUSH(&answer->closer, q->batch->units.items[0]);
        }
    } else if (!cedar_answer_holds(&said, exit_code)) {
        ok = err_set(err, ERR_EXTERNAL,
            "cedar authorize ended with exit code %d, which does not go with what it printed",
            exit_code);
    } else {
        take_decision(q, &said, answer);
    }
    cedar_answer_free(&said);
    return ok;
}

static bool parse(const struct engine_question *q, struct str out, struct str errout, int exit_code,
    struct engine_answer *answer, struct err *err)
{
    const struct cedar_unit *own = unit_of(q)->own;
    answer->loaded = true;
    switch (own->kind) {
    case CEDAR_VALIDATE:
    case CEDAR_PARSE:
        if (exit_code == 0 || (exit_code == 3 && own->kind == CEDAR_VALIDATE)) {
            take_validation(q, out, exit_code, answer);
        } else {
            refuse(q, out, errout, answer);
        }
        return true;
    case CEDAR_TESTS:
        if (exit_code != 0 && !str_starts(str_trim(out), "running ")) {
            refuse(q, out, errout, answer);
            return true;
        }
        return take_tests(q, out, answer, err);
    case CEDAR_REQUEST:
        return take_authorization(q, out, errout, exit_code, answer, err);
    }
    return err_set(err, ERR_UNSUPPORTED, "not a question for cedar");
}

const struct engine engine_cedar = {
    .name = "cedar",
    .program = "cedar",
    .minimum = "4.9.0",
    .unlocks = "Cedar policies: validation, tests and requests (cedar validate, run-tests, "
               "authorize)",
    .version_args = version_args,
    .version = version_of,
    .extend = cedar_extend,
    .command = command_for,
    .parse = parse,
};
