#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "repo/commit.h"
#include "repo/git.h"
#include "repo/revert.h"
#include "workspace/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char *dir;
    char *root; /* the workspace, a repository with one commit */
    struct workspace *ws;
    struct loop *loop;
    struct changes set;
    struct err err;
    /* what a commit told */
    bool done;
    bool ok;
    struct err failed;
    char id[REPO_ID_SIZE];
    bool is_signed;
    struct buf notes;
    struct buf message;
    struct buf output;
    struct buf stages;
    int asked;
    enum commit_answer answer;
    struct commit *commit;
    enum commit_stage cancel_at;
    bool cancels;
};

static char *sh(struct fixture *f, const char *script)
{
    const char *argv[] = {"sh", "-ec", script, NULL};
    return test_run(f->root, argv);
}

static void run(struct fixture *f, const char *script)
{
    free(sh(f, script));
}

/* Runs a script in the repository and compares what it prints. */
static void expect(struct fixture *f, const char *script, const char *want)
{
    char *got = sh(f, script);
    if (strcmp(got, want) != 0) {
        fail_msg("%s\nprinted:\n%s\nexpected:\n%s", script, got, want);
    }
    free(got);
}

static char *home;

/* One for all tests: libgit2 looks for the global configuration once. */
static int make_home(void **state)
{
    (void)state;
    home = test_dir_make();
    setenv("HOME", home, 1);
    setenv("XDG_STATE_HOME", home, 1);
    setenv("XDG_CONFIG_HOME", home, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    unsetenv("GIT_AUTHOR_NAME");
    unsetenv("EMAIL");
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    test_dir_remove(home);
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    test_write(home, ".gitconfig",
        "[user]\nname = Ann Other\nemail = ann@example.com\n[init]\ndefaultBranch = main\n"
        "[advice]\ndetachedHead = false\n");
    f->root = path_join(f->dir, "ws");
    test_write(f->root, "a.rego", "one\ntwo\nthree\nfour\nfive\nsix\n");
    test_write(f->root, "u.txt", "user\n");
    run(f, "git init -q && git add . && git commit -qm first");
    f->ws = workspace_open(f->root, &f->err);
    f->loop = loop_new(&f->err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    changes_free(&f->set);
    loop_free(f->loop);
    workspace_free(f->ws);
    buf_free(&f->notes);
    buf_free(&f->message);
    buf_free(&f->output);
    buf_free(&f->stages);
    free(f->root);
    test_dir_remove(f->dir);
    free(f);
    return 0;
}

static void on_stage(void *data, enum commit_stage stage, const char *what)
{
    struct fixture *f = data;
    buf_printf(
        &f->stages, "%d%s%s|", (int)stage, what == NULL ? "" : " ", what == NULL ? "" : what);
    if (f->cancels && stage == f->cancel_at) {
        f->cancels = false;
        commit_cancel(f->commit);
    }
}

static void on_output(void *data, struct str line)
{
    struct fixture *f = data;
    buf_printf(&f->output, "%.*s|", STR_FMT(line));
}

static void on_ask(void *data, const struct commit_hook *hooks, size_t count)
{
    struct fixture *f = data;
    assert_true(count > 0 && hooks[0].path[0] == '/');
    f->asked++;
    commit_answer(f->commit, f->answer);
}

static void on_done(void *data, const struct commit_outcome *outcome)
{
    struct fixture *f = data;
    f->done = true;
    f->ok = outcome->err == NULL;
    if (f->ok) {
        memcpy(f->id, outcome->id, sizeof f->id);
    } else {
        f->failed = *outcome->err;
    }
    f->is_signed = outcome->is_signed;
    buf_append_c(&f->notes, outcome->notes);
    buf_append_c(&f->message, outcome->message);
}

static struct change *add(struct fixture *f, enum change_kind kind, const char *path,
    const char *base, const char *content)
{
    struct change change = {
        .kind = kind, .path = mem_strdup(path), .base_exists = base != NULL, .mode = 0644};
    buf_append_c(&change.base, base == NULL ? "" : base);
    buf_append_c(&change.content, content == NULL ? "" : content);
    VEC_PUSH(&f->set, change);
    return &f->set.items[f->set.len - 1];
}

static const struct message_trailer trailers[] = {
    {"Bylaw-Session", "20260101-abc"}, {"Bylaw-Model", "gpt-5.5 high"}};

static void commit_only(struct fixture *f, const char *message)
{
    struct commit_request request = {.root = workspace_root(f->ws),
        .changes = &f->set,
        .message = str_of(message),
        .trailers = trailers,
        .trailer_count = ARRAY_LEN(trailers)};
    struct commit_callbacks callbacks = {on_stage, on_output, on_ask, on_done};
    f->done = f->ok = false;
    f->failed = (struct err){0};
    buf_clear(&f->notes);
    buf_clear(&f->message);
    buf_clear(&f->output);
    buf_clear(&f->stages);
    f->commit = commit_start(f->loop, &request, &callbacks, f);
    if (!loop_run_until(f->loop, &f->done, 240000)) {
        fail_msg("the commit did not end: %s", f->stages.ptr);
    }
}

static void write_and_commit(struct fixture *f, const char *message)
{
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    commit_only(f, message);
}

static void assert_committed(struct fixture *f)
{
    if (!f->ok) {
        fail_msg("not committed: %s", f->failed.text);
    }
    char *want = mem_printf("%s\n", f->id);
    expect(f, "git rev-parse HEAD", want);
    free(want);
    free(sh(f, "git fsck --strict --no-dangling"));
    expect(f, "ls .git | grep bylaw || true", "");
}

static void assert_failed(struct fixture *f, enum err_kind kind, const char *because)
{
    if (f->ok || f->failed.kind != kind || strstr(f->failed.text, because) == NULL) {
        fail_msg("ok %d kind %d: %s", f->ok, (int)f->failed.kind, f->failed.text);
    }
    expect(f, "ls .git | grep bylaw || true", "");
}

static void usual_set(struct fixture *f)
{
    add(f, CHANGE_UPDATE, "a.rego", "one\ntwo\nthree\nfour\nfive\nsix\n",
        "one\nTWO\nthree\nfour\nfive\nsix\n");
    add(f, CHANGE_ADD, "new/b.rego", NULL, "b\n");
}

static void commits_and_leaves_staged_work(void **state)
{
    struct fixture *f = *state;
    run(f,
        "echo staged >>u.txt && git add u.txt && echo s >s.txt && git add s.txt && echo x >x.txt");
    usual_set(f);
    write_and_commit(f, "Deny latest tags\n\nBecause.\n");
    assert_committed(f);
    expect(f, "git log -1 --format='%an <%ae>|%cn|%s|%b'",
        "Ann Other <ann@example.com>|Ann Other|Deny latest tags|Because.\n\n"
        "Bylaw-Session: 20260101-abc\nBylaw-Model: gpt-5.5 high\n\n");
    expect(f, "git log -1 --format='%(trailers:key=Bylaw-Model,valueonly)'", "gpt-5.5 high\n\n");
    expect(f, "git status --porcelain", "A  s.txt\nM  u.txt\n?? x.txt\n");
    expect(f, "git show --stat --format= HEAD | cat",
        " a.rego     | 2 +-\n new/b.rego | 1 +\n 2 files changed, 2 insertions(+), 1 "
        "deletion(-)\n");
    expect(f, "git reflog -1 --format=%gs", "commit: Deny latest tags\n");
    assert_int_equal(f->notes.len, 0);
}

static void deletes_moves_and_modes(void **state)
{
    struct fixture *f = *state;
    run(f, "printf '#!/bin/sh\\n' >run.sh && chmod +x run.sh && echo d >d.txt && git add . && "
           "git commit -qm two");
    add(f, CHANGE_DELETE, "d.txt", "d\n", NULL);
    add(f, CHANGE_UPDATE, "run.sh", "#!/bin/sh\n", "#!/bin/sh\necho\n");
    struct change *moved = add(f, CHANGE_UPDATE, "sub/u2.txt", "user\n", "user moved\n");
    moved->moved_from = mem_strdup("u.txt");
    write_and_commit(f, "Move");
    assert_committed(f);
    expect(f, "git status --porcelain", "");
    expect(f, "git ls-tree -r HEAD --format='%(objectmode) %(path)'",
        "100644 a.rego\n100755 run.sh\n100644 sub/u2.txt\n");
}

static void own_edits_stay_uncommitted(void **state)
{
    struct fixture *f = *state;
    run(f, "printf 'one\\ntwo\\nthree\\nfour\\nfive\\nMINE\\n' >a.rego");
    add(f, CHANGE_UPDATE, "a.rego", "one\ntwo\nthree\nfour\nfive\nMINE\n",
        "one\nTWO\nthree\nfour\nfive\nMINE\n");
    write_and_commit(f, "Only two");
    assert_committed(f);
    expect(f, "git show HEAD:a.rego", "one\nTWO\nthree\nfour\nfive\nsix\n");
    expect(f, "cat a.rego", "one\nTWO\nthree\nfour\nfive\nMINE\n");
    expect(f, "git status --porcelain", " M a.rego\n");
    assert_non_null(strstr(f->notes.ptr, "stay uncommitted"));
}

static void staged_edits_of_the_same_file_stay_staged(void **state)
{
    struct fixture *f = *state;
    run(f, "printf 'one\\ntwo\\nthree\\nfour\\nfive\\nMINE\\n' >a.rego && git add a.rego");
    add(f, CHANGE_UPDATE, "a.rego", "one\ntwo\nthree\nfour\nfive\nMINE\n",
        "one\nTWO\nthree\nfour\nfive\nMINE\n");
    write_and_commit(f, "Only two");
    assert_committed(f);
    expect(f, "git diff --cached | grep '^[-+][^-+]'", "-six\n+MINE\n");
    expect(f, "git status --porcelain", "M  a.rego\n");
}

static void overlapping_edits_are_said(void **state)
{
    struct fixture *f = *state;
    run(f, "printf 'one\\nmine\\nthree\\nfour\\nfive\\nsix\\n' >a.rego");
    add(f, CHANGE_UPDATE, "a.rego", "one\nmine\nthree\nfour\nfive\nsix\n",
        "one\nmine and yours\nthree\nfour\nfive\nsix\n");
    write_and_commit(f, "Overlap");
    assert_committed(f);
    assert_non_null(strstr(f->notes.ptr, "overlap"));
    expect(f, "git status --porcelain", "");
}

static void unborn_and_detached(void **state)
{
    struct fixture *f = *state;
    run(f, "git checkout -q --detach");
    usual_set(f);
    write_and_commit(f, "Detached");
    assert_committed(f);
    assert_non_null(strstr(f->notes.ptr, "detached"));
    expect(f, "git rev-list --count HEAD; git rev-list --count main", "2\n1\n");
    changes_free(&f->set);
    run(f, "git checkout -q --orphan fresh && git rm -rqf --cached .");
    add(f, CHANGE_ADD, "c.rego", NULL, "c\n");
    write_and_commit(f, "Begin");
    assert_committed(f);
    expect(f, "git rev-list --count fresh && git ls-tree --name-only fresh", "1\nc.rego\n");
    expect(f, "git reflog -1 --format=%gs", "commit (initial): Begin\n");
}

static void line_endings_are_gits(void **state)
{
    struct fixture *f = *state;
    run(f,
        "echo '*.rego text eol=crlf' >.gitattributes && git add . && git commit -qm attributes && "
        "rm a.rego && git checkout a.rego");
    add(f, CHANGE_UPDATE, "a.rego", "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\n",
        "one\r\nTWO\r\nthree\r\nfour\r\nfive\r\nsix\r\n");
    write_and_commit(f, "Endings");
    assert_committed(f);
    expect(f, "git show HEAD:a.rego", "one\nTWO\nthree\nfour\nfive\nsix\n");
    expect(f, "git status --porcelain", "");
}

static void refusals(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    run(f, "touch .git/index.lock");
    commit_only(f, "x");
    assert_failed(f, ERR_CONFLICT, "index.lock");
    run(f, "rm .git/index.lock && git rev-parse HEAD >.git/MERGE_HEAD");
    commit_only(f, "x");
    assert_failed(f, ERR_CONFLICT, "a merge is in progress");
    run(f, "rm .git/MERGE_HEAD && echo 'a.rego filter=lfs' >.gitattributes");
    commit_only(f, "x");
    assert_failed(f, ERR_UNSUPPORTED, "filter=lfs");
    run(f, "rm .gitattributes && sed -i /name/d \"$HOME/.gitconfig\"");
    commit_only(f, "x");
    assert_failed(f, ERR_NOT_FOUND, "git config --global user.name");
    run(f, "git config user.name Here");
    changes_free(&f->set);
    add(f, CHANGE_UPDATE, "u.txt", "user\n", "user\n");
    commit_only(f, "Nothing");
    assert_failed(f, ERR_INVALID, "nothing to commit");
    expect(f, "git rev-list --count HEAD", "1\n");
}

static void hook(struct fixture *f, const char *name, const char *script)
{
    char *line =
        mem_printf("mkdir -p .git/hooks && cat >.git/hooks/%s <<'EOF'\n#!/bin/sh\n%s\nEOF\n"
                   "chmod +x .git/hooks/%s",
            name, script, name);
    run(f, line);
    free(line);
}

static void hooks_run_after_asking_once(void **state)
{
    struct fixture *f = *state;
    hook(f, "pre-commit", "echo pre; git diff --cached --name-only; git status --porcelain");
    hook(f, "prepare-commit-msg",
        "echo \"prepare $2\"; echo '[JIRA-1] ' | cat - \"$1\" >t && mv t \"$1\"");
    hook(f, "commit-msg", "echo \"$GIT_AUTHOR_NAME\"; sed -i 's/Deny/Refuse/' \"$1\"");
    hook(f, "post-commit", "git log -1 --format=%s; exit 3");
    run(f, "echo staged >>u.txt && git add u.txt");
    usual_set(f);
    f->answer = COMMIT_RUN_HOOKS;
    write_and_commit(f, "Deny latest\n");
    assert_committed(f);
    assert_int_equal(f->asked, 1);
    assert_string_equal(f->output.ptr,
        "pre|a.rego|new/b.rego|M  a.rego|A  new/b.rego| M u.txt|prepare message|Ann Other|"
        "[JIRA-1] Refuse latest|");
    expect(f, "git log -1 --format=%s", "[JIRA-1] Refuse latest\n");
    expect(f, "git status --porcelain", "M  u.txt\n");
    assert_non_null(strstr(f->notes.ptr, "post-commit exited with 3"));
    changes_free(&f->set);
    add(f, CHANGE_ADD, "c.rego", NULL, "c\n");
    write_and_commit(f, "Again\n");
    assert_committed(f);
    assert_int_equal(f->asked, 1);
    changes_free(&f->set);
    hook(f, "pre-commit", "echo other");
    add(f, CHANGE_ADD, "d.rego", NULL, "d\n");
    f->answer = COMMIT_ABORT;
    write_and_commit(f, "Thrice\n");
    assert_int_equal(f->asked, 2);
    assert_failed(f, ERR_CANCELLED, "cancelled");
    f->answer = COMMIT_SKIP_HOOKS;
    commit_only(f, "Thrice\n");
    assert_committed(f);
    assert_non_null(strstr(f->notes.ptr, "skipped"));
    assert_int_equal(f->output.len, 0);
}

static void failing_hook_stops_the_commit(void **state)
{
    struct fixture *f = *state;
    hook(f, "pre-commit", "echo 'policy \033[31mlint\033[0m failed' >&2; exit 1");
    usual_set(f);
    f->answer = COMMIT_RUN_HOOKS;
    write_and_commit(f, "x");
    assert_failed(f, ERR_EXTERNAL, "pre-commit exited with 1");
    assert_non_null(strstr(f->failed.text, "what it said stands above"));
    assert_non_null(strstr(f->output.ptr, "lint"));
    expect(f, "git rev-list --count HEAD", "1\n");
    expect(f, "git status --porcelain", " M a.rego\n?? new/\n");
    hook(f, "pre-commit", "kill -9 $$");
    commit_only(f, "x");
    assert_failed(f, ERR_EXTERNAL, "pre-commit was ended by signal 9");
    hook(f, "pre-commit", "exit 0");
    hook(f, "commit-msg", ": >\"$1\"");
    commit_only(f, "x");
    assert_failed(f, ERR_INVALID, "message is empty");
}

static void hooks_may_change_index_and_files(void **state)
{
    struct fixture *f = *state;
    hook(f, "pre-commit",
        "echo fmt >>new/b.rego; git add new/b.rego; echo gen >gen.txt; git add gen.txt");
    usual_set(f);
    f->answer = COMMIT_RUN_HOOKS;
    write_and_commit(f, "Formatted");
    assert_committed(f);
    expect(f, "git show HEAD:new/b.rego && git show HEAD:gen.txt", "b\nfmt\ngen\n");
    expect(f, "git status --porcelain", "");
}

static void hooks_path_and_worktree(void **state)
{
    struct fixture *f = *state;
    hook(f, "pre-commit", "echo common hook");
    run(f, "git worktree add -q ../wt -b other");
    workspace_free(f->ws);
    free(f->root);
    f->root = path_join(f->dir, "wt");
    f->ws = workspace_open(f->root, &f->err);
    add(f, CHANGE_ADD, "w.rego", NULL, "w\n");
    f->answer = COMMIT_RUN_HOOKS;
    write_and_commit(f, "In a worktree");
    assert_true(f->ok);
    assert_string_equal(f->output.ptr, "common hook|");
    expect(f, "git log -1 --format=%s other && git status --porcelain", "In a worktree\n");
    changes_free(&f->set);
    run(f, "mkdir .husky && printf '#!/bin/sh\\necho husky' >.husky/pre-commit && chmod +x "
           ".husky/pre-commit && git config core.hooksPath .husky");
    add(f, CHANGE_ADD, "x.rego", NULL, "x\n");
    write_and_commit(f, "With hooksPath");
    assert_true(f->ok);
    assert_string_equal(f->output.ptr, "husky|");
}

static void workspace_below_the_top(void **state)
{
    struct fixture *f = *state;
    test_write(f->root, "sub/s.rego", "s\n");
    run(f, "git add . && git commit -qm sub");
    char *sub = path_join(f->root, "sub");
    workspace_free(f->ws);
    f->ws = workspace_open(sub, &f->err);
    free(sub);
    add(f, CHANGE_UPDATE, "s.rego", "s\n", "S\n");
    write_and_commit(f, "Below");
    assert_committed(f);
    expect(f, "git show --format= --name-only HEAD && git status --porcelain", "sub/s.rego\n");
    struct buf text = BUF_INIT;
    assert_ok(repo_file_at_head(workspace_root(f->ws), "s.rego", 100, &text, &f->err), f->err);
    assert_string_equal(text.ptr, "S\n");
    buf_free(&text);
}

static void head_moved_underneath(void **state)
{
    struct fixture *f = *state;
    hook(
        f, "pre-commit", "unset GIT_INDEX_FILE; git commit -q --no-verify --allow-empty -m theirs");
    usual_set(f);
    f->answer = COMMIT_RUN_HOOKS;
    write_and_commit(f, "Mine");
    assert_failed(f, ERR_CONFLICT, "main moved");
    expect(f, "git log -1 --format=%s", "theirs\n");
    hook(f, "pre-commit", "unset GIT_INDEX_FILE; git checkout -q -b elsewhere");
    commit_only(f, "Mine");
    assert_failed(f, ERR_CONFLICT, "another branch");
}

static void cancelled_in_a_hook(void **state)
{
    struct fixture *f = *state;
    hook(f, "pre-commit", "sleep 60");
    usual_set(f);
    f->answer = COMMIT_RUN_HOOKS;
    assert_ok(door_write(f->ws, &f->set, &f->err), f->err);
    static const enum commit_stage stages[] = {COMMIT_ASKING, COMMIT_HOOK};
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        f->cancels = true;
        f->cancel_at = stages[i];
        commit_only(f, "x");
        assert_failed(f, ERR_CANCELLED, "cancelled");
    }
}

/* Nobody writes into it: git would wait for ever. */
static void a_pipe_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {
        ".gitignore", ".gitattributes", ".git/info/exclude", ".git/config"};
    struct git git;
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *make = mem_printf("rm -f %s.was; touch %s && mv %s %s.was && mkfifo %s", names[i],
            names[i], names[i], names[i], names[i]);
        char *back = mem_printf("mv %s.was %s", names[i], names[i]);
        run(f, make);
        assert_false(git_open(f->root, &git, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.text, names[i]));
        run(f, back);
        free(make);
        free(back);
    }
    assert_ok(git_open(f->root, &git, &err), err);
    git_close(&git);
}

