#include "engine/gator_suite.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/gator_place.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

enum { SAID_MAX = 300 };
#define TEMPLATE_MAX ((size_t)1 << 20)

struct gator_suite *gator_suite_new(void)
{
    struct gator_suite *suite = MEM_NEW(struct gator_suite);
    suite->references = 1;
    return suite;
}

struct gator_suite *gator_suite_share(struct gator_suite *suite)
{
    suite->references++;
    return suite;
}

void gator_suite_release(void *data)
{
    struct gator_suite *suite = data;
    if (suite == NULL || --suite->references > 0) {
        return;
    }
    VEC_FOREACH (struct gator_case, one, &suite->cases) {
        free(one->object);
        free(one->expected);
        free(one->vacuous);
    }
    VEC_FREE(&suite->cases);
    VEC_FOREACH (struct gator_suite_template, template, &suite->templates) {
        free(template->path);
        free(template->name);
        free(template->makes);
        buf_free(&template->text);
    }
    VEC_FREE(&suite->templates);
    free(suite);
}

struct gator_case *gator_suite_find(const struct gator_suite *suite, struct position at)
{
    VEC_FOREACH (struct gator_case, one, &suite->cases) {
        if (one->at.row == at.row && one->at.col == at.col) {
            return one;
        }
    }
    return NULL;
}

size_t gator_suite_template(struct gator_suite *suite, const char *root, const char *path)
{
    for (size_t i = 0; i < suite->templates.len; i++) {
        if (strcmp(suite->templates.items[i].path, path) == 0) {
            return i;
        }
    }
    struct gator_suite_template template = {0};
    struct gator_templates read = {0};
    char *full = path_join(root, path);
    bool ok = file_read(full, TEMPLATE_MAX, &template.text, NULL);
    if (ok) {
        gator_templates_read(buf_str(&template.text), &read);
    }
    free(full);
    if (read.len == 0) {
        buf_free(&template.text);
        return SIZE_MAX;
    }
    const struct gator_template *first = &read.items[0];
    template.path = mem_strdup(path);
    template.name = mem_strdup(first->name);
    template.makes = mem_strdup(first->makes);
    template.cel = first->cel;
    template.rego = first->rego;
    template.at = first->at;
    template.rego_at = first->rego_at;
    gator_templates_free(&read);
    VEC_PUSH(&suite->templates, template);
    return suite->templates.len - 1;
}

/* ---- what cannot match ---- */

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

static bool may_match(struct str text, TSNode kinds, const char *group, const char *kind)
{
    TSNode entry;
    for (uint32_t at = 0; yaml_next_item(kinds, &at, &entry);) {
        TSNode groups = yaml_get(text, entry, "apiGroups", NULL);
        TSNode names = yaml_get(text, entry, "kinds", NULL);
        bool group_fits = !yaml_is_sequence(groups) || lists(text, groups, group);
        bool name_fits = !yaml_is_sequence(names) || lists(text, names, kind);
        if (group_fits && name_fits) {
            return true;
        }
    }
    return false;
}

/* Group and kind of the file's first document. */
static bool read_object(struct str text, char **group, char **kind)
{
    TSTree *tree = yaml_tree_parse(text);
    TSNode content;
    uint32_t at = 0;
    bool ok = tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &content);
    if (ok) {
        bool review = yaml_equals(text, yaml_get(text, content, "kind", NULL), "AdmissionReview");
        char *version =
            yaml_string(text, content, review ? "request/object/apiVersion" : "apiVersion");
        char *slash = strrchr(version, '/');
        *group = slash == NULL ? mem_strdup("") : mem_strndup(version, (size_t)(slash - version));
        *kind = yaml_string(text, content, review ? "request/object/kind" : "kind");
        ok = version[0] != '\0' && (*kind)[0] != '\0';
        free(version);
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    return ok;
}

char *gator_never_matches(struct str constraint, struct str object)
{
    char *group = NULL;
    char *kind = NULL;
    char *why = NULL;
    TSNode content;
    uint32_t at = 0;
    TSTree *tree = yaml_tree_parse(constraint);
    bool ok = read_object(object, &group, &kind) && tree != NULL &&
              yaml_next_document(ts_tree_root_node(tree), &at, &content);
    if (ok) {
        TSNode kinds = yaml_get_path(constraint, content, "spec/match/kinds");
        if (yaml_is_sequence(kinds) && ts_node_named_child_count(kinds) > 0 &&
            !may_match(constraint, kinds, group, kind)) {
            char *shown = safe_dup(str_of(kind), SAFE_ONE_LINE, SAID_MAX);
            why = mem_printf("the constraint does not match the kind %s, so its policy was not "
                             "asked: that nothing is violated says nothing",
                shown);
            free(shown);
        }
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    free(group);
    free(kind);
    return why;
}
