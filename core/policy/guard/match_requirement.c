#include "policy/guard/guard_private.h"

#include "control/controls.h"
#include "policy/symbols.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Words of a requirement that say: not everywhere. */
static const char *const places[] = {"production", "prod", "preprod", "staging", "development",
    "dev", "sandbox", "uat", "qa", "tenant"};

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

/* ---- kinds ---- */

/* Kinds whose names mean nothing else in a sentence. `word` in lower case, as resources are written
 * in a match by kind or by plural. */
static const struct kind_word {
    const char *word, *plural, *kind;
    bool pods; /* it makes pods: a rule on Pods is about it */
} kind_words[] = {
    {"deployment", "deployments", "Deployment", true},
    {"statefulset", "statefulsets", "StatefulSet", true},
    {"daemonset", "daemonsets", "DaemonSet", true},
    {"replicaset", "replicasets", "ReplicaSet", true},
    {"cronjob", "cronjobs", "CronJob", true},
    {"ingress", "ingresses", "Ingress", false},
    {"configmap", "configmaps", "ConfigMap", false},
    {"serviceaccount", "serviceaccounts", "ServiceAccount", false},
    {"persistentvolume", "persistentvolumes", "PersistentVolume", false},
    {"persistentvolumeclaim", "persistentvolumeclaims", "PersistentVolumeClaim", false},
    {"storageclass", "storageclasses", "StorageClass", false},
    {"networkpolicy", "networkpolicies", "NetworkPolicy", false},
    {"clusterrole", "clusterroles", "ClusterRole", false},
    {"clusterrolebinding", "clusterrolebindings", "ClusterRoleBinding", false},
    {"rolebinding", "rolebindings", "RoleBinding", false},
    {"customresourcedefinition", "customresourcedefinitions", "CustomResourceDefinition", false},
};

/* Words that speak of all that runs, or of kinds by another name: then nothing is said. */
static const char *const broad_words[] = {"pod", "pods", "container", "containers", "workload",
    "workloads", "image", "images", "resource", "resources", "object", "objects", "controller",
    "controllers", "service", "services", "secret", "secrets", "namespace", "namespaces", "node",
    "nodes", "role", "roles", "job", "jobs", "volume", "volumes", "rbac", "account", "accounts"};

static bool is_word(struct str word, const char *what)
{
    return word.len == strlen(what) && strncasecmp(word.ptr, what, word.len) == 0;
}

/* The next word; *at moves behind it. */
static struct str next_word(struct str words, size_t *at)
{
    while (*at < words.len && !isalpha((unsigned char)words.ptr[*at])) {
        (*at)++;
    }
    size_t from = *at;
    while (*at < words.len && isalpha((unsigned char)words.ptr[*at])) {
        (*at)++;
    }
    return str_slice(words, from, *at);
}

/* "service accounts" is one kind: as many words as make one, up to three, with one sign between
 * two. 0: none begins at `at`; else *end is behind it. */
static unsigned kind_at(struct str words, size_t at, size_t *end)
{
    enum { WORDS = 3, LONGEST = 40 };
    char joined[LONGEST + 1];
    size_t len = 0;
    unsigned kind = 0;
    for (size_t n = 0; n < WORDS && at < words.len; n++) {
        size_t from = at;
        struct str word = next_word(words, &at);
        bool apart = n > 0 && word.ptr != words.ptr + from + 1;
        if (word.len == 0 || len + word.len > LONGEST || apart) {
            break;
        }
        memcpy(joined + len, word.ptr, word.len);
        len += word.len;
        for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
            if (is_word(str_make(joined, len), kind_words[i].word) ||
                is_word(str_make(joined, len), kind_words[i].plural)) {
                kind = 1U << i;
                *end = at;
            }
        }
    }
    return kind;
}

/* What the words name, a bit a kind; 0 where they also speak of more than those. */
static unsigned kinds_in(struct str words)
{
    unsigned kinds = 0;
    for (size_t at = 0; at < words.len;) {
        size_t behind = at;
        struct str word = next_word(words, &behind);
        size_t begin = behind - word.len;
        unsigned kind = word.len == 0 ? 0 : kind_at(words, begin, &behind);
        for (size_t i = 0; kind == 0 && word.len > 0 && i < ARRAY_LEN(broad_words); i++) {
            if (is_word(word, broad_words[i])) {
                return 0;
            }
        }
        kinds |= kind;
        at = behind > at ? behind : at + 1;
    }
    return kinds;
}

/* "apps/v1/Deployment", "Deployment.apps", "deployments/scale": one of the kinds, or what they
 * make.
 */
