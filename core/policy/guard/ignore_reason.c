#include "policy/guard/guard_private.h"

static void check(struct guard_file *file)
{
    VEC_FOREACH (const struct guard_ignore, ignore, &file->ignores) {
        if (ignore->id.len == 0) {
            guard_find(file, ignore->comment,
                "names no guard: `bylaw:ignore GUARD reason` (see `bylaw guards --list`)");
        } else if (guard_by_id(ignore->id) == NULL) {
            guard_find(file, ignore->comment,
                "there is no guard %.*s (see `bylaw guards --list`): nothing is silenced",
                STR_FMT(ignore->id));
        } else if (!ignore->reasoned) {
            guard_find(file, ignore->comment,
                "silences %.*s without a reason: who reads it next must know why",
                STR_FMT(ignore->id));
        }
    }
}

const struct guard guard_ignore_reason = {
    .id = "ignore-reason",
    .no_fix = "the reason is yours.",
    .languages = GUARD_REGO | GUARD_YAML | GUARD_TEMPLATE,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_WARNING,
    .summary = "a bylaw:ignore comment without a reason, or of no guard",
    .explanation = "`# bylaw:ignore GUARD reason` silences one guard in its line and the next. The "
                   "reason is for the reviewer; without one, or with a name that no guard has, "
                   "nothing is silenced.",
    .check = check,
};
