/* Gatekeeper's templates and constraints with the real gator: what bylaw template says, against
 * what gator itself says. */
#include "test.h"

#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "engine/gator_apply.h"
#include "loop/process.h"

#include <stdlib.h>

struct answer {
    bool ended;
    struct buf text;     /* a line a decision */
    struct buf findings; /* a line a finding */
    char *trouble;
};

static void on_done(void *data, const struct gator_application *application)
{
    struct answer *answer = data;
    answer->ended = true;
    answer->trouble = mem_strdup(application->trouble);
    VEC_FOREACH (const struct gator_decision, d, &application->decisions) {
        buf_printf(&answer->text, "%s:%u %s %s %s:%u %s%s%s\n",
            d->resource_file == NULL ? "?" : path_base(d->resource_file), d->resource_at.row,
            gator_verdict_name(d->verdict), d->policy, path_base(d->policy_file), d->policy_at.row,
            d->language, d->message[0] == '\0' ? "" : " ", d->message);
    }
    VEC_FOREACH (const struct finding, f, &application->findings) {
        buf_printf(&answer->findings, "%s:%u:%u %s %s\n", path_base(f->file), f->at.row, f->at.col,
            f->rule, f->message);
    }
}

static char *workspace(const char *name)
{
    char *relative = mem_printf("tests/workspaces/%s", name);
    char *path = test_source_path(relative);
    free(relative);
    return path;
}

static void ask(struct answer *answer, const char *const *policies, size_t policy_count,
    const char *const *resources, size_t resource_count)
{
    struct err err;
    char *program = engine_find(&engine_gator, &err);
    char *root = workspace("gator-apply");
    struct loop *loop = loop_new(&err);
    struct gator_apply_options options = {.program = program,
        .dir = root,
        .policies = policies,
        .policy_count = policy_count,
        .resources = resources,
        .resource_count = resource_count};
    *answer = (struct answer){0};
    assert_non_null(gator_apply_start(loop, &options, on_done, answer));
    while (!answer->ended) {
        loop_run_once(loop, 50);
    }
    loop_free(loop);
    free(root);
    free(program);
}

static void free_answer(struct answer *answer)
{
    buf_free(&answer->text);
    buf_free(&answer->findings);
    free(answer->trouble);
}

static void expect(const struct buf *text, const char *line)
{
    if (text->len == 0 || strstr(text->ptr, line) == NULL) {
        fail_msg("no \"%s\" in:\n%s", line, text->len == 0 ? "" : text->ptr);
    }
}

static void decisions(void **state)
{
    (void)state;
    static const char *const policies[] = {"policies/owner.yaml", "policies/image.yaml",
        "policies/broken.yaml", "policies/expand.yaml"};
    static const char *const resources[] = {
        "resources/namespaces.yaml", "resources/web.yaml", "resources/odd.yaml"};
    struct answer answer;
    ask(&answer, policies, ARRAY_LEN(policies), resources, ARRAY_LEN(resources));
    assert_null(answer.trouble);
    /* Two of one name are told apart; CEL and Rego, where they differ, too. */
    expect(&answer.text, "namespaces.yaml:1 allow K8sOwner/owner owner.yaml:25 CEL\n");
    expect(&answer.text, "namespaces.yaml:6 allow K8sOwner/owner owner.yaml:25 CEL\n");
    expect(&answer.text, "namespaces.yaml:6 deny K8sOwner/owner owner.yaml:25 Rego no team\n");
    expect(&answer.text, "namespaces.yaml:10 deny K8sOwner/owner owner.yaml:25 CEL no owner\n");
    expect(&answer.findings, "owner.yaml:2:1 cel-rego-differ of Namespace/shop "
                             "(resources/namespaces.yaml:6) CEL says that it holds, Rego that it "
                             "violates: Gatekeeper runs CEL\n");
    /* Silence is allow only where the constraint matches. */
    expect(&answer.text, "web.yaml:1 not evaluated K8sOwner/owner owner.yaml:25  the constraint "
                         "does not match it\n");
    /* Two constraints of one name, the second one in force elsewhere. */
    expect(
        &answer.text, "web.yaml:1 warn K8sImage/image image.yaml:22 Rego web has the tag latest\n");
    expect(&answer.text, "web.yaml:1 not evaluated K8sImage/image image.yaml:29  the constraint is "
                         "scoped to other enforcement points\n");
    /* By what the Deployment would generate. */
    expect(&answer.text, "web.yaml:6 warn K8sImage/image image.yaml:22 Rego [Implied by "
                         "expand-deployments] job has the tag latest\n");
    /* What does not load does not hide the rest, and its place is the YAML's. */
    expect(&answer.findings, "broken.yaml:14:11 gator-template");
    expect(&answer.findings, "policies/broken.yaml:14: rego_parse_error");
    expect(&answer.text, "namespaces.yaml:1 error K8sBroken/broken broken.yaml:16  ");
    expect(&answer.findings,
        "image.yaml:39:1 gator-constraint no ConstraintTemplate here makes the "
        "kind K8sNowhere\n");
    expect(&answer.findings, "odd.yaml:1:1 gator-no-object");
    free_answer(&answer);
}