static void signs_with_ssh(void **state)
{
    struct fixture *f = *state;
    char *found = path_find_program("ssh-keygen");
    if (found == NULL) {
        skip();
    }
    free(found);
    run(f, "ssh-keygen -q -t ed25519 -N '' -f \"$HOME/key\" && git config gpg.format ssh && git "
           "config user.signingkey \"$HOME/key\" && git config commit.gpgsign true && echo \"ann@"
           "example.com $(cat \"$HOME/key.pub\")\" >\"$HOME/allowed\" && git config "
           "gpg.ssh.allowedSignersFile \"$HOME/allowed\"");
    usual_set(f);
    write_and_commit(f, "Signed");
    assert_committed(f);
    assert_true(f->is_signed);
    run(f, "git verify-commit HEAD");
    changes_free(&f->set);
    run(f, "git config user.signingkey \"$HOME/none\"");
    add(f, CHANGE_ADD, "c.rego", NULL, "c\n");
    write_and_commit(f, "Unsigned");
    assert_failed(f, ERR_EXTERNAL, "could not sign");
    expect(f, "git log -1 --format=%s", "Signed\n");
    run(f, "git config --unset user.signingkey");
    commit_only(f, "Unsigned");
    assert_failed(f, ERR_NOT_FOUND, "user.signingkey is not set");
    run(f, "git config gpg.ssh.program no-such-signer && git config user.signingkey x");
    commit_only(f, "Unsigned");
    assert_failed(f, ERR_NOT_FOUND, "no-such-signer");
    /* What came with the repository signs nothing. */
    static const char *const names[] = {"$PWD/evil", "./evil", "$PWD/.git/evil"};
    run(f, "printf '#!/bin/sh\\ntouch \"$HOME/PWNED\"\\n' >evil && chmod +x evil && cp evil .git");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *line = mem_printf("git config gpg.ssh.program \"%s\"", names[i]);
        run(f, line);
        free(line);
        commit_only(f, "Unsigned");
        assert_failed(f, ERR_DENIED, "names a program of this repository");
    }
    run(f, "! test -e \"$HOME/PWNED\"");
}

