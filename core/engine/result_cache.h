/* Results of tests kept from session to session under a digest of all that they depend on, in
 * $XDG_CACHE_HOME/bylaw/results/NAME-HASH: one file for each workspace.
 *
 * A file is lines: "bylaw-results 2" and then, an entry each, the first 16 hex digits of the line's
 * SHA-256, a blank and {"k":KEY,"t":[[ROW,…],…]}. A line that is cut off, changed or not ours is
 * left out, as is one that says anything but passed, failed or skipped; a file that is not ours is
 * an empty cache. So whatever stands there, at worst a test is run again.
 *
 * At most 16 MiB a workspace and 64 workspaces: what was kept first goes first. Any thread, one at
 * a time. */
#ifndef BYLAW_ENGINE_RESULT_CACHE_H
#define BYLAW_ENGINE_RESULT_CACHE_H

#include "base/err.h"
#include "base/sha256.h"
#include "engine/result.h"

struct result_cache;

/* What was kept of the tests that run together. */
struct cached_unit {
    char key[SHA256_HEX_SIZE];
    struct results *tests; /* by place */
    size_t count;          /* 0: they were only loaded */
    size_t order;          /* grows with each that is put */
};

/* Where the results of a workspace's folder are kept; NULL: there is no cache folder. The caller
 * frees. */
char *result_cache_path(const char *root);
/* What stands at `path` (NULL: nothing); never fails. */
struct result_cache *result_cache_read(const char *path) MUST_USE;
/* The same of a text. */
struct result_cache *result_cache_parse(struct str text) MUST_USE;
void result_cache_free(struct result_cache *cache);

/* NULL: nothing is kept under the key. Borrowed until the next put. */
const struct cached_unit *result_cache_find(const struct result_cache *cache, const char *key);
/* Keeps copies, in place of what is there under the key. False: they are not kept, for they are too
 * much text or have another status than those that are. */
bool result_cache_put(
    struct result_cache *cache, const char *key, const struct results *tests, size_t count);
size_t result_cache_count(const struct result_cache *cache);
/* The file's text, the newest of what has room. */
void result_cache_print(const struct result_cache *cache, struct buf *out);
/* Adds `more` to what stands at `path`, under a lock, and writes it; then the oldest files beside
 * it go. Blocks. */
bool result_cache_add(const char *path, const struct result_cache *more, struct err *err) MUST_USE;

#endif
