#include "rollout/stages_private.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "engine/conftest_projects.h"
#include "policy/rego_tree.h"

#include <stdlib.h>

#define TEXT_MAX_BYTES ((size_t)2 << 20)

const char *rollout_stage_name(enum rollout_stage stage)
{
    static const char *const names[STAGE_COUNT] = {[STAGE_NONE] = "none",
        [STAGE_AUDIT] = "audit",
        [STAGE_WARN] = "warn",
        [STAGE_ENFORCE] = "enforce",
        [STAGE_MIXED] = "mixed"};
    return names[stage];
}

bool rollout_stage_find(struct str word, enum rollout_stage *stage)
{
    static const struct {
        const char *word;
        enum rollout_stage stage;
    } words[] = {{"audit", STAGE_AUDIT}, {"Audit", STAGE_AUDIT}, {"dryrun", STAGE_AUDIT},
        {"warn", STAGE_WARN}, {"Warn", STAGE_WARN}, {"enforce", STAGE_ENFORCE},
        {"Enforce", STAGE_ENFORCE}, {"deny", STAGE_ENFORCE}, {"Deny", STAGE_ENFORCE},
        {"violation", STAGE_ENFORCE}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_equal_c(word, words[i].word)) {
            *stage = words[i].stage;
            return true;
        }
    }
    return false;
}

const char *rollout_engine_name(enum rollout_engine engine)
{
    static const char *const names[] = {[ROLLOUT_GATEKEEPER] = "gatekeeper",
        [ROLLOUT_KYVERNO] = "kyverno",
        [ROLLOUT_KUBERNETES] = "kubernetes",
        [ROLLOUT_CONFTEST] = "conftest"};
    return names[engine];
}

void rollout_free(struct rollout *rollout)
{
    VEC_FOREACH (struct rollout_policy, policy, rollout) {
        free(policy->kind);
        free(policy->name);
        free(policy->space);
        free(policy->file);
        free(policy->word);
    }
    VEC_FREE(rollout);
}

/* ---- YAML ---- */

static void read_yaml(const char *path, struct str text, struct rollout *out)
{
    bool may_be = str_find(text, STR_LIT("kyverno.io/"), 0) != SIZE_MAX ||
                  str_find(text, STR_LIT("constraints.gatekeeper.sh/"), 0) != SIZE_MAX ||
                  str_find(text, STR_LIT("ValidatingAdmissionPolicyBinding"), 0) != SIZE_MAX;
    TSTree *tree = may_be ? yaml_tree_parse(text) : NULL;
    TSNode document;
    for (uint32_t at = 0;
         tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &document);) {
        struct rollout_document read;
        if (rollout_document_read(text, document, &read)) {
            VEC_PUSH(out, (struct rollout_policy){.engine = read.engine,
                              .kind = safe_dup(str_of(read.kind), SAFE_ONE_LINE, 200),
                              .name = safe_dup(str_of(read.name), SAFE_ONE_LINE, 300),
                              .space = safe_dup(str_of(read.space), SAFE_ONE_LINE, 300),
                              .file = mem_strdup(path),
                              .row = ts_node_start_point(document).row + 1,
                              .stage = rollout_document_stage(&read),
                              .word = buf_take(&read.word)});
        }
        rollout_document_free(&read);
    }
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
}

/* ---- Conftest ---- */

/* deny, deny_x; violation, violation_x; warn, warn_x: as conftest asks for them. */
static bool rule_stage(const char *name, enum rollout_stage *stage)
{
    static const char *const heads[] = {"deny", "violation", "warn"};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        size_t len = strlen(heads[i]);
        if (strncmp(name, heads[i], len) == 0 && (name[len] == '\0' || name[len] == '_')) {
            *stage = i == 2 ? STAGE_WARN : STAGE_ENFORCE;
            return true;
        }
    }
    return false;
}

static bool is_known(const struct rollout *out, size_t from, const char *name)
{
    for (size_t i = from; i < out->len; i++) {
        if (strcmp(out->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void read_rego(const char *path, struct str text, struct rollout *out)
{
    struct policy_facts *facts = policy_facts_parse(text);
    size_t from = out->len;
    char *package = facts->package == NULL ? NULL : policy_path_show(facts->package);
    for (size_t i = 0; package != NULL && i < facts->rules.len; i++) {
        const struct policy_rule *rule = &facts->rules.items[i];
        enum rollout_stage stage;
        if (rule_stage(rule->name, &stage) && !is_known(out, from, rule->name)) {
            size_t len = strcspn(rule->name, "_");
            VEC_PUSH(out, (struct rollout_policy){.engine = ROLLOUT_CONFTEST,
                              .kind = mem_strdup(package),
                              .name = mem_strdup(rule->name),
                              .space = mem_strdup(""),
                              .file = mem_strdup(path),
                              .row = rule->row,
                              .stage = stage,
                              .word = str_dup(str_make(rule->name, len))});
        }
    }
    free(package);
    policy_facts_release(facts);
}

void rollout_read(const char *path, struct str text, bool conftest, struct rollout *out)
{
    const char *ext = path_ext(path);
    if (strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0) {
        read_yaml(path, text, out);
    } else if (strcmp(ext, ".rego") == 0 && conftest) {
        read_rego(path, text, out);
    }
}

/* Conftest's by a conftest.toml or the settings; without either, what its default namespace is. */
static bool is_conftest(const struct conftest_projects *projects, const struct policy_file *file)
{
    if (projects->len > 0) {
        return conftest_projects_have(projects, file->path);
    }
    return file->facts != NULL && file->facts->package != NULL &&
           policy_path_below(file->facts->package, "main");
}

bool rollout_find(const char *root, struct rollout *out, struct err *err)
{
    struct policy_index *index = policy_index_new();
    struct conftest_projects projects = {0};
    bool ok = policy_index_scan(index, root, NULL, err);
    if (ok) {
        conftest_projects_find(index, &projects);
    }
    for (size_t i = 0; ok && i < index->files.len; i++) {
        const struct policy_file *file = &index->files.items[i];
        struct buf text = BUF_INIT;
        char *full = path_join(root, file->path);
        if (file->size <= TEXT_MAX_BYTES && file_read(full, TEXT_MAX_BYTES, &text, NULL)) {
            rollout_read(file->path, buf_str(&text), is_conftest(&projects, file), out);
        }
        buf_free(&text);
        free(full);
    }
    conftest_projects_free(&projects);
    policy_index_free(index);
    return ok;
}

static bool is_named(const struct rollout_policy *policy, const char *name)
{
    size_t kind = strlen(policy->kind);
    bool whole = strncmp(name, policy->kind, kind) == 0 &&
                 (name[kind] == '/' || name[kind] == '.') &&
                 strcmp(name + kind + 1, policy->name) == 0;
    return whole || strcmp(policy->name, name) == 0 || strcmp(policy->file, name) == 0;
}

const struct rollout_policy *rollout_named(
    const struct rollout *rollout, const char *name, struct err *err)
{
    const struct rollout_policy *found = NULL;
    VEC_FOREACH (const struct rollout_policy, policy, rollout) {
        if (is_named(policy, name) && found != NULL) {
            err_set(err, ERR_INVALID,
                "%s is %s/%s in %s:%u and %s/%s in %s:%u: say KIND/NAME, or the file", name,
                found->kind, found->name, found->file, found->row, policy->kind, policy->name,
                policy->file, policy->row);
            return NULL;
        }
        found = is_named(policy, name) ? policy : found;
    }
    if (found == NULL) {
        err_set(err, ERR_NOT_FOUND, "no policy is named %s: bylaw rollout lists them", name);
    }
    return found;
}
