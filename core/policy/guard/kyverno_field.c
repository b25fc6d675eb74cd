#include "patch/edits.h"
#include "policy/guard/guard_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static void find_case(struct guard_file *file, TSNode value, const char *where)
{
    struct buf word = BUF_INIT;
    yaml_scalar(file->text, value, &word);
    bool lower = str_equal_c(buf_str(&word), "audit") || str_equal_c(buf_str(&word), "enforce");
    if (lower) {
        char *right = mem_strdup(word.ptr);
        right[0] = (char)toupper((unsigned char)right[0]);
        struct finding *finding = guard_find(file, value,
            "%s: %s is not taken, it must be %s. Kyverno's CLI then leaves the policy out without "
            "a word",
            where, word.ptr, right);
        if (strcmp(ts_node_type(value), "plain_scalar") == 0) {
            guard_mend(file, finding, ts_node_start_byte(value), ts_node_end_byte(value), right,
                "write it with a capital");
        }
        free(right);
    }
    buf_free(&word);
}

static void check_rule(struct guard_file *file, TSNode rule)
{
    TSNode validate = yaml_get(file->text, rule, "validate", NULL);
    TSNode action = yaml_get(file->text, validate, "failureAction", NULL);
    if (!ts_node_is_null(action)) {
        find_case(file, action, "failureAction");
    }
}

/* ---- the fixes: the action where this kind has it ---- */

static struct finding *find_key(
    struct guard_file *file, TSNode spec, const char *key, const char *message)
{
    TSNode name = {0};
    yaml_get(file->text, spec, key, &name);
    return ts_node_is_null(name) ? NULL : guard_find(file, name, "%s", message);
}

/* "Enforce" of "enforce"; NULL: another word, or not written plainly. The caller frees. */
static char *action_of(const struct guard_file *file, TSNode value)
{
    static const char *const words[] = {"Audit", "Enforce", "Deny", "Warn"};
    struct str written = rego_node_text(file->text, value);
    for (size_t i = 0; yaml_is_scalar(value) && i < ARRAY_LEN(words); i++) {
        if (written.len == strlen(words[i]) &&
            strncasecmp(written.ptr, words[i], written.len) == 0) {
            return mem_strdup(words[i]);
        }
    }
    return NULL;
}

/* The line of a pair that has it for itself; false: other things stand in it. */
static bool line_of(
    const struct guard_file *file, TSNode key, TSNode value, size_t *from, size_t *to)
{
    struct str text = file->text;
    size_t start = ts_node_start_byte(key);
    size_t begin = start;
    while (begin > 0 && text.ptr[begin - 1] == ' ') {
        begin--;
    }
    size_t end = str_find_char(text, '\n', ts_node_end_byte(value));
    end = end == SIZE_MAX ? text.len : end + 1;
    struct str rest = str_trim(str_slice(text, ts_node_end_byte(value), end));
    *from = begin;
    *to = end;
    return (begin == 0 || text.ptr[begin - 1] == '\n') && rest.len == 0 &&
           ts_node_start_point(key).row == ts_node_end_point(value).row;
}

static void add_edit(struct text_edits *edits, size_t from, size_t to, const char *with)
{
    struct text_edit edit = {from, to, BUF_INIT};
    buf_append_c(&edit.with, with);
    VEC_PUSH(edits, edit);
}

/* `failureAction: …` as the first key of a rule's validate, if it has none. False: it cannot be
 * told where it belongs. */
static bool give_action(
    const struct guard_file *file, TSNode rule, const char *action, struct text_edits *edits)
{
    TSNode key = {0};
    TSNode first = {0};
    TSNode value;
    TSNode validate = yaml_get(file->text, rule, "validate", &key);
    TSNode images = {0};
    bool other = !ts_node_is_null(yaml_get(file->text, rule, "mutate", NULL)) ||
                 !ts_node_is_null(yaml_get(file->text, rule, "generate", NULL));
    yaml_get(file->text, rule, "verifyImages", &images);
    if (!ts_node_is_null(images) || (ts_node_is_null(key) && !other)) {
        return false;
    }
    if (ts_node_is_null(key) ||
        !ts_node_is_null(yaml_get(file->text, validate, "failureAction", NULL))) {
        return true;
    }
    uint32_t at = 0;
    if (ts_node_is_null(validate) || strcmp(ts_node_type(validate), "block_mapping") != 0 ||
        !yaml_next_pair(validate, &at, &first, &value) ||
        ts_node_start_point(first).row == ts_node_start_point(key).row) {
        return false;
    }
    char *with =
        mem_printf("failureAction: %s\n%*s", action, (int)ts_node_start_point(first).column, "");
    add_edit(edits, ts_node_start_byte(first), ts_node_start_byte(first), with);
    free(with);
    return true;
}

