/* bylaw trust: what a repository brings for the agent, whole, and the answers to it. */
#include "command/untrusted.h"

#include "base/safe.h"
#include "command/command.h"

#include <stdlib.h>

static void print_shown(const struct vetted *item)
{
    struct str rest = str_of(item->shown);
    struct str line;
    struct buf out = BUF_INIT;
    while (str_next_line(&rest, &line)) {
        buf_append_c(&out, "    ");
        safe_append(&out, line, SAFE_ONE_LINE);
        buf_append_char(&out, '\n');
    }
    fwrite(out.ptr, 1, out.len, stdout);
    buf_free(&out);
}

static void print_item(const struct vetted *item, bool whole)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s, in %s: %s", item->title, item->file, vetted_state(item));
    char *shown = safe_dup(buf_str(&line), SAFE_ONE_LINE, 4096);
    puts(shown);
    free(shown);
    buf_free(&line);
    if (whole) {
        print_shown(item);
    }
}

static void print_lines(const char *what, const struct buf *lines)
{
    struct str rest = buf_str(lines);
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *shown = safe_dup(line, SAFE_ONE_LINE, 4096);
        printf("%s: %s\n", what, shown);
        free(shown);
    }
}

static int list(const struct vetting *vetting, bool all)
{
    for (size_t i = 0; i < vetting->len; i++) {
        const struct vetted *item = &vetting->items[i];
        print_item(item, all || item->answer == TRUST_UNKNOWN);
    }
    print_lines("yours", &vetting->own);
    print_lines("not used", &vetting->problems);
    char *line = vetting_line(vetting);
    if (vetting->len == 0) {
        puts("The repository brings nothing for an agent that asks for trust.");
    } else if (line != NULL) {
        printf("%s: bylaw trust --accept FILE, or --refuse FILE.\n", line);
    }
    int code = line == NULL ? EXIT_YES : EXIT_NO;
    free(line);
    return code;
}

static int answer(
    const struct args *args, struct vetting *vetting, const char *file, enum trust_answer answer)
{
    size_t found = 0;
    for (size_t i = 0; i < vetting->len; i++) {
        struct err err;
        struct vetted *item = &vetting->items[i];
        if (strcmp(item->file, file) != 0) {
            continue;
        }
        found++;
        if (!vetting_answer(vetting, i, answer, &err)) {
            return command_fail(args, "%s", err.text);
        }
        print_item(item, answer == TRUST_YES);
    }
    if (found == 0) {
        return command_fail(args,
            "nothing that asks for trust is in %s: `bylaw trust` lists what does, with its file",
            file);
    }
    return EXIT_YES;
}

static int run(const struct args *args)
{
    static const struct {
        const char *option;
        enum trust_answer answer;
    } answers[] = {{"accept", TRUST_YES}, {"refuse", TRUST_NO}, {"forget", TRUST_UNKNOWN}};
    if (args->count > 1) {
        return command_fail(args, "takes at most one folder");
    }
    char *here = realpath(args->count == 1 ? args->rest[0] : ".", NULL);
    if (here == NULL) {
        return command_fail(args, "no such folder: %s", args->rest[0]);
    }
    struct err err;
    struct vetting vetting;
    bool all = args_has(args, "all") || args_has(args, "accept") || args_has(args, "refuse") ||
               args_has(args, "forget");
    struct config *config = all ? NULL : config_load(here);
    bool ok = untrusted_read(here, config, &vetting, &err);
    config_free(config);
    if (!ok) {
        vetting_free(&vetting);
        free(here);
        return command_fail(args, "%s", err.text);
    }
    int code = -1;
    for (size_t i = 0; i < ARRAY_LEN(answers) && (code == -1 || code == EXIT_YES); i++) {
        const char *file = args_get(args, answers[i].option);
        if (file != NULL) {
            code = answer(args, &vetting, file, answers[i].answer);
        }
    }
    if (code == -1) {
        code = list(&vetting, args_has(args, "all"));
    }
    vetting_free(&vetting);
    free(here);
    return code;
}

const struct command command_trust = {
    .name = "trust",
    .summary = "list what a repository brings for the agent, and trust it or not",
    .usage = "[--all] [--accept FILE] [--refuse FILE] [--forget FILE] [FOLDER]",
    .options =
        {
            {"accept", '\0', "FILE",
                "trust what is in this file (or folder of settings) as it is now"},
            {"refuse", '\0', "FILE", "do not, and do not ask again until they change"},
            {"forget", '\0', "FILE", "as if never asked"},
            {"all", 'a', NULL, "print the whole of what is trusted or refused too"},
        },
    .description =
        "Hooks and skills that come with a repository are used only once you have trusted exactly "
        "what they are now; one that changes is asked about again. The same goes for what agents "
        "of "
        "their own take for their settings (opencode.json, .claude, .env, in general what has a "
        "name that begins with a dot and is not known to be another tool's): their scratch copy is "
        "without it until then. They are listed where model_provider names such an agent, and by "
        "--all. "
        "Without an option each is "
        "listed, those that wait with their whole content, control characters made visible.\n\n"
        "The answers lie in $XDG_STATE_HOME/bylaw/trust.json, never in the repository, and are for "
        "the folder (the current one) alone.\n\n"
        "Exit code 0: nothing waits, or the answer is kept; 1: something waits; 2: no such folder "
        "or file.",
    .run = run,
};
