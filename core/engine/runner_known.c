/* What the units' tests said the last time, and what they depended on: the content of all files
 * they load, the version of the engine, how it is called. */
#include "engine/runner_internal.h"

#include <stdlib.h>

static void add_word(struct sha256 *sha, const char *word)
{
    sha256_add(sha, str_make(word, strlen(word) + 1));
}

static void make_key(const struct run *run, size_t place, char key[SHA256_HEX_SIZE])
{
    const struct plan_unit *unit = &run->plan->units.items[place];
    struct sha256 sha;
    sha256_init(&sha);
    add_word(&sha, unit->label);
    add_word(&sha, policy_dialect_name(unit->dialect));
    add_word(&sha, run->offline ? "offline" : "");
    sha256_add(&sha, str_make((const char *)&run->plan->declared, sizeof run->plan->declared));
    add_word(&sha, unit->trouble == NULL ? "" : unit->trouble);
    VEC_FOREACH (char *, arg, &unit->args) {
        add_word(&sha, *arg);
    }
    VEC_FOREACH (size_t, loaded, &unit->files) {
        const struct plan_file *file = &run->plan->files.items[*loaded];
        add_word(&sha, file->path);
        add_word(&sha, file->digest);
        if (file->digest[0] == '\0') {
            sha256_add(&sha, str_make((const char *)&file->hash, sizeof file->hash));
        }
    }
    sha256_finish(&sha, key);
}

bool run_may_keep(const struct run *run, const struct plan_unit *unit)
{
    bool may = unit->engine == NULL || unit->closed;
    VEC_FOREACH (const struct run_text, text, &run->texts) {
        size_t place = unit->engine == NULL ? (size_t)-1 : plan_find_file(run->plan, text->path);
        VEC_FOREACH (size_t, file, &unit->files) {
            may = may && *file != place;
        }
    }
    return may;
}

void run_make_keys(struct run *run)
{
    run->keys = mem_zalloc((run->plan->units.len + 1) * sizeof *run->keys);
    for (size_t i = 0; i < run->plan->units.len; i++) {
        if (run_may_keep(run, &run->plan->units.items[i])) {
            make_key(run, i, run->keys[i]);
        }
    }
}

static void known_clear(struct known *known)
{
    for (size_t i = 0; i < known->count; i++) {
        results_free(&known->tests[i]);
        if (known->reach[i] != NULL) {
            coverage_free(known->reach[i]);
            free(known->reach[i]);
        }
    }
    free(known->tests);
    free(known->reach);
    known->tests = NULL;
    known->reach = NULL;
    known->count = known->told = 0;
    known->checked = known->broken = known->is_volatile = false;
}

void runner_forget_known(struct runner *runner)
{
    VEC_FOREACH (struct known *, known, &runner->known) {
        known_clear(*known);
        free((*known)->label);
        free(*known);
    }
    VEC_FREE(&runner->known);
}

