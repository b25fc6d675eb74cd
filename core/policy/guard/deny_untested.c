#include "policy/guard/guard_private.h"

#include <stdlib.h>

/* A test file reaches a rule when it is of its package, or refers to it or to something that holds
 * it. */
static bool reaches(const struct policy_facts *test, const char *package, const char *rule)
{
    if (test->package != NULL && strcmp(test->package, package) == 0) {
        return true;
    }
    VEC_FOREACH (const struct policy_ref, ref, &test->refs) {
        if (ref->path[0] != '\0' &&
            (policy_path_below(rule, ref->path) || policy_path_below(ref->path, rule))) {
            return true;
        }
    }
    return false;
}

/* Each test file is asked: for a rule or two. */
static bool is_reached(const struct guard_file *file, const char *rule)
{
    bool tested = false;
    for (size_t i = 0; i < file->index->files.len && !tested; i++) {
        const struct policy_facts *facts = file->index->files.items[i].facts;
        tested =
            facts != NULL && facts->tests.len > 0 && reaches(facts, file->facts->package, rule);
    }
    return tested;
}

/* ---- for the rules of all files ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct guard_names *names)
{
    if (names->len > 1) {
        qsort(names->items, names->len, sizeof *names->items, by_text);
    }
}

static void read_tested(const struct policy_index *index, struct guard_tested *tested)
{
    tested->made = true;
    VEC_FOREACH (const struct policy_file, test, &index->files) {
        if (test->facts == NULL || test->facts->tests.len == 0) {
            continue;
        }
        if (test->facts->package != NULL) {
            VEC_PUSH(&tested->packages, test->facts->package);
        }
        VEC_FOREACH (const struct policy_ref, ref, &test->facts->refs) {
            if (ref->path[0] != '\0') {
                VEC_PUSH(&tested->refs, ref->path);
            }
        }
    }
    sort(&tested->packages);
    sort(&tested->refs);
}

/* A name begins with these letters. */
static bool have_beginning(const struct guard_names *names, const char *with)
{
    size_t low = 0;
    size_t high = names->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->items[middle], with) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < names->len && strncmp(names->items[low], with, strlen(with)) == 0;
}

/* The same as is_reached, by one look into what all test files refer to: the rule, what is below
 * it, or one of those it lies in. */
static bool is_among(const struct guard_tested *tested, const char *package, char *rule)
{
    char *below = mem_printf("%s/", rule);
    bool among = guard_names_have(&tested->packages, package) ||
                 guard_names_have(&tested->refs, rule) || have_beginning(&tested->refs, below);
    free(below);
    for (char *slash = rule; !among && (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        among = guard_names_have(&tested->refs, rule);
        *slash = '/';
    }
    return among;
}

static bool is_tested(const struct guard_file *file, const char *name)
{
    char *rule = mem_printf("%s/%s", file->facts->package, name);
    struct guard_tested *tested = &file->world->tested;
    bool all = file->world->demands != NULL; /* a run over all files */
    if (all && !tested->made) {
        read_tested(file->index, tested);
    }
    bool is = all ? is_among(tested, file->facts->package, rule) : is_reached(file, rule);
    free(rule);
    return is;
}

/* A policy of Kyverno's that no result of a test names and no test loads. */
static void check_kyverno(struct guard_file *file)
{
    TSNode document;
    const struct guard_suites *suites = file->world == NULL ? NULL : guard_suites(file->world);
    bool looks = suites != NULL && suites->kyverno > 0 && !guard_is_aside(file->path) &&
                 !guard_suites_name(suites, file->path);
    for (uint32_t at = 0; looks && yaml_next_document(file->root, &at, &document);) {
        char *name = yaml_string(file->text, document, "metadata/name");
        if (guard_is_kyverno_policy(file, document) && name[0] != '\0' &&
            !guard_names_have(&suites->policies, name)) {
            guard_find(file, yaml_get_path(file->text, document, "metadata/name"),
                "no test of this workspace loads %s, as tests load others: nothing shows what it "
                "decides",
                name);
        }
        free(name);
    }
}

static void check(struct guard_file *file)
{
    if (!file->is_rego) {
        check_kyverno(file);
        return;
    }
    struct {
        char **items;
        size_t len, cap;
    } seen = {0};
    if (file->index == NULL || file->facts->package == NULL || guard_is_test_file(file)) {
        return;
    }
    TSNode rule;
    struct rego_head head;
    for (uint32_t at = 0; guard_next_rule(file, &at, &rule, &head);) {
        bool known = !guard_is_deny(&head);
        for (size_t i = 0; i < seen.len && !known; i++) {
            known = strcmp(seen.items[i], head.path) == 0;
        }
        if (!known && !is_tested(file, head.path)) {
            guard_find(file, rego_node_field(rego_node_field(rule, "head"), "name"),
                "no test reaches %s: nothing shows that it denies what it should, and lets pass "
                "what it should",
                head.path);
        }
        if (known) {
            free(head.path);
        } else {
            VEC_PUSH(&seen, head.path);
        }
    }
    VEC_FOREACH (char *, name, &seen) {
        free(*name);
    }
    VEC_FREE(&seen);
}

const struct guard guard_deny_untested = {
    .id = "deny-untested",
    .no_fix = "a test that is made up to be there shows nothing.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "a rule that denies has no test",
    .explanation = "A deny, violation or warn rule that no test of the workspace refers to. Write "
                   "a test that shows a denied input and one that shows an input that passes. Of "
                   "Kyverno's policies: one that no test loads, in a workspace with such tests.",
    .check = check,
};
