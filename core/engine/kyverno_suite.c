/* Reading suites, policies and fixtures: names and the places they stand at. */
#include "engine/kyverno.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

void kyverno_suite_free(void *data)
{
    struct kyverno_suite *suite = data;
    VEC_FOREACH (struct kyverno_entry, entry, &suite->entries) {
        free(entry->policy);
        free(entry->rule);
        free(entry->kind);
        free(entry->expected);
        free(entry->produces);
    }
    VEC_FOREACH (char *, resource, &suite->resources) {
        free(*resource);
    }
    VEC_FOREACH (struct kyverno_object, object, &suite->objects) {
        free(object->kind);
        free(object->space);
        free(object->name);
    }
    VEC_FOREACH (struct kyverno_rule, rule, &suite->rules) {
        free(rule->policy);
        free(rule->rule);
    }
    VEC_FREE(&suite->entries);
    VEC_FREE(&suite->resources);
    VEC_FREE(&suite->objects);
    VEC_FREE(&suite->rules);
    VEC_FREE(&suite->policy_files);
    VEC_FREE(&suite->object_files);
    scratch_remove(&suite->beside);
    free(suite->path);
    free(suite);
}

const char *kyverno_rule_written(const char *rule)
{
    static const char *const made[] = {"autogen-cronjob-", "autogen-"};
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        size_t len = strlen(made[i]);
        if (strncmp(rule, made[i], len) == 0) {
            return rule + len;
        }
    }
    return rule;
}

const char *kyverno_base_name(const char *policy)
{
    const char *slash = strrchr(policy, '/');
    return slash == NULL ? policy : slash + 1;
}

struct position kyverno_place_of(TSNode node)
{
    TSPoint point = ts_node_start_point(node);
    return (struct position){point.row + 1, point.column + 1};
}

/* Calls `each` for the documents of a text, and for the items of those that are lists of them. */
void kyverno_each(struct str text, void (*each)(void *data, TSNode object), void *data)
{
    TSTree *tree = yaml_tree_parse(text);
    if (tree == NULL) {
        return;
    }
    TSNode stream = ts_tree_root_node(tree);
    TSNode document;
    uint32_t at = 0;
    while (yaml_next_document(stream, &at, &document)) {
        TSNode items = yaml_get(text, document, "items", NULL);
        TSNode item;
        uint32_t item_at = 0;
        if (!yaml_is_sequence(items)) {
            each(data, document);
        }
        while (yaml_next_item(items, &item_at, &item)) {
            each(data, item);
        }
    }
    ts_tree_delete(tree);
}

struct reading {
    struct kyverno_suite *suite;
    struct str text;
    size_t file;
};

static void read_object(void *data, TSNode object)
{
    const struct reading *reading = data;
    TSNode name = yaml_get_path(reading->text, object, "metadata/name");
    struct kyverno_object read = {.file = reading->file,
        .kind = yaml_string(reading->text, object, "kind"),
        .space = yaml_string(reading->text, object, "metadata/namespace"),
        .name = yaml_string(reading->text, object, "metadata/name"),
        .at = kyverno_place_of(yaml_is_scalar(name) ? name : object)};
    VEC_PUSH(&reading->suite->objects, read);
}

void kyverno_read_objects(struct str text, size_t file, struct kyverno_suite *suite)
{
    struct reading reading = {suite, text, file};
    kyverno_each(text, read_object, &reading);
}

/* What a policy of this kind does; a policy of the old kinds says it in each of its rules. */
static enum kyverno_task task_of_kind(const char *kind)
{
    static const struct {
        const char *end;
        enum kyverno_task task;
    } kinds[] = {{"MutatingPolicy", KYVERNO_MUTATES}, {"GeneratingPolicy", KYVERNO_GENERATES},
        {"DeletingPolicy", KYVERNO_DELETES}, {"CleanupPolicy", KYVERNO_DELETES},
        {"MutatingAdmissionPolicy", KYVERNO_MUTATES}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_ends(str_of(kind), kinds[i].end)) {
            return kinds[i].task;
        }
    }
    return KYVERNO_VALIDATES;
}

