#include "test.h"

#include "model/prices.h"

#include <math.h>

static struct prices *parse(const char *own, const char *problem)
{
    struct buf problems = BUF_INIT;
    struct prices *prices = prices_parse(str_of(own), "prices.toml", &problems);
    if (problem == NULL) {
        assert_int_equal(problems.len, 0);
    } else {
        assert_string_equal(problems.len == 0 ? "" : problems.ptr, problem);
    }
    buf_free(&problems);
    return prices;
}

static void expect_text(struct buf *text, const char *expected)
{
    assert_string_equal(text->ptr, expected);
    buf_free(text);
}

static void the_table_that_comes_along_is_whole(void **state)
{
    (void)state;
    struct prices *prices = parse("", NULL);
    static const char *const routed[] = {"gpt-5.5", "o3", "gpt-5.4-mini", "gpt-5.3-codex-spark"};
    for (size_t i = 0; i < 4; i++) {
        const struct price *price = prices_find(prices, routed[i]);
        assert_non_null(price);
        assert_true(price->context > 0);
        assert_non_null(price->as_of);
        assert_true(price->known == (i != 3));
    }
    assert_ptr_equal(prices_find(prices, "gpt-5.5-2026-04-23"), prices_find(prices, "gpt-5.5"));
    assert_null(prices_find(prices, "gpt-5.5-mini-x"));
    assert_null(prices_find(prices, "llama3"));
    assert_null(prices_find(prices, NULL));
    for (size_t i = 0; i < prices_count(prices); i++) {
        const struct price *price = prices_at(prices, i);
        assert_true(price->context > 0);
        assert_true(!price->known || price->cached <= price->input);
        assert_true(!price->known || price->output >= price->input);
    }
    prices_free(prices);
}

static void cost_is_counted_and_never_zero_when_unknown(void **state)
{
    (void)state;
    struct prices *prices = parse("", NULL);
    const struct price *price = prices_find(prices, "gpt-5.5");
    double dollars = -1;
    assert_true(price_cost(price,
        &(struct usage){.input_tokens = 100000, .cached_tokens = 40000, .output_tokens = 2000},
        &dollars));
    assert_true(fabs(dollars - (0.06 * 5 + 0.04 * 0.5 + 0.002 * 30)) < 1e-9);
    assert_true(price_cost(price, &(struct usage){.input_tokens = 300000}, &dollars));
    assert_true(fabs(dollars - 3.0) < 1e-9); /* the long price */
    assert_false(price_cost(NULL, &(struct usage){.input_tokens = 1}, &dollars));
    assert_false(price_cost(
        prices_find(prices, "gpt-5.3-codex-spark"), &(struct usage){.input_tokens = 1}, &dollars));
    struct spend spend = {0};
    struct buf text = BUF_INIT;
    spend_add(&spend, &(struct usage){.input_tokens = 900, .output_tokens = 50}, NULL);
    spend_describe(&spend, &text);
    expect_text(&text, "950 tokens, price unknown");
    spend_add(&spend, &(struct usage){.input_tokens = 100000}, price);
    spend_describe(&spend, &text);
    expect_text(&text, "101k tokens, $0.50 and 1 request of unknown price");
    spend.uncounted = 2;
    spend_describe(&spend, &text);
    expect_text(
        &text, "101k tokens, $0.50 and 1 request of unknown price, tokens of 2 answers unknown");
    spend_describe(&(struct spend){.uncounted = 1}, &text);
    expect_text(&text, "tokens of 1 answer unknown");
    spend_add(&spend, &(struct usage){.partial = true}, NULL);
    spend_describe(&spend, &text);
    assert_true(str_starts(buf_str(&text), "at least "));
    buf_clear(&text);
    price_describe(price, &text);
    expect_text(&text, "$5 in, $30 out");
    price_describe_short(price, &text);
    expect_text(&text, "$5/$30");
    price_describe(NULL, &text);
    expect_text(&text, "price unknown");
    money_append(&text, 0.0412);
    buf_append_c(&text, " ");
    money_append(&text, 0.00004);
    buf_append_c(&text, " ");
    tokens_append(&text, 4100000);
    expect_text(&text, "$0.041 $0.00004 4.1M");
    prices_free(prices);
}

/* Newer models charge more for what they put into their cache than for other input. */
static void what_goes_into_the_cache_has_its_price(void **state)
{
    (void)state;
    struct prices *prices = parse("[models.a]\ninput = 2\ncached = 0.2\noutput = 10\n"
                                  "written = 2.5\nlong_from = 200000\nlong_input = 4\n",
        NULL);
    const struct price *price = prices_find(prices, "a");
    double dollars = -1;
    struct usage usage = {.input_tokens = 100000, .cached_tokens = 40000, .written_tokens = 50000};
    assert_true(price_cost(price, &usage, &dollars));
    assert_true(fabs(dollars - (0.01 * 2 + 0.04 * 0.2 + 0.05 * 2.5)) < 1e-9);
    usage.written_tokens = 90000; /* more than there is */
    assert_true(price_cost(price, &usage, &dollars));
    assert_true(fabs(dollars - (0.04 * 0.2 + 0.06 * 2.5)) < 1e-9);
    usage = (struct usage){.input_tokens = 300000, .written_tokens = 300000};
    assert_true(price_cost(price, &usage, &dollars)); /* never less than as other input */
    assert_true(fabs(dollars - 0.3 * 4) < 1e-9);
    price = prices_find(prices, "gpt-6.2-sol");
    usage = (struct usage){.input_tokens = 100000, .written_tokens = 100000};
    assert_true(price_cost(price, &usage, &dollars));
    assert_true(fabs(dollars - 0.25) < 1e-9);
    price = prices_find(prices, "gpt-5.5"); /* which has no price of its own for it */
    assert_true(price_cost(price, &usage, &dollars));
    assert_true(fabs(dollars - 0.5) < 1e-9);
    prices_free(prices);
}

static void ones_own_rows_replace_those_of_the_same_model(void **state)
{
    (void)state;
    struct prices *prices = parse("as_of = \"2026-11-01\"\n[models.o3]\ninput = 1\noutput = 2\n"
                                  "[models.mine]\ncontext = 8192\n",
        NULL);
    const struct price *price = prices_find(prices, "o3");
    assert_true(price->is_own && price->known && price->context == 0);
    assert_string_equal(price->as_of, "2026-11-01");
    assert_true(fabs(price->cached - 1) < 1e-9);
    assert_false(prices_find(prices, "mine")->known);
    prices_free(prices);
    prices = parse("[models.a]\ninput = -1\noutput = \"x\"\ncolour = 3\n[models]\nb = 3\n"
                   "[models.c]\ninput = 1\n",
        "prices.toml:2: input takes a number from 0\n"
        "prices.toml:3: output takes a number from 0\n"
        "prices.toml:4: \"colour\" is not known; accepted: input, cached, written, output, "
        "long_from, long_input, long_cached, long_written, long_output, context\n"
        "prices.toml:6: a model is a table: [models.\"b\"]\n"
        "prices.toml:7: a price is an input and an output\n");
    assert_false(prices_find(prices, "a")->known);
    assert_false(prices_find(prices, "c")->known);
    prices_free(prices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_that_comes_along_is_whole),
        cmocka_unit_test(cost_is_counted_and_never_zero_when_unknown),
        cmocka_unit_test(what_goes_into_the_cache_has_its_price),
        cmocka_unit_test(ones_own_rows_replace_those_of_the_same_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
