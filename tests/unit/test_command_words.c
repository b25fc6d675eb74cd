/* What is plainly one command, and the allow-list that stands on it. The judge of "plainly" is the
 * real sh: what is read as words here must be the same words there. */
#include "test.h"

#include "agent/approvals.h"
#include "agent/command_words.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>

static void is_plain(const char *line, const char *joined)
{
    struct err err;
    struct command_words words;
    assert_ok(command_words_read(str_of(line), &words, &err), err);
    struct buf out = BUF_INIT;
    VEC_FOREACH (char *, word, &words) {
        buf_printf(&out, "[%s]", *word);
    }
    assert_string_equal(out.ptr, joined);
    assert_null(words.items[words.len]);
    buf_free(&out);
    command_words_free(&words);
}

static void is_not_plain(const char *line)
{
    struct err err;
    struct command_words words;
    if (command_words_read(str_of(line), &words, &err)) {
        fail_msg("taken for plain: %s", line);
    }
    assert_int_equal(words.len, 0);
    assert_true(err.text[0] != '\0');
}

static void words_are_read_as_a_shell_would(void **state)
{
    (void)state;
    is_plain("git status", "[git][status]");
    is_plain("  opa\tfmt  --diff policies/ ", "[opa][fmt][--diff][policies/]");
    is_plain("grep 'a; b && $(c)' x", "[grep][a; b && $(c)][x]");
    is_plain("printf \"%s %d\" a'b c'\"d\" ''", "[printf][%s %d][ab cd][]");
    is_plain("make CFLAGS=-O2", "[make][CFLAGS=-O2]");
    is_plain("echo ü", "[echo][ü]");
}

static void what_a_shell_reads_more_into_is_none(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "  ", "git status; rm x", "git status;rm x",
        "git status && rm x", "git status || rm x", "git status & rm x", "git status | sh",
        "git status > x", "git status < x", "git status 2>&1", "git status $(rm x)",
        "git status `rm x`", "git status $HOME", "git status ${HOME}", "git status *",
        "git status ?", "git status [a]", "git status {a,b}", "git status ~", "git status a\\ b",
        "git status # x", "!git", "git status\nrm x", "git status\rrm x", "(git status)",
        "\"git status", "git 'status", "git \"$(rm x)\"", "git \"`rm x`\"", "git \"a\\\"b\"",
        "X=1 git status", "PATH=. git status", "'' x", "git \"a\nb\"", "git 'a\nb'",
        "git status \x01", "git status \xff", "git status \x7f"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        is_not_plain(lines[i]);
    }
    struct err err;
    struct command_words words;
    assert_false(command_words_read(str_make("a\0b", 3), &words, &err));
    struct buf many = BUF_INIT;
    for (int i = 0; i < COMMAND_WORDS_MAX + 1; i++) {
        buf_append_c(&many, "a ");
    }
    assert_false(command_words_read(buf_str(&many), &words, &err));
    buf_free(&many);
}

/* A line of pieces that mean something to a shell, or look as if. */
static void make_line(unsigned *seed, struct buf *line)
{
    static const char *const pieces[] = {"a", "b", " ", " ", "\t", "'", "'", "\"", "\"", "-x", "=",
        ";", "$", "\\", "*", "&", "|", "#", "x y", "ü", "%", ",", ":", "/", ".", "@", "+", "~", "!",
        "(", "^", "{a,b}", "é\""};
    *seed = *seed * 1103515245u + 12345u;
    for (unsigned i = 0, count = 1 + (*seed >> 16) % 8; i < count; i++) {
        *seed = *seed * 1103515245u + 12345u;
        /* The risky ones seldom, or no line would ever be plain. */
        unsigned at = (*seed >> 16) % ARRAY_LEN(pieces);
        buf_append_c(line, pieces[at]);
    }
}

/* sh is given what was taken for plain, as arguments of printf: it must see the same words. */
static void the_shell_agrees(void **state)
{
    (void)state;
    struct buf script = BUF_INIT;
    struct buf expected = BUF_INIT;
    size_t plain = 0;
    unsigned seed = 7;
    for (int i = 0; i < 60000; i++) {
        struct err err;
        struct command_words words;
        struct buf line = BUF_INIT;
        make_line(&seed, &line);
        if (command_words_read(buf_str(&line), &words, &err)) {
            plain++;
            buf_printf(&script, "printf '[%%s]' %s; echo\n", line.ptr);
            VEC_FOREACH (char *, word, &words) {
                buf_printf(&expected, "[%s]", *word);
            }
            buf_append_char(&expected, '\n');
            char *again = command_words_line(&words, words.len);
            struct command_words twice;
            assert_non_null(again);
            assert_ok(command_words_read(str_of(again), &twice, &err), err);
            assert_true(twice.len == words.len && command_words_begin(&twice, &words));
            command_words_free(&twice);
            free(again);
            command_words_free(&words);
        }
        buf_free(&line);
    }
    assert_true(plain > 2000);
    char *dir = test_dir_make();
    test_write(dir, "script", script.ptr);
    const char *argv[] = {"sh", "script", NULL};
    char *said = test_run(dir, argv);
    assert_string_equal(said, expected.ptr);
    free(said);
    test_dir_remove(dir);
    buf_free(&script);
    buf_free(&expected);
}

