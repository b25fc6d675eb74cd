/* The catalog against opa itself, on a workspace of our own: packages and annotations as `opa
 * inspect` tells them, definitions as `opa oracle`, what a test reaches as `opa deps`; and after a
 * rename `opa check` and `opa test` say what they said before. */
#include "test.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "catalog/indexer.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 240000 };

static char *opa;

struct fixture {
    char *root;
    struct loop *loop;
    struct workspace *workspace;
    struct indexer *indexer;
    struct catalog *catalog;
    bool listed, settled;
    unsigned events;
};

static void settle(void *data)
{
    struct fixture *f = data;
    struct indexer_progress progress = indexer_progress(f->indexer);
    f->settled = f->listed && progress.done == progress.total;
}

static void on_event(void *data, const struct workspace_event *event)
{
    struct fixture *f = data;
    indexer_take_event(f->indexer, event);
    f->listed = true;
    f->events++;
    settle(f);
}

static void open_folder(struct fixture *f, char *root)
{
    struct err err;
    *f = (struct fixture){.root = root};
    f->loop = loop_new(&err);
    f->workspace = workspace_open(root, &err);
    assert_non_null(f->workspace);
    f->indexer = indexer_new(f->loop, f->workspace, settle, f);
    f->catalog = indexer_catalog(f->indexer);
    workspace_start(f->workspace, f->loop, on_event, f);
    assert_true(loop_run_until(f->loop, &f->settled, WAIT_MS));
}

static void close_folder(struct fixture *f)
{
    workspace_stop(f->workspace);
    indexer_free(f->indexer);
    workspace_free(f->workspace);
    loop_free(f->loop);
    free(f->root);
}

static char *sample_path(void)
{
    return test_source_path("tests/workspaces/catalog");
}

/* ---- opa inspect ---- */

struct lines {
    char **items;
    size_t len, cap;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void assert_same(struct lines *ours, struct lines *theirs)
{
    struct buf a = BUF_INIT;
    struct buf b = BUF_INIT;
    qsort(ours->items, ours->len, sizeof(char *), by_text);
    qsort(theirs->items, theirs->len, sizeof(char *), by_text);
    for (size_t i = 0; i < ours->len; i++) {
        buf_printf(&a, "%s\n", ours->items[i]);
        free(ours->items[i]);
    }
    for (size_t i = 0; i < theirs->len; i++) {
        buf_printf(&b, "%s\n", theirs->items[i]);
        free(theirs->items[i]);
    }
    assert_string_equal(a.ptr, b.ptr);
    buf_free(&a);
    buf_free(&b);
    VEC_FREE(ours);
    VEC_FREE(theirs);
}

struct inspect_walk {
    struct lines *packages, *annotations;
};

static bool take_file(void *data, const char *path, const struct policy_symbols *symbols)
{
    const struct inspect_walk *walk = data;
    if (symbols->kind != FILE_REGO) {
        return true;
    }
    assert_false(symbols->has_errors);
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->kind == SYMBOL_PACKAGE) {
            VEC_PUSH(walk->packages, mem_printf("data.%s %s", definition->name, path));
        }
    }
    VEC_FOREACH (const struct symbol_note, note, &symbols->notes) {
        VEC_PUSH(walk->annotations,
            mem_printf("%s %s %s %s", path, note->scope, policy_symbols_key(symbols, note->key),
                note->title == NULL ? "" : note->title));
    }
    return true;
}

