/* What gator prints is read line by line. */
#include "engine/gator.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gator_report report = {0};
    gator_parse(str_make((const char *)data, size), &report);
    for (size_t i = 0; i < report.len; i++) {
        const struct gator_outcome *outcome = &report.items[i];
        if (outcome->test == NULL || outcome->status == RESULT_NOT_EVALUATED ||
            (outcome->message != NULL && outcome->status == RESULT_PASS)) {
            abort();
        }
    }
    gator_report_free(&report);
    return 0;
}
