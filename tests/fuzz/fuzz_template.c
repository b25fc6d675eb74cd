/* ConstraintTemplates taken apart and put together again, and gomplate templates, on any text. What
 * was split gives the same bytes when it is assembled, or the split is refused. */
#include "base/vec.h"
#include "policy/gomplate.h"
#include "policy/template_files.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define TEMPLATE "library/x/template.yaml"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct files {
    struct str template;
    const struct changes *changes; /* over it */
};

static bool read_file(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct files *files = data;
    const struct change *change =
        files->changes == NULL ? NULL : changes_find(files->changes, path);
    (void)err;
    if (change != NULL) {
        file->found = PATCH_FILE;
        buf_append_str(&file->bytes, buf_str(&change->content));
    } else if (strcmp(path, TEMPLATE) == 0) {
        file->found = PATCH_FILE;
        buf_append_str(&file->bytes, files->template);
    }
    return true;
}

#define require(ok)                                                                                \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            fprintf(stderr, "line %d: %s\n", __LINE__, #ok);                                       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void put_back(struct str text)
{
    struct assembly_blocks blocks = {0};
    struct buf out = BUF_INIT;
    struct err err;
    assembly_read(text, &blocks);
    struct str *texts = mem_zalloc((blocks.len + 1) * sizeof *texts);
    for (size_t i = 0; i < blocks.len; i++) {
        texts[i] = buf_str(&blocks.items[i].text);
    }
    if (assembly_put(text, &blocks, texts, &out, &err)) {
        require(str_equal(buf_str(&out), text));
    }
    /* Another text is what is read afterwards. */
    for (size_t i = 0; i < blocks.len; i++) {
        texts[i] = (struct str){0};
    }
    if (blocks.len == 1 && blocks.items[0].kind == ASSEMBLY_REGO) {
        struct assembly_blocks again = {0};
        texts[0] = STR_LIT("package other\n\n\tx = 1 # {{\n  \ny = 2\n");
        buf_clear(&out);
        if (assembly_put(text, &blocks, texts, &out, &err)) {
            assembly_read(buf_str(&out), &again);
            require(again.len > 0 && assembly_same(buf_str(&again.items[0].text), texts[0], NULL));
        }
        assembly_blocks_free(&again);
    }
    free(texts);
    buf_free(&out);
    assembly_blocks_free(&blocks);
}

static void split(struct str text, bool make)
{
    struct policy_index *index = policy_index_new();
    struct changes changes = {0};
    struct changes assembled = {0};
    struct err err;
    struct files files = {.template = text};
    struct template_tree tree = {.index = index, .source = {read_file, &files}};
    struct template_layout layout;
    bool ok = template_layout_of(&tree, TEMPLATE, &layout);
    if (ok && template_split(&tree, &layout, make, &changes, &err) && make) {
        files.changes = &changes;
        layout.maker = mem_strdup("src/x/constraint.tmpl");
        layout.base = mem_strdup("");
        struct template_differences differences = {0};
        require(template_check(&tree, &layout, &differences, &err) && differences.len == 0);
        require(template_assemble(&tree, &layout, &assembled, &err) && assembled.len == 0);
        template_differences_free(&differences);
    }
    if (ok) {
        template_layout_free(&layout);
    }
    changes_free(&assembled);
    changes_free(&changes);
    policy_index_free(index);
}

static void escape(struct str text)
{
    struct buf escaped = BUF_INIT;
    struct gomplate_output output = {0};
    struct files files = {0};
    struct patch_source source = {read_file, &files};
    struct err err;
    gomplate_escape(text, &escaped);
    require(gomplate_render(buf_str(&escaped), &source, "", &output, &err) &&
            str_equal(buf_str(&output.text), text));
    gomplate_output_free(&output);
    buf_free(&escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct gomplate_output output = {0};
    struct files files = {.template = text};
    struct patch_source source = {read_file, &files};
    struct err err;
    (void)!gomplate_render(text, &source, "", &output, &err);
    for (size_t i = 0; i < output.actions.len; i++) {
        const struct gomplate_action *action = &output.actions.items[i];
        require(action->start < action->end && action->end <= text.len &&
                action->out_start <= action->out_end && action->out_end <= output.text.len);
    }
    gomplate_output_free(&output);
    escape(text);
    put_back(text);
    split(text, false);
    split(text, true);
    return 0;
}