static bool is_there(const struct reading *reading, TSNode mapping, const char *path)
{
    return !ts_node_is_null(yaml_get_path(reading->text, mapping, path));
}

/* An old policy audits unless it says otherwise, a new one denies. */
static bool audits(const struct reading *reading, TSNode policy, TSNode rule)
{
    TSNode actions = yaml_get_path(reading->text, policy, "spec/validationActions");
    TSNode item;
    uint32_t at = 0;
    bool denies = false;
    if (ts_node_is_null(rule)) {
        while (yaml_next_item(actions, &at, &item)) {
            denies = denies || yaml_equals(reading->text, item, "Deny");
        }
        return at > 0 && !denies;
    }
    char *own = yaml_string(reading->text, rule, "validate/failureAction");
    char *all = yaml_string(reading->text, policy, "spec/validationFailureAction");
    const char *said = own[0] != '\0' ? own : all;
    denies = strcmp(said, "Enforce") == 0 || strcmp(said, "enforce") == 0;
    free(own);
    free(all);
    return !denies;
}

static void push_rule(const struct reading *reading, TSNode policy, const char *name, TSNode rule)
{
    bool whole = ts_node_is_null(rule);
    char *kind = yaml_string(reading->text, policy, "kind");
    TSNode named = whole ? yaml_get_path(reading->text, policy, "metadata/name")
                         : yaml_get(reading->text, rule, "name", NULL);
    struct kyverno_rule read = {.file = reading->file,
        .policy = mem_strdup(name),
        .rule = whole ? mem_strdup("") : yaml_string(reading->text, rule, "name"),
        .at = kyverno_place_of(named),
        .audits = audits(reading, policy, rule),
        .task = whole                                 ? task_of_kind(kind)
                : is_there(reading, rule, "mutate")   ? KYVERNO_MUTATES
                : is_there(reading, rule, "generate") ? KYVERNO_GENERATES
                                                      : KYVERNO_VALIDATES};
    VEC_PUSH(&reading->suite->rules, read);
    free(kind);
}

static void read_policy(void *data, TSNode object)
{
    const struct reading *reading = data;
    char *policy = yaml_string(reading->text, object, "metadata/name");
    TSNode rules = yaml_get_path(reading->text, object, "spec/rules");
    TSNode item;
    uint32_t at = 0;
    if (policy[0] != '\0') {
        push_rule(reading, object, policy, (TSNode){0});
    }
    while (policy[0] != '\0' && yaml_next_item(rules, &at, &item)) {
        if (is_there(reading, item, "name")) {
            push_rule(reading, object, policy, item);
        }
    }
    free(policy);
}

void kyverno_read_rules(struct str text, size_t file, struct kyverno_suite *suite)
{
    struct reading reading = {suite, text, file};
    kyverno_each(text, read_policy, &reading);
}

static void read_files(struct kyverno_suite *suite, const struct run_plan *plan,
    const struct policy_set *files, void (*read)(struct str, size_t, struct kyverno_suite *))
{
    VEC_FOREACH (size_t, file, files) {
        struct buf text = BUF_INIT;
        char *full = path_join(plan->root, plan->files.items[*file].path);
        if (file_read(full, FILE_MAX_BYTES, &text, NULL)) {
            read(buf_str(&text), *file, suite);
        }
        buf_free(&text);
        free(full);
    }
}

void kyverno_suite_look(struct kyverno_suite *suite, const struct run_plan *plan)
{
    read_files(suite, plan, &suite->policy_files, kyverno_read_rules);
    read_files(suite, plan, &suite->object_files, kyverno_read_objects);
}

static bool is_space(const char *written, const char *wanted)
{
    return wanted[0] == '\0' || strcmp(written, wanted) == 0 ||
           (written[0] == '\0' && strcmp(wanted, "default") == 0);
}

