/* The documents that gator test is given. Each is a file of its own, so that one that cannot be
 * read does not keep gator from the others, and constraints have names of ours, so that two of one
 * name are told apart. */
#include "engine/gator_apply_private.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "engine/gator_place.h"
#include "policy/manifests.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

enum { DOCS_MAX = 4000, SHOWN_MAX = 400 };

/* Always violated: what it reports, a constraint matches. */
static const char probe[] = "apiVersion: templates.gatekeeper.sh/v1\n"
                            "kind: ConstraintTemplate\n"
                            "metadata:\n"
                            "  name: bylawmatchprobe\n"
                            "spec:\n"
                            "  crd:\n"
                            "    spec:\n"
                            "      names:\n"
                            "        kind: " GATOR_PROBE_KIND "\n"
                            "      validation:\n"
                            "        openAPIV3Schema:\n"
                            "          type: object\n"
                            "          x-kubernetes-preserve-unknown-fields: true\n"
                            "  targets:\n"
                            "    - target: admission.k8s.gatekeeper.sh\n"
                            "      rego: |\n"
                            "        package bylawmatchprobe\n"
                            "        violation[{\"msg\": \"matched\"}] { true }\n";

struct reading {
    struct gator_apply *apply;
    const char *path;
    struct str text;
    bool as_resource;
};

static bool write_file(struct gator_apply *apply, const char *name, struct str text)
{
    char *full = path_join(apply->scratch.folder, name);
    bool ok = file_write_scratch(full, text, &apply->err);
    free(full);
    return ok;
}

/* The document's lines with other values of `kind` (NULL: its own) and metadata.name. */
static void write_renamed(
    struct str text, TSNode content, const char *kind, const char *name, struct buf *out)
{
    TSNode kind_at = yaml_get(text, content, "kind", NULL);
    TSNode name_at = yaml_get_path(text, content, "metadata/name");
    bool kind_first = ts_node_start_byte(kind_at) < ts_node_start_byte(name_at);
    TSNode nodes[2] = {kind_first ? kind_at : name_at, kind_first ? name_at : kind_at};
    const char *values[2] = {kind_first ? kind : name, kind_first ? name : kind};
    size_t at = ts_node_start_byte(content) - ts_node_start_point(content).column;
    for (size_t i = 0; i < 2; i++) {
        if (values[i] != NULL && !ts_node_is_null(nodes[i])) {
            buf_append_str(out, str_slice(text, at, ts_node_start_byte(nodes[i])));
            buf_append_c(out, values[i]);
            at = ts_node_end_byte(nodes[i]);
        }
    }
    buf_append_str(out, str_slice(text, at, ts_node_end_byte(content)));
    buf_append_char(out, '\n');
}

static enum gator_doc_kind kind_of(const struct gator_doc *doc)
{
    if (manifest_in_group(doc->api, "templates.gatekeeper.sh")) {
        return DOC_TEMPLATE;
    }
    if (manifest_in_group(doc->api, "constraints.gatekeeper.sh")) {
        return DOC_CONSTRAINT;
    }
    size_t slash = strcspn(doc->api, "/");
    return str_ends(str_make(doc->api, slash), ".gatekeeper.sh") ? DOC_OTHER : DOC_RESOURCE;
}

/* Of a scoped constraint what holds where gator looks; else its enforcementAction. */
static char *action_of(struct str text, TSNode content)
{
    char *action = yaml_string(text, content, "spec/enforcementAction");
    if (strcmp(action, "scoped") != 0) {
        return action;
    }
    free(action);
    TSNode scoped = yaml_get_path(text, content, "spec/scopedEnforcementActions");
    TSNode entry;
    TSNode point;
    for (uint32_t at = 0; yaml_next_item(scoped, &at, &entry);) {
        TSNode points = yaml_get(text, entry, "enforcementPoints", NULL);
        for (uint32_t i = 0; yaml_next_item(points, &i, &point);) {
            TSNode name = yaml_get(text, point, "name", NULL);
            if (yaml_equals(text, name, "*") || yaml_equals(text, name, "gator.gatekeeper.sh")) {
                return yaml_string(text, entry, "action");
            }
        }
    }
    return NULL;
}

