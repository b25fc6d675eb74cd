/* Evaluation with the real opa: what it says is what `opa eval` says on the command line. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "engine/opa_eval.h"
#include "policy/target.h"

#include <stdlib.h>

static const char policy[] = "package shop\n"
                             "\n"
                             "import data.lib.names\n"
                             "\n"
                             "default allow := false\n"
                             "\n"
                             "allow if {\n"
                             "\tinput.user == \"ann\"\n"
                             "\tcount(input.items) > 1\n"
                             "}\n"
                             "\n"
                             "deny contains msg if {\n"
                             "\tsome item in input.items\n"
                             "\tnames.odd(item.name)\n"
                             "\tmsg := sprintf(\"%s is odd\", [item.name])\n"
                             "}\n"
                             "\n"
                             "big := 12345678901234567890\n"
                             "\n"
                             "silent if 1 / input.zero == 1\n"
                             "\n"
                             "size(x) := count(x)\n";
static const char library[] =
    "package lib.names\n\nodd(name) if startswith(name, \"odd\")\n\nunused := 1\n";
static const char shop_test[] = "package shop_test\n"
                                "\n"
                                "import data.shop\n"
                                "\n"
                                "test_two if {\n"
                                "\titems := [{\"name\": \"odd one\"}, {\"name\": \"b\"}]\n"
                                "\tgot := shop.deny with input as {\"items\": items}\n"
                                "\twant := {\"nothing\"}\n"
                                "\tgot == want\n"
                                "}\n"
                                "\n"
                                "test_cases if {\n"
                                "\tsome case in [{\"n\": 1}, {\"n\": 2}]\n"
                                "\tnot shop.allow with input as {\"user\": case.n}\n"
                                "}\n";
static const char shop_input[] =
    "{\"user\": \"ann\", \"items\": [{\"name\": \"odd\"}, {\"name\": \"b\"}], \"zero\": 0}\n";

struct seen {
    struct loop *loop;
    struct evaluator *evaluator;
    char *root;
    struct eval_result result;
    struct eval_trace *trace;
    unsigned generation;
    size_t results, traces;
    bool told, traced;
};

static void on_result(void *data, unsigned generation, struct eval_result *result)
{
    struct seen *seen = data;
    eval_result_free(&seen->result);
    seen->result = *result;
    *result = (struct eval_result){0};
    seen->generation = generation;
    seen->results++;
    seen->told = true;
}

static void on_trace(void *data, unsigned generation, struct eval_trace *trace)
{
    struct seen *seen = data;
    assert_int_equal(generation, seen->generation);
    eval_trace_free(seen->trace);
    seen->trace = trace;
    seen->traces++;
    seen->traced = true;
}

static int set_up(void **state)
{
    struct seen *seen = MEM_NEW(struct seen);
    struct err err;
    seen->loop = loop_new(&err);
    seen->root = test_dir_make();
    test_write(seen->root, "shop/shop.rego", policy);
    test_write(seen->root, "shop/shop_test.rego", shop_test);
    test_write(seen->root, "lib/names.rego", library);
    test_write(seen->root, "other/broken.rego", "package other\n\nthis is no rego\n");
    test_write(seen->root, "shop/testdata/input.json", shop_input);
    struct eval_events events = {.data = seen, .result = on_result, .trace = on_trace};
    seen->evaluator = evaluator_new(seen->loop, &events);
    *state = seen;
    return 0;
}

static int tear_down(void **state)
{
    struct seen *seen = *state;
    evaluator_free(seen->evaluator);
    eval_result_free(&seen->result);
    eval_trace_free(seen->trace);
    loop_free(seen->loop);
    test_dir_remove(seen->root);
    free(seen);
    return 0;
}

static struct eval_request request_of(struct seen *seen, const char *file, size_t row)
{
    return (struct eval_request){.root = seen->root,
        .file = file,
        .row = row,
        .input = {.kind = EVAL_INPUT_FILE, .path = (char *)"shop/testdata/input.json"},
        .trace = true};
}

static void evaluate(struct seen *seen, const struct eval_request *request)
{
    seen->told = seen->traced = false;
    evaluator_start(seen->evaluator, request);
    assert_true(loop_run_until(seen->loop, &seen->told, 240000));
    if (request->trace && seen->result.status != EVAL_ERROR) {
        assert_true(loop_run_until(seen->loop, &seen->traced, 240000));
    }
    if (seen->result.trouble != NULL) {
        print_message("trouble: %s\n", seen->result.trouble);
    }
}

/* What the command line prints for the same question. */
static char *on_command_line(struct seen *seen, const char *query)
{
    struct err err;
    char *program = engine_find(&engine_opa, &err);
    assert_non_null(program);
    const char *argv[] = {program, "eval", "--format=raw", "-d", "shop/shop.rego", "-d",
        "lib/names.rego", "-i", "shop/testdata/input.json", query, NULL};
    char *text = test_run(seen->root, argv);
    free(program);
    return text;
}

