#include "feature_table.h"

#include "command/command.h"
#include "config/config.h"
#include "desk.h"
#include "embedded.h"
#include "keymap.h"
#include "policy/guard.h"
#include "slash.h"

#include <stdlib.h>

/* Commands are those of the program (`bylaw test`) and, with their slash, those of the prompt.
 * Words apart by blanks; one that ends in * stands for all that begin so. Of two features that
 * have an id the one with the longer word has it. */
struct feature {
    const char *name, *what;
    const char *shown; /* actions whose keys the README shows, in this order */
    const char *actions, *settings, *commands, *guards;
};

static const struct feature features[] = {
    {"A new repository",
        "a framework by a few questions; conventions, skills, hooks, CI for GitHub and GitLab with "
        "pinned engines, a first policy with tests and fixtures; never over what is there",
        "init.begin", "init.*", "", "init", ""},
    {"Ask a model",
        "a chat that reads the repository, proposes patches and tests them in a scratch copy; "
        "several servers and protocols",
        "chat.history chat.older desk.interrupt chat.external-editor", "chat.*",
        "model model_reasoning_effort model_provider base_url wire_api api_key_env "
        "api_key_command allow_plain_http detect_local_servers",
        "", ""},
    {"Profiles and models",
        "a model, its effort and its limits under a name; ~/.codex/config.toml is read too; a "
        "model for each task, with its price and why; bounds on what a prompt costs",
        "profile.pick model.pick mode.pick", "",
        "profile max_turns mend_attempts max_tokens max_cost auto_routing", "/profile /model /mode",
        ""},
    {"Slash commands",
        "what one does while typing: completed after a `/` in the prompt, the same in plain mode; "
        "prompt "
        "files of your own and of the workspace",
        "", "", "", "/*", ""},
    {"Sessions",
        "kept step by step, found again by title and time, forked from any prompt; near the end of "
        "the model's window a summary takes the conversation's place for the model; searched, "
        "exported",
        "chat.edit-prompt chat.find", "", "context_window",
        "/new /resume /fork /compact /cost /export", ""},
    {"Notifications",
        "the bell and a word to the desktop when the agent is done or asks while the terminal is "
        "not in focus",
        "", "", "notifications notify_after", "", ""},
    {"One prompt for a script",
        "one prompt for a script or a pipeline, its answer checked against a JSON Schema; what is "
        "proposed waits for its review, or is written where all is green and you allow it",
        "", "", "apply_without_review", "exec", ""},
    {"Policies in bulk",
        "a proposal for each control of a matrix that has no policy, so many at a time, with "
        "bounds "
        "on cost; goes on after a kill; all wait for their review, one after another",
        "desk.next-review", "", "", "generate /reviews", ""},
    {"Recorded sessions", "the whole loop without a key or a network, labelled as such", "", "",
        "recording", "record", ""},
    {"Review",
        "a proposal as a diff, taken, declined with a reason, edited, split and commented on by "
        "hunk and by line, with its tests beside it",
        "desk.review review.accept review.decline review.toggle review.edit review.comment "
        "review.try review.finish",
        "review.*", "", "patch review", ""},
    {"Commit",
        "the message, what is written and what goes back to the model, before anything is written",
        "commit.confirm commit.send desk.undo-commit", "", "git_hooks", "", ""},
    {"Tests",
        "results of opa, Conftest and Gatekeeper as they come, why one failed, again by test, file "
        "or failure; of the workspace or of exactly what was accepted",
        "desk.test status.run-one status.run-failed status.expand tests.next-failure",
        "status.* tests.previous-failure desk.report", "test_on_save test_timeout", "test /report",
        ""},
    {"One verdict",
        "every engine, coverage, guards, strict mode and templates judged as one for a pull "
        "request; "
        "only what a change affects; in parts over several machines, joined again",
        "", "", "", "check report", ""},
    {"Stages",
        "how far each policy is rolled out, by engine, since when; a promotion as a proposal, "
        "where "
        "its evidence holds",
        "rollout.show rollout.promote", "", "", "rollout", ""},
    {"Coverage",
        "which lines no test reaches, in the gutter and by file, against a threshold; which tests "
        "reach a line, also while some fail",
        "status.coverage editor.next-mark editor.previous-mark", "reach.*", "coverage_threshold",
        "", ""},
    {"Against HEAD", "which lines are new, other or gone, in the gutter, and from one to the next",
        "editor.next-change editor.previous-change", "", "", "", ""},
    {"Evaluate and step",
        "a rule with an input of your choice, its value and errors, how long it takes (opa bench); "
        "its trace step by step with the values in the source",
        "evaluate.rule evaluate.with evaluate.step-test evaluate.bench status.step evaluate.next",
        "evaluate.*", "", "", ""},
    {"Apply",
        "every policy applied to every fixture by its engine, as a matrix: what is allowed, "
        "denied, warned of; the decisions that a proposal changes, and one policy beside the one "
        "that replaces it; charts, overlays and Terraform "
        "plans rendered by their tools",
        "desk.apply apply.open apply.compare apply.changed apply.denied apply.next", "apply.*", "",
        "apply render /apply", ""},
    {"Diagnostics and guards",
        "opa check, guards and a language server on the unsaved text, in the text and as a list",
        "status.problems tests.next-finding problems.quick-fix",
        "problems.* tests.*-finding "
        "tests.previous-finding",
        "diagnostics_inline lsp", "guards", "*"},
    {"Gatekeeper templates",
        "put together from their Rego files and taken apart again, with a finding where the two "
        "differ; constraints on resources, CEL beside Rego, what expands",
        "editor.assemble-template editor.split-template", "", "", "template",
        "template-* dead-rego"},
    {"Policy knowledge",
        "definition, references, callers, the tests of a rule, rename as a proposal, what is "
        "known of a name, completion: from an index of the workspace; what opa inspect says of a "
        "file",
        "editor.definition editor.references editor.test-of-rule editor.rename editor.hover "
        "editor.complete",
        "editor.callers editor.tests-of-rule editor.back editor.forward inspect.file", "completion",
        "index", ""},
    {"Controls",
        "which controls of a requirements matrix or of a benchmark have policies, and which have "
        "none: CSV, OSCAL and kube-bench are read; numbers that mean something else are told; from "
        "each to its rules, tests, fixtures and commit",
        "trace.show", "", "requirements requirements_map", "gap trace", ""},
    {"Formatting", "opa fmt or the language server, on demand or on save", "editor.format", "",
        "format_on_save", "", ""},
    {"Editing",
        "what nano, micro and VS Code users press; undo that outlives the program, pairs, "
        "indentation by the grammar",
        "editor.save editor.undo editor.find editor.replace editor.comment edit.states",
        "editor.* edit.*", "persistent_undo auto_indent auto_pairs clipboard", "", ""},
    {"vi keys",
        "modes, counts, operators, motions, text objects, registers, marks, macros, visual modes, "
        "ex commands",
        "editor.key-set", "", "key_set", "", ""},
    {"Several cursors",
        "above and below, at each occurrence, in each line of a selection; blocks of columns",
        "edit.cursor-below edit.next-occurrence edit.all-occurrences edit.split-selection "
        "edit.block-down",
        "edit.cursor-* edit.*-occurrence edit.skip-occurrence edit.drop-cursor edit.block-*", "",
        "", ""},
    {"Views of a file",
        "up to four beside each other; folds, soft wrap, line numbers, marks for blanks, the "
        "heads of what one has scrolled into",
        "editor.split-right editor.split-below editor.next-view editor.fold-toggle editor.wrap",
        "editor.fold-* editor.view-* editor.previous-view editor.close-view editor.only-view "
        "editor.line-numbers editor.whitespace editor.sticky-headers",
        "line_numbers whitespace wrap wrap_languages sticky_headers", "highlight parse", ""},
    {"Find anything",
        "files, open files, symbols, lines, tests, past prompts and commands in one box",
        "find.files find.symbols find.workspace-symbols find.open-files", "find.*", "", "", ""},
    {"Search and replace in all files",
        "as one types, unsaved edits too; replacements are reviewed like any proposal",
        "app.search search.replace search.propose app.search-next",
        "app.replace app.search-previous search.*", "", "", ""},
    {"Commands and help", "every command by name with its key, or why not now; the keys of a pane",
        "app.palette app.help", "app.tour", "", "help", ""},
    {"The screen",
        "three panes of any size, mouse, five themes and your own, 16 colours, none, ASCII only",
        "app.next-pane app.zoom app.quit", "app.* desk.*", "theme mouse ambiguous_width", "", ""},
    {"Hooks and skills, once trusted",
        "what a repository brings for the agent is shown whole, and used only after you trusted "
        "exactly that",
        "desk.trust desk.skills", "", "", "trust", ""},
    {"Confined commands",
        "what an agent runs has no network and does not write past the review, or does not run; it "
        "waits for your approval as your policy and your allow-list have it",
        "chat.approve chat.decline", "chat.approve-*",
        "approval_policy sandbox_mode sandbox_memory sandbox_disk", "sandbox", ""},
    {"Other agents",
        "the Codex CLI or any that speaks the Agent Client Protocol (opencode) as the agent; "
        "other MCP clients get the policy tools; what they propose waits for review",
        "", "", "", "mcp", ""},
    {"Line by line", "`bylaw --plain`: the same work line by line, for screen readers and pipes",
        "", "", "", "", ""},
    {"What is here", "the settings in force and where each came from; what this machine lacks", "",
        "", "", "config doctor version", ""},
};

