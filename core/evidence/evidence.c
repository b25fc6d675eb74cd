#include "evidence/evidence.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/fixture_claim.h"
#include "policy/guard.h"

#include <stdarg.h>
#include <stdlib.h>

enum { MESSAGE_MAX = 500, SAID_MAX = 200, LISTED_MAX = 3 };
#define TEXT_MAX ((size_t)16 << 20)

PRINTF_LIKE(5, 6)
static void tell(struct findings *findings, const char *id, const char *file, struct position at,
    const char *fmt, ...)
{
    struct buf message = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&message, fmt, args);
    va_end(args);
    struct finding finding = {.rule = mem_strdup(id),
        .severity = guard_by_id(str_of(id))->severity,
        .file = mem_strdup(file),
        .at = at,
        .end = at,
        .message = safe_dup(buf_str(&message), SAFE_ONE_LINE, MESSAGE_MAX),
        .source = mem_strdup("guard")};
    VEC_PUSH(findings, finding);
    buf_free(&message);
}

/* ---- fixtures ---- */

struct looking {
    const struct matrix *matrix;
    enum matrix_side side;
    struct findings *findings;
    size_t fixture;
    size_t nearest; /* length of the folder of the policies that are nearest to it */
};

size_t evidence_nearness(const char *policy, const char *fixture)
{
    const char *slash = policy == NULL ? NULL : strrchr(policy, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - policy);
    bool inside = fixture != NULL &&
                  (len == 0 || (strncmp(fixture, policy, len) == 0 && fixture[len] == '/'));
    return policy != NULL && inside ? len + 1 : 0;
}

static bool is_own(const struct looking *l, size_t policy)
{
    const char *fixture = matrix_fixture(l->matrix, l->fixture)->file;
    return l->nearest > 0 &&
           evidence_nearness(matrix_policy(l->matrix, policy)->file, fixture) == l->nearest;
}

static bool denies(const struct apply_cell *cell)
{
    return cell != NULL && (cell->verdict == APPLY_DENY || cell->verdict == APPLY_WARN);
}

static bool is_denial(const struct apply_cell *cell)
{
    return cell != NULL && cell->verdict == APPLY_DENY;
}

static bool is_unknown(const struct apply_cell *cell)
{
    return cell != NULL && (cell->verdict == APPLY_WAITING || cell->verdict == APPLY_ERROR ||
                               cell->verdict == APPLY_NOT_EVALUATED);
}

static void put_said(struct buf *out, const struct apply_cell *cell)
{
    struct str rest = str_of(cell->message);
    struct str line;
    if (str_next_line(&rest, &line) && line.len > 0) {
        char *said = safe_dup(line, SAFE_ONE_LINE, SAID_MAX);
        buf_printf(out, " (%s)", said);
        free(said);
    }
}

/* Of a valid one: who denies it; its own policies, or the others. */
static size_t list_deniers(const struct looking *l, bool own, struct buf *out)
{
    size_t count = 0;
    for (size_t p = 0; p < matrix_policies(l->matrix); p++) {
        const struct apply_cell *cell = matrix_cell(l->matrix, l->side, p, l->fixture);
        if (!is_denial(cell) || matrix_policy(l->matrix, p)->unseen || is_own(l, p) != own) {
            continue;
        }
        if (count++ < LISTED_MAX) {
            buf_printf(out, "%s%s", out->len > 0 ? ", " : "", matrix_policy(l->matrix, p)->name);
            put_said(out, cell);
        }
    }
    if (count > LISTED_MAX) {
        buf_printf(out, " and %zu more", count - LISTED_MAX);
    }
    return count;
}

static void look_at_valid(const struct looking *l)
{
    const struct matrix_head *fixture = matrix_fixture(l->matrix, l->fixture);
    struct buf who = BUF_INIT;
    if (list_deniers(l, true, &who) > 0) {
        tell(l->findings, "fixture-denied", fixture->file, fixture->at,
            "said to be valid, and its own policy denies it: %s", who.ptr);
    } else if (list_deniers(l, false, &who) > 0) {
        tell(l->findings, "fixture-denied", fixture->file, fixture->at,
            "said to be valid, and a cluster with all policies of the workspace denies it: %s",
            who.ptr);
        l->findings->items[l->findings->len - 1].severity = SEVERITY_WARNING;
    }
    buf_free(&who);
}

