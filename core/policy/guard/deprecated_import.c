#include "policy/guard/guard_private.h"

static void check(struct guard_file *file)
{
    if (!file->habits.v1 || file->facts->dialect == DIALECT_V0) {
        return;
    }
    uint32_t count = ts_node_named_child_count(file->root);
    for (uint32_t i = 0; i < count; i++) {
        TSNode import = ts_node_named_child(file->root, i);
        TSNode path = rego_node_field(import, "path");
        if (!rego_node_is(import, "import") || ts_node_is_null(path)) {
            continue;
        }
        struct str name = rego_node_text(file->text, path);
        bool keywords = str_starts(name, "future.keywords.not") ||
                        str_starts(name, "future.keywords.and") ||
                        str_starts(name, "future.keywords.or");
        if (keywords || (!str_starts(name, "future.keywords") && !str_equal_c(name, "rego.v1"))) {
            continue;
        }
        struct finding *finding = guard_find(file, import,
            "`import %.*s` does nothing in Rego v1, which this workspace is written in",
            STR_FMT(name));
        size_t from = ts_node_start_byte(import);
        size_t to = str_find_char(file->text, '\n', ts_node_end_byte(import));
        guard_mend(
            file, finding, from, to == SIZE_MAX ? file->text.len : to + 1, "", "delete the import");
    }
}

const struct guard guard_deprecated_import = {
    .id = "deprecated-import",
    .fix = "deletes the import.",
    .languages = GUARD_REGO,
    .severity = SEVERITY_NOTE,
    .summary = "import of future.keywords or rego.v1 in a v1 workspace",
    .explanation =
        "OPA 1.0 and later read `if`, `contains`, `in` and `every` without an import. "
        "Told only where other files are v1 without it and none is v0, and not where nearly all "
        "import it: older versions of OPA are meant to read them; the keywords "
        "`not`, `and` and `or` of future.keywords are not in v1 and left alone.",
    .check = check,
};