static const char *clean(const char *path)
{
    return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

static void agrees_with_inspect(void **state)
{
    (void)state;
    struct fixture f;
    struct lines packages = {0};
    struct lines annotations = {0};
    struct lines their_packages = {0};
    struct lines their_annotations = {0};
    open_folder(&f, sample_path());
    catalog_each_file(f.catalog, take_file, &(struct inspect_walk){&packages, &annotations});
    char *out = test_run(f.root, (const char *[]){opa, "inspect", "-a", "-f", "json", ".", NULL});
    cJSON *json = json_parse(str_of(out), NULL);
    const cJSON *package;
    cJSON_ArrayForEach(package, json_get(json, "namespaces"))
    {
        const cJSON *file;
        cJSON_ArrayForEach(file, package)
        {
            if (strcmp(path_ext(file->valuestring), ".rego") == 0) {
                VEC_PUSH(&their_packages,
                    mem_printf("%s %s", package->string, clean(file->valuestring)));
            }
        }
    }
    const cJSON *note;
    cJSON_ArrayForEach(note, json_get(json, "annotations"))
    {
        struct buf line = BUF_INIT;
        const cJSON *part;
        buf_printf(&line, "%s %s ", clean(json_get_path(note, "location.file")->valuestring),
            json_get_path(note, "annotations.scope")->valuestring);
        cJSON_ArrayForEach(part, json_get(note, "path"))
        {
            buf_printf(
                &line, "%s%s", part->prev->next == NULL ? "" : "/", json_string(part, "value"));
        }
        buf_printf(&line, " %s", json_string_or(json_get(note, "annotations"), "title", ""));
        VEC_PUSH(&their_annotations, buf_take(&line));
    }
    assert_true(their_packages.len == 4 && their_annotations.len >= 4);
    assert_same(&packages, &their_packages);
    assert_same(&annotations, &their_annotations);
    cJSON_Delete(json);
    free(out);
    close_folder(&f);
}

/* ---- opa oracle ---- */

/* "file:row" of what opa calls the definition of the name at the byte; "" for none. */
static char *oracle(const char *root, const char *path, uint32_t byte)
{
    char *at = mem_printf("%s:%u", path, byte);
    char *command =
        mem_printf("'%s' oracle find-definition --bundle . '%s' 2>/dev/null || true", opa, at);
    char *out = test_run(root, (const char *[]){"sh", "-c", command, NULL});
    cJSON *json = json_parse(str_of(out), NULL);
    const cJSON *result = json_get(json, "result");
    char *found = result == NULL ? mem_strdup("")
                                 : mem_printf("%s:%lld", clean(json_string_or(result, "file", "")),
                                       json_int_or(result, "row", 0));
    cJSON_Delete(json);
    free(out);
    free(command);
    free(at);
    return found;
}

struct oracle_walk {
    struct fixture *f;
    size_t asked, found;
};

static bool ask_file(void *data, const char *path, const struct policy_symbols *symbols)
{
    struct oracle_walk *walk = data;
    for (size_t i = 0; symbols->kind == FILE_REGO && i < symbols->uses.len; i++) {
        const struct symbol_use *use = &symbols->uses.items[i];
        /* The oracle knows whole references: their last constant part, and heads that are
         * variables; a variable of `every` it takes for its domain. */
        bool asked = (use->flags & (USE_DEFINES | USE_IMPORT)) == 0 &&
                     ((use->flags & USE_LAST) != 0 || use->local != NAME_NONE);
        bool every =
            use->local != NAME_NONE && symbols->locals.items[use->local].kind == LOCAL_EVERY;
        if (!asked || every) {
            continue;
        }
        struct catalog_cursor cursor = {.path = path, .row = use->row, .col = use->col};
        struct catalog_places places = {0};
        char *theirs = oracle(walk->f->root, path, use->start);
        catalog_definition(walk->f->catalog, &cursor, &places);
        /* The oracle does not answer everywhere (values of heads, variables never declared). */
        bool same = *theirs == '\0' && (places.len == 0 || places.items[0].kind == SYMBOL_VARIABLE);
        VEC_FOREACH (const struct catalog_place, place, &places) {
            char *ours = mem_printf("%s:%u", place->path, place->at.row + 1);
            same = same || strcmp(ours, theirs) == 0;
            free(ours);
        }
        if (!same) {
            fail_msg("%s:%u:%u: opa says '%s', we say %zu places, the first '%s:%u'", path,
                use->row + 1, use->col + 1, theirs, places.len,
                places.len == 0 ? "" : places.items[0].path,
                places.len == 0 ? 0 : places.items[0].at.row + 1);
        }
        walk->asked++;
        walk->found += *theirs != '\0';
        catalog_places_free(&places);
        free(theirs);
    }
    return true;
}

static void agrees_with_oracle(void **state)
{
    (void)state;
    struct fixture f;
    open_folder(&f, sample_path());
    struct oracle_walk walk = {.f = &f};
    catalog_each_file(f.catalog, ask_file, &walk);
    assert_true(walk.asked >= 60 && walk.found >= 40);
    close_folder(&f);
}

/* ---- opa deps ---- */

static void compare_reach(
    struct fixture *f, const char *path, const char *package, const struct symbol_definition *test)
{
    char *query = mem_printf("data.%s.%s", package, test->name);
    char *out = test_run(f->root,
        (const char *[]){opa, "deps", "-f", "json", "-d", "lib", "-d", "policy", query, NULL});
    cJSON *json = json_parse(str_of(out), NULL);
    struct lines theirs = {0};
    struct lines ours = {0};
    const cJSON *reference;
    cJSON_ArrayForEach(reference, json_get(json, "virtual"))
    {
        struct buf key = BUF_INIT;
        const cJSON *part;
        cJSON_ArrayForEach(part, reference)
        {
            buf_printf(&key, "%s%s", key.len > 0 ? "." : "", json_string(part, "value"));
        }
        if (strcmp(key.ptr, query) != 0) {
            VEC_PUSH(&theirs, buf_take(&key));
        }
        buf_free(&key);
    }
    struct catalog_places places = {0};
    struct catalog_cursor cursor = {.path = path, .row = test->at.row, .col = test->at.col};
    catalog_tested(f->catalog, &cursor, &places);
    VEC_FOREACH (const struct catalog_place, place, &places) {
        char *name = mem_printf("data.%s.%s", place->container, place->name);
        bool known = false;
        VEC_FOREACH (char *, line, &ours) {
            known = known || strcmp(*line, name) == 0;
        }
        if (known) {
            free(name);
        } else {
            VEC_PUSH(&ours, name);
        }
    }
    catalog_places_free(&places);
    assert_same(&ours, &theirs);
    cJSON_Delete(json);
    free(out);
    free(query);
}

static void agrees_with_deps(void **state)
{
    (void)state;
    struct fixture f;
    size_t tests = 0;
    open_folder(&f, sample_path());
    const char *path = "policy/images_test.rego";
    const struct policy_symbols *symbols = catalog_symbols_of(f.catalog, path);
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->kind == SYMBOL_TEST) {
            compare_reach(
                &f, path, symbols->definitions.items[definition->parent].name, definition);
            tests++;
        }
    }
    assert_int_equal(tests, 6);
    close_folder(&f);
}

