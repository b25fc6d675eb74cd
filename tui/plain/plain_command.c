/* The table of all commands, and what becomes of a line that was typed. */
#include "base/nearest.h"
#include "plain/plain_private.h"
#include "slash.h"

#include <ctype.h>
#include <stdlib.h>

#define M PLAIN_MAIN
#define R PLAIN_REVIEW
#define C PLAIN_COMMIT

const struct plain_command plain_commands[] = {
    {"help", "[COMMAND]", "Say what can be typed here, or what one command does", PLAIN_ANY,
        plain_help},
    {"status", "", "Say where things are: folder, branch, model, tests, coverage, proposal",
        PLAIN_ANY, plain_status},
    {"profile", "[NAME|none]",
        "Say the profiles there are, or work with one: model, effort, approval, sandbox, bounds",
        PLAIN_ANY, plain_profile},
    {"model", "[NAME [EFFORT]]", "Say the models by task, with price and reason, or choose one",
        PLAIN_ANY, plain_model},
    {"mode", "[NAME]",
        "Say the modes that an agent of its own has, or have it work in one: plan, ask, …",
        PLAIN_ANY, plain_mode},
    {"say", "[TEXT]",
        "Send TEXT to the model, whatever word it begins with; without TEXT the line that was "
        "refused",
        PLAIN_ANY, plain_say_prompt},
    {"prompts", "", "Say which prompts the recording knows", PLAIN_ANY, plain_prompts},
    {"stop", "", "Stop the answer that runs, else the tests that run", PLAIN_ANY, plain_stop},
    {"!", "[!]COMMAND",
        "Run a command of your own, confined and writing nowhere; the model hears of it with the "
        "next prompt; !! runs it over the proposal",
        PLAIN_ANY, plain_shell},
    {"allow", "[all|always [WORDS]|NUMBER]",
        "Let the agent do what it asks for, once; all: in this session; always: and from now on "
        "what begins with these words; a number: the answer that it stands for",
        PLAIN_ANY, plain_allow},
    {"refuse", "[REASON]", "Do not let the agent do what it asks for; it is told why", PLAIN_ANY,
        plain_refuse},
    {"retry", "", "Send the request that failed again", PLAIN_ANY, plain_retry},
    {"queue", "[FROM TO|send]",
        "Say which prompts wait for the answer to end, move one to another place, or, after a "
        "stop, go on with them",
        PLAIN_ANY, plain_queue},
    {"take-back", "[NUMBER]", "Take a waiting prompt back, the last or by its number in queue",
        PLAIN_ANY, plain_take_back},
    {"answer", "", "Say the model's last answer again", PLAIN_ANY, plain_answer},
    {"reasoning", "", "Say all of the model's last reasoning", PLAIN_ANY, plain_reasoning},
    {"wait", "[SECONDS]", "Take no further line before answers and tests have ended", PLAIN_ANY,
        plain_wait},
    {"review", "", "Review the open proposal, hunk by hunk", M, plain_review},
    {"show", "[CHANGES]", "Say the hunk again, or changes of it: show 3-5", R, plain_show},
    {"evidence", "", "Say what the tests told of the proposal or the selection, test by test", R,
        plain_evidence},
    {"next", "", "Go to the next hunk", R, plain_hunk_next},
    {"back", "", "Go to the hunk before", R, plain_hunk_back},
    {"file", "[NAME]", "Go to a file by its number, its name or a part of it; else the next", R,
        plain_file},
    {"list", "", "Say the files of the proposal and what is decided in each", R, plain_list},
    {"accept", "[CHANGES]", "Accept the hunk, or changes of it: accept 3-5", R, plain_accept},
    {"decline", "[CHANGES] [REASON]", "Decline the hunk or changes of it; the model is told why", R,
        plain_decline},
    {"reopen", "[CHANGES]", "Take the decision on the hunk or on changes of it back", R,
        plain_reopen},
    {"accept-rest", "", "Accept all that is open in this file", R, plain_accept_rest},
    {"decline-rest", "[REASON]", "Decline all that is open in this file", R, plain_decline_rest},
    {"edit", "", "Edit what the hunk puts in with $VISUAL or $EDITOR; it then counts as accepted",
        R, plain_hunk_edit},
    {"comment", "[CHANGE] TEXT", "Comment on a change of the hunk by its number, else on the file",
        R, plain_comment},
    {"question", "[CHANGE] TEXT", "Ask about a change of the hunk by its number, or the file", R,
        plain_question},
    {"uncomment", "NUMBER", "Delete a comment of this file", R, plain_uncomment},
    {"split", "[CHANGE]", "Split the hunk before this change, or at its first gap", R, plain_split},
    {"try", "", "Run the tests on what is accepted so far and this hunk", R, plain_try},
    {"undo", "", "Undo the last decision, edit, split or comment", R, plain_undo},
    {"redo", "", "Redo what was undone", R, plain_redo},
    {"finish", "", "Say what would be written and sent back, and go on to the commit", R,
        plain_finish},
    {"leave", "", "Leave the review; every decision is kept", R, plain_leave},
    {"commit", "yes", "Write what was accepted and commit it; nothing is written before", C,
        plain_commit},
    {"message", "[TEXT]", "Say the commit message, or make TEXT its first line", C, plain_message},
    {"edit", "", "Edit the commit message with $VISUAL or $EDITOR", C, plain_message_edit},
    {"feedback", "[now|later]",
        "Say what goes back to the model; send it at once, or with the next prompt", C,
        plain_feedback},
    {"back", "", "Go back; nothing is written, the decisions stay", C, plain_finish_back},
    {"new", "", "Begin a new session", M, plain_new},
    {"resume", "[ID]", "Go on with an earlier session; without ID say which there are", M,
        plain_sessions},
    {"reviews", "[next]",
        "Say which proposals wait for review in all sessions; next: put this one off and go on to "
        "the next",
        M, plain_reviews},
    {"fork", "[NUMBER]",
        "Go on in another session, from here or from before a prompt by its number in transcript",
        M, plain_fork},
    {"compact", "", "Have the model sum up the conversation and go on from that", M, plain_compact},
    {"cost", "", "Say what the last prompt and the session cost, and what the window holds",
        PLAIN_ANY, plain_cost},
    {"diff", "", "Say what differs from the last commit", PLAIN_ANY, plain_diff},
    {"export", "[FILE]", "Write this session as Markdown, to a file that is not there yet",
        PLAIN_ANY, plain_export},
    {"transcript", "[TEXT]", "Say what was said in this session, or the steps that contain TEXT",
        PLAIN_ANY, plain_transcript},
    {"undo-commit", "", "Undo the last commit made here with a commit that reverts it", M,
        plain_undo_commit},
    {"tests", "", "Run all tests: of the open proposal, else of the workspace", PLAIN_ANY,
        plain_tests},
    {"test", "NAME", "Run one test, by its name or the name of its package", PLAIN_ANY, plain_test},
    {"report", "FORMAT FILE [yes]",
        "Write the last results as junit, sarif, tap, json, github, markdown or policyreport; yes: "
        "also over a file that is there",
        PLAIN_ANY, plain_report},
    {"rerun", "failed|affected|WORDS",
        "Run again the tests that failed, what the open file can reach, or those with these words",
        PLAIN_ANY, plain_rerun},
    {"groups", "[WORDS]",
        "Say the groups of tests with their counts, and the tests whose name, file or engine has "
        "all these words (@fail, @flaky, @not-evaluated: of that status)",
        PLAIN_ANY, plain_groups},
    {"history", "TEST", "Say how a test's last runs ended and whether it is flaky", PLAIN_ANY,
        plain_history},
    {"reproduce", "TEST", "Say the command line that runs a test in a shell", PLAIN_ANY,
        plain_reproduce},
    {"failures", "", "Say which tests failed, each with a number", PLAIN_ANY, plain_failures},
    {"explain", "NUMBER", "Say why a test failed, by its number in failures", PLAIN_ANY,
        plain_explain},
    {"problems", "", "Say what does not compile and other findings, with their places", PLAIN_ANY,
        plain_problems},
    {"coverage", "[FILE]", "Say what the tests cover, file by file, or a file's uncovered lines",
        PLAIN_ANY, plain_coverage},
    {"files", "[TEXT]", "Say the files of the workspace, or those whose path contains TEXT", M | R,
        plain_files},
    {"symbols", "[TEXT]",
        "Say packages, rules, tests, policies whose name contains TEXT; without it those of the "
        "open file",
        M, plain_symbols},
    {"open", "FILE[:LINE]", "Say a window of a file's lines, with their numbers", M, plain_open},
    {"next", "", "Say the next lines of the open file", M, plain_next},
    {"previous", "", "Say the lines before", M, plain_previous},
    {"line", "NUMBER", "Say the lines of the open file from this one on", M, plain_go_line},
    {"find", "[TEXT]", "Say the lines of the open file that contain TEXT, or go to the next", M,
        plain_find},
    {"edit", "[FILE[:LINE]]",
        "Edit a file with $VISUAL or $EDITOR; what was changed is saved and checked", M,
        plain_edit},
    {"definition", "NAME", "Say where a name is defined, the one in the open file first", M,
        plain_definition},
    {"references", "NAME", "Say every place that names it", M, plain_references},
    {"eval", "RULE [INPUT]",
        "Evaluate a rule with an input: a file, a file and the number of a document "
        "(pods.yaml#2), JSON; without it the last one",
        M, plain_eval},
    {"apply", "[POLICY] [FIXTURE]",
        "Apply every policy to every fixture: say what is denied, or what the proposal changes; "
        "with words of names or paths all that is decided there",
        M, plain_apply},
    {"compare", "OLD [NEW]",
        "Set the policies of a file beside those that replace them (of the file NEW, or of the "
        "same name): say about which documents they decide differently",
        M, plain_compare},
    {"bench", "RULE [INPUT]",
        "Measure with opa bench how long a rule takes with an input, given as for eval", M,
        plain_bench},
    {"skills", "", "Say the skills there are, and which are trusted", M, plain_skills},
    {"skill", "[NAME] [TASK]", "Have the agent use a skill for a task; without a name all are said",
        M, plain_skill},
    {"init", "[FRAMEWORK,…]",
        "Begin a policy repository: opa, gatekeeper, kyverno, conftest or cedar, without a name by "
        "a "
        "few questions; its files are proposed",
        M, plain_init},
    {"trust", "[no] [NUMBER|all]",
        "Say the hooks and skills that come with this repository, and trust them or not", M,
        plain_trust},
    {"quit", "", "Leave; session, proposal and decisions are kept", PLAIN_ANY, plain_quit},
};

