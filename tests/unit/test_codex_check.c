/* What today's Codex makes of an earlier one's configuration; integration/doctor holds the real
 * Codex against it. */
#include "test.h"

#include "base/vec.h"
#include "config/codex_check.h"
#include "config/toml.h"
#include "config/toml_write.h"

#include <stdlib.h>

static char *home;

static int set_up(void **state)
{
    (void)state;
    home = test_dir_make();
    setenv("XDG_CONFIG_HOME", home, 1);
    setenv("CODEX_HOME", home, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(home);
    return 0;
}

/* One line each: "LINE! what" when it is fatal, "LINE what" else, up to the first colon after. */
static void expect(const char *text, const char *expected)
{
    struct codex_findings findings;
    struct buf out = BUF_INIT;
    test_write(home, "config.toml", text);
    struct config *config = config_load(NULL);
    codex_check(config, &findings);
    VEC_FOREACH (struct codex_finding, finding, &findings) {
        assert_true(finding->is_main);
        assert_true(str_starts(str_of(finding->text), home));
        buf_printf(&out, "%u%s %s\n", finding->at->row, finding->is_fatal ? "!" : "",
            finding->at->key == NULL ? "(a hook)" : finding->at->key);
    }
    assert_string_equal(out.len == 0 ? "" : out.ptr, expected);
    buf_free(&out);
    codex_findings_free(&findings);
    config_free(config);
}

static void each_old_name_is_found(void **state)
{
    (void)state;
    expect("model = \"m\"\napproval_policy = \"on-request\"\nsandbox_mode = \"read-only\"\n", "");
    expect("approval_policy = \"unless-allow-listed\"\nsandbox_permissions = \"read-only\"\n",
        "1! approval_policy\n2 sandbox_permissions\n");
    expect("approval_policy = \"untrusted\"\nsandbox_mode = \"x\"\nprofile = \"p\"\n",
        "1! approval_policy\n2! sandbox_mode\n3! profile\n");
    expect("[[hooks]]\nevent = \"Stop\"\n[profiles.p]\napproval_policy = \"untrusted\"\n"
           "[profiles.q]\napproval_policy = \"unless-allow-listed\"\n",
        "1! hooks\n3 p\n6! approval_policy\n5 q\n");
    expect("[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\ntimeout_ms = 3\n"
           "[model_providers.x]\nwire_api = \"chat\"\n",
        "4 timeout_ms\n2 (a hook)\n6! wire_api\n");
    expect("[[hooks.PostToolUse]]\ncommand = \"x\"\n", "1 (a hook)\n");
    expect("model_reasoning_effort = \"\"\n", "1! model_reasoning_effort\n");
}

static bool omit_old(const void *data, const struct toml *item)
{
    return item->key != NULL && strcmp(item->key, data) == 0;
}

static void what_is_written_reads_the_same(void **state)
{
    static const char text[] = "a = \"x\\\"\\\\\\n\\u0001é\"\nb = -3\nc = 1.5\nd = 2.0\ne = [1, "
                               "[true, 'q'], {f = 1979-05-27}]\n"
                               "[t.\"k.1\"]\nold = 1\nnew = []\n[[u]]\ng = 1\n[[u]]\nold = 2\n";
    static const char written[] =
        "\"a\" = \"x\\\"\\\\\\u000a\\u0001é\"\n\"b\" = -3\n\"c\" = 1.5\n\"d\" = 2.0\n"
        "\"e\" = [1, [true, \"q\"], {\"f\" = 1979-05-27}]\n\"t\" = {\"k.1\" = {\"new\" = []}}\n"
        "\"u\" = [{\"g\" = 1}, {}]\n";
    struct err err;
    (void)state;
    struct toml *root = toml_parse(str_of(text), "t", &err);
    assert_ok(root != NULL, err);
    struct buf out = BUF_INIT;
    toml_write(root, omit_old, "old", &out);
    assert_string_equal(out.ptr, written);
    struct toml *again = toml_parse(buf_str(&out), "t", &err);
    assert_ok(again != NULL, err);
    assert_string_equal(toml_string_or(again, "a", ""), toml_string_or(root, "a", ""));
    struct buf twice = BUF_INIT;
    toml_write(again, omit_old, "old", &twice);
    assert_string_equal(twice.ptr, written);
    buf_free(&twice);
    buf_free(&out);
    toml_free(again);
    toml_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_old_name_is_found, set_up, tear_down),
        cmocka_unit_test(what_is_written_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
