#include "engine/settings.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

#define TOML_MAX_BYTES ((size_t)1 << 20)

struct toml *settings_read(const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    struct toml *toml = file_read(full, TOML_MAX_BYTES, &text, NULL)
                            ? toml_parse(buf_str(&text), path, NULL)
                            : NULL;
    buf_free(&text);
    free(full);
    return toml;
}

void settings_words(const struct toml *value, struct plan_words *out)
{
    if (value != NULL && value->kind == TOML_STRING) {
        VEC_PUSH(out, mem_strdup(value->text));
    }
    for (size_t i = 0; value != NULL && value->kind == TOML_ARRAY && i < value->len; i++) {
        if (value->items[i]->kind == TOML_STRING) {
            VEC_PUSH(out, mem_strdup(value->items[i]->text));
        }
    }
}
