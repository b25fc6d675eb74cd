/* Codex's three shapes of a change, with the traps that were measured, as one patch that our own
 * parser takes. */
#include "test.h"

#include <stdlib.h>

#include "base/json.h"
#include "codex/codex_private.h"
#include "memory_source.h"
#include "patch/unified.h"

#define ROOT "/scratch/copy"

static struct memory_file files[] = {
    {"a.rego", {"package a\n\nx := 1\ny := 2\nz := 3\n", 32}},
    {"old \"name\".txt", {"one\ntwo", 7}},
    {"gone.txt", {"last words", 10}},
    {"crlf.txt", {"a\r\nb\r\n", 6}},
    {"empty", {"", 0}},
    {"cr.txt", {"a\rb\rc", 5}},
    {"mixed.txt", {"a\r\nb\rc\n\rd\n", 10}},
    {"nul.bin", {"a\0b\n", 4}},
    {"odd.txt", {"a\xef\xbf\xbd\n"
                 "b\n",
                    7}},
    {NULL, {NULL, 0}},
};
static const struct patch_source source = {memory_source_read, files};

static bool read_copy(void *data, const char *relative, struct buf *out)
{
    for (const struct memory_file *file = data; file->path != NULL; file++) {
        if (strcmp(file->path, relative) == 0) {
            buf_append_str(out, file->bytes);
            return true;
        }
    }
    return false;
}

static const struct codex_files codex_files = {files, read_copy};

/* One change of the kind (JSON), with this diff. */
static cJSON *changes_of(const char *path, const char *kind, const char *diff)
{
    cJSON *list = cJSON_CreateArray();
    cJSON *change = cJSON_CreateObject();
    json_set_string(change, "path", path);
    cJSON_AddItemToObject(change, "kind", json_parse(str_of(kind), NULL));
    json_set_string(change, "diff", diff);
    cJSON_AddItemToArray(list, change);
    return list;
}

