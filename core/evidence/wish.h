/* Which cells of the matrix the guards need (apply_needs), so that engines are not asked about all
 * documents by all policies: those of documents whose name says that they are valid or invalid, and
 * of policies that say what they are for, until one document is found that they match. Beside the
 * policy first: mostly that is all.
 *
 * After a change: only what it can have made otherwise. `changed` files are other than before, an
 * `affected` one is loaded by something that is. */
#ifndef BYLAW_EVIDENCE_WISH_H
#define BYLAW_EVIDENCE_WISH_H

#include "apply/apply.h"
#include "engine/result.h"

struct wish;

/* Paths below the root; sorted and copied. Both empty: everything is looked at. */
struct wish_paths {
    char **items;
    size_t len, cap;
};
void wish_paths_add(struct wish_paths *paths, const char *path);
void wish_paths_sort(struct wish_paths *paths);
bool wish_paths_have(const struct wish_paths *paths, const char *path);
void wish_paths_free(struct wish_paths *paths);

/* So many decisions about documents called valid, by policies that are not their own, are asked for
 * where the workspace does not say another number ([guards] in .bylaw/config.toml, `decisions`).
 * Some minutes of an engine's time: a catalogue of a thousand policies, each with documents of its
 * own, is no set that anybody has in force as a whole. */
enum { WISH_DECISIONS_MAX = 300000 };

/* `changed` and `affected` are taken over; both NULL: everything. Where more than `decisions` would
 * be asked for (by what they cost: apply_engine's weight; a process of its own counts as 1000),
 * none of them is, and wish_left_out says so; 0: none is, and nothing is said. */
struct wish *wish_new(
    struct wish_paths *changed, struct wish_paths *affected, size_t decisions) MUST_USE;
void wish_free(struct wish *wish);
bool wish_is_limited(const struct wish *wish);
/* Copies of the paths that differ. */
void wish_copy_changed(const struct wish *wish, struct wish_paths *out);
/* The file differs; true where everything is looked at. */
bool wish_changed(const struct wish *wish, const char *path);

/* What tests have evaluated is reached: no document is asked about to see that. Before cells are
 * asked about; copied. Of Kyverno's suites: their rows say which policy of which file it was. */
void wish_tested(struct wish *wish, const struct results *results);

/* As apply_needs has them. */
enum apply_need wish_cell(
    struct wish *wish, const struct apply_set *set, size_t policy, size_t fixture);
bool wish_policy(
    struct wish *wish, const struct apply_set *set, const struct engine *engine, const char *file);
/* What the guards would need and is not asked for, for it is too much: one sentence, or NULL. Once
 * cells were asked about. Borrowed. */
const char *wish_left_out(const struct wish *wish);
/* The same of what policies are for, once all cells that are needed are known; the caller frees. */
char *wish_unmatched(const struct wish *wish);
/* A cell is known: less may be needed. Loop thread. */
void wish_take(struct wish *wish, size_t policy, size_t fixture, enum apply_verdict verdict);

#endif
