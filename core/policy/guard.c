#include "policy/guard/guard_private.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "patch/edits.h"
#include "policy/guard/demand.h"
#include "policy/template.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 500, MESSAGE_MAX = 400 };
#define TEXT_MAX_BYTES ((size_t)16 << 20)

const struct guard *const guards[] = {
    &guard_constraint_without_template,
    &guard_control_number,
    &guard_dead_rego,
    &guard_deny_untested,
    &guard_deny_without_message,
    &guard_deprecated_import,
    &guard_duplicate_name,
    &guard_duplicate_test,
    &guard_fixture_denied,
    &guard_fixture_not_denied,
    &guard_fixture_unused,
    &guard_fixtures_few,
    &guard_gatekeeper_input,
    &guard_hidden_character,
    &guard_ignore_reason,
    &guard_kyverno_api,
    &guard_kyverno_field,
    &guard_match_requirement,
    &guard_match_too_broad,
    &guard_message_without_resource,
    &guard_missing_metadata,
    &guard_mixed_script,
    &guard_package_folder,
    &guard_rule_unreached,
    &guard_rules_conflict,
    &guard_suite_empty,
    &guard_suite_unknown_name,
    &guard_template_source,
    &guard_template_without_constraint,
    &guard_test_asserts_nothing,
    &guard_test_no_deny_case,
    &guard_test_not_evaluated,
    &guard_test_set_always_true,
    &guard_test_unknown_name,
    &guard_v0_syntax,
    NULL,
};

const char *guard_languages_name(unsigned which)
{
    static const struct {
        unsigned languages;
        const char *name;
    } rows[] = {{GUARD_DECIDED, "decisions"},
        {GUARD_REGO | GUARD_YAML | GUARD_TEMPLATE, "Rego, YAML"},
        {GUARD_REGO | GUARD_YAML, "Rego, YAML"}, {GUARD_REGO | GUARD_TEMPLATE, "Rego, templates"},
        {GUARD_YAML, "YAML"}, {GUARD_REGO, "Rego"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].languages == which) {
            return rows[i].name;
        }
    }
    return "";
}

const struct guard *guard_by_id(struct str id)
{
    for (size_t i = 0; guards[i] != NULL; i++) {
        if (str_equal_c(id, guards[i]->id)) {
            return guards[i];
        }
    }
    return NULL;
}

static bool is_ignored(const struct guard_file *file, unsigned row)
{
    VEC_FOREACH (const struct guard_ignore, ignore, &file->ignores) {
        if (ignore->reasoned && (ignore->row == row || ignore->row + 1 == row) &&
            str_equal_c(ignore->id, file->guard->id)) {
            return true;
        }
    }
    return false;
}

static struct finding *add(struct guard_file *file, struct position from, struct position to,
    const char *fmt, va_list args)
{
    struct buf message = BUF_INIT;
    buf_vprintf(&message, fmt, args);
    VEC_PUSH(file->findings, (struct finding){
                                 .rule = mem_strdup(file->guard->id),
                                 .severity = file->guard->severity,
                                 .file = mem_strdup(file->path),
                                 .at = from,
                                 .end = to,
                                 .message = safe_dup(buf_str(&message), SAFE_ONE_LINE, MESSAGE_MAX),
                                 .source = mem_strdup("guard"),
                             });
    buf_free(&message);
    return &file->findings->items[file->findings->len - 1];
}

struct finding *guard_find_at(
    struct guard_file *file, struct position from, struct position to, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct finding *finding = add(file, from, to, fmt, args);
    va_end(args);
    return finding;
}

struct finding *guard_find(struct guard_file *file, TSNode node, const char *fmt, ...)
{
    struct position from = {1, 1};
    struct position to = {1, 1};
    if (!ts_node_is_null(node)) {
        TSPoint start = ts_node_start_point(node);
        TSPoint end = ts_node_end_point(node);
        from = (struct position){start.row + 1, start.column + 1};
        to = (struct position){end.row + 1, end.column + 1};
        if (end.row != start.row) {
            size_t first = ts_node_start_byte(node);
            size_t stop = str_find_char(file->text, '\n', first);
            stop = stop == SIZE_MAX ? file->text.len : stop;
            to = (struct position){from.row, from.col + (unsigned)(stop - first)};
        }
    }
    va_list args;
    va_start(args, fmt);
    struct finding *finding = add(file, from, to, fmt, args);
    va_end(args);
    return finding;
}