/* How well a word stands for an id: its length, 0 for not at all. */
static size_t word_fits(struct str word, struct str id)
{
    size_t star = str_find_char(word, '*', 0);
    if (star == SIZE_MAX) {
        return str_equal(word, id) ? word.len + 1 : 0;
    }
    struct str head = str_slice(word, 0, star);
    struct str tail = str_from(word, star + 1);
    bool fits = id.len >= head.len + tail.len && memcmp(id.ptr, head.ptr, head.len) == 0 &&
                memcmp(id.ptr + id.len - tail.len, tail.ptr, tail.len) == 0;
    return fits ? word.len : 0;
}

static bool next_word(struct str *rest, struct str *word)
{
    *rest = str_trim(*rest);
    size_t end = str_find_char(*rest, ' ', 0);
    *word = str_slice(*rest, 0, end == SIZE_MAX ? rest->len : end);
    *rest = str_from(*rest, word->len);
    return word->len > 0;
}

static size_t words_fit(const char *words, struct str id)
{
    struct str rest = str_of(words);
    struct str word;
    size_t best = 0;
    while (next_word(&rest, &word)) {
        size_t fits = word_fits(word, id);
        best = fits > best ? fits : best;
    }
    return best;
}

enum kind { KIND_ACTION, KIND_SETTING, KIND_COMMAND, KIND_GUARD, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {"action", "setting", "command", "guard"};

static const char *words_of(const struct feature *feature, enum kind kind)
{
    const char *const words[KIND_COUNT] = {
        feature->actions, feature->settings, feature->commands, feature->guards};
    return words[kind];
}

static const struct feature *feature_of(enum kind kind, const char *id)
{
    const struct feature *found = NULL;
    size_t best = 0;
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        size_t fits = words_fit(words_of(&features[i], kind), str_of(id));
        size_t shown = kind == KIND_ACTION ? words_fit(features[i].shown, str_of(id)) : 0;
        fits = shown > fits ? shown : fits;
        if (fits > best) {
            best = fits;
            found = &features[i];
        }
    }
    return found;
}

