/* What agents would take for their settings: which names are, what of them can be trusted, and that
 * an untrusted one is nowhere in a copy that is lent to an agent. */
#include "lent_run.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "base/vec.h"
#include "trust/vetting.h"
#include "workspace/agent_settings.h"

static void names_say_it(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *root; /* NULL: of none */
    } cases[] = {
        {"opencode.json", "opencode.json"},
        {"a/b/opencode.jsonc", "a/b/opencode.jsonc"},
        {".opencode/plugin/x.js", ".opencode"},
        {"sub/.claude/skills/x/SKILL.md", "sub/.claude"},
        {".mcp.json", ".mcp.json"},
        {".env", ".env"},
        {".env.local", ".env.local"},
        {".never-heard-of/it", ".never-heard-of"},
        {".github/hooks/x.json", ".github/hooks"},
        {".github/copilot-instructions.md", ".github/copilot-instructions.md"},
        {".gitlab/.cursor/rules", ".gitlab/.cursor"},
        {".github/workflows/copilot.yaml", NULL},
        {".github/dependabot.yaml", NULL},
        {".gitignore", NULL},
        {".gitlab-ci.yml", NULL},
        {".bylaw/config.toml", NULL},
        {".regal/config.yaml", NULL},
        {"other/.chainsaw-test/chainsaw-test.yaml", NULL},
        {"other/.kyverno-test/kyverno-test.yaml", NULL},
        {"opencode.json.md", NULL},
        {"hooks/x", NULL},
        {"a.b/c.rego", NULL},
        {"AGENTS.md", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = agent_setting_root(cases[i].path);
        if (len != (cases[i].root == NULL ? 0 : strlen(cases[i].root))) {
            fail_msg("%s: %zu", cases[i].path, len);
        }
    }
}

static int set_up(void **state)
{
    *state = lent_run_new(
        LENT_TO_AGENT, (const char *const[]){"p.rego", "package p\n", ".gitignore", "*.log\n",
                           ".claude/settings.json", "{\"hooks\":1}\n", ".claude/skills/x/SKILL.md",
                           "Do it.\n", "opencode.json", "{}\n", NULL});
    return 0;
}

static int tear_down(void **state)
{
    lent_run_free(*state);
    return 0;
}

static void read_all(const struct lent_run *f, struct vetting *out)
{
    struct files files;
    struct files_options options = {0};
    struct err err;
    vetting_read(NULL, workspace_root(f->workspace), out);
    if (out->len > 0) { /* what lies below .claude is none of ours */
        fail_msg("%s", out->items[0].file);
    }
    assert_ok(files_list(workspace_fd(f->workspace), f->dir, &options, &files, &err), err);
    vetting_add_settings(out, workspace_fd(f->workspace), &files);
    files_free(&files);
}

static void answer(const struct lent_run *f, const char *file, enum trust_answer answer)
{
    struct vetting vetting;
    struct err err;
    bool found = false;
    read_all(f, &vetting);
    for (size_t i = 0; i < vetting.len; i++) {
        if (strcmp(vetting.items[i].file, file) == 0) {
            found = true;
            assert_ok(vetting_answer(&vetting, i, answer, &err), err);
        }
    }
    assert_true(found);
    vetting_free(&vetting);
}

static void what_is_shown_is_all_of_it(void **state)
{
    const struct lent_run *f = *state;
    struct vetting vetting;
    read_all(f, &vetting);
    assert_int_equal(vetting.len, 2);
    assert_string_equal(vetting.items[0].file, ".claude");
    assert_string_equal(vetting.items[0].title, "settings for agents, 2 files");
    assert_string_equal(vetting.items[0].shown,
        ".claude/settings.json:\n{\"hooks\":1}\n\n.claude/skills/x/SKILL.md:\nDo it.\n");
    char *line = vetting_line(&vetting);
    assert_string_equal(line, "2 agent settings of this repository wait for your trust");
    free(line);
    vetting_free(&vetting);
    answer(f, ".claude", TRUST_YES);
    test_write(f->dir, ".claude/skills/x/SKILL.md", "Do it twice.\n");
    read_all(f, &vetting);
    assert_string_equal(vetted_state(&vetting.items[0]), "changed since you trusted it");
    vetting_free(&vetting);
    test_write(f->dir, ".claude/skills/x/SKILL.md", "Do it.\n");
    char *moved = path_join(f->dir, ".claude/more");
    test_write(f->dir, ".claude/more", "{}\n");
    read_all(f, &vetting);
    assert_int_equal(vetting.items[0].answer, TRUST_UNKNOWN);
    vetting_free(&vetting);
    unlink(moved);
    free(moved);
    read_all(f, &vetting);
    assert_int_equal(vetting.items[0].answer, TRUST_YES);
    vetting_free(&vetting);
}

