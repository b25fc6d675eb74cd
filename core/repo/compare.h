/* Two states of a repository beside each other, as `bylaw review` shows them: what differs, in the
 * form git stores it (line endings and filters undone), with git's modes and renames.
 *
 * Everything blocks: from a worker, or before there is a screen. Paths are those of the repository,
 * from its top. */
#ifndef BYLAW_REPO_COMPARE_H
#define BYLAW_REPO_COMPARE_H

#include "patch/change.h"
#include "patch/source.h"
#include "repo/repo.h"

/* A file larger than this on one side is named, not compared. */
enum { COMPARE_MAX_BYTES = 64 * 1024 * 1024 };

enum compare_what {
    COMPARE_FILES,  /* from the index to the files on disk, new ones that are not ignored too */
    COMPARE_STAGED, /* from HEAD to the index */
    COMPARE_COMMIT, /* from a commit's first parent to it */
    COMPARE_RANGE   /* from one commit to another */
};

struct compare_request {
    bool staged;
    /* NULL: the files. "A..B": from A to B. "A...B": from where B left A. One commit: what it did
     * when HEAD has it, else what it brings since it left HEAD. */
    const char *revision;
    char *const *paths; /* git's pathspecs; borrowed */
    size_t path_count;
};

struct compare {
    enum compare_what what;
    char *root;    /* the repository's folder: absolute, without a '/' at the end */
    char *title;   /* "main...topic" */
    char *explain; /* "what topic brings since it left main at 1a2b3c4: 3 commits" */
    char base_id[REPO_ID_SIZE], new_id[REPO_ID_SIZE]; /* commits; "" where a side is none */
    struct changes changes;                           /* by path */
    struct buf notes;                                 /* what is left out and why, a line each */
};

/* Finds the repository that `folder` lies in and compares. ERR_NOT_FOUND: no repository, or no such
 * revision, with what to do. *out is to be freed in any case. */
bool compare_read(const char *folder, const struct compare_request *request, struct compare *out,
    struct err *err) MUST_USE;
void compare_free(struct compare *compare);

/* Whether the repository of `folder` knows the revision (or both ends of the range). */
bool compare_knows(const char *folder, const char *revision);

/* Writes the base side's files below an empty folder: those of the commit `id`, or of the index
 * (""). Links and submodules are left out. */
bool compare_lay_out(
    const char *root, const char *id, const char *folder, struct err *err) MUST_USE;

/* The index as what a patch is read against; `data` of the source is a struct index_source. */
struct index_source;
struct index_source *index_source_new(const char *folder, struct err *err) MUST_USE;
void index_source_free(struct index_source *source);
bool index_source_read(void *source, const char *path, struct patch_file *file, struct err *err);
/* The repository's folder, as in struct compare. Borrowed. */
const char *index_source_root(const struct index_source *source);
/* git's mode of the path's entry; 0: there is none. */
unsigned index_source_mode(const struct index_source *source, const char *path);

#endif
