#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "text/swap.h"
#include "text/swap_format.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH "/repo/policy.rego"

static char *dir;

static int set_up(void **state)
{
    (void)state;
    char *top = test_dir_make();
    dir = path_join(top, "swap");
    *state = top;
    return 0;
}

static int tear_down(void **state)
{
    free(dir);
    test_dir_remove(*state);
    return 0;
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *handle = opendir(dir);
    struct dirent *entry;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    if (handle != NULL) {
        closedir(handle);
    }
    return count;
}

static void insert(struct text *text, size_t at, const char *bytes)
{
    assert_true(text_insert(text, at, str_of(bytes), NULL));
}

/* What would be offered for PATH when the disk holds `on_disk`, removed when taken; NULL: nothing.
 * The caller frees. */
static char *recover(const char *on_disk, bool *damaged)
{
    struct swap_found found;
    uint32_t pid;
    if (swap_find(dir, PATH, str_of(on_disk), &found, &pid) != SWAP_FOUND) {
        return NULL;
    }
    if (damaged != NULL) {
        *damaged = found.damaged;
    }
    char *content = str_dup(buf_str(&found.content));
    swap_found_close(&found, true);
    return content;
}

static void test_left_behind_is_found(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("package a\n"));
    struct swap *swap = swap_new(NULL, text, PATH, dir);
    assert_int_equal(count_files(), 0);
    insert(text, 0, "# one\n");
    insert(text, 6, "# two\n");
    assert_true(text_undo(text, NULL));
    text_delete(text, 6, 3);
    assert_int_equal(count_files(), 1);
    assert_true(swap_flush(swap, NULL));
    swap_free(swap, false);
    text_free(text);
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    bool damaged = true;
    char *content = recover("package a\n", &damaged);
    assert_string_equal(content, "# one\nkage a\n");
    assert_false(damaged);
    assert_null(recover("package a\n", NULL));
    assert_int_equal(count_files(), 0);
    free(content);
}

static void test_file_mode(void **state)
{
    (void)state;
    mode_t mask = umask(0);
    struct text *text = text_new(STR_LIT(""));
    struct swap *swap = swap_new(NULL, text, PATH, dir);
    insert(text, 0, "x");
    umask(mask);
    struct swap_paths paths = {0};
    DIR *handle = opendir(dir);
    struct dirent *entry;
    while ((entry = readdir(handle)) != NULL) {
        struct stat st;
        char *file = path_join(dir, entry->d_name);
        if (entry->d_name[0] != '.') {
            assert_int_equal(stat(file, &st), 0);
            assert_int_equal(st.st_mode & 07777, 0600);
        }
        free(file);
    }
    closedir(handle);
    /* Its writer lives, so it is no leftover. */
    swap_list(dir, &paths);
    assert_int_equal(paths.len, 0);
    swap_free(swap, false);
    swap_list(dir, &paths);
    assert_int_equal(paths.len, 1);
    assert_string_equal(paths.items[0], PATH);
    free(paths.items[0]);
    VEC_FREE(&paths);
    text_free(text);
}

static void test_saved_and_closed_leave_nothing(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a"));
    struct swap *swap = swap_new(NULL, text, PATH, dir);
    insert(text, 1, "b");
    text_mark_saved(text);
    swap_saved(swap);
    assert_int_equal(count_files(), 0);
    insert(text, 2, "c");
    assert_int_equal(count_files(), 1);
    swap_free(swap, true);
    assert_int_equal(count_files(), 0);
    text_free(text);
}

/* Edits after a save are recovered on top of what was saved, and a text edited while it was being
 * saved is not lost either. */
static void test_after_save(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a"));
    struct swap *swap = swap_new(NULL, text, PATH, dir);
    insert(text, 1, "b");
    text_mark_saved(text);
    swap_saved(swap);
    insert(text, 2, "c");
    swap_free(swap, false);
    char *content = recover("ab", NULL);
    assert_string_equal(content, "abc");
    free(content);

    text_mark_saved(text);
    swap = swap_new(NULL, text, PATH, dir);
    insert(text, 3, "d");
    swap_saved(swap);
    assert_int_equal(count_files(), 1);
    insert(text, 4, "e");
    swap_free(swap, false);
    content = recover("abc", NULL);
    assert_string_equal(content, "abcde");
    free(content);
    text_free(text);
}

static void test_nothing_lost_is_not_offered(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a"));
    struct swap *swap = swap_new(NULL, text, PATH, dir);
    insert(text, 1, "b");
    swap_free(swap, false);
    text_free(text);
    assert_null(recover("ab", NULL));
    assert_int_equal(count_files(), 0);
}

