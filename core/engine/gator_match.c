/* What a constraint cannot match: a case that wants no violation of such an object passes without
 * its policy being asked, and gator does not say so. As Gatekeeper 3.23 matches
 * (pkg/mutation/match): kinds, namespaces, excludedNamespaces, name, scope, labelSelector; and
 * namespaceSelector, for a Namespace by its own labels, for what is in one by those of the
 * Namespace in the case's inventory. Where there is none gator rejects the object, which counts as
 * a violation. What else decides (a source) may match. */
#include "engine/gator_suite.h"

#include "base/safe.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

enum { SAID_MAX = 300 };

struct subject {
    struct str text;
    TSNode object;
    struct str inventory;
    TSNode stream;                              /* of the inventory; null: there is none */
    char *group, *kind, *space, *name, *begins; /* generateName */
    bool review, is_namespace;
};

static void subject_free(struct subject *subject)
{
    free(subject->group);
    free(subject->kind);
    free(subject->space);
    free(subject->name);
    free(subject->begins);
}

/* The file's first document. */
static bool subject_read(struct subject *subject, TSNode stream)
{
    uint32_t at = 0;
    struct str text = subject->text;
    if (!yaml_next_document(stream, &at, &subject->object)) {
        return false;
    }
    subject->review =
        yaml_equals(text, yaml_get(text, subject->object, "kind", NULL), "AdmissionReview");
    if (subject->review) {
        subject->object = yaml_get_path(text, subject->object, "request/object");
    }
    char *version = yaml_string(text, subject->object, "apiVersion");
    char *slash = strrchr(version, '/');
    subject->group =
        slash == NULL ? mem_strdup("") : mem_strndup(version, (size_t)(slash - version));
    subject->kind = yaml_string(text, subject->object, "kind");
    subject->space = yaml_string(text, subject->object, "metadata/namespace");
    subject->name = yaml_string(text, subject->object, "metadata/name");
    subject->begins = yaml_string(text, subject->object, "metadata/generateName");
    subject->is_namespace = slash == NULL && strcmp(subject->kind, "Namespace") == 0;
    bool ok = version[0] != '\0' && subject->kind[0] != '\0';
    free(version);
    return ok;
}

static bool lists(struct str text, TSNode list, const char *value)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        if (yaml_equals(text, item, "*") || yaml_equals(text, item, value)) {
            return true;
        }
    }
    return false;
}

static bool is_empty(TSNode list)
{
    TSNode item;
    uint32_t at = 0;
    return !yaml_next_item(list, &at, &item);
}

static bool kind_matches(struct str text, TSNode match, const struct subject *subject)
{
    TSNode kinds = yaml_get(text, match, "kinds", NULL);
    TSNode entry;
    for (uint32_t at = 0; yaml_next_item(kinds, &at, &entry);) {
        TSNode groups = yaml_get(text, entry, "apiGroups", NULL);
        TSNode names = yaml_get(text, entry, "kinds", NULL);
        if ((is_empty(groups) || lists(text, groups, subject->group)) &&
            (is_empty(names) || lists(text, names, subject->kind))) {
            return true;
        }
    }
    return is_empty(kinds);
}

/* "*" at the front and the end stands for anything. */
static bool glob_matches(const char *pattern, const char *name, bool begins_only)
{
    struct str rest = str_of(pattern);
    struct str text = str_of(name);
    bool front = str_starts(rest, "*");
    rest = front ? str_from(rest, 1) : rest;
    bool back = str_ends(rest, "*");
    rest.len -= back;
    bool bare = front && pattern[1] == '\0'; /* "*" alone: both */
    if (front && (back || bare)) {
        return str_find(text, rest, 0) != SIZE_MAX;
    }
    if (back) {
        return text.len >= rest.len && str_equal(str_slice(text, 0, rest.len), rest);
    }
    if (begins_only) {
        return false;
    }
    return front ? text.len >= rest.len && str_equal(str_from(text, text.len - rest.len), rest)
                 : str_equal(text, rest);
}

