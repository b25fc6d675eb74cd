/* Suites and test files that only ever see what is let pass. */
#include "policy/guard/suite.h"

#include <stdlib.h>

/* ---- Kyverno ---- */

static bool wants_denial(const struct guard_file *file, TSNode result)
{
    TSNode word = yaml_get(file->text, result, "result", NULL);
    word = ts_node_is_null(word) ? yaml_get(file->text, result, "status", NULL) : word;
    return !yaml_equals(file->text, word, "pass") && !yaml_equals(file->text, word, "skip");
}

/* "policy/rule" as validating has it. The caller frees. */
static char *key_of(const struct guard_file *file, TSNode result, const struct guard_loaded *loaded)
{
    char *policy = yaml_string(file->text, result, "policy");
    char *rule = yaml_string(file->text, result, "rule");
    const char *name = guard_base_name(policy);
    bool old = guard_names_have(&loaded->old, name);
    char *key = mem_printf("%s/%s", name, old ? guard_rule_written(rule) : "");
    free(policy);
    free(rule);
    return key;
}

static bool denied_before_or_after(const struct guard_file *file, TSNode results,
    const struct guard_loaded *loaded, const char *key, uint32_t self)
{
    TSNode result;
    for (uint32_t i = 0; yaml_next_item(results, &i, &result);) {
        char *other = key_of(file, result, loaded);
        bool same = strcmp(other, key) == 0;
        free(other);
        if (same && (wants_denial(file, result) || i < self)) {
            return true;
        }
    }
    return false;
}

static void check_kyverno(struct guard_file *file, TSNode document)
{
    TSNode results = yaml_get(file->text, document, "results", NULL);
    TSNode result;
    struct guard_loaded loaded;
    guard_loaded_read(file, document, &loaded);
    for (uint32_t i = 0; yaml_next_item(results, &i, &result);) {
        char *key = key_of(file, result, &loaded);
        /* The first row of each rule speaks for all. */
        if (loaded.all_policies && guard_names_have(&loaded.validating, key) &&
            !denied_before_or_after(file, results, &loaded, key, i)) {
            TSNode rule = yaml_get(file->text, result, "rule", NULL);
            guard_find(file,
                ts_node_is_null(rule) ? yaml_get(file->text, result, "policy", NULL) : rule,
                "no row of this test expects %s to deny anything: it stays green when the rule "
                "denies nothing any more",
                key);
        }
        free(key);
    }
    guard_loaded_free(&loaded);
}

/* ---- gator ---- */

/* False: some assertion wants a violation. */
static bool wants_none(const struct guard_file *file, TSNode item)
{
    TSNode assertions = yaml_get(file->text, item, "assertions", NULL);
    TSNode assertion;
    for (uint32_t at = 0; yaml_next_item(assertions, &at, &assertion);) {
        TSNode violations = yaml_get(file->text, assertion, "violations", NULL);
        if (!yaml_equals(file->text, violations, "no") &&
            !yaml_equals(file->text, violations, "0")) {
            return false;
        }
    }
    return true;
}

static bool has_denied_case(const struct guard_file *file, TSNode test)
{
    TSNode cases = yaml_get(file->text, test, "cases", NULL);
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(cases, &at, &item);) {
        if (!wants_none(file, item)) {
            return true;
        }
    }
    return yaml_equals(file->text, yaml_get(file->text, test, "invalid", NULL), "true");
}

/* A template is tested with several constraints, some of which may let everything pass. */
static void check_gator(struct guard_file *file, TSNode document)
{
    TSNode tests = yaml_get(file->text, document, "tests", NULL);
    TSNode test;
    TSNode other;
    for (uint32_t at = 0; yaml_next_item(tests, &at, &test);) {
        char *template = yaml_string(file->text, test, "template");
        bool first = true;
        bool denied = false;
        TSNode cases = yaml_get(file->text, test, "cases", NULL);
        for (uint32_t i = 0; yaml_next_item(tests, &i, &other);) {
            if (yaml_equals(file->text, yaml_get(file->text, other, "template", NULL), template)) {
                first = first && i >= at;
                denied = denied || has_denied_case(file, other);
            }
        }
        if (first && !denied && yaml_is_sequence(cases) && template[0] != '\0') {
            guard_find(file, yaml_get(file->text, test, "template", NULL),
                "no case of this suite expects a violation of %s: it stays green when the template "
                "denies nothing any more",
                template);
        }
        free(template);
    }
}

