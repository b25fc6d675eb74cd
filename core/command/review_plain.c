/* bylaw review --plain: a hunk is shown, a line says what becomes of it. */
#include "command/review.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

struct plain_review {
    const struct review_job *job;
    struct review *review;
    struct loop *loop;
    struct evidence *evidence; /* NULL: not asked for yet */
    size_t file, hunk;
    bool finished, quit;
    bool wrong; /* something could not be done */
    bool prompts;
};

struct verb {
    const char *word, *letter, *args, *help;
    bool (*run)(struct plain_review *p, struct str args, struct err *err);
};

static const struct review_file *file_of(const struct plain_review *p)
{
    return review_file(p->review, p->file);
}

static void print_str(const char *before, struct str text, const char *behind)
{
    char *shown = safe_dup(text, SAFE_ONE_LINE, 4096);
    printf("%s%s%s", before, shown, behind);
    free(shown);
}

/* ---- showing ---- */

/* A line of code: its tabs stay. */
static void print_code(const char *before, struct str text)
{
    char *shown = safe_dup(text, SAFE_KEEP_LINES, 4096);
    printf("%s%s\n", before, shown);
    free(shown);
}

static char decision_mark(enum review_decision decision)
{
    return decision == REVIEW_ACCEPTED ? '*' : decision == REVIEW_DECLINED ? 'x' : ' ';
}

static void show_item(const struct review_file *file, size_t i, size_t number)
{
    const struct review_item *item = &file->items.items[i];
    printf("%4zu %c ", number, decision_mark(item->decision));
    if (item->kind == REVIEW_DEL) {
        print_code("-", file->base->lines.items[item->a].text);
    } else if (item->kind == REVIEW_ADD) {
        print_code("+", file->proposed->lines.items[item->b].text);
    } else {
        struct buf text = BUF_INIT;
        review_file_describe(file, &text);
        print_str("", buf_str(&text), "\n");
        buf_free(&text);
    }
}

static void show_context(const struct review_file *file, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        print_code("        ", file->base->lines.items[i].text);
    }
}

static void show_hunk(const struct plain_review *p)
{
    enum { AROUND = 3 };
    const struct review_file *file = file_of(p);
    const struct change *change = file->change;
    print_str("\n", str_of(change->path), "");
    printf(" (file %zu of %zu), hunk %zu of %zu", p->file + 1, review_file_count(p->review),
        file->hunks.len == 0 ? 0 : p->hunk + 1, file->hunks.len);
    if (file->hunks.len == 0) {
        puts(": nothing is left to decide");
        return;
    }
    const struct review_hunk *hunk = &file->hunks.items[p->hunk];
    struct review_span span = review_hunk_span(file, p->hunk);
    bool lines = file->items.items[hunk->first].kind != REVIEW_WHOLE;
    if (lines) {
        printf(", line %zu", span.a_from + 1);
    }
    putchar('\n');
    if (lines) {
        show_context(file, span.a_from < AROUND ? 0 : span.a_from - AROUND, span.a_from);
    }
    size_t at = span.a_from;
    for (size_t i = hunk->first; i < hunk->first + hunk->count; i++) {
        if (lines) {
            show_context(file, at, file->items.items[i].a);
            at = file->items.items[i].a + (file->items.items[i].kind == REVIEW_DEL);
        }
        show_item(file, i, i - hunk->first + 1);
    }
    if (lines) {
        size_t end = file->base->lines.len;
        show_context(file, span.a_to, span.a_to + AROUND < end ? span.a_to + AROUND : end);
    }
    VEC_FOREACH (struct review_comment, comment, &file->comments) {
        print_str("   # ", str_of(comment->text), "\n");
    }
}

static void show_counts(const struct plain_review *p)
{
    struct review_counts counts = review_count_all(p->review);
    printf("%zu accepted, %zu declined, %zu open\n", counts.accepted, counts.declined, counts.open);
}

/* ---- where it is ---- */

static bool is_open(const struct review_file *file, size_t h)
{
    const struct review_hunk *hunk = &file->hunks.items[h];
    return review_count(file, hunk->first, hunk->first + hunk->count).open > 0;
}