static bool list_globs(struct str text, TSNode list, const char *name)
{
    TSNode item;
    bool matches = false;
    for (uint32_t at = 0; !matches && yaml_next_item(list, &at, &item);) {
        struct buf pattern = BUF_INIT;
        matches = yaml_scalar(text, item, &pattern) &&
                  glob_matches(pattern.ptr == NULL ? "" : pattern.ptr, name, false);
        buf_free(&pattern);
    }
    return matches;
}

/* An object without a namespace is in none, and is not kept out by one. */
static bool space_matches(struct str text, TSNode match, const struct subject *subject)
{
    const char *space = subject->is_namespace ? subject->name : subject->space;
    TSNode spaces = yaml_get(text, match, "namespaces", NULL);
    return space[0] == '\0' || is_empty(spaces) || list_globs(text, spaces, space);
}

static bool space_is_excluded(struct str text, TSNode match, const struct subject *subject)
{
    const char *space = subject->is_namespace ? subject->name : subject->space;
    return space[0] != '\0' &&
           list_globs(text, yaml_get(text, match, "excludedNamespaces", NULL), space);
}

static bool name_matches(struct str text, TSNode match, const struct subject *subject)
{
    char *name = yaml_string(text, match, "name");
    bool matches = name[0] == '\0' || glob_matches(name, subject->name, false) ||
                   glob_matches(name, subject->begins, true);
    free(name);
    return matches;
}

static bool scope_matches(struct str text, TSNode match, const struct subject *subject)
{
    TSNode scope = yaml_get(text, match, "scope", NULL);
    bool in_space = subject->space[0] != '\0' && !subject->is_namespace;
    return yaml_equals(text, scope, "Cluster")      ? !in_space
           : yaml_equals(text, scope, "Namespaced") ? in_space
                                                    : true;
}

/* ---- labels ---- */

struct labels {
    struct str text;
    TSNode mapping;
};

static bool label_is(const struct labels *labels, TSNode value, struct str wanted)
{
    struct buf is = BUF_INIT;
    bool same = yaml_scalar(labels->text, value, &is) && str_equal(buf_str(&is), wanted);
    buf_free(&is);
    return same;
}

static bool expression_matches(struct str text, TSNode expression, const struct labels *labels)
{
    char *key = yaml_string(text, expression, "key");
    char *how = yaml_string(text, expression, "operator");
    TSNode value = yaml_get(labels->text, labels->mapping, key, NULL);
    TSNode values = yaml_get(text, expression, "values", NULL);
    bool is_there = !ts_node_is_null(value);
    bool is_listed = false;
    TSNode item;
    for (uint32_t at = 0; is_there && yaml_next_item(values, &at, &item);) {
        struct buf wanted = BUF_INIT;
        yaml_scalar(text, item, &wanted);
        is_listed = is_listed || label_is(labels, value, buf_str(&wanted));
        buf_free(&wanted);
    }
    bool matches = strcmp(how, "In") == 0             ? is_listed
                   : strcmp(how, "NotIn") == 0        ? !is_listed
                   : strcmp(how, "Exists") == 0       ? is_there
                   : strcmp(how, "DoesNotExist") == 0 ? !is_there
                                                      : true;
    free(how);
    free(key);
    return matches;
}

static bool selector_matches(
    struct str text, TSNode match, const char *name, const struct labels *labels)
{
    TSNode selector = yaml_get(text, match, name, NULL);
    TSNode wanted = yaml_get(text, selector, "matchLabels", NULL);
    TSNode expressions = yaml_get(text, selector, "matchExpressions", NULL);
    TSNode key;
    TSNode value;
    bool matches = true;
    for (uint32_t at = 0; matches && yaml_next_pair(wanted, &at, &key, &value);) {
        struct buf label = BUF_INIT;
        struct buf is = BUF_INIT;
        matches =
            !yaml_scalar(text, key, &label) || !yaml_scalar(text, value, &is) ||
            label_is(labels, yaml_get(labels->text, labels->mapping, buf_str(&label).ptr, NULL),
                buf_str(&is));
        buf_free(&label);
        buf_free(&is);
    }
    TSNode expression;
    for (uint32_t at = 0; matches && yaml_next_item(expressions, &at, &expression);) {
        matches = expression_matches(text, expression, labels);
    }
    return matches;
}

