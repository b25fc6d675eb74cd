#include "patch/apply_patch.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "patch/apply_patch_parse.h"
#include "patch/match.h"
#include "patch/stage.h"

struct texts {
    struct str *items;
    size_t len, cap;
};

/* Lines [at, at + removed) of the file give way to `with`. */
struct edit {
    size_t at;
    size_t order; /* in the patch */
    size_t removed;
    struct texts with;
};

struct edits {
    struct edit *items;
    size_t len, cap;
};

struct applier {
    struct stage stage;
    struct buf *report;
    struct err *err;
};

bool apply_patch_detect(struct str text)
{
    struct str trimmed = match_trim(text);
    return str_starts(trimmed, "*** Begin Patch") || str_starts(trimmed, "<<EOF\n*** Begin") ||
           str_starts(trimmed, "<<'EOF'\n*** Begin") || str_starts(trimmed, "<<\"EOF\"\n*** Begin");
}

static void edits_free(struct edits *edits)
{
    VEC_FOREACH (struct edit, edit, edits) {
        VEC_FREE(&edit->with);
    }
    VEC_FREE(edits);
}

/* The lines the chunk expects in the file. */
static void old_lines(const struct ap_line *lines, size_t count, struct texts *out)
{
    for (size_t i = 0; i < count; i++) {
        if (lines[i].op != '+') {
            VEC_PUSH(out, lines[i].text);
        }
    }
}

/* A trailing empty old line stands for "the file's last newline" in many patches: without it, and
 * without the empty new line that goes with it. Returns false when the chunk has none. */
static bool drop_last_empty(struct ap_chunk *chunk)
{
    size_t old = chunk->len;
    while (old > 0 && chunk->items[old - 1].op == '+') {
        old--;
    }
    if (old == 0 || chunk->items[old - 1].text.len > 0) {
        return false;
    }
    old--;
    if (chunk->items[old].op == ' ') {
        chunk->items[old].op = '+';
    } else {
        VEC_REMOVE(chunk, old);
    }
    size_t last = chunk->len;
    while (last > 0 && chunk->items[last - 1].op == '-') {
        last--;
    }
    if (last > 0 && chunk->items[last - 1].text.len == 0) {
        if (chunk->items[last - 1].op == ' ') {
            chunk->items[last - 1].op = '-';
        } else {
            VEC_REMOVE(chunk, last - 1);
        }
    }
    return true;
}

/* The runs of '-' and '+' of a chunk found at `at` become edits; context is not touched. */
static void push_edits(const struct ap_chunk *chunk, size_t at, struct edits *edits)
{
    size_t i = 0;
    while (i < chunk->len) {
        if (chunk->items[i].op == ' ') {
            at++;
            i++;
            continue;
        }
        struct edit edit = {.at = at, .order = edits->len};
        for (; i < chunk->len && chunk->items[i].op != ' '; i++) {
            if (chunk->items[i].op == '-') {
                edit.removed++;
            } else {
                VEC_PUSH(&edit.with, chunk->items[i].text);
            }
        }
        at += edit.removed;
        VEC_PUSH(edits, edit);
    }
}

static bool fail_anchor(struct applier *a, const struct ap_file *file, const struct lines *lines,
    const struct ap_chunk *chunk, size_t cursor)
{
    struct str anchor = chunk->anchor;
    size_t earlier = match_find(lines, &anchor, 1, 0, false);
    bool behind = earlier != SIZE_MAX && earlier < cursor;
    if (a->report != NULL) {
        buf_printf(a->report,
            "The patch was not applied; no file was changed.\n%.*s: no line equals"
            " the \"@@\" context of the chunk at patch line %zu:\n  %.*s\n",
            STR_FMT(file->path), chunk->line, STR_FMT(anchor));
        if (behind) {
            buf_printf(a->report,
                "It stands at line %zu, before the end of the previous chunk (line %zu): chunks "
                "must be in the order of the file.\n",
                earlier + 1, cursor);
        } else {
            buf_append_c(a->report, "The text after \"@@ \" must be one whole line of the file, "
                                    "not a part of it and not line numbers.\n");
        }
    }
    return err_set(a->err, ERR_CONFLICT,
        "%.*s: the line \"%.*s\" after @@ (patch line %zu) is not in the file%s",
        STR_FMT(file->path), anchor.len > 200 ? 200 : (int)anchor.len, anchor.ptr, chunk->line,
        behind ? " after the previous chunk" : "");
}