/* To the next hunk in which something is open, from the one at hand on; stays when none is. */
static bool go_to_open(struct plain_review *p)
{
    size_t files = review_file_count(p->review);
    for (size_t i = 0; i <= files; i++) {
        size_t at = (p->file + i) % files;
        const struct review_file *file = review_file(p->review, at);
        for (size_t h = i == 0 ? p->hunk : 0; h < file->hunks.len; h++) {
            if (is_open(file, h)) {
                p->file = at;
                p->hunk = h;
                return true;
            }
        }
    }
    return false;
}

static void after_decision(struct plain_review *p)
{
    if (go_to_open(p)) {
        show_hunk(p);
    } else {
        printf("all is decided: ");
        show_counts(p);
        puts("apply ends the review, quit keeps the decisions for later");
    }
}

/* ---- verbs ---- */

static bool take_word(struct str *args, const char *word)
{
    size_t len = strlen(word);
    if (!str_starts(*args, word) || (args->len > len && args->ptr[len] != ' ')) {
        return false;
    }
    *args = str_trim(str_from(*args, len));
    return true;
}

static size_t number(struct str *args)
{
    size_t value = 0;
    size_t i = 0;
    while (i < args->len && i < 9 && args->ptr[i] >= '0' && args->ptr[i] <= '9') {
        value = value * 10 + (size_t)(args->ptr[i++] - '0');
    }
    *args = str_from(*args, i);
    return value;
}

/* "3" or "3-5": items of the hunk; without one all of it. */
static bool take_range(
    const struct plain_review *p, struct str *args, size_t *from, size_t *to, struct err *err)
{
    const struct review_file *file = file_of(p);
    if (file->hunks.len == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no hunk here");
    }
    const struct review_hunk *hunk = &file->hunks.items[p->hunk];
    *from = hunk->first;
    *to = hunk->first + hunk->count;
    if (args->len == 0 || args->ptr[0] < '0' || args->ptr[0] > '9') {
        return true;
    }
    size_t first = number(args);
    size_t last = first;
    if (args->len > 0 && args->ptr[0] == '-') {
        *args = str_from(*args, 1);
        last = number(args);
    }
    *args = str_trim(*args);
    if (first < 1 || last < first || last > hunk->count) {
        return err_set(err, ERR_INVALID, "the hunk has the lines 1 to %zu", hunk->count);
    }
    *to = hunk->first + last;
    *from = hunk->first + first - 1;
    return true;
}

static bool decide_files(struct plain_review *p, size_t from, size_t to,
    enum review_decision decision, struct str reason, struct err *err)
{
    bool ok = true;
    for (size_t i = from; ok && i < to; i++) {
        const struct review_file *file = review_file(p->review, i);
        if (review_count(file, 0, file->items.len).open > 0) {
            ok = review_decide_rest(p->review, i, decision, reason, err);
        }
    }
    return ok;
}

static bool decide(
    struct plain_review *p, struct str args, enum review_decision decision, struct err *err)
{
    size_t from = 0;
    size_t to = 0;
    bool ok;
    if (take_word(&args, "all")) {
        ok = decide_files(p, 0, review_file_count(p->review), decision, args, err);
    } else if (take_word(&args, "file")) {
        ok = decide_files(p, p->file, p->file + 1, decision, args, err);
    } else {
        ok = take_range(p, &args, &from, &to, err) &&
             review_decide(p->review, p->file, from, to, decision, args, err);
    }
    if (ok) {
        after_decision(p);
    }
    return ok;
}

static bool take(struct plain_review *p, struct str args, struct err *err)
{
    return decide(p, args, REVIEW_ACCEPTED, err);
}

static bool decline(struct plain_review *p, struct str args, struct err *err)
{
    return decide(p, args, REVIEW_DECLINED, err);
}

static bool reopen(struct plain_review *p, struct str args, struct err *err)
{
    size_t from = 0;
    size_t to = 0;
    bool ok = take_range(p, &args, &from, &to, err) &&
              review_decide(p->review, p->file, from, to, REVIEW_OPEN, STR_LIT(""), err);
    if (ok) {
        show_hunk(p);
    }
    return ok;
}

static bool comment(struct plain_review *p, struct str args, struct err *err)
{
    const struct review_file *file = file_of(p);
    struct review_op op = {.verb = REVIEW_COMMENT, .file = p->file, .from = SIZE_MAX};
    size_t from = 0;
    size_t to = 0;
    if (!take_range(p, &args, &from, &to, err)) {
        return false;
    }
    const struct review_item *item = &file->items.items[from];
    if (item->kind != REVIEW_WHOLE) {
        op.side = item->kind == REVIEW_DEL ? REVIEW_BASE : REVIEW_PROPOSED;
        op.from = item->kind == REVIEW_DEL ? item->a : item->b;
    }
    op.question = str_ends(args, "?");
    op.text = args;
    return review_do(p->review, &op, err);
}