static void check_suites(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        enum guard_suite kind = guard_suite_kind(file, document);
        if (kind == SUITE_GATOR && !ts_node_has_error(document)) {
            check_gator(file, document);
        } else if (kind == SUITE_KYVERNO && file->world != NULL && !ts_node_has_error(document)) {
            check_kyverno(file, document);
        }
    }
}

/* ---- Rego ---- */

/* A rule that denies, below data, and how this file speaks of it. */
struct spoken {
    char *path;
    TSNode first; /* where it is expected to be empty */
    bool denied;  /* used in another way */
};

struct speech {
    struct guard_file *file;
    TSNode rule; /* the test that is looked at */
    struct {
        struct spoken *items;
        size_t len, cap;
    } all;
};

static bool is_text(const struct guard_file *file, TSNode node, const char *text)
{
    return !ts_node_is_null(node) && str_equal_c(rego_node_text(file->text, node), text);
}

/* The X of `count(X) == 0`, `X == set()`; the null node: it is no such thing. */
static TSNode emptied(const struct guard_file *file, TSNode statement)
{
    TSNode left = rego_node_field(statement, "left");
    TSNode right = rego_node_field(statement, "right");
    TSNode sign = rego_node_field(statement, "operator");
    bool equal = rego_node_is(statement, "unification") || is_text(file, sign, "==");
    if (!equal) {
        return (TSNode){0};
    }
    for (int turn = 0; turn < 2; turn++) {
        TSNode a = turn == 0 ? left : right;
        TSNode b = turn == 0 ? right : left;
        if (is_text(file, b, "0") && rego_node_is(a, "call") &&
            is_text(file, rego_node_field(a, "function"), "count")) {
            TSNode arguments = rego_node_field(a, "arguments");
            return ts_node_is_null(arguments) ? arguments : ts_node_named_child(arguments, 0);
        }
        if (is_text(file, b, "set()") || is_text(file, b, "{}")) {
            return a;
        }
    }
    return (TSNode){0};
}

static bool is_denier(const struct guard_file *file, TSNode node, struct buf *path)
{
    if (!guard_resolve(file, node, path) || !guard_is_set(file, path->ptr)) {
        return false;
    }
    const char *slash = strrchr(path->ptr, '/');
    struct rego_head head = {.path = (char *)(uintptr_t)(slash + 1), .kind = RULE_PARTIAL};
    return guard_is_deny(&head);
}

static struct spoken *spoken_of(struct speech *speech, const char *path)
{
    VEC_FOREACH (struct spoken, spoken, &speech->all) {
        if (strcmp(spoken->path, path) == 0) {
            return spoken;
        }
    }
    VEC_PUSH(&speech->all, (struct spoken){.path = mem_strdup(path)});
    return &speech->all.items[speech->all.len - 1];
}

struct name_use {
    const struct guard_file *file;
    struct str name;
    size_t count;
};

static bool count_use(void *data, TSNode node)
{
    struct name_use *use = data;
    use->count += rego_node_is(node, "identifier") &&
                  str_equal(rego_node_text(use->file->text, node), use->name);
    return true;
}

/* Everything that the test says of the variable is that it is empty. */
static bool only_emptied(const struct speech *speech, struct str name)
{
    struct name_use all = {.file = speech->file, .name = name};
    size_t empty = 0;
    TSNode literal;
    uint32_t body = 0;
    guard_walk(speech->rule, count_use, &all);
    for (uint32_t i = 0; guard_next_literal(speech->rule, &body, &i, &literal);) {
        TSNode what = emptied(speech->file, guard_statement(literal));
        empty += rego_node_is(what, "identifier") &&
                 str_equal(rego_node_text(speech->file->text, what), name);
    }
    return empty > 0 && all.count == empty + 1;
}