static void test_newest_first(void **state)
{
    (void)state;
    setenv("BYLAW_FAKE_TIME", "1000", 1);
    for (int i = 0; i < 2; i++) {
        struct text *text = text_new(STR_LIT(""));
        struct swap *swap = swap_new(NULL, text, PATH, dir);
        insert(text, 0, i == 0 ? "newer" : "older");
        swap_free(swap, false);
        text_free(text);
        setenv("BYLAW_FAKE_TIME", "900", 1);
    }
    unsetenv("BYLAW_FAKE_TIME");
    char *first = recover("", NULL), *second = recover("", NULL);
    assert_string_equal(first, "newer");
    assert_string_equal(second, "older");
    free(first);
    free(second);
}

/* Another process with unsaved edits of the same file: said, not offered, not touched. */
static void test_busy(void **state)
{
    (void)state;
    int ready[2], done[2];
    assert_int_equal(pipe(ready) | pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        struct text *text = text_new(STR_LIT(""));
        struct swap *swap = swap_new(NULL, text, PATH, dir);
        char byte;
        if (swap != NULL && text_insert(text, 0, STR_LIT("theirs"), NULL) &&
            write(ready[1], "r", 1) == 1) {
            (void)!read(done[0], &byte, 1);
        }
        raise(SIGKILL);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct swap_found found;
    uint32_t pid = 0;
    assert_int_equal(swap_find(dir, PATH, STR_LIT(""), &found, &pid), SWAP_BUSY);
    assert_int_equal(pid, child);
    swap_found_close(&found, true);
    assert_int_equal(count_files(), 1);
    assert_int_equal(write(done[1], "d", 1), 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* The lock went with the process; while it is offered here it is not offered twice. */
    assert_int_equal(swap_find(dir, PATH, STR_LIT(""), &found, &pid), SWAP_FOUND);
    struct swap_found again;
    assert_int_equal(swap_find(dir, PATH, STR_LIT(""), &again, &pid), SWAP_BUSY);
    swap_found_close(&again, false);
    assert_true(str_equal_c(buf_str(&found.content), "theirs"));
    swap_found_close(&found, true);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

/* A process that edits with the loop running is killed at a random moment: everything up to 1 s
 * before is there. It tells how far it was a second ago by its own clock. */
static bool keeps_all_but_a_second(void)
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct loop *loop = loop_new(NULL);
        struct text *text = text_new(STR_LIT(""));
        struct swap *swap = swap_new(loop, text, PATH, dir);
        for (int i = 0; i < 100000; i++) {
            bool ok = swap != NULL && text_insert(text, (size_t)i, STR_LIT("k"), NULL);
            uint64_t stamp[2] = {(uint64_t)i + 1, loop_now_ms()};
            if (!ok || write(told[1], stamp, sizeof stamp) != (ssize_t)sizeof stamp) {
                _exit(1);
            }
            loop_run_once(loop, 1);
        }
        _exit(2);
    }
    close(told[1]);
    uint64_t stamp[2] = {0}, start = loop_now_ms();
    size_t safe = 0;
    struct {
        struct stamp {
            uint64_t keys, ms;
        } * items;
        size_t len, cap;
    } stamps = {0};
    while (loop_now_ms() - start < 1500 &&
           read(told[0], stamp, sizeof stamp) == (ssize_t)sizeof stamp) {
        VEC_PUSH(&stamps, ((struct stamp){stamp[0], stamp[1]}));
    }
    uint64_t killed = loop_now_ms();
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    VEC_FOREACH (struct stamp, one, &stamps) {
        safe = one->ms + 1000 <= killed ? (size_t)one->keys : safe;
    }
    char *content = recover("", NULL);
    bool keeps = safe > 0 && content != NULL && strlen(content) >= safe;
    if (content != NULL) {
        assert_int_equal(strspn(content, "k"), strlen(content));
    }
    free(content);
    VEC_FREE(&stamps);
    close(told[0]);
    return keeps;
}

/* Time is the machine's too, which may let neither of the two run for a while: once is enough. */
static void test_kill(void **state)
{
    (void)state;
    bool kept = false;
    for (int i = 0; i < 10 && !kept; i++) {
        kept = keeps_all_but_a_second();
    }
    assert_true(kept);
}

/* A large base goes out in parts while edits go on; killed half-way, the file on disk stands in. */
static void test_large_base(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT;
    for (int i = 0; i < 300000; i++) {
        buf_printf(&bytes, "line %d\n", i);
    }
    char *on_disk = str_dup(buf_str(&bytes));
    struct loop *loop = loop_new(NULL);
    struct text *text = text_new_take(&bytes);
    struct swap *swap = swap_new(loop, text, PATH, dir);
    insert(text, 0, "first ");
    swap_flush_crash();
    struct buf copy = BUF_INIT, content = BUF_INIT;
    bool damaged;
    char *name = NULL;
    DIR *handle = opendir(dir);
    struct dirent *entry;
    while ((entry = readdir(handle)) != NULL) {
        if (entry->d_name[0] != '.') {
            name = path_join(dir, entry->d_name);
        }
    }
    closedir(handle);
    struct err err = {0};
    assert_ok(file_read(name, SWAP_FILE_MAX, &copy, &err), err);
    assert_in_range(copy.len, 1000, 1 << 20);
    assert_ok(swap_replay(buf_str(&copy), str_of(on_disk), &content, &damaged, &err), err);
    assert_true(text_equals(text, buf_str(&content)));
    buf_clear(&content);
    assert_false(swap_replay(buf_str(&copy), STR_LIT("other"), &content, &damaged, &err));
    for (int i = 0; i < 200 && copy.len < strlen(on_disk); i++) {
        loop_run_once(loop, 50);
        buf_clear(&copy);
        assert_ok(file_read(name, SWAP_FILE_MAX, &copy, &err), err);
    }
    insert(text, 0, "second ");
    assert_true(swap_flush(swap, &err));
    swap_free(swap, false);
    char *all = recover("other", NULL);
    assert_non_null(all);
    assert_true(text_equals(text, str_of(all)));
    free(all);
    free(name);
    free(on_disk);
    buf_free(&copy);
    buf_free(&content);
    text_free(text);
    loop_free(loop);
}

static uint64_t seed = 3;

static size_t below(size_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return bound == 0 ? 0 : (size_t)(seed >> 33) % bound;
}

/* However the file is cut or damaged, what comes back is the text as it was after some edit. */
static void test_cut_and_damaged(void **state)
{
    (void)state;
    struct buf file = BUF_INIT;
    struct buf states[41] = {0};
    struct text *text = text_new(STR_LIT("the base"));
    struct swap_header header = {.pid = 1, .time_ms = 2, .base_len = 8, .path = STR_LIT(PATH)};
    swap_put_header(&file, &header);
    swap_put_base(&file, STR_LIT("the "));
    swap_put_edit(&file, 0, 0, STR_LIT("x"));
    insert(text, 0, "x");
    swap_put_base(&file, STR_LIT("base"));
    size_t whole = file.len;
    for (size_t i = 0; i < 40; i++) {
        text_copy(text, 0, SIZE_MAX, &states[i]);
        size_t at = below(text_length(text) + 1), len = below(text_length(text) - at + 1) % 4;
        swap_put_edit(&file, at, len, STR_LIT("new"));
        assert_true(text_replace(text, at, len, STR_LIT("new"), NULL));
    }
    text_copy(text, 0, SIZE_MAX, &states[40]);
    for (size_t i = 0; i < 4000; i++) {
        struct buf damaged = BUF_INIT, content = BUF_INIT;
        buf_append_str(&damaged, buf_str(&file));
        bool cut = i % 2 == 0;
        size_t at = i < 2 * file.len ? i / 2 : below(file.len);
        if (cut) {
            damaged.len = at;
        } else {
            damaged.ptr[at] = (char)(damaged.ptr[at] ^ (1 << below(8)));
        }
        bool tail = false;
        bool ok = swap_replay(buf_str(&damaged), STR_LIT("gone"), &content, &tail, NULL);
        assert_true(ok || at < whole);
        bool known = !ok;
        for (size_t k = 0; k <= 40 && !known; k++) {
            known = str_equal(buf_str(&content), buf_str(&states[k]));
        }
        assert_true(known);
        buf_free(&damaged);
        buf_free(&content);
    }
    for (size_t i = 0; i <= 40; i++) {
        buf_free(&states[i]);
    }
    buf_free(&file);
    text_free(text);
}

/* A full disk is said, and what waited is written once there is room. */
static void test_full_disk(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT(""));
    struct swap *swap = swap_new(NULL, text, PATH, dir);
    insert(text, 0, "begin ");
    assert_null(swap_error(swap));
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = 150;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    struct err err = {0};
    insert(text, 6, "a longer piece of text that does not fit any more");
    bool ok = swap_flush(swap, &err);
    insert(text, 0, ">");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(ok);
    assert_non_null(strstr(swap_error(swap), "swap file"));
    assert_ok(swap_flush(swap, &err), err);
    assert_null(swap_error(swap));
    swap_free(swap, false);
    bool damaged = true;
    char *content = recover("", &damaged);
    assert_string_equal(content, ">begin a longer piece of text that does not fit any more");
    assert_false(damaged);
    free(content);
    text_free(text);
}

static void test_no_folder(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT(""));
    struct swap *swap = swap_new(NULL, text, PATH, "/dev/null/swap");
    insert(text, 0, "typed all the same");
    assert_non_null(swap_error(swap));
    insert(text, 0, "x");
    swap_free(swap, false);
    struct swap_found found;
    uint32_t pid;
    assert_int_equal(swap_find("/dev/null/swap", PATH, STR_LIT(""), &found, &pid), SWAP_NONE);
    text_free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_left_behind_is_found),
        TEST(test_file_mode),
        TEST(test_saved_and_closed_leave_nothing),
        TEST(test_after_save),
        TEST(test_nothing_lost_is_not_offered),
        TEST(test_newest_first),
        TEST(test_busy),
        TEST(test_kill),
        TEST(test_large_base),
        TEST(test_cut_and_damaged),
        TEST(test_full_disk),
        TEST(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
