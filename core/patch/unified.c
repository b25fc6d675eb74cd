#include "patch/unified.h"

#include "base/vec.h"
#include "patch/match.h"
#include "patch/stage.h"
#include "patch/unified_parse.h"

#include <stdint.h>
#include <stdlib.h>

struct texts {
    struct str *items;
    size_t len, cap;
};

struct applier {
    struct stage stage;
    struct buf *report;
    struct unified_problems *problems; /* NULL: the first one ends it */
    size_t work;                       /* places looked at so far */
    struct err *err;
};

/* How a hunk's lines compare with the file's: to the byte, or whatever CR or missing final newline
 * there is. */
enum strictness { STRICT, LOOSE_ENDINGS };

/* Places that the search for all hunks may look at before it gives up. */
enum { SEARCH_WORK = 50 * 1000 * 1000 };

bool unified_detect(struct str text)
{
    struct str line;
    bool minus = false;
    while (str_next_line(&text, &line)) {
        if (str_starts(line, "diff --git ") || (minus && str_starts(line, "+++ "))) {
            return true;
        }
        minus = str_starts(line, "--- ");
    }
    return false;
}

static struct str without_cr(struct str s)
{
    if (s.len > 0 && s.ptr[s.len - 1] == '\r') {
        s.len--;
    }
    return s;
}

static bool line_matches(
    const struct ud_line *wanted, const struct line *line, enum strictness strictness)
{
    if (strictness == STRICT) {
        return str_equal(wanted->text, line->text) && wanted->no_newline == (line->ending.len == 0);
    }
    return str_equal(without_cr(wanted->text), without_cr(line->text));
}

static bool hunk_at(
    const struct ud_hunk *hunk, const struct lines *lines, size_t at, enum strictness strictness)
{
    for (size_t i = 0; i < hunk->len; i++) {
        if (hunk->items[i].op == '+') {
            continue;
        }
        if (at >= lines->len || !line_matches(&hunk->items[i], &lines->items[at], strictness)) {
            return false;
        }
        at++;
    }
    return true;
}

static size_t old_len(const struct ud_hunk *hunk)
{
    size_t count = 0;
    for (size_t i = 0; i < hunk->len; i++) {
        count += hunk->items[i].op != '+';
    }
    return count;
}

/* Nearest to `guess` first, not before `from`. */
static size_t search(struct applier *a, const struct ud_hunk *hunk, const struct lines *lines,
    size_t from, size_t guess, enum strictness strictness)
{
    size_t count = old_len(hunk);
    if (count > lines->len || lines->len - count < from) {
        return SIZE_MAX;
    }
    size_t last = lines->len - count;
    guess = guess < from ? from : guess > last ? last : guess;
    for (size_t d = 0; d <= lines->len && a->work < SEARCH_WORK; d++) {
        a->work++;
        if (guess + d <= last && hunk_at(hunk, lines, guess + d, strictness)) {
            return guess + d;
        }
        if (d > 0 && guess >= from + d && hunk_at(hunk, lines, guess - d, strictness)) {
            return guess - d;
        }
    }
    return SIZE_MAX;
}

/* What just failed is told and the rest goes on; false: it ends here. */
static bool tell(struct applier *a, const char *path, size_t line)
{
    if (a->problems == NULL) {
        return false;
    }
    VEC_PUSH(
        a->problems, (struct unified_problem){mem_strdup(path), line, mem_strdup(a->err->text)});
    return true;
}

static bool fail_hunk(struct applier *a, const char *path, const struct ud_hunk *hunk,
    const struct lines *lines, size_t cursor)
{
    struct texts old = {0};
    for (size_t i = 0; i < hunk->len; i++) {
        if (hunk->items[i].op != '+') {
            VEC_PUSH(&old, without_cr(hunk->items[i].text));
        }
    }
    if (a->report != NULL) {
        buf_printf(a->report,
            "The patch was not applied; no file was changed.\n%s: the lines the hunk at patch line "
            "%zu expects (context and removed lines) are not in the file from line %zu on.\n",
            path, hunk->line, cursor + 1);
        struct match_near near;
        if (match_nearest(lines, old.items, old.len, &near)) {
            buf_printf(a->report,
                "The nearest match begins at line %zu (%zu of %zu lines are the "
                "same; \"!\" marks those that differ):\n",
                near.at + 1, near.equal, old.len);
            match_describe(a->report, lines, old.items, old.len, &near);
        } else {
            buf_append_c(a->report, "No line of the file is like them: read the file again.\n");
        }
    }
    VEC_FREE(&old);
    if (a->work >= SEARCH_WORK) {
        return err_set(a->err, ERR_LIMIT,
            "%s: the hunk at patch line %zu was not found before the search became too long", path,
            hunk->line);
    }
    return err_set(a->err, ERR_CONFLICT,
        "%s: the hunk at patch line %zu does not fit: its context and removed lines are not in the "
        "file from line %zu on",
        path, hunk->line, cursor + 1);
}

