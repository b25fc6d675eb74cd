/* Whose line is it? `kyverno test` prints the entries of a suite in their order, for each the
 * resources it names in theirs, and for each all objects of that name in any order, without saying
 * which entry it is at. */
#include "engine/kyverno.h"

#include "base/vec.h"

#include <stdlib.h>

struct walk {
    const struct kyverno_suite *suite;
    const struct kyverno_block *block;
    size_t at;
    bool *taken; /* by line */
    struct kyverno_claim *claims;
};

bool kyverno_line_names(const struct kyverno_line *line, const char *resource)
{
    size_t len = strlen(line->resource);
    size_t name = strlen(resource);
    return len >= name && strcmp(line->resource + len - name, resource) == 0 &&
           (len == name || line->resource[len - name - 1] == '/');
}

/* Of the entry's policy and rule. A rule that is not said is any; the kinds whose rules have no
 * names report none. */
static bool is_of(const struct kyverno_entry *entry, const struct kyverno_line *line)
{
    if (strcmp(line->policy, entry->policy) != 0) {
        return false;
    }
    return entry->rule[0] == '\0' || line->rule[0] == '\0' ||
           strcmp(line->rule, entry->rule) == 0 ||
           strcmp(kyverno_rule_written(line->rule), entry->rule) == 0 ||
           strcmp(line->rule, kyverno_base_name(entry->policy)) == 0;
}

static bool is_excluded(const struct kyverno_line *line)
{
    return strcmp(line->reason, "Excluded") == 0;
}

/* What a line is about. An object that a rule generates is known by its name only. */
static bool same_subject(const struct kyverno_line *a, const struct kyverno_line *b)
{
    return strcmp(a->resource, b->resource) == 0 &&
           (strcmp(a->rule, b->rule) == 0 || is_excluded(a) || is_excluded(b));
}

/* Takes the line to the claim. Kyverno sometimes reports an object as excluded beside what it found
 * of it (the variants it makes of a policy for other kinds): the finding stands. */
static void take(struct walk *walk, struct kyverno_claim *claim, size_t at)
{
    const struct kyverno_line *line = &walk->block->lines.items[at];
    walk->taken[at] = true;
    VEC_FOREACH (const struct kyverno_line *, own, &claim->lines) {
        if (same_subject(*own, line)) {
            *own = is_excluded(*own) ? line : *own;
            return;
        }
    }
    VEC_PUSH(&claim->lines, line);
}

/* The same subject again is the next test's, unless one of the two is the excluded variant. */
static bool is_again(const struct kyverno_claim *claim, const struct kyverno_line *line)
{
    VEC_FOREACH (const struct kyverno_line *, own, &claim->lines) {
        if (same_subject(*own, line) && is_excluded(*own) == is_excluded(line)) {
            return true;
        }
    }
    return false;
}

static const struct kyverno_line *line_at(const struct walk *walk)
{
    return walk->at < walk->block->lines.len ? &walk->block->lines.items[walk->at] : NULL;
}

/* "/default-deny": what a rule generates is reported by its name only. */
static bool is_generated(const struct kyverno_entry *entry, const struct kyverno_line *line)
{
    const char *slash = strrchr(line->resource, '/');
    return is_of(entry, line) && (slash == NULL || slash == line->resource);
}

static void walk_named(struct walk *walk, const struct kyverno_entry *entry)
{
    for (size_t i = 0; i < entry->tests; i++) {
        struct kyverno_claim *claim = &walk->claims[entry->first + i];
        const char *resource = walk->suite->resources.items[entry->first + i];
        const struct kyverno_line *line;
        while ((line = line_at(walk)) != NULL && is_of(entry, line) &&
               kyverno_line_names(line, resource) && !is_again(claim, line)) {
            take(walk, claim, walk->at++);
        }
    }
}

/* Objects that rules generate, which are printed in the place of those they were generated for: an
 * equal part of them for each test. */