static void signs_with_gpg(void **state)
{
    struct fixture *f = *state;
    char *found = path_find_program("gpg");
    if (found == NULL) {
        skip();
    }
    free(found);
    char *keys = path_join(f->dir, "g");
    setenv("GNUPGHOME", keys, 1);
    run(f,
        "mkdir -m 700 \"$GNUPGHOME\" && gpg -q --batch --passphrase '' --quick-gen-key 'Ann Other "
        "<ann@example.com>' ed25519 sign never 2>/dev/null && git config commit.gpgsign true");
    usual_set(f);
    write_and_commit(f, "Signed");
    bool committed = f->ok;
    if (committed) {
        run(f, "git verify-commit HEAD 2>/dev/null");
    }
    run(f, "gpgconf --kill gpg-agent");
    unsetenv("GNUPGHOME");
    free(keys);
    assert_committed(f);
    assert_true(f->is_signed);
}

static void status_tells(struct fixture *f, const char *want)
{
    struct repo_status s;
    repo_status_read(workspace_root(f->ws), &s);
    char *got = mem_printf("%d %s%s%s %s %zu/%zu %s", (int)s.kind, s.branch ? s.branch : "-",
        s.is_unborn ? " unborn" : "", s.is_detached ? " detached" : "",
        s.operation ? s.operation : "-", s.changed, s.staged, s.problem ? "problem" : "-");
    assert_string_equal(got, want);
    free(got);
    repo_status_free(&s);
}