static void the_value_is_that_of_the_command_line(void **state)
{
    struct seen *seen = *state;
    static const struct {
        size_t row;
        const char *query;
    } rules[] = {{4, "data.shop.allow"}, {12, "data.shop.deny"}, {17, "data.shop.big"}};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct eval_request request = request_of(seen, "shop/shop.rego", rules[i].row);
        evaluate(seen, &request);
        assert_int_equal(seen->result.status, EVAL_VALUE);
        assert_string_equal(seen->result.query, rules[i].query);
        assert_string_equal(seen->result.input, "shop/testdata/input.json");
        char *expected = on_command_line(seen, rules[i].query);
        struct buf compact = BUF_INIT;
        const char *value = seen->result.value.ptr;
        for (size_t k = 0; value[k] != '\0'; k++) {
            if (value[k] != '\n' && value[k] != ' ') {
                buf_append_char(&compact, value[k]);
            }
        }
        char *plain = mem_printf("%s", expected);
        size_t kept = 0;
        for (size_t k = 0; plain[k] != '\0'; k++) {
            if (plain[k] != '\n' && plain[k] != ' ') {
                plain[kept++] = plain[k];
            }
        }
        plain[kept] = '\0';
        assert_string_equal(compact.ptr, plain);
        free(plain);
        free(expected);
        buf_free(&compact);
    }
    /* A number is never read: it keeps all its digits. */
    assert_string_equal(seen->result.value.ptr, "12345678901234567890");
}

/* The real opa bench, which takes seconds: a value and what it measured, undefined or not; errors
 * are those of the evaluation; what is nobody's yet is not measured, because bench has a network.
 */
static void measured(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop.rego", 17);
    request.trace = false;
    request.bench = true;
    seen->told = false;
    evaluator_start(seen->evaluator, &request);
    assert_true(loop_run_until(seen->loop, &seen->told, 240000));
    assert_null(seen->result.trouble);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_non_null(strstr(seen->result.bench, "for each of"));
    assert_non_null(strstr(seen->result.bench, "allocations each"));
    request.offline = true;
    seen->told = false;
    evaluator_start(seen->evaluator, &request);
    assert_true(loop_run_until(seen->loop, &seen->told, 240000));
    assert_int_equal(seen->result.status, EVAL_ERROR);
    assert_null(seen->result.bench);
    assert_non_null(strstr(seen->result.trouble, "cannot be kept off the network"));
}

static void undefined_is_undefined(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop.rego", 19);
    evaluate(seen, &request);
    /* No value, and the reason that opa keeps to itself unless asked. */
    assert_int_equal(seen->result.status, EVAL_UNDEFINED);
    assert_true(seen->result.builtin_errors);
    assert_int_equal(seen->result.errors.len, 1);
    assert_non_null(strstr(seen->result.errors.items[0].message, "divide by zero"));
    assert_int_equal(seen->result.errors.items[0].at.row, 20);
    assert_string_equal(seen->result.errors.items[0].file, "shop/shop.rego");
}

