/* The review as lines: what a hunk changes, where it is, and what the tests say of it. */
#include "plain/plain_private.h"

#include "syntax/language.h"
#include "syntax/syntax.h"

#include <stdint.h>
#include <stdlib.h>

enum { CONTEXT = 3, CHANGES_MAX = 200 };

const char *plain_decision(enum review_decision decision)
{
    return decision == REVIEW_ACCEPTED   ? "accepted"
           : decision == REVIEW_DECLINED ? "declined"
                                         : "open";
}

const char *plain_mark(enum review_mark mark)
{
    static const char *const words[] = {
        [REVIEW_MARK_OPEN] = "open",
        [REVIEW_MARK_PART] = "decided in part",
        [REVIEW_MARK_ACCEPTED] = "accepted",
        [REVIEW_MARK_DECLINED] = "declined",
    };
    return words[mark];
}

/* The review may be another one since the last command: then the place is looked for again. */
struct review *plain_review_of(struct plain *plain, struct err *err)
{
    struct proposals *proposals = workbench_proposals(plain->wb);
    struct review *review = proposals_review(proposals);
    if (review == NULL) {
        err_set(err, ERR_NOT_FOUND,
            "There is no proposal to review: ask the model for a policy first.");
        return NULL;
    }
    if (plain->review_generation != proposals_generation(proposals)) {
        plain->review_generation = proposals_generation(proposals);
        plain->file = plain->hunk = 0;
        plain->trying = false;
    }
    if (plain->file >= review_file_count(review)) {
        plain->file = plain->hunk = 0;
    }
    return review;
}

const struct review_file *plain_review_file(struct plain *plain, struct err *err)
{
    struct review *review = plain_review_of(plain, err);
    const struct review_file *file = review == NULL ? NULL : review_file(review, plain->file);
    if (review != NULL && file == NULL) {
        err_set(err, ERR_NOT_FOUND, "The proposal is empty.");
    }
    if (file != NULL && plain->hunk >= file->hunks.len) {
        plain->hunk = file->hunks.len == 0 ? 0 : file->hunks.len - 1;
    }
    return file;
}

void plain_say_counts(struct plain *plain)
{
    struct review *review = plain_review_of(plain, NULL);
    if (review != NULL) {
        struct review_counts counts = review_count_all(review);
        plain_say(plain, "%zu accepted, %zu declined, %zu open.", counts.accepted, counts.declined,
            counts.open);
    }
}

/* ---- a hunk ---- */

enum { NAMES_MAX = 4 };

/* ", with rule deny, function pinned": what the hunk's lines are part of. */
static void append_names(
    struct buf *out, const struct outline *outline, const struct review_span *span)
{
    size_t count = 0;
    const char *last = "";
    VEC_FOREACH (const struct outline_entry, entry, outline) {
        bool touched =
            entry->end_row >= span->b_from &&
            entry->start_row < (span->b_to > span->b_from ? span->b_to : span->b_from + 1);
        bool names = strcmp(entry->kind, "package") != 0 && strcmp(entry->kind, "import") != 0;
        if (!touched || !names || strcmp(last, entry->name) == 0) {
            continue;
        }
        last = entry->name;
        if (++count <= NAMES_MAX) {
            buf_printf(out, "%s%s %s", count == 1 ? ", in " : " and ", entry->kind, entry->name);
        }
    }
    if (count > NAMES_MAX) {
        buf_printf(out, " and %zu more", count - NAMES_MAX);
    }
}

static void append_rules(
    struct buf *out, const struct review_file *file, const struct review_span *span)
{
    struct str bytes = buf_str(&file->proposed->bytes);
    struct str first = {"", 0};
    struct outline outline = {0};
    if (file->proposed->lines.len > 0) {
        first = file->proposed->lines.items[0].text;
    }
    const struct language *language =
        file->whole_because != NULL ? NULL : language_of(file->change->path, first);
    if (language == NULL) {
        return;
    }
    struct syntax *syntax = syntax_new(language, syntax_source_str(&bytes));
    (void)syntax_index(syntax, 0);
    syntax_outline(syntax, &outline);
    append_names(out, &outline, span);
    outline_free(&outline);
    syntax_free(syntax);
}