static bool edit(struct plain_review *p, struct str args, struct err *err)
{
    const struct review_file *file = file_of(p);
    (void)args;
    if (file->hunks.len == 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no hunk here");
    }
    struct review_endings endings;
    free(review_hunk_lines(file, p->hunk, &endings));
    if (p->prompts) {
        puts("the lines that are to stand there; a line with only a . ends them");
    }
    struct buf lines = BUF_INIT;
    struct buf bytes = BUF_INIT;
    char *line = NULL;
    size_t cap = 0;
    ssize_t got;
    bool ended = false;
    while (!ended && (got = getline(&line, &cap, stdin)) >= 0) {
        ended = strcmp(line, ".\n") == 0 || strcmp(line, ".") == 0;
        buf_append(&lines, line, ended ? 0 : (size_t)got);
    }
    free(line);
    review_lines_text(buf_str(&lines), endings, &bytes);
    struct review_op op = {
        .verb = REVIEW_EDIT, .file = p->file, .from = p->hunk, .text = buf_str(&bytes)};
    bool ok = ended ? review_do(p->review, &op, err)
                    : err_set(err, ERR_INVALID, "the input ended in the middle of an edit");
    buf_free(&lines);
    buf_free(&bytes);
    if (ok) {
        size_t count = file_of(p)->hunks.len;
        p->hunk = p->hunk >= count ? (count == 0 ? 0 : count - 1) : p->hunk;
        after_decision(p);
    }
    return ok;
}

static bool split(struct plain_review *p, struct str args, struct err *err)
{
    size_t from = 0;
    size_t to = 0;
    if (!take_range(p, &args, &from, &to, err)) {
        return false;
    }
    const struct review_file *file = file_of(p);
    size_t at = from == file->hunks.items[p->hunk].first ? review_hunk_gap(file, p->hunk) : from;
    struct review_op op = {.verb = REVIEW_SPLIT, .file = p->file, .from = at};
    bool ok = at == SIZE_MAX
                  ? err_set(err, ERR_INVALID, "name the line that begins the second part")
                  : review_do(p->review, &op, err);
    if (ok) {
        show_hunk(p);
    }
    return ok;
}

static bool step(struct plain_review *p, enum review_verb verb, struct err *err)
{
    struct review_op op = {.verb = verb};
    bool ok = review_do(p->review, &op, err);
    size_t count = file_of(p)->hunks.len;
    p->hunk = p->hunk >= count ? (count == 0 ? 0 : count - 1) : p->hunk;
    if (ok) {
        show_hunk(p);
    }
    return ok;
}

static bool undo(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    return step(p, REVIEW_UNDO, err);
}

static bool redo(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    return step(p, REVIEW_REDO, err);
}

static bool next(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    if (p->hunk + 1 < file_of(p)->hunks.len) {
        p->hunk++;
    } else if (p->file + 1 < review_file_count(p->review)) {
        p->file++;
        p->hunk = 0;
    } else {
        return err_set(err, ERR_NOT_FOUND, "this is the last hunk");
    }
    show_hunk(p);
    return true;
}

static bool back(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    if (p->hunk > 0) {
        p->hunk--;
    } else if (p->file > 0) {
        size_t count = review_file(p->review, --p->file)->hunks.len;
        p->hunk = count == 0 ? 0 : count - 1;
    } else {
        return err_set(err, ERR_NOT_FOUND, "this is the first hunk");
    }
    show_hunk(p);
    return true;
}

static bool list(struct plain_review *p, struct str args, struct err *err)
{
    static const char *const marks[] = {
        [REVIEW_MARK_OPEN] = "open    ",
        [REVIEW_MARK_PART] = "partly  ",
        [REVIEW_MARK_ACCEPTED] = "accepted",
        [REVIEW_MARK_DECLINED] = "declined",
    };
    (void)args;
    (void)err;
    for (size_t i = 0; i < review_file_count(p->review); i++) {
        const struct review_file *file = review_file(p->review, i);
        struct review_counts counts = review_count(file, 0, file->items.len);
        printf("%3zu  %s  +%zu -%zu  ", i + 1, marks[review_file_mark(file)], counts.added,
            counts.removed);
        print_str("", str_of(file->change->path), "\n");
    }
    show_counts(p);
    return true;
}

