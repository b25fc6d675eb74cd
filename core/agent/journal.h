/* The session file: one JSON object a line, appended before anything is shown, so that kill -9 at
 * any moment loses nothing that was on the screen.
 *
 * Files live in the state folder: sessions/WORKSPACE-HASH/ID.jsonl, mode 0600. The first line has
 * "k":"session". A line is written with one write(2); a torn last line is cut off at the next open.
 * Registered secrets are replaced before a line is written. One process at a time (flock). Loop
 * thread. */
#ifndef BYLAW_AGENT_JOURNAL_H
#define BYLAW_AGENT_JOURNAL_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#include <stdint.h>

struct journal;

/* A new session of the workspace (its absolute root). */
struct journal *journal_create(const char *workspace, struct err *err) MUST_USE;
/* Opens an existing one by its id and calls on_record for each whole line, oldest first. A line
 * that is no JSON object is an error (ERR_INVALID with its number) unless it is the last.
 * ERR_CONFLICT: another process has it open. */
struct journal *journal_open(const char *workspace, const char *id,
    void (*on_record)(void *data, const char *kind, const cJSON *record), void *data,
    struct err *err) MUST_USE;
void journal_free(struct journal *journal);
const char *journal_id(const struct journal *journal);

/* Appends a record; takes `record` (an object, may be NULL for none) and adds "k" and "t" to it.
 * `sync` waits for the disk: for decisions and commits. A record that cannot be written is kept and
 * goes before the next one, so that a disk that was full for a while leaves no gap. */
bool journal_append(
    struct journal *journal, const char *kind, cJSON *record, bool sync, struct err *err) MUST_USE;

/* Everything appended so far is in the file. */
bool journal_is_saved(const struct journal *journal);
/* Begins a session with records of another, as they stand and in their order; what `choose` says of
 * each decides. Before them stands a record "fork" with its "number", by which its title differs
 * from those of all others with that prompt. The new id, which the caller frees; NULL: nothing was
 * made. */
enum journal_choice {
    JOURNAL_KEEP,
    JOURNAL_SKIP,
    JOURNAL_WITH_NEXT, /* kept when the record behind it is */
    JOURNAL_STOP       /* neither this one nor what follows */
};
char *journal_fork(const char *workspace, const struct journal *from,
    enum journal_choice (*choose)(void *data, const char *kind, const cJSON *record), void *data,
    struct err *err) MUST_USE;
/* The last record of a kind in a session's file, whoever has it open; NULL: none, or it cannot be
 * read. The caller frees it (cJSON_Delete). Any thread. */
cJSON *journal_last(const char *workspace, const char *id, const char *kind) MUST_USE;
/* Each record of a kind in it, oldest first; `record` is borrowed. Any thread. */
void journal_each(const char *workspace, const char *id, const char *kind,
    void (*on_record)(void *data, const cJSON *record), void *data);
/* Asks the program that has a session open to hand it over; `bylaw mcp` does so between two calls
 * of its client, others do not. It is asked until the session is opened, or nobody wants it any
 * more. Any thread. */
bool journal_want(const char *workspace, const char *id, struct err *err) MUST_USE;
void journal_unwant(const char *workspace, const char *id);
/* Somebody wants it: a look at one file. */
bool journal_is_wanted(const struct journal *journal);
/* Removes the file: nothing in it is worth keeping. The journal is still to be freed. */
void journal_discard(struct journal *journal);

struct session_info {
    char *id;
    char *title;   /* of the first prompt (journal_title); else what a "title" record says, or "" */
    unsigned fork; /* which fork it is, from 1 on; 0: none */
    int64_t started; /* ms since 1970 */
    int64_t changed;
    bool open; /* another process has it open */
};

struct session_infos {
    struct session_info *items;
    size_t len, cap;
};

/* "Fork 2: Deny privileged …": the first line of a session's first prompt, cut, safe to be shown;
 * which fork it is stands first, where no narrow column cuts it. The caller frees. */
char *journal_title(struct str prompt, unsigned fork) MUST_USE;
/* The workspace's sessions, newest first. No folder yet is an empty list. */
bool journal_list(const char *workspace, struct session_infos *out, struct err *err) MUST_USE;
/* Another number when a session was begun or removed since, or something of weight (`sync`) was
 * said in one; a look at one folder. */
int64_t journal_stamp(const char *workspace);
void session_infos_free(struct session_infos *infos);

/* Bytes as a JSON string member: text as it is when valid UTF-8 without NUL, else base64 under
 * "KEY64". json_get_bytes appends what either holds; false when neither is there or it is broken.
 */
void json_set_bytes(cJSON *obj, const char *key, struct str bytes);
bool json_get_bytes(const cJSON *obj, const char *key, struct buf *out) MUST_USE;

#endif
