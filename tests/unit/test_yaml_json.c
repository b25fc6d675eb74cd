/* Which YAML document a tool that answers in JSON speaks of. */
#include "test.h"

#include "policy/yaml_json.h"

static enum yaml_likeness compare(const char *yaml, const char *json)
{
    struct err err;
    TSNode content;
    uint32_t at = 0;
    struct str text = str_of(yaml);
    TSTree *tree = yaml_tree_parse(text);
    cJSON *value = json_parse(str_of(json), &err);
    assert_non_null(value);
    assert_true(yaml_next_document(ts_tree_root_node(tree), &at, &content));
    enum yaml_likeness likeness = yaml_json_compare(text, content, value);
    cJSON_Delete(value);
    ts_tree_delete(tree);
    return likeness;
}

static void objects(void **state)
{
    (void)state;
    static const char pod[] = "apiVersion: v1 # a comment\n"
                              "kind: Pod\n"
                              "metadata:\n"
                              "  name: 'it''s'\n"
                              "  labels: {a: \"b\", n: \"5\"}\n"
                              "spec:\n"
                              "  empty: {}\n"
                              "  hostNetwork: false\n"
                              "  # between\n"
                              "  containers:\n"
                              "    - name: x\n"
                              "      ports: [80, 4.50]\n"
                              "    - name: y\n"
                              "      nothing:\n";
    static const char same[] =
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"it's\",\"labels\":{"
        "\"a\":\"b\",\"n\":\"5\"}},\"spec\":{\"empty\":{},\"hostNetwork\":false,\"containers\":[{"
        "\"name\":\"x\",\"ports\":[80,4.5]},{\"name\":\"y\",\"nothing\":null}]}}";
    assert_int_equal(compare(pod, same), YAML_JSON_SAME);
    /* Each single difference is seen. */
    static const char *const changes[][2] = {{"it's", "its"}, {"\"5\"", "5"}, {"80", "81"},
        {"false", "true"}, {"\"y\"", "\"z\""}, {"null", "1"}, {"4.5]", "4.5,6]"}, {",4.5", ""},
        {"\"empty\":{},", ""}, {"\"empty\":{}", "\"empty\":[]"}, {"\"a\":", "\"c\":"}};
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        const char *at = strstr(same, changes[i][0]);
        char *other = mem_printf(
            "%.*s%s%s", (int)(at - same), same, changes[i][1], at + strlen(changes[i][0]));
        enum yaml_likeness likeness = compare(pod, other);
        if (likeness != (strcmp(changes[i][0], "null") == 0 ? YAML_JSON_MAYBE : YAML_JSON_OTHER)) {
            fail_msg("%s: %d", other, likeness);
        }
        free(other);
    }
}

static void expect(const char *yaml, const char *json, enum yaml_likeness likeness)
{
    char *text = mem_printf("x: %s\n", yaml);
    char *object = mem_printf("{\"x\":%s}", json);
    enum yaml_likeness found = compare(text, object);
    if (found != likeness) {
        fail_msg("%s is %s: %d, not %d", yaml, json, found, likeness);
    }
    free(text);
    free(object);
}

/* Where tools differ, or more of YAML would have to be read, it is not said that it is another. */
static void scalars(void **state)
{
    (void)state;
    expect("yes", "true", YAML_JSON_SAME);
    expect("yes", "\"yes\"", YAML_JSON_SAME);
    expect("\"yes\"", "true", YAML_JSON_OTHER);
    expect("Off", "false", YAML_JSON_SAME);
    expect("Off", "true", YAML_JSON_OTHER);
    expect("~", "null", YAML_JSON_SAME);
    expect("word", "null", YAML_JSON_OTHER);
    expect("word", "5", YAML_JSON_MAYBE);
    expect("010", "8", YAML_JSON_MAYBE);
    expect("0x10", "16", YAML_JSON_MAYBE);
    expect("1:30", "90", YAML_JSON_MAYBE);
    expect("1_000", "1000", YAML_JSON_MAYBE);
    expect("1e3", "1000", YAML_JSON_SAME);
    expect("0", "0", YAML_JSON_SAME);
    expect("-5", "-5", YAML_JSON_SAME);
    expect("-5", "5", YAML_JSON_OTHER);
    expect("\"5\"", "5", YAML_JSON_OTHER);
    expect("!!str 5", "\"5\"", YAML_JSON_MAYBE);
    expect("!!str 5", "7", YAML_JSON_MAYBE);
    expect("\"a\\x41\"", "\"aA\"", YAML_JSON_MAYBE);
    expect("\"a\\nb\"", "\"a\\nb\"", YAML_JSON_SAME);
    expect("&a word", "\"word\"", YAML_JSON_SAME);
    expect("&a word\ny: *a", "\"word\",\"y\":\"word\"", YAML_JSON_MAYBE);
    expect("|\n  one\n  two", "\"one\\ntwo\\n\"", YAML_JSON_MAYBE);
    expect(">-\n  one\n  two", "\"one two\"", YAML_JSON_MAYBE);
    expect("|\n  one\n  two", "\"one\\nother\\n\"", YAML_JSON_OTHER);
    expect("one\n  two", "\"one two\"", YAML_JSON_MAYBE);
    expect("'one\n  two'", "\"one three\"", YAML_JSON_OTHER);
    expect("{5: a}", "{\"5\":\"a\"}", YAML_JSON_SAME);
    expect("{yes: a}", "{\"true\":\"a\"}", YAML_JSON_MAYBE);
    expect("{<<: *a, b: c}", "{\"b\":\"c\",\"d\":1}", YAML_JSON_MAYBE);
    expect("[]", "[]", YAML_JSON_SAME);
    expect("[]", "[1]", YAML_JSON_OTHER);
    expect("", "null", YAML_JSON_SAME);
    expect("", "\"\"", YAML_JSON_MAYBE);
    expect("\"\"", "\"\"", YAML_JSON_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects),
        cmocka_unit_test(scalars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
