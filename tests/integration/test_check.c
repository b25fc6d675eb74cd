/* The checker with the real opa: what it tells of unsaved text is what `opa check` says once it is
 * saved. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "check/check.h"
#include "engine/engine.h"
#include "engine/opa.h"
#include "loop/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 240000 };

struct bench {
    char *dir;
    struct loop *loop;
    struct checker *checker;
    char *focus;
    struct {
        struct check_text *items;
        size_t len, cap;
    } texts;
    struct findings opa; /* what is known of all files; cedar's too */
    struct findings guard;
    bool ended;
};

static void gather(void *data, struct check_request *request)
{
    struct bench *b = data;
    request->focus = mem_strdup(b->focus);
    VEC_FOREACH (const struct check_text, text, &b->texts) {
        struct check_text copy = {.path = mem_strdup(text->path)};
        buf_append_str(&copy.text, buf_str(&text->text));
        VEC_PUSH(&request->texts, copy);
    }
}

static void found(void *data, const char *source, const char *const *paths, size_t path_count,
    const struct findings *findings)
{
    struct bench *b = data;
    struct findings *into = strcmp(source, "guard") == 0 ? &b->guard : &b->opa;
    for (size_t i = 0; i < into->len;) {
        struct finding *known = &into->items[i];
        bool gone = known->file == NULL;
        for (size_t k = 0; k < path_count && !gone; k++) {
            gone = strcmp(known->file, paths[k]) == 0;
        }
        if (gone) {
            finding_free(known);
            VEC_REMOVE(into, i);
        } else {
            i++;
        }
    }
    VEC_FOREACH (const struct finding, finding, findings) {
        VEC_PUSH(into, finding_copy(finding));
    }
}

static void changed(void *data)
{
    struct bench *b = data;
    enum check_state state = checker_state(b->checker);
    b->ended = state == CHECK_DONE || state == CHECK_TROUBLED || state == CHECK_NOTHING;
}

static struct bench *bench_new(const char *const *files)
{
    struct bench *b = MEM_NEW(struct bench);
    struct err err;
    b->dir = test_dir_make();
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(b->dir, files[i], files[i + 1]);
    }
    b->loop = loop_new(&err);
    assert_non_null(b->loop);
    struct check_events events = {.data = b, .gather = gather, .found = found, .changed = changed};
    b->checker = checker_new(b->loop, b->dir, &events);
    return b;
}

static void texts_clear(struct bench *b)
{
    VEC_FOREACH (struct check_text, text, &b->texts) {
        free(text->path);
        buf_free(&text->text);
    }
    b->texts.len = 0;
}

static void bench_free(struct bench *b)
{
    checker_free(b->checker);
    for (int i = 0; i < 20; i++) {
        loop_run_once(b->loop, 10);
    }
    loop_free(b->loop);
    texts_clear(b);
    VEC_FREE(&b->texts);
    findings_free(&b->opa);
    findings_free(&b->guard);
    free(b->focus);
    test_dir_remove(b->dir);
    free(b);
}

static void type(struct bench *b, const char *path, const char *text)
{
    free(b->focus);
    b->focus = mem_strdup(path);
    for (size_t i = 0; i < b->texts.len; i++) {
        if (strcmp(b->texts.items[i].path, path) == 0) {
            buf_clear(&b->texts.items[i].text);
            buf_append_c(&b->texts.items[i].text, text);
            return;
        }
    }
    struct check_text entry = {.path = mem_strdup(path)};
    buf_append_c(&entry.text, text);
    VEC_PUSH(&b->texts, entry);
}

static enum check_state check(struct bench *b)
{
    b->ended = false;
    checker_touch(b->checker, 0);
    assert_true(loop_run_until(b->loop, &b->ended, WAIT_MS));
    return checker_state(b->checker);
}