static void unsaved_text_is_what_counts(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop.rego", 2);
    struct policy_text texts[] = {
        {"shop/shop.rego", STR_LIT("package shop\n\nanswer := data.lib.names.unused + 41\n")},
    };
    request.texts = texts;
    request.text_count = 1;
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_string_equal(seen->result.value.ptr, "42");
    /* Its steps are at places of the file, not of a scratch copy. */
    size_t first = trace_first(seen->trace->trace);
    assert_int_not_equal(first, TRACE_NONE);
    assert_string_equal(seen->trace->trace->steps.items[first].file, "shop/shop.rego");
    /* A text that does not parse says where. */
    texts[0].text = STR_LIT("package shop\n\nanswer := {{{\n");
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_ERROR);
    assert_true(seen->result.errors.len > 0);
    assert_string_equal(seen->result.errors.items[0].file, "shop/shop.rego");
    assert_true(seen->result.errors.items[0].at.row >= 3);
    /* And the file itself is as it was. */
    request.text_count = 0;
    request.row = 17;
    evaluate(seen, &request);
    assert_string_equal(seen->result.value.ptr, "12345678901234567890");
}

static void an_expression_is_read_in_its_package(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop.rego", 8);
    request.selection = STR_LIT("size(input.items) + names.unused");
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_string_equal(seen->result.value.ptr, "3");
    request.selection = (struct str){0};
    request.row = 21;
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_ERROR);
    assert_non_null(strstr(seen->result.trouble, "size is a function"));
}

static void the_input_of_a_test(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop.rego", 12);
    request.input = (struct eval_input){.kind = EVAL_INPUT_TEST,
        .path = (char *)"shop/shop_test.rego",
        .test = (char *)"test_two",
        .row = 7};
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_non_null(strstr(seen->result.value.ptr, "odd one is odd"));
    request.input.test = (char *)"test_cases";
    request.input.row = 14;
    request.selection = STR_LIT("input.user");
    evaluate(seen, &request);
    assert_string_equal(seen->result.value.ptr, "1");
    assert_non_null(strstr(seen->result.note, "first of the 2"));
}

static void a_failing_test_is_followed_to_its_reason(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop_test.rego", 6);
    request.input = (struct eval_input){0};
    evaluate(seen, &request);
    assert_string_equal(seen->result.query, "data.shop_test.test_two");
    assert_int_equal(seen->result.status, EVAL_UNDEFINED);
    struct trace *trace = seen->trace->trace;
    size_t culprit = trace_culprit(trace);
    assert_int_not_equal(culprit, TRACE_NONE);
    assert_string_equal(trace->steps.items[culprit].file, "shop/shop_test.rego");
    assert_int_equal(trace->steps.items[culprit].at.row, 9);
    assert_int_equal(trace->steps.items[culprit].outcome, TRACE_FALSE);
    size_t count;
    const struct trace_binding *variables = trace_variables(trace, culprit, &count);
    assert_int_equal(count, 3);
    assert_string_equal(variables[0].name, "got");
    assert_string_equal(variables[0].value, "{\"odd one is odd\"}");
    assert_string_equal(variables[2].name, "want");
    assert_string_equal(variables[2].value, "{\"nothing\"}");
}

static void old_rego(void **state)
{
    struct seen *seen = *state;
    test_write(seen->root, "old/old.rego",
        "package old\n\ndeny[msg] {\n  input.user == \"ann\"\n  msg := \"no ann\"\n}\n");
    struct eval_request request = request_of(seen, "old/old.rego", 3);
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_int_equal(seen->result.dialect, DIALECT_V0);
    assert_non_null(strstr(seen->result.value.ptr, "no ann"));
}

static const char template_text[] =
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata:\n"
    "  name: k8srequired\nspec:\n  crd:\n    spec:\n      names:\n        kind: K8sRequired\n"
    "  targets:\n    - target: admission.k8s.gatekeeper.sh\n      libs:\n        - |\n"
    "          package lib.help\n\n          has(o, l) { o.metadata.labels[l] }\n"
    "      rego: |\n        package k8srequired\n\n        import data.lib.help\n\n"
    "        violation[{\"msg\": msg}] {\n          wanted := input.parameters.labels[_]\n"
    "          not help.has(input.review.object, wanted)\n"
    "          msg := sprintf(\"%v needs %v\", [input.review.kind.kind, wanted])\n        }\n";