static void say_comments(
    struct plain *plain, const struct review_file *file, enum review_side side, size_t line)
{
    VEC_FOREACH (const struct review_comment, comment, &file->comments) {
        if (comment->line == line && (line == SIZE_MAX || comment->side == side)) {
            plain_say(plain, "%s %d%s: %s", comment->question ? "question" : "comment", comment->id,
                comment->stale ? ", on a line that changed since" : "", comment->text);
        }
    }
}

/* Lines that both sides have, by their numbers in the proposal. */
static void say_same(
    struct plain *plain, const struct review_file *file, size_t a, size_t a_to, size_t b)
{
    for (; a < a_to && a < file->base->lines.len; a++, b++) {
        char *what = mem_printf("unchanged, line %zu", b + 1);
        plain_code(plain, what, file->base->lines.items[a].text);
        say_comments(plain, file, REVIEW_PROPOSED, b);
        free(what);
    }
}

static void say_item(
    struct plain *plain, const struct review_file *file, size_t number, size_t index)
{
    const struct review_item *item = &file->items.items[index];
    bool decided = item->decision != REVIEW_OPEN;
    const char *comma = decided ? ", " : "";
    const char *word = decided ? plain_decision(item->decision) : "";
    if (item->kind == REVIEW_WHOLE) {
        plain_say(plain, "%zu the file as a whole%s%s: %s", number, comma, word,
            file->whole_because == NULL ? "its name, or that it is there" : file->whole_because);
        return;
    }
    bool added = item->kind == REVIEW_ADD;
    const struct lines *lines = added ? &file->proposed->lines : &file->base->lines;
    size_t line = added ? item->b : item->a;
    char *what = mem_printf(
        "%zu %s, line %zu%s%s", number, added ? "added" : "removed", line + 1, comma, word);
    plain_code(plain, what, lines->items[line].text);
    free(what);
    if (item->reason > 0 && decided) {
        plain_say(plain, "reason: %s", file->reasons.items[item->reason - 1]);
    }
    say_comments(plain, file, added ? REVIEW_PROPOSED : REVIEW_BASE, line);
}

static void say_items(struct plain *plain, const struct review_file *file, size_t from, size_t to)
{
    const struct review_hunk *h = &file->hunks.items[plain->hunk];
    struct review_span span = review_hunk_span(file, plain->hunk);
    bool whole = file->items.items[h->first].kind == REVIEW_WHOLE;
    /* Up to the hunks beside it. */
    size_t first = plain->hunk == 0 ? 0 : review_hunk_span(file, plain->hunk - 1).a_to;
    size_t last = plain->hunk + 1 < file->hunks.len ? review_hunk_span(file, plain->hunk + 1).a_from
                                                    : file->base->lines.len;
    size_t before = span.a_from - first < CONTEXT ? span.a_from - first : CONTEXT;
    size_t after = last - span.a_to < CONTEXT ? last - span.a_to : CONTEXT;
    if (!whole && from == 0) {
        say_same(plain, file, span.a_from - before, span.a_from, span.b_from - before);
    }
    size_t a = file->items.items[h->first + from].a;
    for (size_t i = from; i < to; i++) {
        const struct review_item *item = &file->items.items[h->first + i];
        if (!whole && item->a > a) {
            say_same(plain, file, a, item->a, item->b - (item->a - a));
        }
        say_item(plain, file, i + 1, h->first + i);
        a = item->a + (item->kind == REVIEW_DEL);
    }
    if (!whole && to == h->count) {
        say_same(plain, file, span.a_to, span.a_to + after, span.b_to);
    }
}

static void say_hunk_notes(struct plain *plain, const struct review_file *file)
{
    const struct review_hunk *h = &file->hunks.items[plain->hunk];
    if (h->conflict) {
        plain_say(plain, "Conflict: you changed the same lines; accepting puts the proposal's in.");
    } else if (h->drifted) {
        plain_say(plain, "The file changed here since the proposal was made.");
    }
    if (h->edited) {
        plain_say(plain, "This hunk was edited by you.");
    }
}

