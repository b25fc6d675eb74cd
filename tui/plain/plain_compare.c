/* The policies of a file beside those that replace them, said line by line. */
#include "plain/plain_private.h"

#include "base/path.h"

#include <stdlib.h>

struct saying {
    struct plain *plain;
    size_t said, left; /* documents that differ */
};

static void note(void *data, const struct finding *what)
{
    plain_say_finding(data, 0, what);
}

static void say_side(struct plain *plain, const char *who, const struct apply_cell *cell, bool full)
{
    plain_say(plain, "  %s: %s", who, apply_verdict_name(cell->verdict));
    plain_lines(plain, "    ", str_of(cell->message));
    if (full) {
        plain_lines(plain, "    ", str_of(cell->detail));
    }
}

static void row(void *data, const struct apply_policy *policy, const struct apply_fixture *fixture,
    const struct comparison_row *what)
{
    struct saying *saying = data;
    if (!comparison_row_differs(what)) {
        return;
    }
    if (saying->said == PLAIN_LIST_MAX) {
        saying->left++;
        return;
    }
    saying->said++;
    plain_say(saying->plain, "%s: %s %s on %s, %s", apply_difference_name(what->difference),
        policy->engine, policy->name, fixture->id, fixture->name);
    /* The same verdict: what they make of the document is what differs. */
    bool full = what->difference == APPLY_DIFFERS && what->older.verdict == what->newer.verdict;
    say_side(saying->plain, "old", &what->older, full);
    say_side(saying->plain, "new", &what->newer, full);
}

static void alone(void *data, const struct apply_policy *policy, bool old)
{
    const struct saying *saying = data;
    plain_say(saying->plain, "alone: %s %s: %s", policy->engine, policy->name,
        old ? "nothing replaces it" : "it replaces nothing");
}

static void done(void *data, const char *trouble)
{
    struct plain *plain = data;
    struct saying saying = {.plain = plain};
    struct comparison_teller teller = {.data = &saying, .row = row, .alone = alone};
    struct comparison_totals totals;
    struct buf text = BUF_INIT;
    plain->doing = NULL;
    if (trouble != NULL) {
        plain_say(plain, "Nothing is compared: %s.", trouble);
        return;
    }
    comparison_run_tell(plain->comparison, &teller, &totals);
    if (saying.left > 0) {
        plain_say(plain, "There are %zu more: bylaw apply --compare tells them all.", saying.left);
    }
    comparison_append_totals(&totals, &text);
    buf_append_char(&text, '.');
    plain_line(plain, buf_str(&text));
    buf_free(&text);
}

bool plain_compare(struct plain *plain, struct str args, struct err *err)
{
    char *older = NULL;
    char *newer = NULL;
    bool ok = false;
    unsigned proposal = 0;
    const char *root = workbench_checked_root(plain->wb, &proposal);
    struct str first = plain_word(&args);
    struct str second = plain_word(&args);
    if (root == NULL) {
        return err_set(err, ERR_CONFLICT, "The proposal is being laid out: try again in a moment.");
    }
    if (first.len == 0 || args.len > 0) {
        return err_set(err, ERR_INVALID,
            "Name the file with the policies that are to be replaced, and the one with those that "
            "replace them: compare OLD NEW.");
    }
    if (!path_check_relative(first, &older, err) ||
        (second.len > 0 && !path_check_relative(second, &newer, err))) {
        goto out;
    }
    if (plain->comparison == NULL) {
        struct comparison_events events = {.data = plain, .note = note, .done = done};
        plain->comparison = comparison_run_new(plain->loop, &events);
    }
    /* What is proposed, where a proposal is open: the policy may be migrated by it. */
    struct comparison_request request = {
        .root = proposal > 0 ? root : workspace_root(workbench_workspace(plain->wb)),
        .offline = proposal > 0,
        .old_file = older,
        .new_file = newer};
    ok = comparison_run_start(plain->comparison, &request, err);
    if (ok) {
        plain->doing = "policies are compared";
    }
out:
    free(older);
    free(newer);
    return ok;
}
