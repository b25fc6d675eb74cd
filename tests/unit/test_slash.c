/* The table of slash commands, and what counts as one. */
#include "test.h"

#include "keymap.h"
#include "plain/plain.h"
#include "slash.h"

#include "desk.h"

#include <stdlib.h>

static void expect_parse(const char *text, const char *name, const char *args)
{
    struct str got_name;
    struct str got_args;
    bool is_command = slash_parse(str_of(text), &got_name, &got_args);
    if (is_command != (name != NULL)) {
        fail_msg("\"%s\" is %s command", text, is_command ? "a" : "no");
    }
    if (name != NULL) {
        assert_true(str_equal_c(got_name, name));
        assert_true(str_equal_c(got_args, args));
    }
}

static void what_is_a_command(void **state)
{
    (void)state;
    expect_parse("/test", "test", "");
    expect_parse("/test  all of it ", "test", "all of it");
    expect_parse("/review\nwith more lines", "review", "with more lines");
    expect_parse("/no-such", "no-such", "");
    expect_parse("/etc/passwd is read by whom?", NULL, NULL);
    expect_parse("/etc.d is a folder", NULL, NULL);
    expect_parse(" /test", NULL, NULL);
    expect_parse("/", NULL, NULL);
    expect_parse("/ test", NULL, NULL);
    expect_parse("test", NULL, NULL);
    expect_parse("", NULL, NULL);
}

/* Each row can be run: on the screen by an action there is or a function, and in plain mode. */
static void every_row_is_whole(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new(false);
    desk_add_keys(keymap);
    for (size_t i = 0; i < slash_command_count; i++) {
        const struct slash_command *command = &slash_commands[i];
        assert_true((command->action == NULL) != (command->run == NULL));
        if (command->action != NULL && keymap_action(keymap, command->action) == NULL) {
            fail_msg("/%s: there is no action %s", command->name, command->action);
        }
        if (!plain_has_command(command->plain == NULL ? command->name : command->plain)) {
            fail_msg("/%s does nothing in plain mode", command->name);
        }
        assert_ptr_equal(slash_find(str_of(command->name)), command);
        assert_true(strlen(command->help) > 0 && !str_ends(str_of(command->help), "."));
        struct str name;
        struct str args;
        char *line = mem_printf("/%s", command->name);
        assert_true(slash_parse(str_of(line), &name, &args));
        free(line);
    }
    keymap_free(keymap);
}

static void an_unknown_name_has_a_nearest(void **state)
{
    (void)state;
    static const char *const own[] = {"deny-latest", NULL};
    struct err err;
    assert_string_equal(slash_nearest(STR_LIT("tset"), NULL), "test");
    assert_string_equal(slash_nearest(STR_LIT("rev"), NULL), "review");
    assert_string_equal(slash_nearest(STR_LIT("deny-lates"), own), "deny-latest");
    assert_null(slash_nearest(STR_LIT("zzzzzz"), NULL));
    assert_false(slash_unknown(STR_LIT("tset"), NULL, &err));
    assert_string_equal(
        err.text, "No command /tset: the nearest is /test. A blank before it sends it as it is.");
    assert_false(slash_unknown(STR_LIT("zzzzzz"), NULL, &err));
    assert_string_equal(
        err.text, "No command /zzzzzz: /help lists them. A blank before it sends it as it is.");
}

static void arguments_are_checked(void **state)
{
    (void)state;
    struct err err;
    const struct slash_command none = {.name = "x", .args = ""};
    const struct slash_command some = {.name = "x", .args = "[NAME]"};
    const struct slash_command needed = {.name = "x", .args = "NAME"};
    assert_true(slash_check_args(&none, STR_LIT(""), &err));
    assert_false(slash_check_args(&none, STR_LIT("y"), &err));
    assert_string_equal(err.text, "Nothing was done: /x is typed alone.");
    assert_true(slash_check_args(&some, STR_LIT(""), &err));
    assert_true(slash_check_args(&some, STR_LIT("y"), &err));
    assert_true(slash_check_args(&needed, STR_LIT("y"), &err));
    assert_false(slash_check_args(&needed, STR_LIT(""), &err));
    assert_string_equal(err.text, "Nothing was done: type /x NAME.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_command),
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(an_unknown_name_has_a_nearest),
        cmocka_unit_test(arguments_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