/* "path:row:col-end severity message", a line each, in order. */
static char *shown(const struct findings *findings)
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct finding, f, findings) {
        buf_printf(&out, "%s:%u:%u-%u %s %.*s\n", f->file == NULL ? "" : f->file, f->at.row,
            f->at.col, f->end.col, severity_name(f->severity), (int)strcspn(f->message, "\n"),
            f->message);
    }
    return buf_take(&out);
}

static void expect(struct bench *b, const char *expected)
{
    char *said = shown(&b->opa);
    assert_string_equal(said, expected);
    free(said);
}

static void unsaved_text_is_what_is_checked(void **state)
{
    (void)state;
    struct bench *b =
        bench_new((const char *const[]){"lib/l.rego", "package lib.l\n\nf(x) := x + 1\n", "p.rego",
            "package p\n\nimport data.lib.l\n\nallow if l.f(1) == 2\n", "p_test.rego",
            "package p_test\n\nimport data.p\n\ntest_p if p.allow\n", NULL});
    type(b, "p.rego", "package p\n\nimport data.lib.l\n\nallow if l.f(1) == 2\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    type(b, "p.rego", "package p\n\nimport data.lib.l\n\nallow if l.g(1) == 2\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "p.rego:5:10-16 error undefined function data.lib.l.g\n");
    /* What refers to the file in focus is checked too, and told where it stands. */
    type(b, "p.rego", "package p\n\nimport data.lib.l\n\nallow if l.f(1) == 2\n");
    type(b, "lib/l.rego", "package lib.l\n\ng(x) := x + 1\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "p.rego:5:10-16 error undefined function data.lib.l.f\n");
    type(b, "lib/l.rego", "package lib.l\n\nf(x) := x + 1\n\ng(");
    assert_int_equal(check(b), CHECK_DONE);
    /* What was known of the file that refers to it stands until it can be checked again. */
    expect(b, "p.rego:5:10-16 error undefined function data.lib.l.f\n"
              "lib/l.rego:5:2-3 error unexpected eof token\n"
              "lib/l.rego:5:2-3 error unexpected eof token: expected rule head name\n");
    /* Nothing was written to the workspace. */
    char *text = test_read(b->dir, "lib/l.rego");
    assert_string_equal(text, "package lib.l\n\nf(x) := x + 1\n");
    free(text);
    bench_free(b);
}

static void columns_are_bytes(void **state)
{
    (void)state;
    struct bench *b = bench_new((const char *const[]){"u.rego", "package u\n", NULL});
    type(b, "u.rego", "package u\n\np if { \"\xc3\xa4\xc3\xb6\" == input.x; foo(1) }\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "u.rego:3:27-33 error undefined function foo\n");
    bench_free(b);
}

static void strict_findings_are_warnings(void **state)
{
    (void)state;
    struct bench *b = bench_new((const char *const[]){"s.rego", "package s\n", NULL});
    type(b, "s.rego", "package s\n\nimport data.x\n\np if {\n\ty := 1\n}\n");
    assert_int_equal(check(b), CHECK_DONE);
    assert_int_equal(b->opa.len, 2);
    VEC_FOREACH (const struct finding, f, &b->opa) {
        assert_int_equal(f->severity, SEVERITY_WARNING);
    }
    bench_free(b);
}

static void both_versions_of_rego(void **state)
{
    (void)state;
    struct bench *b = bench_new((const char *const[]){
        "old/o.rego", "package o\n", "new/n.rego", "package n\n\nq if input.x\n", NULL});
    type(b, "old/o.rego", "package o\n\np[x] { x := input.y }\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    type(b, "new/n.rego", "package n\n\nq if input.x\n\nr contains 1\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    bench_free(b);
}

#define TEMPLATE(version)                                                                          \
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata:\n  name: k\n"     \
    "spec:\n  crd:\n    spec:\n      names:\n        kind: K\n  targets:\n    - target: "          \
    "admission.k8s.gatekeeper.sh\n" version

static void rego_in_templates(void **state)
{
    (void)state;
    const char *good = TEMPLATE("      rego: |\n        package k\n\n        import data.lib.h\n\n"
                                "        violation[{\"msg\": m}] { m := h.f(input.review) }\n"
                                "      libs:\n        - |\n          package lib.h\n\n"
                                "          f(x) = x.m\n");
    struct bench *b = bench_new((const char *const[]){"t.yaml", good, NULL});
    type(b, "t.yaml", good);
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    type(b, "t.yaml",
        TEMPLATE("      rego: |\n        package k\n\n        import data.lib.h\n\n"
                 "        violation[{\"msg\": m}] { m := h.g(input.review) }\n"
                 "      libs:\n        - |\n          package lib.h\n\n"
                 "          f(x) = y\n"));
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "t.yaml:17:38-55 error undefined function data.lib.h.g\n"
              "t.yaml:22:11-12 warning unused argument x. (hint: use _ (wildcard variable) "
              "instead)\n");
    type(b, "t.yaml",
        TEMPLATE("      code:\n        - engine: Rego\n          source:\n            version: v1\n"
                 "            rego: |\n              package k\n\n"
                 "              violation contains {\"msg\": m} if m := input.review.m\n"));
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    bench_free(b);
}

/* Of Rego that a template has from a file the file's row is said too. */
static void rego_kept_in_a_file(void **state)
{
    (void)state;
    const char *bad = TEMPLATE("      rego: |\n        package k\n\n"
                               "        violation[{\"msg\": m}] { m := f(input.review) }\n");
    struct bench *b = bench_new((const char *const[]){"t/template.yaml", bad, "t/src.rego",
        "package k\n\nviolation[{\"msg\": m}] { m := f(input.review) }\n", NULL});
    type(b, "t/template.yaml", bad);
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "t/template.yaml:15:38-53 error undefined function f (t/src.rego:3)\n");
    bench_free(b);
}

static void without_opa_nothing_is_green(void **state)
{
    (void)state;
    char *path = mem_strdup(getenv("PATH"));
    char *cache = test_dir_make();
    const char *old = getenv("XDG_CACHE_HOME");
    char *old_cache = mem_strdup(old);
    char *bin = path_join(cache, "bin");
    assert_int_equal(mkdir(bin, 0700), 0);
    setenv("PATH", bin, 1);
    setenv("XDG_CACHE_HOME", cache, 1);
    struct bench *b = bench_new((const char *const[]){"a.rego", "package a\n", NULL});
    type(b, "a.rego", "package a\n");
    assert_int_equal(check(b), CHECK_TROUBLED);
    assert_non_null(strstr(checker_trouble(b->checker), "opa is not on PATH"));
    /* Too old. */
    test_write(cache, "bin/opa", "#!/bin/sh\necho 'Version: 0.40.0'\n");
    char *program = path_join(bin, "opa");
    assert_int_equal(chmod(program, 0700), 0);
    assert_int_equal(check(b), CHECK_TROUBLED);
    assert_non_null(strstr(checker_trouble(b->checker), "too old"));
    /* It says nothing that makes sense. */
    test_write(cache, "bin/opa",
        "#!/bin/sh\ncase $1 in version) echo 'Version: 1.22.2';; capabilities) echo '{}';; *) echo "
        "nonsense >&2; exit 1;; esac\n");
    assert_int_equal(chmod(program, 0700), 0);
    assert_int_equal(check(b), CHECK_TROUBLED);
    assert_non_null(strstr(checker_trouble(b->checker), "nonsense"));
    bench_free(b);
    setenv("PATH", path, 1);
    if (old_cache == NULL) {
        unsetenv("XDG_CACHE_HOME");
    } else {
        setenv("XDG_CACHE_HOME", old_cache, 1);
    }
    free(program);
    free(bin);
    free(path);
    free(old_cache);
    test_dir_remove(cache);
}

/* ---- random edits ---- */

static unsigned long long seed = 20261126;

static size_t pick(size_t below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)(seed >> 33) % below;
}