/* Calls `each` with every action, setting, command and guard there is. */
static void each_id(const struct keymap *keymap,
    void (*each)(void *data, enum kind kind, const char *id), void *data)
{
    const struct action_set *const *sets;
    size_t count = keymap_sets(keymap, &sets);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sets[s]->count; i++) {
            each(data, KIND_ACTION, sets[s]->actions[i].id);
        }
    }
    for (size_t i = 0; settings[i].key != NULL; i++) {
        each(data, KIND_SETTING, settings[i].key);
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        each(data, KIND_COMMAND, commands[i]->name);
    }
    for (size_t i = 0; i < slash_command_count; i++) {
        char *id = mem_printf("/%s", slash_commands[i].name);
        each(data, KIND_COMMAND, id);
        free(id);
    }
    for (size_t i = 0; guards[i] != NULL; i++) {
        each(data, KIND_GUARD, guards[i]->id);
    }
}

/* ---- the check ---- */

struct looking {
    enum kind kind;
    struct str word;
    bool found;
};

static void look(void *data, enum kind kind, const char *id)
{
    struct looking *looking = data;
    looking->found =
        looking->found || (kind == looking->kind && word_fits(looking->word, str_of(id)));
}

static void check_words(const struct keymap *keymap, const struct feature *feature, enum kind kind,
    const char *words, struct buf *problems)
{
    struct str rest = str_of(words);
    struct looking looking = {.kind = kind};
    while (next_word(&rest, &looking.word)) {
        looking.found = false;
        each_id(keymap, look, &looking);
        if (!looking.found) {
            buf_printf(problems, "the feature \"%s\" names a %s \"%.*s\", which is not there\n",
                feature->name, kind_names[kind], STR_FMT(looking.word));
        }
    }
}

static void check_id(void *data, enum kind kind, const char *id)
{
    if (feature_of(kind, id) == NULL) {
        buf_printf(data, "the %s \"%s\" belongs to no feature\n", kind_names[kind], id);
    }
}

