/* bylaw review: a change of anybody's, looked at and decided on. */
#include "command/review.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static review_screen *screen;

void command_review_use_screen(review_screen *show)
{
    screen = show;
}

bool review_write_patch(
    const struct review *review, const char *file, struct buf *said, struct err *err)
{
    struct buf text = BUF_INIT;
    subject_patch(review, &text);
    bool ok = file_write(file, text.ptr == NULL ? STR_LIT("") : buf_str(&text), 0666, err);
    if (ok && text.len == 0) {
        buf_printf(said, "nothing is accepted: %s is empty", file);
    } else if (ok) {
        buf_printf(said, "what is accepted is in %s: git apply takes it", file);
    }
    buf_free(&text);
    return ok;
}

bool review_write_comments(const struct review_job *job, const struct evidence *evidence,
    const char *file, struct buf *said, struct err *err)
{
    struct buf line = BUF_INIT;
    if (evidence != NULL && evidence_state(evidence) == EVIDENCE_DONE) {
        evidence_describe(evidence, &line);
    }
    struct forge_options options = {
        .forge = job->forge,
        .base_id = job->subject->base_id,
        .head_id = job->subject->new_id,
        .evidence = line.len > 0 ? line.ptr : NULL,
    };
    cJSON *json = forge_review(kept_review(job->kept), &options);
    char *text = mem_require(cJSON_Print(json));
    struct buf bytes = BUF_INIT;
    buf_printf(&bytes, "%s\n", text);
    bool ok = file_write(file, buf_str(&bytes), 0666, err);
    if (ok) {
        buf_printf(said, "the comments are in %s: %s", file,
            job->forge == FORGE_GITHUB
                ? "gh api repos/OWNER/REPO/pulls/NUMBER/reviews --input FILE sends them"
                : "one POST of each discussion to …/merge_requests/NUMBER/discussions sends them");
    }
    buf_free(&bytes);
    buf_free(&line);
    cJSON_free(text);
    cJSON_Delete(json);
    return ok;
}

/* ---- --json ---- */

static void on_evidence(void *data)
{
    (void)data; /* the loop is turned until it is there */
}

static int print_report(const struct args *args, const struct subject *subject)
{
    struct err err;
    struct loop *loop = NULL;
    struct evidence *evidence = NULL;
    bool wanted = !args_has(args, "no-tests") && subject->changes.len > 0;
    if (wanted && (loop = loop_new(&err)) == NULL) {
        return command_fail(args, "%s", err.text);
    }
    if (wanted) {
        evidence = evidence_new(loop, subject, on_evidence, NULL);
        evidence_start(evidence);
        while (evidence_state(evidence) == EVIDENCE_RUNNING) {
            loop_run_once(loop, 100);
        }
    }
    struct review *review = review_new(&subject->changes);
    cJSON *json = review_report(subject, review, evidence);
    bool trouble = evidence != NULL && evidence_trouble(evidence) != NULL;
    bool objects = cJSON_GetArraySize(json_get(json, "objections")) > 0;
    char *line = json_print(json);
    puts(line);
    free(line);
    cJSON_Delete(json);
    review_free(review);
    evidence_free(evidence);
    loop_free(loop);
    return trouble ? EXIT_COULD_NOT : objects ? EXIT_NO : EXIT_YES;
}

/* ---- on a terminal ---- */

static void say_lines(FILE *out, const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, (size_t)1 << 20);
    fputs(shown, out);
    free(shown);
}

static void say_left_out(const struct subject *subject)
{
    if (subject->notes.len > 0) {
        say_lines(stderr, subject->notes.ptr);
    }
    VEC_FOREACH (const struct unified_problem, problem, &subject->problems) {
        char *line = mem_printf("patch line %zu: %s\n", problem->line, problem->text);
        say_lines(stderr, line);
        free(line);
    }
}

/* The patch came by the standard input: keys come from the terminal itself. */
static bool take_terminal(struct err *err)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) {
        err_set(err, ERR_NOT_FOUND,
            "the patch is the standard input and there is no terminal to decide on it: write it to "
            "a file and name that, or use --json");
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    close(fd);
    clearerr(stdin);
    return true;
}

static int decide(const struct args *args, struct review_job *job)
{
    struct err err;
    int code = EXIT_YES;
    job->kept = kept_open(job->subject, &err);
    if (job->kept == NULL) {
        return command_fail(args, "%s", err.text);
    }
    if (args_has(args, "plain")) {
        code = review_plain_run(args, job);
    } else if (screen == NULL || !screen(job, &code, &err)) {
        code = command_fail(args, "%s",
            screen == NULL ? "there is no screen in this build: use --plain" : err.text);
    }
    kept_free(job->kept);
    return code;
}

