#include "agent/command_words.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is plain can be written as a line that is read as the same words. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    struct command_words words;
    if (!command_words_read(str_make((const char *)data, size), &words, &err)) {
        return 0;
    }
    struct command_words again;
    char *line = command_words_line(&words, words.len);
    if (line != NULL) {
        if (!command_words_read(str_of(line), &again, &err) || again.len != words.len ||
            !command_words_begin(&again, &words)) {
            abort();
        }
        command_words_free(&again);
    }
    free(line);
    command_words_free(&words);
    return 0;
}