static void status_of_states(void **state)
{
    struct fixture *f = *state;
    status_tells(f, "0 main - 0/0 -");
    run(f, "echo x >>a.rego && echo y >>u.txt && git add u.txt && echo z >z.txt");
    status_tells(f, "0 main - 3/1 -");
    run(f, "git rev-parse HEAD >.git/MERGE_HEAD");
    status_tells(f, "0 main merge 3/1 -");
    run(f, "rm .git/MERGE_HEAD && git stash -q -u && git checkout -q --orphan new");
    status_tells(f, "0 new unborn - 2/2 -");
    run(f, "git checkout -q -f main && git checkout -q --detach");
    char *id = sh(f, "git rev-parse --short=8 HEAD");
    char *want = mem_printf("0 %.8s detached - 0/0 -", id);
    status_tells(f, want);
    free(want);
    free(id);
    if (geteuid() == 0) {
        run(f, "chown -R 12345 .");
        status_tells(f, "3 - - 0/0 problem");
        struct err err;
        struct buf text = BUF_INIT;
        assert_false(repo_file_at_head(workspace_root(f->ws), "a.rego", 100, &text, &err));
        assert_non_null(strstr(err.text, "safe.directory"));
        buf_free(&text);
        run(f, "chown -R 0 .");
    }
    run(f, "git config core.bare true");
    status_tells(f, "2 - - 0/0 problem");
    run(f, "rm -rf .git");
    status_tells(f, "1 - - 0/0 problem");
}

