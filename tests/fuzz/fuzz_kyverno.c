/* What Kyverno prints is read line by line, with JSON between; fixtures and policies are read for
 * places in them. The first byte says what the rest is. */
#include "engine/kyverno.h"
#include "engine/kyverno_apply_internal.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_report(struct str text)
{
    struct err err;
    struct kyverno_report report = {0};
    bool ok = kyverno_parse(text, text, &report, &err);
    for (size_t i = 0; i < report.blocks.len; i++) {
        const struct kyverno_block *block = &report.blocks.items[i];
        if (block->path == NULL || (ok && block->lines.len > 0 && !block->ended)) {
            abort();
        }
        for (size_t k = 0; k < block->lines.len; k++) {
            if (block->lines.items[k].message == NULL || block->lines.items[k].resource == NULL) {
                abort();
            }
        }
    }
    kyverno_report_free(&report);
    struct kyverno_diffs diffs = {0};
    kyverno_read_diffs(text, &diffs);
    kyverno_diffs_free(&diffs);
    struct kyverno_applied applied = {0};
    struct kyverno_application application = {0};
    kyverno_apply_parse(text, text, &applied, &application);
    kyverno_applied_free(&applied);
    kyverno_application_free(&application);
}

static void check_fixture(struct str text)
{
    struct kyverno_suite *suite = MEM_NEW(struct kyverno_suite);
    kyverno_read_objects(text, 0, suite);
    kyverno_read_rules(text, 0, suite);
    for (size_t i = 0; i < suite->objects.len; i++) {
        const struct kyverno_object *object = &suite->objects.items[i];
        struct position at = kyverno_place(text, object->kind, object->space, object->name,
            str_make("/spec/containers/0/image", 24));
        if (object->at.row == 0 || at.row == 0) {
            abort();
        }
    }
    kyverno_suite_free(suite);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        struct str text = str_make((const char *)data + 1, size - 1);
        if (data[0] % 2 == 0) {
            check_report(text);
        } else {
            check_fixture(text);
        }
    }
    return 0;
}