void feature_table_check(struct buf *problems)
{
    struct keymap *keymap = keymap_new(false);
    desk_add_keys(keymap);
    each_id(keymap, check_id, problems);
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        check_words(keymap, &features[i], KIND_ACTION, features[i].shown, problems);
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            check_words(keymap, &features[i], (enum kind)kind,
                words_of(&features[i], (enum kind)kind), problems);
        }
    }
    keymap_free(keymap);
}

/* ---- the tables ---- */

struct row {
    const struct feature *feature;
    size_t counts[KIND_COUNT];
    struct buf settings, commands;
};

static void add_id(void *data, enum kind kind, const char *id)
{
    struct row *row = data;
    if (feature_of(kind, id) != row->feature) {
        return;
    }
    row->counts[kind]++;
    struct buf *list = kind == KIND_SETTING ? &row->settings : &row->commands;
    if (kind == KIND_SETTING || kind == KIND_COMMAND) {
        bool is_program = kind == KIND_COMMAND && id[0] != '/';
        buf_printf(list, "%s`%s%s`", list->len > 0 ? ", " : "", is_program ? "bylaw " : "", id);
    }
}

/* "`a` accept, `x` decline and 30 more" */
static void append_shown(const struct keymap *keymap, const struct row *row, struct buf *out)
{
    struct str rest = str_of(row->feature->shown);
    struct str word;
    size_t shown = 0;
    while (next_word(&rest, &word)) {
        char *id = str_dup(word);
        const struct action *action = keymap_action(keymap, id);
        struct buf keys = BUF_INIT;
        keymap_append_keys(keymap, action, true, &keys);
        buf_printf(out, "%s%s%s%s%s", shown > 0 ? ", " : "", keys.len > 0 ? "`" : "",
            keys.len > 0 ? keys.ptr : "", keys.len > 0 ? "` " : "", action->label);
        buf_free(&keys);
        free(id);
        shown++;
    }
    if (row->counts[KIND_ACTION] > shown) {
        buf_printf(out, shown > 0 ? " and %zu more" : "%zu in the palette",
            row->counts[KIND_ACTION] - shown);
    }
}

static void print_feature(const struct keymap *keymap, const struct feature *feature, FILE *out)
{
    struct row row = {.feature = feature, .settings = BUF_INIT, .commands = BUF_INIT};
    struct buf keys = BUF_INIT;
    each_id(keymap, add_id, &row);
    append_shown(keymap, &row, &keys);
    bool both = row.settings.len > 0 && row.commands.len > 0;
    fprintf(out, "| **%s** | %s | ", feature->name, feature->what);
    for (size_t i = 0; i < keys.len; i++) { /* a bar would end the cell */
        fputs(keys.ptr[i] == '|' ? "\\|" : (char[]){keys.ptr[i], '\0'}, out);
    }
    fprintf(out, " | %s%s%s", row.settings.len > 0 ? row.settings.ptr : "", both ? "; " : "",
        row.commands.len > 0 ? row.commands.ptr : "");
    if (row.counts[KIND_GUARD] > 0) {
        fprintf(out, "; %zu guards", row.counts[KIND_GUARD]);
    }
    fputs(" |\n", out);
    buf_free(&keys);
    buf_free(&row.settings);
    buf_free(&row.commands);
}

void feature_table_print(FILE *out)
{
    struct keymap *keymap = keymap_new(false);
    desk_add_keys(keymap);
    fputs("| Feature | What it is | Keys | Settings, commands |\n| --- | --- | --- | --- |\n", out);
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        print_feature(keymap, &features[i], out);
    }
    keymap_free(keymap);
}

/* The comment a theme's file begins with says what it is for. */
static void print_purpose(const struct embedded *file, FILE *out)
{
    struct str rest = str_make(file->bytes, file->len);
    struct str line;
    bool first = true;
    while (str_next_line(&rest, &line) && str_starts(line, "# ")) {
        line = str_from(line, 2);
        fprintf(out, "%s%.*s", first ? "" : " ", STR_FMT(line));
        first = false;
    }
}

void feature_table_print_themes(FILE *out)
{
    fputs("| Theme | What it is |\n| --- | --- |\n", out);
    for (const struct embedded *file = builtin_themes; file->name != NULL; file++) {
        fprintf(out, "| `%.*s` | ", (int)(strlen(file->name) - strlen(".toml")), file->name);
        print_purpose(file, out);
        fputs(" |\n", out);
    }
}
