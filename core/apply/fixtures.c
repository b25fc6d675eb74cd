#include "apply/fixtures.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "config/toml.h"
#include "engine/eval_input.h"
#include "engine/plan.h"
#include "workspace/ignore.h"

#include <stdlib.h>

enum { DOCUMENTS_MAX = 1000, HEAD_ROWS = 4000, NAME_BYTES = 200 };
#define CONFIG_MAX_BYTES ((size_t)1 << 20)

/* ---- what a document says of itself ---- */

struct head {
    struct str api_version, kind, name, space;
};

/* The value after a key at the margin, without quotes and a comment. */
static struct str scalar(struct str text)
{
    text = str_trim(text);
    if (text.len > 1 && (text.ptr[0] == '"' || text.ptr[0] == '\'')) {
        size_t end = str_find_char(text, text.ptr[0], 1);
        return end == SIZE_MAX ? text : str_slice(text, 1, end);
    }
    size_t comment = str_find(text, STR_LIT(" #"), 0);
    return str_trim(str_slice(text, 0, comment == SIZE_MAX ? text.len : comment));
}

static bool takes(struct str line, const char *key, struct str *value)
{
    if (value->len == 0 && str_starts(line, key)) {
        *value = scalar(str_from(line, strlen(key)));
        return true;
    }
    return false;
}

/* As it stands at the margin: what an engine makes of the document is the engine's. */
static struct head head_of_yaml(struct str text)
{
    struct head head = {0};
    struct str line;
    bool in_metadata = false;
    size_t indent = 0;
    for (size_t rows = 0; rows < HEAD_ROWS && str_next_line(&text, &line); rows++) {
        line = str_trim_right(line);
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        size_t blanks = 0;
        while (blanks < line.len && line.ptr[blanks] == ' ') {
            blanks++;
        }
        if (blanks == 0) {
            in_metadata = str_starts(line, "metadata:");
            indent = 0;
            (void)(takes(line, "apiVersion:", &head.api_version) ||
                   takes(line, "kind:", &head.kind));
        } else if (in_metadata) {
            indent = indent == 0 ? blanks : indent;
            struct str inner = str_from(line, blanks);
            if (blanks == indent) {
                (void)(takes(inner, "name:", &head.name) ||
                       takes(inner, "namespace:", &head.space));
            }
        }
    }
    return head;
}

static struct str member(const cJSON *object, const char *key)
{
    return str_of(json_string_or(object, key, ""));
}

static struct head head_of_json(const cJSON *root)
{
    const cJSON *metadata = json_get(root, "metadata");
    return (struct head){member(root, "apiVersion"), member(root, "kind"), member(metadata, "name"),
        member(metadata, "namespace")};
}

static bool is_terraform_plan(const cJSON *root)
{
    return json_string(root, "format_version") != NULL &&
           (json_get(root, "resource_changes") != NULL || json_get(root, "planned_values") != NULL);
}

/* What the engines take for policy, or for how policies are tested and put together. */
static bool is_policy(const struct head *head)
{
    static const char *const groups[] = {"templates.gatekeeper.sh/", "constraints.gatekeeper.sh/",
        "expansion.gatekeeper.sh/", "mutations.gatekeeper.sh/", "test.gatekeeper.sh/",
        "config.gatekeeper.sh/", "kyverno.io/", "policies.kyverno.io/", "cli.kyverno.io/",
        "json.kyverno.io/", "kustomize.config.k8s.io/", "chainsaw.kyverno.io/"};
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (str_starts(head->api_version, groups[i])) {
            return true;
        }
    }
    return str_starts(head->api_version, "admissionregistration.k8s.io/") &&
           str_find(head->kind, STR_LIT("AdmissionPolicy"), 0) != SIZE_MAX;
}

/* ---- adding ---- */

struct adding {
    struct apply_set *set;
    const char *file, *origin;
    bool any;
};

static char *shown(struct str text)
{
    return safe_dup(text, SAFE_ONE_LINE, NAME_BYTES);
}

static char *name_of(const struct adding *a, const struct head *head, unsigned document)
{
    if (head->kind.len > 0 && head->name.len > 0) {
        return mem_printf("%.*s %.*s", STR_FMT(head->kind), STR_FMT(head->name));
    }
    if (head->kind.len > 0) {
        return str_dup(head->kind);
    }
    return document == 0 ? mem_strdup(path_base(a->file))
                         : mem_printf("%s #%u", path_base(a->file), document);
}

