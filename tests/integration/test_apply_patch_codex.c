/* apply_patch against the real one: random files, random patches (valid, damaged, hostile in text),
 * the same result or a difference that apply_patch.h lists. APPLY_PATCH_RUNS runs longer by hand,
 * APPLY_PATCH_SEED starts elsewhere. */
#include "dice.h"
#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "patch/apply_patch.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static uint64_t random_state = 0x9E3779B97F4A7C15u;

static size_t below(size_t bound)
{
    return (size_t)((dice_roll(&random_state) >> 11) % bound);
}

static bool chance(size_t percent)
{
    return below(100) < percent;
}

static const char *const words[] = {"a", "b", "c", "", "  b", "b  ", "\tb", "deny if {", "}", "“q”",
    "\"q\"", "x\xc2\xa0y", "x y", "é", "*** End of File", "@@", "@@ a", "+p", "-m", "a\rb", "–",
    "-", " ", "**", "\xe3\x80\x80w", "w\xc2\x85"};
static const char *const names[] = {"f", "g", "d/h", "new", "d/e/new"};

static void random_line(struct buf *out)
{
    buf_append_c(out, words[below(chance(70) ? 14 : ARRAY_LEN(words))]);
}

static void random_file(struct buf *out)
{
    static const char *const endings[] = {"\n", "\r\n", "\r"};
    size_t style = chance(75) ? 0 : below(3);
    size_t count = below(9);
    for (size_t i = 0; i < count; i++) {
        random_line(out);
        if (i + 1 < count || chance(75)) {
            buf_append_c(out, endings[chance(90) ? style : below(3)]);
        }
    }
}

/* A chunk that is likely to fit: lines of the file from a random place, some removed, some added.
 */
static void random_chunk(struct str file, struct buf *out)
{
    struct str rest = file;
    struct str line;
    size_t skip = below(4);
    while (skip-- > 0 && str_next_line(&rest, &line)) {
    }
    switch (below(12)) {
    case 0:
        break;
    case 1:
        buf_append_c(out, "@@ ");
        random_line(out);
        buf_append_char(out, '\n');
        break;
    default:
        buf_append_c(out, "@@\n");
    }
    size_t count = below(4);
    while (count-- > 0) {
        if (chance(35)) {
            buf_append_char(out, '+');
            random_line(out);
            buf_append_char(out, '\n');
        }
        if (!str_next_line(&rest, &line)) {
            break;
        }
        if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
            line.len--;
        }
        buf_append_char(out, chance(50) ? ' ' : '-');
        buf_append_str(out, chance(10) ? str_trim(line) : line);
        buf_append_char(out, '\n');
    }
    if (chance(30)) {
        buf_append_char(out, chance(70) ? '+' : " -"[below(2)]);
        random_line(out);
        buf_append_char(out, '\n');
    }
    if (chance(6)) {
        buf_append_char(out, '\n');
    }
    if (chance(10)) {
        buf_append_c(out, "*** End of File\n");
    }
}

static void random_patch(const struct buf files[3], struct buf *out)
{
    buf_append_c(out, "*** Begin Patch\n");
    size_t ops = chance(60) ? 1 : 1 + below(3);
    while (ops-- > 0) {
        size_t which = below(3);
        switch (below(8)) {
        case 0:
            buf_printf(out, "*** Add File: %s\n", names[below(ARRAY_LEN(names))]);
            for (size_t i = below(4); i > 0; i--) {
                buf_append_char(out, '+');
                random_line(out);
                buf_append_char(out, '\n');
            }
            break;
        case 1:
            buf_printf(out, "*** Delete File: %s\n", names[below(ARRAY_LEN(names))]);
            break;
        default:
            buf_printf(out, "*** Update File: %s\n", names[which]);
            if (chance(12)) {
                const char *to = names[below(ARRAY_LEN(names))];
                /* To the same path is a listed difference. */
                if (strcmp(to, names[which]) != 0) {
                    buf_printf(out, "*** Move to: %s\n", to);
                }
            }
            for (size_t i = chance(60) ? 1 : 1 + below(3); i > 0; i--) {
                random_chunk(buf_str(&files[which]), out);
            }
        }
    }
    buf_append_c(out, "*** End Patch\n");
}