static int look(const struct args *args, const struct subject_request *request)
{
    struct subject subject;
    struct err err;
    struct review_job job = {.subject = &subject,
        .tests = !args_has(args, "no-tests"),
        .patch = args_get(args, "patch"),
        .comments = args_get(args, "comments"),
        .folder = request->folder};
    bool from_input = request->what != NULL && strcmp(request->what, "-") == 0;
    const char *forge = args_get(args, "forge");
    int code = EXIT_YES;
    if (forge != NULL && !forge_find(forge, &job.forge)) {
        return command_fail(args, "--forge takes github or gitlab, not %s", forge);
    }
    if (!subject_read(request, &subject, &err)) {
        code = command_fail(args, "%s", err.text);
    } else if (args_has(args, "json")) {
        code = print_report(args, &subject);
    } else if (subject.changes.len == 0 && subject.problems.len > 0) {
        say_left_out(&subject);
        code = command_fail(args, "%s: nothing of it fits what the index has", subject.title);
    } else if (subject.changes.len == 0) {
        say_left_out(&subject);
        printf("%s: nothing differs (%s)\n", subject.title, subject.explain);
    } else if (from_input && !take_terminal(&err)) {
        code = command_fail(args, "%s", err.text);
    } else {
        code = decide(args, &job);
    }
    subject_free(&subject);
    return code;
}

static int run_review(const struct args *args)
{
    struct err err;
    struct buf input = BUF_INIT;
    char *paths[COMMAND_GIVEN_MAX];
    struct subject_request request = {
        .folder = args_get(args, "dir"),
        .what = args->count > 0 ? args->rest[0] : NULL,
        .staged = args_has(args, "staged"),
        .paths = paths,
    };
    if (args->count > 1) {
        return command_fail(
            args, "takes one revision, range or patch, not %d: --path names files", args->count);
    }
    if (request.staged && request.what != NULL) {
        return command_fail(args, "--staged is the index: %s does not go with it", request.what);
    }
    const char *path;
    while ((path = args_get_at(args, "path", (int)request.path_count)) != NULL) {
        paths[request.path_count++] = (char *)(uintptr_t)path;
    }
    char *folder = realpath(request.folder == NULL ? "." : request.folder, NULL);
    if (folder == NULL) {
        return command_fail(args, "cannot open the folder %s", request.folder);
    }
    request.folder = folder;
    bool from_input = request.what != NULL && strcmp(request.what, "-") == 0;
    int code = EXIT_YES;
    if (from_input && isatty(STDIN_FILENO)) {
        code = command_fail(args, "the patch comes by the standard input, which is a terminal: git "
                                  "diff … | bylaw review -");
    } else if (from_input && !file_read_input(UNIFIED_MAX_BYTES, &input, &err)) {
        code = command_fail(args, "%s", err.text);
    } else {
        request.patch = buf_str(&input);
        code = look(args, &request);
    }
    buf_free(&input);
    free(folder);
    return code;
}

const struct command command_review = {
    .name = "review",
    .summary = "look at a change of anybody's with its evidence, and take it line by line",
    .usage = "[--staged | REV | REV..REV | FILE.patch | -] [--path PATH]…",
    .options =
        {
            {"staged", 's', NULL, "what is in the index and not committed"},
            {"path", 'p', "PATH", "only these files (git's pathspec; may be given again)"},
            {"dir", 'd', "DIR", "the repository (default: the current folder)"},
            {"patch", 'o', "FILE", "finishing writes what is accepted there, as a patch"},
            {"comments", 'c', "FILE", "finishing writes what was said there, as JSON for a forge"},
            {"forge", 'f', "NAME", "github (the default) or gitlab"},
            {"plain", '\0', NULL, "line by line on the standard streams, without a screen"},
            {"json", 'j', NULL, "print files, hunks and evidence as one JSON object, and end"},
            {"no-tests", 'n', NULL, "run no tests and no guards"},
        },
    .description =
        "Shows a change with the tests and guards of both of its sides beside it. Without "
        "an argument it is what differs between the index and the files, new ones included. A..B "
        "is all that differs from A to B, A...B what B brings since it left A. One revision is "
        "what that commit did to its first parent when HEAD has it, else what it brings since it "
        "left HEAD; the title says which. A patch (unified or git's format, mails of git "
        "format-patch too) is read against the index; a hunk that does not fit is named with the "
        "reason, the rest can be reviewed. A name that is both is the revision: ./NAME is the "
        "file.\n\n"
        "What is accepted goes into the index, as git add -p and git apply --cached do: the files "
        "on disk are not touched. Of what is staged, what is declined leaves the index. Or it is "
        "written as a patch, or as review comments: what is declined, edited (a suggestion) or "
        "said, at its line. Decisions are kept when the review is left, and are there again when "
        "the same is opened; when it has moved on meanwhile, those about lines that are still the "
        "same are.\n\n"
        "With --plain it takes a command a line (? lists them), also from a file.\n\n"
        "Exits 0 when there is nothing to object to (--json) or the review was finished; 1 when "
        "a test fails, ends with an error or is not evaluated, no test was found, a finding is "
        "new or part of the patch does not fit (--json), or the review was left for later; 2 when "
        "it could not be shown.",
    .run = run_review,
};
