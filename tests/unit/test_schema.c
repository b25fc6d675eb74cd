/* The validator against the suite that validators of all languages are tested with (Debian's
 * json-schema-test-suite: drafts 7, and before), and what the suite does not ask: what is refused,
 * what is said, newer keywords, the strict mode. */
#include "test.h"

#include "base/json.h"
#include "base/path.h"
#include "schema/schema.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static const char suite[] = "/usr/share/json-schema-test-suite/tests/draft7";

/* Where draft 7 differs from what schema.h says. */
static const struct {
    const char *group, *test; /* NULL: all of the group */
} other[] = {
    {"ref overrides any sibling keywords", NULL},
};

static bool is_other(const char *group, const char *test)
{
    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        if (strcmp(other[i].group, group) == 0 &&
            (other[i].test == NULL || strcmp(other[i].test, test) == 0)) {
            return true;
        }
    }
    return false;
}

struct count {
    size_t tests, refused, groups;
};

static void run_group(const char *file, const cJSON *group, struct count *count)
{
    struct err err;
    char *text = json_print(json_get(group, "schema"));
    const char *name = json_string(group, "description");
    struct schema *schema = schema_parse(str_of(text), &err);
    count->groups++;
    count->refused += schema == NULL;
    const cJSON *test;
    cJSON_ArrayForEach(test, json_get(group, "tests"))
    {
        const char *what = json_string(test, "description");
        if (schema == NULL || is_other(name, what)) {
            continue;
        }
        struct buf problems = BUF_INIT;
        bool valid = schema_check(schema, json_get(test, "data"), &problems);
        if (valid != json_bool_or(test, "valid", false)) {
            fail_msg("%s: %s: %s: %s", file, name, what,
                problems.len > 0 ? problems.ptr : "called valid");
        }
        assert_int_equal(valid, problems.len == 0);
        buf_free(&problems);
        count->tests++;
    }
    schema_free(schema);
    free(text);
}

static void agrees_with_the_suite(void **state)
{
    (void)state;
    struct count count = {0};
    DIR *dir = opendir(suite);
    if (dir == NULL) {
        print_message("skipped: no json-schema-test-suite on this machine (scripts/setup)\n");
        skip();
        return; /* for the analyzer: skip does not come back */
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct err err;
        if (!str_ends(str_of(entry->d_name), ".json")) {
            continue;
        }
        char *path = path_join(suite, entry->d_name);
        cJSON *groups = json_parse_file(path, 1 << 20, &err);
        assert_non_null(groups);
        const cJSON *group;
        cJSON_ArrayForEach(group, groups)
        {
            run_group(entry->d_name, group, &count);
        }
        cJSON_Delete(groups);
        free(path);
    }
    closedir(dir);
    print_message(
        "%zu tests agree; %zu of %zu schemas refused\n", count.tests, count.refused, count.groups);
    assert_true(count.tests > 300);
    assert_true(count.refused < count.groups / 4);
}

/* ---- what the suite does not ask ---- */

static struct schema *parse(const char *text)
{
    struct err err;
    struct schema *schema = schema_parse(str_of(text), &err);
    if (schema == NULL) {
        fail_msg("%s", err.text);
    }
    return schema;
}

static void refuses(const char *text, const char *said)
{
    struct err err;
    struct schema *schema = schema_parse(str_of(text), &err);
    assert_null(schema);
    if (strstr(err.text, said) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", said, err.text);
    }
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    refuses("{", "no JSON");
    refuses("3", "must be a schema");
    refuses("{\"typ\":\"string\"}", "the keyword \"typ\" is not known");
    refuses("{\"properties\":{\"a/b\":{\"unevaluatedItems\":false}}}", "/properties/a/b: ");
    refuses("{\"type\":\"strnig\"}", "/type: names no type");
    refuses("{\"format\":\"uri\"}", "/format: this format is not known");
    refuses("{\"pattern\":\"(\"}", "/pattern: the pattern is wrong");
    refuses("{\"patternProperties\":{\"(\":{}}}", "the pattern is wrong");
    refuses("{\"$ref\":\"other.json\"}", "names no schema of this document");
    refuses("{\"$ref\":\"#/examples/0\",\"examples\":[{\"type\":3}]}", "names no schema");
    refuses("{\"required\":[1]}", "/required: must be an array of strings");
    refuses("{\"minItems\":-1}", "/minItems: must be a whole number");
    refuses("{\"anyOf\":[]}", "not empty");
    refuses("{\"items\":[{}]}", "/items: must be a schema");
    struct buf deep = BUF_INIT;
    for (unsigned i = 0; i < 200; i++) {
        buf_append_c(&deep, "{\"not\":");
    }
    buf_append_c(&deep, "true");
    buf_append_repeat(&deep, '}', 200);
    refuses(deep.ptr, "schemas deep");
    buf_free(&deep);
}

