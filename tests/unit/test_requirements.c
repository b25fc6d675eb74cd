/* Requirements matrices as they come from spreadsheets, and OSCAL catalogues. */
#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "control/csv.h"
#include "control/requirements.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "5.2.2|text|cis-k8s 1.9|3;" for each, or "error: …". */
static char *read_with(const char *map, unsigned want, struct str text)
{
    struct requirements_map columns = {0};
    struct requirements list;
    struct buf out = BUF_INIT;
    struct err err;
    if (map != NULL) {
        assert_true(requirements_map_add(&columns, str_of(map), &err));
    }
    if (!requirements_parse(text, "r.csv", &columns, want, &list, &err)) {
        assert_null(list.items);
        requirements_map_free(&columns);
        return mem_printf("error: %s", err.text);
    }
    for (size_t i = 0; i < list.len; i++) {
        const struct requirement *r = &list.items[i];
        char *words = requirement_words(r);
        buf_printf(&out, "%s|%s|%s %s|%zu;", r->id, words, r->framework, r->version, r->line);
        free(words);
    }
    requirements_free(&list);
    requirements_map_free(&columns);
    return buf_take(&out);
}

static void expect(const char *text, const char *want)
{
    char *have = read_with(NULL, WANT_TEXT, str_of(text));
    assert_string_equal(have, want);
    free(have);
}

static void expect_error(const char *text, const char *part)
{
    char *have = read_with(NULL, WANT_TEXT, str_of(text));
    if (strncmp(have, "error: ", 7) != 0 || strstr(have, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, have);
    }
    free(have);
}

static void spreadsheets(void **state)
{
    (void)state;
    expect("control_id,control_description,framework\nK8S-01,\"No, never\",internal\n",
        "K8S-01|No, never|internal |2;");
    expect("\xef\xbb\xbfID;Text\r\n1.1;eins\r\n1.2;\"zwei; und\r\ndrei \"\"4\"\"\"\r\n1.3;x",
        "1.1|eins| |2;1.2|zwei; und\r\ndrei \"4\"| |3;1.3|x| |5;");
    expect("id\tdescription\tversion\n5.2.1\ta, b; c\t1.9\n", "5.2.1|a, b; c| 1.9|2;");
    expect("sep=;\r\nid;text\r\n1.1;a,b\r\n", "1.1|a,b| |3;");
    expect("id,text\rA-1,x\rA-2,y\r", "A-1|x| |2;A-2|y| |3;");
    expect("Control ID,Title,Description\nA-1,Short,Long\nA-2,Only,\n",
        "A-1|Short: Long| |2;A-2|Only| |3;");
    /* Empty rows, rows of delimiters only, a row cut short. */
    expect("id,text,version\n\nA-1,x,1\n,,\n\n   \nA-2,y\n", "A-1|x| 1|3;A-2|y| |7;");
    /* The same id of two frameworks is two controls. */
    expect("id,text,framework,version\n1.1,a,cis,1.8\n1.1,b,cis,1.9\n1.1,c,pci,\n",
        "1.1|a|cis 1.8|2;1.1|b|cis 1.9|3;1.1|c|pci |4;");
}

static void mistakes(void **state)
{
    (void)state;
    expect_error("", "r.csv: the file is empty");
    expect_error("\n\n", "r.csv: the file is empty");
    expect_error("id,text\n", "no control below");
    expect_error("number of it,words\n1,a\n", "r.csv:1: no column holds the id of a control; there "
                                              "are: number of it, words. Say which with --map");
    expect_error("id,words\n1,a\n", "holds the description of a control");
    expect_error("id,text\nA,x\nB,y\n\nA,z\n", "r.csv:5: the control A stands in line 2 already");
    expect_error("id,text\nA,x\n,y\n", "r.csv:3: this row has no id");
    expect_error("id,text\nA,x,y\n", "r.csv:2: 3 fields, and the header names 2 columns");
    expect_error("id,text\nA,\"x\nB,y\n", "r.csv:2: a quoted field");
    expect_error("id,text\nA,x\nB,say \"this\"\n", "r.csv:3: a quote stands inside");
    expect_error("id,text\nA,x\nB,\xff\xfe\n", "r.csv:3: not valid UTF-8");
    expect_error("id,text\nA,gr\xc3\nB,y\n", "r.csv:2: not valid UTF-8");
    char *have = read_with(NULL, WANT_TEXT, str_make("\xff\xfei\0d\0", 6));
    assert_non_null(strstr(have, "UTF-16"));
    free(have);
    have = read_with(NULL, WANT_TEXT, str_make("id,text\nA,x\0y\n", 14));
    assert_non_null(strstr(have, "NUL"));
    free(have);
}

static void mapping(void **state)
{
    (void)state;
    struct str text = STR_LIT("Nr,Was,id\nA,x,1\n");
    char *have = read_with("id=Nr, description=was", WANT_TEXT, text);
    assert_string_equal(have, "A|x| |2;");
    free(have);
    have = read_with("description=Wer", WANT_TEXT, text);
    assert_string_equal(have, "error: r.csv:1: no column is called Wer, as the mapping of "
                              "description says; there are: Nr, Was, id");
    free(have);
    have = read_with(NULL, 0, text);
    assert_string_equal(have, "1|| |2;");
    free(have);
    struct requirements_map map = {0};
    struct err err;
    assert_false(requirements_map_add(&map, STR_LIT("ident=Nr"), &err));
    assert_non_null(strstr(err.text, "ident=Nr: a mapping is written"));
    assert_false(requirements_map_add(&map, STR_LIT("id"), &err));
    assert_false(requirements_map_add(&map, STR_LIT("id="), &err));
    requirements_map_free(&map);
}