/* Where the lines that the chunk would make stand already; SIZE_MAX when they do not. */
static size_t made_before(const struct lines *lines, const struct ap_chunk *chunk)
{
    struct texts made = {0};
    bool adds = false;
    for (size_t i = 0; i < chunk->len; i++) {
        adds = adds || chunk->items[i].op == '+';
        if (chunk->items[i].op != '-') {
            VEC_PUSH(&made, chunk->items[i].text);
        }
    }
    size_t at = adds ? match_find(lines, made.items, made.len, 0, false) : SIZE_MAX;
    VEC_FREE(&made);
    return at;
}

static void report_nearest(struct applier *a, const struct lines *lines,
    const struct ap_chunk *chunk, const struct texts *old, size_t cursor)
{
    bool at_end = chunk->at_end;
    size_t made = made_before(lines, chunk);
    if (made != SIZE_MAX) {
        buf_printf(a->report,
            "The lines this chunk would make are in the file already, from line %zu on.\n",
            made + 1);
        return;
    }
    size_t elsewhere = match_find(lines, old->items, old->len, 0, false);
    struct match_near near;
    if (elsewhere != SIZE_MAX) {
        buf_printf(a->report, "They stand at line %zu, but %s.\n", elsewhere + 1,
            elsewhere < cursor ? "that is before the end of the previous chunk or of the @@ line: "
                                 "chunks must be in the order of the file and must not overlap"
            : at_end           ? "not at the end of the file, as \"*** End of File\" says"
                               : "not where they were looked for");
    } else if (match_nearest(lines, old->items, old->len, &near)) {
        buf_printf(a->report,
            "The nearest match begins at line %zu (%zu of %zu lines are the same; "
            "\"!\" marks those that differ):\n",
            near.at + 1, near.equal, old->len);
        match_describe(a->report, lines, old->items, old->len, &near);
    } else {
        buf_append_c(a->report, "No line of the file is like them: read the file again.\n");
    }
}

static bool fail_lines(struct applier *a, const struct ap_file *file, const struct lines *lines,
    const struct ap_chunk *chunk, const struct texts *old, size_t cursor)
{
    enum { MAX_SHOWN = 40 };
    if (a->report != NULL) {
        buf_printf(a->report,
            "The patch was not applied; no file was changed.\n%.*s: these lines of"
            " the chunk at patch line %zu are not in the file:\n",
            STR_FMT(file->path), chunk->line);
        for (size_t i = 0; i < old->len && i < MAX_SHOWN; i++) {
            buf_printf(a->report, "  %.*s\n", STR_FMT(old->items[i]));
        }
        if (old->len > MAX_SHOWN) {
            buf_printf(a->report, "  (%zu more lines)\n", old->len - MAX_SHOWN);
        }
        report_nearest(a, lines, chunk, old, cursor);
    }
    return err_set(a->err, ERR_CONFLICT,
        "%.*s: the %zu lines expected by the chunk at patch line %zu were not found from line %zu "
        "on",
        STR_FMT(file->path), old->len, chunk->line, cursor + 1);
}

static bool place_chunk(struct applier *a, const struct ap_file *file, struct ap_chunk *chunk,
    const struct lines *lines, size_t *cursor, struct edits *edits)
{
    if (chunk->has_anchor) {
        size_t at = match_find(lines, &chunk->anchor, 1, *cursor, false);
        if (at == SIZE_MAX) {
            return fail_anchor(a, file, lines, chunk, *cursor);
        }
        *cursor = at + 1;
    }
    struct texts old = {0};
    old_lines(chunk->items, chunk->len, &old);
    if (old.len == 0) {
        push_edits(chunk, lines->len, edits);
        return true;
    }
    size_t at = match_find(lines, old.items, old.len, *cursor, chunk->at_end);
    size_t matched = old.len;
    if (at == SIZE_MAX && drop_last_empty(chunk)) {
        at = match_find(lines, old.items, old.len - 1, *cursor, chunk->at_end);
        matched = old.len - 1;
    }
    bool ok = at != SIZE_MAX || fail_lines(a, file, lines, chunk, &old, *cursor);
    if (ok) {
        push_edits(chunk, at, edits);
        *cursor = at + matched;
    }
    VEC_FREE(&old);
    return ok;
}