/* ---- evidence ---- */

static const struct checks *checks_of(const struct plain *plain)
{
    return plain->trying ? workbench_tried(plain->wb) : workbench_evidence(plain->wb);
}

static bool say_state(struct plain *plain, const struct checks *checks)
{
    const char *of = plain->trying ? "your selection" : "the proposal";
    const char *trouble = checks_trouble(checks);
    struct tally tally = checks_tally(checks);
    struct buf words = BUF_INIT;
    switch (checks_state(checks)) {
    case CHECKS_NONE:
        plain_say(plain, "No test has run on %s yet.", of);
        return false;
    case CHECKS_RUNNING:
        plain_say(plain, "The tests of %s run: %zu of %zu ended.", of, checks_ended(checks),
            checks_total(checks));
        return false;
    case CHECKS_STALE:
        plain_say(plain, "What was tested has changed since: type try to test the selection.");
        return false;
    case CHECKS_FAILED:
        plain_say(
            plain, "The tests could not run: %s", trouble == NULL ? "no reason told" : trouble);
        return false;
    case CHECKS_DONE:
        break;
    }
    tally_append(&tally, false, &words);
    plain_say(plain, "Tests of %s: %s.", of, words.ptr);
    buf_free(&words);
    return true;
}

static void say_reached(struct plain *plain, const struct review_file *file)
{
    /* A selection's lines are not numbered as the proposal's. */
    const struct coverage *coverage = plain->trying ? NULL : checks_coverage(checks_of(plain));
    const struct coverage_file *known =
        coverage == NULL ? NULL : coverage_find(coverage, file->change->path);
    if (known == NULL) {
        return;
    }
    struct review_span span = review_hunk_span(file, plain->hunk);
    struct buf covered = BUF_INIT;
    struct buf missed = BUF_INIT;
    bool any = coverage_append_rows(&covered, known, span.b_from, span.b_to, true);
    bool gap = coverage_append_rows(&missed, known, span.b_from, span.b_to, false);
    if (any) {
        plain_say(plain, "Lines that tests reach: %s.", covered.ptr);
    }
    if (gap) {
        plain_say(plain, "Lines that no test reaches in full: %s.", missed.ptr);
    }
    if (!any && !gap) {
        plain_say(plain, "Nothing in this hunk can be covered by a test.");
    }
    buf_free(&covered);
    buf_free(&missed);
}

static void say_result(struct plain *plain, const struct result *result)
{
    plain_say(plain, "%s: %s.%s%s%s", result_status_name(result->status), result->suite,
        result->name, result->message == NULL ? "" : "; ",
        result->message == NULL ? "" : result->message);
}

/* The tests that stand in the hunk, and what was found in it. */
static void say_here(struct plain *plain, const struct review_file *file)
{
    const struct checks *checks = checks_of(plain);
    struct review_span span = review_hunk_span(file, plain->hunk);
    const char *path = file->change->path;
    VEC_FOREACH (const struct result, result, checks_results(checks)) {
        bool here = result->file != NULL && strcmp(result->file, path) == 0 &&
                    result->at.row > span.b_from && result->at.row <= span.b_to;
        if (here && result->depth == 0 && !plain->trying) {
            say_result(plain, result);
        }
    }
    VEC_FOREACH (const struct finding, finding, checks_findings(checks)) {
        bool here = finding->file != NULL && strcmp(finding->file, path) == 0;
        if (here || finding->severity == SEVERITY_ERROR) {
            plain_say_finding(plain, 0, finding);
        }
    }
}

bool plain_evidence(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    const struct review_file *file = plain_review_file(plain, err);
    if (file == NULL) {
        return false;
    }
    const struct checks *checks = checks_of(plain);
    if (!say_state(plain, checks)) {
        return true;
    }
    VEC_FOREACH (const struct finding, finding, checks_findings(checks)) {
        plain_say_finding(plain, 0, finding);
    }
    static const enum result_status order[] = {RESULT_ERROR, RESULT_FAIL, RESULT_NOT_EVALUATED,
        RESULT_WARNING, RESULT_SKIPPED, RESULT_PASS};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        VEC_FOREACH (const struct result, result, checks_results(checks)) {
            if (result->status == order[i]) {
                say_result(plain, result);
            }
        }
    }
    return true;
}