static void damage(struct buf *patch)
{
    static const char *const bits[] = {"\n", " ", "@@\n", "*** End Patch\n", "*** End of File\n",
        "*** Begin Patch\n", "-", "+", "*** Update File: f\n", "\r", "\t", "@@ a\n", "\n\n",
        "*** Move to: new\n", "*** Environment ID: x\n", "<<EOF\n", "*** Add File: \n"};
    for (size_t i = 1 + below(3); i > 0; i--) {
        size_t at = below(patch->len + 1);
        if (chance(60)) {
            /* At a line's beginning most of the time: that is where the grammar is. */
            while (chance(90) && at > 0 && patch->ptr[at - 1] != '\n') {
                at--;
            }
            const char *bit = bits[below(ARRAY_LEN(bits))];
            buf_insert(patch, at, bit, strlen(bit));
        } else {
            size_t len = below(12);
            buf_remove(patch, at, at + len > patch->len ? patch->len - at : len);
        }
    }
}

static char *codex_path(void)
{
    char *source = test_source_path("");
    char *script =
        mem_printf(". scripts/lib.sh && printf %%s \"$(fetch_node_modules tests/node)\"");
    const char *argv[] = {"bash", "-c", script, NULL};
    char *modules = test_run(source, argv);
    char *find =
        mem_printf("ls %s/@openai/codex-*/vendor/*/bin/codex | head -n 1 | tr -d '\\n'", modules);
    const char *ls[] = {"bash", "-c", find, NULL};
    char *codex = test_run(NULL, ls);
    if (codex[0] == '\0') {
        fail_msg("no native codex below %s", modules);
    }
    free(find);
    free(modules);
    free(script);
    free(source);
    return codex;
}

