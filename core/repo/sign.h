/* Signing a commit the way git does it: gpg, gpgsm or ssh-keygen as a program, asked through
 * pipes. The child has no terminal, so one that must ask for a passphrase needs an agent; when it
 * cannot sign, the error says what it said. Loop thread only. */
#ifndef BYLAW_REPO_SIGN_H
#define BYLAW_REPO_SIGN_H

#include "loop/process.h"

struct sign_request {
    const char *format;    /* gpg.format: "openpgp", "x509" or "ssh" */
    const char *program;   /* gpg.program or gpg.FORMAT.program; NULL: the usual one */
    const char *key;       /* user.signingkey; NULL: the committer's, for openpgp and x509 */
    const char *committer; /* "Name <mail>" */
    struct str payload;
};

struct sign;

/* `done` is called once, on the loop thread: with the signature (borrowed), or with NULL and err.
 * NULL: it could not be started, and done is not called. All of request is copied. */
struct sign *sign_start(struct loop *loop, const struct sign_request *request,
    void (*done)(void *data, const char *signature, const struct err *err), void *data,
    struct err *err) MUST_USE;
void sign_cancel(struct sign *sign);

#endif