void plain_evidence_changed(struct plain *plain)
{
    plain_finish_evidence(plain);
    const struct proposal *open = proposals_open(workbench_proposals(plain->wb));
    enum checks_state state = checks_state(checks_of(plain));
    bool ended = state == CHECKS_DONE || state == CHECKS_FAILED;
    if (open == NULL || !ended || plain->finish != NULL) {
        return;
    }
    if (plain->trying && !plain->try_told) {
        plain->try_told = true;
        plain->doing = NULL;
        say_state(plain, workbench_tried(plain->wb));
    } else if (!plain->trying && plain->mode == PLAIN_REVIEW && !plain->evidence_told) {
        plain->evidence_told = true;
        say_state(plain, workbench_evidence(plain->wb));
    }
}

/* ---- commands ---- */

static void say_heading(
    struct plain *plain, const struct review *review, const struct review_file *file)
{
    struct review_span span = review_hunk_span(file, plain->hunk);
    const struct review_hunk *h = &file->hunks.items[plain->hunk];
    struct buf rules = BUF_INIT;
    append_rules(&rules, file, &span);
    char *changes = plain_count(h->count, "change");
    plain_say(plain, "File %zu of %zu: %s%s.", plain->file + 1, review_file_count(review),
        file->change->path,
        !file->base_exists                    ? ", a new file"
        : file->change->kind == CHANGE_DELETE ? ", to be deleted"
        : file->change->moved_from != NULL    ? ", renamed"
                                              : "");
    plain_say(plain, "Hunk %zu of %zu, %s%s, %s.", plain->hunk + 1, file->hunks.len, changes,
        rules.len > 0 ? rules.ptr : "", plain_mark(review_hunk_mark(file, plain->hunk)));
    buf_free(&rules);
    free(changes);
}

static void show_part(struct plain *plain, size_t from, size_t to)
{
    struct err err;
    const struct review_file *file = plain_review_file(plain, &err);
    if (file == NULL) {
        plain_say(plain, "%s", err.text);
        return;
    }
    if (file->conflict_note != NULL) {
        plain_say(plain, "%s: %s.", file->change->path, file->conflict_note);
    }
    if (file->hunks.len == 0) {
        plain_say(plain, "Nothing is left to change in %s.", file->change->path);
        return;
    }
    size_t count = file->hunks.items[plain->hunk].count;
    to = to < count ? to : count;
    from = from < to ? from : 0;
    if (from == 0) {
        say_heading(plain, plain_review_of(plain, NULL), file);
        say_hunk_notes(plain, file);
        say_state(plain, checks_of(plain));
        say_reached(plain, file);
        say_here(plain, file);
        say_comments(plain, file, REVIEW_PROPOSED, SIZE_MAX);
    }
    size_t end = to - from > CHANGES_MAX ? from + CHANGES_MAX : to;
    say_items(plain, file, from, end);
    if (end < count) {
        plain_say(
            plain, "%zu more changes follow: type show %zu-%zu.", count - end, end + 1, count);
    }
}

void plain_show_hunk(struct plain *plain)
{
    show_part(plain, 0, SIZE_MAX);
}

bool plain_show(struct plain *plain, struct str args, struct err *err)
{
    size_t dash = str_find_char(args, '-', 0);
    size_t from = plain_number(str_trim(str_slice(args, 0, dash == SIZE_MAX ? args.len : dash)));
    size_t to = dash == SIZE_MAX ? SIZE_MAX : plain_number(str_trim(str_from(args, dash + 1)));
    if (args.len > 0 && (from == 0 || to == 0)) {
        return err_set(err, ERR_INVALID, "Type show alone, or with numbers of changes: show 3-5.");
    }
    show_part(plain, from == 0 ? 0 : from - 1, args.len == 0 ? SIZE_MAX : to);
    return true;
}

