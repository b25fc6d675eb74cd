/* How alike two short texts are by the words in them: a control's words and a policy's name, or the
 * words of two controls. Nothing is understood; it says "this reads like that" and how much.
 *
 * Words are letters and digits, without case and the plural's s; "hostPID", "audit-log-path" and
 * "K8sPSPHostNamespace" also count in their parts. Each counts as much as it is rare in the
 * collection (inverse document frequency); likeness is the cosine of the angle between the two.
 * Words that every requirement has ("ensure", "policy", "set") count nothing. One thread at a time.
 */
#ifndef BYLAW_CONTROL_WORDS_H
#define BYLAW_CONTROL_WORDS_H

#include "base/str.h"

struct words;

struct words *words_new(void) MUST_USE;
void words_free(struct words *words);
/* Adds a text; they are numbered from 0 in their order. Only before the first question. */
void words_add(struct words *words, struct str text);

struct words_hit {
    size_t text; /* SIZE_MAX: none has a word in common */
    double likeness;
};

/* The text most like this one, the first of equals; and how like it text `other` is (SIZE_MAX:
 * none), when `likeness` is not NULL. */
struct words_hit words_best(struct words *words, struct str text, size_t other, double *likeness);

#endif
