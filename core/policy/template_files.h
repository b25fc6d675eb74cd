/* Where a ConstraintTemplate's Rego is kept as files of its own, and whether they still say the
 * same. Two layouts are known:
 *
 * made: a gomplate template reads the files. `src/AREA/NAME/constraint.tmpl` makes
 *   `library/AREA/NAME/template.yaml` (gatekeeper-library), elsewhere `constraint.tmpl` and
 *   `template.tmpl` make the `template.yaml` beside, `X.yaml.tmpl` makes `X.yaml`.
 * beside: the .rego files in the template's folder (or one just below) whose packages are those of
 *   its blocks; `src.rego` for its policy where the package says nothing. Tests are left out.
 *
 * Assembling writes the template from the files; splitting writes the files from the template. Both
 * only say what they would change: writing is the one door's (workspace/door.h).
 *
 * Files are read through a patch_source, so that texts that are not saved count. One thread at a
 * time (the index). */
#ifndef BYLAW_POLICY_TEMPLATE_FILES_H
#define BYLAW_POLICY_TEMPLATE_FILES_H

#include "patch/change.h"
#include "patch/source.h"
#include "policy/assembly.h"
#include "policy/manifests.h"

struct template_layout {
    char *template; /* relative to the root, as all paths here */
    char *maker;    /* the gomplate template, or NULL: its files lie beside it */
    char *base;     /* made: the folder that the maker's paths start from; "" the root */
    struct {
        struct template_link {
            size_t block; /* of assembly_read, when it was looked at */
            char *path;
        } * items;
        size_t len, cap;
    } links; /* beside: which file holds which block */
};

struct template_layouts {
    struct template_layout *items;
    size_t len, cap;
};

struct template_tree {
    const struct policy_index *index;
    const struct manifests *manifests; /* NULL: template_layouts_find finds only makers */
    struct patch_source source;
    const atomic_bool *cancel; /* true: template_layouts_find ends; may be NULL */
};

/* Appends those of the tree: all templates that have a maker or files beside them, and makers whose
 * template is not there. `wanted`: only those that have to do with this path (their template, their
 * maker, a file that they are made of, or a folder above one); NULL or "": all. */
void template_layouts_find(
    const struct template_tree *tree, const char *wanted, struct template_layouts *out);
/* Those that a Rego file is probably part of, without a look at all others: makers in its folder,
 * templates in its folder or the one above. */
void template_layouts_near(
    const struct template_tree *tree, const char *path, struct template_layouts *out);
/* The layout of this YAML file alone, also when it has no files yet. False: it is no template. */
bool template_layout_of(
    const struct template_tree *tree, const char *path, struct template_layout *out) MUST_USE;
void template_layouts_free(struct template_layouts *layouts);
void template_layout_free(struct template_layout *layout);

/* Where a template and its files differ first, file by file. */
struct template_difference {
    char *source;        /* the file, or the maker where its own text differs */
    unsigned source_row; /* from 1 */
    unsigned row;        /* in the template, from 1; 0: it is not there */
};

struct template_differences {
    struct template_difference *items;
    size_t len, cap;
};

/* Appends them, none: all say the same. False: it cannot be told (a file is missing, an action of
 * gomplate is not known). */
bool template_check(const struct template_tree *tree, const struct template_layout *layout,
    struct template_differences *out, struct err *err) MUST_USE;
void template_differences_free(struct template_differences *differences);

/* The file and row that a row of the template is made from: NULL: from none, or they differ. The
 * caller frees. */
char *template_origin(const struct template_tree *tree, const struct template_layout *layout,
    unsigned row, unsigned *source_row) MUST_USE;

/* The same from the disk alone, without an index: a file beside the template, or in the folder of
 * `src` that makes it, that holds exactly the block's text. For the places of errors. */
char *template_origin_on_disk(const char *root, const char *template, struct str yaml, unsigned row,
    unsigned *source_row) MUST_USE;

/* Of a block's text. */
char *template_source_on_disk(const char *root, const char *template, struct str text) MUST_USE;

/* Appends the changes (none: all is as it should be). ERR_INVALID: it cannot be done, with why. */
bool template_assemble(const struct template_tree *tree, const struct template_layout *layout,
    struct changes *out, struct err *err) MUST_USE;
/* `make`: a template without files gets a maker too (in `src` for one below `library`, else beside
 * it), else only the files. Assembling what was split gives the template back to the byte; what
 * cannot be given back so is refused. */
bool template_split(const struct template_tree *tree, const struct template_layout *layout,
    bool make, struct changes *out, struct err *err) MUST_USE;

#endif