/* A literal that takes the rule for empty; false: look into it. */
static bool take_literal(struct speech *speech, TSNode literal)
{
    TSNode statement = guard_statement(literal);
    TSNode what = emptied(speech->file, statement);
    struct buf path = BUF_INIT;
    bool taken = false;
    TSNode left = rego_node_field(statement, "left");
    if (rego_node_is(statement, "assignment") && rego_node_is(left, "identifier") &&
        only_emptied(speech, rego_node_text(speech->file->text, left))) {
        what = rego_node_field(statement, "right");
    }
    if (!ts_node_is_null(what) && is_denier(speech->file, what, &path)) {
        struct spoken *spoken = spoken_of(speech, path.ptr);
        spoken->first = ts_node_is_null(spoken->first) ? what : spoken->first;
        taken = true;
    }
    buf_free(&path);
    return taken;
}

static bool take_node(void *data, TSNode node)
{
    struct speech *speech = data;
    struct buf path = BUF_INIT;
    bool into = true;
    if (rego_node_is(node, "rule_head")) {
        return false;
    }
    if (rego_node_is(node, "literal")) {
        into = !take_literal(speech, node);
    } else if (rego_node_is(node, "identifier") || rego_node_is(node, "ref")) {
        if (is_denier(speech->file, node, &path)) {
            spoken_of(speech, path.ptr)->denied = true;
        }
    }
    buf_free(&path);
    return into;
}

/* Another file with tests speaks of the rule, or of something that holds it. */
static bool is_spoken_elsewhere(const struct guard_file *file, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *package = mem_strndup(path, (size_t)(slash - path));
    bool spoken = false;
    for (size_t i = 0; i < file->index->files.len && !spoken; i++) {
        const struct policy_file *other = &file->index->files.items[i];
        if (other->facts == NULL || other->facts->tests.len == 0 ||
            strcmp(other->path, file->path) == 0) {
            continue;
        }
        spoken = other->facts->package != NULL && strcmp(other->facts->package, package) == 0;
        for (size_t k = 0; k < other->facts->refs.len && !spoken; k++) {
            const char *ref = other->facts->refs.items[k].path;
            spoken = policy_path_below(path, ref) || policy_path_below(ref, path);
        }
    }
    free(package);
    return spoken;
}

/* Rules of the file that are no tests may stand for the policy in ways not seen here. */
static bool is_all_tests(const struct guard_file *file)
{
    VEC_FOREACH (const struct policy_rule, rule, &file->facts->rules) {
        bool todo;
        if (rego_test_length(rule->name, &todo) == 0 && rule->kind == RULE_FUNCTION) {
            return false;
        }
    }
    return true;
}

static void check_rego(struct guard_file *file)
{
    struct speech speech = {.file = file};
    struct rego_head head;
    bool looks = file->index != NULL && guard_is_test_file(file) && is_all_tests(file);
    for (uint32_t at = 0; looks && guard_next_rule(file, &at, &speech.rule, &head);) {
        guard_walk(speech.rule, take_node, &speech);
        free(head.path);
    }
    VEC_FOREACH (struct spoken, spoken, &speech.all) {
        if (!spoken->denied && !is_spoken_elsewhere(file, spoken->path)) {
            char *shown = policy_path_show(spoken->path);
            guard_find(file, spoken->first,
                "no test of this file expects %s to deny anything: it stays green when the rule "
                "denies nothing any more",
                shown);
            free(shown);
        }
        free(spoken->path);
    }
    VEC_FREE(&speech.all);
}

static void check(struct guard_file *file)
{
    if (file->is_rego) {
        check_rego(file);
    } else {
        check_suites(file);
    }
}

const struct guard guard_test_no_deny_case = {
    .id = "test-no-deny-case",
    .no_fix = "a case that is made up to be there shows nothing.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "tests of a rule that denies have no case that is denied",
    .explanation =
        "Only what is let pass is tested: a rule that is never true, because a field is misspelt "
        "or a kind is not matched, passes. Add what must be denied, and why. Told of Rego tests "
        "that only compare deny, violation or warn with nothing, of a Kyverno test that expects "
        "`pass` in every row of a rule that validates, of a gator suite without a violation for a "
        "template.",
    .check = check,
};
