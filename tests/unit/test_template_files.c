/* Templates and the files their Rego is kept in: read, put together, taken apart. */
#include "test.h"

#include "base/vec.h"
#include "policy/gomplate.h"
#include "policy/template_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char dual[] = "# kept\n"
                           "apiVersion: templates.gatekeeper.sh/v1\n"
                           "kind: ConstraintTemplate\n"
                           "metadata: {name: k8sowner} # kept {{\n"
                           "spec:\n"
                           "  targets:\n"
                           "    - target: admission.k8s.gatekeeper.sh\n"
                           "      code:\n"
                           "        - engine: K8sNativeValidation\n"
                           "          source:\n"
                           "            validations:\n"
                           "              - expression: \"{{ true\"\n"
                           "        - engine: Rego\n"
                           "          source:\n"
                           "            version: v1\n"
                           "            rego: |-\n"
                           "              package k8sowner\n"
                           "\n"
                           "              import data.lib.labels\n"
                           "            libs:\n"
                           "              - |\n"
                           "                package lib.labels\n"
                           "                \n"
                           "                x := 1\n"
                           "# the end\n";

static void blocks_are_read(void **state)
{
    (void)state;
    struct assembly_blocks blocks = {0};
    assembly_read(str_of(dual), &blocks);
    assert_int_equal(blocks.len, 3);
    assert_int_equal(blocks.items[0].kind, ASSEMBLY_CEL);
    assert_string_equal(blocks.items[0].text.ptr, "validations:\n  - expression: \"{{ true\"\n");
    assert_int_equal(blocks.items[1].kind, ASSEMBLY_REGO);
    assert_true(blocks.items[1].v1);
    assert_int_equal(blocks.items[1].row, 17);
    assert_int_equal(blocks.items[1].indent, 14);
    assert_string_equal(blocks.items[1].text.ptr, "package k8sowner\n\nimport data.lib.labels\n");
    assert_int_equal(blocks.items[2].kind, ASSEMBLY_LIB);
    assert_int_equal(blocks.items[2].policy, blocks.items[1].policy);
    assert_string_equal(blocks.items[2].text.ptr, "package lib.labels\n\nx := 1\n");
    assert_string_equal(blocks.items[2].name, "k8sowner");
    assembly_blocks_free(&blocks);
}

static char *put(const char *yaml, size_t block, const char *text)
{
    struct assembly_blocks blocks = {0};
    struct str texts[8] = {{0}};
    struct buf out = BUF_INIT;
    struct err err;
    assembly_read(str_of(yaml), &blocks);
    assert_true(block < blocks.len && blocks.len <= 8);
    texts[block] = str_of(text);
    if (!assembly_put(str_of(yaml), &blocks, texts, &out, &err)) {
        buf_clear(&out);
        buf_printf(&out, "refused: %s", err.text);
    }
    assembly_blocks_free(&blocks);
    return buf_take(&out);
}

static void only_the_block_changes(void **state)
{
    (void)state;
    char *same = put(dual, 1, "package k8sowner\r\n\r\nimport data.lib.labels\r\n\r\n");
    assert_string_equal(same, dual);
    free(same);
    char *other = put(dual, 1, "package other\n\n\tx := 1\n");
    const char *at = strstr(dual, "              package k8sowner");
    assert_int_equal(strncmp(other, dual, (size_t)(at - dual)), 0);
    const char *rest = strstr(dual, "            libs:");
    const char *now = other + (at - dual);
    assert_int_equal(
        strncmp(now, "              package other\n\n              \tx := 1\n", 51), 0);
    assert_string_equal(strstr(now, "            libs:"), rest);
    free(other);
}

static void what_yaml_cannot_hold_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"  package x\n", "package x\001\n", "package x\ry\n", "\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *said = put(dual, 1, bad[i]);
        assert_memory_equal(said, "refused", 7);
        free(said);
    }
    char *quoted = put(
        "kind: ConstraintTemplate\nspec:\n  targets:\n  - rego: \"package x\"\n", 0, "package y\n");
    assert_string_equal(
        quoted, "refused: the Rego at line 4 is no literal block (|): write it as one");
    free(quoted);
}

/* ---- in a folder ---- */

struct place {
    char *dir;
    int fd;
    struct patch_folder folder;
    struct policy_index *index;
    struct manifests manifests;
    struct template_tree tree;
};