/* Another document of the file is denied: this one was applied with it. */
static bool has_denied_sibling(const struct looking *l)
{
    const char *file = matrix_fixture(l->matrix, l->fixture)->file;
    for (size_t f = 0; f < matrix_fixtures(l->matrix); f++) {
        bool same = f != l->fixture && matrix_fixture(l->matrix, f)->file != NULL &&
                    strcmp(matrix_fixture(l->matrix, f)->file, file) == 0;
        for (size_t p = 0; same && p < matrix_policies(l->matrix); p++) {
            const struct apply_cell *cell = matrix_cell(l->matrix, l->side, p, f);
            if ((l->nearest == 0 || is_own(l, p)) && (denies(cell) || is_unknown(cell))) {
                return true;
            }
        }
    }
    return false;
}

static const char *who_says(const struct matrix_head *fixture)
{
    return (fixture->says & CHAINSAW_REFUSES) != 0 ? "its test expects it to be refused"
                                                   : "said to be invalid";
}

/* A policy changes it before the others see it: they decided about something else. */
static bool is_changed(const struct looking *l)
{
    for (size_t p = 0; p < matrix_policies(l->matrix); p++) {
        const struct apply_cell *cell = matrix_cell(l->matrix, l->side, p, l->fixture);
        if (cell != NULL && cell->verdict == APPLY_MUTATE) {
            return true;
        }
    }
    return false;
}

static void look_at_invalid(const struct looking *l)
{
    const struct matrix_head *fixture = matrix_fixture(l->matrix, l->fixture);
    struct buf others = BUF_INIT;
    size_t asked = 0;
    size_t matched = 0;
    size_t deniers = 0;
    bool all = true; /* every policy has decided */
    for (size_t p = 0; p < matrix_policies(l->matrix); p++) {
        const struct apply_cell *cell = matrix_cell(l->matrix, l->side, p, l->fixture);
        bool own = l->nearest == 0 || is_own(l, p);
        bool open = cell != NULL && matrix_policy(l->matrix, p)->unseen;
        if (own && (denies(cell) || is_unknown(cell) || open)) {
            buf_free(&others);
            return;
        }
        all = all && (cell == NULL || cell->verdict != APPLY_WAITING);
        asked += own && cell != NULL;
        matched += own && cell != NULL && cell->verdict != APPLY_NO_MATCH;
        if (denies(cell)) {
            deniers++;
            buf_printf(
                &others, "%s%s", others.len > 0 ? ", " : "", matrix_policy(l->matrix, p)->name);
        }
    }
    if (asked > 0 && matched == 0 && has_denied_sibling(l)) {
        asked = 0; /* what the denied ones need: an account, a namespace */
    }
    if (asked > 0 && others.len > 0) {
        tell(l->findings, "fixture-not-denied", fixture->file, fixture->at,
            "%s, and its own policy lets it pass (%s do%s not)", who_says(fixture), others.ptr,
            deniers == 1 ? "es" : "");
    } else if (asked > 0) {
        tell(l->findings, "fixture-not-denied", fixture->file, fixture->at, "%s, and %s",
            who_says(fixture), all ? "no policy denies it" : "the policies beside it let it pass");
    }
    buf_free(&others);
}

/* What the tests say comes before the name; what they say both of says nothing. */
enum fixture_claim evidence_claim(unsigned says, const char *file)
{
    enum fixture_claim named = file == NULL ? FIXTURE_CLAIMS_NOTHING : fixture_claim(file);
    bool admitted = (says & CHAINSAW_ADMITS) != 0;
    bool refused = (says & CHAINSAW_REFUSES) != 0;
    if (refused && !admitted && named != FIXTURE_CLAIMS_VALID) {
        return FIXTURE_CLAIMS_INVALID;
    }
    return refused || (admitted && named == FIXTURE_CLAIMS_INVALID) ? FIXTURE_CLAIMS_NOTHING
                                                                    : named;
}

