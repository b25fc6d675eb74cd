/* What the index's files share; not for others. */
#ifndef BYLAW_POLICY_INDEX_INTERNAL_H
#define BYLAW_POLICY_INDEX_INTERNAL_H

#include "policy/index.h"

#include <sys/stat.h>

#define POLICY_REGO_MAX ((size_t)16 << 20)

void policy_file_free(struct policy_file *file);
/* False: a name that no policy and no document has. */
bool policy_kind_of(const char *name, enum policy_file_kind *kind);
/* A folder that the index does not look into. */
bool policy_is_skipped_dir(const char *name);
/* Where opa puts a document. */
void policy_file_mount(struct policy_file *file, const struct data_roots *roots);
/* What is known of the file from now on is an editor's text. */
void policy_file_lay(struct policy_index *index, struct policy_file *file);
void policy_file_stamp(struct policy_file *file, const struct stat *st);
/* A file without content at its place; by_package is kept right. */
size_t policy_index_insert(
    struct policy_index *index, const char *path, enum policy_file_kind kind);
/* After files came, went, or define others than before: by_package, scopes, the number of tests. */
void policy_index_order(struct policy_index *index);
/* The same for one file, whatever their number. Before its facts go: takes it out of by_package. */
void policy_order_drop(struct policy_index *index, size_t place);
/* Once it has its facts: puts it where it belongs. */
void policy_order_add(struct policy_index *index, size_t place);
/* After a package's files came, went or define others than before; NULL is fine. */
void policy_order_rescope(struct policy_index *index, const char *package);
void policy_index_forget_referrers(struct policy_index *index);

/* closure.c: the keys at the top of a document, from its text. */
void policy_document_keys(struct policy_file *file, struct str text);
/* dependents.c: takes a file's references out of the referrers, or puts them in. */
void policy_referrers_drop(struct policy_index *index, const struct policy_file *file);
void policy_referrers_add(struct policy_index *index, const struct policy_file *file);

#endif