static void good_changes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *kind, *diff;
        const char *at, *content; /* NULL: deleted */
    } table[] = {
        {ROOT "/a.rego", "{\"type\":\"update\",\"move_path\":null}",
            "@@ -3,3 +3,3 @@\n x := 1\n-y := 2\n+y := 4\n z := 3\n", "a.rego",
            "package a\n\nx := 1\ny := 4\nz := 3\n"},
        {ROOT "/crlf.txt", "{\"type\":\"update\"}", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n",
            "crlf.txt", "a\r\nc\r\n"},
        /* A lone CR ends a line, and no line of the hunk either has another ending. */
        {ROOT "/cr.txt", "{\"type\":\"update\"}",
            "@@ -1,3 +1,4 @@\n a\r-b\r-c\n\\ No newline at end of file\n+B\r+BB\r+c\r", "cr.txt",
            "a\rB\rBB\rc\r"},
        {ROOT "/cr.txt", "{\"type\":\"update\"}",
            "@@ -1 +1,2 @@\n+0\r a\r@@ -2,2 +3,2 @@\n-b\r+B\r c\n\\ No newline at end of file\n",
            "cr.txt", "0\ra\rB\rc"},
        {ROOT "/cr.txt", "{\"type\":\"update\"}",
            "@@ -2,2 +2 @@\n b\r-c\n\\ No newline at end of file\n", "cr.txt", "a\rb\r"},
        {ROOT "/mixed.txt", "{\"type\":\"update\"}",
            "@@ -1,3 +1,3 @@\n a\r\n-b\r+B\r\n c\n@@ -4,2 +4 @@\n-\r d\n", "mixed.txt",
            "a\r\nB\r\nc\nd\n"},
        {ROOT "/cr.txt", "{\"type\":\"update\",\"move_path\":\"" ROOT "/to.txt\"}",
            "@@ -1,2 +1 @@\n a\r-b\r\n\nMoved to: " ROOT "/to.txt", "to.txt", "a\rc"},
        /* What may have been a NUL, and is none. */
        {ROOT "/odd.txt", "{\"type\":\"update\"}", "@@ -1,2 +1,2 @@\n a\xef\xbf\xbd\n-b\n+c\n",
            "odd.txt", "a\xef\xbf\xbd\nc\n"},
        {ROOT "/nul.bin", "{\"type\":\"delete\"}",
            "a\xef\xbf\xbd"
            "b\n",
            "nul.bin", NULL},
        /* An added file is its raw content, whatever that looks like. */
        {ROOT "/new/b.rego", "{\"type\":\"add\"}", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "new/b.rego",
            "--- a/x\n+++ b/x\n@@ -1 +1 @@\n"},
        {ROOT "/open", "{\"type\":\"add\"}", "no\nend", "open", "no\nend"},
        {ROOT "/nothing", "{\"type\":\"add\"}", "", "nothing", ""},
        {ROOT "/blank", "{\"type\":\"add\"}", "\n\n", "blank", "\n\n"},
        {ROOT "/gone.txt", "{\"type\":\"delete\"}", "last words", "gone.txt", NULL},
        {ROOT "/empty", "{\"type\":\"delete\"}", "", "empty", NULL},
        /* One that is there already is replaced, as Codex does it. */
        {ROOT "/a.rego", "{\"type\":\"add\"}", "package b\n", "a.rego", "package b\n"},
        {ROOT "/old \"name\".txt", "{\"type\":\"add\"}", "three", "old \"name\".txt", "three"},
        {ROOT "/empty", "{\"type\":\"add\"}", "x\n", "empty", "x\n"},
        {ROOT "/crlf.txt", "{\"type\":\"add\"}", "", "crlf.txt", ""},
        /* The sentence behind the hunks of a move is no part of them. */
        {ROOT "/old \"name\".txt",
            "{\"type\":\"update\",\"move_path\":\"" ROOT "/dir/new name.txt\"}",
            "@@ -1,2 +1,2 @@\n-one\n+1\n two\n\\ No newline at end of file\n\n\nMoved to: " ROOT
            "/dir/new name.txt",
            "dir/new name.txt", "1\ntwo"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct buf patch = BUF_INIT;
        struct buf report = BUF_INIT;
        struct changes changes = {0};
        struct err err;
        cJSON *list = changes_of(table[i].path, table[i].kind, table[i].diff);
        assert_ok(codex_patch(list, ROOT, &codex_files, &patch, &err), err);
        if (!unified_apply(buf_str(&patch), &source, &changes, &report, &err)) {
            fail_msg("%s\n%s\n%s", err.text, report.len > 0 ? report.ptr : "", patch.ptr);
        }
        assert_int_equal(changes.len, 1);
        assert_string_equal(changes.items[0].path, table[i].at);
        assert_int_equal(changes.items[0].kind == CHANGE_DELETE, table[i].content == NULL);
        if (table[i].content != NULL &&
            !str_equal_c(buf_str(&changes.items[0].content), table[i].content)) {
            fail_msg("%s became: %s", patch.ptr, changes.items[0].content.ptr);
        }
        changes_free(&changes);
        buf_free(&patch);
        buf_free(&report);
        cJSON_Delete(list);
    }
}

