/* What was proposed with nobody watching, in the app: one proposal after another, each reviewed and
 * committed, with the keys that a user presses; and the list of stages with a step back. */
#include "test.h"

#include "base/path.h"
#include "fault_server.h"
#include "model_wires.h"
#include "term.h"

#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char *dir, *state;
    struct fault_server *server;
    struct term *term;
};

/* No engine: nothing here is about what a policy says. git is asked by its own path. */
#define NO_ENGINES "PATH=/nonexistent"

#define PROPOSES(name)                                                                             \
    {                                                                                              \
        .body = C_CALL("0", "c1", "apply_patch",                                                   \
            "{\\\"input\\\":\\\"*** Begin Patch\\\\n*** Add File: " name "/" name                  \
            ".rego\\\\n+package " name "\\\\n*** End Patch\\\\n\\\"}") C_CALLING                   \
    }
#define SAYS                                                                                       \
    {                                                                                              \
        .body = C_SAY("Done.") C_STOP                                                              \
    }

static char **environment(const struct fixture *f)
{
    char **env = mem_zalloc(8 * sizeof *env);
    env[0] = mem_printf("XDG_STATE_HOME=%s", f->state);
    env[1] = mem_printf("XDG_CACHE_HOME=%s/cache", f->state);
    env[2] = mem_printf("XDG_CONFIG_HOME=%s/config", f->state);
    env[3] = mem_printf("CODEX_HOME=%s/codex", f->state);
    env[4] = mem_strdup(NO_ENGINES);
    env[5] = mem_strdup("BYLAW_TOUR=0");
    env[6] = mem_strdup("BYLAW_DETECT=false");
    return env;
}

static void free_environment(char **env)
{
    for (size_t i = 0; env[i] != NULL; i++) {
        free(env[i]);
    }
    free(env);
}

static void start(struct fixture *f, int rows, int cols)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, f->dir, NULL};
    char **env = environment(f);
    struct term_options options = {
        .argv = argv, .env = (const char *const *)env, .rows = rows, .cols = cols};
    f->term = term_start(&options);
    free_environment(env);
    free(program);
}

static char *git(const struct fixture *f, const char *script)
{
    const char *argv[] = {"bash", "-ec", script, NULL};
    return test_run(f->dir, argv);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->state = test_dir_make();
    f->server = fault_server_start();
    char *config = mem_printf(
        "model = \"m\"\nbase_url = \"%s/v1\"\nwire_api = \"chat\"\n", fault_server_url(f->server));
    test_write(f->state, "config/bylaw/config.toml", config);
    free(config);
    test_write(f->dir, "constraint.yaml",
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sOwner\nmetadata:\n  name: "
        "owner\nspec:\n  enforcementAction: deny\n  match:\n    kinds: []\n");
    free(git(f, "git init -q -b main; git config user.name Engineer; git config user.email "
                "e@example.invalid; git config core.hooksPath /nonexistent; git add -A; "
                "git commit -q -m start"));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    fault_server_stop(f->server);
    test_dir_remove(f->dir);
    test_dir_remove(f->state);
    free(f);
    return 0;
}

/* bylaw in the fixture's environment, for a shell; the caller frees. */
static char *command_line(const struct fixture *f)
{
    char **env = environment(f);
    struct buf line = BUF_INIT;
    buf_append_c(&line, "env ");
    for (size_t i = 0; env[i] != NULL; i++) {
        buf_printf(&line, "'%s' ", env[i]);
    }
    buf_printf(&line, "'%s/bylaw'", getenv("BYLAW_BINARY_DIR"));
    free_environment(env);
    return buf_take(&line);
}

/* `bylaw exec` proposes one file; without an engine it is not green, which is said. */
static void propose(struct fixture *f, const struct fault_step *steps, const char *prompt)
{
    fault_server_script(f->server, steps, 2);
    char *line = command_line(f);
    char *script = mem_printf("%s exec '%s' 2>'%s/said' || [ $? = 1 ]", line, prompt, f->state);
    free(git(f, script));
    free(script);
    free(line);
}

static void accept_and_commit(struct fixture *f)
{
    term_expect(f->term, "○ 1 open");
    term_type(f->term, "A");
    term_expect(f->term, "○ 0 open");
    term_key(f->term, "enter");
    term_expect(f->term, "Finish proposal 1");
    term_expect(f->term, "on main"); /* before that, the key waits and is asked again */
    term_key(f->term, "ctrl-s");
    term_expect_gone(f->term, "Finish proposal 1");
}

/* Which of them is first is for the second they were begun in to say. */
static void one_after_another(void **state)
{
    struct fixture *f = *state;
    const struct fault_step steps[][2] = {
        {PROPOSES("first"), SAYS}, {PROPOSES("second"), SAYS}, {PROPOSES("third"), SAYS}};
    propose(f, steps[0], "Write the first.");
    propose(f, steps[1], "Write the second.");
    propose(f, steps[2], "Write the third.");
    fault_server_script(f->server, &steps[0][1], 1); /* to what comes of a review */
    start(f, 30, 120);
    term_expect(f->term, "3 proposals wait for review: Alt-N opens the next");
    term_key(f->term, "alt-N");
    accept_and_commit(f);
    /* The next one follows by itself; it is put off, and the one after it comes. */
    term_expect(f->term, "proposal 1 of 2 that wait");
    term_expect(f->term, "○ 1 open");
    term_key(f->term, "alt-N");
    term_expect(f->term, "proposal 2 of 2 that wait");
    accept_and_commit(f);
    term_expect(f->term, "proposal 1 of 1 that wait");
    accept_and_commit(f);
    /* None is left. */
    term_expect_gone(f->term, "Review  proposal");
    term_key(f->term, "alt-N");
    term_expect(f->term, "No other proposal waits for review.");
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
    char *log = git(f, "git log --format=%s | sort; git status --porcelain");
    assert_string_equal(log, "Write the first\nWrite the second\nWrite the third\nstart\n");
    free(log);
}

