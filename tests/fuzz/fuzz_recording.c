/* Any bytes as a recording's file: refused with a sentence, or a recording whose first prompt plays
 * to one end. */
#include "model/recording.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_ends(void *data, const struct event *event)
{
    int *ends = data;
    *ends += event->kind == EVENT_DONE || event->kind == EVENT_ERROR;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct provider *provider =
        recording_parse(loop, str_make((const char *)data, size), "fuzz", 0, &err);
    if (provider == NULL) {
        if (err.text[0] == '\0') {
            fprintf(stderr, "refused without a word\n");
            abort();
        }
    } else {
        struct item item = {
            .kind = ITEM_USER, .text = (char *)(uintptr_t)recording_prompt(provider, 0)};
        struct items items = {&item, item.text == NULL ? 0 : 1, 0};
        struct request request = {.items = &items};
        int ends = 0;
        if (provider_start(provider, &request, count_ends, &ends, &err) == NULL) {
            abort();
        }
        loop_run(loop);
        if (ends != 1) {
            fprintf(stderr, "%d ends\n", ends);
            abort();
        }
        provider_free(provider);
    }
    loop_free(loop);
    return 0;
}
