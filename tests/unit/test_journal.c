#include "test.h"

#include "agent/journal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct records {
    struct buf text;
};

static void note(void *data, const char *kind, const cJSON *record)
{
    struct records *records = data;
    buf_printf(&records->text, "%s=%s;", kind, json_string_or(record, "text", ""));
}

static char *state_dir;

static int set_up(void **state)
{
    (void)state;
    state_dir = test_dir_make();
    setenv("XDG_STATE_HOME", state_dir, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(state_dir);
    return 0;
}

static char *only_session_path(const char *id)
{
    char *dirs = mem_printf("%s/bylaw/sessions/ws-%08llx/%s.jsonl", state_dir,
        str_hash(STR_LIT("/some/ws")) & 0xffffffffu, id);
    return dirs;
}

static void append(struct journal *journal, const char *kind, const char *text)
{
    struct err err;
    cJSON *record = cJSON_CreateObject();
    json_set_string(record, "text", text);
    assert_ok(journal_append(journal, kind, record, false, &err), err);
}

static void what_was_appended_comes_back(void **state)
{
    (void)state;
    struct err err;
    struct journal *journal = journal_create("/some/ws", &err);
    assert_non_null(journal);
    char *id = mem_strdup(journal_id(journal));
    secret_register(STR_LIT("sk-verysecret"));
    append(journal, "prompt", "Deny\nlatest");
    append(journal, "delta", "with sk-verysecret inside");
    secret_clear();
    /* A second process must not write between our lines. */
    assert_null(journal_open("/some/ws", id, note, NULL, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    journal_free(journal);

    struct records seen = {BUF_INIT};
    journal = journal_open("/some/ws", id, note, &seen, &err);
    assert_non_null(journal);
    assert_string_equal(seen.text.ptr, "session=;prompt=Deny\nlatest;delta=with [secret] inside;");
    buf_free(&seen.text);
    struct session_infos list = {0};
    assert_ok(journal_list("/some/ws", &list, &err), err);
    assert_int_equal(list.len, 1);
    assert_string_equal(list.items[0].title, "Deny");
    assert_true(list.items[0].open);
    session_infos_free(&list);
    journal_free(journal);
    free(id);
}

static void any_torn_end_is_mended(void **state)
{
    (void)state;
    struct err err;
    struct journal *journal = journal_create("/some/ws", &err);
    char *id = mem_strdup(journal_id(journal));
    append(journal, "a", "1");
    append(journal, "b", "2");
    journal_free(journal);
    char *path = only_session_path(id);
    struct buf whole = BUF_INIT;
    assert_ok(file_read(path, 1 << 20, &whole, &err), err);
    size_t second = str_find(buf_str(&whole), STR_LIT("\n"), 0) + 1;
    for (size_t cut = second; cut <= whole.len; cut++) {
        assert_ok(file_write(path, str_slice(buf_str(&whole), 0, cut), 0600, &err), err);
        struct records seen = {BUF_INIT};
        journal = journal_open("/some/ws", id, note, &seen, &err);
        assert_non_null(journal);
        append(journal, "c", "3");
        journal_free(journal);
        buf_clear(&seen.text);
        journal = journal_open("/some/ws", id, note, &seen, &err);
        assert_non_null(journal);
        assert_true(str_ends(buf_str(&seen.text), "c=3;"));
        journal_free(journal);
        buf_free(&seen.text);
    }
    /* Damage in the middle is not silently skipped. */
    whole.ptr[second] = 'x';
    assert_ok(file_write(path, buf_str(&whole), 0600, &err), err);
    struct records seen = {BUF_INIT};
    assert_null(journal_open("/some/ws", id, note, &seen, &err));
    assert_non_null(strstr(err.text, "line 2 is damaged"));
    buf_free(&seen.text);
    buf_free(&whole);
    free(path);
    free(id);
}

/* A limit on the size of files stands for a disk that is full: the first bytes of a line fit. */
static void a_full_disk_leaves_no_gap(void **state)
{
    (void)state;
    struct err err;
    struct journal *journal = journal_create("/some/ws", &err);
    char *id = mem_strdup(journal_id(journal));
    append(journal, "a", "1");
    char *path = only_session_path(id);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit full = {(rlim_t)st.st_size + 5, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    assert_false(journal_append(journal, "b", NULL, false, &err));
    assert_non_null(strstr(err.text, path));
    assert_false(journal_append(journal, "c", NULL, false, &err));
    assert_false(journal_is_saved(journal));
    /* What is in the file is whole, were the program killed now. */
    struct stat cut;
    assert_int_equal(stat(path, &cut), 0);
    assert_int_equal(cut.st_size, st.st_size);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    append(journal, "d", "4");
    assert_true(journal_is_saved(journal));
    journal_free(journal);
    struct records seen = {BUF_INIT};
    journal = journal_open("/some/ws", id, note, &seen, &err);
    assert_non_null(journal);
    assert_true(str_ends(buf_str(&seen.text), "a=1;b=;c=;d=4;"));
    journal_discard(journal);
    journal_free(journal);
    assert_int_equal(stat(path, &st), -1);
    buf_free(&seen.text);
    free(path);
    free(id);
}

static void a_strange_id_is_refused(void **state)
{
    (void)state;
    struct err err;
    assert_null(journal_open("/some/ws", "../../etc/passwd", note, NULL, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_null(journal_open("/some/ws", "20000101-000000-0000", note, NULL, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* Who watches the sessions looks at their folder alone: what has weight is seen there too, and it
 * is said whether somebody wants the session. */
static void what_has_weight_is_seen(void **state)
{
    (void)state;
    struct err err;
    struct records records = {0};
    struct journal *journal = journal_create("/some/ws", &err);
    assert_non_null(journal);
    char *path = only_session_path(journal_id(journal));
    char *dir = path_dir(path);
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, dir, long_ago, 0), 0);
    int64_t stamp = journal_stamp("/some/ws");
    assert_ok(journal_append(journal, "text", NULL, false, &err), err);
    assert_int_equal(journal_stamp("/some/ws"), stamp);
    assert_ok(journal_append(journal, "proposal", NULL, true, &err), err);
    assert_int_not_equal(journal_stamp("/some/ws"), stamp);
    assert_false(journal_is_wanted(journal));
    assert_ok(journal_want("/some/ws", journal_id(journal), &err), err);
    assert_true(journal_is_wanted(journal));
    char *id = mem_strdup(journal_id(journal));
    journal_free(journal);
    journal = journal_open("/some/ws", id, note, &records, &err); /* it is had now */
    assert_non_null(journal);
    assert_false(journal_is_wanted(journal));
    journal_free(journal);
    buf_free(&records.text);
    free(id);
    free(dir);
    free(path);
}

static void bytes_keep_their_value(void **state)
{
    (void)state;
    const struct str cases[] = {STR_LIT(""), STR_LIT("plain"), STR_LIT("\xff"), STR_LIT("\xff\xfe"),
        STR_LIT("a\0b"), STR_LIT("\x80\x81\x82\x83"), STR_LIT("ü\n")};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *obj = cJSON_CreateObject();
        json_set_bytes(obj, "x", cases[i]);
        struct buf out = BUF_INIT;
        assert_true(json_get_bytes(obj, "x", &out));
        assert_true(str_equal(buf_str(&out), cases[i]));
        buf_free(&out);
        cJSON_Delete(obj);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_appended_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_torn_end_is_mended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_no_gap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_strange_id_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_weight_is_seen, set_up, tear_down),
        cmocka_unit_test(bytes_keep_their_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
