#include "evidence/wish.h"

#include "base/vec.h"
#include "evidence/evidence.h"
#include "policy/fixture_claim.h"
#include "policy/index.h"

#include <stdlib.h>

struct wished_policy {
    size_t folder; /* length of the path it lies in, with the slash */
    bool matches;  /* it says what it is for */
    bool affected;
    bool reached; /* a document is known that it is for */
    size_t cost;  /* of a decision, in the cheapest ones */
};

struct wished_fixture {
    enum fixture_claim claim;
    size_t nearest; /* evidence_nearness of its own policies */
    bool affected;  /* it is another than before, or one of its own policies is */
    bool changed;
    bool settled; /* its own policies have said what is to be told */
};

struct wish {
    bool limited;
    struct wish_paths changed, affected;
    struct {
        struct wished_test {
            char *file;
            unsigned row; /* of the rule, or the policy */
        } * items;
        size_t len, cap;
    } tested;
    /* Files whose name says that they are valid or invalid. */
    size_t claims, claims_changed;
    bool counted;
    size_t decisions; /* the bound */
    bool own_only;    /* documents are held against their own policies only */
    char *left_out;
    /* Of the set, made when first asked about it. */
    const struct apply_set *set;
    struct wished_policy *policies;
    size_t policy_count;
    struct wished_fixture *fixtures;
};

/* ---- paths ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void wish_paths_add(struct wish_paths *paths, const char *path)
{
    if (path != NULL) {
        VEC_PUSH(paths, mem_strdup(path));
    }
}

void wish_paths_sort(struct wish_paths *paths)
{
    if (paths->len > 1) {
        qsort(paths->items, paths->len, sizeof *paths->items, by_text);
    }
}

bool wish_paths_have(const struct wish_paths *paths, const char *path)
{
    return path != NULL && paths->len > 0 &&
           bsearch(&path, paths->items, paths->len, sizeof *paths->items, by_text) != NULL;
}

void wish_paths_free(struct wish_paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

/* ---- life ---- */

struct wish *wish_new(struct wish_paths *changed, struct wish_paths *affected, size_t decisions)
{
    struct wish *wish = MEM_NEW(struct wish);
    wish->decisions = decisions;
    wish->limited = changed != NULL;
    if (changed != NULL && affected != NULL) {
        wish->changed = *changed;
        wish->affected = *affected;
        *changed = *affected = (struct wish_paths){0};
        wish_paths_sort(&wish->changed);
        wish_paths_sort(&wish->affected);
    }
    return wish;
}

void wish_free(struct wish *wish)
{
    wish_paths_free(&wish->changed);
    wish_paths_free(&wish->affected);
    VEC_FOREACH (struct wished_test, test, &wish->tested) {
        free(test->file);
    }
    VEC_FREE(&wish->tested);
    free(wish->policies);
    free(wish->fixtures);
    free(wish->left_out);
    free(wish);
}

bool wish_is_limited(const struct wish *wish)
{
    return wish->limited;
}

void wish_copy_changed(const struct wish *wish, struct wish_paths *out)
{
    VEC_FOREACH (char *, path, &wish->changed) {
        wish_paths_add(out, *path);
    }
}

bool wish_changed(const struct wish *wish, const char *path)
{
    return !wish->limited || wish_paths_have(&wish->changed, path);
}

/* Kyverno passes what it left out as well; then nothing was got. */
static bool is_evaluated(const struct result *row)
{
    static const char *const words[] = {"pass", "fail"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (row->got != NULL && strcmp(row->got, words[i]) == 0) {
            return strcmp(row->engine, "kyverno") == 0 && row->policy_file != NULL &&
                   (row->status == RESULT_PASS || row->status == RESULT_FAIL);
        }
    }
    return false;
}