static void preview_tells(void *data, const struct commit_preview *p)
{
    struct fixture *f = data;
    f->done = true;
    buf_clear(&f->message);
    buf_printf(&f->message, "%d %s %s sign %s hooks %zu%s %s", p->possible,
        p->branch ? p->branch : "-", p->author ? p->author : "-", p->sign_with ? p->sign_with : "-",
        p->hook_count, p->hooks_trusted ? " trusted" : "", p->problem.text);
}

static void preview(struct fixture *f, const char *want)
{
    f->done = false;
    commit_preview_start(f->loop, workspace_root(f->ws), &f->set, preview_tells, f);
    assert_true(loop_run_until(f->loop, &f->done, 240000));
    if (strstr(f->message.ptr, want) == NULL) {
        fail_msg("%s is not in %s", want, f->message.ptr);
    }
}

static void previews(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    preview(f, "1 main Ann Other <ann@example.com> sign - hooks 0 trusted ");
    hook(f, "commit-msg", "true");
    run(f, "git config commit.gpgsign true");
    preview(f, "1 main Ann Other <ann@example.com> sign gpg hooks 1 ");
    run(f, "git rev-parse HEAD >.git/CHERRY_PICK_HEAD");
    preview(f, "a cherry-pick is in progress");
    run(f, "rm -rf .git");
    preview(f, "0 - - sign - hooks 0 ");
    expect(f, "ls -A", "a.rego\nu.txt\n");
}