static void expect_problem(const struct lent_run *f, const char *text)
{
    struct vetting vetting;
    read_all(f, &vetting);
    assert_int_equal(vetting.len, 1);
    assert_string_equal(vetting.items[0].file, "opencode.json");
    assert_non_null(
        strstr(vetting.problems.ptr, ".claude: settings for agents are kept from them"));
    if (strstr(vetting.problems.ptr, text) == NULL) {
        fail_msg("%s", vetting.problems.ptr);
    }
    vetting_free(&vetting);
}

static void what_nobody_can_read_cannot_be_trusted(void **state)
{
    const struct lent_run *f = *state;
    char *link = path_join(f->dir, ".claude/link");
    char *large = path_join(f->dir, ".claude/large");
    assert_int_equal(symlink("../p.rego", link), 0);
    expect_problem(f, "holds a link");
    unlink(link);
    FILE *file = fopen(large, "w");
    assert_non_null(file);
    fwrite("a\0b", 1, 3, file);
    fclose(file);
    expect_problem(f, "holds a file that is no text");
    file = fopen(large, "w");
    assert_non_null(file);
    for (int i = 0; i < AGENT_SETTINGS_BYTES_MAX; i++) {
        fputc('x', file);
    }
    fclose(file);
    expect_problem(f, "is too large to be read by a person");
    unlink(large);
    for (int i = 0; i < AGENT_SETTINGS_FILES_MAX; i++) {
        char name[40];
        snprintf(name, sizeof name, ".claude/f%d", i);
        test_write(f->dir, name, "x\n");
    }
    expect_problem(f, "is too large to be read by a person");
    free(link);
    free(large);
}

static bool is_there(const struct lent_run *f, const char *path)
{
    char *full = path_join(lent_root(f->lent), path);
    bool there = access(full, F_OK) == 0;
    free(full);
    return there;
}

static void a_lent_copy_is_without_what_is_not_trusted(void **state)
{
    struct lent_run *f = *state;
    lent_run_lay_out(f, NULL);
    assert_true(is_there(f, "p.rego") && is_there(f, ".gitignore"));
    assert_false(is_there(f, ".claude") || is_there(f, "opencode.json"));
    lent_run_collect(f);
    assert_string_equal(f->patch.ptr, ""); /* nobody has deleted them */
    unsigned before = lent_settings(f->lent);
    answer(f, ".claude", TRUST_YES);
    lent_run_lay_out(f, NULL);
    assert_true(is_there(f, ".claude/skills/x/SKILL.md"));
    assert_false(is_there(f, "opencode.json"));
    assert_int_not_equal(lent_settings(f->lent), before);
    before = lent_settings(f->lent);
    lent_run_lay_out(f, NULL);
    assert_int_equal(lent_settings(f->lent), before);
    test_write(f->dir, ".claude/settings.json", "{\"hooks\":2}\n");
    lent_run_lay_out(f, NULL);
    assert_false(is_there(f, ".claude/settings.json") || is_there(f, ".claude/skills/x/SKILL.md"));
    assert_int_not_equal(lent_settings(f->lent), before);
    lent_run_collect(f);
    assert_string_equal(f->patch.ptr, "");
}

static void what_the_agent_writes_for_itself_is_kept_from_it(void **state)
{
    struct lent_run *f = *state;
    lent_run_lay_out(f, NULL);
    test_write(lent_root(f->lent), "opencode.json", "{\"mine\":1}\n");
    test_write(lent_root(f->lent), ".mine/own.js", "x\n");
    lent_run_collect(f);
    assert_string_equal(f->left_out.ptr,
        "opencode.json is of settings for agents that were kept from it, untrusted: not taken\n");
    assert_non_null(strstr(f->patch.ptr, "+++ b/.mine/own.js"));
    /* Proposed, it is there for the review, not for the agent. */
    struct changes changes = {0};
    struct change own = {.kind = CHANGE_ADD, .path = mem_strdup(".mine/own.js"), .mode = 0644};
    buf_append_c(&own.content, "x\n");
    VEC_PUSH(&changes, own);
    lent_run_lay_out(f, &changes);
    assert_false(is_there(f, ".mine/own.js") || is_there(f, "opencode.json"));
    lent_run_collect(f);
    assert_string_equal(f->patch.ptr, "");
    changes_free(&changes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_it),
        TEST(what_is_shown_is_all_of_it),
        TEST(what_nobody_can_read_cannot_be_trusted),
        TEST(a_lent_copy_is_without_what_is_not_trusted),
        TEST(what_the_agent_writes_for_itself_is_kept_from_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
