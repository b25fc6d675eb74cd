/* What is looked up (bylaw doctor) and run by others: a language server (lsp/), what renders charts
 * and overlays (renderer.h). Kept apart so that nothing takes a row for more than it is. */
#include "engine/engine.h"

#include "base/safe.h"

#include <ctype.h>

enum { VERSION_MAX = 60 };

/* The first word of the output that begins with a digit, or with v and a digit: "Version: v1.19.1",
 * "gator/v3.23.0 (linux/amd64) …". */
static bool first_number(struct str output, char **version)
{
    for (size_t i = 0; i < output.len; i++) {
        bool starts = i == 0 || isspace((unsigned char)output.ptr[i - 1]) ||
                      output.ptr[i - 1] == '/' || output.ptr[i - 1] == 'v';
        if (starts && isdigit((unsigned char)output.ptr[i])) {
            size_t end = i;
            while (end < output.len && !isspace((unsigned char)output.ptr[end])) {
                end++;
            }
            *version = safe_dup(str_slice(output, i, end), SAFE_ONE_LINE, VERSION_MAX);
            return true;
        }
    }
    return false;
}

/* A build from source has no number. */
static bool number_or_source(struct str output, char **version)
{
    struct str line = {0};
    struct str rest = output;
    if (str_next_line(&rest, &line) && (str_find(line, STR_LIT("devel"), 0) != SIZE_MAX ||
                                           str_find(line, STR_LIT("unknown"), 0) != SIZE_MAX)) {
        *version = mem_strdup("dev");
        return true;
    }
    return first_number(line, version);
}

static const char *const word[] = {"version", NULL};
static const char *const short_word[] = {"version", "--short", NULL};

const struct engine engine_regal = {
    .name = "regal",
    .program = "regal",
    .minimum = "0.30.0",
    .unlocks = "Rego lint findings and completions in the editor",
    .version_args = word,
    .version = number_or_source,
};

const struct engine engine_helm = {
    .name = "helm",
    .program = "helm",
    .minimum = "3.8.0",
    .unlocks = "Helm charts rendered, for bylaw apply and conftest test",
    .version_args = short_word,
    .version = number_or_source,
};

const struct engine engine_kustomize = {
    .name = "kustomize",
    .program = "kustomize",
    .minimum = "4.5.0",
    .unlocks =
        "Kustomize folders rendered, for bylaw apply and conftest test (kubectl does it too)",
    .version_args = word,
    .version = number_or_source,
};
