/* Writes a recording (the format is in model/recording.h) while a live provider works: the raw
 * bytes of each answer with their times, secrets replaced. One line is appended as each answer
 * ends, so what a crash leaves behind is a valid recording of what came before. */
#ifndef BYLAW_MODEL_RECORDER_H
#define BYLAW_MODEL_RECORDER_H

#include "loop/http.h"
#include "model/provider.h"

struct recorder;

/* Creates the file; refuses one that is there (ERR_EXISTS). NULL on failure. */
struct recorder *recorder_open(const char *path, struct err *err) MUST_USE;
/* False: the last lines could not be written. Frees in any case. A file that got no answer is
 * removed. */
bool recorder_close(struct recorder *recorder, struct err *err) MUST_USE;

/* An answer begins. `id` tells running ones apart. */
void recorder_begin(
    struct recorder *recorder, const void *id, const char *wire, const struct request *request);
void recorder_head(
    struct recorder *recorder, const void *id, int status, const struct http_fields *fields);
void recorder_bytes(struct recorder *recorder, const void *id, struct str bytes);
/* It came whole (cut: false) or broke off. */
void recorder_end(struct recorder *recorder, const void *id, bool cut);
/* It is tried again or was cancelled before anything of it counted: nothing is written. */
void recorder_drop(struct recorder *recorder, const void *id);

#endif
