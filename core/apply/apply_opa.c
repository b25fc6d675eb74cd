/* Rego packages applied to documents with the real opa: one process for a package and many
 * documents, each evaluated with it as the input. The rules asked for are those whose names say
 * what they decide; what a package means by another name is its own. */
#include "apply/apply.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/conftest_projects.h"
#include "engine/opa.h"
#include "engine/opa_eval.h"

#include <ctype.h>
#include <stdlib.h>

enum { FIXTURES_OF_JOB = 256, TIMEOUT_MS = 10000, MESSAGE_MAX = 2000, MESSAGES_MAX = 100 };
#define TEXT_MAX_BYTES ((size_t)16 << 20)

enum rule_means { RULE_DENIES, RULE_WARNS, RULE_ALLOWS };

struct opa_rule {
    char *name;
    enum rule_means means;
};

struct opa_file {
    char *path, *load;
    bool is_data;
};

/* What a package needs to be evaluated. */
struct opa_policy {
    char *query_path; /* "data.k8s.latest_tag" */
    struct {
        struct opa_rule *items;
        size_t len, cap;
    } rules;
    struct {
        struct opa_file *items;
        size_t len, cap;
    } files;
    bool v0, may_be_other;
    bool wraps; /* it reads input.review: documents are put to it as Gatekeeper puts them */
};

static void policy_free(void *own)
{
    struct opa_policy *policy = own;
    VEC_FOREACH (struct opa_rule, rule, &policy->rules) {
        free(rule->name);
    }
    VEC_FREE(&policy->rules);
    VEC_FOREACH (struct opa_file, file, &policy->files) {
        free(file->path);
        free(file->load);
    }
    VEC_FREE(&policy->files);
    free(policy->query_path);
    free(policy);
}

/* ---- finding ---- */

/* "deny", and "deny_latest" as Conftest's users write it. */
static bool is_named(const char *name, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(name, word, len) != 0) {
        return false;
    }
    for (const char *c = name + len; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_') {
            return false;
        }
    }
    return name[len] == '\0' || name[len] == '_';
}

static bool means_of(const struct policy_rule *rule, enum rule_means *means)
{
    if (rule->kind == RULE_FUNCTION) {
        return false;
    }
    *means = is_named(rule->name, "warn")       ? RULE_WARNS
             : strcmp(rule->name, "allow") == 0 ? RULE_ALLOWS
                                                : RULE_DENIES;
    return *means != RULE_DENIES || is_named(rule->name, "deny") ||
           is_named(rule->name, "violation");
}

static void add_rules(struct opa_policy *own, const struct policy_facts *facts)
{
    for (size_t i = 0; i < facts->rules.len; i++) {
        const struct policy_rule *rule = &facts->rules.items[i];
        enum rule_means means = RULE_DENIES;
        bool known = !means_of(rule, &means);
        VEC_FOREACH (struct opa_rule, other, &own->rules) {
            known = known || strcmp(other->name, rule->name) == 0;
        }
        if (!known) {
            VEC_PUSH(&own->rules, (struct opa_rule){mem_strdup(rule->name), means});
        }
    }
}

static void note_place(struct apply_policy *policy, const struct policy_file *file)
{
    enum rule_means means = RULE_DENIES;
    for (size_t i = 0; policy->file == NULL && i < file->facts->rules.len; i++) {
        const struct policy_rule *rule = &file->facts->rules.items[i];
        if (means_of(rule, &means) && rule->kind != RULE_DEFAULT) {
            policy->file = mem_strdup(file->path);
            policy->at = (struct position){rule->row, 1};
        }
    }
}

static bool mentions(const struct apply_set *set, const char *path, const char *word)
{
    struct buf text = BUF_INIT;
    bool found = apply_read(set, path, TEXT_MAX_BYTES, &text, NULL) &&
                 str_find(buf_str(&text), str_of(word), 0) != SIZE_MAX;
    buf_free(&text);
    return found;
}

static void load_closure(
    struct apply_set *set, struct apply_policy *policy, const struct policy_set *seeds)
{
    struct opa_policy *own = policy->own;
    struct run_plan *plan = opa_plan_closure(set->index, seeds);
    const struct plan_unit *unit = &plan->units.items[0];
    own->v0 = unit->dialect == DIALECT_V0;
    own->may_be_other = unit->may_be_other;
    if (unit->trouble != NULL && policy->trouble == NULL) {
        policy->trouble = mem_strdup(unit->trouble);
    }
    VEC_FOREACH (size_t, place, &unit->files) {
        const struct plan_file *file = &plan->files.items[*place];
        VEC_PUSH(&own->files,
            (struct opa_file){mem_strdup(file->path), mem_strdup(file->load), file->is_data});
    }
    run_plan_free(plan);
}

