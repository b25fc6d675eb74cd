/* A session as Markdown: all of it, nothing that acts on a terminal, no secret, no file lost. */
#include "test.h"

#include "agent/export.h"
#include "agent/journal.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char *state, *root, *outside;
    struct loop *loop;
    struct session *session;
    struct workspace *workspace;
};

static int set_up(void **state)
{
    struct err err = {0};
    struct fixture *f = MEM_NEW(struct fixture);
    f->state = test_dir_make();
    f->root = test_dir_make();
    f->outside = test_dir_make();
    setenv("XDG_STATE_HOME", f->state, 1);
    f->loop = loop_new(&err);
    struct session_setup setup = {.loop = f->loop, .model = "m"};
    setup.journal = journal_create("/ws", &err);
    f->session = session_new(&setup);
    f->workspace = workspace_open(f->root, &err);
    assert_non_null(f->workspace);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    session_free(f->session);
    workspace_free(f->workspace);
    loop_free(f->loop);
    secret_clear();
    test_dir_remove(f->state);
    test_dir_remove(f->root);
    test_dir_remove(f->outside);
    free(f);
    return 0;
}

static void add(struct fixture *f, enum entry_kind kind, const char *name, const char *text)
{
    struct entry entry = {.kind = kind, .status = ENTRY_DONE, .name = mem_strdup(name)};
    buf_append_c(&entry.text, text);
    session_add_entry(f->session, entry);
}

static void all_is_there_and_safe(void **state)
{
    struct fixture *f = *state;
    secret_register(STR_LIT("sk-very-secret-key"));
    add(f, ENTRY_USER, NULL, "Ask\nwith sk-very-secret-key\n");
    add(f, ENTRY_REASONING, NULL, "I think");
    add(f, ENTRY_ASSISTANT, NULL, "An **answer**\033[31m\xe2\x80\xae.");
    add(f, ENTRY_TOOL, "run", "```\nout\033]0;x\007\n````\n");
    add(f, ENTRY_NOTICE, NULL, "Noted.");
    add(f, ENTRY_ERROR, NULL, "It broke.");
    add(f, ENTRY_FEEDBACK, NULL, "Declined: no.");
    add(f, ENTRY_COMMIT, NULL, "Subject");
    struct entry made = {
        .kind = ENTRY_COMMIT, .status = ENTRY_DONE, .detail = mem_strdup("1a2b3c4")};
    buf_append_c(&made.text, "Made");
    session_add_entry(f->session, made);
    struct buf out = BUF_INIT;
    export_markdown(f->session, "ws", &out);
    static const char *const wanted[] = {"> Ask\n> with [secret]\n", "*Thought*\n\n> I think\n",
        "An **answer**^[[31m<U+202E>.\n", "`````\n```\nout^[]0;x^G\n````\n`````\n", "*Noted.*\n",
        "*Error:* It broke.\n", "Declined: no.\n", "*not committed* Subject\n",
        "*committed* 1a2b3c4 Made\n"};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (strstr(out.ptr, wanted[i]) == NULL) {
            fail_msg("\"%s\" is not in:\n%s", wanted[i], out.ptr);
        }
    }
    for (size_t i = 0; i < out.len; i++) {
        unsigned char byte = (unsigned char)out.ptr[i];
        assert_true(byte >= 0x20 || byte == '\n' || byte == '\t');
    }
    assert_null(strstr(out.ptr, "very-secret"));
    buf_free(&out);
}

static bool write_to(struct fixture *f, const char *target, bool over, struct err *err)
{
    char *written = NULL;
    bool ok = export_write(f->workspace, target, STR_LIT("text\n"), over, &written, err);
    free(written);
    return ok;
}

static void expect_content(const char *dir, const char *name, const char *wanted)
{
    char *content = test_read(dir, name);
    assert_string_equal(content, wanted);
    free(content);
}

static void no_file_is_lost(void **state)
{
    struct fixture *f = *state;
    struct err err;
    char *elsewhere = mem_printf("%s/a.md", f->outside);
    char *link = mem_printf("%s/link.md", f->outside);
    test_write(f->root, "mine.md", "mine\n");
    assert_ok(write_to(f, "new.md", false, &err), err);
    expect_content(f->root, "new.md", "text\n");
    assert_false(write_to(f, "mine.md", false, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    expect_content(f->root, "mine.md", "mine\n");
    assert_ok(write_to(f, "mine.md", true, &err), err);
    expect_content(f->root, "mine.md", "text\n");
    assert_ok(write_to(f, elsewhere, false, &err), err);
    assert_false(write_to(f, elsewhere, false, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    /* A link is something that is there. */
    assert_int_equal(symlink("/nonexistent/x", link), 0);
    assert_false(write_to(f, link, false, &err));
    assert_false(write_to(f, "no/folder/x.md", false, &err));
    assert_false(write_to(f, "", false, &err));
    test_write(f->root, ".git/config", "[core]\n");
    assert_false(write_to(f, ".git/config", true, &err));
    assert_false(write_to(f, ".git/hook", false, &err));
    expect_content(f->root, ".git/config", "[core]\n");
    free(link);
    free(elsewhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_there_and_safe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_file_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
