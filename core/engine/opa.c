#include "engine/opa.h"

#include "base/json.h"
#include "base/vec.h"
#include "engine/opa_builtins.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXPLAIN_TIMEOUT_S = 2, TEST_TIMEOUT_S = 5 };
#define QUERY_MAX_BYTES ((size_t)100 << 10)

/* Several run side by side, so each is kept to one core; the collector waits until there is
 * something worth collecting (a third less CPU for a short run). */
static const char *const environment[] = {
    "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=400MiB", "NO_COLOR=1", NULL};

static bool version_of(struct str output, char **version)
{
    struct str line;
    while (str_next_line(&output, &line)) {
        if (str_starts(line, "Version:")) {
            *version = str_dup(str_trim(str_from(line, strlen("Version:"))));
            return true;
        }
    }
    return false;
}

static unsigned test_timeout_s = TEST_TIMEOUT_S;

unsigned opa_test_timeout(void)
{
    return test_timeout_s;
}

void opa_use_test_timeout(unsigned seconds)
{
    test_timeout_s = seconds;
}

static void push(struct engine_command *command, const char *arg)
{
    VEC_PUSH(&command->argv, mem_strdup(arg));
}

static void push_all(struct engine_command *command, const char *const *args)
{
    for (size_t i = 0; args[i] != NULL; i++) {
        push(command, args[i]);
    }
}

static void push_files(
    struct engine_command *command, const struct engine_question *q, const char *flag)
{
    VEC_FOREACH (size_t, place, &q->batch->files) {
        if (q->plan->files.items[*place].load == NULL) {
            continue;
        }
        if (flag != NULL) {
            push(command, flag);
        }
        push(command, q->plan->files.items[*place].load);
    }
}

static enum policy_dialect dialect_of(const struct engine_question *q)
{
    return q->plan->units.items[q->batch->units.items[0]].dialect;
}

static void append_name(struct buf *out, const struct plan_test *test)
{
    buf_printf(out, "data%s%s%s%s", test->suite[0] == '[' ? "" : ".", test->suite,
        test->name[0] == '[' ? "" : ".", test->name);
}

/* A filter for exactly these tests. opa numbers equal names (`test_x#01`): they run too. */
static char *filter_of(const struct engine_question *q)
{
    struct buf filter = BUF_INIT;
    buf_append_c(&filter, "^(");
    VEC_FOREACH (size_t, i, q->only) {
        struct buf name = BUF_INIT;
        append_name(&name, &q->plan->tests.items[*i]);
        if (filter.len > 2) {
            buf_append_char(&filter, '|');
        }
        engine_append_literal(&filter, name.ptr);
        buf_free(&name);
    }
    buf_append_c(&filter, ")(#[0-9]+)?$");
    return buf_take(&filter);
}

static bool has_only(const struct engine_question *q)
{
    return q->only != NULL && q->only->len > 0;
}

static void test_command(const struct engine_question *q, struct engine_command *command)
{
    push_all(command, (const char *[]){"test", "--format", "json", "--parallel", "1", NULL});
    if (q->capabilities != NULL) {
        push_all(command, (const char *[]){"--capabilities", q->capabilities, NULL});
    }
    if (has_only(q)) {
        char *filter = filter_of(q);
        push(command, "--run");
        push(command, filter);
        free(filter);
    }
    if (test_timeout_s != TEST_TIMEOUT_S) {
        char timeout[32];
        snprintf(timeout, sizeof timeout, "%us", test_timeout_s);
        push_all(command, (const char *[]){"--timeout", timeout, NULL});
    }
    size_t tests = has_only(q) ? q->only->len : q->batch->tests;
    command->timeout_ms = (60 + (uint64_t)test_timeout_s * tests) * 1000;
}