static void undo(struct fixture *f)
{
    struct revert plan;
    assert_ok(revert_plan(workspace_root(f->ws), "Bylaw-Session", &plan, &f->err), f->err);
    changes_free(&f->set);
    f->set = changes_copy(&plan.changes);
    write_and_commit(f, plan.message);
    assert_committed(f);
    revert_free(&plan);
}

static void undoes_the_last_commit_made_here(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    write_and_commit(f, "Deny latest");
    assert_committed(f);
    char *ours = mem_strdup(f->id);
    run(f, "echo more >>u.txt && git commit -qam 'by hand' && echo staged >s.txt && git add s.txt");
    run(f, "sed -i s/six/SIX/ a.rego"); /* an uncommitted edit that does not overlap */
    undo(f);
    char *want = mem_printf("Revert \"Deny latest\"\n\nThis reverts commit %s.\n", ours);
    expect(f, "git log -1 --format=%B | sed '/^Bylaw/,$d' | sed -e '$d'", want);
    free(want);
    free(ours);
    expect(f, "cat a.rego", "one\ntwo\nthree\nfour\nfive\nSIX\n");
    expect(f, "git status --porcelain", " M a.rego\nA  s.txt\n");
    expect(f, "git rev-list --count HEAD", "4\n");
    struct revert plan;
    assert_false(revert_plan(workspace_root(f->ws), "Bylaw-Session", &plan, &f->err));
    assert_int_equal(f->err.kind, ERR_NOT_FOUND);
}

