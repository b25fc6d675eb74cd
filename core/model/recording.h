/* The `recording` provider: answers come from a file instead of a server, as raw bytes through the
 * same reply and wire parsers, so that nothing downstream can tell. It needs no key and no network.
 *
 * The file is JSON Lines, UTF-8, made by recorder.h or a script:
 *
 *     {"bylaw_recording":1,"title":"…","model":"…"}          first line; title and model may be
 * absent
 *     {"answer":{"prompt":"…","step":0,"wire":"responses",
 *       "status":200,"headers":{"content-type":"text/event-stream"},
 *       "prompt_contains":["…"]}}                             an answer begins
 *     {"at":120,"data":"event: …\n\n"}                        bytes, `at` ms after the request
 *     {"at":140,"base64":"…"}                                 bytes that are no UTF-8 text
 *     {"end":900}                                             it came whole
 *     {"cut":900}                                             … or broke off there
 *
 * `prompt` is what the user had typed, `step` how many times tool results had been sent back since.
 * An answer is found by both: the prompt compared without case, repeated blanks and punctuation at
 * its ends; else by a text of prompt_contains that stands in it (for messages that are built from
 * what the user decided). Of several answers to the same, the n-th is for the n-th time it is asked
 * in the conversation, and the last for all later ones.
 *
 * A prompt that the recording does not hold is answered with the list of those it does. */
#ifndef BYLAW_MODEL_RECORDING_H
#define BYLAW_MODEL_RECORDING_H

#include "model/provider.h"

#define RECORDING_FILE_MAX ((size_t)32 << 20)

/* `speed` multiplies the recorded delays: 1 as they were, 0 none (tests). Gaps over two seconds
 * count as two. BYLAW_RECORDING_SPEED, when set, wins. NULL: the file cannot be read, with its
 * line. */
struct provider *recording_new(
    struct loop *loop, const char *path, double speed, struct err *err) MUST_USE;
/* The same from the file's text; `name` is for messages. */
struct provider *recording_parse(
    struct loop *loop, struct str text, const char *name, double speed, struct err *err) MUST_USE;
/* A provider for when there is none: says `text` to every prompt. */
struct provider *recording_new_empty(struct loop *loop, const char *text) MUST_USE;
/* What the file calls itself and its model; NULL when it does not say. Borrowed. */
const char *recording_title(const struct provider *provider);
const char *recording_model(const struct provider *provider);
/* The prompts it knows, in order: NULL past the end. Borrowed. */
const char *recording_prompt(const struct provider *provider, size_t at);
/* It has an answer to this prompt, also to one that is built from decisions. */
bool recording_answers(const struct provider *provider, const char *prompt);

/* Where a conversation stands: its last prompt (borrowed; NULL: none), how many equal ones came
 * before it, and how many rounds of tool results since. */
struct recording_place {
    const char *prompt;
    size_t nth;
    size_t step;
};
struct recording_place recording_locate(const struct items *items);

#endif
