/* bylaw review against git itself: random repositories and changes, decided on at random, must
 * come to the same index as git apply --cached makes of the same. */
#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "review/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEEDS = 4, FILES = 9 };

static unsigned long long seed;

static unsigned pick(unsigned below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % below;
}

static char *sh(const char *dir, const char *script)
{
    const char *argv[] = {"sh", "-ec", script, NULL};
    return test_run(dir, argv);
}

static void run(const char *dir, const char *script)
{
    free(sh(dir, script));
}

static const char *const names[FILES] = {"plain.rego", "dir/deep/file.yaml", "with space.txt",
    "\xC3\xBCx.txt", "quo\"te.txt", "crlf.txt", "bytes.bin", "run.sh", "dir/other"};

static void random_line(struct buf *out, bool crlf)
{
    static const char *const words[] = {"deny", "allow", "input", "", "  x", "caf\xC3\xA9",
        "bad\xFF\xFE", "-minus", "+plus", "@@ -1 +1 @@", "\\ No newline", "--- a", "end"};
    buf_printf(out, "%s %u%s\n", words[pick(13)], pick(40), crlf ? "\r" : "");
}

static void random_text(struct buf *out, bool crlf, bool binary)
{
    unsigned lines = pick(5) == 0 ? pick(2) : pick(60);
    for (unsigned i = 0; i < lines; i++) {
        random_line(out, crlf);
    }
    if (out->len > 0 && pick(3) == 0) {
        buf_remove(out, out->len - 1, 1);
    }
    if (binary) {
        buf_append(out, "\0\1\2", 3);
    }
}

static void mutate(struct buf *text, bool crlf)
{
    struct buf out = BUF_INIT;
    struct str rest = buf_str(text);
    struct str line;
    bool open_end = text->len > 0 && text->ptr[text->len - 1] != '\n';
    while (str_next_line(&rest, &line)) {
        unsigned what = pick(12);
        if (what == 0) {
            random_line(&out, crlf);
        } else if (what != 1) {
            buf_append_str(&out, line);
            buf_append_char(&out, '\n');
        }
        if (what == 2) {
            random_line(&out, crlf);
        }
    }
    if (out.len > 0 && open_end == (pick(3) > 0)) {
        buf_remove(&out, out.len - 1, 1);
    }
    buf_free(text);
    *text = out;
}

static void write_bytes(const char *dir, const char *name, const struct buf *bytes, unsigned mode)
{
    struct err err;
    char *path = path_join(dir, name);
    char *folder = path_dir(path);
    assert_ok(path_make_dirs(folder, &err), err);
    (void)unlink(path);
    assert_ok(file_write(path, bytes->ptr == NULL ? STR_LIT("") : buf_str(bytes), mode, &err), err);
    assert_int_equal(chmod(path, mode), 0);
    free(folder);
    free(path);
}

static void remove_file(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    (void)unlink(path);
    free(path);
}

static void make_link(const char *dir, const char *name, const char *target)
{
    char *path = path_join(dir, name);
    (void)unlink(path);
    assert_int_equal(symlink(target, path), 0);
    free(path);
}

/* Commits a and b; the folder is left at a. */
static void make_repository(const char *dir, bool with_binary)
{
    struct buf texts[FILES] = {0};
    run(dir, "git init -q -b main . && git config user.name E && git config user.email e@x && "
             "git config core.autocrlf false && echo 1 >keep && git add -A && git commit -qm 0");
    for (int i = 0; i < FILES; i++) {
        random_text(&texts[i], i == 5, i == 6 && with_binary);
        if (pick(4) > 0) {
            write_bytes(dir, names[i], &texts[i], i == 7 ? 0755 : 0644);
        }
    }
    make_link(dir, "link", "plain.rego");
    run(dir, "git add -A && git commit -qm a --allow-empty && git tag a");
    for (int i = 0; i < FILES; i++) {
        unsigned what = pick(8);
        if (what == 0) {
            remove_file(dir, names[i]);
        } else if (what < 6) {
            mutate(&texts[i], i == 5);
            if (i == 6 && with_binary) {
                buf_append(&texts[i], "\0x", 2);
            }
            write_bytes(dir, names[i], &texts[i], pick(5) == 0 ? 0755 : 0644);
        }
        buf_free(&texts[i]);
    }
    if (pick(2) == 0) {
        make_link(dir, "link", "keep");
    }
    if (pick(3) == 0) {
        make_link(dir, names[8], "keep");
    }
    if (pick(2) == 0) {
        run(dir, "if [ -f plain.rego ]; then mkdir -p moved && mv plain.rego moved/here.rego; fi");
    }
    run(dir, "git add -A && git commit -qm b --allow-empty && git tag b && git checkout -q a");
}