/* ---- the allow-list ---- */

static struct approvals *with(struct config **config, char *home, const char *policy)
{
    char *text = mem_printf("approval_policy = \"%s\"\n", policy);
    test_write(home, "bylaw/config.toml", text);
    free(text);
    setenv("XDG_CONFIG_HOME", home, 1);
    *config = config_load(NULL);
    return approvals_new(*config);
}

static enum verdict judge(struct approvals *approvals, const char *line, bool network)
{
    const char *why;
    return approvals_judge(approvals, str_of(line), network, &why);
}

static void a_rule_allows_its_words_and_no_more(void **state)
{
    (void)state;
    char *home = test_dir_make();
    struct config *config;
    struct approvals *approvals = with(&config, home, "unless-allow-listed");
    test_write(home, "bylaw/allowed-commands",
        "# mine\n\ngit status\n  opa fmt  \nenv\nsh\nbad; line\npython3 -c\n");
    assert_int_equal(judge(approvals, "git status", false), VERDICT_RUN);
    assert_int_equal(judge(approvals, "git  status --short", false), VERDICT_RUN);
    assert_int_equal(judge(approvals, "git 'status'", false), VERDICT_RUN);
    assert_int_equal(judge(approvals, "opa fmt", false), VERDICT_RUN);
    static const char *const others[] = {"git", "git statusx", "git stash", "gitstatus",
        "git status; rm x", "git status && rm x", "git status | sh", "git status $(rm x)",
        "git status `rm x`", "git status\nrm x", "X=1 git status", "./git status",
        "/tmp/git status", "git -c a=b status", "git \"status x\"", "env sh", "sh -c x",
        "python3 -c x", "bad; line", "bad", ""};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (judge(approvals, others[i], false) != VERDICT_ASK) {
            fail_msg("allowed: %s", others[i]);
        }
    }
    assert_int_equal(judge(approvals, "git status", true), VERDICT_ASK); /* the network */
    struct buf problems = BUF_INIT;
    approvals_check_file(&problems);
    assert_non_null(strstr(problems.ptr, "\"env\""));
    assert_non_null(strstr(problems.ptr, "\"sh\""));
    assert_non_null(strstr(problems.ptr, "bad; line"));
    buf_free(&problems);
    approvals_free(approvals);
    config_free(config);
    test_dir_remove(home);
}

static void always_is_a_line_of_the_users_file(void **state)
{
    (void)state;
    struct err err;
    char *home = test_dir_make();
    struct config *config;
    struct approvals *approvals = with(&config, home, "unless-allow-listed");
    const char *why_not;
    char *rule = approvals_rule(approvals, STR_LIT("opa test -v policies"), false, &why_not);
    assert_string_equal(rule, "opa test");
    assert_ok(approvals_allow_always(str_of(rule), &err), err);
    free(rule);
    assert_ok(approvals_allow_always(STR_LIT("opa test"), &err), err); /* once is enough */
    assert_ok(approvals_allow_always(STR_LIT("ls 'a b'"), &err), err);
    assert_int_equal(judge(approvals, "opa test x", false), VERDICT_RUN);
    assert_int_equal(judge(approvals, "ls 'a b' c", false), VERDICT_RUN);
    char *text = test_read(home, "bylaw/allowed-commands");
    assert_non_null(strstr(text, "\nopa test\nls 'a b'\n"));
    free(text);
    static const char *const refused[] = {"", "sh", "bash -c", "env", "xargs rm", "sudo", "find",
        "git", "git -c", "a; b", "a\nb", "a $b", "python3", "/bin/sh", "python3.12 -c",
        "/usr/bin/perl5.36", "flock", "chroot", "npm", "npm run", "npm exec -c", "go run", "docker",
        "bylaw sandbox"};
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (approvals_allow_always(str_of(refused[i]), &err)) {
            fail_msg("on the list now: %s", refused[i]);
        }
    }
    assert_null(approvals_rule(approvals, STR_LIT("a; b"), false, &why_not));
    assert_null(approvals_rule(approvals, STR_LIT("opa test"), true, &why_not));
    /* Nothing is offered that would be refused. */
    assert_null(approvals_rule(approvals, STR_LIT("bash -c 'rm x'"), false, &why_not));
    assert_non_null(strstr(why_not, "any program"));
    assert_null(approvals_rule(approvals, STR_LIT("git -C x log"), false, &why_not));
    rule = approvals_rule(approvals, STR_LIT("git log -3"), false, &why_not);
    assert_string_equal(rule, "git log");
    free(rule);
    rule = approvals_rule(approvals, STR_LIT("npm run lint --fix"), false, &why_not);
    assert_string_equal(rule, "npm run lint");
    free(rule);
    assert_null(approvals_rule(approvals, STR_LIT("go run -C x ."), false, &why_not));
    approvals_free(approvals);
    config_free(config);
    test_dir_remove(home);
}

