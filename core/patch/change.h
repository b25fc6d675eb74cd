/* What a proposal, a review's outcome or an edit comes down to: for each file its content before
 * and after. Patches are parsed into changes, a review chooses among them, an overlay lays them
 * out, and the one door (workspace/door.h) writes them. */
#ifndef BYLAW_PATCH_CHANGE_H
#define BYLAW_PATCH_CHANGE_H

#include "base/str.h"

enum change_kind { CHANGE_ADD, CHANGE_UPDATE, CHANGE_DELETE };

struct change {
    enum change_kind kind;
    char *path;       /* relative, clean (path_check_relative) */
    char *moved_from; /* an update that also moves: the old path; else NULL */
    struct buf base;  /* bytes the change was made against; empty for CHANGE_ADD of a new file */
    bool base_exists; /* false: there was no such file. CHANGE_ADD over an existing file has it true
                       */
    struct buf content; /* bytes after; empty for CHANGE_DELETE */
    unsigned mode;      /* permission bits of the base (0644 for a new file) */
    /* git's modes before and after (0100644, 0100755, 0120000, 0160000), where the change is git's;
     * 0: there is no such side, or `mode` is all that is known. A link's content is where it points
     * to, a submodule's "Subproject commit ID". */
    unsigned git_from, git_to;
};

struct changes {
    struct change *items;
    size_t len, cap;
};

void change_free(struct change *change);
void changes_free(struct changes *changes);
struct change change_copy(const struct change *change) MUST_USE;
struct changes changes_copy(const struct changes *changes) MUST_USE;
/* The change of this path, or NULL. */
struct change *changes_find(const struct changes *changes, const char *path);

/* NUL in the first 8,000 bytes, as git decides. Binary content is shown as such and taken or left
 * whole. */
bool change_is_binary(const struct change *change);
/* "a symbolic link", "a submodule" where one side is one, else NULL. Static. */
const char *change_special(const struct change *change);
/* Both sides are there and git's modes of them differ. */
bool change_has_mode(const struct change *change);
/* git's mode of the side; 0: there is none. */
unsigned change_git_mode(const struct change *change, bool after);

#endif
