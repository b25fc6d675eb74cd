/* Shards are joined to what one run would have said, in any order; what is not of one whole is
 * refused; what is missing is never green. Reports go through JSON, as from another machine. */
#include "base/vec.h"
#include "report/report_merge.h"
#include "report/report_read.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHARDS = 3 };

/* Shard `i` of 3: one test, its unit, and a line of a file that all of them load. */
static struct report make_shard(unsigned i)
{
    struct report report = {.verdict = RESULT_PASS,
        .threshold = 60,
        .revision = mem_strdup("c0ffee"),
        .bylaw = mem_strdup("1"),
        .opa = mem_strdup("1.2"),
        .folder = mem_strdup("f")};
    struct result row = {.engine = "opa",
        .suite = (char *)(uintptr_t) "suite",
        .name = mem_printf("test_%u", i),
        .status = RESULT_PASS};
    report_add(&report, &row, 1);
    free(row.name);
    report.tally.count[RESULT_PASS] = 1;
    for (int part = 0; part < REPORT_PARTS; part++) {
        report_set_part(&report, (enum report_part)part,
            part == REPORT_COVERAGE || part == REPORT_TEMPLATES ? RESULT_SKIPPED : RESULT_PASS, 1,
            "fine");
    }
    for (unsigned r = 1; r <= SHARDS; r++) {
        coverage_add(
            &report.covered, STR_LIT("lib.rego"), (struct coverage_range){r, 1, r, 5}, r == i);
    }
    coverage_finish(&report.covered);
    report.scope = (struct report_scope){.shard = i, .count = SHARDS, .units = 1, .of = SHARDS};
    snprintf(report.scope.plan, sizeof report.scope.plan, "0123456789abcdef");
    VEC_PUSH(&report.scope.names, mem_printf("opa: unit %u", i));
    return report;
}

/* What another machine reads of it. */
static struct report carried(struct report *report)
{
    struct buf text = BUF_INIT;
    struct report read;
    struct err err;
    report_write(report, REPORT_JSON, &text);
    assert_true(report_read_json(buf_str(&text), &read, &err));
    struct buf again = BUF_INIT;
    report_write(&read, REPORT_JSON, &again);
    assert_string_equal(text.ptr, again.ptr);
    buf_free(&text);
    buf_free(&again);
    report_free(report);
    return read;
}

static bool join(const unsigned *order, size_t count, void (*spoil)(struct report *last),
    struct report *out, struct err *err)
{
    struct report reports[SHARDS];
    const char *names[SHARDS];
    for (size_t i = 0; i < count; i++) {
        struct report shard = make_shard(order[i]);
        if (spoil != NULL && i + 1 == count) {
            spoil(&shard);
        }
        reports[i] = carried(&shard);
        names[i] = "file";
    }
    bool ok = report_merge(reports, names, count, out, err);
    for (size_t i = 0; i < count; i++) {
        report_free(&reports[i]);
    }
    return ok;
}

static void all_shards_are_the_whole(void **state)
{
    (void)state;
    static const unsigned orders[][SHARDS] = {{1, 2, 3}, {3, 1, 2}, {2, 3, 1}};
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct report whole;
        struct err err;
        assert_true(join(orders[i], SHARDS, NULL, &whole, &err));
        assert_int_equal(whole.verdict, RESULT_PASS);
        assert_int_equal(whole.tally.count[RESULT_PASS], SHARDS);
        assert_string_equal(whole.results.items[0].name, "test_1");
        assert_int_equal(whole.covered.covered_rows, SHARDS);
        assert_int_equal(whole.covered.missed_rows, 0);
        assert_true(whole.coverage_met);
        assert_int_equal(whole.parts[REPORT_TEMPLATES].status, RESULT_SKIPPED);
        report_free(&whole);
    }
}

static void await_rule(struct report *report, const char *file)
{
    VEC_PUSH(&report->awaited, (struct finding){.rule = mem_strdup("rule-unreached"),
                                   .severity = SEVERITY_WARNING,
                                   .file = mem_strdup(file),
                                   .at = {2, 1},
                                   .message = mem_strdup("no test reaches it")});
    coverage_add(&report->covered, str_of(file), (struct coverage_range){1, 1, 1, 5}, true);
    coverage_add(&report->covered, str_of(file), (struct coverage_range){2, 1, 2, 5}, false);
    coverage_finish(&report->covered);
}

/* What one shard could not load makes unknown what is in the files of that, and no more; a shard
 * that could not run at all makes everything unknown. */
