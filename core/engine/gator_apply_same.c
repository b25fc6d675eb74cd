/* Resources of one name in one call of gator: gator reports the object that it looked at, and no
 * file. */
#include "engine/gator_apply_private.h"

#include "policy/yaml_json.h"

#include <stdlib.h>

bool gator_doc_same(const struct gator_doc *a, const struct gator_doc *b)
{
    return strcmp(a->api, b->api) == 0 && strcmp(a->type, b->type) == 0 &&
           strcmp(a->space, b->space) == 0 && strcmp(a->name, b->name) == 0;
}

bool gator_apply_looks_around(const struct gator_apply *apply)
{
    VEC_FOREACH (const struct gator_doc, doc, &apply->docs) {
        if (doc->kind == DOC_TEMPLATE &&
            str_find(buf_str(&doc->text), STR_LIT("data.inventory"), 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static bool is_namespace(const struct gator_doc *doc)
{
    return strcmp(doc->api, "v1") == 0 && strcmp(doc->type, "Namespace") == 0;
}

/* Its tree, and in it what the document holds. */
static bool read_content(struct gator_doc *doc, TSNode *content)
{
    uint32_t at = 0;
    if (doc->tree == NULL) {
        doc->tree = yaml_tree_parse(buf_str(&doc->text));
    }
    return doc->tree != NULL && yaml_next_document(ts_tree_root_node(doc->tree), &at, content);
}

static bool is_twin(struct gator_doc *doc, struct gator_doc *other)
{
    TSNode content;
    TSNode there;
    struct str text = buf_str(&doc->text);
    struct str other_text = buf_str(&other->text);
    return str_equal(text, other_text) ||
           (read_content(doc, &content) && read_content(other, &there) &&
               yaml_same(text, content, other_text, there));
}

void gator_apply_arrange(struct gator_apply *apply)
{
    bool looks_around = gator_apply_looks_around(apply);
    for (size_t i = 0; i < apply->docs.len; i++) {
        struct gator_doc *doc = &apply->docs.items[i];
        size_t before = 0;
        doc->twin = i;
        for (size_t k = 0; doc->kind == DOC_RESOURCE && doc->twin == i && k < i; k++) {
            struct gator_doc *other = &apply->docs.items[k];
            if (other->kind == DOC_RESOURCE && other->twin == k && gator_doc_same(doc, other)) {
                doc->twin = is_twin(doc, other) ? k : i;
                before++;
            }
        }
        doc->round = looks_around || is_namespace(doc) ? before : 0;
    }
}

/* ---- telling them apart ---- */

static bool can_be(struct gator_doc *doc, const cJSON *object)
{
    TSNode content;
    return !read_content(doc, &content) ||
           yaml_json_compare(buf_str(&doc->text), content, object) != YAML_JSON_OTHER;
}

/* Those of the object's name, into *found; how many. */
static size_t find_named(const struct gator_apply *apply, const struct gator_call *call,
    const cJSON *object, size_t *found)
{
    const cJSON *meta = json_get(object, "metadata");
    const char *api = json_string_or(object, "apiVersion", "");
    const char *type = json_string_or(object, "kind", "");
    const char *name = json_string_or(meta, "name", "");
    const char *space = json_string_or(meta, "namespace", "");
    size_t count = 0;
    for (size_t i = 0; i < call->resources.len; i++) {
        const struct gator_doc *doc = &apply->docs.items[call->resources.items[i]];
        if (strcmp(doc->name, name) == 0 && strcmp(doc->type, type) == 0 &&
            strcmp(doc->space, space) == 0 && strcmp(doc->api, api) == 0) {
            found[count++] = call->resources.items[i];
        }
    }
    return count;
}

bool gator_apply_tell(
    struct gator_apply *apply, const struct gator_call *call, const cJSON *object, size_t *resource)
{
    size_t *named = mem_alloc((call->resources.len + 1) * sizeof *named);
    size_t count = find_named(apply, call, object, named);
    size_t can = 0;
    for (size_t i = 0; count > 1 && i < count; i++) {
        if (can_be(&apply->docs.items[named[i]], object)) {
            named[can++] = named[i];
        }
    }
    bool told = count <= 1 || can == 1; /* none: it is one that was not read as gator reads it */
    for (size_t i = 0; !told && i < (can > 0 ? can : count); i++) {
        apply->docs.items[named[i]].apart = true;
    }
    *resource = count == 0 ? SIZE_MAX : named[0];
    free(named);
    return told;
}

/* ---- parting ---- */

static size_t place_among_named(
    const struct gator_apply *apply, const struct gator_call *call, size_t place)
{
    const struct gator_doc *doc = &apply->docs.items[call->resources.items[place]];
    size_t before = 0;
    for (size_t i = 0; doc->apart && i < place; i++) {
        before += gator_doc_same(doc, &apply->docs.items[call->resources.items[i]]);
    }
    return before;
}

bool gator_apply_part(struct gator_apply *apply)
{
    struct gator_call whole = apply->calls.items[--apply->calls.len];
    size_t parts = 0;
    size_t *of = mem_alloc((whole.resources.len + 1) * sizeof *of);
    for (size_t i = 0; i < whole.resources.len; i++) {
        of[i] = place_among_named(apply, &whole, i);
        parts = of[i] + 1 > parts ? of[i] + 1 : parts;
    }
    for (size_t part = parts; part-- > 0;) {
        struct gator_call call = {.rego = whole.rego, .round = whole.round};
        for (size_t i = 0; i < whole.resources.len; i++) {
            if (of[i] == part) {
                VEC_PUSH(&call.resources, whole.resources.items[i]);
            }
        }
        VEC_PUSH(&apply->calls, call);
    }
    VEC_FREE(&whole.resources);
    free(of);
    return parts > 1;
}
