/* bylaw doctor: what this machine and folder have, what is missing, and what to do about it. */
#include "acp/acp.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "codex/codex.h"
#include "codex/unknown.h"
#include "command/command.h"
#include "command/untrusted.h"
#include "config/codex_check.h"
#include "config/config.h"
#include "engine/calls.h"
#include "engine/engine.h"
#include "hooks/handlers.h"
#include "loop/process.h"
#include "lsp/servers.h"
#include "model/prices.h"
#include "model/routing.h"
#include "model/select.h"
#include "policy/data_roots.h"
#include "sandbox/sandbox.h"

#include <git2.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct doctor {
    struct loop *loop;
    bool bad;
};

enum mark { MARK_OK, MARK_BAD, MARK_NOTE, MARK_WRONG };

static void say(struct doctor *doctor, enum mark mark, const char *topic, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void say(struct doctor *doctor, enum mark mark, const char *topic, const char *fmt, ...)
{
    static const char *const marks[] = {"ok", "MISSING", "note", "WRONG"};
    doctor->bad = doctor->bad || mark == MARK_BAD || mark == MARK_WRONG;
    printf("%-8s %-10s ", marks[mark], topic);
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static void check_terminal(struct doctor *doctor)
{
    const char *term = getenv("TERM");
    setlocale(LC_CTYPE, "");
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    say(doctor, utf8 ? MARK_OK : MARK_BAD, "locale",
        utf8 ? "UTF-8" : "no UTF-8 locale: set LC_ALL=C.UTF-8, or start with --ascii");
    bool known = term != NULL && strcmp(term, "dumb") != 0;
    say(doctor, known ? MARK_OK : MARK_BAD, "terminal", "TERM=%s%s",
        term == NULL ? "(not set)" : term,
        known ? "" : ": the workbench needs a terminal that can move its cursor");
}

static void check_sandbox(struct doctor *doctor)
{
    struct err err;
    char *text;
    if (sandbox_probe(&text, &err)) {
        say(doctor, MARK_OK, "sandbox", "%s", text);
        free(text);
    } else {
        say(doctor, MARK_NOTE, "sandbox", "%s", err.text);
    }
}

/* An engine that is not needed is a note: nothing of it is green without it. */
static void check_engine(struct doctor *doctor, const struct engine *engine)
{
    struct err err;
    enum mark lacking = engine->needed ? MARK_BAD : MARK_NOTE;
    char *program = engine_find(engine, &err);
    if (program == NULL) {
        say(doctor, lacking, engine->name, "%s; for %s", err.text, engine->unlocks);
        return;
    }
    const char *argv[8] = {program};
    for (size_t i = 0; engine->version_args[i] != NULL && i + 2 < ARRAY_LEN(argv); i++) {
        argv[i + 1] = engine->version_args[i];
    }
    struct buf out = BUF_INIT;
    struct process_options options = {.argv = argv, .timeout_ms = 20000, .max_output = 1 << 20};
    char *version = NULL;
    if (!process_run(doctor->loop, &options, &out, NULL, NULL, &err)) {
        say(doctor, MARK_BAD, engine->name, "%s: %s", program, err.text);
    } else if (!engine->version(buf_str(&out), &version)) {
        say(doctor, MARK_BAD, engine->name, "%s does not say its version", program);
    } else if (!engine_version_at_least(version, engine->minimum)) {
        say(doctor, MARK_BAD, engine->name, "%s is version %s; %s or newer is needed for %s",
            program, version, engine->minimum, engine->unlocks);
    } else {
        say(doctor, MARK_OK, engine->name, "%s, version %s (at least %s): %s", program, version,
            engine->minimum, engine->unlocks);
    }
    free(version);
    buf_free(&out);
    free(program);
}

/* What opa is given beside the policies. */
static void check_data(struct doctor *doctor, const char *folder)
{
    struct data_roots roots = {0};
    data_roots_read(&roots, folder);
    VEC_FOREACH (const struct data_root, root, &roots) {
        char *shown = data_root_show(root);
        bool there = data_root_is_there(root, folder);
        say(doctor, there ? MARK_OK : MARK_WRONG, "opa data", "%s%s", shown,
            there ? ", loaded where a policy refers to it"
                  : ": not there; data of [engines.opa] in .bylaw/config.toml names files and "
                    "folders below the workspace");
        free(shown);
    }
    data_roots_free(&roots);
}

static void check_servers(struct doctor *doctor, const struct config *config)
{
    struct lsp_servers servers;
    lsp_servers_load(config, &servers);
    for (size_t i = 0; i < servers.problems.len; i++) {
        say(doctor, MARK_BAD, "lsp", "%s", servers.problems.items[i]);
    }
    if (servers.len == 0) {
        say(doctor, MARK_NOTE, "lsp", "language servers are switched off (lsp = false)");
    }
    for (size_t i = 0; i < servers.len; i++) {
        const struct lsp_server *server = &servers.items[i];
        struct err err;
        if (server->command.len == 0) {
            say(doctor, MARK_NOTE, "lsp", "%s is switched off", server->name);
            continue;
        }
        char *program = lsp_server_program(server, &err);
        if (program == NULL) {
            say(doctor, MARK_NOTE, "lsp", "%s; its findings and completions are not there",
                err.text);
        } else {
            say(doctor, MARK_OK, "lsp", "%s, started when a file of its language is opened",
                program);
        }
        free(program);
    }
    lsp_servers_free(&servers);
}

static void check_git(struct doctor *doctor, const char *folder)
{
    git_libgit2_init();
    git_repository *repo = NULL;
    if (git_repository_open_ext(&repo, folder, 0, NULL) == 0) {
        bool bare = git_repository_is_bare(repo) != 0;
        say(doctor, bare ? MARK_BAD : MARK_OK, "git", "%s%s",
            bare ? "a bare repository has no files to work on: " : "",
            bare ? git_repository_path(repo) : git_repository_workdir(repo));
        git_config *config = NULL;
        const char *name = NULL;
        if (git_repository_config_snapshot(&config, repo) == 0 &&
            git_config_get_string(&name, config, "user.email") != 0) {
            say(doctor, MARK_BAD, "git",
                "no author: git config --global user.name \"…\"; git config --global user.email "
                "\"…\"");
        }
        git_config_free(config);
    } else {
        const git_error *error = git_error_last();
        say(doctor, MARK_NOTE, "git",
            "%s is in no git repository that can be opened (%s): changes are written but not "
            "committed",
            folder, error == NULL ? "no reason given" : error->message);
    }
    git_repository_free(repo);
    git_libgit2_shutdown();
}

static void check_folder(struct doctor *doctor, enum path_home home, const char *topic)
{
    struct err err;
    char *dir = path_home_dir(home, &err);
    if (dir == NULL || !path_make_dirs(dir, &err)) {
        say(doctor, MARK_BAD, topic, "%s", err.text);
    } else if (access(dir, W_OK) != 0) {
        say(doctor, MARK_BAD, topic, "%s cannot be written", dir);
    } else {
        say(doctor, MARK_OK, topic, "%s", dir);
    }
    free(dir);
}

struct chosen {
    struct selection selection;
    bool done;
};

static void on_chosen(void *data, struct selection *selection)
{
    struct chosen *chosen = data;
    chosen->selection = *selection;
    chosen->done = true;
}

static void check_model(struct doctor *doctor, const struct config *config, const char *folder)
{
    struct chosen chosen = {0};
    struct http *http = http_new(doctor->loop);
    static const struct codex_host host = {0}; /* nothing is asked of them here */
    static const struct acp_host acp_host = {0};
    struct select_setup setup = {.loop = doctor->loop,
        .http = http,
        .config = config,
        .workspace = folder,
        .codex = &host,
        .acp = &acp_host};
    struct select *select = select_start(&setup, on_chosen, &chosen);
    if (!loop_run_until(doctor->loop, &chosen.done, 60000)) {
        select_cancel(select);
        say(doctor, MARK_BAD, "model", "choosing a model took over a minute");
    } else {
        struct selection *s = &chosen.selection;
        if (s->problem != NULL) {
            say(doctor, MARK_BAD, "model", "%s", s->problem);
        }
        say(doctor, s->answers == ANSWERS_NOBODY ? MARK_NOTE : MARK_OK, "model", "%s%s%s%s%s",
            s->label == NULL ? "" : s->label, s->model == NULL ? "" : ", ",
            s->model == NULL ? "" : s->model, s->why == NULL ? "" : ": ",
            s->why == NULL ? "" : s->why);
        provider_free(s->provider);
        selection_clear(s);
    }
    http_free(http);
}

/* "codex-cli 0.171.0" */
static void check_codex(struct doctor *doctor)
{
    char *program = path_find_program("codex");
    const char *argv[] = {program, "--version", NULL};
    struct process_options options = {.argv = argv, .timeout_ms = 20000};
    struct buf out = BUF_INIT;
    struct err err;
    if (program == NULL) {
        say(doctor, MARK_NOTE, "codex",
            "not on PATH: npm install -g @openai/codex; it can be the agent here");
    } else if (!process_run(doctor->loop, &options, &out, NULL, NULL, &err)) {
        say(doctor, MARK_NOTE, "codex", "%s: %s", program, err.text);
    } else {
        size_t blank = str_find_char(buf_str(&out), ' ', 0);
        char *said = safe_dup(str_trim(str_from(buf_str(&out), blank == SIZE_MAX ? 0 : blank + 1)),
            SAFE_ONE_LINE, 60);
        bool ok = engine_version_at_least(said, CODEX_LEAST_VERSION);
        if (ok) {
            say(doctor, MARK_OK, "codex", "%s, version %s (at least %s)", program, said,
                CODEX_LEAST_VERSION);
        } else {
            say(doctor, MARK_NOTE, "codex",
                "%s is version %s; %s or newer is needed to be the agent here: npm install -g "
                "@openai/codex",
                program, said, CODEX_LEAST_VERSION);
        }
        free(said);
    }
    buf_free(&out);
    free(program);
}

/* What it says itself of its configuration; NULL: nothing against it. */
static char *ask_codex(struct doctor *doctor, const char *program)
{
    const char *argv[] = {program, "features", "list", NULL};
    struct process_options options = {.argv = argv, .timeout_ms = 20000};
    struct buf out = BUF_INIT;
    struct buf words = BUF_INIT;
    struct process_result result = {0};
    struct err err;
    char *said = NULL;
    if (process_run(doctor->loop, &options, &out, &words, &result, &err) && result.exit_code != 0) {
        size_t cause = str_find(buf_str(&words), STR_LIT("Caused by:"), 0);
        struct str rest = str_from(buf_str(&words), cause == SIZE_MAX ? 0 : cause + 10);
        struct str line = {0};
        while (str_trim(line).len == 0 && str_next_line(&rest, &line)) {
        }
        said = safe_dup(str_trim(line), SAFE_ONE_LINE, 300);
    }
    buf_free(&out);
    buf_free(&words);
    return said;
}

/* False: there are none. */
static bool tell_unknown(struct doctor *doctor, const struct config *config,
    const struct codex_findings *findings, const char *program)
{
    bool any = false;
    for (size_t i = 0; i < config_source_count(config); i++) {
        struct config_source source = config_source_at(config, i);
        struct codex_unknowns unknowns = {0};
        if (source.whose == CONFIG_CODEX) {
            codex_unknown_find(doctor->loop, program, source.root, findings, &unknowns);
        }
        VEC_FOREACH (const struct codex_unknown, unknown, &unknowns) {
            char *name = safe_dup(str_of(unknown->name), SAFE_ONE_LINE, 200);
            say(doctor, MARK_NOTE, "codex", "%s:%u: Codex leaves out %s: it knows no such setting",
                source.path, unknown->at->row, name);
            free(name);
            any = true;
        }
        codex_unknowns_free(&unknowns);
    }
    return any;
}

/* An earlier Codex's configuration, and what today's does with it. */
static void check_codex_config(struct doctor *doctor, const struct config *config)
{
    struct codex_findings findings;
    bool is_fatal = false;
    codex_check(config, &findings);
    for (size_t i = 0; i < findings.len; i++) {
        is_fatal = is_fatal || findings.items[i].is_fatal;
        say(doctor, MARK_NOTE, "codex", "%s", findings.items[i].text);
    }
    bool has_files = config_source_count(config) > 0 &&
                     config_source_at(config, 0).whose == CONFIG_CODEX; /* the weakest come first */
    char *program = has_files ? path_find_program("codex") : NULL;
    bool unknown = program != NULL && tell_unknown(doctor, config, &findings, program);
    char *said = program == NULL ? NULL : ask_codex(doctor, program);
    if (said != NULL) {
        say(doctor, MARK_NOTE, "codex", "does not start: %s", said);
    } else if (program != NULL && (findings.len > 0 || unknown) && !is_fatal) {
        say(doctor, MARK_NOTE, "codex",
            "starts with this configuration, without what it leaves out");
    }
    free(said);
    free(program);
    codex_findings_free(&findings);
}

static void check_config(struct doctor *doctor, const struct config *config)
{
    for (size_t i = 0; i < config_problem_count(config); i++) {
        say(doctor, MARK_WRONG, "config", "%s", config_problem_at(config, i));
    }
    struct routing routing;
    struct buf tables = BUF_INIT;
    routing_load(config, &routing, &tables);
    routing_clear(&routing);
    prices_free(prices_of(config, &tables));
    struct str rest = buf_str(&tables);
    struct str line;
    while (str_next_line(&rest, &line)) {
        say(doctor, MARK_WRONG, "config", "%.*s", STR_FMT(line));
    }
    buf_free(&tables);
    for (size_t i = 0; i < config_note_count(config); i++) {
        say(doctor, MARK_OK, "config", "%s", config_note_at(config, i));
    }
}

/* Hooks, skills and prompt files: what of them is not used and why, what waits for trust. */
static void check_trust(struct doctor *doctor, const char *folder, const struct config *config)
{
    struct vetting vetting;
    struct err err;
    if (!untrusted_read(folder, config, &vetting, &err)) {
        say(doctor, MARK_WRONG, "trust", "%s", err.text);
    }
    struct str rest = buf_str(&vetting.problems);
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *shown = safe_dup(line, SAFE_ONE_LINE, 1000);
        say(doctor, MARK_NOTE, "hooks", "not used: %s", shown);
        free(shown);
    }
    rest = buf_str(&vetting.own);
    while (str_next_line(&rest, &line)) {
        char *shown = safe_dup(line, SAFE_ONE_LINE, 1000);
        say(doctor, MARK_OK, "hooks", "yours: %s", shown);
        free(shown);
    }
    char *waits = vetting_line(&vetting);
    if (waits != NULL) {
        say(doctor, MARK_NOTE, "trust", "%s: bylaw trust lists them", waits);
    }
    free(waits);
    vetting_free(&vetting);
}

/* A hook that calls what is gone checks nothing, and "| tail" behind it makes that a success. */
static void check_hook(struct doctor *doctor, const struct handler *handler)
{
    struct engine_calls calls = {0};
    engine_calls_find(str_of(handler->command), &calls);
    engine_calls_find(buf_str(&handler->shown), &calls); /* the scripts it runs */
    VEC_FOREACH (const struct engine_call, call, &calls) {
        if (engine_call_is_unknown(doctor->loop, call)) {
            say(doctor, MARK_NOTE, "hooks",
                "the hook %s in %s calls `%s %s`: the %s that is found has no such command",
                moment_name(handler->moment), handler->file, call->engine->program, call->word,
                call->engine->program);
        }
    }
    engine_calls_free(&calls);
}

static void check_hooks(struct doctor *doctor, const char *folder)
{
    struct handlers handlers;
    char *git_root = path_git_root(folder);
    handlers_read(git_root, folder, &handlers, NULL);
    VEC_FOREACH (const struct handler, handler, &handlers) {
        check_hook(doctor, handler);
    }
    handlers_free(&handlers);
    free(git_root);
}

static int run(const struct args *args)
{
    struct err err;
    struct doctor doctor = {0};
    if (args->count > 1) {
        return command_fail(args, "takes at most one folder");
    }
    char *folder = realpath(args->count == 1 ? args->rest[0] : ".", NULL);
    if (folder == NULL) {
        return command_fail(args, "no such folder: %s", args->count == 1 ? args->rest[0] : ".");
    }
    doctor.loop = loop_new(&err);
    if (doctor.loop == NULL) {
        free(folder);
        return command_fail(args, "%s", err.text);
    }
    say(&doctor, MARK_OK, "bylaw", "version %s, libgit2 %s", BYLAW_VERSION, LIBGIT2_VERSION);
    check_terminal(&doctor);
    check_sandbox(&doctor);
    check_folder(&doctor, PATH_CONFIG, "config");
    check_folder(&doctor, PATH_STATE, "state");
    check_folder(&doctor, PATH_CACHE, "cache");
    struct config *config = config_load(folder);
    check_config(&doctor, config);
    check_git(&doctor, folder);
    check_trust(&doctor, folder, config);
    check_hooks(&doctor, folder);
    for (size_t i = 0; engines[i] != NULL; i++) {
        check_engine(&doctor, engines[i]);
    }
    check_data(&doctor, folder);
    check_servers(&doctor, config);
    check_codex(&doctor);
    check_codex_config(&doctor, config);
    check_model(&doctor, config, folder);
    config_free(config);
    loop_free(doctor.loop);
    free(folder);
    return doctor.bad ? EXIT_NO : EXIT_YES;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "say what is there, what is missing, and what to do about it",
    .usage = "[FOLDER]",
    .description = "Looks at the terminal, the folders bylaw writes to, the configuration, the git "
                   "repository, each "
                   "engine with its version, the language servers, what today's Codex CLI makes of "
                   "its configuration, and which model would answer. "
                   "One line each: ok, note, "
                   "MISSING or WRONG.\n\n"
                   "Exit code 0 when nothing is missing or wrong, 1 when something is.",
    .run = run,
};
