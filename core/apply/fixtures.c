#include "apply/fixtures.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/eval_input.h"
#include "engine/plan.h"
#include "engine/renderer.h"
#include "engine/settings.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

enum { DOCUMENTS_MAX = 1000, NAME_BYTES = 200 };
#define POLICY_MAX_BYTES ((size_t)2 << 20)

/* ---- what a document says of itself ---- */

/* As its syntax tree has it: what an engine makes of the document is the engine's. */
struct fixture_head fixtures_head(struct str document)
{
    TSTree *tree = yaml_tree_parse(document);
    uint32_t at = 0;
    TSNode content;
    bool there = tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &content) &&
                 yaml_is_mapping(content);
    struct fixture_head head;
    char **const out[] = {&head.api_version, &head.kind, &head.name, &head.space, &head.makes};
    static const char *const paths[] = {
        "apiVersion", "kind", "metadata/name", "metadata/namespace", "spec/crd/spec/names/kind"};
    for (size_t i = 0; i < ARRAY_LEN(out); i++) {
        *out[i] = there ? yaml_string(document, content, paths[i]) : mem_strdup("");
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    return head;
}

void fixtures_head_free(struct fixture_head *head)
{
    free(head->api_version);
    free(head->kind);
    free(head->name);
    free(head->space);
    free(head->makes);
}

static char *member(const cJSON *object, const char *key)
{
    return mem_strdup(json_string_or(object, key, ""));
}

static struct fixture_head head_of_json(const cJSON *root)
{
    const cJSON *metadata = json_get(root, "metadata");
    return (struct fixture_head){member(root, "apiVersion"), member(root, "kind"),
        member(metadata, "name"), member(metadata, "namespace"), mem_strdup("")};
}

static bool is_terraform_plan(const cJSON *root)
{
    return json_string(root, "format_version") != NULL &&
           (json_get(root, "resource_changes") != NULL || json_get(root, "planned_values") != NULL);
}

/* What the engines take for policy, or for how policies are tested and put together. */
static bool is_policy(const struct fixture_head *head)
{
    static const char *const groups[] = {"templates.gatekeeper.sh/", "constraints.gatekeeper.sh/",
        "expansion.gatekeeper.sh/", "mutations.gatekeeper.sh/", "test.gatekeeper.sh/",
        "config.gatekeeper.sh/", "kyverno.io/", "policies.kyverno.io/", "cli.kyverno.io/",
        "json.kyverno.io/", "kustomize.config.k8s.io/", "chainsaw.kyverno.io/"};
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (strncmp(head->api_version, groups[i], strlen(groups[i])) == 0) {
            return true;
        }
    }
    return str_starts(str_of(head->api_version), "admissionregistration.k8s.io/") &&
           strstr(head->kind, "AdmissionPolicy") != NULL;
}

/* ---- adding ---- */

struct adding {
    struct apply_set *set;
    const char *file, *origin;
    bool any;
};

static char *shown(const char *text)
{
    return safe_dup(str_of(text), SAFE_ONE_LINE, NAME_BYTES);
}

static char *name_of(const struct adding *a, const struct fixture_head *head, unsigned document)
{
    if (head->kind[0] != '\0' && head->name[0] != '\0') {
        return mem_printf("%s %s", head->kind, head->name);
    }
    if (head->kind[0] != '\0') {
        return mem_strdup(head->kind);
    }
    return document == 0 ? mem_strdup(path_base(a->file))
                         : mem_printf("%s #%u", path_base(a->file), document);
}

static bool is_object(const struct fixture_head *head)
{
    return head->api_version[0] != '\0' && head->kind[0] != '\0';
}

static enum apply_kind kind_of(const struct fixture_head *head)
{
    return !is_object(head)                             ? APPLY_INPUT
           : strcmp(head->kind, "AdmissionReview") == 0 ? APPLY_REVIEW
                                                        : APPLY_OBJECT;
}

static size_t most_of(const struct apply_set *set)
{
    return set->needs == NULL ? FIXTURES_MAX : FIXTURES_NEEDED_MAX;
}