static void note(struct reading *r, TSNode content, const char *message)
{
    TSPoint point = ts_node_start_point(content);
    VEC_PUSH(
        &r->apply->application.findings, (struct finding){.rule = mem_strdup("gator-no-object"),
                                             .severity = SEVERITY_NOTE,
                                             .file = mem_strdup(r->path),
                                             .at = {point.row + 1, point.column + 1},
                                             .message = mem_strdup(message),
                                             .source = mem_strdup("gator")});
}

static void read_template(struct reading *r, struct gator_doc *doc)
{
    struct gator_templates templates = {0};
    gator_templates_read(r->text, &templates);
    VEC_FOREACH (const struct gator_template, template, &templates) {
        if (template->at.row == doc->at.row) {
            doc->cel = template->cel;
            doc->rego = template->rego;
            doc->makes = mem_strdup(template->makes);
        }
    }
    gator_templates_free(&templates);
    buf_append_str(&doc->text, r->text);
}

/* Writes the document, and of a constraint its probe. */
static bool write_doc(struct reading *r, TSNode content, size_t number)
{
    struct gator_doc *doc = &r->apply->docs.items[number];
    struct buf out = BUF_INIT;
    char *name = mem_printf(GATOR_DOC_NAME, number);
    char *file = mem_printf("%zu.yaml", number);
    write_renamed(r->text, content, NULL, doc->kind == DOC_CONSTRAINT ? name : NULL, &out);
    bool ok = write_file(r->apply, file, buf_str(&out));
    if (doc->kind == DOC_RESOURCE) {
        buf_append_str(&doc->text, buf_str(&out));
    }
    if (ok && doc->kind == DOC_CONSTRAINT) {
        free(name);
        free(file);
        name = mem_printf(GATOR_PROBE_NAME, number);
        file = mem_printf("probe-%zu.yaml", number);
        buf_clear(&out);
        write_renamed(r->text, content, GATOR_PROBE_KIND, name, &out);
        ok = write_file(r->apply, file, buf_str(&out));
    }
    free(file);
    free(name);
    buf_free(&out);
    return ok;
}

static bool add_doc(struct reading *r, TSNode content)
{
    struct gator_apply *apply = r->apply;
    TSPoint point = ts_node_start_point(content);
    struct gator_doc doc = {.file = mem_strdup(r->path),
        .at = {point.row + 1, point.column + 1},
        .api = yaml_string(r->text, content, "apiVersion"),
        .type = yaml_string(r->text, content, "kind"),
        .space = yaml_string(r->text, content, "metadata/namespace"),
        .name = yaml_string(r->text, content, "metadata/name"),
        .template = SIZE_MAX};
    doc.kind = kind_of(&doc);
    bool object = doc.api[0] != '\0' && doc.type[0] != '\0';
    bool wanted =
        object && strcmp(doc.type, "Suite") != 0 && strcmp(doc.type, "Kustomization") != 0;
    if (!object && yaml_is_mapping(content)) {
        note(r, content, "no Kubernetes object (apiVersion and kind): it is not given to gator");
    }
    if (doc.kind == DOC_TEMPLATE) {
        read_template(r, &doc);
    } else if (doc.kind == DOC_CONSTRAINT) {
        doc.action = action_of(r->text, content);
        doc.refused = doc.name[0] == '\0' ? mem_strdup("it has no metadata.name") : NULL;
    } else if (doc.kind == DOC_RESOURCE && !r->as_resource) {
        doc.kind = DOC_OTHER;
    }
    VEC_PUSH(&apply->docs, doc);
    if (wanted) {
        return write_doc(r, content, apply->docs.len - 1);
    }
    apply->docs.items[apply->docs.len - 1].kind = DOC_OTHER;
    apply->docs.items[apply->docs.len - 1].refused = mem_strdup("");
    return true;
}