/* `opa check` on the command line: its errors, and whether it was content. */
static bool ask_once(struct bench *b, const struct run_plan *plan, enum policy_dialect dialect,
    bool strict, struct findings *out)
{
    struct err err;
    struct buf errout = BUF_INIT;
    struct process_result result;
    char *program = engine_find(&engine_opa, &err);
    assert_non_null(program);
    const char *argv[24] = {program, "check", "--format", "json", "--max-errors", "0"};
    size_t n = 6;
    if (strict) {
        argv[n++] = "--strict";
    }
    if (dialect == DIALECT_V0) {
        argv[n++] = "--v0-compatible";
    }
    VEC_FOREACH (const size_t, place, &plan->units.items[0].files) {
        argv[n++] = plan->files.items[*place].path;
    }
    struct process_options options = {.argv = argv, .cwd = b->dir};
    assert_ok(process_run(b->loop, &options, NULL, &errout, &result, &err), err);
    if (result.exit_code != 0) {
        assert_ok(opa_parse_errors(buf_str(&errout), b->dir, out, &err), err);
    }
    buf_free(&errout);
    free(program);
    return result.exit_code == 0;
}

/* What opa says of the same content on disk: plain and strict together. Where a file does not say
 * which Rego it is, the one that loads. */
static void ask_disk(struct bench *b, const char *focus, struct findings *out)
{
    struct err err;
    size_t unchecked;
    struct policy_index *index = policy_index_new();
    assert_ok(policy_index_scan(index, b->dir, NULL, &err), err);
    struct run_plan *plan = opa_plan_check(index, focus, &unchecked, NULL);
    enum policy_dialect dialect = plan->units.items[0].dialect;
    enum policy_dialect other = dialect == DIALECT_V0 ? DIALECT_V1 : DIALECT_V0;
    struct findings plain = {0};
    struct findings ignored = {0};
    if (!ask_once(b, plan, dialect, false, &plain) && plan->units.items[0].may_be_other &&
        ask_once(b, plan, other, false, &ignored)) {
        findings_free(&plain);
        dialect = other;
    }
    struct findings strict = {0};
    ask_once(b, plan, dialect, true, &strict);
    VEC_FOREACH (const struct finding, f, &plain) {
        findings_add(out, f);
    }
    VEC_FOREACH (const struct finding, f, &strict) {
        findings_add(out, f);
    }
    findings_free(&plain);
    findings_free(&strict);
    findings_free(&ignored);
    run_plan_free(plan);
    policy_index_free(index);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(const struct findings *findings)
{
    struct {
        char **items;
        size_t len, cap;
    } lines = {0};
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct finding, f, findings) {
        VEC_PUSH(&lines, mem_printf("%s:%u:%u %s\n", f->file, f->at.row, f->at.col, f->message));
    }
    if (lines.len > 0) {
        qsort(lines.items, lines.len, sizeof *lines.items, by_text);
    }
    VEC_FOREACH (char *, line, &lines) {
        buf_append_c(&out, *line);
        free(*line);
    }
    VEC_FREE(&lines);
    return buf_take(&out);
}