static struct position position_at(struct str text, size_t at)
{
    struct position position = {1, 1};
    size_t line = 0;
    for (size_t lf; (lf = str_find_char(text, '\n', line)) < at; line = lf + 1) {
        position.row++;
    }
    position.col = (unsigned)(at - line) + 1;
    return position;
}

void guard_mend(const struct guard_file *file, struct finding *finding, size_t from, size_t to,
    const char *with, const char *title)
{
    finding->edit = (struct finding_edit){position_at(file->text, from),
        position_at(file->text, to), mem_strdup(with), mem_strdup(title)};
    free(finding->fix);
    finding->fix = mem_strdup(title);
}

void guard_mend_all(const struct guard_file *file, struct finding *finding,
    struct text_edits *edits, const char *title)
{
    struct buf after = BUF_INIT;
    if (edits->len > 0 && text_edits_sort(edits, file->text.len)) {
        size_t from = edits->items[0].from;
        size_t to = edits->items[edits->len - 1].to;
        text_edits_apply(edits, file->text, &after);
        size_t end = after.len - (file->text.len - to);
        char *with = str_dup(str_slice(buf_str(&after), from, end));
        guard_mend(file, finding, from, to, with, title);
        free(with);
    }
    buf_free(&after);
    text_edits_free(edits);
}

/* ---- comments that silence ---- */

static bool take_comment(void *data, TSNode node)
{
    struct guard_file *file = data;
    if (!rego_node_is(node, "comment")) {
        return true;
    }
    struct str comment = str_trim(str_from(rego_node_text(file->text, node), 1));
    if (!str_starts(comment, "bylaw:ignore")) {
        return true;
    }
    struct str rest = str_trim(str_from(comment, strlen("bylaw:ignore")));
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != ' ' && rest.ptr[end] != '\t') {
        end++;
    }
    VEC_PUSH(&file->ignores, (struct guard_ignore){.comment = node,
                                 .row = ts_node_start_point(node).row + 1,
                                 .id = str_slice(rest, 0, end),
                                 .reasoned = str_trim(str_from(rest, end)).len > 0});
    return true;
}

/* ---- the run ---- */

static void drop_ignored(struct guard_file *file, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < file->findings->len; i++) {
        struct finding *finding = &file->findings->items[i];
        if (is_ignored(file, finding->at.row)) {
            finding_free(finding);
        } else {
            file->findings->items[kept++] = *finding;
        }
    }
    file->findings->len = kept;
}

/* About the text as such, whatever it is for. */
static bool is_of_text(const struct guard *guard)
{
    return guard == &guard_hidden_character || guard == &guard_mixed_script ||
           guard == &guard_ignore_reason;
}

/* A document that a test compares objects with is looked at for its text alone, and that depends on
 * the test: such a guard reads more than the file. */
static bool is_told(
    const struct guard_file *file, const struct guard *guard, enum guard_language language)
{
    return file->told && guard->reads == GUARD_READS_OWN_FILE &&
           (language != GUARD_YAML || is_of_text(guard));
}

static void run(struct guard_file *file, enum guard_language language)
{
    size_t begin = file->findings->len;
    bool expected = language == GUARD_YAML && guard_is_expected(file->world, file->path);
    guard_walk(file->root, take_comment, file);
    for (size_t i = 0; guards[i] != NULL && file->findings->len - begin < FINDINGS_MAX; i++) {
        size_t from = file->findings->len;
        file->guard = guards[i];
        if ((guards[i]->languages & language) != 0 && guards[i]->check != NULL &&
            (!expected || is_of_text(guards[i])) && !is_told(file, guards[i], language)) {
            guards[i]->check(file);
            drop_ignored(file, from);
        }
    }
    VEC_FREE(&file->ignores);
}

