#include "report/report_merge.h"

#include "report/report_private.h"

#include "base/vec.h"

#include <stdlib.h>

struct merging {
    const struct report *reports;
    const char *const *names;
    size_t count;
    const struct report **by_shard; /* from 1; NULL: missing */
    size_t missing;
};

/* ---- whether they are of one whole ---- */

static bool same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static const char *shown(const char *text)
{
    return text == NULL ? "none" : text;
}

static bool differ(const struct merging *m, size_t at, const char *what, const char *a,
    const char *b, struct err *err)
{
    return err_set(err, ERR_CONFLICT,
        "%s and %s are not of one run: %s is %s in one and %s in the other", m->names[0],
        m->names[at], what, shown(a), shown(b));
}

static bool check_alike(const struct merging *m, size_t at, struct err *err)
{
    const struct report *a = &m->reports[0];
    const struct report *b = &m->reports[at];
    if (b->scope.count == 0 || b->scope.shard == 0 || b->scope.shard > b->scope.count) {
        return err_set(err, ERR_INVALID,
            "%s is of no shard: bylaw check --shard I/N --report json=FILE writes what is joined",
            m->names[at]);
    }
    if (!same(a->revision, b->revision)) {
        return differ(m, at, "the commit", a->revision, b->revision, err);
    }
    if (!same(a->scope.base, b->scope.base)) {
        return differ(m, at, "the base", a->scope.base, b->scope.base, err);
    }
    if (!same(a->bylaw, b->bylaw)) {
        return differ(m, at, "the version of bylaw", a->bylaw, b->bylaw, err);
    }
    if (a->trouble == NULL && b->trouble == NULL && !same(a->opa, b->opa)) {
        return differ(m, at, "the version of opa", a->opa, b->opa, err);
    }
    if (!same(a->folder, b->folder)) {
        return differ(m, at, "the folder", a->folder, b->folder, err);
    }
    if (a->scope.count != b->scope.count) {
        return err_set(err, ERR_CONFLICT, "%s is one of %u shards and %s one of %u", m->names[0],
            a->scope.count, m->names[at], b->scope.count);
    }
    bool planned = a->trouble == NULL && b->trouble == NULL;
    if (planned && (!same(a->scope.plan, b->scope.plan) || a->scope.of != b->scope.of)) {
        return err_set(err, ERR_CONFLICT,
            "%s and %s were split from other files: the shards must run on the same checkout",
            m->names[0], m->names[at]);
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each unit in one shard, and where no shard is missing, all of them. */
static bool check_units(const struct merging *m, struct err *err)
{
    struct report_units all = {0};
    size_t of = 0;
    bool troubled = false;
    bool ok = true;
    for (size_t i = 0; i < m->count; i++) {
        VEC_FOREACH (char *, name, &m->reports[i].scope.names) {
            VEC_PUSH(&all, *name);
        }
        troubled = troubled || m->reports[i].trouble != NULL;
        of = m->reports[i].scope.of > of ? m->reports[i].scope.of : of;
    }
    if (all.len > 0) {
        qsort(all.items, all.len, sizeof *all.items, by_text);
    }
    for (size_t i = 1; ok && i < all.len; i++) {
        ok = strcmp(all.items[i - 1], all.items[i]) != 0 ||
             err_set(err, ERR_CONFLICT, "%s was run by two shards", all.items[i]);
    }
    if (ok && m->missing == 0 && !troubled && all.len != of) {
        ok = err_set(err, ERR_CONFLICT, "the shards ran %zu units of %zu", all.len, of);
    }
    VEC_FREE(&all);
    return ok;
}

static bool sort_out(struct merging *m, struct err *err)
{
    if (m->count == 0) {
        return err_set(err, ERR_INVALID, "no report is given");
    }
    for (size_t i = 0; i < m->count; i++) {
        if (!check_alike(m, i, err)) {
            return false;
        }
    }
    unsigned shards = m->reports[0].scope.count;
    m->by_shard = mem_zalloc((shards + 1) * sizeof(const struct report *));
    for (size_t i = 0; i < m->count; i++) {
        unsigned shard = m->reports[i].scope.shard;
        for (size_t k = 0; k < i; k++) {
            if (m->reports[k].scope.shard == shard) {
                return err_set(err, ERR_EXISTS, "shard %u is there twice: %s and %s", shard,
                    m->names[k], m->names[i]);
            }
        }
        m->by_shard[shard] = &m->reports[i];
    }
    for (unsigned shard = 1; shard <= shards; shard++) {
        m->missing += m->by_shard[shard] == NULL;
    }
    return check_units(m, err);
}

/* ---- the sum ---- */

static void add_finding(struct report *out, const char *rule, char *message)
{
    struct finding finding = {.rule = (char *)(uintptr_t)rule,
        .severity = SEVERITY_ERROR,
        .message = message,
        .source = (char *)(uintptr_t) "bylaw"};
    (void)findings_add(&out->findings, &finding);
    free(message);
}

static void add_shard(const struct report *shard, struct report *out)
{
    report_add(out, shard->results.items, shard->results.len);
    VEC_FOREACH (const struct finding, finding, &shard->findings) {
        (void)findings_add(&out->findings, finding);
    }
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        out->tally.count[i] += shard->tally.count[i];
    }
    out->wall_us = shard->wall_us > out->wall_us ? shard->wall_us : out->wall_us;
    out->ended = shard->ended > out->ended ? shard->ended : out->ended;
    out->threshold = shard->threshold > out->threshold ? shard->threshold : out->threshold;
    out->scope.units += shard->scope.units;
    if (shard->trouble != NULL) {
        add_finding(out, "shard-trouble",
            mem_printf("shard %u could not run: %s", shard->scope.shard, shard->trouble));
    }
}

/* The worst of the shards', with what that one said. */
static void merge_part(const struct merging *m, enum report_part part, struct report *out)
{
    struct tally tally = {0};
    size_t looked_at = 0;
    unsigned shards = m->reports[0].scope.count;
    struct buf why = BUF_INIT;
    for (unsigned i = 1; m->by_shard != NULL && i <= shards; i++) {
        const struct report *shard = m->by_shard[i];
        bool ran = shard != NULL && shard->has_parts;
        enum result_status status = ran ? shard->parts[part].status : RESULT_NOT_EVALUATED;
        tally.count[status]++;
        looked_at += ran ? shard->parts[part].looked_at : 0;
        if (report_is_bad(status)) {
            buf_printf(&why, "%sshard %u: %s", why.len > 0 ? "; " : "", i,
                !ran                             ? "it did not run"
                : shard->parts[part].why == NULL ? result_status_name(status)
                                                 : shard->parts[part].why);
        }
    }
    enum result_status status =
        tally.count[RESULT_SKIPPED] == shards ? RESULT_SKIPPED : tally_verdict(&tally);
    if (why.len == 0) {
        buf_printf(&why, "%zu looked at in %u shards", looked_at, shards);
    }
    report_set_part(out, part, status, looked_at, why.ptr);
    buf_free(&why);
}

static void merge_tests(struct report *out)
{
    struct report counted = {.tally = out->tally};
    struct buf why = BUF_INIT;
    report_headline(&counted, &why);
    struct report_part_outcome *tests = &out->parts[REPORT_TESTS];
    if (!report_is_bad(tests->status)) {
        report_set_part(out, REPORT_TESTS, tests->status, tests->looked_at, why.ptr);
    }
    buf_free(&why);
}

static void merge_coverage(const struct merging *m, struct report *out)
{
    struct coverage all = {.incomplete = m->missing > 0, .anything = m->missing > 0};
    for (size_t i = 0; i < m->count; i++) {
        coverage_merge(&all, &m->reports[i].covered);
        bool ran = m->reports[i].trouble == NULL;
        all.incomplete = all.incomplete || m->reports[i].coverage_incomplete || !ran;
        all.anything = all.anything || !ran;
    }
    report_judge_coverage(out, &all, out->threshold);
}

/* Of the guards, what no shard knew: which rules no test of any of them reaches. */
static void merge_rules(const struct merging *m, struct report *out)
{
    const struct report_part_outcome *guards = &out->parts[REPORT_GUARDS];
    const struct report *first = m->by_shard == NULL ? NULL : m->by_shard[1];
    struct buf why = BUF_INIT;
    size_t told = 0;
    size_t failing = 0;
    size_t unknown = 0;
    for (size_t i = 0; first != NULL && i < first->awaited.len; i++) {
        const struct finding *rule = &first->awaited.items[i];
        bool known = coverage_knows(&out->covered, rule->file);
        unknown += !known;
        if (known && coverage_misses_head(coverage_find(&out->covered, rule->file), rule->at.row)) {
            told += findings_add(&out->findings, rule);
            failing += rule->severity == SEVERITY_ERROR;
        }
    }
    enum result_status status = guards->status;
    buf_append_c(&why, guards->why);
    if (told > 0) {
        buf_printf(&why, "; no test of any reaches %zu rule%s", told, told == 1 ? "" : "s");
        status = failing > 0 && status != RESULT_ERROR ? RESULT_FAIL : status;
    }
    if (unknown > 0) {
        buf_printf(&why,
            "; rule-unreached not evaluated in full: coverage is not complete for %zu rule%s that "
            "den%s",
            unknown, unknown == 1 ? "" : "s", unknown == 1 ? "ies" : "y");
        status = report_is_bad(status) ? status : RESULT_NOT_EVALUATED;
    }
    report_set_part(out, REPORT_GUARDS, status, guards->looked_at, why.ptr);
    buf_free(&why);
}

static void sum_up(const struct merging *m, struct report *out)
{
    const struct report *first = &m->reports[0];
    unsigned shards = first->scope.count;
    out->bylaw = mem_strdup(first->bylaw);
    out->folder = mem_strdup(first->folder);
    out->revision = mem_strdup(first->revision);
    for (unsigned i = 1; m->by_shard != NULL && i <= shards; i++) {
        const struct report *shard = m->by_shard[i];
        if (shard == NULL) {
            add_finding(out, "shard-missing",
                mem_printf("the report of shard %u of %u is missing: its units were not evaluated",
                    i, shards));
            continue;
        }
        add_shard(shard, out);
        if (out->opa == NULL) {
            out->opa = mem_strdup(shard->opa);
        }
        if (out->scope.why == NULL) {
            out->scope.base = mem_strdup(shard->scope.base);
            out->scope.why = mem_strdup(shard->scope.why);
        }
    }
    for (int part = 0; part < REPORT_COVERAGE; part++) {
        merge_part(m, (enum report_part)part, out);
    }
    merge_tests(out);
    merge_coverage(m, out);
    merge_rules(m, out);
    out->verdict = report_judge(out);
}

bool report_merge(const struct report *reports, const char *const *names, size_t count,
    struct report *out, struct err *err)
{
    struct merging merging = {.reports = reports, .names = names, .count = count};
    *out = (struct report){0};
    bool ok = sort_out(&merging, err);
    if (ok) {
        sum_up(&merging, out);
    }
    free(merging.by_shard);
    return ok;
}