void wish_tested(struct wish *wish, const struct results *results)
{
    VEC_FOREACH (const struct result, row, results) {
        size_t len = wish->tested.len;
        const struct wished_test *last = len == 0 ? NULL : &wish->tested.items[len - 1];
        if (is_evaluated(row) && (last == NULL || last->row != row->policy_at.row ||
                                     strcmp(last->file, row->policy_file) != 0)) {
            VEC_PUSH(&wish->tested,
                (struct wished_test){mem_strdup(row->policy_file), row->policy_at.row});
        }
    }
}

/* ---- what a set holds ---- */

/* The policy that begins last before the place. */
static void reach(struct wish *wish, const struct wished_test *test)
{
    const struct apply_policies *all = &wish->set->policies;
    size_t found = SIZE_MAX;
    for (size_t p = 0; p < all->len; p++) {
        const struct apply_policy *policy = &all->items[p];
        bool before = policy->file != NULL && strcmp(policy->file, test->file) == 0 &&
                      policy->at.row <= test->row;
        if (before && (found == SIZE_MAX || policy->at.row > all->items[found].at.row)) {
            found = p;
        }
    }
    if (found != SIZE_MAX) {
        wish->policies[found].reached = true;
    }
}

/* Of Conftest and Cedar what is asked about is a folder of files: they are few, and all are taken.
 */
static bool is_whole(const char *engine)
{
    return strcmp(engine, "conftest") == 0 || strcmp(engine, "cedar") == 0;
}

static bool is_affected(const struct wish *wish, const char *path)
{
    return wish_paths_have(&wish->changed, path) || wish_paths_have(&wish->affected, path);
}

static void look_at_policy(struct wish *wish, size_t place)
{
    const struct apply_policy *policy = &wish->set->policies.items[place];
    const char *slash = policy->file == NULL ? NULL : strrchr(policy->file, '/');
    wish->policies[place] =
        (struct wished_policy){.folder = slash == NULL ? 0 : (size_t)(slash - policy->file) + 1,
            .matches = policy->trouble == NULL && evidence_has_match(policy->engine, policy->file),
            .affected = !wish->limited || is_whole(policy->engine) ||
                        is_affected(wish, policy->file) || is_affected(wish, policy->beside)};
}

/* evidence_nearness, of millions of pairs. */
static size_t nearness(const struct wish *wish, size_t policy, size_t fixture)
{
    const char *file = wish->set->policies.items[policy].file;
    const char *path = wish->set->fixtures.items[fixture].file;
    size_t folder = wish->policies[policy].folder;
    bool inside = file != NULL && path != NULL && (folder == 0 || strncmp(path, file, folder) == 0);
    return !inside ? 0 : folder == 0 ? 1 : folder;
}

static void look_at_fixture(struct wish *wish, size_t place)
{
    const struct apply_set *set = wish->set;
    const struct apply_fixture *fixture = &set->fixtures.items[place];
    struct wished_fixture *own = &wish->fixtures[place];
    own->claim = evidence_claim(fixture->says, fixture->file);
    own->changed = wish_changed(wish, fixture->file);
    own->affected = own->changed;
    for (size_t p = 0; own->claim != FIXTURE_CLAIMS_NOTHING && p < set->policies.len; p++) {
        size_t near = nearness(wish, p, place);
        own->nearest = near > own->nearest ? near : own->nearest;
    }
    for (size_t p = 0; own->claim != FIXTURE_CLAIMS_NOTHING && p < set->policies.len; p++) {
        size_t near = nearness(wish, p, place);
        own->affected = own->affected || (near == own->nearest && wish->policies[p].affected);
    }
}

/* How many of the cheapest decisions one of the policy's costs: one that looks for other objects is
 * asked about each file by a process. */
static size_t cost_of(const struct apply_policy *policy)
{
    enum { PROCESS = 1000 };
    for (size_t i = 0; apply_engines[i] != NULL && policy->own != NULL; i++) {
        const struct apply_engine *engine = apply_engines[i];
        if (strcmp(engine->engine->name, policy->engine) == 0) {
            bool around = engine->looks_around != NULL && engine->looks_around(policy);
            return around ? PROCESS : engine->weight == NULL ? 1 : engine->weight(policy);
        }
    }
    return 1;
}