/* The package of these files, when it has rules that decide. */
static void add_package(struct apply_set *set, const struct policy_set *seeds)
{
    const struct policy_file *first = &set->index->files.items[seeds->items[0]];
    struct opa_policy *own = MEM_NEW(struct opa_policy);
    struct apply_policy policy = {.engine = "opa", .own = own, .own_free = policy_free};
    VEC_FOREACH (size_t, place, seeds) {
        const struct policy_file *file = &set->index->files.items[*place];
        if (file->facts->tests.len == 0) {
            add_rules(own, file->facts);
            note_place(&policy, file);
        }
    }
    if (own->rules.len == 0) {
        policy_free(own);
        free(policy.file);
        return;
    }
    if (!apply_set_wants(set, &engine_opa, policy.file == NULL ? first->path : policy.file)) {
        policy_free(own);
        free(policy.file);
        return;
    }
    char *package = policy_path_show(first->facts->package);
    own->query_path = mem_printf("data.%s", package);
    policy.name = first->scope[0] == '\0' ? mem_strdup(package)
                                          : mem_printf("%s (%s)", package, first->scope);
    policy.id = mem_printf("opa %s", policy.name);
    free(package);
    if (policy.file == NULL) {
        policy.file = mem_strdup(first->path);
        policy.at = (struct position){1, 1};
    }
    own->wraps = mentions(set, policy.file, "input.review");
    if (own->wraps && mentions(set, policy.file, "input.parameters")) {
        policy.trouble = mem_strdup("it takes its parameters from a constraint: its template and "
                                    "constraints are what is applied");
    }
    load_closure(set, &policy, seeds);
    VEC_PUSH(&set->policies, policy);
}

static const struct policy_file *ordered(const struct policy_index *index, size_t i)
{
    return &index->files.items[index->by_package.items[i]];
}

static bool same_package(const struct policy_file *a, const struct policy_file *b)
{
    return strcmp(a->facts->package, b->facts->package) == 0 && strcmp(a->scope, b->scope) == 0;
}

static void find(struct apply_set *set, const atomic_bool *cancel)
{
    const struct policy_index *index = set->index;
    struct conftest_projects projects = {0};
    conftest_projects_find(set->index, &projects);
    bool *taken = mem_zalloc(index->by_package.len + 1);
    for (size_t i = 0; i < index->by_package.len && !(cancel != NULL && atomic_load(cancel)); i++) {
        struct policy_set seeds = {0};
        /* The files of a package stand together, but for their folders. */
        for (size_t k = i; k < index->by_package.len && !taken[i]; k++) {
            const struct policy_file *file = ordered(index, k);
            if (strcmp(file->facts->package, ordered(index, i)->facts->package) != 0) {
                break;
            }
            if (!taken[k] && same_package(file, ordered(index, i))) {
                taken[k] = k != i;
                if (!conftest_projects_have(&projects, file->path)) {
                    VEC_PUSH(&seeds, index->by_package.items[k]);
                }
            }
        }
        if (seeds.len > 0) {
            add_package(set, &seeds);
        }
        VEC_FREE(&seeds);
    }
    free(taken);
    conftest_projects_free(&projects);
}

static bool takes(const struct apply_policy *policy, const struct apply_fixture *fixture)
{
    const struct opa_policy *own = policy->own;
    if (own->wraps) {
        return fixture->kind == APPLY_OBJECT || fixture->kind == APPLY_REVIEW;
    }
    return fixture->kind != APPLY_FILE && fixture->kind != APPLY_REQUEST;
}

/* ---- asking ---- */

/* Gatekeeper's way to put a document, for a rule that needs no parameters. */
static const char wrapped[] = "{\"review\": r | r := o.request; o.kind == \"AdmissionReview\"}, "
                              "{\"review\": {\"object\": o, \"operation\": \"CREATE\", "
                              "\"name\": object.get(o, [\"metadata\", \"name\"], \"\"), "
                              "\"namespace\": object.get(o, [\"metadata\", \"namespace\"], \"\"), "
                              "\"kind\": {\"kind\": o.kind, \"version\": p[count(p) - 1], "
                              "\"group\": concat(\"\", array.slice(p, 0, count(p) - 1))}} | "
                              "o.kind != \"AdmissionReview\"; p := split(o.apiVersion, \"/\")}";