/* Any sequence of edits, unsaved, saved or undone: the findings of what the focus needs are those
 * of opa on the same content. */
static void random_edits_agree_with_the_command_line(void **state)
{
    (void)state;
    static const char *const lib = "package lib\n\nf(x) := x + 1\n\nn := 3\n";
    static const char *const policy = "package p\n\nimport data.lib\n\ndeny contains msg if "
                                      "{\n\tlib.f(input.x) > lib.n\n\tmsg := "
                                      "sprintf(\"%v\", [input.x])\n}\n";
    static const char *const pieces[] = {"f(", ")", "}", "{", "\n", "lib.g(1)", "x := 1\n\t",
        "import data.q\n", " if ", "y", "\"", ".", "1", "some z in input.zs\n\t"};
    struct bench *b = bench_new((const char *const[]){"lib.rego", lib, "p.rego", policy, NULL});
    char *texts[] = {mem_strdup(lib), mem_strdup(policy)};
    static const char *const paths[] = {"lib.rego", "p.rego"};
    for (int step = 0; step < 25; step++) {
        size_t which = pick(2);
        char *text = texts[which];
        size_t len = strlen(text);
        size_t at = pick(len + 1);
        size_t op = pick(4);
        if (op == 0) {
            texts[which] = mem_strdup(which == 0 ? lib : policy);
        } else if (op == 1 && at < len) {
            size_t cut = pick(len - at < 5 ? len - at : 5) + 1;
            texts[which] = mem_printf("%.*s%s", (int)at, text, text + at + cut);
        } else {
            texts[which] =
                mem_printf("%.*s%s%s", (int)at, text, pieces[pick(ARRAY_LEN(pieces))], text + at);
        }
        free(text);
        type(b, paths[which], texts[which]);
        if (pick(3) == 0) { /* saved */
            test_write(b->dir, paths[which], texts[which]);
            checker_disk_changed(b->checker);
        }
        if (which == 0) {
            found(b, "opa", &paths[0], 1, &(struct findings){0}); /* the closure may lose it */
        }
        type(b, "p.rego", texts[1]); /* in focus */
        assert_int_equal(check(b), CHECK_DONE);
        /* The same on disk. */
        char *before[] = {test_read(b->dir, paths[0]), test_read(b->dir, paths[1])};
        test_write(b->dir, paths[0], texts[0]);
        test_write(b->dir, paths[1], texts[1]);
        struct findings disk = {0};
        ask_disk(b, "p.rego", &disk);
        test_write(b->dir, paths[0], before[0]);
        test_write(b->dir, paths[1], before[1]);
        char *expected = sorted(&disk);
        char *said = sorted(&b->opa);
        if (strcmp(expected, said) != 0) {
            fail_msg("step %d\n--- lib.rego\n%s\n--- p.rego\n%s\n--- opa check:\n%s--- we:\n%s",
                step, texts[0], texts[1], expected, said);
        }
        free(expected);
        free(said);
        findings_free(&disk);
        free(before[0]);
        free(before[1]);
    }
    free(texts[0]);
    free(texts[1]);
    bench_free(b);
}

