/* The layers of the sandbox, each applied in the child between fork and exec. */
#ifndef BYLAW_SANDBOX_SANDBOX_PRIVATE_H
#define BYLAW_SANDBOX_SANDBOX_PRIVATE_H

#include "base/vec.h"
#include "sandbox/sandbox.h"

#include <sys/types.h>

struct paths {
    char **items; /* resolved, absolute, owned */
    size_t len, cap;
};

struct cage {
    struct paths writable; /* the policy's, and the temporary folder */
    struct paths secret;   /* what may not be read; only what exists */
    char *cwd;             /* resolved, absolute */
    bool network;
    bool spaces; /* name spaces are in force */
    int abi;     /* Landlock's */
};

void paths_free(struct paths *paths);

/* secrets.c: the places of this user and machine where keys lie, as far as they exist. The cage's
 * `cwd` and `writable` are known. */
void secrets_find(const struct cage *cage, struct paths *out);
/* One that lies beneath `folder`, or NULL. Borrowed. */
const char *secrets_within(const struct paths *secret, const char *folder);

/* landlock.c. 0: the kernel has none. */
int landlock_version(void);
enum { LANDLOCK_ABI_LEAST = 3, LANDLOCK_ABI_SCOPES = 6 };
bool landlock_confine(const struct cage *cage, struct err *err) MUST_USE;

/* syscalls.c: no_new_privs must be set. */
bool syscalls_confine(const struct cage *cage, struct err *err) MUST_USE;

/* spaces.c. As fork: the child is the first process of new user, mount, IPC, PID and (without
 * network) network name spaces. -1 with errno: the kernel does not let this user have them. */
pid_t spaces_fork(bool network);
/* In that child: the same user inside as outside, a mount tree that is read-only but for what is
 * writable, and a /proc that shows the new space only, where one can be mounted. uid and gid: the
 * parent's. */
bool spaces_arrange(const struct cage *cage, uid_t uid, gid_t gid, struct err *err) MUST_USE;
/* Gives up every capability for good. */
bool spaces_drop_capabilities(struct err *err) MUST_USE;

#endif
