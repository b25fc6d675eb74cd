/* What gator test printed, and what it comes to. */
#include "engine/gator_apply_private.h"

#include "base/json.h"
#include "base/safe.h"
#include "engine/gator_place.h"

#include <stdlib.h>

enum { MESSAGE_MAX = 600, WORD_MAX = 40 };
#define VIOLATIONS_MAX ((size_t)1000000)

/* "bylaw-12" of "bylaw-": 12; SIZE_MAX: not one of ours. */
static size_t number_after(const struct gator_apply *apply, const char *name, const char *head)
{
    size_t len = strlen(head);
    if (strncmp(name, head, len) != 0 || name[len] < '0' || name[len] > '9') {
        return SIZE_MAX;
    }
    char *end;
    unsigned long number = strtoul(name + len, &end, 10);
    return *end == '\0' && number < apply->docs.len ? number : SIZE_MAX;
}

/* ---- what gator refuses ---- */

/* `rego`: only its Rego is, which Gatekeeper does not run. */
static bool refuse(struct gator_apply *apply, size_t number, struct str why, bool rego)
{
    struct gator_doc *doc = &apply->docs.items[number];
    char **slot = rego && doc->kind == DOC_TEMPLATE ? &doc->rego_refused : &doc->refused;
    if (*slot != NULL) {
        return false; /* it was left out already: that cannot be the reason */
    }
    char *message = str_dup(why);
    struct str yaml = doc->kind == DOC_TEMPLATE ? buf_str(&doc->text) : (struct str){0};
    *slot = gator_error_say(yaml, doc->file, doc->name, message);
    doc->refused_at = gator_error_place(yaml, doc->name, message);
    free(message);
    return true;
}

/* What stands in quotes after `before`; *rest gets what follows. */
static char *quoted_after(struct str text, const char *before, struct str *rest)
{
    size_t at = str_find(text, str_of(before), 0);
    size_t from = at == SIZE_MAX ? SIZE_MAX : at + strlen(before);
    size_t end = from == SIZE_MAX ? SIZE_MAX : str_find_char(text, '"', from);
    if (end == SIZE_MAX) {
        return NULL;
    }
    *rest = str_from(text, end + 1);
    *rest = str_trim(str_starts(*rest, ":") ? str_from(*rest, 1) : *rest);
    return str_dup(str_slice(text, from, end));
}

static bool refuse_template(struct gator_apply *apply, const char *name, struct str why, bool rego)
{
    for (size_t i = 0; i < apply->docs.len; i++) {
        const struct gator_doc *doc = &apply->docs.items[i];
        if (doc->kind == DOC_TEMPLATE && doc->refused == NULL && strcmp(doc->name, name) == 0) {
            return refuse(apply, i, why, rego);
        }
    }
    return false;
}

/* Finds what keeps gator from the rest. False: it does not say. */
static bool take_refusal(struct gator_apply *apply, struct str text, bool rego)
{
    struct str why;
    char *name;
    bool found = false;
    if ((name = quoted_after(text, "adding template \"", &why)) != NULL) {
        found = refuse_template(apply, name, why, rego);
    } else if ((name = quoted_after(text, "adding constraint \"", &why)) != NULL) {
        size_t number = number_after(apply, name, "bylaw-");
        number = number == SIZE_MAX ? number_after(apply, name, "bylaw-probe-") : number;
        found = number != SIZE_MAX && refuse(apply, number, why, rego);
    } else if ((name = quoted_after(text, "reading file \"", &why)) != NULL) {
        char *dot = strrchr(name, '.');
        if (dot != NULL) {
            *dot = '\0';
        }
        char *numbered = mem_printf("bylaw-%s", name);
        size_t number = number_after(apply, numbered, "bylaw-");
        found = number != SIZE_MAX && refuse(apply, number, why, rego);
        free(numbered);
    }
    free(name);
    return found;
}

void gator_apply_reason(struct str errout, struct buf *reason)
{
    struct str line;
    while (str_next_line(&errout, &line)) {
        if (str_find(line, STR_LIT(" WARNING - "), 0) == SIZE_MAX) {
            buf_append_str(reason, line);
            buf_append_char(reason, '\n');
        }
    }
}

