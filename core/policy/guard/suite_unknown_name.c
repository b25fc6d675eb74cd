#include "policy/guard/suite.h"

#include <stdlib.h>

enum { WORD_MAX = 200, NEAR = 3 };

/* Letters to change to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t m = strlen(a);
    size_t n = strlen(b);
    if (m > WORD_MAX || n > WORD_MAX) {
        return SIZE_MAX;
    }
    for (size_t k = 0; k <= n; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= m; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= n; k++) {
            size_t change = corner + (a[i - 1] != b[k - 1]);
            size_t step = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            corner = row[k];
            row[k] = change < step ? change : step;
        }
    }
    return row[n];
}

/* The one that is meant, if only one is near; names begin with `prefix`, which is left out. */
static const char *meant(const struct guard_names *names, const char *prefix, const char *name)
{
    const char *best = NULL;
    size_t least = NEAR + 1;
    size_t skip = strlen(prefix);
    VEC_FOREACH (char *, each, names) {
        if (strncmp(*each, prefix, skip) != 0) {
            continue;
        }
        size_t far = distance(*each + skip, name);
        if (far < least) {
            least = far;
            best = *each + skip;
        } else if (far == least && far <= NEAR) {
            best = NULL;
        }
    }
    return least * 3 <= strlen(name) ? best : NULL;
}

static void tell(struct guard_file *file, TSNode node, const char *name, const char *what,
    const struct guard_names *names, const char *prefix)
{
    const char *right = meant(names, prefix, name);
    struct finding *finding =
        guard_find(file, node, "%s %s: Kyverno passes the row without evaluating anything%s%s",
            what, name, right == NULL ? "" : ". Meant is ", right == NULL ? "" : right);
    const char *at = strrchr(name, '/');
    if (right != NULL && at == NULL && strcmp(ts_node_type(node), "plain_scalar") == 0) {
        size_t end = ts_node_end_byte(node);
        guard_mend(file, finding, end - strlen(name), end, right, "write the name there is");
    }
}

static void check_rule(struct guard_file *file, const struct guard_loaded *loaded, TSNode node,
    const char *policy, const char *rule)
{
    char *key = mem_printf("%s/%s", policy, rule);
    if (guard_names_have(&loaded->old, policy) && !guard_names_have(&loaded->rules, key)) {
        char *prefix = mem_printf("%s/", policy);
        tell(file, node, rule, "the policy has no rule", &loaded->rules, prefix);
        free(prefix);
    }
    free(key);
}

static void check_resources(
    struct guard_file *file, const struct guard_loaded *loaded, TSNode result)
{
    TSNode list = yaml_get(file->text, result, "resources", NULL);
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        struct buf name = BUF_INIT;
        bool plain = yaml_scalar(file->text, item, &name) && name.len > 0;
        const char *base = plain ? guard_base_name(name.ptr) : "";
        if (base[0] != '\0' && strpbrk(base, "*?") == NULL &&
            !guard_names_have(&loaded->resources, base)) {
            tell(
                file, item, base, "none of the test's resources is called", &loaded->resources, "");
        }
        buf_free(&name);
    }
}

static void check_result(struct guard_file *file, const struct guard_loaded *loaded, TSNode result)
{
    TSNode policy_node = yaml_get(file->text, result, "policy", NULL);
    TSNode rule_node = yaml_get(file->text, result, "rule", NULL);
    char *policy = yaml_string(file->text, result, "policy");
    char *rule = yaml_string(file->text, result, "rule");
    const char *name = guard_base_name(policy);
    if (loaded->all_policies && name[0] != '\0' && !guard_names_have(&loaded->policies, name)) {
        tell(file, policy_node, name, "none of the test's policies is called", &loaded->policies,
            "");
    } else if (loaded->all_policies && rule[0] != '\0') {
        check_rule(file, loaded, rule_node, name, guard_rule_written(rule));
    }
    if (loaded->all_resources && loaded->resources.len > 0) {
        check_resources(file, loaded, result);
    }
    free(policy);
    free(rule);
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; file->world != NULL && yaml_next_document(file->root, &at, &document);) {
        TSNode results = yaml_get(file->text, document, "results", NULL);
        TSNode result;
        if (guard_suite_kind(file, document) != SUITE_KYVERNO || !yaml_is_sequence(results)) {
            continue;
        }
        struct guard_loaded loaded;
        guard_loaded_read(file, document, &loaded);
        for (uint32_t i = 0; yaml_next_item(results, &i, &result);) {
            check_result(file, &loaded, result);
        }
        guard_loaded_free(&loaded);
    }
}

const struct guard guard_suite_unknown_name = {
    .id = "suite-unknown-name",
    .fix = "writes the one name that is near.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_ERROR,
    .summary = "a Kyverno test names a policy, rule or resource that its files do not have",
    .explanation =
        "`kyverno test` passes such a row as \"Excluded\", whatever it expects, and ends well: the "
        "test cannot fail. Told where every file the test loads can be read; names that one or two "
        "letters part from the right one are mended.",
    .check = check,
};
