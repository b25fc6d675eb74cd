#include "codex/unknown.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml_write.h"
#include "loop/process.h"
#include "workspace/scratch.h"

#include <stdlib.h>

enum { UNKNOWN_MAX = 40, ANSWER_MS = 60000 };

struct asking {
    const struct codex_findings *findings;
    const struct codex_unknowns *known;
};

static bool is_left_out(const void *data, const struct toml *item)
{
    const struct asking *asking = data;
    VEC_FOREACH (const struct codex_unknown, unknown, asking->known) {
        if (unknown->at == item) {
            return true;
        }
    }
    return codex_findings_leave_out(asking->findings, item);
}

/* Codex joins the names with dots, whatever is in them. */
static const struct toml *find(const struct toml *table, struct str name)
{
    for (size_t i = 0; i < table->len; i++) {
        const struct toml *item = table->items[i];
        if (item->key == NULL || !str_starts(name, item->key)) {
            continue;
        }
        struct str rest = str_from(name, strlen(item->key));
        const struct toml *found = rest.len == 0           ? item
                                   : str_starts(rest, ".") ? find(item, str_from(rest, 1))
                                                           : NULL;
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* "Error: FILE:2:1: unknown configuration field `tui.colour`"; empty: it says no such thing. */
static struct str named(struct str said)
{
    static const char words[] = "unknown configuration field `";
    size_t at = str_find(said, str_of(words), 0);
    struct str rest = at == SIZE_MAX ? (struct str){0} : str_from(said, at + strlen(words));
    size_t end = str_find_char(rest, '`', 0);
    return end == SIZE_MAX ? (struct str){0} : str_slice(rest, 0, end);
}

/* What Codex says to the file as it is now; false: it cannot be asked. */
static bool ask(
    struct loop *loop, const char *program, const char *folder, struct str text, struct buf *said)
{
    char *home = mem_printf("CODEX_HOME=%s", folder);
    char *path = path_join(folder, "config.toml");
    const char *argv[] = {program, "app-server", "--strict-config", NULL};
    const char *env[] = {home, "NO_COLOR=1", NULL};
    struct process_options options = {
        .argv = argv, .cwd = folder, .env = env, .timeout_ms = ANSWER_MS};
    bool ok =
        file_write_scratch(path, text, NULL) && process_run(loop, &options, NULL, said, NULL, NULL);
    free(path);
    free(home);
    return ok;
}

/* It names them in an order of its own. */
static int by_place(const void *a, const void *b)
{
    const struct toml *left = ((const struct codex_unknown *)a)->at;
    const struct toml *right = ((const struct codex_unknown *)b)->at;
    return left->row != right->row ? (left->row < right->row ? -1 : 1)
                                   : (left->col > right->col) - (left->col < right->col);
}

void codex_unknown_find(struct loop *loop, const char *program, const struct toml *root,
    const struct codex_findings *findings, struct codex_unknowns *out)
{
    struct scratch scratch = {0};
    struct asking asking = {findings, out};
    *out = (struct codex_unknowns){0};
    bool more = scratch_make(&scratch, NULL);
    while (more && out->len < UNKNOWN_MAX) {
        struct buf text = BUF_INIT;
        struct buf said = BUF_INIT;
        toml_write(root, is_left_out, &asking, &text);
        more = ask(loop, program, scratch.folder, buf_str(&text), &said);
        struct str name = named(buf_str(&said));
        const struct toml *at = more && name.len > 0 ? find(root, name) : NULL;
        more = at != NULL && !is_left_out(&asking, at); /* or it would be asked for ever */
        if (more) {
            VEC_PUSH(out, (struct codex_unknown){at, str_dup(name)});
        }
        buf_free(&text);
        buf_free(&said);
    }
    scratch_remove(&scratch);
    if (out->len > 1) {
        qsort(out->items, out->len, sizeof *out->items, by_place);
    }
}

void codex_unknowns_free(struct codex_unknowns *unknowns)
{
    VEC_FOREACH (struct codex_unknown, unknown, unknowns) {
        free(unknown->name);
    }
    VEC_FREE(unknowns);
}