static bool to_host(const struct syntax_injection *injection, struct position *place)
{
    size_t row = 0;
    size_t column = 0;
    if (place->row == 0) {
        return true;
    }
    bool ok = syntax_injection_to_host(injection, place->row - 1, place->col - 1, &row, &column);
    *place = (struct position){(unsigned)row + 1, (unsigned)column + 1};
    return ok;
}

/* Found in the Rego, told of the YAML. */
static void take_from_template(
    const struct template_source *source, struct findings *inner, struct findings *findings)
{
    VEC_FOREACH (struct finding, finding, inner) {
        const struct syntax_injection *at = &source->injection;
        if (to_host(at, &finding->at) && to_host(at, &finding->end) &&
            to_host(at, &finding->edit.from) && to_host(at, &finding->edit.to)) {
            VEC_PUSH(findings, *finding);
            *finding = (struct finding){0};
        }
    }
    findings_free(inner);
}

static void check_source(const struct guard_file *host, const struct template_source *source)
{
    struct findings inner = {0};
    TSTree *tree =
        source->injection.range_count > 0 ? rego_tree_parse(buf_str(&source->text)) : NULL;
    if (tree == NULL) {
        return;
    }
    struct policy_facts *facts = policy_facts_parse(buf_str(&source->text));
    struct guard_file file = {.path = host->path,
        .text = buf_str(&source->text),
        .root = ts_tree_root_node(tree),
        .facts = facts,
        .is_rego = true,
        .in_template = true,
        .findings = &inner};
    run(&file, GUARD_TEMPLATE);
    take_from_template(source, &inner, host->findings);
    policy_facts_release(facts);
    ts_tree_delete(tree);
}

static void check_templates(const struct guard_file *host)
{
    struct template_policies policies = {0};
    template_policies_read(host->text, &policies);
    VEC_FOREACH (const struct template_policy, policy, &policies) {
        VEC_FOREACH (const struct template_source, source, &policy->sources) {
            check_source(host, source);
        }
    }
    template_policies_free(&policies);
}

static void check_text(struct guard_world *world, const char *path, struct str text, bool told,
    struct findings *findings)
{
    struct policy_index *index = world == NULL ? NULL : world->index;
    bool is_rego = strcmp(path_ext(path), ".rego") == 0;
    struct guard_file file = {.path = path,
        .text = text,
        .world = world,
        .index = index,
        .manifests = world == NULL ? NULL : world->manifests,
        .is_rego = is_rego,
        .told = told,
        .findings = findings};
    TSTree *tree = is_rego              ? rego_tree_parse(text)
                   : path_is_yaml(path) ? yaml_tree_parse(text)
                                        : NULL;
    if (tree == NULL) {
        return;
    }
    file.root = ts_tree_root_node(tree);
    size_t place = index == NULL ? SIZE_MAX : policy_index_find(index, path);
    struct policy_facts *facts = NULL;
    if (is_rego) {
        bool known = place != SIZE_MAX && index->files.items[place].facts != NULL &&
                     index->files.items[place].facts->hash == str_hash(text);
        facts =
            known ? policy_facts_share(index->files.items[place].facts) : policy_facts_parse(text);
        file.facts = facts;
        file.habits = world == NULL ? (struct guard_habits){0} : world->habits;
    }
    run(&file, is_rego ? GUARD_REGO : GUARD_YAML);
    /* Of the Rego in a template guards know nothing but itself. */
    if (!is_rego && !told) {
        check_templates(&file);
    }
    policy_facts_release(facts);
    ts_tree_delete(tree);
}

void guards_check(
    struct guard_world *world, const char *path, struct str text, struct findings *findings)
{
    check_text(world, path, text, false, findings);
}

/* ---- of findings that were made elsewhere ---- */