static struct subject read_subject(const char *dir, const char *what, bool staged)
{
    struct err err;
    struct subject subject;
    struct subject_request request = {.folder = dir, .what = what, .staged = staged};
    assert_ok(subject_read(&request, &subject, &err), err);
    return subject;
}

static void decide(
    struct review *review, size_t file, size_t from, size_t to, enum review_decision decision)
{
    struct err err;
    assert_ok(review_decide(review, file, from, to, decision, STR_LIT(""), &err), err);
}

static void decide_all(struct review *review, enum review_decision decision)
{
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        if (file->items.len > 0) {
            decide(review, i, 0, file->items.len, decision);
        }
    }
}

/* Each line for itself, or each file as a whole. */
static void decide_random(struct review *review, bool whole_files)
{
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        for (size_t at = 0; at < file->items.len;) {
            size_t end = whole_files ? file->items.len : at + 1 + pick(3);
            end = end > file->items.len ? file->items.len : end;
            decide(review, i, at, end, (enum review_decision)pick(3));
            at = end;
        }
    }
}

static void apply(const struct subject *subject, const struct review *review)
{
    struct err err;
    struct buf said = BUF_INIT;
    assert_ok(subject_apply(subject, review, &said, &err), err);
    assert_true(said.len > 0);
    buf_free(&said);
}

static void expect_tree(const char *dir, const char *what, const char *want, const char *when)
{
    char *script = mem_printf("test \"$(git write-tree)\" = \"$(%s)\" || "
                              "{ echo \"%s\"; git diff --cached %s; }",
        want, when, what);
    char *out = sh(dir, script);
    if (out[0] != '\0') {
        fail_msg("%s", out);
    }
    free(out);
    free(script);
}

/* The tree that git makes of our patch over a. */
static char *tree_of_patch(const char *dir, const struct review *review)
{
    struct err err;
    struct buf patch = BUF_INIT;
    subject_patch(review, &patch);
    char *path = path_join(dir, ".git/x.patch");
    assert_ok(file_write(path, patch.len == 0 ? STR_LIT("") : buf_str(&patch), 0644, &err), err);
    char *tree = sh(dir, "export GIT_INDEX_FILE=.git/other-index; git read-tree a; "
                         "if [ -s .git/x.patch ]; then git apply --check .git/x.patch; "
                         "git apply --cached .git/x.patch; fi; git write-tree");
    free(path);
    buf_free(&patch);
    return tree;
}

static void expect_same_tree(const char *dir, const char *tree, const char *when)
{
    char *got = sh(dir, "git write-tree");
    if (strcmp(got, tree) != 0) {
        fail_msg("%s: the index is %s and git makes %s", when, got, tree);
    }
    free(got);
}

static void unchanged_files(const char *dir)
{
    char *out = sh(dir, "export GIT_INDEX_FILE=.git/other-index; git read-tree a; git diff a");
    if (out[0] != '\0') {
        fail_msg("files on disk changed:\n%s", out);
    }
    free(out);
}

static void check_range(const char *dir)
{
    struct subject subject = read_subject(dir, "a..b", false);
    struct review *review = review_new(&subject.changes);
    decide_all(review, REVIEW_ACCEPTED);
    apply(&subject, review);
    expect_tree(dir, "b", "git rev-parse b^{tree}", "accepting all");
    apply(&subject, review); /* again: it is all there */
    expect_tree(dir, "b", "git rev-parse b^{tree}", "accepting all twice");
    unchanged_files(dir);

    run(dir, "git read-tree a");
    decide_all(review, REVIEW_DECLINED);
    apply(&subject, review);
    expect_tree(dir, "a", "git rev-parse a^{tree}", "declining all");

    for (int round = 0; round < 3; round++) {
        run(dir, "git read-tree a");
        decide_random(review, round == 0);
        char *tree = tree_of_patch(dir, review);
        apply(&subject, review);
        expect_same_tree(dir, tree, "a random choice");
        free(tree);
    }
    run(dir, "git read-tree a");
    review_free(review);
    subject_free(&subject);
}

/* Files taken whole are what git diff says of these files. */
static void check_files_by_git(const char *dir)
{
    struct subject subject = read_subject(dir, "a..b", false);
    struct review *review = review_new(&subject.changes);
    struct buf script = BUF_INIT;
    bool any = false;
    buf_append_c(&script, "export GIT_INDEX_FILE=.git/other-index; git read-tree a; "
                          "git diff --binary a b --");
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        if (file->items.len > 0 && pick(2) == 0) {
            any = true;
            decide(review, i, 0, file->items.len, REVIEW_ACCEPTED);
            buf_printf(&script, " '%s'", file->change->path);
            if (file->change->moved_from != NULL) {
                buf_printf(&script, " '%s'", file->change->moved_from);
            }
        }
    }
    buf_append_c(&script, " | git apply --cached; git write-tree");
    if (any) {
        char *tree = sh(dir, script.ptr);
        apply(&subject, review);
        expect_same_tree(dir, tree, "whole files");
        free(tree);
    }
    run(dir, "git read-tree a");
    buf_free(&script);
    review_free(review);
    subject_free(&subject);
}