static void add(const struct adding *a, struct str text, unsigned document, unsigned row,
    const struct head *head, enum apply_kind kind, bool json)
{
    struct apply_set *set = a->set;
    if (set->fixtures.len >= FIXTURES_MAX || text.len > FIXTURE_MAX_BYTES) {
        return;
    }
    char *name = name_of(a, head, document);
    char *ordinal = document == 0 ? mem_strdup("") : mem_printf("#%u", document);
    struct apply_fixture fixture = {
        .name = shown(str_of(name)),
        .file = mem_strdup(a->file),
        .document = document,
        .at = {row, 1},
        .kind = kind,
        .json = json,
        .origin = mem_strdup(a->origin),
        .api_version = shown(head->api_version),
        .object_kind = shown(head->kind),
        .object_name = shown(head->name),
        .space = shown(head->space),
    };
    /* What is rendered is known by what it is: its place among the others moves. */
    fixture.id = a->origin == NULL
                     ? mem_printf("%s%s", a->file, ordinal)
                     : mem_printf("%s (%s) %s/%s", a->file, a->origin, fixture.space, fixture.name);
    buf_append_str(&fixture.text, text);
    VEC_PUSH(&set->fixtures, fixture);
    free(ordinal);
    free(name);
}

static void add_json(const struct adding *a, struct str text)
{
    cJSON *root = json_parse(text, NULL);
    struct head head = head_of_json(root);
    bool plan = is_terraform_plan(root);
    bool object = head.api_version.len > 0 && head.kind.len > 0;
    bool review = object && str_equal_c(head.kind, "AdmissionReview");
    /* What is no JSON is shown as such where it was meant to be an input. */
    if ((a->any || plan || object) && !is_policy(&head)) {
        add(a, text, 0, 1, &head,
            plan     ? APPLY_PLAN
            : review ? APPLY_REVIEW
            : object ? APPLY_OBJECT
                     : APPLY_INPUT,
            true);
    }
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

static void add_yaml(const struct adding *a, struct str text)
{
    struct str rest = text;
    struct str document;
    bool several = eval_next_document(&rest, &document) && eval_next_document(&rest, &document);
    rest = text;
    for (unsigned n = 1; n <= DOCUMENTS_MAX && eval_next_document(&rest, &document); n++) {
        struct head head = head_of_yaml(document);
        bool object = head.api_version.len > 0 && head.kind.len > 0;
        if ((a->any || object) && !is_policy(&head)) {
            add(a, document, several ? n : 0, row_of(text, document), &head,
                !object                                     ? APPLY_INPUT
                : str_equal_c(head.kind, "AdmissionReview") ? APPLY_REVIEW
                                                            : APPLY_OBJECT,
                false);
        }
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

static void read_patterns(const struct apply_set *set, struct plan_words *out)
{
    static const char *const lists[] = {"apply.fixtures", "engines.conftest.inputs"};
    struct buf text = BUF_INIT;
    struct toml *toml = apply_read(set, ".bylaw/config.toml", CONFIG_MAX_BYTES, &text, NULL)
                            ? toml_parse(buf_str(&text), ".bylaw/config.toml", NULL)
                            : NULL;
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        const struct toml *value = toml_get_path(toml, lists[k]);
        for (size_t i = 0; value != NULL && value->kind == TOML_ARRAY && i < value->len; i++) {
            if (value->items[i]->kind == TOML_STRING) {
                VEC_PUSH(out, mem_strdup(value->items[i]->text));
            }
        }
    }
    toml_free(toml);
    buf_free(&text);
}

static bool is_wanted(const struct plan_words *patterns, const char *path)
{
    VEC_FOREACH (char *, pattern, patterns) {
        if (plan_path_wanted(path, *pattern) ||
            ignore_glob(str_of(*pattern), str_of(path), false)) {
            return true;
        }
    }
    return false;
}

static void note_bound(struct apply_set *set, const char *file)
{
    VEC_PUSH(&set->notes,
        (struct finding){.rule = mem_strdup("apply-bound"),
            .severity = SEVERITY_WARNING,
            .file = mem_strdup(file),
            .message = mem_printf("there are more than %d documents: policies are not applied to "
                                  "those from here on",
                (int)FIXTURES_MAX),
            .fix = mem_strdup("work in a folder of the repository: bylaw FOLDER")});
}

void fixtures_find(struct apply_set *set, const atomic_bool *cancel)
{
    struct plan_words patterns = {0};
    size_t bytes = 0;
    read_patterns(set, &patterns);
    for (size_t i = 0; i < set->index->files.len; i++) {
        const struct policy_file *file = &set->index->files.items[i];
        if (file->kind != POLICY_DATA || (cancel != NULL && atomic_load(cancel))) {
            continue;
        }
        if (set->fixtures.len >= FIXTURES_MAX || bytes > FIXTURES_MAX_BYTES) {
            note_bound(set, file->path);
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
