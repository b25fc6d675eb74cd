/* The output of a confined command on its way to the transcript: in whole lines, control characters
 * made visible, some times a second, bounded; all of it is kept. Loop thread only. */
#ifndef BYLAW_AGENT_OUTPUT_SHOWN_H
#define BYLAW_AGENT_OUTPUT_SHOWN_H

#include "sandbox/confined.h"

struct output_shown;

/* `show` gets what is to be added to what is on screen. */
struct output_shown *output_shown_new(
    struct loop *loop, void (*show)(void *data, struct str text), void *data) MUST_USE;
void output_shown_free(struct output_shown *output);
void output_shown_add(struct output_shown *output, struct str bytes);
/* It has ended: shows what is left. */
void output_shown_flush(struct output_shown *output);
/* All of it, as it came. Borrowed until the next output_shown_add. */
struct str output_shown_text(const struct output_shown *output);

/* How it ended, a sentence: "Exit code 0.", "It was ended after 120 s.". */
void output_shown_end(
    struct buf *out, const struct confined_result *result, long long timeout_s, size_t max_output);

/* For programs whose output is read and not looked at: no colours, no pager, no questions; behind
 * our PATH the folder of engines that set-up fetched. Static. */
const char *const *output_plain_env(void);

#endif
