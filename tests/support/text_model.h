/* The editor's text against a naive model of it (one flat string, and a full copy of it for every
 * undo step), driven by bytes: each few bytes are one operation. Shared by the unit test (random
 * bytes) and the fuzz target. */
#ifndef BYLAW_TEXT_MODEL_H
#define BYLAW_TEXT_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Runs the operations and aborts with a message when text and model differ. */
void text_model_run(const uint8_t *data, size_t size);

#endif