/* [[numbers of the documents that could be read], [[number, value], …] of each rule]: a rule that
 * is undefined for a document has no pair. Written so that it is v0 and v1 at once. */
static char *query_of(const struct opa_policy *own)
{
    struct buf query = BUF_INIT;
    buf_append_c(&query, "[out | os := object.union({f: o | o := yaml.unmarshal(input.yaml[f])}, "
                         "{f: o | o := json.unmarshal(input.json[f])}); ");
    if (own->wraps) {
        buf_printf(&query, "xs := {f: x | o := os[f]; x := object.union(%s)}; ", wrapped);
    } else {
        buf_append_c(&query, "xs := os; ");
    }
    buf_append_c(&query, "out := [[f | xs[f]]");
    VEC_FOREACH (const struct opa_rule, rule, &own->rules) {
        char *name = policy_path_show(rule->name);
        buf_printf(
            &query, ", [[f, v] | x := xs[f]; v := %s.%s with input as x]", own->query_path, name);
        free(name);
    }
    buf_append_c(&query, "]][0]");
    return buf_take(&query);
}

static void append_inputs(const struct apply_job *job, bool json, struct buf *out)
{
    bool some = false;
    for (size_t i = 0; i < job->fixture_count; i++) {
        const struct apply_fixture *fixture = &job->set->fixtures.items[job->fixtures[i]];
        if (fixture->json == json) {
            buf_printf(out, "%s\"%zu\":", some ? "," : "", i);
            json_append_quoted(out, buf_str(&fixture->text));
            some = true;
        }
    }
}

static const struct policy_text *unsaved(const struct apply_set *set, const char *path)
{
    for (size_t i = 0; i < set->text_count; i++) {
        if (strcmp(set->texts[i].path, path) == 0) {
            return &set->texts[i];
        }
    }
    return NULL;
}

static bool push_file(struct apply_job *job, struct apply_command *command,
    const struct opa_file *file, size_t number, struct err *err)
{
    const struct policy_text *text = unsaved(job->set, file->path);
    char *load = NULL;
    if (text == NULL) {
        load = mem_strdup(file->load);
    } else {
        char *name = mem_printf("%zu.%s", number, file->is_data ? "json" : "rego");
        char *path = apply_scratch(job, name, text->text, err);
        free(name);
        if (path == NULL) {
            return false;
        }
        size_t mount = file->is_data ? strcspn(file->load, ":") : 0;
        bool mounted = file->is_data && file->load[mount] == ':';
        load = mounted ? mem_printf("%.*s:%s", (int)mount, file->load, path) : mem_strdup(path);
        free(path);
    }
    VEC_PUSH(&command->argv, mem_strdup("-d"));
    VEC_PUSH(&command->argv, load);
    return true;
}

static bool command_for(struct apply_job *job, struct apply_command *command, struct err *err)
{
    static const char *const environment[] = {"NO_COLOR=1", "GOMAXPROCS=1", NULL};
    const struct apply_policy *policy = &job->set->policies.items[job->policies[0]];
    const struct opa_policy *own = policy->own;
    bool v0 = own->v0 != (job->attempt > 0);
    VEC_PUSH(&command->argv, mem_strdup(job->program));
    VEC_PUSH(&command->argv, mem_strdup("eval"));
    VEC_PUSH(&command->argv, mem_strdup("--format=json"));
    VEC_PUSH(&command->argv, mem_printf("--timeout=%dms", TIMEOUT_MS));
    VEC_PUSH(&command->argv, mem_strdup("--show-builtin-errors"));
    VEC_PUSH(&command->argv, mem_strdup("--stdin-input"));
    if (v0) {
        VEC_PUSH(&command->argv, mem_strdup("--v0-compatible"));
    }
    for (size_t i = 0; i < own->files.len; i++) {
        if (!push_file(job, command, &own->files.items[i], i, err)) {
            return false;
        }
    }
    VEC_PUSH(&command->argv, mem_strdup("--"));
    VEC_PUSH(&command->argv, query_of(own));
    buf_append_c(&command->input, "{\"yaml\":{");
    append_inputs(job, false, &command->input);
    buf_append_c(&command->input, "},\"json\":{");
    append_inputs(job, true, &command->input);
    buf_append_c(&command->input, "}}");
    command->env = environment;
    command->timeout_ms = 2 * TIMEOUT_MS;
    return true;
}

