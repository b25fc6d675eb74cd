/* What gator test prints (JSON, or why it printed none), and errors placed in a template. */
#include "engine/gator_apply_private.h"
#include "engine/gator_place.h"
#include "engine/gator_suite.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char template[] = "apiVersion: templates.gatekeeper.sh/v1\n"
                               "kind: ConstraintTemplate\n"
                               "metadata: {name: k8sx}\n"
                               "spec:\n"
                               "  crd: {spec: {names: {kind: K8sX}}}\n"
                               "  targets:\n"
                               "    - rego: |\n"
                               "        package k8sx\n"
                               "      libs:\n"
                               "        - |\n"
                               "          package lib.x\n";

static void add_doc(struct gator_apply *apply, enum gator_doc_kind kind, const char *type,
    const char *name, size_t of)
{
    struct gator_doc doc = {.kind = kind,
        .file = mem_strdup("f.yaml"),
        .at = {1, 1},
        .api = mem_strdup("v1"),
        .type = mem_strdup(type),
        .space = mem_strdup(""),
        .name = mem_strdup(name),
        .rego = kind == DOC_TEMPLATE,
        .template = of,
        .twin = apply->docs.len};
    if (kind == DOC_TEMPLATE) {
        buf_append_c(&doc.text, template);
    } else if (kind == DOC_RESOURCE) { /* two of one name and what it is told by */
        buf_printf(&doc.text, "apiVersion: v1\nkind: %s\nmetadata: {name: %s}\nn: %zu\n", type,
            name, apply->docs.len);
    }
    VEC_PUSH(&apply->docs, doc);
}

static void test(struct str text, int exit_code)
{
    struct gator_apply_options options = {.program = "gator", .dir = "/"};
    struct gator_apply *apply = gator_apply_new(NULL, &options);
    add_doc(apply, DOC_TEMPLATE, "ConstraintTemplate", "k8sx", SIZE_MAX);
    add_doc(apply, DOC_CONSTRAINT, "K8sX", "x", 0);
    add_doc(apply, DOC_RESOURCE, "Pod", "a", SIZE_MAX);
    add_doc(apply, DOC_RESOURCE, "Pod", "a", SIZE_MAX);
    apply->matched = mem_zalloc(apply->docs.len * apply->docs.len + 1);
    struct gator_call call = {0};
    VEC_PUSH(&call.resources, (size_t)2);
    VEC_PUSH(&call.resources, (size_t)3);
    VEC_PUSH(&apply->calls, call);
    apply->exit_code = exit_code;
    buf_append_str(exit_code == 0 ? &apply->out : &apply->errout, text);
    if (exit_code == 2) {
        buf_append_str(&apply->out, text);
    }
    (void)gator_apply_take(apply, &apply->calls.items[0]);
    gator_apply_decide(apply);
    if (apply->application.decisions.len < 2) { /* each pair has its own */
        abort();
    }
    gator_apply_release(apply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct gator_templates templates = {0};
    for (int code = 0; code < 3; code++) {
        test(text, code);
    }
    char *message = str_dup(text);
    struct position at = gator_error_place(str_of(template), NULL, message);
    free(gator_error_say(str_of(template), "f.yaml", NULL, message));
    free(gator_error_say(text, "f.yaml", NULL, "template:2: x; libs[\"lib_0\"]:1: y"));
    free(gator_never_matches(text, str_of(template), text));
    free(gator_never_matches(str_of(template), text, str_of(template)));
    gator_templates_read(text, &templates);
    gator_templates_free(&templates);
    if (at.row > 0 && at.row < 8) { /* the Rego begins there */
        abort();
    }
    free(message);
    return 0;
}
