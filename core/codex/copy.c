/* The scratch copy that Codex works in, and the end of its turns: what it changed there without
 * being asked about it (a command that was let out of its sandbox, a hook of the user's that
 * answers in the engineer's place) joins the proposal, too. */
#include "base/path.h"
#include "base/vec.h"
#include "codex/codex_private.h"
#include "workspace/lent.h"

#include <stdlib.h>

/* ---- laying out ---- */

static bool have_copy(struct codex *codex)
{
    struct err err;
    if (codex->lent == NULL) {
        codex->lent = lent_new(codex->host.workspace, codex->loop, LENT_TO_COMMAND, &err);
        if (codex->lent == NULL) {
            codex_fail(codex, err.kind, "Codex has no scratch copy to work in: %s", err.text);
            return false;
        }
        codex->root = mem_strdup(lent_root(codex->lent));
    }
    return true;
}

static void on_laid_out(void *data, const struct err *err)
{
    struct codex *codex = data;
    codex->laying_out = false;
    codex->laid = err == NULL && !codex->laid_late;
    codex->laid_late = false;
    if (err != NULL) {
        codex_fail(codex, err->kind, "Codex has no scratch copy to work in: %s", err->text);
        return;
    }
    codex_go_on(codex);
}

void codex_lay_out(struct codex *codex)
{
    if (have_copy(codex)) {
        codex->laying_out = true;
        lent_lay_out(codex->lent, codex->host.changes(codex->host.data), on_laid_out, codex);
    }
}

static void collect(struct codex *codex);

static void on_mended(void *data, const struct err *err)
{
    struct codex *codex = data;
    codex->mending = false;
    if (err != NULL) {
        outside_warn(&codex->outside, "Codex works on files that are not those of the proposal: %s",
            err->text);
    } else if (codex->turn != NULL && !codex->stopping) {
        codex_steer(codex,
            "[bylaw] Your last patch is in the proposal, and its files are as it says "
            "now: read them before you "
            "go on.");
    }
    if (codex->collecting) {
        collect(codex);
    }
}

void codex_mend(struct codex *codex)
{
    if (!codex->mending && !lent_is_busy(codex->lent)) {
        codex->mending = true;
        lent_lay_out(codex->lent, codex->host.changes(codex->host.data), on_mended, codex);
    }
}

/* ---- what it wrote ---- */

bool codex_read_copy(void *data, const char *relative, struct buf *out)
{
    const struct codex *codex = data;
    return lent_read(codex->lent, relative, out, NULL);
}

/* It is as the proposal has it. Codex removes a file that it moves to where it is. */
static bool agree_on(struct codex *codex, const char *path)
{
    struct buf now = BUF_INIT;
    char *relative = lent_relative(codex->lent, path, NULL);
    if (relative == NULL) {
        return true; /* refused before */
    }
    const struct changes *changes = codex->host.changes(codex->host.data);
    const struct change *change = changes == NULL ? NULL : changes_find(changes, relative);
    bool is_there = codex_read_copy(codex, relative, &now);
    bool same = change == NULL ||
                (change->kind == CHANGE_DELETE
                        ? !is_there
                        : is_there && str_equal(buf_str(&now), buf_str(&change->content)));
    if (!same && is_there && str_find_char(buf_str(&now), '\0', 0) != SIZE_MAX) {
        outside_tell(&codex->outside,
            "Codex's patch wrote NUL bytes to %s; the proposal has U+FFFD in their place",
            relative);
    }
    lent_agree(codex->lent, relative);
    buf_free(&now);
    free(relative);
    return same;
}

bool codex_agree(struct codex *codex, struct codex_item *item)
{
    const cJSON *change;
    bool same = true;
    if (!item->accepted || item->agreed || lent_is_busy(codex->lent)) {
        return true; /* laying out agrees on all */
    }
    item->agreed = true;
    cJSON_ArrayForEach(change, json_get(item->item, "changes"))
    {
        const char *moved = json_string(json_get(change, "kind"), "move_path");
        same = agree_on(codex, json_string_or(change, "path", "")) && same;
        same = (moved == NULL || agree_on(codex, moved)) && same;
    }
    return same;
}

void codex_note(struct codex *codex, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_append_c(&codex->note, "[bylaw] ");
    buf_vprintf(&codex->note, fmt, args);
    buf_append_c(&codex->note, "\n");
    va_end(args);
}

