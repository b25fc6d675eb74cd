/* What a prompt names with "@": files of the workspace, with lines or without, packages and rules.
 * Their content goes to the model beside the prompt, with path and line numbers, and bounded.
 *
 *     @policies/a.rego   @policies/a.rego:12   @policies/a.rego:12-40
 *     @k8s.privileged    @k8s.privileged.deny  @data.k8s.privileged.deny
 *
 * A name that is neither stays what was typed, and where it looks like one that is said. Loop
 * thread. */
#ifndef BYLAW_AGENT_MENTION_H
#define BYLAW_AGENT_MENTION_H

#include "base/err.h"
#include "base/str.h"
#include "catalog/catalog.h"

/* Bytes of one thing, and of all that one prompt names. */
#define MENTION_ONE_MAX 40000
#define MENTION_ALL_MAX 120000
/* What is longer is not even read: the loop waits for it. */
#define MENTION_READ_MAX (4 << 20)

struct mention_source {
    /* Appends the file as it is in the workspace. ERR_LIMIT: there is one, and it is too long. */
    bool (*read)(void *data, const char *path, struct buf *out, struct err *err);
    const struct catalog *catalog; /* NULL: no symbols are known */
    void *data;
};

/* Cuts the next name off *rest, without its "@" and what ends a sentence behind it; false when
 * there is none. An "@" in the middle of a word (an address) names nothing. */
bool mention_next(struct str *rest, struct str *name);
/* Appends to `out` what the model is told of all that the prompt names, nothing when it names
 * nothing; and to `said` a line for people that lists it ("Sent along: policies/a.rego, lines 1-27.
 * Not sent: a.bin (no text)"). */
void mention_append(
    struct str prompt, const struct mention_source *source, struct buf *out, struct buf *said);

#endif