/* ---- renames ---- */

static char *copy_of_sample(void)
{
    char *dir = test_dir_make();
    char *from = sample_path();
    char *all = mem_printf("%s/.", from);
    free(test_run(NULL, (const char *[]){"cp", "-r", all, dir, NULL}));
    free(all);
    free(from);
    return dir;
}

/* The cursor on the first `name` of the file. */
static void find_name(
    const char *dir, const char *path, const char *name, struct catalog_cursor *cursor)
{
    char *text = test_read(dir, path);
    const char *hit = strstr(text, name);
    assert_non_null(hit);
    *cursor = (struct catalog_cursor){.path = path};
    for (const char *c = text; c < hit; c++) {
        cursor->row += *c == '\n';
        cursor->col = *c == '\n' ? 0 : cursor->col + 1;
    }
    free(text);
}

static bool folder_read(void *data, const char *path, struct patch_file *file, struct err *err)
{
    struct fixture *f = data;
    file->mode = 0644;
    file->found = PATCH_FILE;
    return workspace_read(f->workspace, path, &file->bytes, NULL, err);
}

/* Renames in a fresh copy; returns how many files changed, 0: refused with `why`. */
static size_t rename_in(
    const char *path, const char *name, const char *to, const char *why, size_t passing)
{
    char *dir = copy_of_sample();
    struct fixture f;
    struct err err;
    struct catalog_cursor cursor;
    struct catalog_rename rename;
    struct changes changes = {0};
    open_folder(&f, mem_strdup(dir));
    find_name(dir, path, name, &cursor);
    if (!catalog_rename_plan(f.catalog, &cursor, str_of(to), &rename, &err)) {
        if (why == NULL || strstr(err.text, why) == NULL) {
            fail_msg("%s to %s: %s", name, to, err.text);
        }
    } else {
        if (why != NULL) {
            fail_msg("%s to %s was not refused", name, to);
        }
        struct patch_source source = {folder_read, &f};
        assert_ok(catalog_rename_changes(&rename, &source, &changes, &err), err);
        VEC_FOREACH (const struct change, change, &changes) {
            test_write(dir, change->path, change->content.ptr);
        }
        free(test_run(dir, (const char *[]){opa, "check", "--strict", "lib", "policy", NULL}));
        char *out =
            test_run(dir, (const char *[]){opa, "test", "-f", "json", "lib", "policy", NULL});
        cJSON *json = json_parse(str_of(out), NULL);
        size_t passed = 0;
        const cJSON *one;
        cJSON_ArrayForEach(one, json)
        {
            passed += json_get(one, "fail") == NULL && json_get(one, "error") == NULL;
        }
        assert_int_equal(passed, passing);
        cJSON_Delete(json);
        free(out);
        catalog_rename_free(&rename);
    }
    size_t count = changes.len;
    changes_free(&changes);
    close_folder(&f);
    test_dir_remove(dir);
    return count;
}

