/* bylaw index --rego: which version of Rego each file is read as, and who says so. */
#include "command/index_rego.h"
#include "command/command.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/rego_version.h"
#include "policy/index.h"

#include <stdlib.h>

static void print_file(cJSON *files, const struct policy_file *file, struct rego_version version)
{
    char *shown = rego_version_show(&version);
    const char *colon = strchr(shown, ':');
    if (files != NULL) {
        cJSON *item = mem_require(cJSON_CreateObject());
        json_set_string(item, "path", file->path);
        json_set_string(item, "rego", policy_dialect_name(version.dialect));
        json_set_string(item, "why", colon == NULL ? "" : colon + 2);
        cJSON_AddItemToArray(files, item);
    } else {
        char *path = safe_dup(str_of(file->path), SAFE_ONE_LINE, 4096);
        char *why = safe_dup(str_of(colon == NULL ? "" : colon + 2), SAFE_ONE_LINE, 1000);
        printf("%s\t%s\t%s\n", path, policy_dialect_name(version.dialect), why);
        free(why);
        free(path);
    }
    free(shown);
}

int index_rego(const struct args *args, const char *folder)
{
    struct err err;
    char *root = realpath(folder, NULL);
    struct policy_index *index = policy_index_new();
    if (root == NULL || !policy_index_scan(index, root, NULL, &err)) {
        int code =
            command_fail(args, root == NULL ? "%s is no folder" : "%s: it cannot be read", folder);
        policy_index_free(index);
        free(root);
        return code;
    }
    cJSON *json = args_has(args, "json") ? mem_require(cJSON_CreateObject()) : NULL;
    cJSON *files = json == NULL ? NULL : json_set_array(json, "files");
    struct rego_versions *versions = rego_versions_new(root);
    size_t count = 0;
    VEC_FOREACH (struct policy_file, file, &index->files) {
        if (file->facts != NULL) {
            print_file(files, file, rego_version_of(versions, file->path, file->facts->dialect));
            count++;
        }
    }
    if (json != NULL) {
        char *text = json_print(json);
        puts(text);
        free(text);
    }
    cJSON_Delete(json);
    rego_versions_free(versions);
    policy_index_free(index);
    free(root);
    return count > 0 ? EXIT_YES : EXIT_NO;
}