/* What is declined of the staged leaves the index: what is left is a and the rest of the change. */
static void check_staged(const char *dir)
{
    run(dir, "git read-tree b");
    struct subject subject = read_subject(dir, NULL, true);
    struct review *review = review_new(&subject.changes);
    struct review *rest = review_new(&subject.changes);
    if (review_file_count(review) > 0) {
        decide_random(review, false);
        for (size_t i = 0; i < review_file_count(review); i++) {
            const struct review_file *file = review_file(review, i);
            for (size_t at = 0; at < file->items.len; at++) {
                bool leaves = file->items.items[at].decision == REVIEW_DECLINED;
                decide(rest, i, at, at + 1, leaves ? REVIEW_DECLINED : REVIEW_ACCEPTED);
            }
        }
        char *tree = tree_of_patch(dir, rest);
        apply(&subject, review);
        expect_same_tree(dir, tree, "declining what is staged");
        free(tree);
    }
    run(dir, "git read-tree a");
    review_free(rest);
    review_free(review);
    subject_free(&subject);
}

static void check_work_tree(const char *dir)
{
    run(dir, "git checkout -q b && git read-tree a");
    struct subject subject = read_subject(dir, NULL, false);
    struct review *review = review_new(&subject.changes);
    decide_all(review, REVIEW_ACCEPTED);
    apply(&subject, review);
    expect_tree(dir, "b", "git rev-parse b^{tree}", "accepting all of the files");
    run(dir, "git read-tree b && git checkout -q a");
    review_free(review);
    subject_free(&subject);
}

static void check_patch(const char *dir, const char *make)
{
    char *script = mem_printf("%s >.git/made.patch", make);
    char *path = path_join(dir, ".git/made.patch");
    run(dir, script);
    struct subject subject = read_subject(dir, path, false);
    assert_true(subject.is_patch);
    if (subject.problems.len > 0) {
        fail_msg("%s: %s", make, subject.problems.items[0].text);
    }
    struct review *review = review_new(&subject.changes);
    decide_all(review, REVIEW_ACCEPTED);
    apply(&subject, review);
    expect_tree(dir, "b", "git rev-parse b^{tree}", make);
    run(dir, "git read-tree a");
    review_free(review);
    subject_free(&subject);
    free(path);
    free(script);
}

static void same_as_git(void **state)
{
    (void)state;
    for (unsigned long long i = 1; i <= SEEDS; i++) {
        char *dir = test_dir_make();
        bool binary = i % 2 == 0;
        seed = i * 7919;
        make_repository(dir, binary);
        check_range(dir);
        check_files_by_git(dir);
        check_staged(dir);
        check_work_tree(dir);
        if (!binary) {
            check_patch(dir, "git diff a b");
            check_patch(dir, "git format-patch --stdout a..b");
            check_patch(dir, "git diff --no-prefix -U1 a b");
        }
        test_dir_remove(dir);
    }
}

/* ---- what is bad or odd ---- */