static void renames_keep_verdicts(void **state)
{
    (void)state;
    const char *images = "lib/images.rego";
    const char *policy = "policy/images.rego";
    assert_int_equal(rename_in(images, "tag(image)", "label_of", NULL, 6), 2);
    assert_int_equal(rename_in(images, "tag(image)", "container", "variable is named", 6), 0);
    assert_int_equal(rename_in(images, "trusted :=", "known", NULL, 6), 4);
    assert_int_equal(rename_in(images, "trusted :=", "accepted", NULL, 6), 4);
    assert_int_equal(rename_in(images, "limits[\"cpu", "bounds", NULL, 6), 2);
    assert_int_equal(rename_in(images, "images\n\n# The", "lib.pictures", NULL, 6), 4);
    assert_int_equal(rename_in(images, "images\n\n# The", "kit", NULL, 6), 4);
    assert_int_equal(rename_in("lib/objects.rego", "objects", "lib.workloads", NULL, 6), 2);
    assert_int_equal(rename_in(policy, "images\n\nimport", "policy.pinned", NULL, 6), 2);
    assert_int_equal(rename_in(policy, "deny) == 0", "refuse", NULL, 6), 2);
    assert_int_equal(rename_in(policy, "message(c, d", "text_for", NULL, 6), 2);
    assert_int_equal(rename_in(policy, "allow if", "deny", "taken", 6), 0);
    assert_int_equal(rename_in(policy, "container in", "one", NULL, 6), 1);
    assert_int_equal(rename_in(policy, "container in", "msg", "another variable", 6), 0);
    assert_int_equal(rename_in(policy, "container in", "tag", "import is named tag", 6), 0);
    assert_int_equal(rename_in(policy, "known) := msg", "accepted", NULL, 6), 1);
    assert_int_equal(rename_in(policy, "allow if", "not", "no name for a rule", 6), 0);
    assert_int_equal(
        rename_in("policy/images_test.rego", "test_latest", "latest", "begin with test_", 6), 0);
    assert_int_equal(
        rename_in("gatekeeper/template.yaml", "K8sPinnedImages", "K8sPinned", NULL, 6), 2);
    assert_int_equal(
        rename_in("gatekeeper/template.yaml", "violation[", "breach", "Gatekeeper asks", 6), 0);
    assert_int_equal(rename_in("gatekeeper/template.yaml", "ends(image", "has_tag", NULL, 6), 1);
}

/* ---- the background ---- */

static bool has_rule(struct fixture *f, const char *path, const char *name)
{
    struct catalog_places places = {0};
    bool found = false;
    catalog_outline(f->catalog, path, &places);
    VEC_FOREACH (const struct catalog_place, place, &places) {
        found = found || strcmp(place->name, name) == 0;
    }
    catalog_places_free(&places);
    return found;
}

static void wait_for(struct fixture *f, const char *path, const char *name, bool there)
{
    uint64_t end = loop_now_ms() + WAIT_MS;
    while (has_rule(f, path, name) != there) {
        assert_true(loop_now_ms() < end);
        loop_run_once(f->loop, 50);
    }
}

static void follows_files_and_buffers(void **state)
{
    (void)state;
    char *dir = copy_of_sample();
    struct fixture f;
    open_folder(&f, mem_strdup(dir));
    test_write(dir, "policy/new.rego", "package policy.new\nfresh := 1\n");
    workspace_refresh(f.workspace);
    wait_for(&f, "policy/new.rego", "fresh", true);
    indexer_set_buffer(f.indexer, "policy/new.rego", STR_LIT("package policy.new\nunsaved := 1\n"));
    wait_for(&f, "policy/new.rego", "unsaved", true);
    assert_false(has_rule(&f, "policy/new.rego", "fresh"));
    /* The file does not count while the buffer does. */
    test_write(dir, "policy/new.rego", "package policy.new\nsaved := 12345\n");
    unsigned events = f.events;
    workspace_refresh(f.workspace);
    while (f.events == events) {
        loop_run_once(f.loop, 50);
    }
    assert_true(has_rule(&f, "policy/new.rego", "unsaved"));
    indexer_drop_buffer(f.indexer, "policy/new.rego");
    wait_for(&f, "policy/new.rego", "saved", true);
    char *path = path_join(dir, "policy/new.rego");
    assert_int_equal(unlink(path), 0);
    free(path);
    workspace_refresh(f.workspace);
    wait_for(&f, "policy/new.rego", "saved", false);
    close_folder(&f);
    test_dir_remove(dir);
}

/* What the engine says of its functions arrives by itself. */
static void learns_builtins(void **state)
{
    (void)state;
    struct fixture f;
    open_folder(&f, sample_path());
    struct catalog_cursor cursor = {.path = "lib/images.rego", .row = 10, .col = 12};
    struct buf text = BUF_INIT;
    uint64_t end = loop_now_ms() + WAIT_MS;
    while (!catalog_hover(f.catalog, &cursor, NULL, NULL, &text)) {
        assert_true(loop_now_ms() < end);
        loop_run_once(f.loop, 50);
    }
    assert_non_null(strstr(text.ptr, "split(x: string, delimiter: string) -> array[string]"));
    buf_free(&text);
    close_folder(&f);
}

int main(void)
{
    struct err err;
    opa = engine_find(&engine_opa, &err);
    if (opa == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_inspect),
        cmocka_unit_test(agrees_with_oracle),
        cmocka_unit_test(agrees_with_deps),
        cmocka_unit_test(renames_keep_verdicts),
        cmocka_unit_test(follows_files_and_buffers),
        cmocka_unit_test(learns_builtins),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(opa);
    return failed;
}