/* `{"0": [x | x := data.p.test_a], …}`: each test once, undefined ones too. */
static char *coverage_query(const struct engine_question *q)
{
    struct buf query = BUF_INIT;
    size_t count = 0;
    VEC_FOREACH (size_t, unit, &q->batch->units) {
        VEC_FOREACH (size_t, i, &q->plan->units.items[*unit].tests) {
            bool wanted = !has_only(q);
            for (size_t k = 0; !wanted && k < q->only->len; k++) {
                wanted = q->only->items[k] == *i;
            }
            const struct plan_test *test = &q->plan->tests.items[*i];
            if (!wanted || test->todo) {
                continue;
            }
            buf_printf(&query, "%s\"%zu\": [x | x := ", count++ == 0 ? "{" : ", ", *i);
            append_name(&query, test);
            buf_append_char(&query, ']');
        }
    }
    buf_append_c(&query, count == 0 ? "true" : "}");
    return buf_take(&query);
}

static bool coverage_command(
    const struct engine_question *q, struct engine_command *command, struct err *err)
{
    char *query = coverage_query(q);
    bool ok = strlen(query) <= QUERY_MAX_BYTES;
    if (!ok) {
        err_set(err, ERR_LIMIT, "too many tests for one query");
    }
    char timeout[32];
    /* A test alone gets what opa test gives it; several that take too long are asked one by one. */
    size_t tests = has_only(q) ? q->only->len : q->batch->tests;
    size_t limit_ms =
        test_timeout_s * 1000u + (tests > 1 ? 200 * tests : 0) + 20 * q->batch->files.len;
    snprintf(timeout, sizeof timeout, "%zums", limit_ms);
    push_all(command, (const char *[]){"eval", "--format", "json", "--coverage", "--coverage-runs",
                          "", "--timeout", timeout, NULL});
    push_files(command, q, "--data");
    if (dialect_of(q) == DIALECT_V0) {
        push(command, "--v0-compatible");
    }
    /* Else the first test of a name that holds ends the others of it, and what only they reach
     * counts as missed. Such a unit is alone. */
    if (q->plan->units.items[q->batch->units.items[0]].twins) {
        push(command, "--disable-early-exit");
    }
    push(command, "--");
    push(command, query);
    command->timeout_ms = limit_ms + 30000;
    free(query);
    return ok;
}

static void errors_command(const struct engine_question *q, struct engine_command *command)
{
    push_all(command, (const char *[]){"eval", "--format", "json", "--show-builtin-errors",
                          "--timeout", "5s", NULL});
    push_files(command, q, "--data");
    if (dialect_of(q) == DIALECT_V0) {
        push(command, "--v0-compatible");
    }
    struct buf name = BUF_INIT;
    append_name(&name, &q->plan->tests.items[q->only->items[0]]);
    push(command, "--");
    push(command, name.ptr);
    buf_free(&name);
    command->timeout_ms = 30000;
}

static void trace_command(const struct engine_question *q, struct engine_command *command)
{
    char *filter = filter_of(q);
    char timeout[16];
    snprintf(timeout, sizeof timeout, "%ds", EXPLAIN_TIMEOUT_S);
    push_all(command,
        (const char *[]){"test", "--var-values", "--timeout", timeout, "--run", filter, NULL});
    free(filter);
    command->timeout_ms = 30000;
}

static bool command_for(const struct engine_question *q, const char *program,
    struct engine_command *command, struct err *err)
{
    command->env = environment;
    push(command, program);
    bool ok = true;
    bool files = true;
    switch (q->ask) {
    case ENGINE_TEST:
        test_command(q, command);
        break;
    case ENGINE_CHECK:
    case ENGINE_CHECK_STRICT:
        push_all(command, (const char *[]){"check", "--format", "json", "--max-errors", "0", NULL});
        if (q->ask == ENGINE_CHECK_STRICT) {
            push(command, "--strict");
        }
        command->timeout_ms = 120000;
        break;
    case ENGINE_EXPLAIN_TRACE:
        trace_command(q, command);
        break;
    case ENGINE_COVERAGE:
        ok = coverage_command(q, command, err);
        files = false;
        break;
    case ENGINE_EXPLAIN_ERRORS:
        errors_command(q, command);
        files = false;
        break;
    }
    if (files) {
        if (dialect_of(q) == DIALECT_V0) {
            push(command, "--v0-compatible");
        }
        push(command, "--");
        push_files(command, q, NULL);
    }
    VEC_PUSH(&command->argv, NULL);
    return ok;
}