static void tell_left_out(struct codex *codex, const struct lent_found *found)
{
    struct str rest = found->left_out;
    struct str line;
    while (str_next_line(&rest, &line)) {
        outside_warn(&codex->outside, "Of what Codex's commands changed: %.*s", STR_FMT(line));
        codex_note(codex, "Of what your commands changed: %.*s.", STR_FMT(line));
    }
    if (found->err != NULL) {
        outside_warn(
            &codex->outside, "What Codex's commands changed was not taken: %s", found->err->text);
        codex_note(codex, "What your commands changed was not taken: %s.", found->err->text);
    }
}

static void end_turn(struct codex *codex, struct str patch)
{
    struct codex_ending ending = codex->ending;
    bool wanted = ending.wanted && codex->outside.stream != NULL;
    codex->ending = (struct codex_ending){0};
    bool aside = !wanted || ending.failure != NULL || codex->compacts; /* nobody takes a call */
    if (patch.len > 0 && aside) {
        bool ok = codex->host.take(codex->host.data, patch,
            !wanted                  ? "was interrupted"
            : ending.failure != NULL ? "failed"
                                     : "compacted its conversation");
        codex_note(codex, "What your commands had changed when your last turn ended early %s.",
            ok ? "is in the proposal" : "was not taken into the proposal");
    }
    if (!wanted) {
        codex_go_on(codex); /* the next one may wait for the end of this */
    } else if (ending.failure != NULL) {
        codex_fail(codex, ending.kind, "%s", ending.failure);
    } else if (patch.len > 0 && !aside) {
        free(codex->late_call);
        codex->late_call = mem_printf("codex-%u", ++codex->late_calls);
        outside_emit(&codex->outside, &(struct event){.kind = EVENT_TOOL_CALL,
                                          .call_id = codex->late_call,
                                          .name = "apply_patch",
                                          .text = patch});
        outside_done(&codex->outside, STOP_TOOL_CALLS);
    } else {
        outside_done(&codex->outside, ending.stop);
    }
    free(ending.failure);
}

static void on_found(void *data, const struct lent_found *found)
{
    struct codex *codex = data;
    if (codex->looking) { /* of before it was over */
        codex->looking = false;
        collect(codex);
        return;
    }
    codex->collecting = false;
    tell_left_out(codex, found);
    end_turn(codex, found->patch);
}

static void collect(struct codex *codex)
{
    lent_collect(codex->lent, on_found, codex);
}

/* A patch is made for the files as the copy has them: what a command changed there joins the
 * proposal before it. */
static void on_looked(void *data, const struct lent_found *found)
{
    struct codex *codex = data;
    if (codex->collecting) { /* the turn is over meanwhile */
        on_found(codex, found);
        return;
    }
    codex->looking = false;
    if (codex->asked.id == NULL) { /* nor does anybody wait for the patch */
        codex_go_on(codex);
        return;
    }
    tell_left_out(codex, found);
    if (found->patch.len > 0) {
        bool ok = codex->host.take(codex->host.data, found->patch, "let a command write");
        codex_steer(codex, ok ? "[bylaw] What your commands changed is in the proposal, too."
                              : "[bylaw] What your commands changed was not taken into the "
                                "proposal: propose it as a patch.");
        lent_agree_found(codex->lent);
    }
    codex_show_patch(codex);
}

void codex_look_first(struct codex *codex)
{
    if (lent_is_busy(codex->lent)) {
        codex_show_patch(codex);
        return;
    }
    codex->looking = true;
    lent_collect(codex->lent, on_looked, codex);
}

void codex_end_turn(struct codex *codex, enum stop_reason stop, enum err_kind kind, char *failure)
{
    bool wanted = codex->outside.stream != NULL && !codex->stopping;
    codex_end_commands(codex);
    VEC_FOREACH (struct codex_item, item, &codex->items) {
        (void)codex_agree(codex, item); /* an interrupted turn does not say that it wrote it */
    }
    codex_turn_over(codex);
    free(codex->ending.failure);
    codex->ending = (struct codex_ending){stop, kind, failure, wanted};
    codex->collecting = true;
    if (!lent_is_busy(codex->lent)) { /* else when it is mended */
        collect(codex);
    }
}

/* The result of what the last turn ended with, as its own patch: there is nobody to answer, so the
 * next turn begins with it. */
bool codex_take_late_result(struct codex *codex, const struct request *request)
{
    bool failed = false;
    struct str result = {0};
    if (codex->late_call != NULL) {
        result = outside_result(request->items, codex->late_call, &failed);
    }
    free(codex->late_call);
    codex->late_call = NULL;
    if (failed) {
        codex_note(codex, "What your commands changed was not taken into the proposal:\n%.*s",
            STR_FMT(result));
    } else if (result.ptr != NULL) {
        codex_note(codex, "What your commands changed is in the proposal, too.");
    }
    return result.ptr != NULL;
}
