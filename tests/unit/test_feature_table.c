/* The table of features has all there is and nothing else. */
#include "test.h"

#include "feature_table.h"

static void test_every_feature(void **state)
{
    (void)state;
    struct buf problems = BUF_INIT;
    feature_table_check(&problems);
    if (problems.len > 0) {
        fail_msg("%s", problems.ptr);
    }
    buf_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_feature)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