static void each_policy_is_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        enum verdict plain, network;
    } rows[] = {{"untrusted", VERDICT_ASK, VERDICT_ASK},
        {"unless-allow-listed", VERDICT_ASK, VERDICT_ASK}, {"on-request", VERDICT_RUN, VERDICT_ASK},
        {"never", VERDICT_RUN, VERDICT_REFUSE}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *home = test_dir_make();
        struct config *config;
        struct approvals *approvals = with(&config, home, rows[i].policy);
        assert_int_equal(judge(approvals, "opa fmt", false), rows[i].plain);
        assert_int_equal(judge(approvals, "opa fmt", true), rows[i].network);
        char *terms = approvals_terms(approvals, false);
        assert_non_null(strstr(terms, rows[i].policy));
        free(terms);
        /* For the session: exactly this, and the network only where it was asked about. */
        approvals_allow_session(approvals, STR_LIT("opa fmt"), false);
        assert_int_equal(judge(approvals, "opa fmt", false), VERDICT_RUN);
        assert_int_equal(judge(approvals, "opa fmt", true), rows[i].network);
        assert_int_equal(judge(approvals, "opa fmt x", false), rows[i].plain);
        approvals_allow_session(approvals, STR_LIT("opa fmt"), true);
        assert_int_equal(judge(approvals, "opa fmt", true),
            rows[i].network == VERDICT_REFUSE ? VERDICT_REFUSE : VERDICT_RUN);
        approvals_free(approvals);
        config_free(config);
        test_dir_remove(home);
    }
}

/* What was approved for the session is asked about again when a stricter profile is chosen, or one
 * that lets it write. */
static void an_approval_outlives_no_stricter_policy(void **state)
{
    (void)state;
    static const struct {
        const char *given, *mode; /* when it is approved, with sandbox_mode read-only, and now */
        const char *now;
        enum verdict plain, network;
    } rows[] = {
        {"on-request", "read-only", "on-request", VERDICT_RUN, VERDICT_RUN},
        {"on-request", "read-only", "never", VERDICT_RUN, VERDICT_REFUSE},
        {"on-request", "read-only", "unless-allow-listed", VERDICT_ASK, VERDICT_ASK},
        {"on-request", "read-only", "untrusted", VERDICT_ASK, VERDICT_ASK},
        {"unless-allow-listed", "read-only", "on-request", VERDICT_RUN, VERDICT_RUN},
        {"untrusted", "read-only", "unless-allow-listed", VERDICT_RUN, VERDICT_RUN},
        {"untrusted", "workspace-write", "untrusted", VERDICT_ASK, VERDICT_ASK},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *home = test_dir_make();
        struct config *config;
        struct approvals *approvals = with(&config, home, rows[i].given);
        approvals_allow_session(approvals, STR_LIT("curl x"), true);
        config_pick(config, "approval_policy", rows[i].now);
        config_pick(config, "sandbox_mode", rows[i].mode);
        assert_int_equal(judge(approvals, "curl x", false), rows[i].plain);
        assert_int_equal(judge(approvals, "curl x", true), rows[i].network);
        config_pick(config, "approval_policy", rows[i].given);
        config_pick(config, "sandbox_mode", "read-only");
        assert_int_equal(judge(approvals, "curl x", true), VERDICT_RUN);
        approvals_free(approvals);
        config_free(config);
        test_dir_remove(home);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_read_as_a_shell_would),
        cmocka_unit_test(what_a_shell_reads_more_into_is_none),
        cmocka_unit_test(the_shell_agrees),
        cmocka_unit_test(a_rule_allows_its_words_and_no_more),
        cmocka_unit_test(always_is_a_line_of_the_users_file),
        cmocka_unit_test(each_policy_is_what_it_says),
        cmocka_unit_test(an_approval_outlives_no_stricter_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
