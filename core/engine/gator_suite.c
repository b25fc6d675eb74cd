#include "engine/gator_suite.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/gator_place.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

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