static void newer_text_wins(void **state)
{
    (void)state;
    struct bench *b = bench_new((const char *const[]){"a.rego", "package a\n", NULL});
    for (int i = 0; i < 30; i++) {
        type(b, "a.rego", i % 2 == 0 ? "package a\n\np if foo(1)\n" : "package a\n\np if (\n");
        checker_touch(b->checker, i % 3 == 0 ? 5 : 0);
        loop_run_once(b->loop, i % 4);
    }
    type(b, "a.rego", "package a\n\np if input.x\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(check(b), CHECK_DONE);
        uint64_t us = checker_wall_us(b->checker);
        best = us < best ? us : best;
    }
    printf("    a check of one file: %.1f ms\n", (double)best / 1000);
    bench_free(b);
}

/* opa is not asked for what would take gigabytes, and nothing of it is green. */
static void too_large_is_told(void **state)
{
    (void)state;
    struct buf large = BUF_INIT;
    buf_append_c(&large, "package large\n");
    buf_append_c(&large, "# ");
    buf_append_repeat(&large, 'x', CHECK_REGO_MAX);
    buf_append_c(&large, "\n");
    struct bench *b = bench_new((const char *const[]){"a.rego", "package a\n", "b.rego",
        "package b\n\nimport data.large\n\np if large.q\n", NULL});
    b->focus = mem_strdup("a.rego");
    assert_int_equal(check(b), CHECK_DONE);
    /* Unsaved. */
    type(b, "a.rego", large.ptr);
    assert_int_equal(check(b), CHECK_TROUBLED);
    assert_non_null(strstr(checker_trouble(b->checker), "too large to check as you type"));
    type(b, "a.rego", "package a\n");
    assert_int_equal(check(b), CHECK_DONE);
    /* On disk, in focus or needed by what is in focus. */
    test_write(b->dir, "large.rego", large.ptr);
    checker_disk_changed(b->checker);
    free(b->focus);
    b->focus = mem_strdup("large.rego");
    assert_int_equal(check(b), CHECK_TROUBLED);
    assert_non_null(strstr(checker_trouble(b->checker), "too large to check as you type"));
    free(b->focus);
    b->focus = mem_strdup("b.rego");
    assert_int_equal(check(b), CHECK_TROUBLED);
    assert_non_null(strstr(checker_trouble(b->checker), "with what it needs has 4 MB of Rego"));
    buf_free(&large);
    bench_free(b);
}

