/* Which documents of a folder the settings name as data of its policies, and where below `data`
 * they stand. Any other document stands below the names of its folders, as `opa test .` has it.
 *
 *     [engines.opa]                                          # in the folder's .bylaw/config.toml
 *     data = ["example/data/rule_data.yml", "fixtures/"]
 *
 * The words mean what they mean to `opa test`: a file's keys stand at the top of `data`, the
 * documents of a folder below the names of the folders in it, and "lib.limits:limits.json" stands
 * at data.lib.limits. Only what lies in the folder counts. Any thread; the settings are anybody's.
 */
#ifndef BYLAW_POLICY_DATA_ROOTS_H
#define BYLAW_POLICY_DATA_ROOTS_H

#include "base/str.h"

struct data_root {
    char *path;        /* below the folder; "" all of it */
    char *mount;       /* below data, '/' between the parts; "" its top */
    char *said;        /* as the settings have it */
    bool is_outside;   /* not below the folder: stands for nothing */
    unsigned row, col; /* in the settings */
};

struct data_roots {
    struct data_root *items;
    size_t len, cap;
};

/* Takes the settings of `folder` in place of what was there. */
void data_roots_read(struct data_roots *roots, const char *folder);
void data_roots_free(struct data_roots *roots);
/* The root that holds the document; the one with the longest path where several do. NULL: none. */
const struct data_root *data_roots_of(const struct data_roots *roots, const char *path);
/* "facts/limits.yml: at the top of data", for people; one line. The caller frees. */
char *data_root_show(const struct data_root *root) MUST_USE;
/* Whether it names something that is there below `folder`. */
bool data_root_is_there(const struct data_root *root, const char *folder);
/* Where a document stands below data; the caller frees. */
char *data_roots_mount(const struct data_roots *roots, const char *path) MUST_USE;

#endif