static void add(const struct adding *a, struct str text, unsigned document, unsigned row,
    const struct fixture_head *head, enum apply_kind kind, bool json)
{
    struct apply_set *set = a->set;
    if (set->fixtures.len >= most_of(set) || text.len > FIXTURE_MAX_BYTES) {
        return;
    }
    char *name = name_of(a, head, document);
    char *ordinal = document == 0 ? mem_strdup("") : mem_printf("#%u", document);
    struct apply_fixture fixture = {
        .name = shown(name),
        .file = mem_strdup(a->file),
        .document = document,
        .at = {row, 1},
        .kind = kind,
        .json = json,
        .origin = mem_strdup(a->origin),
        .says = chainsaw_says(&set->chainsaw, a->file),
        .api_version = shown(head->api_version),
        .object_kind = shown(head->kind),
        .object_name = shown(head->name),
        .space = shown(head->space),
    };
    /* What is rendered is known by what it is: its place among the others moves. */
    fixture.id = a->origin == NULL ? mem_printf("%s%s", a->file, ordinal)
                                   : mem_printf("%s (%s) %s%s%s", a->file, a->origin, fixture.space,
                                         fixture.space[0] == '\0' ? "" : "/", fixture.name);
    buf_append_str(&fixture.text, text);
    VEC_PUSH(&set->fixtures, fixture);
    free(ordinal);
    free(name);
}

static void add_json(const struct adding *a, struct str text)
{
    cJSON *root = json_parse(text, NULL);
    struct fixture_head head = head_of_json(root);
    bool plan = is_terraform_plan(root);
    /* What is no JSON is shown as such where it was meant to be an input. */
    if ((a->any || plan || is_object(&head)) && !is_policy(&head)) {
        add(a, text, 0, 1, &head, plan ? APPLY_PLAN : kind_of(&head), true);
    }
    fixtures_head_free(&head);
    cJSON_Delete(root);
}

static unsigned rows_before(struct str text, const char *at)
{
    unsigned rows = 1;
    for (const char *c = text.ptr; c < at; c++) {
        rows += *c == '\n';
    }
    return rows;
}

/* The row of its first line with something in it. */
static unsigned row_of(struct str text, struct str document)
{
    unsigned row = rows_before(text, document.ptr);
    struct str line;
    while (str_next_line(&document, &line)) {
        struct str trimmed = str_trim(line);
        if (trimmed.len > 0 && trimmed.ptr[0] != '#') {
            break;
        }
        row++;
    }
    return row;
}

static void note_bound(
    struct apply_set *set, const char *file, unsigned row, char *message, const char *fix)
{
    VEC_PUSH(&set->notes, (struct finding){.rule = mem_strdup(APPLY_BOUND_RULE),
                              .severity = SEVERITY_WARNING,
                              .file = mem_strdup(file),
                              .at = {row, row > 0 ? 1 : 0},
                              .message = message,
                              .fix = mem_strdup(fix)});
}

void fixtures_note_bound(struct apply_set *set, const char *file, char *message)
{
    note_bound(set, file, 0, message, "work in a folder of the repository: bylaw FOLDER");
}

static void add_yaml(const struct adding *a, struct str text)
{
    struct str rest = text;
    struct str document;
    struct str second;
    bool several = eval_next_document(&rest, &document) && eval_next_document(&rest, &second);
    rest = text;
    for (unsigned n = 1; n <= DOCUMENTS_MAX && eval_next_document(&rest, &document); n++) {
        struct fixture_head head = fixtures_head(document);
        if ((a->any || is_object(&head)) && !is_policy(&head)) {
            add(a, document, several ? n : 0, row_of(text, document), &head, kind_of(&head), false);
        }
        fixtures_head_free(&head);
    }
    if (eval_next_document(&rest, &document)) {
        note_bound(a->set, a->file, row_of(text, document),
            mem_printf("the file has more than %d documents: policies are not applied to those "
                       "from here on",
                DOCUMENTS_MAX),
            "split the file");
    }
}

static bool is_json(const char *path)
{
    return strcmp(path_ext(path), ".json") == 0;
}

void fixtures_add(
    struct apply_set *set, const char *file, const char *origin, struct str text, bool any)
{
    struct adding a = {set, file, origin, any};
    struct str trimmed = str_trim(text);
    bool json = is_json(file) || (trimmed.len > 0 && trimmed.ptr[0] == '{');
    if (json) {
        add_json(&a, text);
    } else {
        add_yaml(&a, text);
    }
}

/* ---- finding ---- */