bool plain_review(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct review *review = plain_review_of(plain, err);
    if (review == NULL) {
        return false;
    }
    const struct proposal *open = proposals_open(workbench_proposals(plain->wb));
    char *files = plain_count(review_file_count(review), "file");
    plain->mode = PLAIN_REVIEW;
    plain->evidence_told = checks_state(checks_of(plain)) == CHECKS_DONE;
    plain_say(plain, "Review of proposal %u: %s. Type help for the commands, leave to end it.",
        open->number, files);
    plain_say_counts(plain);
    (void)plain_find_open(plain);
    plain_show_hunk(plain);
    free(files);
    return true;
}

bool plain_leave(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    plain->mode = PLAIN_MAIN;
    plain_say(plain, "The review is left; every decision is kept.");
    return true;
}

bool plain_hunk_next(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    const struct review_file *file = plain_review_file(plain, err);
    if (file == NULL) {
        return false;
    }
    if (plain->hunk + 1 < file->hunks.len) {
        plain->hunk++;
    } else if (plain->file + 1 < review_file_count(plain_review_of(plain, err))) {
        plain->file++;
        plain->hunk = 0;
    } else {
        return err_set(err, ERR_NOT_FOUND, "This is the last hunk.");
    }
    plain_show_hunk(plain);
    return true;
}

bool plain_hunk_back(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (plain_review_file(plain, err) == NULL) {
        return false;
    }
    if (plain->hunk > 0) {
        plain->hunk--;
    } else if (plain->file > 0) {
        plain->file--;
        plain->hunk = SIZE_MAX; /* its last: see plain_review_file */
    } else {
        return err_set(err, ERR_NOT_FOUND, "This is the first hunk.");
    }
    plain_show_hunk(plain);
    return true;
}

static size_t file_named(const struct review *review, struct str name)
{
    size_t number = plain_number(name);
    if (number > 0) {
        return number - 1;
    }
    for (size_t i = 0; i < review_file_count(review); i++) {
        if (str_equal_c(name, review_file(review, i)->change->path)) {
            return i;
        }
    }
    for (size_t i = 0; i < review_file_count(review); i++) {
        if (str_find(str_of(review_file(review, i)->change->path), name, 0) != SIZE_MAX) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool plain_file(struct plain *plain, struct str args, struct err *err)
{
    struct review *review = plain_review_of(plain, err);
    if (review == NULL) {
        return false;
    }
    size_t count = review_file_count(review);
    size_t file = args.len == 0 ? plain->file + 1 : file_named(review, args);
    if (file >= count) {
        return args.len == 0
                   ? err_set(err, ERR_NOT_FOUND, "This is the last file.")
                   : err_set(err, ERR_NOT_FOUND,
                         "The proposal has no file %.*s; type list for its files.", STR_FMT(args));
    }
    plain->file = file;
    plain->hunk = 0;
    plain_show_hunk(plain);
    return true;
}

bool plain_list(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    struct review *review = plain_review_of(plain, err);
    if (review == NULL) {
        return false;
    }
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        struct review_counts counts = review_count(file, 0, file->items.len);
        char *hunks = plain_count(file->hunks.len, "hunk");
        plain_say(plain, "%zu %s: %s, %zu added, %zu removed; %s%s.", i + 1, file->change->path,
            hunks, counts.added, counts.removed, plain_mark(review_file_mark(file)),
            i == plain->file ? "; you are here" : "");
        free(hunks);
    }
    plain_say_counts(plain);
    return true;
}

void plain_review_changed(struct plain *plain)
{
    struct proposals *proposals = workbench_proposals(plain->wb);
    const struct proposal *open = proposals_open(proposals);
    if (plain->mode == PLAIN_MAIN || plain->review_generation == proposals_generation(proposals)) {
        return;
    }
    plain->evidence_told = false;
    if (open == NULL) {
        plain->mode = PLAIN_MAIN;
    } else if (plain->mode == PLAIN_REVIEW) {
        plain_say(plain, "The proposal is another one now: type list for its files.");
    }
}