static void bad_changes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *kind, *diff, *said;
    } table[] = {
        {ROOT "/cr.txt", "{\"type\":\"update\"}", "@@ -3,2 +3 @@\n c\r-d\r", "not in the file"},
        {ROOT "/cr.txt", "{\"type\":\"update\"}", "@@ -9,2 +9 @@\n c\r-d\r", "not in the file"},
        {ROOT "/cr.txt", "{\"type\":\"update\"}", "@@ -1 +1 @@\n\r", "not in the file"},
        {ROOT "/cr.txt", "{\"type\":\"update\"}", "@@ -1,9 +1 @@\n a\r", "not in the file"},
        {ROOT "/cr.txt", "{\"type\":\"update\"}", "a\r", "not in the file"},
        {ROOT "/none.txt", "{\"type\":\"update\"}", "@@ -1 +1 @@\n-a\r+b\r", "not in the file"},
        {ROOT "/nul.bin", "{\"type\":\"update\"}",
            "@@ -1 +1,2 @@\n a\xef\xbf\xbd"
            "b\n+c\n",
            "holds NUL bytes"},
        {ROOT "/nul.bin", "{\"type\":\"add\"}", "x\n", "holds NUL bytes"},
        {"/etc/passwd", "{\"type\":\"add\"}", NULL, "outside of the workspace"},
        {ROOT "2/x", "{\"type\":\"add\"}", NULL, "outside of the workspace"},
        {ROOT "/../x", "{\"type\":\"add\"}", NULL, "leaves the workspace"},
        {ROOT "/a/../../x", "{\"type\":\"add\"}", NULL, "leaves the workspace"},
        {ROOT "/.git/hooks/pre-commit", "{\"type\":\"add\"}", NULL, ".git"},
        {ROOT "/a/.GIT/config", "{\"type\":\"update\"}", NULL, ".git"},
        {ROOT "/a.rego", "{\"type\":\"update\",\"move_path\":\"/tmp/x\"}", NULL,
            "outside of the workspace"},
        {ROOT "/a.rego", "{\"type\":\"chmod\"}", NULL, "not known here"},
        {ROOT "/a\x1b[31m", "{\"type\":\"add\"}", NULL, "control character"},
        {"", "{\"type\":\"add\"}", NULL, "outside of the workspace"},
        {ROOT, "{\"type\":\"add\"}", NULL, "outside of the workspace"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct buf patch = BUF_INIT;
        struct err err = {0};
        cJSON *list =
            changes_of(table[i].path, table[i].kind, table[i].diff == NULL ? "" : table[i].diff);
        assert_false(codex_patch(list, ROOT, &codex_files, &patch, &err));
        if (strstr(err.text, table[i].said) == NULL) {
            fail_msg("%s: %s", table[i].path, err.text);
        }
        buf_free(&patch);
        cJSON_Delete(list);
    }
    struct buf patch = BUF_INIT;
    struct err err;
    cJSON *none = cJSON_CreateArray();
    assert_false(codex_patch(none, ROOT, NULL, &patch, &err));
    assert_false(codex_patch(NULL, ROOT, NULL, &patch, &err));
    cJSON_Delete(none);
    buf_free(&patch);
}

/* As Codex quotes them; its commandActions would show the first as "cat a". */
static void a_command_is_shown_whole(void **state)
{
    (void)state;
    static const struct {
        const char *quoted, *shown;
    } table[] = {
        {"/bin/bash -lc 'cat a | tee /etc/b'", "cat a | tee /etc/b"},
        {"/bin/zsh -c ls", "ls"},
        {"/bin/bash -lc \"echo it's \\$HOME \\\"x\\\"\"", "echo it's $HOME \"x\""},
        {"/bin/bash -lc 'a'\"'\"'b'", "a'b"},
        {"/bin/bash -lc ''", ""},
        /* Not a shell with one text to run: nothing of it is left out. */
        {"/bin/bash -lc ls /etc", "/bin/bash -lc ls /etc"},
        {"/bin/bash -lic ls", "/bin/bash -lic ls"},
        {"/home/x/bash -c ls", "/home/x/bash -c ls"},
        {"/bin/bash -lc 'ls", "/bin/bash -lc 'ls"},
        {"/bin/bash -lc \"$(ls)\"", "/bin/bash -lc \"$(ls)\""},
        {"/bin/bash -lc ls;rm", "/bin/bash -lc ls;rm"},
        {"write_stdin --session-id 1 'x\n'", "write_stdin --session-id 1 'x\n'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        cJSON *item = json_parse(
            STR_LIT("{\"commandActions\":[{\"type\":\"read\",\"command\":\"cat a\"}]}"), NULL);
        json_set_string(item, "command", table[i].quoted);
        char *shown = codex_command(item);
        assert_string_equal(shown, table[i].shown);
        free(shown);
        cJSON_Delete(item);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_changes),
        cmocka_unit_test(bad_changes),
        cmocka_unit_test(a_command_is_shown_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