/* Halves of the call; with one resource left, that is what gator cannot take. */
static void divide(struct gator_apply *apply, struct gator_call *call, struct str reason)
{
    if (call->resources.len > 1) {
        struct gator_call second = {.rego = call->rego, .round = call->round};
        size_t half = call->resources.len / 2;
        for (size_t i = half; i < call->resources.len; i++) {
            VEC_PUSH(&second.resources, call->resources.items[i]);
        }
        call->resources.len = half;
        VEC_INSERT(&apply->calls, apply->calls.len - 1, second);
    } else if (call->resources.len == 0 ||
               !refuse(apply, call->resources.items[0], reason, false)) {
        char *text = str_dup(reason);
        char *said = gator_error_say((struct str){0}, "", NULL, text);
        free(apply->application.trouble);
        apply->application.trouble =
            mem_printf("gator: %s", said[0] == '\0' ? "it ended without a reason" : said);
        free(said);
        free(text);
    }
}

/* ---- what it reports ---- */

/* A resource that is there once is looked at in each round: what was said before is not said again.
 */
static bool is_repeated(const struct gator_apply *apply, const struct gator_call *call,
    const struct gator_violation *violation)
{
    if (apply->docs.items[violation->resource].round == call->round) {
        return false;
    }
    VEC_FOREACH (const struct gator_violation, v, &apply->violations) {
        if (v->constraint == violation->constraint && v->resource == violation->resource &&
            v->by_rego == violation->by_rego && strcmp(v->message, violation->message) == 0) {
            return true;
        }
    }
    return false;
}

static void take_violation(
    struct gator_apply *apply, const struct gator_call *call, const cJSON *item, size_t resource)
{
    const cJSON *constraint = json_get(item, "constraint");
    const char *name = json_string_or(json_get(constraint, "metadata"), "name", "");
    size_t probed = number_after(apply, name, "bylaw-probe-");
    size_t number = number_after(apply, name, "bylaw-");
    if (probed != SIZE_MAX) {
        apply->matched[probed * apply->docs.len + resource] = true;
    } else if (number != SIZE_MAX && apply->violations.len < VIOLATIONS_MAX) {
        struct gator_violation violation = {.constraint = number,
            .resource = resource,
            .by_rego = call->rego,
            .action = safe_dup(
                str_of(json_string_or(item, "enforcementAction", "")), SAFE_ONE_LINE, WORD_MAX),
            .message =
                safe_dup(str_of(json_string_or(item, "msg", "")), SAFE_ONE_LINE, MESSAGE_MAX)};
        if (is_repeated(apply, call, &violation)) {
            free(violation.action);
            free(violation.message);
        } else {
            VEC_PUSH(&apply->violations, violation);
        }
    }
}

/* False: of some objects it cannot be told which resource they are, and nothing is taken. */
static bool take_violations(
    struct gator_apply *apply, const struct gator_call *call, const cJSON *list)
{
    size_t *resources = mem_zalloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof *resources);
    const cJSON *item = NULL;
    size_t i = 0;
    bool told = true;
    cJSON_ArrayForEach(item, list)
    {
        told = told &&
               gator_apply_tell(apply, call, json_get(item, "violatingObject"), &resources[i++]);
    }
    i = 0;
    cJSON_ArrayForEach(item, list)
    {
        size_t resource = resources[i++];
        if (told && resource != SIZE_MAX) { /* else it is in the inventory, and not asked about */
            take_violation(apply, call, item, resource);
        }
    }
    free(resources);
    return told;
}

bool gator_apply_take(struct gator_apply *apply, struct gator_call *call)
{
    struct err err;
    struct str out = str_trim(buf_str(&apply->out));
    cJSON *list = out.len > 0 ? json_parse(out, &err) : NULL;
    bool done = cJSON_IsArray(list) || (cJSON_IsNull(list) && apply->exit_code == 0) ||
                (out.len == 0 && apply->exit_code == 0);
    if (done) {
        done = take_violations(apply, call, list) || !gator_apply_part(apply);
    } else {
        struct buf reason = BUF_INIT;
        gator_apply_reason(buf_str(&apply->errout), &reason);
        if (!take_refusal(apply, buf_str(&reason), call->rego)) {
            bool last = call->resources.len <= 1;
            divide(apply, call, buf_str(&reason));
            done = last;
        }
        buf_free(&reason);
    }
    cJSON_Delete(list);
    return done;
}

/* ---- decisions ---- */