/* What the document claims; if it does, which policies are its own. */
static enum fixture_claim find_nearest(struct looking *l)
{
    const struct matrix_head *fixture = matrix_fixture(l->matrix, l->fixture);
    enum fixture_claim claim = evidence_claim(fixture->says, fixture->file);
    l->nearest = 0;
    for (size_t p = 0; claim != FIXTURE_CLAIMS_NOTHING && p < matrix_policies(l->matrix); p++) {
        const struct matrix_head *policy = matrix_policy(l->matrix, p);
        size_t near = policy->on[l->side] ? evidence_nearness(policy->file, fixture->file) : 0;
        l->nearest = near > l->nearest ? near : l->nearest;
    }
    return claim;
}

static void look_at_fixture(struct looking *l)
{
    enum fixture_claim claim = find_nearest(l);
    if (claim == FIXTURE_CLAIMS_VALID) {
        look_at_valid(l);
    } else if (claim == FIXTURE_CLAIMS_INVALID && !is_changed(l)) {
        look_at_invalid(l);
    }
}

/* ---- policies ---- */

bool evidence_has_match(const char *engine, const char *file)
{
    return file != NULL && (strcmp(engine, "gator") == 0 || strcmp(engine, "kyverno") == 0);
}

static void look_at_policy(const struct looking *l, size_t policy)
{
    const struct matrix_head *head = matrix_policy(l->matrix, policy);
    size_t fixtures = 0;
    for (size_t f = 0; f < matrix_fixtures(l->matrix); f++) {
        const struct apply_cell *cell = matrix_cell(l->matrix, l->side, policy, f);
        fixtures += cell != NULL;
        if (cell != NULL && cell->verdict != APPLY_NO_MATCH) {
            return;
        }
    }
    if (fixtures > 0) {
        tell(l->findings, "rule-unreached", head->file, head->at,
            "%s matches none of the workspace's %zu documents: nothing shows what it decides",
            head->name, fixtures);
    }
}

void evidence_of_matrix(
    const struct matrix *matrix, enum matrix_side side, struct findings *findings)
{
    struct looking l = {.matrix = matrix, .side = side, .findings = findings};
    for (l.fixture = 0; l.fixture < matrix_fixtures(matrix); l.fixture++) {
        if (matrix_fixture(matrix, l.fixture)->on[side]) {
            look_at_fixture(&l);
        }
    }
    for (size_t p = 0; p < matrix_policies(matrix); p++) {
        const struct matrix_head *policy = matrix_policy(matrix, p);
        if (policy->on[side] && policy->trouble == NULL &&
            evidence_has_match(policy->engine, policy->file)) {
            look_at_policy(&l, p);
        }
    }
}

/* ---- what could not be decided ---- */

struct unsettled {
    size_t count;
    const char *first; /* why; borrowed */
};

static void count_unsettled(struct unsettled *unsettled, const struct apply_cell *why)
{
    unsettled->count++;
    unsettled->first = unsettled->first != NULL ? unsettled->first : why->message;
}

static char *say_unsettled(const struct unsettled *unsettled, const char *one, const char *many)
{
    if (unsettled->count == 0) {
        return NULL;
    }
    struct str rest = str_of(unsettled->first);
    struct str line = {0};
    (void)str_next_line(&rest, &line);
    char *why = safe_dup(line, SAFE_ONE_LINE, SAID_MAX);
    char *said = mem_printf("%zu %s%s%s", unsettled->count, unsettled->count == 1 ? one : many,
        why[0] == '\0' ? "" : ": ", why);
    free(why);
    return said;
}

/* A test evaluated something with this input. */
static bool is_tested(const struct results *tested, const char *file)
{
    for (size_t i = 0; tested != NULL && file != NULL && i < tested->len; i++) {
        const struct result *row = &tested->items[i];
        if ((row->status == RESULT_PASS || row->status == RESULT_FAIL) && row->input_file != NULL &&
            strcmp(row->input_file, file) == 0) {
            return true;
        }
    }
    return false;
}

/* Of a policy that is not its own an engine that was asked and evaluated nothing has said enough:
 * as the document stands, the policy does not deny it. */
