/* Commit messages: text from a person or a model made safe, with trailers as git-interpret-trailers
 * writes and reads them. Pure functions, any thread. */
#ifndef BYLAW_REPO_MESSAGE_H
#define BYLAW_REPO_MESSAGE_H

#include "base/str.h"

struct message_trailer {
    const char *key; /* letters, digits and '-'; "Bylaw-Model" */
    const char *value;
};

/* The message as it is committed: control characters made visible (safe.h), white space cleaned as
 * git does (no blanks at line ends, no blank lines at the ends or doubled, one LF at the end), then
 * the trailers: in the message's own trailer block if it ends in one, else behind a blank line.
 * Values become one line. Empty when text and trailers are. The caller frees. */
char *message_compose(
    struct str text, const struct message_trailer *trailers, size_t count) MUST_USE;

/* "Key: value" lines as trailers; what is no such line is left out. Free with
 * message_trailers_free. */
struct message_trailers {
    struct message_trailer *items;
    size_t len, cap;
    char *text; /* what the items point into */
};
void message_trailers_parse(struct str lines, struct message_trailers *out);
void message_trailers_free(struct message_trailers *trailers);

/* The value of the last trailer `key` (in any case) in the message's trailer block; NULL when there
 * is none. The caller frees. */
char *message_trailer_find(struct str message, const char *key) MUST_USE;
/* The message without its trailer block. */
struct str message_body(struct str message);

#endif
