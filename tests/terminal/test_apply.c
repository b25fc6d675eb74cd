/* The apply view in the whole program: what is decided about each document, a decision opened with
 * its trace, and the decisions that a proposal changes; on three sizes of screen. */
#include "test.h"

#include "sample_term.h"
#include "term.h"

#include <stdlib.h>

#define AGENT "policies/k8s/privileged/testdata/valid_agent.yaml"

/* Only what opa decides: the sample's other policies are decided where their engines are. */
static void open_view(struct sample_term *f)
{
    term_expect(f->term, "✓ 16");
    term_key(f->term, "alt-A");
    term_expect(f->term, "9 documents");
    term_type(f->term, "/");
    term_expect(f->term, "Show only policies and documents with");
    term_type(f->term, "k8s.privileged");
    term_key(f->term, "enter");
    term_expect(f->term, "filter \"k8s.privileged\"");
}

static void a_matrix_of_what_is_decided(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 120, NULL);
    open_view(f);
    term_expect(f->term, "k8s.privileged");
    term_expect(f->term, "Deployment init-root");
    term_type(f->term, "d");
    term_expect(f->term, "only denied");
    term_expect(f->term, "2 of 9 documents");
    term_expect_gone(f->term, "Pod agent");
    term_expect(f->term, "[deny]");
    term_expect(f->term, "Deployment/init-root: container setup runs privileged");
    /* What the cell says, and the document. */
    term_key(f->term, "space");
    term_expect(f->term, "input:");
    term_expect(f->term, "kind: Deployment");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "input:");
    /* The decision with its trace, and back. */
    term_key(f->term, "enter");
    term_expect(f->term, "Evaluate deny  with policies/k8s/privileged/testdata/invalid_init.yaml");
    term_expect(f->term, "deny holds");
    term_type(f->term, "q");
    term_expect(f->term, "only denied");
    term_key(f->term, "down");
    term_expect(f->term, "Pod/root: container web runs privileged");
    term_type(f->term, "i");
    term_expect_gone(f->term, "only denied");
    term_expect(f->term, "invalid_privileged.yaml");
    term_key(f->term, "alt-A");
    term_type(f->term, "p");
    term_expect(f->term, "package k8s.privileged");
    sample_term_quit(f);
}

/* The heart of it: which decisions would be others, before anything is accepted. */
static void what_a_proposal_changes(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 130, NULL);
    term_expect(f->term, "✓ 16");
    term_key(f->term, "alt-/");
    term_type(f->term, "startswith(container.image");
    term_expect(f->term, "1 match in 1 file");
    term_key(f->term, "alt-h");
    term_type(f->term, "not startswith(container.image");
    term_expect(f->term, "→not startswith");
    term_key(f->term, "alt-enter");
    term_expect(f->term, "hunk 1 of 1");
    term_type(f->term, "q");
    term_expect_gone(f->term, "hunk 1 of 1");
    term_key(f->term, "alt-A");
    term_expect(f->term, "1 changed by the proposal");
    term_expect(f->term, "allow>deny");
    term_type(f->term, "c");
    term_expect(f->term, "only changed");
    term_expect(f->term, "1 of 9 documents");
    term_expect(f->term, "deny, allow before: opa k8s.privileged on " AGENT);
    term_expect(f->term, "runs privileged");
    term_key(f->term, "space");
    term_expect(f->term, "with the proposal: deny");
    term_expect(f->term, "without it: allow");
    term_key(f->term, "esc");
    /* Its trace is that of the proposal. */
    term_key(f->term, "enter");
    term_expect(f->term, "Evaluate deny  with " AGENT);
    term_expect(f->term, "deny holds");
    term_type(f->term, "q");
    term_expect(f->term, "only changed");
    term_type(f->term, "q");
    sample_term_quit(f);
}

/* What one policy decides beside another, the documents that differ first. */
static void compare_with_labels(struct sample_term *f)
{
    term_type(f->term, "v");
    term_expect(f->term, "Compare k8s.privileged with");
    term_type(f->term, "required_labels");
    term_expect(f->term, "› k8s.required_labels");
    term_key(f->term, "enter");
    term_expect(f->term, "3 different, 6 same");
}

static void two_policies_are_compared(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 40, 120, NULL);
    open_view(f);
    term_expect(f->term, "[allow]");
    compare_with_labels(f);
    term_expect(f->term, "Compare k8s.privileged with k8s.required_labels");
    term_expect(f->term, "old opa");
    term_expect(f->term, "[deny]");
    term_expect(f->term, "old deny  Pod/root: container web runs privileged");
    term_expect(f->term, "new allow");
    term_type(f->term, "n");
    term_expect(f->term, "new deny  Job/no-labels has no label app, owner");
    term_type(f->term, "c");
    term_expect(f->term, "only different");
    term_expect(f->term, "3 of 9 documents");
    term_expect_gone(f->term, "same       ");
    term_key(f->term, "space");
    term_expect(f->term, "old k8s.privileged: allow");
    term_expect(f->term, "new k8s.required_labels: deny");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "input:");
    /* The cell's decision, and back to where it was. */
    term_key(f->term, "right");
    term_key(f->term, "enter");
    term_expect(f->term, "Evaluate deny  with policies/k8s/required_labels/testdata/");
    term_type(f->term, "q");
    term_expect(f->term, "only different");
    term_type(f->term, "q");
    term_expect(f->term, "filter \"k8s.privileged\"");
    sample_term_quit(f);
}

static void on_a_small_screen(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 24, 80, NULL);
    open_view(f);
    term_type(f->term, "d");
    term_expect(f->term, "2 of 9 documents");
    term_type(f->term, "n");
    term_expect(f->term, "[deny]");
    sample_term_quit(f);
}

/* The cells of one document, the next document to the right. */
static void as_a_list_on_a_narrow_one(void **state)
{
    struct sample_term *f = *state;
    sample_term_start(f, 10, 40, NULL);
    term_expect(f->term, "✓ 16");
    term_key(f->term, "alt-A");
    term_expect(f->term, "1/9 tfplan.json");
    term_type(f->term, "/");
    term_expect(f->term, "Show only");
    term_type(f->term, "k8s.privileged");
    term_key(f->term, "enter");
    term_expect_gone(f->term, "Show only");
    term_type(f->term, "l");
    term_expect(f->term, "2/9 Deployment init-root");
    term_expect(f->term, ">deny   k8s.privileged");
    term_key(f->term, "space");
    term_expect(f->term, "Decision");
    term_key(f->term, "esc");
    /* Two beside each other have room. */
    compare_with_labels(f);
    term_expect(f->term, "! [deny]    allow");
    term_type(f->term, "v");
    term_expect(f->term, "3/9 Pod root");
    term_type(f->term, "q");
    term_expect_gone(f->term, "3/9 ");
    sample_term_quit(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_term_set_up, sample_term_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_matrix_of_what_is_decided),
        TEST(what_a_proposal_changes),
        TEST(two_policies_are_compared),
        TEST(on_a_small_screen),
        TEST(as_a_list_on_a_narrow_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
