#include "policy/test_begin.h"

#include "base/mem.h"
#include "base/vec.h"
#include "policy/facts.h"

#include <stdlib.h>
#include <string.h>

static const struct policy_rule *rule_at(const struct policy_facts *facts, unsigned row)
{
    VEC_FOREACH (const struct policy_rule, rule, &facts->rules) {
        if (rule->row <= row && row <= rule->end_row) {
            return rule;
        }
    }
    return NULL;
}

/* NULL: no rule there that a test can be begun of. */
static const struct policy_rule *subject(const struct policy_facts *facts, unsigned row)
{
    VEC_FOREACH (const struct policy_test, test, &facts->tests) {
        if (test->row == row) {
            return NULL;
        }
    }
    const struct policy_rule *rule = rule_at(facts, row);
    return rule == NULL || facts->package == NULL || strncmp(rule->name, "test_", 5) == 0 ? NULL
                                                                                          : rule;
}

char *policy_test_subject(struct str policy, unsigned row)
{
    struct policy_facts *facts = policy_facts_parse(policy);
    const struct policy_rule *rule = subject(facts, row);
    char *name = rule == NULL ? NULL : policy_path_show(rule->name);
    policy_facts_release(facts);
    return name;
}

char *policy_test_path(const char *policy_path)
{
    struct str path = str_of(policy_path);
    if (!str_ends(path, ".rego") || str_ends(path, "_test.rego")) {
        return NULL;
    }
    return mem_printf("%.*s_test.rego", (int)(path.len - strlen(".rego")), policy_path);
}

static bool has_line(struct str text, const char *wanted)
{
    struct str line;
    while (str_next_line(&text, &line)) {
        if (str_equal_c(str_trim(line), wanted)) {
            return true;
        }
    }
    return false;
}

static bool is_known_test(const struct policy_facts *facts, const char *name)
{
    VEC_FOREACH (const struct policy_test, test, &facts->tests) {
        if (strcmp(test->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "test_deny", or "test_deny_2" when the file has that. */
static char *test_name(const struct policy_facts *tests, const struct policy_rule *rule)
{
    const char *slash = strrchr(rule->name, '/');
    char *name = mem_printf("test_%s", slash == NULL ? rule->name : slash + 1);
    for (char *c = name; *c != '\0'; c++) {
        bool word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                    (*c >= '0' && *c <= '9') || *c == '_';
        *c = word ? *c : '_';
    }
    char *free_name = mem_strdup(name);
    for (unsigned i = 2; is_known_test(tests, free_name); i++) {
        free(free_name);
        free_name = mem_printf("%s_%u", name, i);
    }
    free(name);
    return free_name;
}

/* How the package of the policy is named in the file of tests; "" in the same package. */
static char *prefix_of(const struct policy_facts *policy, const struct policy_facts *tests,
    struct str text, const char *package)
{
    const char *last = strrchr(policy->package, '/');
    last = last == NULL ? policy->package : last + 1;
    char *import = mem_printf("import data.%s", package);
    char *prefix = tests->package != NULL && strcmp(tests->package, policy->package) == 0
                       ? mem_strdup("")
                   : has_line(text, import) ? mem_printf("%s.", last)
                                            : mem_printf("data.%s.", package);
    free(import);
    return prefix;
}

/* Package and imports of a new file. */
static void append_head(
    const struct policy_facts *policy, struct str text, const char *package, struct buf *out)
{
    bool odd = package[0] == '\0' || package[strlen(package) - 1] == ']';
    if (odd || policy->dialect == DIALECT_V0) {
        buf_printf(out, "package %s\n", package);
        return;
    }
    buf_printf(out, "package %s_test\n\n", package);
    buf_append_c(out, has_line(text, "import rego.v1") ? "import rego.v1\n\n" : "");
    buf_printf(out, "import data.%s\n", package);
}

bool policy_test_begin(
    struct str policy, unsigned row, struct str tests, struct buf *out, size_t *cursor)
{
    struct policy_facts *facts = policy_facts_parse(policy);
    const struct policy_rule *rule = subject(facts, row);
    if (rule == NULL) {
        policy_facts_release(facts);
        return false;
    }
    size_t start = out->len;
    char *package = policy_path_show(facts->package);
    if (str_trim(tests).len == 0) {
        append_head(facts, policy, package, out);
        tests = str_slice(buf_str(out), start, out->len);
    } else {
        buf_append_c(out, tests.ptr[tests.len - 1] == '\n' ? "" : "\n");
    }
    struct policy_facts *known = policy_facts_parse(tests);
    char *prefix = prefix_of(facts, known, tests, package);
    char *name = test_name(known, rule);
    char *rule_name = policy_path_show(rule->name);
    buf_printf(out, "\n%s %s{\n\t", name, facts->dialect == DIALECT_V0 ? "" : "if ");
    bool set = rule->kind == RULE_PARTIAL, function = rule->kind == RULE_FUNCTION;
    buf_printf(out, "%s%s%s%s with input as {", set ? "count(" : "", prefix, rule_name,
        set        ? ") == 1"
        : function ? "()"
                   : "");
    *cursor = out->len - start;
    buf_append_c(out, "}\n}\n");
    free(rule_name);
    free(name);
    free(prefix);
    free(package);
    policy_facts_release(known);
    policy_facts_release(facts);
    return true;
}