static void unreached_rules_of_all_shards(void **state)
{
    (void)state;
    for (int broken = 0; broken < 3; broken++) {
        struct report shards[SHARDS];
        const char *names[] = {"1", "2", "3"};
        struct report whole;
        struct err err;
        for (unsigned i = 0; i < SHARDS; i++) {
            struct report shard = make_shard(i + 1);
            if (i == 0) {
                await_rule(&shard, "a.rego");
                await_rule(&shard, "b.rego");
            } else if (i == 1 && broken > 0) {
                shard.coverage_incomplete = shard.covered.incomplete = true;
                coverage_add_unknown(&shard.covered, "b.rego");
                shard.trouble = broken == 2 ? mem_strdup("no opa") : NULL;
            }
            shards[i] = carried(&shard);
        }
        assert_true(report_merge(shards, names, SHARDS, &whole, &err));
        const struct report_part_outcome *guards = &whole.parts[REPORT_GUARDS];
        size_t told = 0;
        VEC_FOREACH (const struct finding, finding, &whole.findings) {
            told += strcmp(finding->rule, "rule-unreached") == 0;
        }
        assert_int_equal(told, 2 - broken);
        assert_int_equal(
            strstr(guards->why, "not complete for 1 rule that denies") != NULL, broken == 1);
        assert_int_equal(
            strstr(guards->why, "not complete for 2 rules that deny") != NULL, broken == 2);
        assert_true((guards->status == RESULT_PASS) == (broken == 0));
        for (unsigned i = 0; i < SHARDS; i++) {
            report_free(&shards[i]);
        }
        report_free(&whole);
    }
}

static void a_missing_shard_is_not_green(void **state)
{
    (void)state;
    static const unsigned order[] = {1, 3};
    struct report whole;
    struct err err;
    assert_true(join(order, 2, NULL, &whole, &err));
    assert_int_equal(whole.verdict, RESULT_NOT_EVALUATED);
    assert_string_equal(whole.findings.items[0].rule, "shard-missing");
    assert_true(whole.coverage_incomplete);
    assert_false(whole.coverage_met);
    report_free(&whole);
}

static void spoil_text(char **text)
{
    free(*text);
    *text = mem_strdup("other");
}

static void other_revision(struct report *r)
{
    spoil_text(&r->revision);
}

static void other_version(struct report *r)
{
    spoil_text(&r->bylaw);
}

static void other_opa(struct report *r)
{
    spoil_text(&r->opa);
}

static void other_base(struct report *r)
{
    spoil_text(&r->scope.base);
}

static void other_plan(struct report *r)
{
    r->scope.plan[0] = 'f';
}

static void other_count(struct report *r)
{
    r->scope.count = SHARDS + 1;
}

static void no_shard(struct report *r)
{
    r->scope.count = r->scope.shard = 0;
}

static void same_unit(struct report *r)
{
    spoil_text(&r->scope.names.items[0]);
    free(r->scope.names.items[0]);
    r->scope.names.items[0] = mem_strdup("opa: unit 1");
}

static void what_is_not_of_one_whole_is_refused(void **state)
{
    (void)state;
    static void (*const spoils[])(struct report *) = {other_revision, other_version, other_opa,
        other_base, other_plan, other_count, no_shard, same_unit};
    static const unsigned order[] = {1, 2, 3};
    static const unsigned twice[] = {1, 2, 2};
    struct report whole;
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(spoils); i++) {
        assert_false(join(order, SHARDS, spoils[i], &whole, &err));
        assert_int_not_equal(err.kind, ERR_NONE);
    }
    assert_false(join(twice, SHARDS, NULL, &whole, &err));
    assert_false(report_merge(NULL, NULL, 0, &whole, &err));
}

static void fails(struct report *r)
{
    r->tally.count[RESULT_FAIL] = 1;
    r->results.items[0].status = RESULT_FAIL;
    report_set_part(r, REPORT_TESTS, RESULT_FAIL, 1, "1 failed");
}

static void could_not_run(struct report *r)
{
    r->trouble = mem_strdup("no opa");
    r->has_parts = false;
}

static void one_bad_shard_is_bad(void **state)
{
    (void)state;
    static const unsigned order[] = {1, 2, 3};
    struct report whole;
    struct err err;
    assert_true(join(order, SHARDS, fails, &whole, &err));
    assert_int_equal(whole.verdict, RESULT_FAIL);
    assert_non_null(strstr(whole.parts[REPORT_TESTS].why, "shard 3: 1 failed"));
    report_free(&whole);
    assert_true(join(order, SHARDS, could_not_run, &whole, &err));
    assert_int_equal(whole.verdict, RESULT_NOT_EVALUATED);
    report_free(&whole);
}

static void what_is_no_report_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "[]", "{}", "{\"version\": 1}",
        "{\"version\": 1, \"counts\": {}, \"verdict\": \"green\"}",
        "{\"version\": 1, \"counts\": {}, \"verdict\": \"pass\", \"results\": [{}]}",
        "{\"version\": 1, \"counts\": {}, \"verdict\": \"pass\", \"findings\": [{}]}",
        "{\"version\": 1, \"counts\": {}, \"verdict\": \"pass\", \"parts\": {}}",
        "{\"version\": 1, \"counts\": {}, \"verdict\": \"pass\", \"covered\": {\"a\": "
        "{\"covered\": [[5, 1, 4, 1]]}}}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct report report;
        struct err err;
        assert_false(report_read_json(str_of(texts[i]), &report, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shards_are_the_whole),
        cmocka_unit_test(unreached_rules_of_all_shards),
        cmocka_unit_test(a_missing_shard_is_not_green),
        cmocka_unit_test(what_is_not_of_one_whole_is_refused),
        cmocka_unit_test(one_bad_shard_is_bad),
        cmocka_unit_test(what_is_no_report_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
