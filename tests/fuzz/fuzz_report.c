/* Reports of other machines: ours in JSON, and what clusters say of violations. What is read can be
 * written in every format, joined and read again. */
#include "report/report_merge.h"
#include "report/report_read.h"
#include "rollout/violations.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct report *report)
{
    const char *names[] = {"a", "b"};
    struct report twice[] = {*report, *report};
    struct report whole;
    struct err err;
    for (int format = 0; format < REPORT_FORMATS; format++) {
        struct buf text = BUF_INIT;
        report_write(report, (enum report_format)format, &text);
        buf_free(&text);
    }
    if (report->scope.count < 1000 && report_merge(report, names, 1, &whole, &err)) {
        report_free(&whole);
    }
    if (report->scope.count < 1000 && report_merge(twice, names, 2, &whole, &err)) {
        abort(); /* one shard twice */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct rollout_policy policy = {.kind = (char *)(uintptr_t) "K8sOwner",
        .name = (char *)(uintptr_t) "a",
        .space = (char *)(uintptr_t) "",
        .file = (char *)(uintptr_t) "a.yaml"};
    struct rollout_violations violations;
    struct report report;
    struct err err;
    if (report_read_json(text, &report, &err)) {
        use(&report);
        report_free(&report);
    }
    if (rollout_violations_read(text, &policy, &violations, &err)) {
        if (!violations.known && violations.why == NULL) {
            abort();
        }
        rollout_violations_free(&violations);
    }
    return 0;
}