static enum gator_verdict verdict_of(const struct gator_doc *constraint, const char *action)
{
    if (strcmp(action, "scoped") == 0) {
        action = constraint->action == NULL ? "" : constraint->action;
    }
    return strcmp(action, "warn") == 0     ? GATOR_WARN
           : strcmp(action, "dryrun") == 0 ? GATOR_DRYRUN
                                           : GATOR_DENY;
}

static void decide(struct gator_apply *apply, size_t c, size_t r, enum gator_verdict verdict,
    const char *language, const char *action, const char *message)
{
    const struct gator_doc *constraint = &apply->docs.items[c];
    const struct gator_doc *resource = &apply->docs.items[r];
    const struct gator_doc *template =
        constraint->template == SIZE_MAX ? NULL : &apply->docs.items[constraint->template];
    char *policy = mem_printf("%s/%s", constraint->type, constraint->name);
    VEC_PUSH(&apply->application.decisions,
        (struct gator_decision){.policy = safe_dup(str_of(policy), SAFE_ONE_LINE, MESSAGE_MAX),
            .policy_file = mem_strdup(constraint->file),
            .policy_at = constraint->at,
            .template_file = template == NULL ? NULL : mem_strdup(template->file),
            .template_at = template == NULL ? (struct position){0, 0} : template->at,
            .language = language,
            .kind = safe_dup(str_of(resource->type), SAFE_ONE_LINE, MESSAGE_MAX),
            .space = safe_dup(str_of(resource->space), SAFE_ONE_LINE, MESSAGE_MAX),
            .name = safe_dup(str_of(resource->name), SAFE_ONE_LINE, MESSAGE_MAX),
            .resource_file = mem_strdup(resource->file),
            .resource_at = resource->at,
            .verdict = verdict,
            .action = mem_strdup(action),
            .message = mem_strdup(message)});
    free(policy);
}

/* The first violation of the pair, of those sorted by it. */
static size_t first_violation(const struct gator_apply *apply, size_t c, size_t r)
{
    size_t low = 0;
    size_t high = apply->violations.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct gator_violation *v = &apply->violations.items[mid];
        bool before = v->constraint < c || (v->constraint == c && v->resource < r);
        low = before ? mid + 1 : low;
        high = before ? high : mid;
    }
    return low;
}

static bool is_of(const struct gator_apply *apply, size_t violation, size_t c, size_t r)
{
    const struct gator_violation *v = &apply->violations.items[violation];
    return violation < apply->violations.len && v->constraint == c && v->resource == r;
}

/* `r` is a twin. */
static size_t count_violations(const struct gator_apply *apply, size_t c, size_t r, bool by_rego)
{
    size_t count = 0;
    for (size_t i = first_violation(apply, c, r); is_of(apply, i, c, r); i++) {
        count += apply->violations.items[i].by_rego == by_rego;
    }
    return count;
}

static void decide_by(
    struct gator_apply *apply, size_t c, size_t r, bool by_rego, const char *language)
{
    bool any = false;
    size_t twin = apply->docs.items[r].twin;
    for (size_t i = first_violation(apply, c, twin); is_of(apply, i, c, twin); i++) {
        const struct gator_violation *v = &apply->violations.items[i];
        if (v->by_rego == by_rego) {
            decide(apply, c, r, verdict_of(&apply->docs.items[c], v->action), language, v->action,
                v->message);
            any = true;
        }
    }
    if (!any) {
        decide(apply, c, r, GATOR_ALLOW, language, "", "");
    }
}

static void find(struct gator_apply *apply, const char *rule, const struct gator_doc *doc,
    struct position at, char *message, char *fix)
{
    struct finding finding = {.rule = mem_strdup(rule),
        .severity = strcmp(rule, "cel-rego-differ") == 0 ? SEVERITY_WARNING : SEVERITY_ERROR,
        .file = mem_strdup(doc->file),
        .at = at.row > 0 ? at : doc->at,
        .message = message,
        .fix = fix,
        .source = mem_strdup("gator")};
    findings_add(&apply->application.findings, &finding);
    finding_free(&finding);
}