static bool is_named(struct str matched, unsigned kinds)
{
    for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
        bool here = str_find(matched, str_of(kind_words[i].kind), 0) != SIZE_MAX ||
                    str_find(matched, str_of(kind_words[i].plural), 0) != SIZE_MAX;
        bool makes = kind_words[i].pods && (str_find(matched, STR_LIT("Pod"), 0) != SIZE_MAX ||
                                               str_find(matched, STR_LIT("pods"), 0) != SIZE_MAX);
        if ((kinds & 1U << i) != 0 && (here || makes)) {
            return true;
        }
    }
    return false;
}

struct kinds {
    struct guard_file *file;
    const char *control;
    struct str named; /* "Deployment, Ingress" */
    unsigned wanted;
};

static void check_kind(const struct kinds *kinds, TSNode item)
{
    struct buf value = BUF_INIT;
    if (!yaml_scalar(kinds->file->text, item, &value)) {
        buf_free(&value);
        return;
    }
    if (str_find_char(buf_str(&value), '*', 0) != SIZE_MAX) {
        guard_find(kinds->file, item,
            "control %s speaks of %.*s, and this matches every kind: name them, or say why not",
            kinds->control, STR_FMT(kinds->named));
    } else if (!is_named(buf_str(&value), kinds->wanted)) {
        guard_find(kinds->file, item,
            "control %s speaks of %.*s, and this matches %s: match what it speaks of, or say why "
            "not",
            kinds->control, STR_FMT(kinds->named), value.ptr);
    }
    buf_free(&value);
}

/* Every list of kinds below the match; what is left out by `exclude` is nothing to speak of. */
static void check_kinds(const struct kinds *kinds, TSNode node, unsigned depth)
{
    enum { DEPTH = 8 };
    TSNode key;
    TSNode value;
    uint32_t at = 0;
    while (depth < DEPTH && yaml_is_mapping(node) && yaml_next_pair(node, &at, &key, &value)) {
        struct str text = kinds->file->text;
        bool list =
            yaml_is_sequence(value) &&
            (yaml_equals(text, key, "kinds") || (yaml_equals(text, key, "resources") && depth > 0));
        TSNode item;
        for (uint32_t i = 0; list && yaml_next_item(value, &i, &item);) {
            if (yaml_is_scalar(item)) {
                check_kind(kinds, item);
            }
        }
        bool goes = yaml_is_mapping(value) || yaml_is_sequence(value);
        bool matching = depth > 0 || yaml_equals(text, key, "match") ||
                        yaml_equals(text, key, "kinds") || yaml_equals(text, key, "resourceRules");
        if (goes && matching && !yaml_equals(text, key, "exclude")) {
            check_kinds(kinds, value, depth + 1);
        }
    }
    while (depth < DEPTH && yaml_is_sequence(node) && yaml_next_item(node, &at, &value)) {
        check_kinds(kinds, value, depth);
    }
}

static void look_at_kinds(
    struct guard_file *file, TSNode match, const struct requirement *asked, struct str words)
{
    struct kinds kinds = {.file = file, .control = asked->id, .wanted = kinds_in(words)};
    struct buf named = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
        if ((kinds.wanted & 1U << i) != 0) {
            buf_printf(&named, "%s%s", named.len > 0 ? ", " : "", kind_words[i].kind);
        }
    }
    kinds.named = buf_str(&named);
    if (kinds.wanted != 0) {
        check_kinds(&kinds, match, 0);
    }
    buf_free(&named);
}

/* ---- both ---- */

static void look(struct guard_file *file, TSNode document, const struct symbol_control *control)
{
    const struct controls *controls = guard_controls(file->world);
    const struct requirement *asked =
        file->world->has_matrix ? requirements_find(&controls->list, str_of(control->id)) : NULL;
    TSNode match = match_of(file, document);
    if (asked == NULL || ts_node_is_null(match)) {
        return;
    }
    char *words = requirement_words(asked);
    bool narrow = find_narrowing(file, match, 0) ||
                  !ts_node_is_null(yaml_get_path(file->text, document, "metadata/namespace"));
    const char *place = narrow ? NULL : place_in(str_of(words));
    look_at_kinds(file, match, asked, str_of(words));
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
    .no_fix = "the namespaces and kinds that are meant stand in the requirement, in words.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a match covers all namespaces or other kinds, and the requirement speaks of some",
    .explanation =
        "A constraint or a policy of Kyverno's names a control whose words in the workspace's "
        "requirements speak of production (prod, staging, development, sandbox, tenant), and "
        "nothing in "
        "its match narrows it: no namespaces, selector, exclusion or condition. Or the words speak "
        "of kinds (Deployments, Ingresses, ConfigMaps), and the match has `*` or another kind; "
        "Pods stand for what makes them. Words that speak of more than kinds (workloads, "
        "containers, services) are left alone.",
    .check = check,
};
