/* A review from any two texts, any journal of it: base NUL proposal NUL operations (JSON lines).
 * Whatever the operations, accepting all must give the proposal and declining all the base, and the
 * journal written from here must replay to the same selection. */
#include "patch/review.h"

#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str cut(struct str *rest)
{
    size_t at = str_find_char(*rest, '\0', 0);
    at = at == SIZE_MAX ? rest->len : at;
    struct str part = str_slice(*rest, 0, at);
    *rest = str_from(*rest, at + 1);
    return part;
}

static void must(bool what)
{
    if (!what) {
        abort();
    }
}

static void expect(const struct review *review, struct str content, bool change)
{
    struct changes out = {0};
    review_selected(review, SIZE_MAX, SIZE_MAX, &out);
    must(out.len == (change ? 1u : 0u));
    must(!change || str_equal(buf_str(&out.items[0].content), content));
    changes_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    struct change change = {.kind = CHANGE_UPDATE, .path = mem_strdup("f"), .base_exists = true};
    buf_append_str(&change.base, cut(&rest));
    buf_append_str(&change.content, cut(&rest));
    struct changes changes = {0};
    VEC_PUSH(&changes, change);
    struct review *review = review_new(&changes);
    cJSON *ops = cJSON_CreateArray();
    struct str line;
    while (str_next_line(&rest, &line)) {
        cJSON *op = json_parse(line, NULL);
        if (op != NULL) {
            cJSON_AddItemToArray(ops, op);
        }
    }
    review_replay(review, ops);
    cJSON_Delete(ops);
    const struct review_file *file = review_file(review, 0);
    size_t items = file->items.len;
    struct str none = {"", 0};
    struct buf feedback = BUF_INIT;
    review_feedback(review, &feedback);
    buf_free(&feedback);
    if (items > 0) {
        must(review_decide(review, 0, 0, items, REVIEW_ACCEPTED, none, NULL));
        expect(review, buf_str(&file->proposed->bytes), true);
        must(review_decide(review, 0, 0, items, REVIEW_DECLINED, none, NULL));
        expect(review, none, false);
    }
    review_free(review);
    changes_free(&changes);
    return 0;
}
