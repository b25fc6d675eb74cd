#include "test.h"

#include "engine/opa_bench.h"

#include <stdlib.h>

static void shown(void **state)
{
    (void)state;
    char *text = opa_bench_show(
        STR_LIT("{\"N\": 1000, \"T\": 12345000, \"MemAllocs\": 65000, \"MemBytes\": 20480000, "
                "\"Extra\": {\"histogram_timer_rego_query_eval_ns_min\": 900, "
                "\"histogram_timer_rego_query_eval_ns_median\": 1500.5, "
                "\"histogram_timer_rego_query_eval_ns_max\": 2500000}}"));
    assert_string_equal(text, "12.3 µs for each of 1000 evaluations\n"
                              "query alone: min 900 ns, median 1.5 µs, max 2.5 ms\n"
                              "20 KiB in 65 allocations each\n");
    free(text);
}

static void nothing_measured(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{}", "[]", "{\"N\": 0, \"T\": 1}", "{\"N\": 1}", "{\"N\": 1, \"T\": -3}", "{\"N\": "};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_null(opa_bench_show(str_of(texts[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(nothing_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
