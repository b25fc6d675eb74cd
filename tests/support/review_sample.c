#include "review_sample.h"

#include "base/vec.h"

static void add(
    struct changes *changes, const char *path, const char *from, const char *base, const char *text)
{
    struct change change = {
        .kind = base == NULL   ? CHANGE_ADD
                : text == NULL ? CHANGE_DELETE
                               : CHANGE_UPDATE,
        .path = mem_strdup(path),
        .moved_from = mem_strdup(from),
        .base_exists = base != NULL,
        .mode = 0644,
    };
    buf_append_c(&change.base, base == NULL ? "" : base);
    buf_append_c(&change.content, text == NULL ? "" : text);
    VEC_PUSH(changes, change);
}

struct changes review_sample(void)
{
    struct changes changes = {0};
    add(&changes, "policies/latest_tag.rego", NULL,
        "package k8s.latest_tag\n\nimport rego.v1\n\ndeny contains msg if {\n"
        "\tsome c in input.containers\n\tendswith(c.image, \":latest\")\n"
        "\tmsg := sprintf(\"%s: pin a version\", [c.image])\n}\n\nexempt(c) if {\n"
        "\tc.name == \"debug\"\n}\n\none := 1\n\ntwo := 2\n\nthree := 3\n",
        "package k8s.latest_tag\n\nimport rego.v1\n\ndeny contains msg if {\n"
        "\tsome c in input.containers\n\tlatest(c.image)\n\tnot exempt(c)\n"
        "\tmsg := sprintf(\"%s: pin a digest\", [c.image])\n}\n\nexempt(c) if {\n"
        "\tc.name == \"debug\"\n}\n\none := 1\n\ntwo := 2\n\nthree := 33");
    add(&changes, "policies/latest_tag_test.rego", NULL, NULL,
        "package k8s.latest_tag_test\n\nimport rego.v1\n\ntest_deny_latest if {\n"
        "\tcount(data.k8s.latest_tag.deny) == 1 with input as {\"image\": \"日本:latest\"}\n}\n");
    add(&changes, "deploy.yaml", "old/deploy.yaml", "kind: Pod\r\nname: a\r\n",
        "kind: Pod\r\nname: \"\x1b[2J\"\r\n");
    add(&changes, "old.rego", NULL, "package old\n\ndeny := true\n", NULL);
    add(&changes, "logo.png", NULL, NULL, "\x89PNG");
    buf_append(&changes.items[changes.len - 1].content, "\0\1", 2);
    return changes;
}
