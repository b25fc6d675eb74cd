/* Narrowing a long list: the same result as looking at everything at once, however it is sliced,
 * and never long at a time. */
#include "test.h"

#include "base/vec.h"
#include "loop/loop.h"
#include "widget/narrow.h"
#include "widget/picker.h"

#include <stdlib.h>

static unsigned seed = 7;

static unsigned next_random(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16 & 0x7FFF) % below;
}

struct texts {
    char **items;
    size_t len, cap;
};

static struct str text_at(void *data, size_t index)
{
    return str_of(((struct texts *)data)->items[index]);
}

static void make_paths(struct texts *texts, size_t count)
{
    static const char *const parts[] = {"policies", "k8s", "aws", "lib", "deny", "Latest",
        "tag_test", "s3", "labels", "rbac", "net-pol", "teams", "prod"};
    for (size_t i = 0; i < count; i++) {
        struct buf path = BUF_INIT;
        for (unsigned k = 2 + next_random(4); k > 0; k--) {
            buf_printf(&path, "%s/", parts[next_random(ARRAY_LEN(parts))]);
        }
        buf_printf(&path, "%s_%u.rego", parts[next_random(ARRAY_LEN(parts))], next_random(1000));
        VEC_PUSH(texts, buf_take(&path));
    }
}

static void free_texts(struct texts *texts)
{
    VEC_FOREACH (char *, text, texts) {
        free(*text);
    }
    VEC_FREE(texts);
}

struct scored {
    int score;
    size_t index;
};

static int best_first(const void *a, const void *b)
{
    const struct scored *left = a;
    const struct scored *right = b;
    if (left->score != right->score) {
        return left->score > right->score ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static void check_against_all(struct narrow *narrow, const struct texts *texts, const char *needle)
{
    struct {
        struct scored *items;
        size_t len, cap;
    } all = {0};
    for (size_t i = 0; i < texts->len; i++) {
        int score = fuzzy_score(str_of(texts->items[i]), str_of(needle), NULL);
        if (score >= 0) {
            VEC_PUSH(&all, (struct scored){score, i});
        }
    }
    assert_int_equal(narrow_matches(narrow), all.len);
    size_t shown = all.len < NARROW_SHOWN ? all.len : NARROW_SHOWN;
    assert_int_equal(narrow_count(narrow), shown);
    if (all.len > 0) {
        qsort(all.items, all.len, sizeof *all.items, best_first);
    }
    for (size_t i = 0; i < shown; i++) {
        assert_int_equal(narrow_at(narrow, i), all.items[i].index);
    }
    VEC_FREE(&all);
}

/* Letters come and go in any order, slices end anywhere. */
static void test_same_as_all_at_once(void **state)
{
    (void)state;
    static const char letters[] = "aks8dL_/ 0t.e";
    struct texts texts = {0};
    make_paths(&texts, 3000);
    struct narrow *narrow = narrow_new((struct narrow_source){.text = text_at, .data = &texts});
    narrow_reset(narrow, texts.len);
    char needle[16] = "";
    for (int i = 0; i < 400; i++) {
        size_t len = strlen(needle);
        if (len > 0 && (len > 6 || next_random(3) == 0)) {
            needle[len - 1] = '\0';
        } else {
            needle[len] = letters[next_random(sizeof letters - 1)];
            needle[len + 1] = '\0';
        }
        narrow_set(narrow, str_of(needle));
        for (unsigned k = next_random(4); k > 0; k--) {
            narrow_step(narrow, 1);
        }
        if (next_random(3) == 0 && str_trim(str_of(needle)).len > 0) {
            narrow_step(narrow, 0);
            check_against_all(narrow, &texts, needle);
        }
    }
    narrow_set(narrow, STR_LIT("  "));
    assert_int_equal(narrow_count(narrow), texts.len); /* nothing typed: all, as they are */
    assert_int_equal(narrow_at(narrow, 17), 17);
    narrow_free(narrow);
    free_texts(&texts);
}

static int bonus_at(void *data, size_t index)
{
    (void)data;
    return index == 2 ? 12 : 0;
}

static void test_bonus(void **state)
{
    (void)state;
    struct texts texts = {0};
    VEC_PUSH(&texts, mem_strdup("deny.rego"));
    VEC_PUSH(&texts, mem_strdup("other.rego"));
    VEC_PUSH(&texts, mem_strdup("lib/deny_more.rego"));
    struct narrow *narrow = narrow_new((struct narrow_source){text_at, bonus_at, &texts});
    narrow_reset(narrow, texts.len);
    narrow_set(narrow, STR_LIT("deny"));
    assert_true(narrow_step(narrow, 0));
    assert_int_equal(narrow_count(narrow), 2);
    assert_int_equal(narrow_at(narrow, 0), 2); /* used lately */
    narrow_free(narrow);
    free_texts(&texts);
}

/* A slice does not go on for long after its time: entries are looked at 64 at a time. */
static void test_slices(void **state)
{
    (void)state;
    struct texts texts = {0};
    make_paths(&texts, 50000);
    struct narrow *narrow = narrow_new((struct narrow_source){.text = text_at, .data = &texts});
    narrow_reset(narrow, texts.len);
    narrow_set(narrow, STR_LIT("e"));
    size_t slices = 0;
    while (!narrow_step(narrow, 500)) {
        slices++;
        assert_true(slices < 100000);
    }
    assert_true(slices > 1);
    size_t all = narrow_matches(narrow);
    uint64_t begun = loop_now_us();
    narrow_set(narrow, STR_LIT("ek8slabtag99"));
    narrow_step(narrow, 0);
    printf(
        "# 12 letters over %zu of 50,000: %.1f ms\n", all, (double)(loop_now_us() - begun) / 1e3);
    assert_true(narrow_matches(narrow) < all);
    narrow_free(narrow);
    free_texts(&texts);
}

/* What hands that know fzf expect first. */
static void test_habits(void **state)
{
    (void)state;
    static const struct {
        const char *needle, *first, *second;
    } table[] = {
        {"lt", "policies/k8s/latest_tag/src.rego", "policies/result.rego"},
        {"tagtest", "k8s/latest_tag/latest_tag_test.rego", "stages/gates/latest.rego"},
        {"main", "conftest/main.rego", "maintenance/windows/a_in.rego"},
        {"cont", "\"spec\": {\"containers\": [", "no_concatenation"},
        {"k8s src", "policies/k8s/latest/src.rego", "policies/k8s/source/other_c.rego"},
        {"deny", "deny.rego", "deny_everything_else.rego"},
        {"sT", "saveTheme", "sometimes aT"},
        {"theme", "theme  View: Choose the colours",
            "external  Editor: Open the file in $EDITOR, and come back"},
        {"save", "save all  Everywhere: Save all changed files", "s a view"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        int first = fuzzy_score(str_of(table[i].first), str_of(table[i].needle), NULL);
        int second = fuzzy_score(str_of(table[i].second), str_of(table[i].needle), NULL);
        if (first <= second) {
            fail_msg("%s: %s (%d) is not before %s (%d)", table[i].needle, table[i].first, first,
                table[i].second, second);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_all_at_once),
        cmocka_unit_test(test_bonus),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_habits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
