#include "engine/kyverno_scope.h"

#include "base/mem.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <ctype.h>
#include <stdlib.h>

struct words {
    char **items;
    size_t len, cap;
};

struct kyverno_scope {
    enum kyverno_company company;
    bool all;           /* nothing can be left out */
    struct words kinds; /* of the old kinds: patterns */
    bool pods, plain; /* a rule is for Pods or something of theirs; for more than a part of them */
    struct resource_rules {
        struct resource_rule {
            struct words groups, resources; /* resources without their subresource */
        } * items;
        size_t len, cap;
    } rules; /* of the new kinds */
};

struct reading {
    struct kyverno_scope *scope;
    struct str text;
};

static void free_words(struct words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

void kyverno_scope_free(struct kyverno_scope *scope)
{
    if (scope == NULL) {
        return;
    }
    VEC_FOREACH (struct resource_rule, rule, &scope->rules) {
        free_words(&rule->groups);
        free_words(&rule->resources);
    }
    VEC_FREE(&scope->rules);
    free_words(&scope->kinds);
    free(scope);
}

/* As Kyverno's wildcards: * is any text, ? any character. */
static bool is_like(const char *pattern, const char *word)
{
    const char *star = NULL;
    const char *from = NULL;
    while (*word != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = word;
        } else if (*pattern == *word || *pattern == '?') {
            pattern++;
            word++;
        } else if (star != NULL) {
            pattern = star + 1;
            word = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* ---- reading ---- */

static TSNode get(const struct reading *r, TSNode node, const char *path)
{
    return yaml_get_path(r->text, node, path);
}

static bool is_there(const struct reading *r, TSNode node, const char *path)
{
    return !ts_node_is_null(get(r, node, path));
}

/* The scalars of a list; false: it is none, it is empty, or something else is in it. */
static bool read_words(const struct reading *r, TSNode list, struct words *words)
{
    TSNode item;
    uint32_t at = 0;
    bool ok = yaml_is_sequence(list);
    while (ok && yaml_next_item(list, &at, &item)) {
        struct buf word = BUF_INIT;
        ok = yaml_scalar(r->text, item, &word) &&
             str_find(buf_str(&word), STR_LIT("{{"), 0) == SIZE_MAX;
        VEC_PUSH(words, buf_take(&word));
    }
    return ok && words->len > 0;
}

/* "v1", "v1beta1" and "*" before a slash are a version, as Kyverno reads it. */
static bool is_version(struct str part)
{
    static const char *const ends[] = {"alpha", "beta"};
    if (str_equal_c(part, "*")) {
        return true;
    }
    if (part.len < 2 || part.ptr[0] != 'v' || !isdigit((unsigned char)part.ptr[1])) {
        return false;
    }
    struct str rest = str_from(part, 2);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        size_t len = strlen(ends[i]);
        if (rest.len == len + 1 && str_starts(rest, ends[i])) {
            return isdigit((unsigned char)rest.ptr[len]) != 0;
        }
    }
    return rest.len == 0;
}

/* "Pod", "v1/Pod", "Pod/exec", "apps/v1/Deployment", "apps/v1/Deployment.scale": the kind. What is
 * for a subresource matches no document, for a document is none. */
static void read_kind(struct kyverno_scope *scope, const char *written)
{
    struct str parts[5];
    size_t count = 0;
    struct str rest = str_of(written);
    bool last = false;
    while (count < ARRAY_LEN(parts) && !last) {
        size_t end = str_find_char(rest, '/', 0);
        if (end == SIZE_MAX && (end = str_find_char(rest, '.', 0)) == SIZE_MAX) {
            end = rest.len;
            last = true;
        }
        parts[count++] = str_slice(rest, 0, end);
        rest = last ? rest : str_from(rest, end + 1);
    }
    size_t kind = count == 2   ? (is_version(parts[0]) ? 1 : 0)
                  : count == 3 ? (is_version(parts[0]) ? 1 : 2)
                  : count == 4 ? 2
                               : 0;
    struct str sub = parts[count - 1];
    bool whole = kind + 1 == count || strspn(sub.ptr, "*") >= sub.len;
    bool every = count == 2 && str_equal_c(parts[0], "*") && str_equal_c(parts[1], "*");
    char *name = str_dup(parts[kind]);
    scope->pods = scope->pods || is_like(name, "Pod");
    scope->plain = scope->plain || kind + 1 == count;
    free(name);
    if (count <= 4 && (whole || every)) {
        VEC_PUSH(&scope->kinds, str_dup(every ? parts[0] : parts[kind]));
    } else {
        scope->all = scope->all || count > 4;
    }
}

/* An item of `any` or `all`, or a match block without them. */
static void read_filter(const struct reading *r, TSNode filter)
{
    struct words kinds = {0};
    if (!read_words(r, get(r, filter, "resources/kinds"), &kinds)) {
        r->scope->all = true;
    }
    VEC_FOREACH (char *, kind, &kinds) {
        read_kind(r->scope, *kind);
    }
    free_words(&kinds);
}

static void read_match(const struct reading *r, TSNode match)
{
    static const char *const lists[] = {"any", "all"};
    bool listed = false;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        TSNode item;
        uint32_t at = 0;
        TSNode list = yaml_get(r->text, match, lists[i], NULL);
        while (yaml_next_item(list, &at, &item)) {
            read_filter(r, item);
            listed = true;
        }
    }
    if (!listed) {
        read_filter(r, match);
    }
}

static void read_old(const struct reading *r, TSNode policy)
{
    TSNode rules = get(r, policy, "spec/rules");
    TSNode rule;
    uint32_t at = 0;
    size_t count = 0;
    while (yaml_next_item(rules, &at, &rule)) {
        static const char *const makes[] = {"mutate", "generate", "verifyImages"};
        for (size_t i = 0; i < ARRAY_LEN(makes); i++) {
            bool changes = is_there(r, rule, makes[i]) || !is_there(r, rule, "validate");
            r->scope->company = changes ? KYVERNO_NO_POLICIES : r->scope->company;
        }
        read_match(r, yaml_get(r->text, rule, "match", NULL));
        count++;
    }
    r->scope->all = r->scope->all || count == 0;
}

static void read_resources(const struct reading *r, TSNode constraints)
{
    TSNode list = yaml_get(r->text, constraints, "resourceRules", NULL);
    TSNode item;
    uint32_t at = 0;
    while (yaml_next_item(list, &at, &item)) {
        struct resource_rule rule = {0};
        bool ok = read_words(r, yaml_get(r->text, item, "apiGroups", NULL), &rule.groups) &&
                  read_words(r, yaml_get(r->text, item, "resources", NULL), &rule.resources);
        VEC_FOREACH (char *, resource, &rule.resources) {
            char *slash = strchr(*resource, '/');
            if (slash != NULL) {
                *slash = '\0';
            }
        }
        VEC_PUSH(&r->scope->rules, rule);
        r->scope->all = r->scope->all || !ok;
    }
    r->scope->all = r->scope->all || r->scope->rules.len == 0;
}

static void read_new(const struct reading *r, TSNode policy)
{
    bool validates =
        yaml_equals(r->text, yaml_get(r->text, policy, "kind", NULL), "ValidatingPolicy");
    r->scope->company = validates ? KYVERNO_OF_ITS_KIND : KYVERNO_NO_POLICIES;
    if (is_there(r, policy, "spec/evaluation/mode") ||
        is_there(r, policy, "spec/targetMatchConstraints")) {
        r->scope->all = true; /* JSON is matched by nothing; what it is for is a target */
        return;
    }
    read_resources(r, get(r, policy, "spec/matchConstraints"));
}

/* Words behind which another object may be looked for. In a message or a name they cost a process
 * and nothing else. */
static bool looks_around(struct str text)
{
    static const char *const words[] = {"apiCall", "configMap", "globalReference", "globalContext",
        "clone", "targets", "targetMatchConstraints", "namespaceSelector", "namespaceObject",
        "paramKind", "generator", ".Get", ".List", ".Post", ".Fetch", "manifests"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_find(text, str_of(words[i]), 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

struct kyverno_scope *kyverno_scope_read(struct str policy)
{
    struct kyverno_scope *scope = MEM_NEW(struct kyverno_scope);
    struct reading r = {scope, policy};
    TSTree *tree = yaml_tree_parse(policy);
    TSNode document;
    uint32_t at = 0;
    if (tree == NULL || !yaml_next_document(ts_tree_root_node(tree), &at, &document)) {
        scope->all = true;
        scope->company = KYVERNO_NO_OBJECTS;
    } else {
        char *api = yaml_string(policy, document, "apiVersion");
        (str_starts(str_of(api), "kyverno.io/") ? read_old : read_new)(&r, document);
        scope->all = scope->all || str_find(policy, STR_LIT("<<:"), 0) != SIZE_MAX;
        scope->company = looks_around(policy) ? KYVERNO_NO_OBJECTS : scope->company;
        free(api);
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    return scope;
}

enum kyverno_company kyverno_scope_company(const struct kyverno_scope *scope)
{
    return scope->company;
}

/* ---- matching ---- */

static const char *const makers[] = {"DaemonSet", "Deployment", "Job", "ReplicaSet",
    "ReplicationController", "StatefulSet", "CronJob"};

static bool makes_pods(const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
        if (strcmp(makers[i], kind) == 0) {
            return true;
        }
    }
    return false;
}

static bool takes_kind(const struct kyverno_scope *scope, const char *kind)
{
    VEC_FOREACH (char *, pattern, &scope->kinds) {
        if (is_like(*pattern, kind)) {
            return true;
        }
    }
    /* Kyverno makes rules of its own where a policy names Pods (or what makes them) alone. */
    return scope->pods && scope->plain && makes_pods(kind);
}

static bool has_word(const struct words *words, struct str word)
{
    VEC_FOREACH (char *, one, words) {
        if (strcmp(*one, "*") == 0 || str_equal_c(word, *one)) {
            return true;
        }
    }
    return false;
}

/* The resource may be the plural of the kind: its name in small letters, and an end. */
static bool is_plural(const char *resource, const char *kind)
{
    size_t at = 0;
    while (kind[at] != '\0' && resource[at] == tolower((unsigned char)kind[at])) {
        at++;
    }
    const char *rest = resource + at;
    if (kind[at] == 'y' && kind[at + 1] == '\0') {
        return strcmp(rest, "ies") == 0;
    }
    return kind[at] == '\0' && (*rest == '\0' || strcmp(rest, "s") == 0 || strcmp(rest, "es") == 0);
}

/* Of Kubernetes itself, by its name. */
static bool is_of_kubernetes(struct str group)
{
    return str_find_char(group, '.', 0) == SIZE_MAX || str_ends(group, ".k8s.io");
}

static bool rule_takes(const struct resource_rule *rule, struct str group, const char *kind)
{
    bool named = has_word(&rule->groups, group);
    bool trusted = is_of_kubernetes(group);
    bool resource = !trusted || has_word(&rule->resources, STR_LIT("*"));
    VEC_FOREACH (char *, one, &rule->resources) {
        bool pods = strcmp(*one, "pods") == 0 || strcmp(*one, "*") == 0;
        if (makes_pods(kind) && pods && has_word(&rule->groups, STR_LIT(""))) {
            return true;
        }
        resource = resource || is_plural(*one, kind);
    }
    return named && resource;
}

bool kyverno_scope_takes(
    const struct kyverno_scope *scope, const char *api_version, const char *kind)
{
    const char *slash = strchr(api_version, '/');
    struct str group = str_make(api_version, slash == NULL ? 0 : (size_t)(slash - api_version));
    bool takes =
        scope->all || kind[0] == '\0' || str_ends(str_of(kind), "List") || takes_kind(scope, kind);
    for (size_t i = 0; i < scope->rules.len && !takes; i++) {
        takes = rule_takes(&scope->rules.items[i], group, kind);
    }
    return takes;
}