static struct labels labels_of(struct str text, TSNode object)
{
    return (struct labels){text, yaml_get_path(text, object, "metadata/labels")};
}

/* The labels that namespaceSelector is about. False: none, or they are not known. */
static bool space_labels(const struct subject *subject, struct labels *labels)
{
    struct str text = subject->inventory;
    bool found = false;
    TSNode object;
    if (subject->is_namespace) {
        *labels = labels_of(subject->text, subject->object);
        return true;
    }
    for (uint32_t at = 0; subject->space[0] != '\0' && !ts_node_is_null(subject->stream) &&
                          yaml_next_document(subject->stream, &at, &object);) {
        if (yaml_equals(text, yaml_get(text, object, "apiVersion", NULL), "v1") &&
            yaml_equals(text, yaml_get(text, object, "kind", NULL), "Namespace") &&
            yaml_equals(text, yaml_get_path(text, object, "metadata/name"), subject->space)) {
            *labels = labels_of(text, object); /* of two the later one counts */
            found = true;
        }
    }
    return found;
}

/* Labels behind an alias or a merge key are not read (yaml_tree.h): they may be any. */
static bool may_hide_labels(struct str text)
{
    return str_find(text, STR_LIT("<<:"), 0) != SIZE_MAX ||
           str_find(text, STR_LIT(": *"), 0) != SIZE_MAX;
}

/* ---- all ---- */

/* What keeps the object out, for people; "" nothing. */
static char *find_reason(struct str text, TSNode match, const struct subject *subject)
{
    if (!kind_matches(text, match, subject)) {
        return mem_printf("does not match the kind %s", subject->kind);
    }
    if (subject->review) {
        return mem_strdup("");
    }
    if (!space_matches(text, match, subject)) {
        return mem_printf("does not match the namespace %s",
            subject->is_namespace ? subject->name : subject->space);
    }
    if (space_is_excluded(text, match, subject)) {
        return mem_printf(
            "excludes the namespace %s", subject->is_namespace ? subject->name : subject->space);
    }
    if (may_hide_labels(subject->text) || may_hide_labels(text) ||
        may_hide_labels(subject->inventory)) {
        return mem_strdup("");
    }
    struct labels own = labels_of(subject->text, subject->object);
    struct labels space;
    return mem_strdup(!name_matches(text, match, subject)    ? "does not match the object's name"
                      : !scope_matches(text, match, subject) ? "does not match the object's scope"
                      : !selector_matches(text, match, "labelSelector", &own)
                          ? "does not match the object's labels"
                      : space_labels(subject, &space) &&
                              !selector_matches(text, match, "namespaceSelector", &space)
                          ? "does not match the namespace's labels"
                          : "");
}

char *gator_never_matches(struct str constraint, struct str object, struct str inventory)
{
    struct subject subject = {.text = object, .inventory = inventory};
    char *reason = NULL;
    TSNode content;
    uint32_t at = 0;
    TSTree *tree = yaml_tree_parse(constraint);
    TSTree *of_object = yaml_tree_parse(object);
    bool selects = str_find(constraint, STR_LIT("namespaceSelector"), 0) != SIZE_MAX;
    TSTree *beside = selects && inventory.len > 0 ? yaml_tree_parse(inventory) : NULL;
    if (beside != NULL) {
        subject.stream = ts_tree_root_node(beside);
    }
    if (tree != NULL && of_object != NULL && subject_read(&subject, ts_tree_root_node(of_object)) &&
        yaml_next_document(ts_tree_root_node(tree), &at, &content)) {
        reason =
            find_reason(constraint, yaml_get_path(constraint, content, "spec/match"), &subject);
    }
    char *why = NULL;
    if (reason != NULL && reason[0] != '\0') {
        char *shown = safe_dup(str_of(reason), SAFE_ONE_LINE, SAID_MAX);
        why = mem_printf("the constraint %s, so its policy was not asked: that nothing is "
                         "violated says nothing",
            shown);
        free(shown);
    }
    free(reason);
    subject_free(&subject);
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    if (of_object != NULL) {
        ts_tree_delete(of_object);
    }
    if (beside != NULL) {
        ts_tree_delete(beside);
    }
    return why;
}
