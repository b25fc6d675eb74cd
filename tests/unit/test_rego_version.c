#include "test.h"

#include "engine/rego_version.h"

#include <stdlib.h>

static void assert_version(struct rego_versions *versions, const char *path,
    enum policy_dialect syntax, enum rego_says says, const char *shown)
{
    struct rego_version version = rego_version_of(versions, path, syntax);
    char *text = rego_version_show(&version);
    assert_int_equal(version.says, says);
    assert_string_equal(text, shown);
    free(text);
}

static void who_says_it(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, ".bylaw/config.toml",
        "[engines.opa]\nv0 = [\"legacy/\", \"**/old_*.rego\"]\nv1 = \"legacy/new\"\n");
    test_write(dir, "bundle/.manifest",
        "{\"rego_version\": 0, \"file_rego_versions\": {\"/a/*.rego\": 1, \"/b.rego\": 1}}");
    test_write(dir, "broken/.manifest", "{\"rego_version\": ");
    struct rego_versions *versions = rego_versions_new(dir);
    assert_version(versions, "x.rego", DIALECT_EITHER, REGO_NOBODY,
        "v0 or v1: v1, and v0 where that does not load");
    assert_version(versions, "x.rego", DIALECT_V0, REGO_SYNTAX, "v0: what it is written in");
    assert_version(
        versions, "legacy/x.rego", DIALECT_V1, REGO_SETTINGS, "v0: legacy/ in .bylaw/config.toml");
    assert_version(versions, "legacy/new/x.rego", DIALECT_V0, REGO_SETTINGS,
        "v1: legacy/new in .bylaw/config.toml");
    assert_version(versions, "any/where/old_x.rego", DIALECT_EITHER, REGO_SETTINGS,
        "v0: **/old_*.rego in .bylaw/config.toml");
    assert_version(versions, "bundle/a/x.rego", DIALECT_V0, REGO_MANIFEST_FILE,
        "v1: file_rego_versions in bundle/.manifest");
    assert_version(versions, "bundle/b.rego", DIALECT_EITHER, REGO_MANIFEST_FILE,
        "v1: file_rego_versions in bundle/.manifest");
    assert_version(versions, "bundle/deep/er/x.rego", DIALECT_EITHER, REGO_MANIFEST,
        "v0: rego_version in bundle/.manifest");
    assert_version(versions, "bundle/c.rego", DIALECT_V1, REGO_SYNTAX, "v1: what it is written in");
    assert_version(versions, "broken/x.rego", DIALECT_EITHER, REGO_NOBODY,
        "v0 or v1: v1, and v0 where that does not load");
    rego_versions_free(versions);
    rego_versions_free(NULL);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
