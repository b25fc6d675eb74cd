/* Files as they would be after each step of a patch, before anything is written: the steps of one
 * patch see each other's results, and a failed one leaves nothing behind. */
#ifndef BYLAW_PATCH_STAGE_H
#define BYLAW_PATCH_STAGE_H

#include "patch/change.h"
#include "patch/source.h"

/* A patch over this many files is refused, and so is one whose files are together larger. */
enum { STAGE_MAX_FILES = 2000, STAGE_MAX_BYTES = 256 * 1024 * 1024 };

struct stage_file {
    char *path;
    bool base_exists;
    bool is_folder; /* then nothing else counts */
    struct buf base;
    unsigned base_mode;
    bool exists; /* now */
    struct buf now;
    unsigned mode;
    unsigned git_mode; /* what git's mode becomes, where the patch says it and it is asked for */
    char *moved_from;  /* where its content came from, or NULL */
    bool touched;      /* a step wrote, deleted or moved it */
};

struct stage {
    const struct patch_source *source;
    struct stage_file **items; /* pointers: a stage_file stays where it is */
    size_t len, cap;
    size_t bytes;
};

void stage_init(struct stage *stage, const struct patch_source *source);
void stage_free(struct stage *stage);
/* Checks the path as it stands in a patch and looks the file up (once). NULL with a reason: outside
 * the workspace, in .git, not readable. The result belongs to the stage. */
struct stage_file *stage_get(struct stage *stage, struct str path, struct err *err) MUST_USE;
/* Writes it (created or replaced); takes the bytes over. Refused when it is a folder or when one of
 * its parents is a file. */
bool stage_write(
    struct stage *stage, struct stage_file *file, struct buf *bytes, struct err *err) MUST_USE;
bool stage_delete(struct stage *stage, struct stage_file *file, struct err *err) MUST_USE;
/* `to` gets the bytes, `from` goes. From and to may be the same file: then it is a write. */
bool stage_move(struct stage *stage, struct stage_file *from, struct stage_file *to,
    struct buf *bytes, struct err *err) MUST_USE;
/* What all steps come to, in the order the files were first touched; a file that ends as it began
 * is left out. Refused when a file would be a folder as well. */
bool stage_finish(struct stage *stage, struct changes *out, struct err *err) MUST_USE;

#endif
