/* Index of a folder's policies: which file declares which package, what it refers to, which tests
 * it has; and, from that, the files one test needs (its closure). Scanning again reads only what
 * changed.
 *
 * Not looked into: `.git`, `node_modules`, `.bylaw`, and links to folders. One thread at a time. */
#ifndef BYLAW_POLICY_INDEX_H
#define BYLAW_POLICY_INDEX_H

#include "base/err.h"
#include "policy/data_roots.h"
#include "policy/facts.h"

#include <stdatomic.h>

enum policy_file_kind {
    POLICY_REGO,
    POLICY_DATA /* .json, .yaml, .yml: a data document if a policy asks for it */
};

struct policy_file {
    char *path; /* relative to the root */
    enum policy_file_kind kind;
    struct policy_facts *facts; /* POLICY_REGO; NULL when the file could not be read */
    char *scope; /* its folder when its package is defined in several folders that contradict each
                    other (each is then a policy of its own), else "" */
    /* POLICY_DATA: where opa would load it below data ("" the root), and the keys at its top, read
     * when first asked for. */
    char *mount;
    bool is_declared; /* the settings say so (data_roots.h): it is data, whatever its name */
    struct policy_keys {
        char **items;
        size_t len, cap;
    } keys;
    bool keys_read;
    bool no_document; /* several YAML documents or no mapping: not policy data */
    bool odd_keys;    /* YAML in another form than `key: …` at the margin: there may be others */
    /* What decides whether to read it again. */
    int64_t mtime_ns;
    uint64_t size, inode;
    int64_t ctime_ns;   /* of a document: with the above, what it holds */
    bool laid;          /* what is here is an editor's text */
    uint64_t laid_hash; /* of a document */
};

/* Who refers to what. Both borrowed from the index. */
struct policy_edge {
    const char *ref, *path;
};

struct policy_index {
    char *root;
    struct policy_files {
        struct policy_file *items;
        size_t len, cap;
    } files; /* by path */
    struct policy_order {
        size_t *items;
        size_t len, cap;
    } by_package; /* Rego files with a package, by package then path */
    struct policy_edges {
        struct policy_edge *items;
        size_t len, cap;
    } referrers; /* by ref, then path; made by policy_dependents (dependents.h) */
    bool has_referrers;
    size_t tests;
    struct data_roots roots; /* of the settings, read by each scan */
    struct policy_names {
        char **items;
        size_t len, cap;
    } others; /* paths of all other files, by path: an engine's settings, what policies are applied
                 to */
    struct {
        struct policy_laid {
            char *path;
            struct buf text;
        } * items;
        size_t len, cap;
    } laid;                     /* policy_index_lay */
    struct policy_names edited; /* paths of the files that are `laid`, in no order */
};

struct policy_index *policy_index_new(void) MUST_USE;
void policy_index_free(struct policy_index *index);
/* Brings the index up to date with the folder; another root than before is fine, equal files are
 * not parsed again. `cancel` may be NULL; when it becomes true: false with ERR_CANCELLED. */
bool policy_index_scan(struct policy_index *index, const char *root, const atomic_bool *cancel,
    struct err *err) MUST_USE;
/* A file's text as it is in an editor and not yet on disk. Both borrowed. */
struct policy_text {
    const char *path;
    struct str text;
};
/* Takes these Rego files as what the folder holds, until the next scan (which reads the disk).
 * Files the folder does not have are added; of what is no Rego file only the text is kept. */
void policy_index_lay(struct policy_index *index, const struct policy_text *texts, size_t count);
/* The text laid for a path, or NULL: it is as on disk. Borrowed until the next lay, forget or scan.
 */
const struct buf *policy_index_text(const struct policy_index *index, const char *path);
/* Drops the texts that were laid; what was found in them stays. For once nobody reads them. */
void policy_index_forget_texts(struct policy_index *index);
/* What policy_index_update found at a path. */
struct policy_move {
    char *path;
    char *package; /* it had before, or NULL */
    char *mount;   /* of a document, or NULL */
    /* What it defines or refers to, or whether it is there, is other than before, so that closures
     * may be. */
    bool reshaped;
};
struct policy_moves {
    struct policy_move *items;
    size_t len, cap;
};
void policy_moves_free(struct policy_moves *moves);

/* Brings these files, and only these, up to date: from the disk, or as `texts` has them (documents
 * too). What was laid before and is in `texts` no more is read from the disk again. Moves are of
 * policies and documents whose content is another than before. Costs nothing of the size of the
 * folder but some copying of pointers. False: it cannot be told so (no scan yet, a folder, a
 * manifest): policy_index_scan is needed. */
bool policy_index_update(struct policy_index *index, const char *const *paths, size_t count,
    const struct policy_text *texts, size_t text_count, struct policy_moves *moves) MUST_USE;

/* Place of a file, or SIZE_MAX. */
size_t policy_index_find(const struct policy_index *index, const char *path);
/* First place in by_package whose package is not before `package`; the place behind the last of the
 * package that begins at `from`. */
size_t policy_package_bound(const struct policy_index *index, const char *package);
size_t policy_package_end(const struct policy_index *index, size_t from);

struct policy_set {
    size_t *items; /* places in index->files, growing */
    size_t len, cap;
};
/* Puts them in order, from the place `from` of the set on. */
void policy_set_sort(struct policy_set *set, size_t from);

/* The files that `seeds` need to be evaluated as in the whole folder: their packages, all they
 * refer to, directly or not, and the data documents those references reach. A reference that cannot
 * be told before evaluation (`data[x].p`) brings everything below its constant beginning. */
void policy_closure(
    struct policy_index *index, const struct policy_set *seeds, struct policy_set *closure);
/* Anything answers a reference ("lib/k8s/pods") of the file `asker`, followed in the same way: a
 * rule, a package there or below, a document. True too where a package's file has syntax errors:
 * what it defines is not known. */
bool policy_names_something(struct policy_index *index, const char *ref, const char *asker);

#endif
