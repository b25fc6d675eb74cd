/* Prompt files: which there are, which may be used, what is sent for one. */
#include "test.h"

#include "agent/prompts.h"
#include "trust/vetting.h"

#include <stdlib.h>

struct fixture {
    char *config, *codex, *state, *root;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->config = test_dir_make();
    f->codex = test_dir_make();
    f->state = test_dir_make();
    f->root = test_dir_make();
    setenv("XDG_CONFIG_HOME", f->config, 1);
    setenv("CODEX_HOME", f->codex, 1);
    setenv("XDG_STATE_HOME", f->state, 1);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    test_dir_remove(f->config);
    test_dir_remove(f->codex);
    test_dir_remove(f->state);
    test_dir_remove(f->root);
    free(f);
    return 0;
}

static void expect_expanded(const char *text, const char *args, const char *wanted)
{
    struct skill prompt = {.text = BUF_INIT};
    struct buf out = BUF_INIT;
    buf_append_c(&prompt.text, text);
    prompt_expand(&prompt, str_of(args), &out);
    assert_string_equal(out.ptr, wanted);
    buf_free(&prompt.text);
    buf_free(&out);
}

static void arguments_take_their_places(void **state)
{
    (void)state;
    expect_expanded("Explain $1 for $2.", "deny audit", "Explain deny for audit.");
    expect_expanded("Explain $1 for $2.", "deny", "Explain deny for .");
    expect_expanded("All: $ARGUMENTS!", "a  b", "All: a  b!");
    expect_expanded("It costs $$5, $x and $", "", "It costs $5, $x and $");
    expect_expanded("Nothing named", "a b", "Nothing named\n\na b");
    expect_expanded("---\ndescription: what it does\n---\n\nThe text $1\n", "x", "The text x");
    expect_expanded("$1 $1", "$2 y", "$2 $2"); /* what is put in is not looked at again */
}

static void one_of_a_repository_waits_for_trust(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct skills prompts;
    test_write(f->config, "bylaw/commands/mine.md", "---\ndescription: my own\n---\nDo $1\n");
    test_write(f->codex, "prompts/codexs.md", "From Codex\n");
    test_write(f->root, ".bylaw/commands/theirs.md", "---\nname: other\n---\nDo it\n");
    test_write(f->root, ".bylaw/commands/mine.md", "Do something else\n");
    test_write(f->root, ".bylaw/commands/folder/SKILL.md", "no command\n");
    prompts_read(f->root, &prompts, NULL);
    assert_null(prompts_find(&prompts, STR_LIT("other"), &err)); /* its file's name counts */
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_null(prompts_find(&prompts, STR_LIT("folder"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_null(prompts_find(&prompts, STR_LIT("theirs"), &err));
    assert_int_equal(err.kind, ERR_DENIED);
    assert_non_null(prompts_find(&prompts, STR_LIT("codexs"), &err));
    const struct skill *mine = prompts_find(&prompts, STR_LIT("mine"), &err);
    assert_non_null(mine);
    assert_true(mine->is_users); /* not pushed aside by one nobody trusted */
    assert_string_equal(mine->description, "my own");
    skills_free(&prompts);
    /* Read and trusted; another text is another question. */
    struct vetting vetting;
    vetting_read(NULL, f->root, &vetting);
    char *line = vetting_line(&vetting);
    assert_string_equal(line, "2 commands of this repository wait for your trust");
    free(line);
    for (size_t i = 0; i < vetting.len; i++) {
        assert_ok(vetting_answer(&vetting, i, TRUST_YES, &err), err);
    }
    vetting_free(&vetting);
    prompts_read(f->root, &prompts, NULL);
    assert_non_null(prompts_find(&prompts, STR_LIT("theirs"), &err));
    skills_free(&prompts);
    test_write(f->root, ".bylaw/commands/theirs.md", "Do it twice\n");
    prompts_read(f->root, &prompts, NULL);
    assert_null(prompts_find(&prompts, STR_LIT("theirs"), &err));
    skills_free(&prompts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_take_their_places),
        cmocka_unit_test_setup_teardown(one_of_a_repository_waits_for_trust, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