static void look(struct place *place)
{
    struct err err;
    assert_ok(policy_index_scan(place->index, place->dir, NULL, &err), err);
    manifests_update(&place->manifests, place->index, NULL);
    place->tree = (struct template_tree){
        place->index, &place->manifests, {patch_folder_read, &place->folder}, NULL};
}

static struct place *open_place(const char *const *files)
{
    struct place *place = MEM_NEW(struct place);
    *place = (struct place){.dir = test_dir_make(), .index = policy_index_new()};
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(place->dir, files[i], files[i + 1]);
    }
    place->fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place->folder = (struct patch_folder){place->fd, 1 << 20};
    look(place);
    return place;
}

static void close_place(struct place *place)
{
    close(place->fd);
    manifests_free(&place->manifests);
    policy_index_free(place->index);
    test_dir_remove(place->dir);
    free(place);
}

static void lay_out(struct place *place, struct changes *changes)
{
    VEC_FOREACH (struct change, change, changes) {
        test_write(place->dir, change->path, change->content.ptr);
    }
    changes_free(changes);
    look(place);
}

static size_t differences_of(struct place *place, const char *path)
{
    struct template_layout layout;
    struct template_differences differences = {0};
    struct err err;
    assert_true(template_layout_of(&place->tree, path, &layout));
    assert_ok(template_check(&place->tree, &layout, &differences, &err), err);
    size_t count = differences.len;
    template_differences_free(&differences);
    template_layout_free(&layout);
    return count;
}

static void split_and_assembled(bool make, const char *path, const char *source)
{
    const char *files[] = {path, dual, NULL};
    struct place *place = open_place(files);
    struct template_layout layout;
    struct changes changes = {0};
    struct err err;
    assert_true(template_layout_of(&place->tree, path, &layout));
    assert_ok(template_split(&place->tree, &layout, make, &changes, &err), err);
    lay_out(place, &changes);
    template_layout_free(&layout);
    char *text = test_read(place->dir, source);
    assert_string_equal(text, "package k8sowner\n\nimport data.lib.labels\n");
    free(text);
    assert_int_equal(differences_of(place, path), 0);

    /* The file is edited: the template follows, and back. */
    test_write(place->dir, source, "package k8sowner\n\ny := 2\n");
    look(place);
    assert_int_equal(differences_of(place, path), 1);
    assert_true(template_layout_of(&place->tree, path, &layout));
    unsigned row = 0;
    assert_null(template_origin(&place->tree, &layout, 19, &row));
    assert_ok(template_assemble(&place->tree, &layout, &changes, &err), err);
    assert_int_equal(changes.len, 1);
    assert_non_null(strstr(changes.items[0].content.ptr, "\n              y := 2\n"));
    lay_out(place, &changes);
    template_layout_free(&layout);
    assert_int_equal(differences_of(place, path), 0);
    assert_true(template_layout_of(&place->tree, path, &layout));
    char *origin = template_origin(&place->tree, &layout, 19, &row);
    assert_string_equal(origin, source);
    assert_int_equal(row, 3);
    free(origin);
    test_write(place->dir, path, dual);
    assert_ok(template_split(&place->tree, &layout, make, &changes, &err), err);
    assert_int_equal(changes.len, 1);
    assert_string_equal(changes.items[0].path, source);
    changes_free(&changes);
    template_layout_free(&layout);
    close_place(place);
}

static void there_and_back(void **state)
{
    (void)state;
    split_and_assembled(false, "t/template.yaml", "t/src.rego");
    split_and_assembled(false, "template.yaml", "src.rego");
}

/* Blanks in an empty line are what gomplate would write otherwise. */
static void what_is_not_the_same_again_is_refused(void **state)
{
    (void)state;
    const char *files[] = {"library/t/template.yaml", dual, NULL};
    struct place *place = open_place(files);
    struct template_layout layout;
    struct changes changes = {0};
    struct err err;
    assert_true(template_layout_of(&place->tree, files[0], &layout));
    assert_false(template_split(&place->tree, &layout, true, &changes, &err));
    assert_non_null(strstr(err.text, "line 23"));
    assert_int_equal(changes.len, 0);
    template_layout_free(&layout);
    close_place(place);
}