/* Of documents called valid, by all policies that are asked about them. */
static void bound_decisions(struct wish *wish)
{
    const struct apply_set *set = wish->set;
    size_t affected = 0;
    size_t documents = 0;
    size_t invalid = 0;
    size_t every = 0;
    size_t all = 0;
    for (size_t p = 0; p < set->policies.len; p++) {
        size_t cost = wish->policies[p].cost = cost_of(&set->policies.items[p]);
        every += cost;
        affected += wish->policies[p].affected ? cost : 0;
    }
    for (size_t f = 0; f < set->fixtures.len; f++) {
        size_t asked = wish->fixtures[f].changed ? every : affected;
        invalid += wish->fixtures[f].claim == FIXTURE_CLAIMS_INVALID && wish->fixtures[f].affected;
        if (wish->fixtures[f].claim == FIXTURE_CLAIMS_VALID && asked > 0) {
            documents++;
            all += asked;
        }
    }
    wish->own_only = all > wish->decisions;
    free(wish->left_out);
    wish->left_out = NULL;
    if (wish->own_only && wish->decisions > 0) {
        wish->left_out = mem_printf(
            "%zu documents called valid and %zu called invalid were held against the policies "
            "beside them only: by all %zu policies that would cost %zu decisions about the valid "
            "ones, and %zu are made (.bylaw/config.toml: [guards] decisions = N, 0 for none)",
            documents, invalid, set->policies.len, all, wish->decisions);
    }
}

static void look(struct wish *wish, const struct apply_set *set)
{
    free(wish->policies);
    free(wish->fixtures);
    wish->set = set;
    wish->policy_count = set->policies.len;
    wish->policies = mem_zalloc((set->policies.len + 1) * sizeof *wish->policies);
    wish->fixtures = mem_zalloc((set->fixtures.len + 1) * sizeof *wish->fixtures);
    for (size_t p = 0; p < set->policies.len; p++) {
        look_at_policy(wish, p);
    }
    VEC_FOREACH (const struct wished_test, test, &wish->tested) {
        reach(wish, test);
    }
    for (size_t f = 0; f < set->fixtures.len; f++) {
        look_at_fixture(wish, f);
    }
    bound_decisions(wish);
}

/* ---- what is needed ---- */

static bool is_own(const struct wish *wish, size_t policy, size_t fixture)
{
    const struct wished_fixture *of = &wish->fixtures[fixture];
    return of->nearest == 0 || nearness(wish, policy, fixture) == of->nearest;
}

/* Whether what the document says of itself holds. */
static enum apply_need need_of_claim(const struct wish *wish, size_t policy, size_t fixture)
{
    const struct wished_fixture *of = &wish->fixtures[fixture];
    bool own = is_own(wish, policy, fixture);
    if (wish->own_only && (!own || of->nearest == 0)) {
        return APPLY_NOT_NEEDED;
    }
    bool asked = of->claim == FIXTURE_CLAIMS_INVALID ? of->affected
                 : of->claim == FIXTURE_CLAIMS_VALID
                     ? of->changed || wish->policies[policy].affected
                     : false;
    return !asked ? APPLY_NOT_NEEDED
           : own  ? APPLY_NEEDED_FIRST
                  : (of->settled ? APPLY_NOT_NEEDED : APPLY_NEEDED_LATER);
}

/* To be held against all documents that are not beside it. */
static bool is_too_dear(const struct wish *wish, size_t policy)
{
    return wish->own_only && wish->policies[policy].cost > 1;
}