static void questions(void **state)
{
    (void)state;
    struct requirements list;
    struct err err;
    assert_true(requirements_parse(
        STR_LIT("id,text\n5.2.1,a\n5.2.10,b\nK8S-01,c\n"), "r.csv", NULL, 0, &list, &err));
    assert_ptr_equal(requirements_find(&list, STR_LIT("k8s-01")), &list.items[2]);
    assert_null(requirements_find(&list, STR_LIT("5.2")));
    assert_true(requirement_is_among(&list.items[0], STR_LIT("x, 5.2.1")));
    assert_false(requirement_is_among(&list.items[1], STR_LIT("5.2.1")));
    assert_true(requirement_is_among(&list.items[1], STR_LIT("K,5.2.*")));
    assert_false(requirement_is_among(&list.items[1], STR_LIT("")));
    requirements_free(&list);
}

static void catalogues(void **state)
{
    (void)state;
    static const char catalogue[] =
        "{\"catalog\":{\"uuid\":\"74c8ba1e-5cd4-4ad1-bbfd-d888e2f6c724\",\"metadata\":{\"title\":"
        "\"Ours\",\"last-modified\":\"2026-01-01T00:00:00Z\",\"version\":\"2\",\"oscal-version\":"
        "\"1.1.2\"},\"groups\":[{\"id\":\"ac\",\"title\":\"Access\",\"controls\":[{\"id\":\"ac-2\","
        "\"title\":\"Accounts\",\"params\":[{\"id\":\"ac-2_prm_1\",\"label\":\"how often\"}],"
        "\"props\":[{\"name\":\"label\",\"value\":\"AC-2\"}],\"parts\":[{\"name\":\"statement\","
        "\"parts\":[{\"name\":\"item\",\"props\":[{\"name\":\"label\",\"value\":\"a.\"}],\"prose\":"
        "\"Review {{ insert: param, ac-2_prm_1 }};\"}]},{\"name\":\"guidance\",\"prose\":\"no\"}],"
        "\"controls\":[{\"id\":\"ac-2.1\",\"title\":\"Automated\"},{\"id\":\"ac-2.10\",\"title\":"
        "\"Gone\",\"props\":[{\"name\":\"status\",\"value\":\"withdrawn\"}]}]}]}],\"controls\":[{"
        "\"id\":\"x-1\",\"title\":\"Loose\",\"parts\":[{\"name\":\"guidance\",\"prose\":\"yes\"}]}"
        "]}}";
    expect(catalogue, "x-1|Loose: yes|Ours 2|0;ac-2|Accounts: a. Review [how often];|Ours 2|0;"
                      "ac-2.1|Automated|Ours 2|0;");
    expect_error("{\"profile\":{}}", "JSON without a \"catalog\"");
    expect_error("{\"catalog\":{\"controls\":[]}}", "has no controls");
    expect_error("{\"catalog\":{\"controls\":[{\"title\":\"x\"}]}}", "has no id");
    expect_error("{\"catalog\":{\"controls\":[{\"id\":\"x\"},{\"id\":\"x\"}]}}", "x stands twice");
    expect_error("{\"catalog\":", "r.csv: not valid JSON at byte");
}

/* More than is held at a time, and a row that goes over the ends of blocks. */
static void long_files(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "id,text,more\n");
    for (int i = 0; i < 20000; i++) {
        buf_printf(&text, "C-%d,\"words of it\nand more\",%040d\n", i, i);
    }
    char path[] = "/tmp/bylaw-requirements-XXXXXX";
    int fd = mkstemp(path);
    struct err err;
    assert_true(fd >= 0 && file_write_all(fd, buf_str(&text), &err));
    close(fd);
    struct requirements list;
    assert_true(requirements_read(path, NULL, WANT_TEXT, &list, &err));
    assert_int_equal(list.len, 20000);
    assert_int_equal(list.items[19999].line, 2 + 19999 * 2);
    assert_string_equal(list.items[12345].text, "words of it\nand more");
    requirements_free(&list);
    buf_append_c(&text, "D,\"");
    buf_append_repeat(&text, 'x', (size_t)2 << 20);
    assert_false(requirements_parse(buf_str(&text), "r.csv", NULL, 0, &list, &err));
    assert_non_null(strstr(err.text, "r.csv:40002: a field of more than 1 MiB"));
    unlink(path);
    assert_false(requirements_read(path, NULL, WANT_TEXT, &list, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    buf_free(&text);
}

static bool take_back(void *data, const struct csv_row *row, struct err *err)
{
    (void)err;
    csv_append_row(data, row->items, row->len);
    return true;
}

static void writing(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct buf again = BUF_INIT;
    struct err err;
    const struct str cells[] = {
        STR_LIT("a b"), STR_LIT("x,\"y\"\r\nz"), STR_LIT(""), STR_LIT(" c")};
    csv_append_row(&out, cells, ARRAY_LEN(cells));
    assert_string_equal(out.ptr, "a b,\"x,\"\"y\"\"\r\nz\",,\" c\"\r\n");
    assert_true(csv_read_text(buf_str(&out), "x", take_back, &again, &err));
    assert_string_equal(again.ptr, out.ptr);
    buf_free(&out);
    buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spreadsheets),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(mapping),
        cmocka_unit_test(questions),
        cmocka_unit_test(catalogues),
        cmocka_unit_test(long_files),
        cmocka_unit_test(writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