static bool go(struct plain_review *p, struct str args, struct err *err)
{
    size_t wanted = number(&args);
    if (wanted < 1 || wanted > review_file_count(p->review)) {
        return err_set(err, ERR_INVALID, "there are the files 1 to %zu: list names them",
            review_file_count(p->review));
    }
    p->file = wanted - 1;
    p->hunk = 0;
    show_hunk(p);
    return true;
}

static bool show(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    show_hunk(p);
    return true;
}

static void on_evidence(void *data)
{
    (void)data; /* the loop is turned until it is there */
}

static bool tests(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    if (!p->job->tests) {
        return err_set(err, ERR_UNSUPPORTED, "no tests are run: --no-tests was given");
    }
    if (p->evidence == NULL) {
        p->evidence = evidence_new(p->loop, p->job->subject, on_evidence, p);
        evidence_start(p->evidence);
    }
    while (evidence_state(p->evidence) == EVIDENCE_RUNNING) {
        loop_run_once(p->loop, 100);
    }
    struct buf text = BUF_INIT;
    review_objections(p->job->subject, p->evidence, &text);
    if (text.len == 0) {
        buf_append_c(&text, "nothing to object to\n");
    }
    evidence_describe(p->evidence, &text);
    buf_append_char(&text, '\n');
    VEC_FOREACH (const struct evidence_flip, flip, evidence_flips(p->evidence)) {
        buf_printf(&text, "%s -> %s  %s.%s\n",
            flip->is_new ? "absent" : result_status_name(flip->before),
            flip->now == NULL ? "absent" : result_status_name(flip->now->status),
            flip->now == NULL ? "" : flip->now->suite, flip->now == NULL ? "" : flip->now->name);
    }
    VEC_FOREACH (const struct finding, finding, evidence_brought(p->evidence)) {
        buf_printf(&text, "%s:%u: %s: %s\n", finding->file == NULL ? "?" : finding->file,
            finding->at.row, finding->rule, finding->message);
    }
    char *shown = safe_dup(buf_str(&text), SAFE_KEEP_LINES, (size_t)1 << 20);
    fputs(shown, stdout);
    free(shown);
    buf_free(&text);
    return true;
}

/* Its decisions are carried out: it is at its end. */
static bool finish(struct plain_review *p, bool ok, struct buf *said)
{
    if (ok) {
        print_str("", buf_str(said), "\n");
        kept_finish(p->job->kept);
        p->finished = p->quit = true;
    }
    buf_free(said);
    return ok;
}

static bool file_name(struct str args, const char *given, char **name, struct err *err)
{
    *name = args.len > 0 ? str_dup(args) : mem_strdup(given);
    return *name != NULL || err_set(err, ERR_INVALID, "name a file to write");
}

static bool write_patch(struct plain_review *p, struct str args, struct err *err)
{
    struct buf said = BUF_INIT;
    char *name;
    bool ok = file_name(args, p->job->patch, &name, err) &&
              review_write_patch(p->review, name, &said, err);
    free(name);
    return finish(p, ok, &said);
}

static bool write_comments(struct plain_review *p, struct str args, struct err *err)
{
    struct buf said = BUF_INIT;
    char *name;
    bool ok = file_name(args, p->job->comments, &name, err) &&
              review_write_comments(p->job, p->evidence, name, &said, err);
    free(name);
    return finish(p, ok, &said);
}

static bool apply(struct plain_review *p, struct str args, struct err *err)
{
    struct buf said = BUF_INIT;
    (void)args;
    bool ok = true;
    if (p->job->patch != NULL) {
        ok = review_write_patch(p->review, p->job->patch, &said, err);
    }
    if (ok && p->job->comments != NULL) {
        buf_append_c(&said, said.len > 0 ? "; " : "");
        ok = review_write_comments(p->job, p->evidence, p->job->comments, &said, err);
    }
    if (ok && p->job->patch == NULL && p->job->comments == NULL) {
        ok = subject_apply(p->job->subject, p->review, &said, err);
    }
    return finish(p, ok, &said);
}

