#include "engine/opa_columns.h"

#include "base/file.h"
#include "base/path.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { READS_MAX = 64 };
#define TEXT_MAX ((size_t)1 << 20)

unsigned opa_column_in(struct str line, unsigned col)
{
    struct str rest = line;
    for (unsigned i = 1; i < col && rest.len > 0; i++) {
        size_t len = 0;
        (void)utf8_decode(rest, &len);
        rest = str_from(rest, len > 0 ? len : 1);
    }
    return col == 0 ? 0 : (unsigned)(line.len - rest.len) + 1;
}

static bool hold(struct opa_columns *columns, const char *file)
{
    if (columns->path != NULL && strcmp(columns->path, file) == 0) {
        return true;
    }
    if (columns->root == NULL || columns->reads == READS_MAX) {
        return false;
    }
    opa_columns_end(columns);
    columns->reads++;
    columns->path = mem_strdup(file);
    char *path = path_join(columns->root, file);
    if (!file_read(path, TEXT_MAX, &columns->text, NULL)) {
        buf_clear(&columns->text); /* it has no lines then */
    }
    free(path);
    return true;
}

unsigned opa_column_of(struct opa_columns *columns, const char *file, unsigned row, unsigned col)
{
    struct str line;
    if (col <= 1) {
        return col;
    }
    if (file == NULL || row == 0 || !hold(columns, file)) {
        return 0;
    }
    struct str rest = buf_str(&columns->text);
    while (str_next_line(&rest, &line)) {
        if (--row == 0) {
            return opa_column_in(line, col);
        }
    }
    return 0;
}

void opa_columns_end(struct opa_columns *columns)
{
    free(columns->path);
    columns->path = NULL;
    buf_free(&columns->text);
}