static void make_small(char *dir)
{
    test_write(dir, "x.rego", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n");
    run(dir, "git init -q -b main . && git config user.name E && git config user.email e@x && "
             "git add -A && git commit -qm first");
}

static void refuse(const char *dir, const char *what, bool staged, enum err_kind kind)
{
    struct err err = {0};
    struct subject subject;
    struct subject_request request = {.folder = dir, .what = what, .staged = staged};
    assert_false(subject_read(&request, &subject, &err));
    assert_int_equal(err.kind, kind);
    assert_true(err.text[0] != '\0');
    subject_free(&subject);
}

static void bad_input(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    refuse(dir, "main", false, ERR_NOT_FOUND);
    refuse(dir, NULL, false, ERR_NOT_FOUND);
    make_small(dir);
    refuse(dir, "no-such-branch", false, ERR_NOT_FOUND);
    refuse(dir, "main..nowhere", false, ERR_NOT_FOUND);
    test_write(dir, "text.patch", "nothing like a diff\n");
    char *path = path_join(dir, "text.patch");
    refuse(dir, path, false, ERR_INVALID);
    test_write(dir, "text.patch", "");
    struct subject subject = read_subject(dir, path, false);
    assert_int_equal(subject.changes.len, 0);
    subject_free(&subject);
    subject = read_subject(dir, "main..main", false);
    assert_int_equal(subject.changes.len, 0);
    subject_free(&subject);
    free(path);
    test_dir_remove(dir);
}

/* A hunk that does not fit is named with its line and why; what fits can be taken. */
static void patch_that_fits_in_part(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    make_small(dir);
    test_write(dir, "p.patch",
        "--- a/x.rego\n+++ b/x.rego\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
        "@@ -8,3 +8,3 @@\n eight\n-nein\n+NINE\n ten\n"
        "diff --git a/pic.png b/pic.png\nindex 1..2 100644\nBinary files a/pic.png and b/pic.png "
        "differ\n"
        "--- a/gone.rego\n+++ b/gone.rego\n@@ -1 +1 @@\n-a\n+b\n"
        "--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n");
    char *path = path_join(dir, "p.patch");
    struct subject subject = read_subject(dir, path, false);
    if (subject.problems.len != 4) {
        for (size_t i = 0; i < subject.problems.len; i++) {
            print_message("%s\n", subject.problems.items[i].text);
        }
        fail_msg("%zu problems", subject.problems.len);
    }
    assert_int_equal(subject.problems.items[0].line, 8);
    assert_string_equal(subject.problems.items[0].path, "x.rego");
    assert_non_null(strstr(subject.problems.items[0].text, "hunk at patch line 8"));
    assert_non_null(strstr(subject.problems.items[1].text, "binary"));
    assert_non_null(strstr(subject.problems.items[2].text, "no such file"));
    assert_non_null(strstr(subject.problems.items[3].text, ".."));
    assert_int_equal(subject.changes.len, 1);
    struct review *review = review_new(&subject.changes);
    decide_all(review, REVIEW_ACCEPTED);
    apply(&subject, review);
    char *out = sh(dir, "git show :x.rego | sed -n 2p");
    assert_string_equal(out, "TWO\n");
    free(out);
    review_free(review);
    subject_free(&subject);
    free(path);
    test_dir_remove(dir);
}

/* The index has moved on: text is merged, a conflict and a lock change nothing. */
static void index_moved_on(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf said = BUF_INIT;
    char *dir = test_dir_make();
    make_small(dir);
    run(dir, "git checkout -qb topic && sed -i s/two/TWO/ x.rego && git commit -qam topic && "
             "git checkout -q main && sed -i s/nine/NINE/ x.rego && git add x.rego");
    struct subject subject = read_subject(dir, "main..topic", false);
    struct review *review = review_new(&subject.changes);
    decide_all(review, REVIEW_ACCEPTED);
    run(dir, "touch .git/index.lock");
    assert_false(subject_apply(&subject, review, &said, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_non_null(strstr(err.text, "index.lock"));
    run(dir, "rm .git/index.lock");
    apply(&subject, review);
    char *out = sh(dir, "git show :x.rego | tr '\\n' ' '");
    assert_string_equal(out, "one TWO three four five six seven eight NINE ten ");
    free(out);
    run(dir, "sed -i s/two/zwei/ x.rego && git add x.rego");
    assert_false(subject_apply(&subject, review, &said, &err));
    assert_non_null(strstr(err.text, "x.rego"));
    out = sh(dir, "git show :x.rego | sed -n 2p");
    assert_string_equal(out, "zwei\n");
    free(out);
    buf_free(&said);
    review_free(review);
    subject_free(&subject);
    test_dir_remove(dir);
}

/* One revision: what HEAD has is what that commit did, what it has not is what it brings. */
static void one_revision(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    make_small(dir);
    run(dir, "git checkout -qb topic && sed -i s/two/TWO/ x.rego && git commit -qam topic && "
             "sed -i s/ten/TEN/ x.rego && git commit -qam more && git checkout -q main && "
             "sed -i s/six/SIX/ x.rego && git commit -qam ahead");
    struct subject subject = read_subject(dir, "topic", false);
    assert_int_equal(subject.what, COMPARE_RANGE);
    assert_non_null(strstr(subject.explain, "2 commits"));
    struct review *review = review_new(&subject.changes);
    struct review_counts counts = review_count_all(review);
    assert_int_equal(counts.added, 2);
    review_free(review);
    subject_free(&subject);
    subject = read_subject(dir, "HEAD", false);
    assert_int_equal(subject.what, COMPARE_COMMIT);
    assert_non_null(strstr(subject.explain, "ahead"));
    subject_free(&subject);
    subject = read_subject(dir, "HEAD~1", false);
    assert_non_null(strstr(subject.explain, "the first one"));
    assert_int_equal(subject.changes.items[0].kind, CHANGE_ADD);
    subject_free(&subject);
    test_dir_remove(dir);
}

int main(void)
{
    char *home = test_dir_make();
    setenv("HOME", home, 1);
    setenv("XDG_CONFIG_HOME", home, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_git),
        cmocka_unit_test(bad_input),
        cmocka_unit_test(patch_that_fits_in_part),
        cmocka_unit_test(index_moved_on),
        cmocka_unit_test(one_revision),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_dir_remove(home);
    return failed;
}