const size_t plain_command_count = ARRAY_LEN(plain_commands);

#undef M
#undef R
#undef C

struct str plain_word(struct str *rest)
{
    struct str text = str_trim(*rest);
    size_t end = 0;
    while (end < text.len && !isspace((unsigned char)text.ptr[end])) {
        end++;
    }
    *rest = str_trim(str_from(text, end));
    return str_slice(text, 0, end);
}

size_t plain_number(struct str word)
{
    size_t number = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (!isdigit((unsigned char)word.ptr[i]) || number > 100000000) {
            return 0;
        }
        number = number * 10 + (size_t)(word.ptr[i] - '0');
    }
    return number;
}

/* The row of this mode; NULL. */
static const struct plain_command *find(unsigned modes, struct str name)
{
    for (size_t i = 0; i < plain_command_count; i++) {
        const struct plain_command *command = &plain_commands[i];
        if ((command->modes & modes) != 0 && str_equal_c(name, command->name)) {
            return command;
        }
    }
    return NULL;
}

bool plain_has_command(const char *name)
{
    return find(PLAIN_ANY, str_of(name)) != NULL;
}

static const char *nearest(unsigned modes, struct str name)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < plain_command_count; i++) {
        const struct plain_command *command = &plain_commands[i];
        size_t far = nearest_distance(name, str_of(command->name));
        if (name.len >= 2 && str_starts(str_of(command->name), "") &&
            strncmp(command->name, name.ptr, name.len) == 0) {
            far = 1; /* its beginning */
        }
        if ((command->modes & modes) != 0 && far < least) {
            least = far;
            best = command->name;
        }
    }
    return least <= name.len / 2 ? best : NULL;
}