/* ---- reading ---- */

static char *shown(const char *text)
{
    return safe_dup(str_of(text), SAFE_KEEP_LINES, MESSAGE_MAX);
}

static char *message_of(const cJSON *value)
{
    static const char *const members[] = {"msg", "message", "reason", NULL};
    if (cJSON_IsString(value)) {
        return shown(value->valuestring);
    }
    for (size_t i = 0; members[i] != NULL; i++) {
        const char *text = json_string(value, members[i]);
        if (text != NULL) {
            return shown(text);
        }
    }
    char *text = json_print(value);
    char *made = shown(text);
    free(text);
    return made;
}

/* Each element of a set or an object, as Conftest and Gatekeeper take them, is one message. */
static void add_messages(struct apply_cell *cell, const struct opa_rule *rule, const cJSON *value)
{
    enum apply_verdict verdict = rule->means == RULE_WARNS ? APPLY_WARN : APPLY_DENY;
    size_t count = 0;
    const cJSON *item;
    if (cJSON_IsTrue(value)) {
        apply_cell_add(cell, verdict, mem_printf("%s is true", rule->name));
    } else if (cJSON_IsString(value)) {
        apply_cell_add(cell, verdict, message_of(value));
    } else if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(item, value)
        {
            if (count++ < MESSAGES_MAX) {
                apply_cell_add(cell, verdict, message_of(item));
            }
        }
    } else if (cJSON_IsObject(value) && value->child != NULL) {
        apply_cell_add(cell, verdict, message_of(value));
    }
    if (count > MESSAGES_MAX) {
        apply_cell_add(cell, verdict, mem_printf("… and %zu more", count - MESSAGES_MAX));
    }
    apply_cell_add(cell, APPLY_ALLOW, NULL);
}

/* true, or {"allowed": true} as proxies want it. */
static bool allows(const cJSON *value)
{
    return cJSON_IsTrue(value) ||
           (cJSON_IsObject(value) &&
               (json_bool_or(value, "allowed", false) || json_bool_or(value, "allow", false)));
}

static size_t number_of(const cJSON *pair, size_t count)
{
    const cJSON *first = cJSON_GetArrayItem(pair, 0);
    if (!cJSON_IsString(first)) {
        return SIZE_MAX;
    }
    char *end;
    unsigned long number = strtoul(first->valuestring, &end, 10);
    return *end == '\0' && number < count ? number : SIZE_MAX;
}

static void take_rule(struct apply_job *job, const struct opa_rule *rule, const cJSON *pairs)
{
    bool *defined = mem_zalloc(job->fixture_count + 1);
    const cJSON *pair;
    cJSON_ArrayForEach(pair, pairs)
    {
        size_t number = number_of(pair, job->fixture_count);
        const cJSON *value = cJSON_GetArrayItem(pair, 1);
        if (number == SIZE_MAX) {
            continue;
        }
        defined[number] = true;
        struct apply_cell *cell = apply_job_cell(job, 0, number);
        if (rule->means != RULE_ALLOWS) {
            add_messages(cell, rule, value);
        } else if (allows(value)) {
            apply_cell_add(cell, APPLY_ALLOW, NULL);
        } else {
            apply_cell_add(cell, APPLY_DENY,
                cJSON_IsFalse(value) ? mem_strdup("allow is false") : message_of(value));
        }
    }
    for (size_t i = 0; i < job->fixture_count; i++) {
        struct apply_cell *cell = apply_job_cell(job, 0, i);
        if (!defined[i] && rule->means == RULE_ALLOWS) {
            apply_cell_add(cell, APPLY_DENY, mem_strdup("allow is undefined"));
        } else if (!defined[i]) {
            apply_cell_add(cell, APPLY_ALLOW, NULL);
        }
    }
    free(defined);
}

/* What could not be read at all is an error, whatever the rules make of it. */
static void take_unread(struct apply_job *job, const cJSON *numbers)
{
    bool *read = mem_zalloc(job->fixture_count + 1);
    const cJSON *number;
    cJSON_ArrayForEach(number, numbers)
    {
        char *end = NULL;
        unsigned long n =
            cJSON_IsString(number) ? strtoul(number->valuestring, &end, 10) : job->fixture_count;
        if (n < job->fixture_count && *end == '\0') {
            read[n] = true;
        }
    }
    for (size_t i = 0; i < job->fixture_count; i++) {
        const struct apply_fixture *fixture = &job->set->fixtures.items[job->fixtures[i]];
        if (!read[i]) {
            struct apply_cell *cell = apply_job_cell(job, 0, i);
            apply_cell_free(cell);
            apply_cell_add(cell, APPLY_ERROR,
                mem_printf(
                    "opa cannot read %s as %s", fixture->id, fixture->json ? "JSON" : "YAML"));
        }
    }
    free(read);
}

