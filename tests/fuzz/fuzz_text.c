/* Editing operations decoded from bytes, against a naive model. */
#include "text_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    text_model_run(data, size < 4096 ? size : 4096);
    return 0;
}
