/* Evaluation in the whole program: a rule with an input that is chosen once, followed while one
 * types; a failing test stepped to the expression that fails. */
#include "test.h"

#include "sample_run.h"

#include <stdlib.h>

#define POLICY "policies/k8s/privileged/privileged.rego"

static const char failing[] =
    "package k8s.wrong_test\n"
    "\n"
    "import data.k8s.privileged\n"
    "\n"
    "pod := {\"kind\": \"Pod\", \"metadata\": {\"name\": \"p\"}, \"spec\": "
    "{\"containers\": [{\"name\": \"c\", \"image\": \"nginx:1\", "
    "\"securityContext\": {\"privileged\": true}}]}}\n"
    "\n"
    "missing if pod.kind == \"Job\"\n"
    "\n"
    "test_wrong if {\n"
    "\tnot missing\n"
    "\tgot := privileged.deny with input as pod\n"
    "\tn := count(got)\n"
    "\tn == 2\n"
    "}\n";

static int set_up(void **state)
{
    struct sample_run *f = sample_run_new();
    test_write(f->dir, "policies/k8s/privileged/wrong_test.rego", failing);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    sample_run_free(*state);
    return 0;
}

/* To the rule in the policy's line 12. */
static void open_rule(struct sample_run *f)
{
    term_expect(f->term, "✗ 1");
    term_key(f->term, "alt-p");
    term_type(f->term, "privileged.rego");
    term_expect(f->term, " " POLICY);
    term_key(f->term, "enter");
    term_expect(f->term, "package k8s.privileged");
    term_key(f->term, "alt-2 ctrl-g");
    term_type(f->term, "12");
    term_key(f->term, "enter");
    term_expect(f->term, "12:1 ");
}

static void open_step(struct sample_run *f)
{
    term_expect(f->term, "✗ 1");
    term_key(f->term, "alt-3");
    term_type(f->term, "f");
    term_expect(f->term, "failed only");
    term_type(f->term, "d");
    term_expect(f->term, "Step test_wrong");
}

static void a_failing_test_is_stepped(void **state)
{
    struct sample_run *f = *state;
    sample_run_start(f, 40, 120);
    open_step(f);
    /* At once at the expression that fails, with its values: in the pane and at the line's end. */
    term_expect(f->term, "wrong_test.rego:13  n == 2  false");
    term_expect(f->term, "▶ 13");
    term_expect(f->term, "n == 2  ◂ false   n = 1");
    term_expect(f->term, "n := count(got)  ◂ got = {");
    term_type(f->term, "p");
    term_expect(f->term, "▶ 12");
    /* Backward into the policy that the test asks, and out again. */
    term_type(f->term, "pp");
    term_expect(f->term, "privileged.rego ");
    term_expect(f->term, "in deny ‹ test_wrong");
    term_type(f->term, "u");
    term_expect(f->term, "in test_wrong");
    term_type(f->term, "g");
    term_expect(f->term, "step 1 of");
    term_type(f->term, "f");
    term_expect_gone(f->term, "step 1 of");
    /* What does not hold is what fails, not what a `not` is glad of. */
    term_type(f->term, "gf");
    term_expect_gone(f->term, "wrong_test.rego:10 ");
    term_expect_gone(f->term, "in missing");
    /* What a `not` asks is not the `not`: its outcome is the other one. */
    term_type(f->term, "gn");
    term_expect(f->term, "✓ wrong_test.rego:10  not missing  true");
    term_type(f->term, "n");
    term_expect(f->term, "wrong_test.rego:10  missing  ");
    term_type(f->term, "G");
    term_expect(f->term, "▶ 13");
    /* Esc by Esc back to where one was. */
    term_key(f->term, "esc");
    term_expect(f->term, "Evaluate test_wrong");
    term_expect_gone(f->term, "▶");
    term_expect(f->term, "undefined: opa gives no value");
    term_key(f->term, "esc");
    term_expect(f->term, "[Tests 16]");
    term_expect_gone(f->term, "Evaluate test_wrong");
}

static void in_a_small_terminal(void **state)
{
    struct sample_run *f = *state;
    sample_run_start(f, 24, 80);
    open_step(f);
    term_expect(f->term, "▶ 13");
    term_resize(f->term, 10, 40);
    term_expect(f->term, "Step test_wrong");
    term_key(f->term, "esc");
    term_expect(f->term, "Evaluate test_wrong");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Evaluate test_wrong");
}

static void off_a_rule_it_says_what_is_stepped(void **state)
{
    struct sample_run *f = *state;
    sample_run_start(f, 40, 120);
    open_rule(f);
    term_key(f->term, "ctrl-home f10");
    term_expect(f->term, "The cursor is in no rule: this steps through all of package k8s.");
    term_expect(f->term, "Step package k8s.privileged");
}

static void a_rule_is_followed_while_one_types(void **state)
{
    struct sample_run *f = *state;
    sample_run_start(f, 40, 120);
    open_rule(f);
    term_key(f->term, "f7");
    term_expect(f->term, "Evaluate with which input?");
    term_type(f->term, "invalid_privileged"); /* goes there while inputs are looked for */
    term_expect_gone(f->term, "Looking for them");
    term_expect(f->term, "1/");
    term_key(f->term, "enter");
    term_expect(f->term, "Evaluate deny  with policies/k8s/privileged/testdata/invalid_privileged");
    term_expect(f->term, "Pod/root: container");
    /* Unsaved, a moment after the last key. */
    term_key(f->term, "home");
    term_type(f->term, "false;");
    term_expect_gone(f->term, "Pod/root: container");
    term_expect(f->term, " []");
    term_expect(f->term, "✗ 12 false;c.securityContext.privileged  false");
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "false;");
    term_expect(f->term, "Pod/root: container");
    term_key(f->term, "esc");
    term_expect(f->term, "[Tests 16]");
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
    /* The input is remembered: no question. */
    sample_run_start(f, 40, 120);
    open_rule(f);
    term_key(f->term, "f7");
    term_expect(f->term, "Evaluate deny  with policies/k8s/privileged/testdata/invalid_privileged");
    term_expect(f->term, "Pod/root: container");
}

static void opa_inspects_the_file(void **state)
{
    struct sample_run *f = *state;
    sample_run_start(f, 40, 120);
    open_rule(f);
    term_key(f->term, "alt-p");
    term_type(f->term, ">inspect");
    term_expect(f->term, "Show what opa inspect says");
    term_key(f->term, "enter");
    term_expect(f->term, "opa inspect " POLICY);
    term_expect(f->term, "package k8s.privileged  (privileged.rego:6)");
    term_expect(f->term, "Built-in functions it calls");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "Built-in functions it calls");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failing_test_is_stepped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_a_small_terminal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opa_inspects_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(off_a_rule_it_says_what_is_stepped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rule_is_followed_while_one_types, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
