#include "rollout/violations.h"

#include "base/mem.h"
#include "base/safe.h"
#include "base/vec.h"
#include "report/report_read.h"

#include <libfyaml.h>
#include <stdlib.h>

struct reading {
    const struct rollout_policy *policy;
    struct rollout_violations *out;
    size_t documents; /* of a kind that is read here */
};

void rollout_violations_free(struct rollout_violations *violations)
{
    free(violations->taken);
    free(violations->why);
    *violations = (struct rollout_violations){0};
}

/* ---- YAML and JSON of a cluster ---- */

static struct fy_node *get(struct fy_node *node, const char *key)
{
    return node != NULL && fy_node_is_mapping(node)
               ? fy_node_mapping_lookup_value_by_simple_key(node, key, FY_NT)
               : NULL;
}

static struct str text_of(struct fy_node *node)
{
    size_t len = 0;
    const char *ptr =
        node != NULL && fy_node_is_scalar(node) ? fy_node_get_scalar(node, &len) : NULL;
    return str_make(ptr, ptr == NULL ? 0 : len);
}

static struct str text_at(struct fy_node *node, const char *key)
{
    return text_of(get(node, key));
}

static bool is_true_number(struct str text, size_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || *number > SIZE_MAX / 100) {
            return false;
        }
        *number = *number * 10 + (size_t)(text.ptr[i] - '0');
    }
    return text.len > 0;
}

static void take_time(struct reading *r, struct str time)
{
    if (time.len > 0) {
        free(r->out->taken);
        r->out->taken = safe_dup(time, SAFE_ONE_LINE, 60);
    }
}

/* The name as reports write it: a namespaced policy with its namespace before. */
static bool is_policy(const struct rollout_policy *policy, struct str name)
{
    size_t space = strlen(policy->space);
    if (space > 0 && name.len > space + 1 && memcmp(name.ptr, policy->space, space) == 0 &&
        name.ptr[space] == '/') {
        name = str_from(name, space + 1);
    }
    return str_equal_c(name, policy->name);
}

static void read_results(struct reading *r, struct fy_node *report)
{
    struct fy_node *results = get(report, "results");
    struct fy_node *item;
    void *at = NULL;
    r->documents++;
    while (results != NULL && fy_node_is_sequence(results) &&
           (item = fy_node_sequence_iterate(results, &at)) != NULL) {
        struct str result = text_at(item, "result");
        if (!is_policy(r->policy, text_at(item, "policy"))) {
            continue;
        }
        struct fy_node *resources = get(item, "resources");
        int count = resources != NULL && fy_node_is_sequence(resources)
                        ? fy_node_sequence_item_count(resources)
                        : 1;
        bool bad = str_equal_c(result, "fail") || str_equal_c(result, "warn") ||
                   str_equal_c(result, "error");
        bool skipped = str_equal_c(result, "skip");
        r->out->known = r->out->known || !skipped;
        r->out->count += bad ? (size_t)(count > 1 ? count : 1) : 0;
    }
    take_time(r, text_at(get(report, "metadata"), "creationTimestamp"));
}

static void read_constraint(struct reading *r, struct fy_node *document)
{
    size_t count;
    struct fy_node *status = get(document, "status");
    r->documents++;
    if (str_equal_c(text_at(document, "kind"), r->policy->kind) &&
        str_equal_c(text_at(get(document, "metadata"), "name"), r->policy->name) &&
        is_true_number(text_at(status, "totalViolations"), &count)) {
        r->out->known = true;
        r->out->count += count;
        take_time(r, text_at(status, "auditTimestamp"));
    }
}

static void read_document(struct reading *r, struct fy_node *document, bool inside)
{
    struct str api = text_at(document, "apiVersion");
    struct str kind = text_at(document, "kind");
    struct fy_node *items = get(document, "items");
    struct fy_node *item;
    void *at = NULL;
    if (str_starts(api, "wgpolicyk8s.io/") || str_starts(api, "openreports.io/")) {
        if (!str_ends(kind, "List")) {
            read_results(r, document);
        }
    } else if (str_starts(api, "constraints.gatekeeper.sh/") && !str_ends(kind, "List")) {
        read_constraint(r, document);
    }
    while (!inside && items != NULL && fy_node_is_sequence(items) &&
           (item = fy_node_sequence_iterate(items, &at)) != NULL) {
        read_document(r, item, true);
    }
}

static void say_nothing(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)len;
}

static bool read_cluster(struct reading *r, struct str text)
{
    struct fy_diag_cfg silent;
    fy_diag_cfg_default(&silent);
    silent.fp = NULL;
    silent.output_fn = say_nothing; /* the parser alone would write to stderr */
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET, .diag = fy_diag_create(&silent)};
    struct fy_parser *parser = fy_parser_create(&cfg);
    struct fy_document *document;
    bool ok = parser != NULL && fy_parser_set_string(parser, text.ptr, text.len) == 0;
    while (ok && (document = fy_parse_load_document(parser)) != NULL) {
        read_document(r, fy_document_root(document), false);
        fy_parse_document_destroy(parser, document);
    }
    ok = ok && !fy_parser_get_stream_error(parser);
    fy_parser_destroy(parser);
    fy_diag_destroy(cfg.diag);
    return ok;
}

/* ---- ours ---- */

static void read_own(struct reading *r, const struct report *report)
{
    VEC_FOREACH (const struct result, row, &report->results) {
        bool about = row->policy_file != NULL && row->depth == 0 &&
                     str_ends(str_of(row->policy_file), r->policy->file);
        if (about && row->status != RESULT_SKIPPED && row->status != RESULT_NOT_EVALUATED) {
            r->out->known = true;
            r->out->count += row->status != RESULT_PASS;
        }
    }
}

bool rollout_violations_read(struct str text, const struct rollout_policy *policy,
    struct rollout_violations *out, struct err *err)
{
    struct reading reading = {.policy = policy, .out = out};
    struct report report;
    struct err ignored;
    *out = (struct rollout_violations){0};
    if (text.len == 0) {
        return err_set(err, ERR_INVALID, "the report is empty");
    }
    if (report_read_json(text, &report, &ignored)) {
        read_own(&reading, &report);
        report_free(&report);
        reading.documents++;
    } else if (!read_cluster(&reading, text)) {
        rollout_violations_free(out);
        return err_set(err, ERR_INVALID, "the report is neither YAML nor JSON that can be read");
    }
    if (reading.documents == 0) {
        return err_set(
            err, ERR_INVALID, "it holds no PolicyReport, no constraint and is no report of bylaw");
    }
    if (!out->known) {
        out->why = mem_printf("the report does not speak of %s/%s", policy->kind, policy->name);
    }
    return true;
}