static const char *mode_words(enum plain_mode mode)
{
    return mode == PLAIN_REVIEW   ? " in the review"
           : mode == PLAIN_COMMIT ? " before the commit"
                                  : "";
}

/* ---- help ---- */

static void say_row(struct plain *plain, const struct plain_command *command)
{
    plain_say(plain, "%s%s%s: %s.", command->name, command->args[0] == '\0' ? "" : " ",
        command->args, command->help);
}

static bool help_on(struct plain *plain, struct str name, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < plain_command_count; i++) {
        if (str_equal_c(name, plain_commands[i].name)) {
            say_row(plain, &plain_commands[i]);
            any = true;
        }
    }
    if (any) {
        return true;
    }
    const char *near = nearest(PLAIN_ANY, name);
    return err_set(err, ERR_NOT_FOUND, "There is no command %.*s%s%s.", STR_FMT(name),
        near == NULL ? "; type help for all of them" : "; the nearest is ",
        near == NULL ? "" : near);
}

bool plain_help(struct plain *plain, struct str args, struct err *err)
{
    if (args.len > 0) {
        return help_on(plain, args, err);
    }
    if (plain->mode == PLAIN_MAIN) {
        plain_say(plain, "Any other line is sent to the model. One that begins with the word of a "
                         "command is sent with a blank before it, or with say. The slash commands "
                         "of the screen, as /test, can be typed too.");
    }
    for (size_t i = 0; i < plain_command_count; i++) {
        if ((plain_commands[i].modes & plain->mode) != 0) {
            say_row(plain, &plain_commands[i]);
        }
    }
    return true;
}

