/* Which keys do what: the default keys of every action_set, and the user's changes to them. A key
 * or a sequence of up to four keys is looked up in the contexts that apply now, nearest first. */
#ifndef BYLAW_KEYMAP_H
#define BYLAW_KEYMAP_H

#include "action.h"
#include "base/err.h"
#include "screen/input.h"

#define KEYMAP_SEQUENCE_MAX 4

struct keymap;

/* `vi`: the vi key set. */
struct keymap *keymap_new(bool vi) MUST_USE;
void keymap_free(struct keymap *keymap);
/* Adds a set's actions with their default keys; again with the same set does nothing. The set is
 * borrowed for ever. A key spec that does not parse is a mistake in the table: it aborts. */
void keymap_add(struct keymap *keymap, const struct action_set *set);
/* The user's keys for an action, as in action.keys ("" unsets): may come before the set is added.
 * ERR_INVALID for keys that do not parse. */
bool keymap_remap(
    struct keymap *keymap, const char *action_id, const char *keys, struct err *err) MUST_USE;

enum keymap_found { KEYMAP_NONE, KEYMAP_PENDING, KEYMAP_FOUND };
/* Looks keys[0..count) up in the sets in order; the first set with a match or a longer sequence
 * that begins so decides. *set_index says in which (may be NULL). */
enum keymap_found keymap_find(const struct keymap *keymap, const struct action_set *const *sets,
    size_t set_count, const struct key *keys, size_t count, const struct action **action,
    size_t *set_index);
/* The shown names of an action's keys ("^P F1"), only the first when `first`. Appends. */
void keymap_append_keys(
    const struct keymap *keymap, const struct action *action, bool first, struct buf *out);
/* The first of an action's keys that acts while a pane takes text: one that is not plain text.
 * Appends nothing when it has none. */
void keymap_append_text_key(
    const struct keymap *keymap, const struct action *action, struct buf *out);
/* The first of an action's keys that is not `taken` by what is in focus. Appends nothing when all
 * are. */
void keymap_append_free_key(const struct keymap *keymap, const struct action *action,
    bool (*taken)(const void *data, const struct key *key), const void *data, struct buf *out);
/* All sets added, in order. Borrowed. */
size_t keymap_sets(const struct keymap *keymap, const struct action_set *const **sets);
/* NULL when there is none. */
const struct action *keymap_action(const struct keymap *keymap, const char *id);
/* The id of the action whose name is nearest to one that is unknown, or NULL when none is near. */
const char *keymap_suggest(const struct keymap *keymap, const char *id);

/* What a sequence that has begun can go on with: the rest of its keys as shown, and the action. */
struct keymap_next {
    char rest[32];
    const struct action *action;
    size_t set; /* in the sets asked for */
};
/* Of the set that keymap_find would wait for; returns how many, at most max. */
size_t keymap_continuations(const struct keymap *keymap, const struct action_set *const *sets,
    size_t set_count, const struct key *keys, size_t count, struct keymap_next *out, size_t max);

/* Another action of the same set on the same keys, or on the beginning of them, as this action
 * (NULL: any): one of them could never be reached. Appends "review.accept and review.all: a";
 * false: there is none. */
bool keymap_conflict(const struct keymap *keymap, const char *action_id, struct buf *out);

#endif
