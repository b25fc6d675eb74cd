/* bylaw patch: an apply_patch text or a unified diff, into a folder, all or nothing. */
#include "command/command.h"

#include "base/file.h"
#include "base/safe.h"
#include "base/vec.h"
#include "patch/apply_patch.h"
#include "patch/unified.h"
#include "workspace/door.h"

#include <stdlib.h>
#include <unistd.h>

enum { SOURCE_MAX_BYTES = 64 * 1024 * 1024, CONTEXT = 3 };

static int run(const struct args *args);

const struct command command_patch = {
    .name = "patch",
    .summary = "Apply or check a patch in apply_patch or unified diff format",
    .usage = "apply|check|show [--dir DIR] [FILE|-]",
    .options = {{"dir", 'C', "DIR", "the folder that the patch's paths start from"}},
    .description =
        "Reads a patch from FILE, or from standard input, and finds out by itself whether it is in "
        "the apply_patch format of the Codex CLI or a unified diff (plain or git's).\n"
        "\n"
        "apply writes the changes into DIR (default: here), all of them or none. check says "
        "whether "
        "they would apply. show prints what they would do as a git diff.\n"
        "\n"
        "Nothing outside DIR, in .git or behind a symbolic link is changed. A patch that does not "
        "apply is answered with the reason and the most similar lines of the file.\n"
        "\n"
        "Exit code 0: it applies (with apply: it is written). 1: it does not apply. 2: the patch "
        "or the folder could not be read, or a file could not be written.",
    .run = run,
};

enum verb { APPLY, CHECK, SHOW };

/* Text of a patch or a file, made visible when it goes to a terminal. */
static void print(FILE *out, struct str text)
{
    if (!isatty(fileno(out))) {
        fwrite(text.ptr, 1, text.len, out);
        return;
    }
    struct buf shown = BUF_INIT;
    safe_append(&shown, text, SAFE_KEEP_LINES);
    fwrite(shown.ptr, 1, shown.len, out);
    buf_free(&shown);
}

static bool read_patch(const char *name, struct buf *out, struct err *err)
{
    return name == NULL || strcmp(name, "-") == 0 ? file_read_input(UNIFIED_MAX_BYTES, out, err)
                                                  : file_read(name, UNIFIED_MAX_BYTES, out, err);
}

static void print_summary(const struct changes *changes, bool done)
{
    if (changes->len == 0) {
        puts("The patch changes nothing.");
        return;
    }
    puts(done ? "Written:" : "Would be written:");
    VEC_FOREACH (struct change, change, changes) {
        char letter = change->moved_from != NULL      ? 'R'
                      : change->kind == CHANGE_DELETE ? 'D'
                      : change->base_exists           ? 'M'
                                                      : 'A';
        if (change->moved_from != NULL) {
            printf("%c %s -> %s\n", letter, change->moved_from, change->path);
        } else {
            printf("%c %s\n", letter, change->path);
        }
    }
}

static int carry_out(const struct args *args, enum verb verb, const struct workspace *workspace,
    const struct changes *changes)
{
    if (verb == SHOW) {
        struct buf text = BUF_INIT;
        unified_write(changes, CONTEXT, &text);
        print(stdout, buf_str(&text));
        buf_free(&text);
        return EXIT_YES;
    }
    struct err err;
    if (verb == APPLY && changes->len > 0 && !door_write(workspace, changes, &err)) {
        return command_fail(args, "%s", err.text);
    }
    print_summary(changes, verb == APPLY);
    return EXIT_YES;
}

static int patch(
    const struct args *args, enum verb verb, struct str text, const struct workspace *workspace)
{
    struct patch_folder folder = {.fd = workspace_fd(workspace), .max_bytes = SOURCE_MAX_BYTES};
    struct patch_source source = {patch_folder_read, &folder};
    struct changes changes = {0};
    struct buf report = BUF_INIT;
    struct err err;
    bool ok = apply_patch_detect(text) ? apply_patch_apply(text, &source, &changes, &report, &err)
                                       : unified_apply(text, &source, &changes, &report, &err);
    int code = EXIT_NO;
    if (ok) {
        code = carry_out(args, verb, workspace, &changes);
    } else {
        print(stderr, buf_str(&report));
    }
    changes_free(&changes);
    buf_free(&report);
    return code;
}

static int run(const struct args *args)
{
    static const char *const verbs[] = {"apply", "check", "show"};
    size_t verb = 0;
    while (args->count > 0 && verb < ARRAY_LEN(verbs) && strcmp(args->rest[0], verbs[verb]) != 0) {
        verb++;
    }
    if (args->count < 1 || args->count > 2 || verb == ARRAY_LEN(verbs)) {
        return command_fail(args, "say apply, check or show, and at most one FILE (see --help)");
    }
    const char *dir = args_get(args, "dir");
    struct err err;
    struct workspace *workspace = workspace_open(dir == NULL ? "." : dir, &err);
    if (workspace == NULL) {
        return command_fail(args, "%s", err.text);
    }
    struct buf text = BUF_INIT;
    int code = read_patch(args->count > 1 ? args->rest[1] : NULL, &text, &err)
                   ? patch(args, (enum verb)verb, buf_str(&text), workspace)
                   : command_fail(args, "%s", err.text);
    buf_free(&text);
    workspace_free(workspace);
    return code;
}
