#include "control/kube_bench.h"

#include "base/utf8.h"
#include "control/framework.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

struct file {
    struct str text;
    const char *name;
    struct requirements_index *index;
    char *framework, *version;
    size_t checks;
};

/* "cis-1.9" is the one for Kubernetes itself. */
static void read_version(struct file *file, TSNode root)
{
    char *said = yaml_string(file->text, root, "version");
    file->version = framework_version(str_of(said));
    bool plain =
        strncmp(said, "cis-", 4) == 0 && strspn(said + 4, "0123456789.") == strlen(said + 4);
    if (plain) {
        file->framework = mem_strdup("cis-k8s");
    } else {
        size_t len =
            strlen(said) - (str_ends(str_of(said), file->version) ? strlen(file->version) : 0);
        len -= len > 0 && said[len - 1] == '-';
        file->framework = mem_strndup(said, len);
    }
    free(said);
}

static bool add_check(struct file *file, TSNode check, const char *section, struct err *err)
{
    char *id = yaml_string(file->text, check, "id");
    if (*id == '\0') {
        free(id);
        return err_set(err, ERR_INVALID, "%s:%u: this check has no id", file->name,
            ts_node_start_point(check).row + 1);
    }
    file->checks++;
    return requirements_add(file->index,
        (struct requirement){.id = id,
            .text = yaml_string(file->text, check, "text"),
            .framework = mem_strdup(file->framework),
            .version = mem_strdup(file->version),
            .section = mem_strdup(section),
            .line = ts_node_start_point(check).row + 1},
        err);
}

static bool add_group(struct file *file, TSNode group, struct err *err)
{
    char *section = yaml_string(file->text, group, "id");
    TSNode checks = yaml_get(file->text, group, "checks", NULL);
    TSNode check;
    bool ok = true;
    for (uint32_t at = 0; ok && yaml_next_item(checks, &at, &check);) {
        ok = add_check(file, check, section, err);
    }
    free(section);
    return ok;
}

bool kube_bench_read(
    struct str text, const char *name, struct requirements_index *index, struct err *err)
{
    struct file file = {.text = text, .name = name, .index = index};
    TSTree *tree = utf8_is_valid(text) ? yaml_tree_parse(text) : NULL;
    if (tree == NULL) {
        return err_set(err, ERR_INVALID, "%s: not UTF-8, or larger than 2 MiB", name);
    }
    uint32_t document = 0;
    TSNode root;
    TSNode group;
    bool ok = true;
    while (ok && yaml_next_document(ts_tree_root_node(tree), &document, &root)) {
        TSNode groups = yaml_get(text, root, "groups", NULL);
        read_version(&file, root);
        for (uint32_t at = 0; ok && yaml_next_item(groups, &at, &group);) {
            ok = add_group(&file, group, err);
        }
        free(file.framework);
        free(file.version);
    }
    ts_tree_delete(tree);
    if (ok && file.checks == 0) {
        ok = err_set(err, ERR_UNSUPPORTED, "%s: no groups of checks, as kube-bench has them", name);
    }
    return ok;
}
