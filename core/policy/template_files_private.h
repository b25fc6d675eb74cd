/* What template_files.c and template_change.c share; not for others. */
#ifndef BYLAW_POLICY_TEMPLATE_FILES_PRIVATE_H
#define BYLAW_POLICY_TEMPLATE_FILES_PRIVATE_H

#include "policy/template_files.h"

#include "policy/gomplate.h"

#define TEMPLATE_FILE_MAX ((size_t)4 << 20)

/* Reads a file that must be there. */
bool template_read(
    const struct patch_source *source, const char *path, struct buf *out, struct err *err) MUST_USE;
/* The folder's path and a name; a folder "." is the root. The caller frees. */
char *template_in_folder(const char *folder, const char *name) MUST_USE;
/* Renders the layout's maker. */
bool template_render(const struct template_tree *tree, const struct template_layout *layout,
    struct gomplate_output *out, struct err *err) MUST_USE;
/* Row (from 1) of a byte. */
unsigned template_row_of(struct str text, size_t at);

#endif