static void undo_conflicts_are_said(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    write_and_commit(f, "Deny latest");
    struct revert plan;
    run(f, "sed -i s/TWO/mine/ a.rego");
    assert_false(revert_plan(workspace_root(f->ws), "Bylaw-Session", &plan, &f->err));
    assert_int_equal(f->err.kind, ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, "a.rego has uncommitted edits"));
    run(f, "git commit -qam mine");
    assert_false(revert_plan(workspace_root(f->ws), "Bylaw-Session", &plan, &f->err));
    assert_int_equal(f->err.kind, ERR_CONFLICT);
    assert_non_null(strstr(f->err.text, "later commits changed the same lines of a.rego"));
}

static void messages(void **state)
{
    (void)state;
    static const struct message_trailer one[] = {{"Bylaw-Model", "a\nb\tc \x1b[2J\n"}};
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"Subject", "Subject\n\nBylaw-Model: a b c ^[[2J\n"},
        {"\n\nSubject  \n\n\n\nBody\n\n", "Subject\n\nBody\n\nBylaw-Model: a b c ^[[2J\n"},
        {"Subject\n\nCo-authored-by: X <x@y>\n",
            "Subject\n\nCo-authored-by: X <x@y>\nBylaw-Model: a b c ^[[2J\n"},
        {"feat: no trailer\n", "feat: no trailer\n\nBylaw-Model: a b c ^[[2J\n"},
        {"S\n\nNote: text\nbut prose too\n",
            "S\n\nNote: text\nbut prose too\n\nBylaw-Model: a b c ^[[2J\n"},
        {"S\x1b]0;x\x07\r\n\r\nB\xff", "S^[]0;x^G\n\nB<ff>\n\nBylaw-Model: a b c ^[[2J\n"},
        {"", "Bylaw-Model: a b c ^[[2J\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = message_compose(str_of(cases[i].text), one, 1);
        assert_string_equal(got, cases[i].want);
        char *value = message_trailer_find(str_of(got), "bylaw-model");
        if (cases[i].text[0] != '\0') {
            assert_string_equal(value, "a b c ^[[2J");
        }
        free(value);
        free(got);
    }
    char *folded = message_trailer_find(STR_LIT("S\n\nA: 1\nB: 2\n  more\nA: 3\n"), "B");
    assert_string_equal(folded, "2 more");
    free(folded);
    assert_null(message_trailer_find(STR_LIT("A: 1\n"), "A"));
}