/* opa takes an error of a built-in function for undefined, and does not say for which document:
 * told with all that were asked about at once. What the query itself could not read is told
 * already. */
static void note_builtin_errors(struct apply_job *job, struct str out)
{
    struct findings errors = {0};
    const struct finding *first = NULL;
    (void)!opa_parse_errors(out, NULL, &errors, NULL);
    VEC_FOREACH (struct finding, finding, &errors) {
        first = first == NULL && finding->file != NULL ? finding : first;
    }
    for (size_t i = 0; first != NULL && i < job->fixture_count; i++) {
        struct apply_cell *cell = apply_job_cell(job, 0, i);
        char *message = safe_dup(str_of(first->message), SAFE_ONE_LINE, MESSAGE_MAX / 4);
        free(cell->detail);
        cell->detail = mem_printf("opa took this for undefined, %s: %s:%u: %s",
            job->fixture_count == 1 ? "with this document"
                                    : "with this document or another (Enter tells)",
            first->file, first->at.row, message);
        free(message);
    }
    findings_free(&errors);
}

static enum apply_read refused(
    struct apply_job *job, const struct apply_answer *answer, struct err *err)
{
    const struct opa_policy *own = job->set->policies.items[job->policies[0]].own;
    struct findings errors = {0};
    bool loading = false;
    (void)!opa_parse_errors(answer->out, NULL, &errors, NULL);
    VEC_FOREACH (struct finding, finding, &errors) {
        loading = loading || strncmp(finding->rule, "rego_", 5) == 0;
    }
    if (errors.len > 0) {
        const struct finding *first = &errors.items[0];
        char *message = safe_dup(str_of(first->message), SAFE_ONE_LINE, MESSAGE_MAX / 4);
        if (first->file == NULL || first->at.row == 0) {
            err_set(err, ERR_EXTERNAL, "%s: %s", first->rule, message);
        } else {
            err_set(err, ERR_EXTERNAL, "%s:%u: %s: %s", first->file, first->at.row, first->rule,
                message);
        }
        free(message);
    } else {
        char *said = safe_dup(str_trim(answer->errout.len > 0 ? answer->errout : answer->out),
            SAFE_ONE_LINE, MESSAGE_MAX / 4);
        err_set(err, ERR_EXTERNAL, "opa eval ended with %d: %s", answer->exit_code, said);
        free(said);
    }
    findings_free(&errors);
    if (loading && job->attempt == 0 && own->may_be_other) {
        return APPLY_READ_AGAIN;
    }
    return loading ? APPLY_READ_BROKEN : APPLY_READ_APART;
}

static enum apply_read read_answer(
    struct apply_job *job, const struct apply_answer *answer, struct err *err)
{
    const struct opa_policy *own = job->set->policies.items[job->policies[0]].own;
    if (answer->exit_code != 0) {
        return refused(job, answer, err);
    }
    cJSON *root = json_parse(answer->out, err);
    const cJSON *row = cJSON_GetArrayItem(json_get(root, "result"), 0);
    const cJSON *expression = cJSON_GetArrayItem(json_get(row, "expressions"), 0);
    const cJSON *value = json_get(expression, "value");
    bool ok = cJSON_GetArraySize(value) == (int)own->rules.len + 1;
    for (size_t i = 0; ok && i < own->rules.len; i++) {
        take_rule(job, &own->rules.items[i], cJSON_GetArrayItem(value, (int)i + 1));
    }
    if (ok) {
        take_unread(job, cJSON_GetArrayItem(value, 0));
        if (json_get(root, "errors") != NULL) {
            note_builtin_errors(job, answer->out);
        }
    } else if (root != NULL) {
        err_set(err, ERR_EXTERNAL, "opa eval gave no value of the form that was asked for");
    }
    cJSON_Delete(root);
    return ok ? APPLY_READ_DONE : APPLY_READ_APART;
}

const struct apply_engine apply_engine_opa = {
    .engine = &engine_opa,
    .policies_max = 1,
    .fixtures_max = FIXTURES_OF_JOB,
    .find = find,
    .takes = takes,
    .command = command_for,
    .read = read_answer,
};