static void print_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        fputs(*text == '|' ? "\\|" : (char[]){*text, '\0'}, out);
    }
}

void plain_print_table(FILE *out)
{
    static const struct {
        unsigned mode;
        const char *name;
    } parts[] = {{PLAIN_ANY, "Everywhere"}, {PLAIN_MAIN, "At the prompt"},
        {PLAIN_REVIEW, "In the review"}, {PLAIN_COMMIT, "Before the commit"}};
    fputs("| Type | What it does |\n| --- | --- |\n", out);
    for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
        fprintf(out, "| **%s** | |\n", parts[p].name);
        for (size_t i = 0; i < plain_command_count; i++) {
            const struct plain_command *command = &plain_commands[i];
            bool here = parts[p].mode == PLAIN_ANY
                            ? command->modes == PLAIN_ANY
                            : command->modes != PLAIN_ANY && (command->modes & parts[p].mode) != 0;
            if (here) {
                fprintf(out, "| `%s%s", command->name, command->args[0] == '\0' ? "" : " ");
                print_cell(out, command->args);
                fputs("` | ", out);
                print_cell(out, command->help);
                fputs(" |\n", out);
            }
        }
    }
}

/* ---- a line ---- */

static size_t count_words(struct str line)
{
    size_t count = 0;
    while (plain_word(&line).len > 0) {
        count++;
    }
    return count;
}

/* A line of several words may be meant for the model. */
static void refuse(struct plain *plain, struct str line, struct err *err)
{
    struct str rest = str_of(err->text);
    struct str first = plain_word(&rest);
    bool is_word = true;
    for (size_t i = 0; i < first.len; i++) {
        is_word = is_word && islower((unsigned char)first.ptr[i]);
    }
    if (is_word) { /* not a path or a name */
        err->text[0] = (char)toupper((unsigned char)err->text[0]);
    }
    free(plain->refused);
    plain->refused = str_dup(line);
    bool stop = str_ends(str_of(err->text), ".");
    struct str args = line;
    struct str name = plain_word(&args);
    bool prompt = plain->mode == PLAIN_MAIN && !str_starts(line, "/") &&
                  (args.len > 0 || find(PLAIN_ANY, name) == NULL);
    plain_say(plain, "%s%s%s", err->text, stop ? "" : ".",
        prompt ? " Type say to send that line to the model." : "");
}