static bool quit(struct plain_review *p, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    p->quit = true;
    return true;
}

static bool help(struct plain_review *p, struct str args, struct err *err);

static const struct verb verbs[] = {
    {"accept", "a", "[N[-M] | file | all]",
        "take the hunk, lines of it, the file, or all that is open", take},
    {"decline", "x", "[N[-M] | file | all] [WHY]", "leave them, and why", decline},
    {"open", "o", "[N[-M]]", "decide on them again later", reopen},
    {"edit", "e", "", "type what is to stand there instead", edit},
    {"comment", "c", "[N] TEXT", "say something about a line", comment},
    {"split", "s", "[N]", "cut the hunk before line N, or at its first gap", split},
    {"undo", "u", "", "take the last step back", undo},
    {"redo", "r", "", "do it again", redo},
    {"next", "n", "", "go to the next hunk", next},
    {"back", "p", "", "go to the hunk before", back},
    {"list", "l", "", "the files and what is decided", list},
    {"file", "g", "N", "go to file N", go},
    {"show", "", "", "the hunk again", show},
    {"tests", "t", "", "run tests and guards on both sides", tests},
    {"apply", "", "",
        "put what is accepted into the index (or where --patch and --comments say), and end",
        apply},
    {"patch", "", "FILE", "write what is accepted as a patch, and end", write_patch},
    {"comments", "", "FILE", "write what was said as JSON for a forge, and end", write_comments},
    {"quit", "q", "", "leave; every decision is kept", quit},
    {"help", "?", "", "this list", help},
};

static bool help(struct plain_review *p, struct str args, struct err *err)
{
    (void)p;
    (void)args;
    (void)err;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        printf(
            "%-9s %-2s %-27s %s\n", verbs[i].word, verbs[i].letter, verbs[i].args, verbs[i].help);
    }
    return true;
}

static bool run_line(struct plain_review *p, struct str line, struct err *err)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct str args = line;
        if (take_word(&args, verbs[i].word) ||
            (verbs[i].letter[0] != '\0' && take_word(&args, verbs[i].letter))) {
            return verbs[i].run(p, args, err);
        }
    }
    return err_set(err, ERR_INVALID, "%.*s: no such command: ? lists them",
        line.len > 40 ? 40 : (int)line.len, line.ptr);
}

static void greet(const struct plain_review *p)
{
    const struct subject *subject = p->job->subject;
    print_str("", str_of(subject->title), "");
    print_str(": ", str_of(subject->explain), "\n");
    if (subject->notes.len > 0) {
        char *shown = safe_dup(buf_str(&subject->notes), SAFE_KEEP_LINES, 1 << 20);
        fputs(shown, stdout);
        free(shown);
    }
    VEC_FOREACH (const struct unified_problem, problem, &subject->problems) {
        printf("patch line %zu: ", problem->line);
        print_str("", str_of(problem->text), "\n");
    }
    if (kept_said(p->job->kept) != NULL) {
        print_str("", str_of(kept_said(p->job->kept)), "\n");
    }
}

static void read_lines(struct plain_review *p, const struct args *args)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t got = 0;
    while (!p->quit) {
        if (p->prompts) {
            fputs("review> ", stdout);
        }
        fflush(stdout);
        if ((got = getline(&line, &cap, stdin)) < 0) {
            break;
        }
        struct err err;
        struct str text = str_trim(str_make(line, (size_t)got));
        if (text.len > 0 && text.ptr[0] != '#' && !run_line(p, text, &err)) {
            command_fail(args, "%s", err.text);
            p->wrong = true;
        }
    }
    free(line);
}

int review_plain_run(const struct args *args, const struct review_job *job)
{
    struct err err;
    struct plain_review p = {
        .job = job, .review = kept_review(job->kept), .prompts = isatty(STDIN_FILENO) == 1};
    p.loop = loop_new(&err);
    if (p.loop == NULL) {
        return command_fail(args, "%s", err.text);
    }
    greet(&p);
    (void)go_to_open(&p);
    show_hunk(&p);
    read_lines(&p, args);
    if (!p.finished) {
        puts("left for later: every decision is kept, and is there again with the same command");
    }
    evidence_free(p.evidence);
    loop_free(p.loop);
    return p.wrong ? EXIT_COULD_NOT : p.finished ? EXIT_YES : EXIT_NO;
}
