#include "guard_folder.h"

#include "test.h"

#include "base/vec.h"

#include <stdlib.h>

struct guard_folder guard_folder_make(const char *const *files)
{
    struct guard_folder folder = {.dir = test_dir_make(), .index = policy_index_new()};
    struct err err;
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(folder.dir, files[i], files[i + 1]);
    }
    assert_ok(policy_index_scan(folder.index, folder.dir, NULL, &err), err);
    manifests_update(&folder.manifests, folder.index, NULL);
    return folder;
}

void guard_folder_free(struct guard_folder *folder)
{
    manifests_free(&folder->manifests);
    policy_index_free(folder->index);
    test_dir_remove(folder->dir);
}

char *guard_say(const char *const *files, const char *path)
{
    struct guard_folder folder = guard_folder_make(files);
    struct findings findings = {0};
    struct buf out = BUF_INIT;
    char *text = test_read(folder.dir, path);
    struct guard_world *world = guard_world_new(folder.index, &folder.manifests);
    guards_check(world, path, str_of(text), &findings);
    guard_world_free(world);
    VEC_FOREACH (const struct finding, f, &findings) {
        assert_string_equal(f->file, path);
        assert_string_equal(f->source, "guard");
        assert_true(f->end.row > f->at.row || f->end.col >= f->at.col);
        buf_printf(&out, "%s%u:%u %s", out.len > 0 ? ", " : "", f->at.row, f->at.col, f->rule);
    }
    free(text);
    findings_free(&findings);
    guard_folder_free(&folder);
    return buf_take(&out);
}

void guard_expect(const char *const *files, const char *path, const char *expected)
{
    char *said = guard_say(files, path);
    assert_string_equal(said, expected);
    free(said);
}

void guard_expect_text(const char *path, const char *text, const char *expected)
{
    guard_expect((const char *const[]){path, text, NULL}, path, expected);
}

static char *say_all(const char *const *files)
{
    struct guard_folder folder = guard_folder_make(files);
    struct findings findings = {0};
    struct buf out = BUF_INIT;
    struct err err;
    size_t looked = 0;
    assert_ok(guards_check_folder(folder.dir, NULL, 0, &findings, &looked, &err), err);
    VEC_FOREACH (const struct finding, f, &findings) {
        buf_printf(&out, "%s%s:%u %s", out.len > 0 ? ", " : "", f->file, f->at.row, f->rule);
    }
    findings_free(&findings);
    guard_folder_free(&folder);
    return out.ptr == NULL ? mem_strdup("") : buf_take(&out);
}

void guard_expect_all(const char *const *files, const char *expected)
{
    char *said = say_all(files);
    assert_string_equal(said, expected);
    free(said);
}

char *guard_mended(const char *const *files, const char *path)
{
    struct guard_folder folder = guard_folder_make(files);
    struct findings findings = {0};
    char *text = test_read(folder.dir, path);
    struct guard_world *world = guard_world_new(folder.index, &folder.manifests);
    guards_check(world, path, str_of(text), &findings);
    guard_world_free(world);
    assert_true(findings.len > 0 && findings.items[0].edit.from.row > 0);
    size_t at[2];
    struct position places[] = {findings.items[0].edit.from, findings.items[0].edit.to};
    for (size_t i = 0; i < 2; i++) {
        const char *line = text;
        for (unsigned row = 1; row < places[i].row; row++) {
            line = strchr(line, '\n') + 1;
        }
        at[i] = (size_t)(line - text) + places[i].col - 1;
    }
    char *result =
        mem_printf("%.*s%s%s", (int)at[0], text, findings.items[0].edit.with, text + at[1]);
    free(text);
    findings_free(&findings);
    guard_folder_free(&folder);
    return result;
}