static bool read_file(struct gator_apply *apply, const char *path, bool as_resource)
{
    struct buf text = BUF_INIT;
    char *full = path_join(apply->dir, path);
    struct reading r = {.apply = apply, .path = path, .as_resource = as_resource};
    struct err err;
    bool ok = true;
    TSTree *tree = NULL;
    if (file_read(full, YAML_TREE_MAX, &text, &err)) {
        r.text = buf_str(&text);
        tree = yaml_tree_parse(r.text);
    } else {
        VEC_PUSH(&apply->application.findings,
            (struct finding){.rule = mem_strdup("gator-cannot-read"),
                .severity = SEVERITY_ERROR,
                .file = mem_strdup(path),
                .message = safe_dup(str_of(err.text), SAFE_ONE_LINE, SHOWN_MAX),
                .source = mem_strdup("gator")});
    }
    TSNode content;
    for (uint32_t at = 0;
         ok && tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &content);) {
        if (ts_node_is_null(content) || apply->docs.len >= DOCS_MAX) {
            continue;
        }
        ok = add_doc(&r, content);
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    free(full);
    buf_free(&text);
    return ok;
}

static bool is_given(const struct gator_paths *paths, size_t before, const char *path)
{
    for (size_t i = 0; i < before; i++) {
        if (strcmp(paths->items[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* Which template a constraint is of. */
static void link_docs(struct gator_apply *apply)
{
    for (size_t i = 0; i < apply->docs.len; i++) {
        struct gator_doc *doc = &apply->docs.items[i];
        for (size_t k = 0; k < apply->docs.len; k++) {
            struct gator_doc *other = &apply->docs.items[k];
            if (doc->kind == DOC_CONSTRAINT && other->kind == DOC_TEMPLATE &&
                doc->template == SIZE_MAX && other->makes != NULL &&
                strcmp(other->makes, doc->type) == 0) {
                doc->template = k;
            } else if (k < i && doc->kind == DOC_TEMPLATE && other->kind == DOC_TEMPLATE &&
                       doc->refused == NULL && strcmp(doc->name, other->name) == 0) {
                doc->refused = mem_printf(
                    "the template %s is in %s:%u already", doc->name, other->file, other->at.row);
            }
        }
        if (doc->kind == DOC_CONSTRAINT && doc->template == SIZE_MAX && doc->refused == NULL) {
            doc->refused = mem_printf("no ConstraintTemplate here makes the kind %s", doc->type);
        }
    }
}

bool gator_apply_read(struct gator_apply *apply)
{
    bool ok = scratch_make(&apply->scratch, &apply->err) &&
              write_file(apply, "probe.yaml", str_of(probe));
    for (size_t i = 0; ok && i < apply->policies.len; i++) {
        const char *path = apply->policies.items[i];
        if (!is_given(&apply->policies, i, path) && !atomic_load(&apply->cancelled)) {
            ok = read_file(apply, path, is_given(&apply->resources, apply->resources.len, path));
        }
    }
    for (size_t i = 0; ok && i < apply->resources.len; i++) {
        const char *path = apply->resources.items[i];
        if (!is_given(&apply->resources, i, path) &&
            !is_given(&apply->policies, apply->policies.len, path) &&
            !atomic_load(&apply->cancelled)) {
            ok = read_file(apply, path, true);
        }
    }
    if (ok && apply->docs.len >= DOCS_MAX) {
        ok = err_set(&apply->err, ERR_LIMIT, "more than %d documents: give fewer files", DOCS_MAX);
    }
    if (ok) {
        link_docs(apply);
        gator_apply_arrange(apply);
        apply->matched = mem_zalloc(apply->docs.len * apply->docs.len + 1);
    }
    return ok;
}