/* Both engines have run: said once where they agree. */
static void decide_dual(
    struct gator_apply *apply, const struct gator_doc *template, size_t c, size_t r)
{
    size_t twin = apply->docs.items[r].twin;
    bool cel = count_violations(apply, c, twin, false) > 0;
    bool rego = count_violations(apply, c, twin, true) > 0;
    decide_by(apply, c, r, false, "CEL");
    if (template->rego_refused != NULL) {
        decide(apply, c, r, GATOR_ERROR, "Rego", "", template->rego_refused);
    }
    if (template->rego_refused != NULL || cel == rego) {
        return;
    }
    const struct gator_doc *resource = &apply->docs.items[r];
    decide_by(apply, c, r, true, "Rego");
    find(apply, "cel-rego-differ", template, template->at,
        mem_printf("of %s/%s (%s:%u) CEL says that it %s, Rego that it %s: Gatekeeper runs CEL",
            resource->type, resource->name, resource->file, resource->at.row,
            cel ? "violates" : "holds", rego ? "violates" : "holds"),
        NULL);
}

static void decide_pair(struct gator_apply *apply, size_t c, size_t r)
{
    const struct gator_doc *constraint = &apply->docs.items[c];
    const struct gator_doc *resource = &apply->docs.items[r];
    const struct gator_doc *template =
        constraint->template == SIZE_MAX ? NULL : &apply->docs.items[constraint->template];
    const char *why = constraint->refused != NULL ? constraint->refused
                      : template != NULL && template->refused != NULL
                          ? template->refused
                          : apply->docs.items[resource->twin].refused;
    if (why != NULL || template == NULL) {
        decide(apply, c, r, GATOR_ERROR, "", "", why == NULL ? "" : why);
    } else if (!apply->matched[c * apply->docs.len + resource->twin]) {
        decide(apply, c, r, GATOR_NOT_EVALUATED, "", "",
            strcmp(resource->type, "AdmissionReview") == 0
                ? "an AdmissionReview is for gator verify: gator test takes objects only"
            : constraint->action == NULL ? "the constraint is scoped to other enforcement points"
                                         : "the constraint does not match it");
    } else if (template->cel && template->rego) {
        decide_dual(apply, template, c, r);
    } else {
        decide_by(apply, c, r, false, template->cel ? "CEL" : "Rego");
    }
}

static void tell_refused(struct gator_apply *apply)
{
    for (size_t i = 0; i < apply->docs.len; i++) {
        const struct gator_doc *doc = &apply->docs.items[i];
        if (doc->rego_refused != NULL) {
            find(apply, "gator-template", doc, doc->refused_at,
                mem_printf("its Rego (Gatekeeper runs its CEL): %s", doc->rego_refused), NULL);
        }
        if (doc->refused == NULL || doc->refused[0] == '\0') {
            continue;
        }
        find(apply,
            doc->kind == DOC_TEMPLATE     ? "gator-template"
            : doc->kind == DOC_CONSTRAINT ? "gator-constraint"
                                          : "gator-resource",
            doc, doc->refused_at, mem_strdup(doc->refused), NULL);
    }
}

/* As they were reported where they are of one pair. */
static int by_pair(const void *a, const void *b)
{
    const struct gator_violation *x = a;
    const struct gator_violation *y = b;
    if (x->constraint != y->constraint) {
        return x->constraint < y->constraint ? -1 : 1;
    }
    if (x->resource != y->resource) {
        return x->resource < y->resource ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

/* What is written like a resource that gator refuses is refused as well. */
static void refuse_twins(struct gator_apply *apply)
{
    for (size_t i = 0; i < apply->docs.len; i++) {
        struct gator_doc *doc = &apply->docs.items[i];
        const struct gator_doc *twin = &apply->docs.items[doc->twin];
        if (doc->kind == DOC_RESOURCE && doc->refused == NULL && twin->refused != NULL) {
            doc->refused = mem_strdup(twin->refused);
        }
    }
}

void gator_apply_decide(struct gator_apply *apply)
{
    for (size_t i = 0; i < apply->violations.len; i++) {
        apply->violations.items[i].number = i;
    }
    if (apply->violations.len > 1) {
        qsort(apply->violations.items, apply->violations.len, sizeof *apply->violations.items,
            by_pair);
    }
    refuse_twins(apply);
    for (size_t c = 0; c < apply->docs.len; c++) {
        for (size_t r = 0; apply->docs.items[c].kind == DOC_CONSTRAINT && r < apply->docs.len;
             r++) {
            if (apply->docs.items[r].kind == DOC_RESOURCE) {
                decide_pair(apply, c, r);
            }
        }
    }
    tell_refused(apply);
}