/* The real tool in `dir`; its exit code. */
static int run_codex(const char *codex, const char *dir, const char *patch)
{
    char *argv[] = {
        mem_strdup(codex), mem_strdup("--codex-run-as-apply-patch"), mem_strdup(patch), NULL};
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_addchdir_np(&actions, dir);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int problem = posix_spawn(&pid, codex, &actions, NULL, argv, environ);
    if (problem != 0) {
        fail_msg("%s could not be started in %s (%s): %s", codex, dir,
            access(dir, X_OK) == 0 ? "which is there" : "which is gone", strerror(problem));
    }
    posix_spawn_file_actions_destroy(&actions);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (size_t i = 0; argv[i] != NULL; i++) {
        free(argv[i]);
    }
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void list(const char *dir, const char *below_dir, struct changes *out)
{
    char *path = path_join(dir, below_dir);
    DIR *handle = opendir(path);
    assert_non_null(handle);
    struct dirent *entry;
    while ((entry = readdir(handle)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        char *name =
            below_dir[0] == '\0' ? mem_strdup(entry->d_name) : path_join(below_dir, entry->d_name);
        char *full = path_join(dir, name);
        struct stat st;
        assert_int_equal(lstat(full, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            list(dir, name, out);
            free(name);
        } else {
            struct change file = {.path = name};
            struct err err = {0};
            assert_ok(file_read(full, 1 << 20, &file.content, &err), err);
            VEC_PUSH(out, file);
        }
        free(full);
    }
    closedir(handle);
    free(path);
}

struct run {
    struct buf files[3];
    struct buf patch;
};

static void explain(const struct run *run, const char *what)
{
    fprintf(stderr, "--- %s\n", what);
    for (size_t i = 0; i < 3; i++) {
        char *quoted = NULL;
        struct buf out = BUF_INIT;
        for (size_t j = 0; j < run->files[i].len; j++) {
            char c = run->files[i].ptr[j];
            buf_printf(&out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "%c", c);
        }
        quoted = buf_take(&out);
        fprintf(stderr, "%s: \"%s\"\n", names[i], quoted);
        free(quoted);
    }
    fprintf(stderr, "%s\n---\n", run->patch.ptr);
}

/* What the tree should hold after our changes, compared with what the real one left. */
static bool same_tree(
    const struct changes *before, const struct changes *ours, const struct changes *real)
{
    size_t expected = 0;
    VEC_FOREACH (struct change, file, real) {
        const struct change *change = changes_find(ours, file->path);
        const struct change *old = changes_find(before, file->path);
        const struct buf *content = change != NULL ? &change->content : old ? &old->content : NULL;
        if (content == NULL || (change != NULL && change->kind == CHANGE_DELETE) ||
            !str_equal(buf_str(content), buf_str(&file->content))) {
            return false;
        }
    }
    VEC_FOREACH (struct change, old, before) {
        const struct change *change = changes_find(ours, old->path);
        bool gone = change != NULL && change->kind == CHANGE_DELETE;
        VEC_FOREACH (struct change, other, ours) {
            gone = gone || (other->moved_from != NULL && strcmp(other->moved_from, old->path) == 0);
        }
        expected += !gone;
    }
    VEC_FOREACH (struct change, change, ours) {
        expected += change->kind != CHANGE_DELETE && changes_find(before, change->path) == NULL;
    }
    return expected == real->len;
}

static bool one_run(const char *codex, size_t *accepted)
{
    struct run run = {0};
    char *dir = test_dir_make();
    struct changes before = {0};
    for (size_t i = 0; i < 3; i++) {
        random_file(&run.files[i]);
        test_write(dir, names[i], run.files[i].ptr != NULL ? run.files[i].ptr : "");
    }
    random_patch(run.files, &run.patch);
    if (chance(35)) {
        damage(&run.patch);
    }
    list(dir, "", &before);
    struct patch_folder folder = {
        .fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), .max_bytes = 1 << 20};
    struct patch_source source = {patch_folder_read, &folder};
    struct changes ours = {0};
    struct buf report = BUF_INIT;
    struct err err = {0};
    bool ok = apply_patch_apply(buf_str(&run.patch), &source, &ours, &report, &err);
    close(folder.fd);
    int code = run_codex(codex, dir, run.patch.ptr);
    struct changes real = {0};
    list(dir, "", &real);

    bool same = true;
    bool listed = !ok && (err.kind == ERR_DENIED || err.kind == ERR_EXISTS ||
                             strstr(err.text, "control character") != NULL);
    if (!listed && ok != (code == 0)) {
        explain(&run, ok ? "we apply what the real one refuses" : err.text);
        same = false;
    } else if (ok && !same_tree(&before, &ours, &real)) {
        explain(&run, "another result");
        VEC_FOREACH (struct change, file, &real) {
            const struct change *mine = changes_find(&ours, file->path);
            fprintf(stderr, "real %s:\n%.*s\nours:\n%.*s\n", file->path,
                STR_FMT(buf_str(&file->content)), mine != NULL ? (int)mine->content.len : 0,
                mine != NULL ? mine->content.ptr : "");
        }
        same = false;
    }
    if (!ok && (report.len == 0 || ours.len != 0)) {
        explain(&run, "a refusal without a report, or with changes");
        same = false;
    }
    *accepted += ok;
    changes_free(&real);
    changes_free(&ours);
    changes_free(&before);
    buf_free(&report);
    for (size_t i = 0; i < 3; i++) {
        buf_free(&run.files[i]);
    }
    buf_free(&run.patch);
    test_dir_remove(dir);
    return same;
}

static void same_as_the_real_one(void **state)
{
    (void)state;
    const char *runs_text = getenv("APPLY_PATCH_RUNS");
    const char *seed = getenv("APPLY_PATCH_SEED");
    size_t runs = runs_text != NULL ? strtoull(runs_text, NULL, 10) : 250;
    if (seed != NULL) {
        random_state += strtoull(seed, NULL, 10) * 2654435761u;
    }
    char *codex = codex_path();
    size_t accepted = 0;
    size_t different = 0;
    for (size_t i = 0; i < runs && different < 5; i++) {
        different += !one_run(codex, &accepted);
    }
    printf("%zu patches compared, %zu of them applied\n", runs, accepted);
    free(codex);
    assert_int_equal(different, 0);
    /* Both sides of the comparison must really be exercised. */
    assert_true(accepted * 10 > runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_the_real_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
