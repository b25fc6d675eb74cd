/* The proposals of a workspace that wait for their review, over all its sessions: what `bylaw exec`
 * and `bylaw generate` left, and what was put off. One session holds one. It is read from the
 * sessions' files, each of which says so itself. */
#ifndef BYLAW_AGENT_REVIEW_QUEUE_H
#define BYLAW_AGENT_REVIEW_QUEUE_H

#include "agent/session.h"

/* What a run without an engineer says of its session, in the session. */
enum queue_state {
    QUEUE_RUNS,  /* not ended: what is proposed so far is not for review */
    QUEUE_READY, /* ended; why: what is red about it, or NULL */
    QUEUE_FAILED /* nothing to review */
};
struct queue_mark {
    enum queue_state state;
    char *control; /* its number, or NULL */
    char *why;     /* or NULL */
};
/* Waits for the disk. `control` and `why` may be NULL. Loop thread. */
void review_queue_mark(
    struct session *session, enum queue_state state, const char *control, const char *why);
/* The last mark of a session; false: it has none, or cannot be read. Any thread. */
bool review_queue_read_mark(
    const char *workspace, const char *session, struct queue_mark *out) MUST_USE;
void queue_mark_free(struct queue_mark *mark);

struct waiting_review {
    char *session;
    char *title;   /* the session's first prompt, its first line */
    char *control; /* or NULL */
    char *why;     /* what is red about it, or NULL */
    unsigned number;
    size_t files;
    bool open;       /* another process has the session open */
    int64_t started; /* ms since 1970 */
};

struct review_queue {
    struct waiting_review *items; /* the oldest session first */
    size_t len, cap;
};

/* Reads the sessions' files: on a worker. */
bool review_queue_read(const char *workspace, struct review_queue *out, struct err *err) MUST_USE;
void review_queue_free(struct review_queue *queue);
/* The place of the one to go to from the session `here`: the first behind it that is not open
 * elsewhere, from the beginning again after the last; SIZE_MAX: there is no other. */
size_t review_queue_next(const struct review_queue *queue, const char *here);

#endif
