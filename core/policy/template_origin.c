/* Which .rego file holds what a row of a template holds, found without an index: for the places of
 * errors. */
#include "policy/template_files.h"

#include "base/file.h"
#include "base/path.h"

#include <dirent.h>
#include <stdlib.h>

enum { FILES_MAX = 200 };
#define FILE_MAX ((size_t)1 << 20)

/* The file's path below root when its text is the block's. */
static char *compare(const char *root, const char *folder, const char *name, struct str block)
{
    struct buf text = BUF_INIT;
    char *path = strcmp(folder, ".") == 0 ? mem_strdup(name) : path_join(folder, name);
    char *full = path_join(root, path);
    bool same =
        file_read(full, FILE_MAX, &text, NULL) && assembly_same(buf_str(&text), block, NULL);
    buf_free(&text);
    free(full);
    if (!same) {
        free(path);
        path = NULL;
    }
    return path;
}

static char *look_in(const char *root, const char *folder, struct str block)
{
    char *full = path_join(root, folder);
    DIR *handle = opendir(full);
    const struct dirent *entry;
    char *found = NULL;
    unsigned looked = 0;
    while (handle != NULL && found == NULL && looked < FILES_MAX &&
           (entry = readdir(handle)) != NULL) {
        struct str name = str_of(entry->d_name);
        if (str_ends(name, ".rego") && !str_ends(name, "_test.rego")) {
            found = compare(root, folder, entry->d_name, block);
            looked++;
        }
    }
    if (handle != NULL) {
        closedir(handle);
    }
    free(full);
    return found;
}

/* "x/library/y" is made in "x/src/y". NULL: it is not below a library. */
static char *made_in(const char *folder)
{
    const char *found = strncmp(folder, "library/", 8) == 0 ? folder : strstr(folder, "/library/");
    if (found == NULL) {
        return NULL;
    }
    size_t at = (size_t)(found - folder) + (found[0] == '/');
    return mem_printf("%.*ssrc%s", (int)at, folder, folder + at + strlen("library"));
}

char *template_source_on_disk(const char *root, const char *template, struct str text)
{
    char *folder = path_dir(template);
    char *sources = made_in(folder);
    char *found = look_in(root, folder, text);
    if (found == NULL && sources != NULL) {
        found = look_in(root, sources, text);
    }
    free(sources);
    free(folder);
    return found;
}

char *template_origin_on_disk(
    const char *root, const char *template, struct str yaml, unsigned row, unsigned *source_row)
{
    struct assembly_blocks blocks = {0};
    char *found = NULL;
    assembly_read(yaml, &blocks);
    for (size_t i = 0; i < blocks.len && found == NULL; i++) {
        const struct assembly_block *block = &blocks.items[i];
        unsigned rows = 0;
        for (size_t k = block->start; k < block->end; k++) {
            rows += yaml.ptr[k] == '\n';
        }
        if (block->kind != ASSEMBLY_CEL && block->fixed == NULL && row >= block->row &&
            row <= block->row + rows) {
            found = template_source_on_disk(root, template, buf_str(&block->text));
            *source_row = row - block->row + 1;
        }
    }
    assembly_blocks_free(&blocks);
    return found;
}
