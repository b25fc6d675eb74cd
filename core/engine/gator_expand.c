#include "base/safe.h"
#include "engine/gator_apply_private.h"
#include "policy/manifests.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 60000, SAID_MAX = 600 };

struct words {
    char **items;
    size_t len, cap;
};

static bool is_wanted(const struct gator_doc *doc)
{
    return doc->refused == NULL && strcmp(doc->type, "AdmissionReview") != 0 &&
           (doc->kind == DOC_RESOURCE || manifest_in_group(doc->api, "expansion.gatekeeper.sh") ||
               manifest_in_group(doc->api, "mutations.gatekeeper.sh"));
}

static void write_command(const struct gator_apply *apply, struct words *argv)
{
    VEC_PUSH(argv, mem_strdup(apply->program));
    VEC_PUSH(argv, mem_strdup("expand"));
    VEC_PUSH(argv, mem_strdup("--format=yaml"));
    for (size_t i = 0; i < apply->docs.len; i++) {
        if (is_wanted(&apply->docs.items[i])) {
            VEC_PUSH(argv, mem_strdup("--filename"));
            VEC_PUSH(argv, mem_printf("%zu.yaml", i));
        }
    }
    VEC_PUSH(argv, NULL);
}

bool gator_expand(
    struct loop *loop, const struct gator_apply_options *options, struct buf *text, struct err *err)
{
    static const char *const environment[] = {"GOMAXPROCS=1", "NO_COLOR=1", NULL};
    struct gator_apply *apply = gator_apply_new(loop, options);
    struct words argv = {0};
    struct process_result result;
    bool ok = gator_apply_read(apply);
    if (!ok) {
        *err = apply->err;
    } else {
        write_command(apply, &argv);
        struct process_options process = {.argv = (const char *const *)argv.items,
            .cwd = apply->scratch.folder,
            .env = environment,
            .timeout_ms = TIMEOUT_MS};
        ok = process_run(loop, &process, text, &apply->errout, &result, err);
    }
    if (ok && result.exit_code != 0) {
        struct buf reason = BUF_INIT;
        gator_apply_reason(buf_str(&apply->errout), &reason);
        char *said = safe_dup(str_trim(buf_str(&reason)), SAFE_ONE_LINE, SAID_MAX);
        ok = err_set(err, ERR_EXTERNAL, "gator expand: %s",
            said[0] == '\0' ? "it ended without a reason" : said);
        free(said);
        buf_free(&reason);
    }
    VEC_FOREACH (char *, word, &argv) {
        free(*word);
    }
    VEC_FREE(&argv);
    gator_apply_release(apply);
    return ok;
}