static void made_by_gomplate(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    const char *blanks = strstr(dual, "                \n");
    buf_append(&text, dual, (size_t)(blanks - dual));
    buf_append_c(&text, blanks + 16);
    const char *files[] = {"library/t/template.yaml", text.ptr, NULL};
    struct place *place = open_place(files);
    struct template_layout layout;
    struct changes changes = {0};
    struct err err;
    assert_true(template_layout_of(&place->tree, files[0], &layout));
    assert_ok(template_split(&place->tree, &layout, true, &changes, &err), err);
    lay_out(place, &changes);
    template_layout_free(&layout);
    assert_int_equal(differences_of(place, files[0]), 0);
    char *maker = test_read(place->dir, "src/t/constraint.tmpl");
    assert_non_null(strstr(maker, "# kept {{ \"{{\" }}\n"));
    assert_non_null(strstr(maker,
        "\n{{ file.Read \"src/t/src.rego\" | strings.Indent 14 | strings.TrimSuffix \"\\n\" }}\n"));
    assert_non_null(strstr(maker, "src/t/src.cel\" | strings.Indent 12"));
    assert_non_null(strstr(maker, "src/t/lib_labels.rego"));
    free(maker);

    /* Its YAML is edited as well: the maker follows. */
    char *edited = test_read(place->dir, files[0]);
    memcpy(strstr(edited, "# kept"), "# left", 6);
    test_write(place->dir, files[0], edited);
    free(edited);
    look(place);
    assert_int_equal(differences_of(place, files[0]), 1);
    assert_true(template_layout_of(&place->tree, files[0], &layout));
    assert_ok(template_split(&place->tree, &layout, false, &changes, &err), err);
    assert_int_equal(changes.len, 1);
    assert_string_equal(changes.items[0].path, "src/t/constraint.tmpl");
    lay_out(place, &changes);
    template_layout_free(&layout);
    assert_int_equal(differences_of(place, files[0]), 0);
    buf_free(&text);
    close_place(place);
}

static void a_taken_name_is_not_overwritten(void **state)
{
    (void)state;
    const char *files[] = {"t/template.yaml", dual, "t/lib_labels.rego", "package mine\n", NULL};
    struct place *place = open_place(files);
    struct template_layout layout;
    struct changes changes = {0};
    struct err err;
    assert_true(template_layout_of(&place->tree, files[0], &layout));
    assert_false(template_split(&place->tree, &layout, false, &changes, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    template_layout_free(&layout);
    close_place(place);
}

/* ---- gomplate ---- */

static bool read_table(void *data, const char *path, struct patch_file *file, struct err *err)
{
    (void)data;
    (void)err;
    if (strcmp(path, "a/x") == 0) {
        file->found = PATCH_FILE;
        buf_append_c(&file->bytes, "one\n\n two\n");
    }
    return true;
}

static char *render(const char *text)
{
    struct patch_source source = {read_table, NULL};
    struct gomplate_output output = {0};
    struct err err;
    char *result = gomplate_render(str_of(text), &source, "a", &output, &err)
                       ? str_dup(buf_str(&output.text))
                       : mem_strdup(err.text);
    gomplate_output_free(&output);
    return result;
}

static void gomplate(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a\n{{ file.Read \"x\" | strings.Indent 2 | strings.TrimSuffix \"\\n\" }}\nb",
            "a\n  one\n\n   two\nb"},
        {"{{(strings.TrimSpace (file.Read `x`))}}", "one\n\n two"},
        {"a \n{{- /* no */ -}} \n b{{ \"{{\" }}", "ab{{"},
        {"{{ \"x\" | strings.Indent 2 \"> \" }}", "> > x"},
        {"{{ file.Read \"none\" }}", "line 1: file.Read: there is no file a/none"},
        {"\n{{ file.Read \"../x\" }}", NULL},
        {"{{ env.Getenv \"HOME\" }}",
            "line 1: env.Getenv is not among the functions of gomplate known here"},
        {"{{ if true }}", "line 1: this action is not among those of gomplate known here"},
        {"{{ \"a", "line 1: an action does not end: }} is missing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = render(cases[i][0]);
        if (cases[i][1] != NULL) {
            assert_string_equal(got, cases[i][1]);
        } else {
            assert_memory_equal(got, "line 2: file.Read: ", 19);
        }
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_read),
        cmocka_unit_test(only_the_block_changes),
        cmocka_unit_test(what_yaml_cannot_hold_is_refused),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_is_not_the_same_again_is_refused),
        cmocka_unit_test(made_by_gomplate),
        cmocka_unit_test(a_taken_name_is_not_overwritten),
        cmocka_unit_test(gomplate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