/* Another agent proposes through bylaw mcp while the workbench is open on the same folder, which is
 * said at once. Its program runs until end_client. */
static void start_client(struct fixture *f)
{
    start(f, 30, 120);
    term_expect(f->term, "Ask for a policy");
    test_write(f->state, "calls",
        "{\"id\":0,\"method\":\"initialize\",\"params\":{\"clientInfo\":{\"name\":\"Other\"}}}\n"
        "{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"apply_patch\",\"arguments\":{"
        "\"input\":\"*** Begin Patch\\n*** Add File: other.rego\\n+package other\\n*** End "
        "Patch\"}}}\n");
    char *line = command_line(f);
    char *script = mem_printf("(cat '%s/calls'; while [ -e '%s/calls' ]; do sleep 0.05; done) | %s "
                              "mcp .\n",
        f->state, f->state, line);
    test_write(f->state, "client.sh", script);
    char *begin = mem_printf("setsid bash '%s/client.sh' </dev/null >/dev/null 2>&1 &", f->state);
    free(git(f, begin)); /* a session of its own: what is started here is ended with the shell */
    free(begin);
    free(script);
    free(line);
    term_expect(f->term, "takes it over for review: Proposed by Other, through bylaw mcp.");
}

static void end_client(struct fixture *f)
{
    char *calls = path_join(f->state, "calls");
    assert_int_equal(unlink(calls), 0); /* the client ends with it, also where this test fails */
    free(calls);
}

/* When that agent has ended it is said again, for then it waits like any other. */
static void proposed_by_another_meanwhile(void **state)
{
    struct fixture *f = *state;
    start_client(f);
    end_client(f);
    term_expect(f->term, "1 proposal waits for review: Alt-N opens the next");
    term_type(f->term, "/reviews");
    term_expect(f->term, "› /reviews");
    term_key(f->term, "enter");
    term_expect(f->term, "Proposed by Other, through bylaw mcp.  ");
    term_key(f->term, "enter");
    term_expect(f->term, "+ package other");
    term_key(f->term, "esc ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

/* It is reviewed while that agent goes on. */
static void taken_over_from_another(void **state)
{
    struct fixture *f = *state;
    start_client(f);
    term_key(f->term, "alt-N");
    term_expect(f->term, "+ package other");
    end_client(f);
    term_key(f->term, "esc ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

static void decide_in_little_room(struct fixture *f)
{
    term_expect(f->term, "○ 1 ");
    term_type(f->term, "A");
    term_expect(f->term, "○ 0 ");
    term_key(f->term, "enter");
    term_expect(f->term, "Finish proposal 1");
    term_expect(f->term, "on main");
    term_key(f->term, "ctrl-s");
    term_expect_gone(f->term, "Finish proposal 1");
}

/* The smallest screen, from the first to the last; the one that is shown can be chosen, too. */
static void there_is_little_room(void **state)
{
    struct fixture *f = *state;
    const struct fault_step steps[][2] = {{PROPOSES("first"), SAYS}, {PROPOSES("second"), SAYS}};
    propose(f, steps[0], "Write the first.");
    propose(f, steps[1], "Write the second.");
    fault_server_script(f->server, &steps[0][1], 1);
    start(f, 10, 40);
    term_expect(f->term, "2 proposals wait");
    term_key(f->term, "alt-N");
    decide_in_little_room(f);
    term_expect(f->term, "○ 1 "); /* the next one follows by itself */
    term_key(f->term, "alt-1");
    term_expect(f->term, "Chat");
    term_type(f->term, "/reviews");
    term_expect(f->term, "› /reviews");
    term_key(f->term, "enter");
    term_expect(f->term, "which control?");
    term_expect(f->term, "this on");
    term_key(f->term, "enter");
    decide_in_little_room(f);
    char *log = git(f, "git log --format=%s | sort; git status --porcelain");
    assert_string_equal(log, "Write the first\nWrite the second\nstart\n");
    free(log);
}

static void a_step_back_is_proposed(void **state)
{
    struct fixture *f = *state;
    start(f, 30, 100);
    term_expect(f->term, "Ask for a policy");
    term_key(f->term, "alt-S");
    term_expect(f->term, "1 policy by stage");
    term_expect(f->term, "enforce  K8sOwner/owner");
    term_expect(f->term, "constraint.yaml:1");
    term_key(f->term, "enter");
    term_expect(f->term, "enforcementAction: deny");
    term_expect_gone(f->term, "1 policy by stage");
    term_key(f->term, "alt-E");
    term_expect(f->term, "K8sOwner/owner is at enforce. To which stage?");
    term_type(f->term, "a");
    term_expect(f->term, "take back owner: enforce to audit");
    term_expect(f->term, "enforcementAction: dryrun");
    term_expect(f->term, "○ 2 open");
    char *status = git(f, "git status --porcelain");
    assert_string_equal(status, "");
    free(status);
    term_key(f->term, "esc ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_after_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proposed_by_another_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taken_over_from_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_little_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_back_is_proposed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
