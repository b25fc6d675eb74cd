/* Two kinds of place: Rego files that are written for Gatekeeper, and templates that hold Rego,
 * which is for Gatekeeper whatever else it reads. */
#include "policy/guard/guard_private.h"

#include <stdlib.h>

#define MESSAGE                                                                                    \
    "Gatekeeper gives input.review: input.request is undefined there, so this never holds"

struct uses {
    struct str text;
    bool gatekeeper; /* reads input.review or input.parameters */
    struct {
        TSNode *items; /* the `request` of each input.request */
        size_t len, cap;
    } requests;
};

static bool find_field(void *data, TSNode node)
{
    struct uses *uses = data;
    if (!rego_node_is(node, "ref") || uses->requests.len >= 100) {
        return true;
    }
    struct buf path = BUF_INIT;
    TSNode head = rego_node_field(node, "head");
    bool is_input = str_equal_c(rego_node_text(uses->text, head), "input");
    if (is_input) {
        rego_path_add_fields(uses->text, node, &path);
    }
    struct str read = buf_str(&path);
    if (is_input && (str_equal_c(read, "request") || str_starts(read, "request/"))) {
        VEC_PUSH(&uses->requests, rego_node_field(node, "field"));
    }
    uses->gatekeeper =
        uses->gatekeeper ||
        (is_input && (str_equal_c(read, "review") || str_starts(read, "review/") ||
                         str_equal_c(read, "parameters") || str_starts(read, "parameters/")));
    buf_free(&path);
    return true;
}

static void check(struct guard_file *file)
{
    struct uses uses = {.text = file->text, .gatekeeper = file->in_template};
    guard_walk(file->root, find_field, &uses);
    VEC_FOREACH (TSNode, field, &uses.requests) {
        if (uses.gatekeeper && !ts_node_is_null(*field)) {
            struct finding *finding = guard_find(file, *field, "%s", MESSAGE);
            guard_mend(file, finding, ts_node_start_byte(*field), ts_node_end_byte(*field),
                "review", "read input.review");
        }
    }
    VEC_FREE(&uses.requests);
}

const struct guard guard_gatekeeper_input = {
    .id = "gatekeeper-input",
    .fix = "writes `input.review`.",
    .languages = GUARD_REGO | GUARD_TEMPLATE,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_ERROR,
    .summary = "input.request where Gatekeeper gives input.review",
    .explanation = "Gatekeeper hands a policy the object as `input.review.object`; "
                   "`input.request.object` is what plain OPA as an admission webhook gets, and is "
                   "undefined there: the rule never fires. Told in templates, and in Rego that "
                   "also reads input.review or input.parameters.",
    .check = check,
};