static bool parse_check(const struct engine_question *q, struct str out, struct str errout,
    int exit_code, struct engine_answer *answer, struct err *err)
{
    answer->loaded = exit_code == 0;
    if (exit_code == 0) {
        return true;
    }
    struct err ignored;
    const char *root = q->plan->root;
    if (opa_parse_errors(errout, root, &answer->findings, &ignored) && answer->findings.len > 0) {
        return true;
    }
    if (opa_parse_errors(out, root, &answer->findings, &ignored) && answer->findings.len > 0) {
        return true;
    }
    struct str text = str_trim(errout.len > 0 ? errout : out);
    return err_set(err, ERR_EXTERNAL, "opa check ended with %d: %.*s", exit_code,
        text.len > 600 ? 600 : (int)text.len, text.len == 0 ? "" : text.ptr);
}

static bool parse(const struct engine_question *q, struct str out, struct str errout, int exit_code,
    struct engine_answer *answer, struct err *err)
{
    bool failed = false;
    switch (q->ask) {
    case ENGINE_TEST:
        /* Errors of loading come as text on stderr, with nothing on stdout. */
        answer->loaded = exit_code == 0 || exit_code == 2;
        return !answer->loaded || opa_parse_tests(out, &answer->results, err);
    case ENGINE_CHECK:
    case ENGINE_CHECK_STRICT:
        return parse_check(q, out, errout, exit_code, answer, err);
    case ENGINE_COVERAGE:
        if (!opa_parse_coverage(out, &answer->coverage, &failed, err)) {
            return false;
        }
        answer->loaded = !failed;
        return true;
    case ENGINE_EXPLAIN_TRACE:
        answer->loaded = opa_parse_trace(out, &answer->text, &answer->message);
        return true;
    case ENGINE_EXPLAIN_ERRORS:
        answer->loaded =
            opa_parse_builtin_errors(out, q->plan->root, &answer->text, &answer->message);
        return true;
    }
    return err_set(err, ERR_UNSUPPORTED, "not a question for opa");
}

static const char *const version_args[] = {"version", NULL};

/* Every flag of a subcommand can be set by a variable; all the subcommands we run are named. */
static const char *const offline_args[] = {"capabilities", "--current", NULL};
static const char *const offline_env[] = {
    "OPA_TEST_CAPABILITIES", "OPA_EVAL_CAPABILITIES", "OPA_CHECK_CAPABILITIES", NULL};

static bool make_offline(struct str output, const struct opa_builtins *declared, bool network,
    struct buf *file, struct err *err)
{
    cJSON *capabilities = json_parse(output, err);
    if (!cJSON_IsObject(capabilities)) {
        cJSON_Delete(capabilities);
        return err_set(err, ERR_EXTERNAL, "opa capabilities did not print a JSON object");
    }
    if (!opa_builtins_add(capabilities, declared, err)) {
        cJSON_Delete(capabilities);
        return false;
    }
    if (!network) {
        cJSON_DeleteItemFromObjectCaseSensitive(capabilities, "allow_net");
        (void)json_set_array(capabilities, "allow_net");
    }
    char *text = json_print(capabilities);
    buf_append_c(file, text);
    free(text);
    cJSON_Delete(capabilities);
    return true;
}

const struct engine engine_opa = {
    .name = "opa",
    .program = "opa",
    .minimum = "1.0.0",
    .unlocks = "tests, coverage, checks and evaluation of Rego",
    .needed = true,
    .version_args = version_args,
    .version = version_of,
    .offline_args = offline_args,
    .offline = make_offline,
    .offline_env = offline_env,
    .plan = opa_plan,
    .plan_affected = opa_plan_affected,
    .command = command_for,
    .parse = parse,
};