bool fixtures_in_folder(const char *path)
{
    static const char *const names[] = {"testdata", "test-data", "test_data", "fixture", "fixtures",
        "example", "examples", "sample", "samples", "input", "inputs", "manifests", "resources",
        "requests", "plans"};
    for (const char *part = path; strchr(part, '/') != NULL; part = strchr(part, '/') + 1) {
        size_t len = strcspn(part, "/");
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            if (strlen(names[i]) == len && strncmp(part, names[i], len) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* What they ask about and is not there, or cannot be read, is told. */
static void read_patterns(struct apply_set *set, struct plan_words *out)
{
    static const char *const file = ".bylaw/config.toml";
    struct toml *toml = settings_read(set->root, file);
    const struct toml *own = toml_get_path(toml, "apply.fixtures");
    settings_note(set->root, file, &set->notes);
    settings_note_unmatched(set->index, file, own, settings_name, &set->notes);
    settings_words(own, out);
    settings_words(toml_get_path(toml, "engines.conftest.inputs"), out);
    toml_free(toml);
}

static bool is_wanted(const struct plan_words *patterns, const char *path)
{
    VEC_FOREACH (char *, pattern, patterns) {
        if (settings_name(*pattern, path)) {
            return true;
        }
    }
    return false;
}

/* What tests only compare with is neither a policy nor a document. */
static bool is_expected(struct apply_set *set, const char *path)
{
    return chainsaw_only_expects(chainsaw_says(&set->chainsaw, path));
}

static void read_tests(struct apply_set *set)
{
    for (size_t i = 0; i < set->index->files.len; i++) {
        const char *path = set->index->files.items[i].path;
        struct buf text = BUF_INIT;
        if (chainsaw_is_test(path) && apply_read(set, path, POLICY_MAX_BYTES, &text, NULL)) {
            chainsaw_add(&set->chainsaw, path, buf_str(&text));
        }
        buf_free(&text);
    }
}

void fixtures_find(struct apply_set *set, const atomic_bool *cancel)
{
    struct plan_words patterns = {0};
    size_t bytes = 0;
    read_patterns(set, &patterns);
    read_tests(set);
    for (size_t i = 0; i < set->index->files.len; i++) {
        const struct policy_file *file = &set->index->files.items[i];
        if (file->kind != POLICY_DATA || (cancel != NULL && atomic_load(cancel)) ||
            renderer_is_source(set->index, file->path) || is_expected(set, file->path)) {
            continue;
        }
        if (set->fixtures.len >= most_of(set) || bytes > FIXTURES_MAX_BYTES) {
            note_bound(set, file->path, 0,
                mem_printf("there are more than %zu documents: policies are not applied to those "
                           "from here on",
                    most_of(set)),
                "work in a folder of the repository: bylaw FOLDER");
            break;
        }
        struct buf text = BUF_INIT;
        if (apply_read(set, file->path, FIXTURE_MAX_BYTES, &text, NULL)) {
            bool any = fixtures_in_folder(file->path) || is_wanted(&patterns, file->path);
            fixtures_add(set, file->path, NULL, buf_str(&text), any);
            bytes += text.len;
        }
        buf_free(&text);
    }
    plan_words_free(&patterns);
}

void fixtures_each(struct apply_set *set, const atomic_bool *cancel,
    void (*found)(void *data, const char *path, unsigned row, const struct fixture_head *head,
        struct str document),
    void *data)
{
    for (size_t i = 0; i < set->index->files.len; i++) {
        const struct policy_file *file = &set->index->files.items[i];
        bool cancelled = cancel != NULL && atomic_load(cancel);
        struct buf text = BUF_INIT;
        if (file->kind == POLICY_DATA && !is_json(file->path) && !cancelled &&
            !is_expected(set, file->path) &&
            apply_read(set, file->path, POLICY_MAX_BYTES, &text, NULL)) {
            struct str rest = buf_str(&text);
            struct str document;
            while (eval_next_document(&rest, &document)) {
                struct fixture_head head = fixtures_head(document);
                if (head.api_version[0] != '\0') {
                    found(data, file->path, row_of(buf_str(&text), document), &head, document);
                }
                fixtures_head_free(&head);
            }
        }
        buf_free(&text);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct apply_fixture *x = a;
    const struct apply_fixture *y = b;
    int order = strcmp(x->file, y->file);
    if (order == 0 && x->document != y->document) {
        order = x->document < y->document ? -1 : 1;
    }
    return order != 0 ? order : strcmp(x->id, y->id);
}

void fixtures_sort(struct apply_set *set)
{
    if (set->fixtures.len > 1) {
        qsort(set->fixtures.items, set->fixtures.len, sizeof *set->fixtures.items, by_place);
    }
}
