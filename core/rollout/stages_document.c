/* One YAML document that may be a policy. */
#include "rollout/stages_private.h"

#include "base/safe.h"

#include <stdlib.h>

static bool in_group(const char *api, const char *group)
{
    size_t len = strlen(group);
    return strncmp(api, group, len) == 0 && api[len] == '/';
}

static void add_value(
    struct rollout_document *d, TSNode node, bool is_list, bool everywhere, const char *where)
{
    struct rollout_value value = {.node = node, .is_list = is_list, .everywhere = everywhere};
    struct buf word = BUF_INIT;
    if (is_list) {
        TSNode item;
        for (uint32_t at = 0; yaml_next_item(node, &at, &item);) {
            struct buf one = BUF_INIT;
            enum rollout_stage stage = STAGE_NONE;
            buf_append_c(&word, word.len > 0 ? "+" : "");
            if (yaml_scalar(d->text, item, &one) && rollout_stage_find(buf_str(&one), &stage)) {
                value.stage = stage > value.stage ? stage : value.stage;
            }
            buf_append_str(&word, buf_str(&one));
            buf_free(&one);
        }
    } else if (yaml_scalar(d->text, node, &word)) {
        (void)rollout_stage_find(buf_str(&word), &value.stage);
    }
    buf_append_c(&d->word, d->word.len > 0 ? ", " : "");
    safe_append(&d->word, buf_str(&word), SAFE_ONE_LINE);
    buf_append_c(&d->word, where);
    buf_free(&word);
    VEC_PUSH(&d->values, value);
}

static bool is_there(TSNode node)
{
    return !ts_node_is_null(node);
}

/* ---- Gatekeeper ---- */

static void read_constraint(struct rollout_document *d)
{
    TSNode action = yaml_get(d->text, d->spec, "enforcementAction", NULL);
    d->admits = true;
    d->fallback = STAGE_ENFORCE;
    if (!is_there(action)) {
        VEC_PUSH(&d->silent, d->spec);
        buf_append_c(&d->word, "deny (by default)");
        return;
    }
    if (!yaml_equals(d->text, action, "scoped")) {
        add_value(d, action, false, true, "");
        return;
    }
    TSNode item;
    TSNode list = yaml_get(d->text, d->spec, "scopedEnforcementActions", NULL);
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        struct buf where = BUF_INIT;
        TSNode point;
        TSNode points = yaml_get(d->text, item, "enforcementPoints", NULL);
        for (uint32_t p = 0; yaml_next_item(points, &p, &point);) {
            char *name = yaml_string(d->text, point, "name");
            buf_append_c(&where, where.len == 0 ? " at " : "+");
            safe_append(&where, str_of(name), SAFE_ONE_LINE);
            free(name);
        }
        TSNode scoped = yaml_get(d->text, item, "action", NULL);
        if (is_there(scoped)) {
            add_value(d, scoped, false, false, where.len == 0 ? "" : where.ptr);
        }
        buf_free(&where);
    }
    if (d->values.len == 0) {
        buf_append_c(&d->word, "scoped, and no action");
    }
}

/* ---- Kyverno ---- */

static void read_overrides(struct rollout_document *d, TSNode list)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        struct buf where = BUF_INIT;
        TSNode space;
        TSNode spaces = yaml_get(d->text, item, "namespaces", NULL);
        for (uint32_t s = 0; yaml_next_item(spaces, &s, &space);) {
            struct buf name = BUF_INIT;
            (void)yaml_scalar(d->text, space, &name);
            buf_append_c(&where, where.len == 0 ? " in " : "+");
            safe_append(&where, buf_str(&name), SAFE_ONE_LINE);
            buf_free(&name);
        }
        TSNode action = yaml_get(d->text, item, "action", NULL);
        if (is_there(action)) {
            add_value(d, action, false, false, where.len == 0 ? " where selected" : where.ptr);
        }
        buf_free(&where);
    }
}

/* What a rule does to what violates it: its own word, or the policy's. */
static void read_block(struct rollout_document *d, TSNode block, bool *silent)
{
    TSNode action = yaml_get(d->text, block, "failureAction", NULL);
    d->admits = true;
    if (is_there(action)) {
        add_value(d, action, false, true, "");
    } else {
        VEC_PUSH(&d->silent, block);
        *silent = true;
    }
    read_overrides(d, yaml_get(d->text, block, "failureActionOverrides", NULL));
}