static void append_line(struct buf *out, struct str text, struct str ending, struct str fallback)
{
    buf_append_str(out, text);
    buf_append_str(out, ending.len > 0 ? ending : fallback);
}

/* By place; at one place in the order of the patch. */
static int compare_edits(const void *a, const void *b)
{
    const struct edit *x = a;
    const struct edit *y = b;
    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static void render(const struct lines *lines, const struct edits *edits, struct buf *out)
{
    struct str ending = lines_first_ending(lines);
    size_t at = 0;
    VEC_FOREACH (struct edit, edit, edits) {
        for (; at < edit->at; at++) {
            append_line(out, lines->items[at].text, lines->items[at].ending, ending);
        }
        at += edit->removed;
        VEC_FOREACH (struct str, text, &edit->with) {
            append_line(out, *text, ending, ending);
        }
    }
    for (; at < lines->len; at++) {
        append_line(out, lines->items[at].text, lines->items[at].ending, ending);
    }
}

/* Line comparisons one file's chunks may cost at worst: about a second. */
enum { MATCH_WORK = 100 * 1000 * 1000 };

static bool update(struct applier *a, struct ap_file *file)
{
    struct stage_file *target = stage_get(&a->stage, file->path, a->err);
    struct stage_file *to = target;
    if (target == NULL ||
        (file->has_move && (to = stage_get(&a->stage, file->move_to, a->err)) == NULL)) {
        return false;
    }
    if (target->is_folder || !target->exists) {
        return err_set(a->err, ERR_NOT_FOUND, "cannot update %s: %s", target->path,
            target->is_folder ? "it is a folder" : "there is no such file");
    }
    if (!utf8_is_valid(buf_str(&target->now))) {
        return err_set(
            a->err, ERR_UNSUPPORTED, "cannot update %s: it is not UTF-8 text", target->path);
    }
    struct lines lines = {0};
    struct edits edits = {0};
    struct buf content = BUF_INIT;
    lines_split(buf_str(&target->now), LINES_ANY, &lines);
    bool ok = true;
    size_t cursor = 0;
    if (lines.len > 0 && file->len > MATCH_WORK / lines.len) {
        ok = err_set(a->err, ERR_LIMIT, "cannot update %s: %zu chunks are too many for %zu lines",
            target->path, file->len, lines.len);
    }
    VEC_FOREACH (struct ap_chunk, chunk, file) {
        ok = ok && place_chunk(a, file, chunk, &lines, &cursor, &edits);
    }
    if (ok) {
        if (edits.len > 0) {
            qsort(edits.items, edits.len, sizeof *edits.items, compare_edits);
        }
        render(&lines, &edits, &content);
        ok = file->has_move ? stage_move(&a->stage, target, to, &content, a->err)
                            : stage_write(&a->stage, target, &content, a->err);
    }
    edits_free(&edits);
    lines_free(&lines);
    buf_free(&content);
    return ok;
}

static bool apply_file(struct applier *a, struct ap_file *file)
{
    if (file->kind == AP_UPDATE) {
        return update(a, file);
    }
    struct stage_file *target = stage_get(&a->stage, file->path, a->err);
    if (target == NULL) {
        return false;
    }
    return file->kind == AP_ADD ? stage_write(&a->stage, target, &file->content, a->err)
                                : stage_delete(&a->stage, target, a->err);
}

bool apply_patch_apply(struct str text, const struct patch_source *source, struct changes *out,
    struct buf *report, struct err *err)
{
    struct err local = {0};
    struct applier a = {.report = report, .err = err != NULL ? err : &local};
    struct ap_patch patch;
    size_t reported = report != NULL ? report->len : 0;
    stage_init(&a.stage, source);
    bool ok = ap_parse(text, &patch, a.err);
    if (ok) {
        VEC_FOREACH (struct ap_file, file, &patch) {
            ok = ok && apply_file(&a, file);
        }
        ok = ok && stage_finish(&a.stage, out, a.err);
        ap_patch_free(&patch);
    }
    stage_free(&a.stage);
    if (!ok && report != NULL && report->len == reported) {
        buf_printf(report, "The patch was not applied; no file was changed.\n%s\n", a.err->text);
    }
    return ok;
}