/* Of several of one name each has its own decision: told by its content, by being written alike, or
 * looked at alone. */
static void of_one_name(void **state)
{
    (void)state;
    static const char *const policies[] = {"policies/image.yaml"};
    static const char *const resources[] = {"resources/twins.yaml"};
    struct answer answer;
    ask(&answer, policies, 1, resources, 1);
    assert_null(answer.trouble);
#define BY "K8sImage/image image.yaml:22 Rego"
    expect(&answer.text, "twins.yaml:1 warn " BY " a has the tag latest\n");
    expect(&answer.text, "twins.yaml:6 warn " BY " b has the tag latest\n");
    expect(&answer.text, "twins.yaml:12 warn " BY " a has the tag latest\n");
    expect(&answer.text, "twins.yaml:18 allow " BY "\n");
    expect(&answer.text, "twins.yaml:24 warn " BY " a has the tag latest\n");
#undef BY
    size_t lines = 0;
    for (size_t i = 0; i < answer.text.len; i++) {
        lines += answer.text.ptr[i] == '\n';
    }
    assert_int_equal(lines, 15); /* of three constraints, none twice */
    free_answer(&answer);
}

static void nothing(void **state)
{
    (void)state;
    static const char *const files[] = {"resources/web.yaml"};
    struct answer answer;
    ask(&answer, NULL, 0, files, 1);
    assert_null(answer.trouble);
    assert_int_equal(answer.text.len, 0);
    free_answer(&answer);
    static const char *const gone[] = {"nowhere.yaml"};
    ask(&answer, gone, 1, files, 1);
    expect(&answer.findings, "nowhere.yaml:0:0 gator-cannot-read");
    free_answer(&answer);
}

static void a_program_that_is_not_gator(void **state)
{
    (void)state;
    struct err err;
    struct loop *loop = loop_new(&err);
    char *root = workspace("gator-apply");
    static const char *const files[] = {"policies/owner.yaml", "resources/namespaces.yaml"};
    static const char *const programs[] = {"/bin/true", "/bin/false", "/bin/echo", "/nowhere"};
    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        struct gator_apply_options options = {.program = programs[i],
            .dir = root,
            .policies = files,
            .policy_count = 2,
            .resources = files,
            .resource_count = 2};
        struct answer answer = {0};
        assert_non_null(gator_apply_start(loop, &options, on_done, &answer));
        while (!answer.ended) {
            loop_run_once(loop, 50);
        }
        /* None of them is a verdict. */
        if (answer.text.len > 0) {
            assert_null(strstr(answer.text.ptr, " allow "));
            assert_null(strstr(answer.text.ptr, " deny "));
        } else {
            assert_non_null(answer.trouble);
        }
        free_answer(&answer);
        struct gator_apply *stopped = gator_apply_start(loop, &options, on_done, &answer);
        gator_apply_cancel(stopped);
        loop_run_once(loop, 50);
    }
    free(root);
    loop_free(loop);
}

static void expansion(void **state)
{
    (void)state;
    struct err err;
    struct buf text = BUF_INIT;
    char *program = engine_find(&engine_gator, &err);
    char *root = workspace("gator-apply");
    struct loop *loop = loop_new(&err);
    static const char *const files[] = {
        "policies/expand.yaml", "policies/owner.yaml", "resources/web.yaml"};
    struct gator_apply_options options = {
        .program = program, .dir = root, .resources = files, .resource_count = 3};
    assert_ok(gator_expand(loop, &options, &text, &err), err);
    expect(&text, "kind: Pod\n");
    expect(&text, "job:latest");
    loop_free(loop);
    free(root);
    free(program);
    buf_free(&text);
}