static void walk_generated(struct walk *walk, const struct kyverno_entry *entry)
{
    const struct kyverno_lines {
        const struct kyverno_line *items;
        size_t len;
    } all = {walk->block->lines.items, walk->block->lines.len};
    size_t end = walk->at;
    while (end < all.len && is_generated(entry, &all.items[end])) {
        end++;
    }
    size_t count = end - walk->at;
    for (size_t i = 0; i < entry->tests; i++) {
        size_t part = (count + entry->tests - 1 - i) / entry->tests;
        for (size_t k = 0; k < part && walk->at < end; k++) {
            take(walk, &walk->claims[entry->first + i], walk->at++);
        }
    }
}

/* All objects of the run, each once: for an entry that names none, or none that is there. */
static void walk_all(struct walk *walk, const struct kyverno_entry *entry)
{
    struct kyverno_claim *claim = &walk->claims[entry->first];
    bool named = walk->suite->resources.items[entry->first] != NULL;
    struct kyverno_claim seen = {0};
    const struct kyverno_line *line;
    while ((line = line_at(walk)) != NULL && is_of(entry, line) && !is_again(&seen, line)) {
        take(walk, named ? &seen : claim, walk->at++);
        if (!named) {
            VEC_PUSH(&seen.lines, line);
        }
    }
    for (size_t i = 0; named && i < entry->tests; i++) {
        walk->claims[entry->first + i].strays = seen.lines.len;
    }
    VEC_FREE(&seen.lines);
}

/* What the walk did not take, because Kyverno printed it elsewhere than we think, goes by what it
 * says. */
static void claim_rest(struct walk *walk, const struct kyverno_entry *entry)
{
    for (size_t at = 0; at < walk->block->lines.len; at++) {
        const struct kyverno_line *line = &walk->block->lines.items[at];
        for (size_t i = 0; i < entry->tests && !walk->taken[at] && is_of(entry, line); i++) {
            const char *resource = walk->suite->resources.items[entry->first + i];
            if (resource == NULL || kyverno_line_names(line, resource)) {
                take(walk, &walk->claims[entry->first + i], at);
            }
        }
    }
}

/* Kyverno knows one of the objects that the entry names. */
static bool names_object(const struct kyverno_suite *suite, const struct kyverno_entry *entry)
{
    for (size_t i = 0; i < entry->tests; i++) {
        const char *resource = suite->resources.items[entry->first + i];
        if (resource != NULL && kyverno_find_object(suite, "", "", kyverno_base_name(resource))) {
            return true;
        }
    }
    return false;
}

static void walk_block(struct walk *walk, size_t document)
{
    walk->taken = mem_zalloc(walk->block->lines.len + 1);
    walk->at = 0;
    VEC_FOREACH (struct kyverno_entry, entry, &walk->suite->entries) {
        size_t from = walk->at;
        if (entry->document != document) {
            continue;
        }
        if (walk->suite->resources.items[entry->first] != NULL) {
            walk_named(walk, entry);
        }
        if (walk->at == from && line_at(walk) != NULL && is_generated(entry, line_at(walk))) {
            walk_generated(walk, entry);
        }
        if (walk->at == from && !names_object(walk->suite, entry)) {
            walk_all(walk, entry);
        }
    }
    VEC_FOREACH (struct kyverno_entry, entry, &walk->suite->entries) {
        if (entry->document == document) {
            claim_rest(walk, entry);
        }
    }
    free(walk->taken);
}

struct kyverno_claim *kyverno_align(
    const struct kyverno_suite *suite, const struct kyverno_report *report)
{
    struct walk walk = {
        .suite = suite, .claims = mem_zalloc((suite->resources.len + 1) * sizeof *walk.claims)};
    size_t document = 0;
    VEC_FOREACH (struct kyverno_block, block, &report->blocks) {
        if (document < suite->documents && block->ended && strcmp(block->path, suite->path) == 0) {
            walk.block = block;
            walk_block(&walk, document++);
        }
    }
    return walk.claims;
}

void kyverno_claims_free(struct kyverno_claim *claims, const struct kyverno_suite *suite)
{
    for (size_t i = 0; i < suite->resources.len; i++) {
        VEC_FREE(&claims[i].lines);
    }
    free(claims);
}
