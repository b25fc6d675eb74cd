/* What the guards say of a folder that a test makes of a few files. */
#ifndef BYLAW_TEST_GUARD_FOLDER_H
#define BYLAW_TEST_GUARD_FOLDER_H

#include "policy/guard.h"

struct guard_folder {
    char *dir;
    struct policy_index *index;
    struct manifests manifests;
};

/* `files` are names and contents in turn, ended by NULL. */
struct guard_folder guard_folder_make(const char *const *files);
void guard_folder_free(struct guard_folder *folder);

/* What is said of the file `path` among them: "3:1 guard-id" of each finding, parted by ", ". The
 * caller frees. */
char *guard_say(const char *const *files, const char *path);
void guard_expect(const char *const *files, const char *path, const char *expected);
/* Of a folder with this file alone. */
void guard_expect_text(const char *path, const char *text, const char *expected);
/* All findings of the folder: "file:row guard-id", parted by ", ". */
void guard_expect_all(const char *const *files, const char *expected);
/* The text of `path` with the edit of its first finding made. The caller frees. */
char *guard_mended(const char *const *files, const char *path);

#endif
