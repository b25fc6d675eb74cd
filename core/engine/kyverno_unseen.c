#include "engine/kyverno_unseen.h"

#include "base/mem.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

/* No policy is nested deeper; what is, is taken to need more. */
enum { DEPTH_MAX = 100 };

static bool is_one_of(struct str text, TSNode key, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (yaml_equals(text, key, names[i])) {
            return true;
        }
    }
    return false;
}

/* A match that leaves out CREATE is for what no document by itself is. */
static bool leaves_out_create(struct str text, TSNode operations)
{
    TSNode item;
    uint32_t at = 0;
    bool any = false;
    while (yaml_next_item(operations, &at, &item)) {
        if (yaml_equals(text, item, "CREATE") || yaml_equals(text, item, "*")) {
            return false;
        }
        any = true;
    }
    return any;
}

/* In JMESPath and CEL. */
static bool is_expression_of_more(struct str text, TSNode scalar)
{
    static const char *const words[] = {"oldObject", "UPDATE", "CONNECT", "request.userInfo",
        "request.roles", "request.clusterRoles", "{{serviceAccount", "{{ serviceAccount",
        "namespaceObject", "resource.Get(", "resource.List(", "http.Get(", "http.Post(",
        "globalContext.Get(", "image.GetMetadata(", "imageData"};
    struct buf value = BUF_INIT;
    bool found = false;
    yaml_scalar(text, scalar, &value);
    for (size_t i = 0; !found && i < ARRAY_LEN(words); i++) {
        found = str_find(buf_str(&value), str_of(words[i]), 0) != SIZE_MAX;
    }
    buf_free(&value);
    return found;
}

enum part { ELSEWHERE, IN_CONTEXT, IN_MATCH };

struct place {
    enum part part;
    unsigned depth;
};

static bool needs(struct str text, TSNode node, struct place place);

static struct place below(struct str text, TSNode key, struct place place)
{
    static const char *const matches[] = {"match", "exclude", "matchConstraints", NULL};
    static const char *const patterns[] = {"validate", "mutate", "generate", NULL};
    enum part part = yaml_equals(text, key, "context") ? IN_CONTEXT
                     : is_one_of(text, key, matches)   ? IN_MATCH
                     : is_one_of(text, key, patterns)  ? ELSEWHERE
                                                       : place.part;
    return (struct place){part, place.depth + 1};
}

static bool pair_needs(struct str text, TSNode key, TSNode value, struct place place)
{
    static const char *const silent[] = {"message", "messageExpression", "metadata", NULL};
    static const char *const looked_up[] = {
        "apiCall", "configMap", "globalReference", "imageRegistry", NULL};
    static const char *const asked_by[] = {
        "namespaceSelector", "subjects", "roles", "clusterRoles", NULL};
    if (is_one_of(text, key, silent)) {
        return false;
    }
    if (place.part == IN_MATCH && yaml_equals(text, key, "operations")) {
        return leaves_out_create(text, value);
    }
    bool more = (place.part == IN_CONTEXT && is_one_of(text, key, looked_up)) ||
                (place.part == IN_MATCH && is_one_of(text, key, asked_by)) ||
                yaml_equals(text, key, "paramKind") || yaml_equals(text, key, "verifyImages");
    return more || needs(text, value, below(text, key, place));
}

static bool needs(struct str text, TSNode node, struct place place)
{
    TSNode key;
    TSNode value;
    uint32_t at = 0;
    if (place.depth > DEPTH_MAX) {
        return true;
    }
    while (yaml_next_pair(node, &at, &key, &value)) {
        if (pair_needs(text, key, value, place)) {
            return true;
        }
    }
    at = 0;
    while (yaml_next_item(node, &at, &value)) {
        if (needs(text, value, (struct place){place.part, place.depth + 1})) {
            return true;
        }
    }
    return yaml_is_scalar(node) && is_expression_of_more(text, node);
}

/* What images are is known to their registry. */
static bool is_about_images(struct str policy, TSNode document)
{
    static const char *const kinds[] = {
        "ImageValidatingPolicy", "NamespacedImageValidatingPolicy", NULL};
    return is_one_of(policy, yaml_get(policy, document, "kind", NULL), kinds);
}

bool kyverno_unseen_needs(struct str policy)
{
    TSTree *tree = yaml_tree_parse(policy);
    TSNode document;
    uint32_t at = 0;
    bool more = tree == NULL;
    if (!more && yaml_next_document(ts_tree_root_node(tree), &at, &document)) {
        TSNode spec = yaml_get(policy, document, "spec", NULL);
        more =
            is_about_images(policy, document) || needs(policy, spec, (struct place){ELSEWHERE, 0});
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    return more;
}