/* Whether the policy is for anything that is there. */
static enum apply_need need_of_match(const struct wish *wish, size_t policy, size_t fixture)
{
    const struct wished_policy *of = &wish->policies[policy];
    if (!of->matches || of->reached || !of->affected) {
        return APPLY_NOT_NEEDED;
    }
    return nearness(wish, policy, fixture) > 0 ? APPLY_NEEDED_FIRST
           : is_too_dear(wish, policy)         ? APPLY_NOT_NEEDED
                                               : APPLY_NEEDED_LATER;
}

enum apply_need wish_cell(
    struct wish *wish, const struct apply_set *set, size_t policy, size_t fixture)
{
    if (wish->set != set) {
        look(wish, set);
    }
    enum apply_need match = need_of_match(wish, policy, fixture);
    enum apply_need claim = need_of_claim(wish, policy, fixture);
    return match > claim ? match : claim;
}

static void count_claim(struct wish *wish, unsigned says, const char *path)
{
    if (evidence_claim(says, path) != FIXTURE_CLAIMS_NOTHING) {
        wish->claims++;
        wish->claims_changed += wish_changed(wish, path);
    }
}

/* Also of files that something may still be rendered from. */
static void count_claims(struct wish *wish, const struct apply_set *set)
{
    for (size_t i = 0; i < set->index->files.len; i++) {
        count_claim(wish, 0, set->index->files.items[i].path);
    }
    for (size_t i = 0; i < set->index->others.len; i++) {
        count_claim(wish, 0, set->index->others.items[i]);
    }
    VEC_FOREACH (const struct apply_fixture, fixture, &set->fixtures) {
        count_claim(wish, fixture->says, fixture->file);
    }
    wish->counted = true;
}

/* It is affected, or lies where it may be the nearer one to a document of one that is. */
static bool may_count(const struct wish *wish, const char *file)
{
    const struct wish_paths *lists[] = {&wish->changed, &wish->affected};
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        VEC_FOREACH (char *, path, lists[k]) {
            if (evidence_nearness(*path, file) > 0) {
                return true;
            }
        }
    }
    return false;
}

bool wish_policy(
    struct wish *wish, const struct apply_set *set, const struct engine *engine, const char *file)
{
    if (!wish->counted) {
        count_claims(wish, set);
    }
    if (evidence_has_match(engine->name, "")) {
        return true;
    }
    return wish->claims > 0 && (file == NULL || wish->claims_changed > 0 || may_count(wish, file));
}

const char *wish_left_out(const struct wish *wish)
{
    return wish->left_out;
}

char *wish_unmatched(const struct wish *wish)
{
    size_t count = 0;
    for (size_t p = 0; wish->decisions > 0 && p < wish->policy_count; p++) {
        const struct wished_policy *of = &wish->policies[p];
        count += of->matches && of->affected && !of->reached && is_too_dear(wish, p);
    }
    return count == 0 ? NULL
                      : mem_printf("%zu polic%s of Kyverno's that change objects, look for others "
                                   "or are of the newer kinds match%s no document beside them, and "
                                   "to try all others would be more than the decisions that are "
                                   "made (.bylaw/config.toml: [guards] decisions = N)",
                            count, count == 1 ? "y" : "ies", count == 1 ? "es" : "");
}

void wish_take(struct wish *wish, size_t policy, size_t fixture, enum apply_verdict verdict)
{
    if (wish->set == NULL) {
        return;
    }
    struct wished_fixture *of = &wish->fixtures[fixture];
    bool denies = verdict == APPLY_DENY || verdict == APPLY_WARN;
    bool unknown = verdict == APPLY_ERROR || verdict == APPLY_NOT_EVALUATED;
    wish->policies[policy].reached = wish->policies[policy].reached || verdict != APPLY_NO_MATCH;
    of->settled =
        of->settled ||
        (of->claim != FIXTURE_CLAIMS_NOTHING && is_own(wish, policy, fixture) &&
            (of->claim == FIXTURE_CLAIMS_VALID ? verdict == APPLY_DENY : denies || unknown));
}