static void append_ended(struct buf *out, struct str bytes, struct str ending)
{
    if (out->len > 0 && out->ptr[out->len - 1] != '\n') {
        buf_append_str(out, ending);
    }
    buf_append_str(out, bytes);
}

/* A CR LF file has CR in its lines' text as git counts lines. */
static bool is_crlf(const struct lines *lines)
{
    return lines->len > 0 && str_ends(lines->items[0].text, "\r");
}

static void render_hunk(const struct ud_hunk *hunk, const struct lines *lines, size_t *at,
    enum strictness strictness, struct buf *out)
{
    struct str ending = is_crlf(lines) ? STR_LIT("\r\n") : STR_LIT("\n");
    for (size_t i = 0; i < hunk->len; i++) {
        const struct ud_line *line = &hunk->items[i];
        if (line->op != '+') {
            if (line->op == ' ') {
                append_ended(out, line_whole(lines->items[*at]), ending);
            }
            (*at)++;
            continue;
        }
        if (strictness == STRICT) {
            append_ended(out, line->text, ending);
        } else {
            append_ended(out, without_cr(line->text), ending);
        }
        if (!line->no_newline) {
            buf_append_str(out, strictness == STRICT ? STR_LIT("\n") : ending);
        }
    }
}

static bool apply_hunks(struct applier *a, const struct ud_file *file, const char *path,
    const struct lines *lines, struct buf *out)
{
    size_t at = 0;
    size_t delta_from = 0; /* where the last hunk was, and where its header said */
    size_t delta_to = 0;
    VEC_FOREACH (struct ud_hunk, hunk, file) {
        size_t count = old_len(hunk);
        size_t said = hunk->old_start - (count > 0 && hunk->old_start > 0 ? 1 : 0);
        size_t guess = hunk->has_position ? said + delta_to : at;
        guess = guess >= delta_from ? guess - delta_from : 0;
        enum strictness strictness = STRICT;
        size_t found = search(a, hunk, lines, at, guess, STRICT);
        if (found == SIZE_MAX) {
            strictness = LOOSE_ENDINGS;
            found = search(a, hunk, lines, at, guess, LOOSE_ENDINGS);
        }
        if (found == SIZE_MAX) {
            (void)fail_hunk(a, path, hunk, lines, at);
            if (!tell(a, path, hunk->line)) {
                return false;
            }
            continue;
        }
        buf_append_str(out, lines_range(lines, at, found));
        at = found;
        render_hunk(hunk, lines, &at, strictness, out);
        delta_from = said;
        delta_to = found;
    }
    struct str rest = lines_range(lines, at, lines->len);
    if (rest.len > 0) {
        append_ended(out, rest, is_crlf(lines) ? STR_LIT("\r\n") : STR_LIT("\n"));
    }
    return true;
}

/* The file's content after its hunks. */
static bool patched(
    struct applier *a, const struct ud_file *file, const struct stage_file *from, struct buf *out)
{
    struct lines lines = {0};
    if (from->exists) {
        lines_split(buf_str(&from->now), LINES_LF, &lines);
    }
    bool ok = apply_hunks(a, file, from->path, &lines, out);
    lines_free(&lines);
    return ok;
}

static bool create(struct applier *a, const struct ud_file *file)
{
    struct stage_file *to = stage_get(&a->stage, str_of(file->new_path), a->err);
    if (to == NULL) {
        return false;
    }
    if (to->exists) {
        return err_set(a->err, ERR_EXISTS,
            "cannot create %s: it exists already (a diff of an existing file does not begin at "
            "/dev/null)",
            to->path);
    }
    struct buf content = BUF_INIT;
    bool ok = patched(a, file, to, &content) && stage_write(&a->stage, to, &content, a->err);
    buf_free(&content);
    if (ok && file->mode != 0) {
        to->mode = file->mode & 0111 ? 0755 : 0644;
        to->git_mode = a->problems != NULL ? file->mode : 0;
    }
    return ok;
}

