#include "policy/guard/guard_private.h"

#include "control/controls.h"
#include "policy/symbols.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Words of a requirement that say: not everywhere. */
static const char *const places[] = {"production", "staging", "development", "sandbox", "tenant"};

static const char *place_in(struct str text)
{
    for (size_t at = 0; at < text.len; at++) {
        bool begins = at == 0 || !isalpha((unsigned char)text.ptr[at - 1]);
        for (size_t i = 0; begins && i < ARRAY_LEN(places); i++) {
            size_t len = strlen(places[i]);
            if (at + len <= text.len && strncasecmp(text.ptr + at, places[i], len) == 0 &&
                (at + len == text.len || !isalpha((unsigned char)text.ptr[at + len]))) {
                return places[i];
            }
        }
    }
    return NULL;
}

/* Anything that may keep namespaces or objects out counts; what it comes to is not judged. */
static bool find_narrowing(const struct guard_file *file, TSNode node, unsigned depth)
{
    static const char *const keys[] = {"namespaces", "namespaceSelector", "excludedNamespaces",
        "labelSelector", "objectSelector", "selector", "exclude", "preconditions",
        "celPreconditions", "matchConditions"};
    enum { DEPTH = 8 };
    TSNode key;
    TSNode value;
    uint32_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (!ts_node_is_null(yaml_get(file->text, node, keys[i], NULL))) {
            return true;
        }
    }
    while (depth < DEPTH && yaml_is_mapping(node) && yaml_next_pair(node, &at, &key, &value)) {
        if (find_narrowing(file, value, depth + 1)) {
            return true;
        }
    }
    while (depth < DEPTH && yaml_is_sequence(node) && yaml_next_item(node, &at, &value)) {
        if (find_narrowing(file, value, depth + 1)) {
            return true;
        }
    }
    return false;
}

/* Where a constraint or a policy of Kyverno's says what it is for; the null node: it is neither. */
static TSNode match_of(const struct guard_file *file, TSNode document)
{
    static const char *const paths[] = {"spec/match", "spec/rules", "spec/matchConstraints"};
    char *version = yaml_string(file->text, document, "apiVersion");
    bool matches = manifest_in_group(version, "constraints.gatekeeper.sh") ||
                   guard_is_kyverno_policy(file, document);
    TSNode match = {0};
    for (size_t i = 0; matches && ts_node_is_null(match) && i < ARRAY_LEN(paths); i++) {
        match = yaml_get_path(file->text, document, paths[i]);
    }
    free(version);
    return match;
}

static void look(struct guard_file *file, TSNode document, const struct symbol_control *control)
{
    const struct controls *controls = guard_controls(file->world);
    const struct requirement *asked =
        file->world->has_matrix ? requirements_find(&controls->list, str_of(control->id)) : NULL;
    TSNode match = match_of(file, document);
    if (asked == NULL || ts_node_is_null(match) || find_narrowing(file, match, 0) ||
        !ts_node_is_null(yaml_get_path(file->text, document, "metadata/namespace"))) {
        return;
    }
    char *words = requirement_words(asked);
    const char *place = place_in(str_of(words));
    if (place != NULL) {
        guard_find(file, match,
            "control %s speaks of %s, and this matches every namespace: narrow the match, or say "
            "why not",
            asked->id, place);
    }
    free(words);
}

static void check(struct guard_file *file)
{
    if (file->world == NULL) {
        return;
    }
    struct policy_symbols *symbols = policy_symbols_parse(file->path, file->text);
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        TSNode document;
        for (uint32_t at = 0;
             control->source != CONTROL_NAME && yaml_next_document(file->root, &at, &document);) {
            if (!ts_node_is_null(document) && ts_node_start_point(document).row <= control->row &&
                ts_node_end_point(document).row >= control->row) {
                look(file, document, control);
            }
        }
    }
    policy_symbols_release(symbols);
}

const struct guard guard_match_requirement = {
    .id = "match-requirement",
    .languages = GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a match covers all namespaces, and the requirement speaks of some",
    .explanation =
        "A constraint or a policy of Kyverno's names a control whose words in the workspace's "
        "requirements speak of production (staging, development, sandbox, tenant), and nothing in "
        "its match narrows it: no namespaces, selector, exclusion or condition.",
    .check = check,
};
