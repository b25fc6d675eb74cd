#include "engine/plan_closed.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "policy/facts.h"

#include <stdlib.h>

#define DOCUMENT_MAX ((size_t)8 << 20)

enum look { NOT_LOOKED, CLOSED, OPEN };

bool closed_text(struct str text)
{
    static const char *const words[] = {"external_data", "time_now", "time_since", "now()",
        "random", "http.", "imageRegistry", "verifyImages", "ImageValidatingPolicy", "imageData",
        "getImageData", "GetMetadata", "apiCall", "globalContext", "globalReference",
        "resource.Get", "resource.List", "resource.Post"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_find(text, str_of(words[i]), 0) != SIZE_MAX) {
            return false;
        }
    }
    return !policy_text_is_volatile(text);
}

bool closed_suite(struct str text)
{
    return str_find_char(text, '&', 0) == SIZE_MAX;
}

void closed_files_begin(struct closed_files *closed, const struct run_plan *plan)
{
    *closed = (struct closed_files){plan, mem_zalloc(plan->files.len + 1)};
}

void closed_files_end(struct closed_files *closed)
{
    free(closed->looks);
}

static enum look look_at(const struct run_plan *plan, size_t place)
{
    struct buf text = BUF_INIT;
    char *full = path_join(plan->root, plan->files.items[place].path);
    bool is_closed = file_read(full, DOCUMENT_MAX, &text, NULL) && closed_text(buf_str(&text));
    free(full);
    buf_free(&text);
    return is_closed ? CLOSED : OPEN;
}

bool closed_files_all(struct closed_files *closed, const struct policy_set *files)
{
    bool all = true;
    VEC_FOREACH (size_t, place, files) {
        unsigned char *look = &closed->looks[*place];
        if (all && *look == NOT_LOOKED) {
            *look = (unsigned char)look_at(closed->plan, *place);
        }
        all = all && *look == CLOSED;
    }
    return all;
}