static bool change(struct applier *a, const struct ud_file *file)
{
    struct stage_file *from = stage_get(&a->stage, str_of(file->old_path), a->err);
    if (from == NULL) {
        return false;
    }
    if (!from->exists || from->is_folder) {
        return err_set(a->err, ERR_NOT_FOUND, "cannot change %s: %s", from->path,
            from->is_folder ? "it is a folder" : "there is no such file");
    }
    bool runs = (from->mode & 0111) != 0;
    if (a->problems == NULL && file->mode != 0 && !file->is_deleted &&
        ((file->mode & 0111) != 0) != runs) {
        return err_set(a->err, ERR_UNSUPPORTED,
            "%s: the patch changes the file's permissions, which is not done here: leave its mode "
            "lines out and use chmod",
            from->path);
    }
    struct buf content = BUF_INIT;
    size_t told = a->problems == NULL ? 0 : a->problems->len;
    bool ok = patched(a, file, from, &content);
    bool all = a->problems == NULL || a->problems->len == told;
    if (ok && file->is_deleted && !all) {
        ok = stage_write(&a->stage, from, &content, a->err); /* what is left of it stays */
    } else if (ok && file->is_deleted) {
        ok = content.len == 0 || file->len == 0
                 ? stage_delete(&a->stage, from, a->err)
                 : err_set(a->err, ERR_CONFLICT,
                       "cannot delete %s: it has lines that the patch does not remove", from->path);
    } else if (ok) {
        struct stage_file *to = stage_get(&a->stage, str_of(file->new_path), a->err);
        ok = to != NULL;
        if (ok && to != from && to->exists) {
            ok = err_set(a->err, ERR_EXISTS, "cannot rename %s to %s: that exists already",
                from->path, to->path);
        }
        ok =
            ok && (file->is_copy || to == from ? stage_write(&a->stage, to, &content, a->err)
                                               : stage_move(&a->stage, from, to, &content, a->err));
        if (ok && a->problems != NULL && file->mode != 0) {
            to->mode = file->mode & 0111 ? 0755 : 0644;
            to->git_mode = file->mode;
        }
    }
    buf_free(&content);
    return ok;
}

static bool apply_file(struct applier *a, const struct ud_file *file)
{
    if (file->refused != NULL) {
        return err_set(a->err, ERR_UNSUPPORTED, "%s is %s: the patch's lines for it are not taken",
            file->new_path != NULL ? file->new_path : file->old_path, file->refused);
    }
    return file->is_new ? create(a, file) : change(a, file);
}

static bool apply_parsed(struct applier *a, const struct ud_patch *patch, struct changes *out)
{
    VEC_FOREACH (struct ud_file, file, patch) {
        const char *path = file->new_path != NULL ? file->new_path : file->old_path;
        if (!apply_file(a, file) && !tell(a, path, file->line)) {
            return false;
        }
    }
    return stage_finish(&a->stage, out, a->err);
}

static bool attempt(struct str text, bool recount, const struct patch_source *source,
    struct changes *out, struct buf *report, struct err *err)
{
    struct applier a = {.report = report, .err = err};
    struct ud_patch patch;
    if (!ud_parse(text, recount, &patch, err)) {
        return false;
    }
    stage_init(&a.stage, source);
    bool ok = apply_parsed(&a, &patch, out);
    stage_free(&a.stage);
    ud_patch_free(&patch);
    return ok;
}

bool unified_apply(struct str text, const struct patch_source *source, struct changes *out,
    struct buf *report, struct err *err)
{
    struct err local = {0};
    struct buf detail = BUF_INIT;
    bool ok = attempt(text, false, source, out, &detail, &local);
    if (!ok && (local.kind == ERR_INVALID || local.kind == ERR_CONFLICT)) {
        struct buf again = BUF_INIT;
        struct err second = {0};
        ok = attempt(text, true, source, out, &again, &second);
        /* Of two failures the one that got as far as the files says more. */
        if (!ok && local.kind == ERR_INVALID && second.kind == ERR_CONFLICT) {
            struct buf swap = detail;
            detail = again;
            again = swap;
            local = second;
        }
        buf_free(&again);
    }
    if (!ok && err != NULL) {
        *err = local;
    }
    if (!ok && report != NULL) {
        if (detail.len > 0) {
            buf_append_str(report, buf_str(&detail));
        } else {
            buf_printf(report, "The patch was not applied; no file was changed.\n%s\n", local.text);
        }
    }
    buf_free(&detail);
    return ok;
}

void unified_problems_free(struct unified_problems *problems)
{
    VEC_FOREACH (struct unified_problem, problem, problems) {
        free(problem->path);
        free(problem->text);
    }
    VEC_FREE(problems);
}

bool unified_apply_most(struct str text, const struct patch_source *source, struct changes *out,
    struct unified_problems *problems, struct err *err)
{
    struct err local;
    struct ud_patch patch;
    if (!ud_parse_most(text, false, &patch, &local) && !ud_parse_most(text, true, &patch, err)) {
        return false;
    }
    struct applier a = {.problems = problems, .err = &local};
    stage_init(&a.stage, source);
    bool ok = apply_parsed(&a, &patch, out);
    if (!ok) {
        *err = local;
    }
    stage_free(&a.stage);
    ud_patch_free(&patch);
    return ok;
}