static size_t known_bound(const struct runner *runner, const char *label)
{
    size_t low = 0;
    size_t high = runner->known.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(runner->known.items[mid]->label, label) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* What is known of the unit as it is now; NULL: nothing. */
static struct known *known_now(const struct run *run, size_t unit)
{
    const struct runner *runner = run->runner;
    const char *label = run->plan->units.items[unit].label;
    size_t at = known_bound(runner, label);
    struct known *known = at < runner->known.len ? runner->known.items[at] : NULL;
    bool is_now = known != NULL && strcmp(known->label, label) == 0 && run->keys[unit][0] != '\0' &&
                  known->count == run->plan->units.items[unit].tests.len &&
                  strcmp(known->key, run->keys[unit]) == 0;
    return is_now ? known : NULL;
}

static bool is_volatile(const struct run *run, const struct plan_unit *unit)
{
    VEC_FOREACH (size_t, file, &unit->files) {
        if (run->plan->files.items[*file].is_volatile) {
            return true;
        }
    }
    return false;
}

/* The entry to be filled; NULL: nothing is kept of this unit. */
static struct known *known_of(struct run *run, size_t unit)
{
    struct runner *runner = run->runner;
    const struct plan_unit *planned = &run->plan->units.items[unit];
    if (run->keys[unit][0] == '\0') {
        return NULL;
    }
    struct known *known = known_now(run, unit);
    if (known == NULL) {
        size_t at = known_bound(runner, planned->label);
        if (at == runner->known.len ||
            strcmp(runner->known.items[at]->label, planned->label) != 0) {
            known = MEM_NEW(struct known);
            known->label = mem_strdup(planned->label);
            VEC_INSERT(&runner->known, at, known);
        }
        known = runner->known.items[at];
        known_clear(known);
        memcpy(known->key, run->keys[unit], SHA256_HEX_SIZE);
        known->is_volatile = is_volatile(run, planned);
        known->count = planned->tests.len;
        known->tests = mem_zalloc((known->count + 1) * sizeof *known->tests);
        known->reach = mem_zalloc((known->count + 1) * sizeof(struct coverage *));
    }
    known->generation = run->generation;
    return known;
}

/* Where a test is in its unit. */
static size_t place_in_unit(const struct run *run, size_t test)
{
    const struct policy_set *tests =
        &run->plan->units.items[run->plan->tests.items[test].unit].tests;
    size_t place = 0;
    while (place < tests->len && tests->items[place] != test) {
        place++;
    }
    return place;
}

bool run_knows(const struct run *run, size_t unit)
{
    const struct known *known = known_now(run, unit);
    return known != NULL && known->told == known->count && (known->count > 0 || known->checked);
}

bool run_may_reuse(const struct run *run, size_t unit)
{
    const struct known *known = known_now(run, unit);
    bool may = run_knows(run, unit) && !known->is_volatile && !known->broken;
    for (size_t i = 0; may && i < known->count; i++) {
        VEC_FOREACH (const struct result, row, &known->tests[i]) {
            may = may && (row->status == RESULT_PASS || row->status == RESULT_FAIL ||
                             row->status == RESULT_SKIPPED);
        }
    }
    return may;
}

const struct results *run_known_rows(const struct run *run, size_t test)
{
    const struct known *known = known_now(run, run->plan->tests.items[test].unit);
    size_t place = known == NULL ? 0 : place_in_unit(run, test);
    return known != NULL && place < known->count && known->tests[place].len > 0
               ? &known->tests[place]
               : NULL;
}

void run_keep_rows(struct run *run, size_t test, const struct result *rows, size_t count)
{
    struct known *known = known_of(run, run->plan->tests.items[test].unit);
    size_t place = place_in_unit(run, test);
    if (known == NULL || place >= known->count) {
        return;
    }
    known->told += known->tests[place].len == 0;
    results_free(&known->tests[place]);
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&known->tests[place], result_copy(&rows[i]));
        known->tests[place].items[i].cached = false;
    }
}

const struct coverage *run_known_reach(const struct run *run, size_t test)
{
    const struct known *known = known_now(run, run->plan->tests.items[test].unit);
    size_t place = known == NULL ? 0 : place_in_unit(run, test);
    return known != NULL && place < known->count ? known->reach[place] : NULL;
}

void run_keep_reach(struct run *run, size_t test, struct coverage *reached)
{
    struct known *known = known_now(run, run->plan->tests.items[test].unit);
    size_t place = known == NULL ? 0 : place_in_unit(run, test);
    if (known == NULL || place >= known->count || known->reach[place] != NULL) {
        coverage_free(reached);
        return;
    }
    known->reach[place] = MEM_NEW(struct coverage);
    *known->reach[place] = *reached;
}

void run_keep_loaded(struct run *run, const struct batch *batch, bool loaded)
{
    VEC_FOREACH (size_t, unit, &batch->units) {
        struct known *known = known_of(run, *unit);
        if (known != NULL) {
            known->checked = true;
            known->broken = !loaded;
        }
    }
}

void run_keep_nothing(struct run *run, const struct batch *batch)
{
    VEC_FOREACH (size_t, unit, &batch->units) {
        struct known *known = known_of(run, *unit);
        if (known != NULL) {
            known->is_volatile = true;
        }
    }
}

void run_adopt(struct run *run, size_t unit, const struct results *tests)
{
    const struct plan_unit *planned = &run->plan->units.items[unit];
    for (size_t i = 0; i < planned->tests.len; i++) {
        run_keep_rows(run, planned->tests.items[i], tests[i].items, tests[i].len);
    }
    struct known *known = known_of(run, unit);
    if (known != NULL && planned->tests.len == 0) {
        known->checked = true;
    }
}