static void says(const char *schema_text, const char *value, const char *expected)
{
    struct schema *schema = parse(schema_text);
    struct buf problems = BUF_INIT;
    cJSON *parsed;
    bool ok = schema_check_text(schema, str_of(value), &parsed, &problems);
    assert_int_equal(ok, expected[0] == '\0');
    assert_string_equal(problems.len == 0 ? "" : problems.ptr, expected);
    cJSON_Delete(parsed);
    buf_free(&problems);
    schema_free(schema);
}

static void a_mismatch_is_named_with_its_place(void **state)
{
    (void)state;
    static const char list[] =
        "{\"type\":\"object\",\"required\":[\"controls\"],\"additionalProperties\":false,"
        "\"properties\":{\"controls\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/c\"}}},"
        "\"$defs\":{\"c\":{\"type\":\"object\",\"required\":[\"id\",\"kind\"],\"properties\":{"
        "\"id\":{\"type\":\"string\",\"pattern\":\"^[0-9.]+$\"},"
        "\"kind\":{\"enum\":[\"gatekeeper\",\"kyverno\"]}}}}}";
    says(list, "{\"controls\":[{\"id\":\"5.2.1\",\"kind\":\"kyverno\"}]}", "");
    says(list, "```json\n{\"controls\":[]}\n```\n", "");
    says(list, "{\"controls\":[{\"id\":7,\"kind\":\"x\"},{\"id\":\"a\"}],\"more\":1}",
        "/controls/0/id: is of type number, must be string\n"
        "/controls/0/kind: is \"x\", must be one of \"gatekeeper\", \"kyverno\"\n"
        "/controls/1: has no \"kind\", which is required\n"
        "/controls/1/id: does not match the pattern ^[0-9.]+$\n"
        "the value: has \"more\", which is not allowed\n");
    says(list, "Here it is: {}", "the answer is no JSON value: not valid JSON at byte 0\n");
    says("{\"properties\":{\"a~/b\":{\"const\":1}}}", "{\"a~/b\":\"\\u001b[2J\"}",
        "/a~0~1b: is \"\\u001b[2J\", must be 1\n");
}

static void newer_keywords_count(void **state)
{
    (void)state;
    static const char pair[] = "{\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"number\"}],"
                               "\"items\":false}";
    says(pair, "[\"a\", 1]", "");
    says(pair, "[\"a\", 1, 2]", "/2: must not be there\n");
    says("{\"contains\":{\"const\":1},\"minContains\":2,\"maxContains\":3}", "[1, 2, 1]", "");
    says("{\"contains\":{\"const\":1},\"minContains\":2}", "[1]",
        "the value: has 1 items of the kind that must be there, at least 2 are needed\n");
    says("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
        "the value: has no \"b\", which is required\n");
    says("{\"format\":\"date-time\"}", "\"2026-02-29T10:00:00Z\"", "the value: is no date-time\n");
    says("{\"format\":\"ipv6\"}", "\"::1\"", "");
    says("{\"format\":\"duration\"}", "\"P3D\"", "");
    /* Without end: told, not run. */
    says("{\"$ref\":\"#\"}", "1",
        "the value: is too deep for the schema, which may refer to itself without end\n");
}

static void many_mismatches_are_bounded(void **state)
{
    (void)state;
    struct buf value = BUF_INIT;
    buf_append_c(&value, "[0");
    for (unsigned i = 0; i < 99; i++) {
        buf_append_c(&value, ",0");
    }
    buf_append_c(&value, "]");
    struct schema *schema = parse("{\"items\":{\"type\":\"string\"}}");
    struct buf problems = BUF_INIT;
    cJSON *parsed;
    assert_false(schema_check_text(schema, buf_str(&value), &parsed, &problems));
    assert_true(str_ends(buf_str(&problems), "(80 more)\n"));
    cJSON_Delete(parsed);
    buf_free(&problems);
    buf_free(&value);
    schema_free(schema);
}

static void is_strict(const char *text, bool expected)
{
    struct schema *schema = parse(text);
    assert_int_equal(schema_is_strict(schema), expected);
    schema_free(schema);
}

static void the_strict_mode_is_known(void **state)
{
    (void)state;
    is_strict("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"string\",\"null\"]}},"
              "\"required\":[\"a\"],\"additionalProperties\":false}",
        true);
    is_strict("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
              "\"additionalProperties\":false}",
        false);
    is_strict("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":"
              "\"object\"}}},\"required\":[\"a\"],\"additionalProperties\":false}",
        false);
    is_strict("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", false);
    is_strict("true", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_suite),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(a_mismatch_is_named_with_its_place),
        cmocka_unit_test(newer_keywords_count),
        cmocka_unit_test(many_mismatches_are_bounded),
        cmocka_unit_test(the_strict_mode_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
