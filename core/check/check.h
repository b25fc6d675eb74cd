/* Checks the file in focus as it is on the screen, saved or not: the guards, then the real
 * `opa check`, plain and --strict, over the file and all it needs, then over what refers to it.
 * Rego inside a ConstraintTemplate is taken out and checked as Gatekeeper would load it. A Cedar
 * text is validated by cedar with its set, and a schema with the sets it is for. What is said of a
 * file of the closure is told of that file.
 *
 * Unsaved texts are written to a scratch folder (scratch.h) and handed to opa in place of the files
 * they will become; everything else opa reads where it lies. Nothing is written to the workspace,
 * and opa is kept off the network (a policy's schema annotation may name a URL).
 *
 * One check at a time: asking again cancels it, and nothing of an older one is told any more. Loop
 * thread only. */
#ifndef BYLAW_CHECK_CHECK_H
#define BYLAW_CHECK_CHECK_H

#include "engine/result.h"
#include "loop/loop.h"

/* Rego that one question to opa may load. opa takes about a hundred bytes of memory and a
 * microsecond for each byte of it: with 64 MiB it took 6 GB. */
#define CHECK_REGO_MAX ((size_t)4 << 20)

/* A text that differs from what is on disk. */
struct check_text {
    char *path; /* relative to the root; owned */
    struct buf text;
    bool too_large; /* longer than CHECK_REGO_MAX: `text` need not be filled */
};

struct check_request {
    char *focus; /* relative to the root; NULL: nothing is to be checked. Owned */
    struct {
        struct check_text *items;
        size_t len, cap;
    } texts; /* unsaved Rego, YAML and Cedar */
};

enum check_state {
    CHECK_NOTHING, /* no file in focus, or one that no check is for */
    CHECK_WAITING, /* the text changed: a check comes */
    CHECK_RUNNING, /* findings may be missing yet */
    CHECK_DONE,    /* all that is to be told of the text as gathered has been told */
    CHECK_TROUBLED /* it could not be checked: see checker_trouble */
};

/* "guard", "opa" and "cedar" are told apart: each call replaces what the same source said of these
 * paths. */
struct check_events {
    void *data;
    /* Fills the request (all zero before) with what is on the screen now. The checker frees it. */
    void (*gather)(void *data, struct check_request *request);
    /* All borrowed. Findings without a file are about the check itself. */
    void (*found)(void *data, const char *source, const char *const *paths, size_t path_count,
        const struct findings *findings);
    /* After each change of the state. May be NULL. */
    void (*changed)(void *data);
};

struct checker;

/* `root` is the workspace's, absolute; copied. */
struct checker *checker_new(
    struct loop *loop, const char *root, const struct check_events *events) MUST_USE;
/* Cancels; no event comes any more. What still ends in the background ends with the loop. */
void checker_free(struct checker *checker);

/* The text in focus changed, or another file came into focus: check after delay_ms without another
 * call. */
void checker_touch(struct checker *checker, unsigned delay_ms);
/* Files changed on disk: the next check looks at the folder again. */
void checker_disk_changed(struct checker *checker);

enum check_state checker_state(const struct checker *checker);
/* Why it could not be checked ("opa is not …"), or NULL. Borrowed until the next event. */
const char *checker_trouble(const struct checker *checker);
/* Files that refer to the one in focus and were left out, because there are too many. */
size_t checker_unchecked(const struct checker *checker);
/* What could be run here for guards to read (guards_evidence), as of the last check. */
unsigned checker_evidence(const struct checker *checker);
/* How long the last check took, from its beginning to CHECK_DONE. */
uint64_t checker_wall_us(const struct checker *checker);

enum { CHECK_TYPING_MS = 150, CHECK_SAVED_MS = 0 };

#endif