static void the_rego_of_a_template(void **state)
{
    struct seen *seen = *state;
    test_write(seen->root, "gk/template.yaml", template_text);
    test_write(seen->root, "gk/constraint.yaml",
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRequired\nmetadata:\n"
        "  name: owner\nspec:\n  parameters:\n    labels: [owner, app]\n");
    test_write(seen->root, "gk/pods.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n---\napiVersion: apps/v1\n"
        "kind: Deployment\nmetadata:\n  name: b\n  labels:\n    app: b\n");
    struct eval_request request = request_of(seen, "gk/template.yaml", 22);
    request.input =
        (struct eval_input){.kind = EVAL_INPUT_FILE, .path = (char *)"gk/pods.yaml", .document = 2};
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_non_null(strstr(seen->result.value.ptr, "Deployment needs owner"));
    assert_null(strstr(seen->result.value.ptr, "needs app"));
    assert_non_null(strstr(seen->result.note, "as input.review.object"));
    assert_non_null(strstr(seen->result.note, "gk/constraint.yaml"));
    size_t first = trace_first(seen->trace->trace);
    assert_string_equal(seen->trace->trace->steps.items[first].file, "gk/template.yaml");
    assert_int_equal(seen->trace->trace->steps.items[first].at.row, 22);
}

static void candidates(void **state)
{
    struct seen *seen = *state;
    struct err err;
    test_write(seen->root, "gk/pods.yaml", "kind: Pod\nmetadata:\n  name: a\n---\nkind: Job\n");
    struct policy_index *index = policy_index_new();
    struct eval_candidates found = {0};
    assert_true(policy_index_scan(index, seen->root, NULL, &err));
    eval_candidates_find(index, NULL, 0, "shop/shop.rego", &found);
    assert_int_equal(found.len, 5);
    char *first = eval_input_print(&found.items[0].input);
    assert_string_equal(first, "test shop/shop_test.rego:7 test_two");
    free(first);
    assert_string_equal(found.items[2].input.path, "shop/testdata/input.json");
    assert_int_equal(found.items[3].input.document, 1);
    assert_string_equal(found.items[3].detail, "Pod a");
    eval_candidates_free(&found);
    policy_index_free(index);
}

static void endless_work_ends(void **state)
{
    struct seen *seen = *state;
    test_write(seen->root, "slow/slow.rego",
        "package slow\n\nn := count([1 | some i in numbers.range(1, 3000); "
        "some j in numbers.range(1, 100); i != j])\n");
    struct eval_request request = request_of(seen, "slow/slow.rego", 2);
    evaluate(seen, &request);
    assert_int_equal(seen->result.status, EVAL_VALUE);
    assert_non_null(seen->trace);
    assert_non_null(seen->trace->trouble);
    assert_true(seen->trace->trace == NULL || seen->trace->trace->steps.len <= TRACE_EVENTS_MAX);
    print_message("%s\n", seen->trace->trouble);
}

static void a_newer_one_supersedes(void **state)
{
    struct seen *seen = *state;
    struct eval_request request = request_of(seen, "shop/shop.rego", 17);
    request.trace = false;
    for (int i = 0; i < 5; i++) {
        evaluator_start(seen->evaluator, &request);
    }
    request.row = 12;
    evaluate(seen, &request);
    assert_int_equal(seen->results, 1);
    assert_string_equal(seen->result.query, "data.shop.deny");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_value_is_that_of_the_command_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(measured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undefined_is_undefined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unsaved_text_is_what_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expression_is_read_in_its_package, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_input_of_a_test, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_failing_test_is_followed_to_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_rego, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_rego_of_a_template, set_up, tear_down),
        cmocka_unit_test_setup_teardown(candidates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(endless_work_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_one_supersedes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