#define COMMIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        COMMIT_TEST(commits_and_leaves_staged_work),
        COMMIT_TEST(deletes_moves_and_modes),
        COMMIT_TEST(own_edits_stay_uncommitted),
        COMMIT_TEST(staged_edits_of_the_same_file_stay_staged),
        COMMIT_TEST(overlapping_edits_are_said),
        COMMIT_TEST(unborn_and_detached),
        COMMIT_TEST(line_endings_are_gits),
        COMMIT_TEST(refusals),
        COMMIT_TEST(hooks_run_after_asking_once),
        COMMIT_TEST(failing_hook_stops_the_commit),
        COMMIT_TEST(hooks_may_change_index_and_files),
        COMMIT_TEST(hooks_path_and_worktree),
        COMMIT_TEST(workspace_below_the_top),
        COMMIT_TEST(head_moved_underneath),
        COMMIT_TEST(cancelled_in_a_hook),
        COMMIT_TEST(a_pipe_is_not_waited_for),
        COMMIT_TEST(signs_with_ssh),
        COMMIT_TEST(signs_with_gpg),
        COMMIT_TEST(status_of_states),
        COMMIT_TEST(previews),
        COMMIT_TEST(undoes_the_last_commit_made_here),
        COMMIT_TEST(undo_conflicts_are_said),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
