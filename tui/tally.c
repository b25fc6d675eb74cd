#include "tally.h"

void tally_append(const struct tally *tally, bool all, struct buf *out)
{
    static const struct {
        enum result_status status;
        const char *word;
    } order[] = {{RESULT_PASS, "passed"}, {RESULT_FAIL, "failed"}, {RESULT_ERROR, "with errors"},
        {RESULT_WARNING, "with warnings"}, {RESULT_SKIPPED, "skipped"},
        {RESULT_NOT_EVALUATED, "not evaluated"}};
    size_t from = out->len;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        bool always = all && order[i].status != RESULT_WARNING;
        if (always || tally->count[order[i].status] > 0) {
            buf_printf(out, "%s%zu %s", out->len == from ? "" : ", ", tally->count[order[i].status],
                order[i].word);
        }
    }
    buf_append_c(out, out->len == from ? "no test" : "");
}