static void keep_unsilenced(
    const char *path, struct str text, struct findings *findings, struct findings *kept)
{
    bool is_rego = strcmp(path_ext(path), ".rego") == 0;
    struct guard_file file = {.path = path, .text = text, .is_rego = is_rego};
    TSTree *tree = is_rego              ? rego_tree_parse(text)
                   : path_is_yaml(path) ? yaml_tree_parse(text)
                                        : NULL;
    if (tree != NULL) {
        file.root = ts_tree_root_node(tree);
        guard_walk(file.root, take_comment, &file);
    }
    VEC_FOREACH (struct finding, finding, findings) {
        file.guard = guard_by_id(str_of(finding->rule));
        bool is_here = finding->file != NULL && strcmp(finding->file, path) == 0;
        if (is_here && (file.guard == NULL || !is_ignored(&file, finding->at.row))) {
            VEC_PUSH(kept, *finding);
            *finding = (struct finding){0};
        } else if (is_here) {
            finding_free(finding);
            *finding = (struct finding){0};
        }
    }
    VEC_FREE(&file.ignores);
    ts_tree_delete(tree);
}

void guards_drop_silenced(const char *root, struct findings *findings)
{
    struct findings kept = {0};
    for (size_t i = 0; i < findings->len; i++) {
        struct finding *finding = &findings->items[i];
        if (finding->file == NULL) {
            if (finding->message != NULL) {
                VEC_PUSH(&kept, *finding);
                *finding = (struct finding){0};
            }
            continue;
        }
        struct buf text = BUF_INIT;
        char *path = mem_strdup(finding->file);
        char *full = path_join(root, path);
        (void)!file_read(full, TEXT_MAX_BYTES, &text, NULL);
        keep_unsilenced(path, buf_str(&text), findings, &kept);
        free(full);
        free(path);
        buf_free(&text);
    }
    findings_free(findings);
    *findings = kept;
}

/* `path` is or lies below one of the paths asked for; none: all. */
static bool is_wanted(const char *path, char *const *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (wanted[i][0] == '\0' || policy_path_below(path, wanted[i])) {
            return true;
        }
    }
    return count == 0;
}

static bool read_below(const char *root, const char *path, struct buf *out)
{
    char *full = path_join(root, path);
    bool ok = file_read(full, TEXT_MAX_BYTES, out, NULL);
    free(full);
    return ok;
}

/* The other folder has the file, and it holds the same. */
static bool is_same(const char *other, const char *path, struct str text)
{
    struct buf there = BUF_INIT;
    bool same =
        other != NULL && read_below(other, path, &there) && str_equal(buf_str(&there), text);
    buf_free(&there);
    return same;
}

static bool is_cancelled(const struct guards_wish *wish)
{
    return wish->cancel != NULL && atomic_load(wish->cancel);
}

void guards_check_index(struct policy_index *index, const struct manifests *manifests,
    const struct guards_wish *wish, struct findings *findings, size_t *files)
{
    struct guard_world *world = guard_world_new(index, manifests);
    struct findings last = {0};
    world->demands = MEM_NEW(struct guard_demands);
    for (size_t i = 0; i < index->files.len && !is_cancelled(wish); i++) {
        const char *path = index->files.items[i].path;
        struct buf text = BUF_INIT;
        if (is_wanted(path, wish->wanted, wish->count) && read_below(index->root, path, &text)) {
            bool told = is_same(wish->other, path, buf_str(&text));
            check_text(world, path, buf_str(&text), told, findings);
            (*files)++;
        }
        buf_free(&text);
    }
    for (size_t i = 0; guards[i] != NULL; i++) {
        if (guards[i]->finish != NULL && !is_cancelled(wish)) {
            guards[i]->finish(world, &last);
        }
    }
    guards_drop_silenced(index->root, &last);
    VEC_FOREACH (struct finding, finding, &last) {
        VEC_PUSH(findings, *finding);
    }
    VEC_FREE(&last);
    guard_world_free(world);
}

bool guards_check_folder(const char *root, char *const *wanted, size_t count,
    struct findings *findings, size_t *files, struct err *err)
{
    struct policy_index *index = policy_index_new();
    struct manifests manifests = {0};
    bool ok = policy_index_scan(index, root, NULL, err);
    if (ok) {
        manifests_update(&manifests, index, NULL);
        const struct guards_wish wish = {.wanted = wanted, .count = count};
        guards_check_index(index, &manifests, &wish, findings, files);
    }
    manifests_free(&manifests);
    policy_index_free(index);
    return ok;
}