/* The policy's action as each rule's, which is what Kyverno does with it. */
static void move_action(struct guard_file *file, TSNode spec, const char *name, struct finding *f)
{
    TSNode key = {0};
    TSNode value = yaml_get(file->text, spec, name, &key);
    TSNode over = {0};
    TSNode rules = yaml_get(file->text, spec, "rules", NULL);
    TSNode rule;
    struct text_edits edits = {0};
    size_t from = 0;
    size_t to = 0;
    char *action = action_of(file, value);
    yaml_get(file->text, spec, "validationFailureActionOverrides", &over);
    bool ok = f != NULL && action != NULL && (action[0] == 'A' || action[0] == 'E') &&
              ts_node_is_null(over) && yaml_is_sequence(rules) &&
              strcmp(ts_node_type(spec), "block_mapping") == 0 &&
              line_of(file, key, value, &from, &to);
    if (ok) {
        add_edit(&edits, from, to, "");
    }
    for (uint32_t at = 0; ok && yaml_next_item(rules, &at, &rule);) {
        ok = give_action(file, rule, action, &edits);
    }
    if (ok) {
        guard_mend_all(file, f, &edits, "move it to the rules");
    } else {
        text_edits_free(&edits);
    }
    free(action);
}

/* `validationActions: [Deny]` for the action of another kind. */
static void write_actions(struct guard_file *file, TSNode spec, const char *name, struct finding *f)
{
    TSNode key = {0};
    TSNode list = {0};
    TSNode value = yaml_get(file->text, spec, name, &key);
    char *action = f == NULL ? NULL : action_of(file, value);
    yaml_get(file->text, spec, "validationActions", &list);
    if (action != NULL && ts_node_is_null(list) &&
        ts_node_start_point(key).row == ts_node_end_point(value).row) {
        char *with = mem_printf("validationActions: [%s]", action[0] == 'E' ? "Deny" : action);
        guard_mend(file, f, ts_node_start_byte(key), ts_node_end_byte(value), with,
            "write it as validationActions");
        free(with);
    }
    free(action);
}

/* ---- what is looked for ---- */

static void check_cluster_policy(struct guard_file *file, TSNode spec)
{
    struct finding *found = find_key(file, spec, "validationFailureAction",
        "spec.validationFailureAction is deprecated since Kyverno 1.13: each rule says it as "
        "validate.failureAction");
    move_action(file, spec, "validationFailureAction", found);
    find_key(file, spec, "validationFailureActionOverrides",
        "spec.validationFailureActionOverrides is deprecated since Kyverno 1.13: each rule says it "
        "as validate.failureActionOverrides");
    found = find_key(file, spec, "failureAction",
        "spec.failureAction does not exist: it is validate.failureAction of a rule. Kyverno's CLI "
        "leaves a policy with an unknown field out without a word");
    move_action(file, spec, "failureAction", found);
    TSNode rules = yaml_get(file->text, spec, "rules", NULL);
    TSNode rule;
    for (uint32_t at = 0; yaml_next_item(rules, &at, &rule);) {
        check_rule(file, rule);
    }
}

static void check_cel_policy(struct guard_file *file, TSNode spec)
{
    static const char *const unknown[][2] = {
        {"rules", "spec.rules does not exist here: validations, without names"},
        {"background", "spec.background does not exist here: evaluation.background.enabled"},
        {"validationFailureAction",
            "spec.validationFailureAction does not exist here: validationActions, a list of Deny, "
            "Audit, Warn"},
        {"failureAction",
            "spec.failureAction does not exist here: validationActions, a list of Deny, Audit, "
            "Warn"},
        {"validationAction",
            "spec.validationAction does not exist: validationActions, a list of Deny, Audit, Warn"},
    };
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        struct finding *found = find_key(file, spec, unknown[i][0], unknown[i][1]);
        if (strstr(unknown[i][0], "Action") != NULL) {
            write_actions(file, spec, unknown[i][0], found);
        }
    }
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        TSNode spec = yaml_get(file->text, document, "spec", NULL);
        char *version = yaml_string(file->text, document, "apiVersion");
        char *kind = yaml_string(file->text, document, "kind");
        if (manifest_in_group(version, "kyverno.io") &&
            (strcmp(kind, "ClusterPolicy") == 0 || strcmp(kind, "Policy") == 0)) {
            check_cluster_policy(file, spec);
        } else if (manifest_in_group(version, "policies.kyverno.io") &&
                   strstr(kind, "ValidatingPolicy") != NULL) {
            check_cel_policy(file, spec);
        }
        free(version);
        free(kind);
    }
}

const struct guard guard_kyverno_field = {
    .id = "kyverno-field",
    .fix = "writes the action with a capital, moves spec.validationFailureAction (and "
           "spec.failureAction) to each validate rule, or writes validationActions. Not where "
           "rules verify images, have overrides or are not written out.",
    .languages = GUARD_YAML,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_WARNING,
    .summary = "a Kyverno field that is deprecated or does not exist",
    .explanation = "Fields of one kind written into another, the old "
                   "spec.validationFailureAction, and actions in lower case. `kyverno apply` says "
                   "nothing about a policy it cannot read: it applies zero rules and ends well.",
    .check = check,
};
