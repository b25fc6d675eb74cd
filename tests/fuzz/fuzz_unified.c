/* unified diffs on any bytes: the first line of the input up to a NUL is the file, the rest the
 * patch. What is applied must name only paths inside and leave the output whole. */
#include "memory_source.h"

#include "base/path.h"
#include "patch/unified.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = str_make((const char *)data, size);
    size_t cut = str_find_char(all, '\0', 0);
    struct str file = cut == SIZE_MAX ? STR_LIT("a\nb\n") : str_slice(all, 0, cut);
    struct str patch = cut == SIZE_MAX ? all : str_from(all, cut + 1);
    struct memory_file files[] = {{"f", file}, {"d/g", file}, {NULL, {NULL, 0}}};
    struct patch_source source = {memory_source_read, files};
    struct changes changes = {0};
    struct buf report = BUF_INIT;
    struct err err = {0};
    if (unified_apply(patch, &source, &changes, &report, &err)) {
        for (size_t i = 0; i < changes.len; i++) {
            char *clean = NULL;
            if (!path_check_relative(str_of(changes.items[i].path), &clean, NULL)) {
                abort();
            }
            free(clean);
        }
    } else if (changes.len != 0 || report.len == 0 || err.text[0] == '\0') {
        abort();
    }
    buf_free(&report);
    changes_free(&changes);
    return 0;
}