/* ---- bylaw template ---- */

static int bylaw(const char *cwd, const char *const *args, struct buf *out)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    struct process_result ended;
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[8] = {program, "template"};
    for (size_t i = 0; args[i] != NULL; i++) {
        argv[2 + i] = args[i];
    }
    struct process_options options = {.argv = argv, .cwd = cwd, .timeout_ms = 240000};
    buf_clear(out);
    assert_ok(process_run(loop, &options, out, out, &ended, &err), err);
    loop_free(loop);
    free(program);
    return ended.exit_code;
}

#define RUN(...) bylaw(dir, (const char *const[]){__VA_ARGS__, NULL}, &out)

static void command(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    char *dir = test_dir_make();
    char *root = workspace("gator-apply");
    char *template = test_read(root, "policies/image.yaml");
    test_write(dir, "library/image/template.yaml", template);
    assert_int_equal(RUN("check"), 2);
    expect(&out, "no template here has its Rego in files too");
    assert_int_equal(RUN("split", "--gomplate", "library"), 2);
    assert_int_equal(RUN("split", "--gomplate", "library/image/template.yaml"), 0);
    expect(&out, "+++ b/src/image/constraint.tmpl");
    assert_int_equal(RUN("check"), 2); /* it was shown, not written */
    assert_int_equal(RUN("split", "--gomplate", "--write", "library/image/template.yaml"), 0);
    expect(&out, "A src/image/lib_tags.rego\n");
    assert_int_equal(RUN("check"), 0);
    assert_int_equal(RUN("assemble"), 0);
    expect(&out, "nothing to change");
    char *rego = test_read(dir, "src/image/src.rego");
    assert_memory_equal(rego, "package k8simage\n", 17);
    char *more = mem_printf("%s# more\n", rego);
    test_write(dir, "src/image/src.rego", more);
    assert_int_equal(RUN("check"), 1);
    expect(&out, "library/image/template.yaml:17: differs from src/image/src.rego:9\n");
    assert_int_equal(RUN("check", "--json"), 1);
    expect(&out, "\"same\":false");
    assert_int_equal(RUN("assemble", "--write", "src/image/src.rego"), 0);
    expect(&out, "M library/image/template.yaml\n");
    assert_int_equal(RUN("check"), 0);
    test_write(dir, "library/image/template.yaml", template);
    assert_int_equal(RUN("split", "--write"), 0);
    char *back = test_read(dir, "src/image/src.rego");
    assert_string_equal(back, rego);
    assert_int_equal(RUN("frobnicate"), 2);
    assert_int_equal(RUN("check", "nowhere"), 2);
    free(back);
    free(more);
    free(rego);
    free(template);
    free(root);
    buf_free(&out);
    test_dir_remove(dir);
}

static void command_with_gator(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    char *dir = workspace("gator-apply");
    assert_int_equal(RUN("test", "policies/owner.yaml", "resources/namespaces.yaml"), 1);
    expect(&out,
        "resources/namespaces.yaml:10: deny: Namespace/bare: K8sOwner/owner by CEL: no owner");
    expect(&out, "[cel-rego-differ]");
    assert_int_equal(RUN("test", "resources"), 1);
    expect(&out, "nothing was evaluated");
    assert_int_equal(RUN("expand", "resources"), 1);
    expect(&out, "nothing is generated");
    free(dir);
    buf_free(&out);
}

int main(void)
{
    struct err err;
    const struct CMUnitTest without[] = {cmocka_unit_test(command)};
    const struct CMUnitTest with[] = {
        cmocka_unit_test(decisions),
        cmocka_unit_test(of_one_name),
        cmocka_unit_test(nothing),
        cmocka_unit_test(a_program_that_is_not_gator),
        cmocka_unit_test(expansion),
        cmocka_unit_test(command_with_gator),
    };
    int failed = cmocka_run_group_tests(without, NULL, NULL);
    char *gator = engine_find(&engine_gator, &err);
    if (gator == NULL) {
        print_message("SKIPPED: %s\n", err.text);
        return failed == 0 ? 77 : failed;
    }
    free(gator);
    return failed + cmocka_run_group_tests(with, NULL, NULL);
}