static void read_rule(struct rollout_document *d, TSNode rule, bool *silent)
{
    TSNode validate = yaml_get(d->text, rule, "validate", NULL);
    TSNode image;
    TSNode images = yaml_get(d->text, rule, "verifyImages", NULL);
    if (is_there(validate)) {
        read_block(d, validate, silent);
    }
    for (uint32_t at = 0; yaml_next_item(images, &at, &image);) {
        read_block(d, image, silent);
    }
}

static void read_kyverno(struct rollout_document *d)
{
    bool silent = false;
    TSNode rule;
    TSNode rules = yaml_get(d->text, d->spec, "rules", NULL);
    d->fallback = STAGE_AUDIT;
    for (uint32_t at = 0; yaml_next_item(rules, &at, &rule);) {
        read_rule(d, rule, &silent);
    }
    TSNode action = yaml_get(d->text, d->spec, "validationFailureAction", NULL);
    if (is_there(action) && silent) {
        add_value(d, action, false, true, "");
        d->silent.len = 0;
    } else if (silent) {
        buf_append_c(&d->word, d->word.len > 0 ? ", Audit (by default)" : "Audit (by default)");
    }
    if (d->admits) {
        read_overrides(d, yaml_get(d->text, d->spec, "validationFailureActionOverrides", NULL));
    }
}

static void read_actions(struct rollout_document *d)
{
    TSNode list = yaml_get(d->text, d->spec, "validationActions", NULL);
    d->admits = true;
    d->newer = true;
    d->fallback = STAGE_ENFORCE;
    if (yaml_is_sequence(list)) {
        add_value(d, list, true, true, "");
    } else {
        VEC_PUSH(&d->silent, d->spec);
        buf_append_c(&d->word, "Deny (by default)");
    }
}

/* ---- any ---- */

static bool ends_in(const char *text, const char *end)
{
    return str_ends(str_of(text), end);
}

static bool read_kind(struct rollout_document *d, const char *api)
{
    if (in_group(api, "constraints.gatekeeper.sh")) {
        d->engine = ROLLOUT_GATEKEEPER;
        read_constraint(d);
        return true;
    }
    if (in_group(api, "kyverno.io") &&
        (strcmp(d->kind, "ClusterPolicy") == 0 || strcmp(d->kind, "Policy") == 0)) {
        d->engine = ROLLOUT_KYVERNO;
        read_kyverno(d);
        return true;
    }
    if (in_group(api, "policies.kyverno.io") && ends_in(d->kind, "Policy")) {
        d->engine = ROLLOUT_KYVERNO;
        if (ends_in(d->kind, "ValidatingPolicy")) {
            read_actions(d);
        }
        return true;
    }
    if (in_group(api, "admissionregistration.k8s.io") &&
        strcmp(d->kind, "ValidatingAdmissionPolicyBinding") == 0) {
        d->engine = ROLLOUT_KUBERNETES;
        read_actions(d);
        return true;
    }
    return false;
}

bool rollout_document_read(struct str text, TSNode root, struct rollout_document *out)
{
    *out = (struct rollout_document){.text = text, .root = root};
    char *api = yaml_string(text, root, "apiVersion");
    out->kind = yaml_string(text, root, "kind");
    out->name = yaml_string(text, root, "metadata/name");
    out->space = yaml_string(text, root, "metadata/namespace");
    out->spec = yaml_get(text, root, "spec", NULL);
    bool ok = out->name[0] != '\0' && read_kind(out, api);
    free(api);
    return ok;
}

void rollout_document_free(struct rollout_document *document)
{
    VEC_FREE(&document->values);
    VEC_FREE(&document->silent);
    buf_free(&document->word);
    free(document->kind);
    free(document->name);
    free(document->space);
}

enum rollout_stage rollout_document_stage(const struct rollout_document *document)
{
    enum rollout_stage stage = STAGE_COUNT;
    if (!document->admits) {
        return STAGE_NONE;
    }
    VEC_FOREACH (const struct rollout_value, value, &document->values) {
        stage = stage == STAGE_COUNT || stage == value->stage ? value->stage : STAGE_MIXED;
    }
    if (document->silent.len > 0) {
        stage =
            stage == STAGE_COUNT || stage == document->fallback ? document->fallback : STAGE_MIXED;
    }
    return stage == STAGE_COUNT ? STAGE_NONE : stage;
}
