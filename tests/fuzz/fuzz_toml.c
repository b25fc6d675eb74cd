#include "config/toml.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    toml_free(toml_parse(str_make((const char *)data, size), "fuzz.toml", &err));
    return 0;
}
