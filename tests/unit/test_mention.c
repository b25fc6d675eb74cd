/* What a prompt names with "@", and what of it the model is sent. */
#include "test.h"

#include "agent/mention.h"
#include "policy/symbols.h"

#include <stdlib.h>

static void expect_names(const char *prompt, const char *wanted)
{
    struct str rest = str_of(prompt);
    struct str name;
    struct buf got = BUF_INIT;
    buf_append_c(&got, "");
    while (mention_next(&rest, &name)) {
        buf_printf(&got, "<%.*s>", STR_FMT(name));
    }
    assert_string_equal(got.ptr, wanted);
    buf_free(&got);
}

static void names_are_found(void **state)
{
    (void)state;
    expect_names("look at @a.rego.", "<a.rego>");
    expect_names("@a/b.rego:12-40, then (@k8s.tag.deny)?", "<a/b.rego:12-40><k8s.tag.deny>");
    expect_names("mail e@example.org about @", "");
    expect_names("@@x @ y", "<@x>");
    expect_names("@end", "<end>");
    expect_names("", "");
}

static const char rego[] = "package k8s.tag\n\nimport rego.v1\n\ndeny contains msg if {\n"
                           "\tinput.tag == \"latest\"\n\tmsg := \"```\"\n}\n\nother := 1\n";

static bool read_file(void *data, const char *path, struct buf *out, struct err *err)
{
    (void)data;
    if (strcmp(path, "tag.rego") == 0) {
        buf_append_c(out, rego);
        return true;
    }
    if (strcmp(path, "big.txt") == 0) {
        for (int i = 0; i < 20000; i++) {
            buf_printf(out, "line %d\n", i + 1);
        }
        return true;
    }
    if (strcmp(path, "bytes.bin") == 0) {
        buf_append(out, "\0\377", 2);
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "no %s", path);
}

struct told {
    struct buf out, said;
};

static struct told tell(const char *prompt)
{
    struct catalog *catalog = catalog_new();
    catalog_put(catalog, "tag.rego", policy_symbols_parse("tag.rego", str_of(rego)));
    struct mention_source source = {.read = read_file, .catalog = catalog};
    struct told told = {BUF_INIT, BUF_INIT};
    mention_append(str_of(prompt), &source, &told.out, &told.said);
    catalog_free(catalog);
    return told;
}

static void expect_told(const char *prompt, const char *out, const char *said)
{
    struct told told = tell(prompt);
    assert_string_equal(told.out.len == 0 ? "" : told.out.ptr, out);
    assert_string_equal(told.said.len == 0 ? "" : told.said.ptr, said);
    buf_free(&told.out);
    buf_free(&told.said);
}

#define HEAD "[What the prompt names with @, as it is in the workspace now]\n"
#define DENY                                                                                       \
    "\ntag.rego, lines 5-8 of 10\n````\ndeny contains msg if {\n\tinput.tag == \"latest\"\n"       \
    "\tmsg := \"```\"\n}\n````\n"

static void files_and_rules_are_sent(void **state)
{
    (void)state;
    expect_told("nothing is named", "", "");
    expect_told("@no.rego and @no.such.rule, @anybody", "",
        "Not sent: no.rego (names nothing here), no.such.rule (names nothing here)");
    expect_told("@tag.rego:10", HEAD "\ntag.rego, lines 10-10 of 10\n```\nother := 1\n```\n",
        "Sent along: tag.rego, lines 10-10");
    expect_told("@tag.rego:9-99 @x/y",
        HEAD "\ntag.rego, lines 9-10 of 10\n```\n\nother := 1\n```\n",
        "Sent along: tag.rego, lines 9-10. Not sent: x/y (names nothing here)");
    expect_told("why does @k8s.tag.deny fire?", HEAD DENY, "Sent along: tag.rego, lines 5-8");
    expect_told(
        "@data.k8s.tag.deny and again @k8s.tag.deny", HEAD DENY, "Sent along: tag.rego, lines 5-8");
    expect_told("@tag.rego:11", "", "Not sent: tag.rego (no such lines)");
    expect_told("@bytes.bin", HEAD "\nbytes.bin: left out, it is no text.\n",
        "Not sent: bytes.bin (no text)");
    expect_told("@../tag.rego @/etc/passwd @.git/config", "",
        "Not sent: ../tag.rego (names nothing here), /etc/passwd (names nothing here), .git/config "
        "(names nothing here)");
}

static void a_package_is_its_file(void **state)
{
    (void)state;
    struct told told = tell("@k8s.tag");
    assert_non_null(strstr(told.out.ptr, "tag.rego, lines 1-10 of 10"));
    assert_string_equal(told.said.ptr, "Sent along: tag.rego, lines 1-10");
    buf_free(&told.out);
    buf_free(&told.said);
}

static void what_is_sent_is_bounded(void **state)
{
    (void)state;
    struct told told =
        tell("@big.txt @big.txt:10000-20000 @big.txt:15000-20000 @big.txt:19000-20000");
    assert_true(told.out.len < MENTION_ALL_MAX + 2000);
    assert_non_null(strstr(told.out.ptr, "big.txt, lines 1-"));
    assert_non_null(strstr(told.out.ptr, " of 20000 (cut: read the rest with a tool)"));
    assert_non_null(strstr(told.said.ptr, " (cut)"));
    buf_free(&told.out);
    buf_free(&told.said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(files_and_rules_are_sent),
        cmocka_unit_test(a_package_is_its_file),
        cmocka_unit_test(what_is_sent_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
