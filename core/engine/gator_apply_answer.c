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
    struct str yaml = buf_str(&doc->text); /* empty, but for templates */
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

static size_t resource_of(
    const struct gator_apply *apply, const struct gator_call *call, const cJSON *object)
{
    const cJSON *meta = json_get(object, "metadata");
    for (size_t i = 0; i < call->resources.len; i++) {
        const struct gator_doc *doc = &apply->docs.items[call->resources.items[i]];
        if (strcmp(doc->api, json_string_or(object, "apiVersion", "")) == 0 &&
            strcmp(doc->type, json_string_or(object, "kind", "")) == 0 &&
            strcmp(doc->name, json_string_or(meta, "name", "")) == 0 &&
            strcmp(doc->space, json_string_or(meta, "namespace", "")) == 0) {
            return call->resources.items[i];
        }
    }
    return SIZE_MAX;
}

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
    struct gator_apply *apply, const struct gator_call *call, const cJSON *item)
{
    const cJSON *constraint = json_get(item, "constraint");
    const char *name = json_string_or(json_get(constraint, "metadata"), "name", "");
    size_t probed = number_after(apply, name, "bylaw-probe-");
    size_t number = number_after(apply, name, "bylaw-");
    size_t resource = resource_of(apply, call, json_get(item, "violatingObject"));
    if (resource == SIZE_MAX) {
        return; /* something that is in the inventory, and no resource asked about */
    }
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

bool gator_apply_take(struct gator_apply *apply, struct gator_call *call)
{
    struct err err;
    struct str out = str_trim(buf_str(&apply->out));
    cJSON *list = out.len > 0 ? json_parse(out, &err) : NULL;
    bool done = cJSON_IsArray(list) || (cJSON_IsNull(list) && apply->exit_code == 0) ||
                (out.len == 0 && apply->exit_code == 0);
    const cJSON *item = NULL;
    if (done) {
        cJSON_ArrayForEach(item, list)
        {
            take_violation(apply, call, item);
        }
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

static size_t count_violations(const struct gator_apply *apply, size_t c, size_t r, bool by_rego)
{
    size_t count = 0;
    VEC_FOREACH (const struct gator_violation, v, &apply->violations) {
        count += v->constraint == c && v->resource == r && v->by_rego == by_rego;
    }
    return count;
}

static void decide_by(
    struct gator_apply *apply, size_t c, size_t r, bool by_rego, const char *language)
{
    bool any = false;
    for (size_t i = 0; i < apply->violations.len; i++) {
        const struct gator_violation *v = &apply->violations.items[i];
        if (v->constraint == c && v->resource == r && v->by_rego == by_rego) {
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
    bool cel = count_violations(apply, c, r, false) > 0;
    bool rego = count_violations(apply, c, r, true) > 0;
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
    const char *why = constraint->refused != NULL                     ? constraint->refused
                      : template != NULL && template->refused != NULL ? template->refused
                                                                      : resource->refused;
    if (why != NULL || template == NULL) {
        decide(apply, c, r, GATOR_ERROR, "", "", why == NULL ? "" : why);
    } else if (!apply->matched[c * apply->docs.len + r]) {
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

void gator_apply_decide(struct gator_apply *apply)
{
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