static bool run(
    struct plain *plain, const struct plain_command *command, struct str args, struct err *err)
{
    if (command->args[0] == '\0' && args.len > 0) {
        return err_set(err, ERR_INVALID, "Nothing was done: %s is typed alone.", command->name);
    }
    if (command->args[0] != '\0' && command->args[0] != '[' && args.len == 0) {
        return err_set(
            err, ERR_INVALID, "Nothing was done: type %s %s.", command->name, command->args);
    }
    return command->run(plain, args, err);
}

static bool unknown(struct plain *plain, struct str name, struct err *err)
{
    const struct plain_command *other = find(PLAIN_ANY, name);
    bool nothing = proposals_open(workbench_proposals(plain->wb)) == NULL;
    if (other != NULL && other->modes != PLAIN_MAIN && plain->mode == PLAIN_MAIN && nothing) {
        return err_set(err, ERR_NOT_FOUND,
            "The command %s is for a proposal, to review and commit it, and there is none: ask the "
            "model for a policy first.",
            other->name);
    }
    if (other != NULL) {
        return err_set(err, ERR_NOT_FOUND, "The command %s is for %s.", other->name,
            other->modes == PLAIN_REVIEW   ? "the review: type review first"
            : other->modes == PLAIN_COMMIT ? "the commit: type finish in the review first"
            : plain->mode == PLAIN_REVIEW  ? "outside of the review: type leave first"
                                           : "outside of the commit: type back first");
    }
    const char *near = nearest(plain->mode, name);
    return err_set(err, ERR_NOT_FOUND, "There is no command %.*s%s; %s%s.", STR_FMT(name),
        mode_words(plain->mode), near != NULL ? "the nearest is " : "type help for what there is",
        near != NULL ? near : "");
}

/* A word or two that are near to a command are no prompt, nor is a word alone. */
static bool looks_mistyped(const struct plain *plain, struct str name, struct str rest)
{
    return rest.len == 0 || (count_words(rest) == 1 && nearest(plain->mode, name) != NULL);
}

/* "/test": the command that does here what the slash command does on the screen. */
static bool run_slash(struct plain *plain, struct str name, struct str args, struct err *err)
{
    const struct slash_command *slash = slash_find(name);
    if (slash == NULL) {
        return slash_use_prompt(plain->wb, name, args, err);
    }
    struct str word = str_of(slash->plain == NULL ? slash->name : slash->plain);
    const struct plain_command *command = find(plain->mode, word);
    if (!slash_check_args(slash, args, err)) {
        return false;
    }
    return command == NULL ? unknown(plain, word, err) : run(plain, command, args, err);
}

void plain_dispatch(struct plain *plain, struct str line)
{
    struct err err;
    if (plain->answer != NULL) {
        void (*answer)(struct plain *, struct str) = plain->answer;
        plain->answer = NULL;
        answer(plain, str_trim(line));
        return;
    }
    struct str rest = line;
    struct str name;
    if (slash_parse(line, &name, &rest)) {
        if (!run_slash(plain, name, rest, &err)) {
            refuse(plain, line, &err);
        }
        return;
    }
    rest = line;
    if (str_starts(str_trim(line), "!")) {
        if (!plain_shell(plain, str_from(str_trim(line), 1), &err)) {
            refuse(plain, line, &err);
        }
        return;
    }
    name = plain_word(&rest);
    if (name.len == 0) {
        if (plain->mode == PLAIN_COMMIT) {
            plain_say(plain, "The message is kept; type commit yes to write and commit.");
        }
        return;
    }
    bool blank = line.ptr[0] == ' ' || line.ptr[0] == '\t';
    const struct plain_command *command = find(plain->mode, name);
    bool ok;
    if (command != NULL && !(blank && plain->mode == PLAIN_MAIN)) {
        ok = run(plain, command, rest, &err);
    } else if (plain->mode == PLAIN_MAIN && (blank || !looks_mistyped(plain, name, rest))) {
        ok = plain_prompt(plain, str_trim(line), &err);
    } else {
        ok = unknown(plain, name, &err);
    }
    if (!ok) {
        refuse(plain, line, &err);
    }
}