const struct kyverno_object *kyverno_find_object(
    const struct kyverno_suite *suite, const char *kind, const char *space, const char *name)
{
    VEC_FOREACH (struct kyverno_object, object, &suite->objects) {
        if (strcmp(object->name, name) == 0 && is_space(object->space, space) &&
            (kind[0] == '\0' || strcmp(object->kind, kind) == 0)) {
            return object;
        }
    }
    return NULL;
}

const struct kyverno_rule *kyverno_find_rule(
    const struct kyverno_suite *suite, const char *policy, const char *rule)
{
    const struct kyverno_rule *whole = NULL;
    const char *written = kyverno_rule_written(rule);
    policy = kyverno_base_name(policy);
    VEC_FOREACH (struct kyverno_rule, known, &suite->rules) {
        if (strcmp(known->policy, policy) != 0) {
            continue;
        }
        if (known->rule[0] == '\0') {
            whole = known;
        } else if (strcmp(known->rule, rule) == 0 || strcmp(known->rule, written) == 0) {
            return known;
        }
    }
    return whole;
}

/* ---- places ---- */

struct str kyverno_path_in(struct str message)
{
    static const struct str before = {"at path /", 9};
    size_t at = str_find(message, before, 0);
    if (at == SIZE_MAX) {
        return str_make("", 0);
    }
    size_t from = at + before.len - 1;
    size_t end = from;
    while (end < message.len && (unsigned char)message.ptr[end] > ' ') {
        end++;
    }
    return str_slice(message, from, end);
}

/* One step of the way; the null node: it leads nowhere. */
static TSNode step(struct str text, TSNode node, struct str part, TSNode *key_node)
{
    char *key = str_dup(part);
    char *end = key;
    TSNode next = yaml_get(text, node, key, key_node);
    TSNode item;
    uint32_t at = 0;
    unsigned long left = strtoul(key, &end, 10);
    bool is_number = end != key && *end == '\0';
    while (is_number && ts_node_is_null(next) && yaml_next_item(node, &at, &item)) {
        if (left-- == 0) {
            next = item;
        }
    }
    free(key);
    return next;
}

TSNode kyverno_walk(struct str text, TSNode node, struct str pointer, TSNode *key)
{
    TSNode passed;
    while (pointer.len > 0) {
        size_t end = str_find_char(pointer, '/', 0);
        struct str part = end == SIZE_MAX ? pointer : str_slice(pointer, 0, end);
        pointer = end == SIZE_MAX ? str_make("", 0) : str_from(pointer, end + 1);
        TSNode next = part.len == 0 ? node : step(text, node, part, &passed);
        if (ts_node_is_null(next)) {
            break;
        }
        if (key != NULL && part.len > 0 && yaml_is_mapping(node)) {
            *key = passed;
        }
        node = next;
    }
    return node;
}

struct placing {
    struct str text, pointer;
    const char *kind, *space, *name;
    struct position at;
};

static bool says(const struct placing *placing, TSNode object, const char *path, const char *wanted)
{
    char *value = yaml_string(placing->text, object, path);
    bool same = strcmp(path, "metadata/namespace") == 0
                    ? is_space(value, wanted)
                    : wanted[0] == '\0' || strcmp(value, wanted) == 0;
    free(value);
    return same;
}

static void place_in(void *data, TSNode object)
{
    struct placing *placing = data;
    if (placing->at.row > 0 || !says(placing, object, "kind", placing->kind) ||
        !says(placing, object, "metadata/namespace", placing->space) ||
        !says(placing, object, "metadata/name", placing->name)) {
        return;
    }
    TSNode node = kyverno_walk(placing->text, object, placing->pointer, NULL);
    placing->at = kyverno_place_of(node);
}

struct position kyverno_place(
    struct str text, const char *kind, const char *space, const char *name, struct str pointer)
{
    struct placing placing = {
        .text = text, .pointer = pointer, .kind = kind, .space = space, .name = name};
    kyverno_each(text, place_in, &placing);
    return placing.at;
}