static bool is_open(const struct looking *l, size_t policy, enum fixture_claim claim)
{
    const struct apply_cell *cell = matrix_cell(l->matrix, l->side, policy, l->fixture);
    bool own = l->nearest == 0 || is_own(l, policy);
    const struct matrix_head *head = matrix_policy(l->matrix, policy);
    if (cell == NULL || head->unseen || head->trouble != NULL ||
        !(own || claim == FIXTURE_CLAIMS_VALID)) {
        return false; /* what cannot be asked about alone is another's to tell */
    }
    return cell->verdict == APPLY_ERROR ||
           (cell->verdict == APPLY_NOT_EVALUATED && (own || cell->unasked));
}

/* The first cell that leaves open whether the document is what its name claims, where no other
 * settles it. NULL: there is none. */
static const struct apply_cell *unsettled_cell(const struct looking *l, enum fixture_claim claim)
{
    const struct apply_cell *open = NULL;
    for (size_t p = 0; p < matrix_policies(l->matrix); p++) {
        const struct apply_cell *cell = matrix_cell(l->matrix, l->side, p, l->fixture);
        bool own = l->nearest == 0 || is_own(l, p);
        if (own && (claim == FIXTURE_CLAIMS_INVALID ? denies(cell) : is_denial(cell))) {
            return NULL;
        }
        open = open == NULL && is_open(l, p, claim) ? cell : open;
    }
    return open;
}

char *evidence_unsettled_fixtures(
    const struct matrix *matrix, enum matrix_side side, const struct results *tested)
{
    struct looking l = {.matrix = matrix, .side = side};
    struct unsettled unsettled = {0};
    for (l.fixture = 0; l.fixture < matrix_fixtures(matrix); l.fixture++) {
        const struct matrix_head *fixture = matrix_fixture(matrix, l.fixture);
        enum fixture_claim claim = find_nearest(&l);
        bool asked = claim != FIXTURE_CLAIMS_NOTHING && fixture->on[side];
        const struct apply_cell *cell = asked ? unsettled_cell(&l, claim) : NULL;
        if (cell != NULL && !is_tested(tested, fixture->file)) {
            count_unsettled(&unsettled, cell);
        }
    }
    return say_unsettled(&unsettled, "document called valid or invalid could not be decided about",
        "documents called valid or invalid could not be decided about");
}

/* Its engine was not asked about any document that it might be for. */
static const struct apply_cell *unasked_cell(const struct looking *l, size_t policy)
{
    const struct apply_cell *open = NULL;
    for (size_t f = 0; f < matrix_fixtures(l->matrix); f++) {
        const struct apply_cell *cell = matrix_cell(l->matrix, l->side, policy, f);
        if (cell != NULL && cell->verdict != APPLY_WAITING && cell->verdict != APPLY_NO_MATCH) {
            open = cell->unasked ? cell : NULL;
            break;
        }
    }
    return open;
}

char *evidence_unsettled_policies(const struct matrix *matrix, enum matrix_side side)
{
    const struct looking l = {.matrix = matrix, .side = side};
    struct unsettled unsettled = {0};
    for (size_t p = 0; p < matrix_policies(matrix); p++) {
        const struct matrix_head *head = matrix_policy(matrix, p);
        bool matches = head->on[side] && evidence_has_match(head->engine, head->file);
        const struct apply_cell *cell = matches ? unasked_cell(&l, p) : NULL;
        if (cell != NULL) {
            count_unsettled(&unsettled, cell);
        }
    }
    return say_unsettled(&unsettled, "policy could not be asked what it is for",
        "policies could not be asked what they are for");
}

/* ---- tests ---- */

char *evidence_unasked_tests(const struct results *results)
{
    struct unsettled unasked = {0};
    VEC_FOREACH (const struct result, row, results) {
        if (row->unasked) {
            unasked.count++;
            unasked.first = unasked.first != NULL ? unasked.first : row->message;
        }
    }
    return say_unsettled(&unasked, "test could not be run", "tests could not be run");
}