/* ---- Cedar ---- */

#define CEDAR_SCHEMA                                                                               \
    "entity User;\nentity Photo = { owner: User, locked: Bool };\n"                                \
    "action view appliesTo { principal: [User], resource: [Photo] };\n"

static void cedar_is_asked_of_the_text_on_the_screen(void **state)
{
    (void)state;
    struct err err;
    char *cedar = engine_find(&engine_cedar, &err);
    if (cedar == NULL) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    free(cedar);
    struct bench *b = bench_new((const char *const[]){"photos/photos.cedar",
        "permit (principal, action, resource);\n", "photos/photos.cedarschema", CEDAR_SCHEMA,
        "loose/a.cedar", "permit (principal, action, resource);\n", NULL});
    type(b, "photos/photos.cedar",
        "// \xc3\xa4\npermit (principal, action, resource) when { resource.locked };\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    /* Against the schema, with the place in bytes. */
    type(b, "photos/photos.cedar",
        "// \xc3\xa4\npermit (principal, action, resource) when { resource.loked };\n");
    assert_int_equal(check(b), CHECK_DONE);
    assert_int_equal(b->opa.len, 1);
    assert_string_equal(b->opa.items[0].file, "photos/photos.cedar");
    assert_int_equal(b->opa.items[0].at.row, 2);
    assert_int_equal(b->opa.items[0].at.col, 45);
    assert_non_null(strstr(b->opa.items[0].message, "loked"));
    /* An unsaved schema is the one that it is validated against. */
    type(b, "photos/photos.cedarschema",
        "entity User;\nentity Photo = { owner: User, loked: Bool };\n"
        "action view appliesTo { principal: [User], resource: [Photo] };\n");
    assert_int_equal(check(b), CHECK_DONE);
    expect(b, "");
    type(b, "photos/photos.cedarschema", "entity User;\nentity Photo = {\n");
    assert_int_equal(check(b), CHECK_DONE);
    assert_int_equal(b->opa.len, 1);
    assert_string_equal(b->opa.items[0].file, "photos/photos.cedarschema");
    /* Without a schema the text is parsed. */
    type(b, "loose/a.cedar", "permit (principal, action, resource)\n\nwhen { 1 + };\n");
    assert_int_equal(check(b), CHECK_DONE);
    assert_int_equal(b->opa.len, 2);
    assert_string_equal(b->opa.items[1].file, "loose/a.cedar");
    assert_int_equal(b->opa.items[1].at.row, 3);
    type(b, "loose/a.cedar", "permit (principal, action, resource)\n\nwhen { 1 + 1 == 2 };\n");
    assert_int_equal(check(b), CHECK_DONE);
    assert_int_equal(b->opa.len, 1);
    /* Nothing was written to the workspace. */
    char *text = test_read(b->dir, "photos/photos.cedarschema");
    assert_string_equal(text, CEDAR_SCHEMA);
    free(text);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsaved_text_is_what_is_checked),
        cmocka_unit_test(columns_are_bytes),
        cmocka_unit_test(strict_findings_are_warnings),
        cmocka_unit_test(both_versions_of_rego),
        cmocka_unit_test(rego_in_templates),
        cmocka_unit_test(rego_kept_in_a_file),
        cmocka_unit_test(without_opa_nothing_is_green),
        cmocka_unit_test(too_large_is_told),
        cmocka_unit_test(newer_text_wins),
        cmocka_unit_test(cedar_is_asked_of_the_text_on_the_screen),
        cmocka_unit_test(random_edits_agree_with_the_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