void evidence_of_results(const struct results *results, struct findings *findings)
{
    VEC_FOREACH (const struct result, row, results) {
        if (row->status == RESULT_NOT_EVALUATED && !row->unasked && row->file != NULL &&
            row->message != NULL) {
            char *said = safe_dup(str_of(row->message), SAFE_ONE_LINE, SAID_MAX);
            tell(findings, "test-not-evaluated", row->file, row->at, "%s: %s", row->name, said);
            free(said);
        }
    }
}

/* ---- coverage ---- */

static bool is_denier(const struct policy_rule *rule)
{
    static const char *const names[] = {"deny", "violation", "warn"};
    for (size_t i = 0; rule->kind == RULE_PARTIAL && i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(rule->name, names[i], len) == 0 &&
            (rule->name[len] == '\0' || rule->name[len] == '_')) {
            return true;
        }
    }
    return false;
}

/* What is said of each rule that denies if no test makes it hold. */
static void await_rules(const char *path, const struct policy_facts *facts, struct findings *out)
{
    for (size_t i = 0; facts != NULL && facts->tests.len == 0 && i < facts->rules.len; i++) {
        const struct policy_rule *rule = &facts->rules.items[i];
        if (is_denier(rule)) {
            tell(out, "rule-unreached", path, (struct position){rule->row, 1},
                "no test makes this rule of %s hold: nothing shows what it denies", rule->name);
        }
    }
}

void evidence_await_coverage(const struct policy_index *index, struct findings *awaited)
{
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        await_rules(file->path, file->facts, awaited);
    }
}

/* Where no test comes at all, `deny-untested` says it. */
char *evidence_of_coverage(
    struct findings *awaited, const struct coverage *coverage, struct findings *findings)
{
    size_t unknown = 0;
    char *why = NULL;
    for (size_t i = 0; i < awaited->len; i++) {
        struct finding *finding = &awaited->items[i];
        const struct coverage_file *covered = coverage_find(coverage, finding->file);
        bool known = coverage_knows(coverage, finding->file);
        unknown += !known;
        if (!known && why == NULL) {
            why = mem_printf("the first at %s:%u", finding->file, finding->at.row);
        }
        if (known && coverage_misses_head(covered, finding->at.row)) {
            VEC_PUSH(findings, *finding);
        } else {
            finding_free(finding);
        }
    }
    VEC_FREE(awaited);
    char *said = unknown == 0
                     ? NULL
                     : mem_printf("coverage is not complete for %zu rule%s that den%s, %s: "
                                  "not everything that loads %s could be loaded",
                           unknown, unknown == 1 ? "" : "s", unknown == 1 ? "ies" : "y", why,
                           unknown == 1 ? "it" : "them");
    free(why);
    return said;
}

static bool misses_a_head(const struct coverage_file *file)
{
    VEC_FOREACH (const struct coverage_range, range, &file->missed) {
        if (range->col == 1 && file->covered.len > 0) {
            return true;
        }
    }
    return false;
}

void evidence_pick_coverage(const struct coverage *coverage, struct coverage *out)
{
    VEC_FOREACH (const struct coverage_file, file, coverage) {
        bool picked = coverage_knows(coverage, file->path) && misses_a_head(file);
        for (size_t i = 0; picked && i < file->covered.len; i++) {
            coverage_add(out, str_of(file->path), file->covered.items[i], true);
        }
        for (size_t i = 0; picked && i < file->missed.len; i++) {
            coverage_add(out, str_of(file->path), file->missed.items[i], false);
        }
    }
    coverage_finish(out);
}

void evidence_of_picked(const char *root, const struct coverage *picked, struct findings *findings)
{
    VEC_FOREACH (const struct coverage_file, file, picked) {
        struct buf text = BUF_INIT;
        char *full = path_join(root, file->path);
        if (file_read(full, TEXT_MAX, &text, NULL)) {
            struct policy_facts *facts = policy_facts_parse(buf_str(&text));
            struct findings awaited = {0};
            await_rules(file->path, facts, &awaited);
            free(evidence_of_coverage(&awaited, picked, findings)); /* it knows all it holds */
            policy_facts_release(facts);
        }
        free(full);
        buf_free(&text);
    }
}
