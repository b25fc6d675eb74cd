#include "agent/workbench_private.h"

#include "agent/approvals.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/opa.h"
#include "workspace/door.h"

#include <stdlib.h>
#include <unistd.h>

void workbench_tell(struct workbench *wb, enum workbench_change what)
{
    if (wb->options.changed != NULL) {
        wb->options.changed(wb->options.data, what);
    }
}

static void add_notice(struct workbench *wb, bool is_problem, const char *fmt, va_list args)
{
    struct buf text = BUF_INIT;
    buf_vprintf(&text, fmt, args);
    VEC_PUSH(&wb->notices, (struct notice){buf_take(&text), is_problem});
}

void workbench_note(struct workbench *wb, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_notice(wb, false, fmt, args);
    va_end(args);
}

void workbench_problem(struct workbench *wb, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_notice(wb, true, fmt, args);
    va_end(args);
}

/* ---- what the proposals and the session ask of us ---- */

static bool read_file(void *data, const char *path, struct patch_file *file, struct err *err)
{
    struct workbench *wb = data;
    struct file_stamp stamp;
    struct stat st;
    if (!beneath_stat(workspace_fd(wb->workspace), path, &st, err)) {
        file->found = PATCH_ABSENT;
        return err->kind == ERR_NOT_FOUND;
    }
    if (S_ISDIR(st.st_mode)) {
        file->found = PATCH_FOLDER;
        return true;
    }
    if (!workspace_read(wb->workspace, path, &file->bytes, &stamp, err)) {
        return false;
    }
    file->found = PATCH_FILE;
    file->mode = stamp.mode;
    return true;
}

static void record(void *data, const char *kind, cJSON *body, bool sync)
{
    struct workbench *wb = data;
    session_record(wb->session, kind, body, sync);
    if (strcmp(kind, "review") == 0) {
        workbench_tell(wb, WORKBENCH_PROPOSAL);
    }
}

void workbench_instructions(struct workbench *wb, struct instructions *out)
{
    instructions_read(wb->git_root, workspace_root(wb->workspace), out, NULL);
    skills_tell(workbench_skills(wb), true, &out->text);
}

static char *instructions(void *data, char **files)
{
    struct workbench *wb = data;
    struct instructions text;
    struct buf problem = BUF_INIT;
    instructions_read(wb->git_root, workspace_root(wb->workspace), &text, &problem);
    if (problem.len > 0) {
        struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
        buf_append_str(&entry.text, buf_str(&problem));
        session_add_entry(wb->session, entry);
    }
    /* What an agent knows or reads by itself is not told twice. */
    const struct provider *provider = wb->provider;
    bool reads = provider != NULL && provider->reads_instructions;
    bool tells = provider != NULL && provider->tells_itself;
    struct str told =
        str_slice(buf_str(&text.text), tells ? text.own : 0, reads ? text.own : text.text.len);
    struct buf all = BUF_INIT;
    buf_append_str(&all, told);
    skills_tell(workbench_skills(wb), !reads && !tells, &all);
    char *out = buf_take(&all);
    *files = str_dup(str_from(buf_str(&text.text), text.own));
    instructions_free(&text);
    buf_free(&problem);
    return out;
}

static void on_record(void *data, const char *kind, const cJSON *body)
{
    struct workbench *wb = data;
    if (!proposals_replay(wb->proposals, kind, body) && strcmp(kind, "closed") == 0) {
        wb->was_closed = true;
        return;
    }
    wb->was_closed = false;
}

/* The open proposal, if the transcript does not show it as it is now. */
static const struct proposal *unshown_proposal(const struct workbench *wb)
{
    const struct proposal *open = proposals_open(wb->proposals);
    bool shown =
        open != NULL && wb->shown_number == open->number && wb->shown_revision == open->revision;
    return shown ? NULL : open;
}

static void add_proposal_entry(struct workbench *wb)
{
    const struct proposal *open = unshown_proposal(wb);
    if (open == NULL) {
        return;
    }
    wb->shown_number = open->number;
    wb->shown_revision = open->revision;
    struct entry entry = {.kind = ENTRY_PROPOSAL,
        .status = ENTRY_DONE,
        .proposal = open->number,
        .files = (unsigned)open->changes.len};
    VEC_FOREACH (struct change, change, &open->changes) {
        unsigned added;
        unsigned removed;
        change_count_lines(change, &added, &removed);
        entry.added += added;
        entry.removed += removed;
        buf_append_c(&entry.text, change->path);
        if (added > 0) {
            buf_printf(&entry.text, " +%u", added);
        }
        if (removed > 0) {
            buf_printf(&entry.text, " −%u", removed);
        }
        buf_append_char(&entry.text, '\n');
    }
    session_add_entry(wb->session, entry);
}

static void on_turn_end(void *data)
{
    struct workbench *wb = data;
    if (wb->closing || wb->resuming) {
        return;
    }
    if (wb->choose_again) {
        workbench_choose_again(wb);
    }
    add_proposal_entry(wb);
    workbench_mend_arm(wb);
    workbench_lay_out(wb);
    workbench_tell(wb, WORKBENCH_PROPOSAL);
    workbench_mend_look(wb); /* its tests may have run before the turn's end */
}

void workbench_show_proposal(struct workbench *wb)
{
    if (unshown_proposal(wb) != NULL) {
        on_turn_end(wb);
    }
}

void workbench_on_session_change(void *data)
{
    workbench_tell(data, WORKBENCH_SESSION);
}

static const struct proposal *current_proposal(void *data)
{
    struct workbench *wb = data;
    return proposals_open(wb->proposals);
}

bool workbench_take_patch(void *data, struct str patch, struct buf *answer)
{
    struct workbench *wb = data;
    bool ok = proposals_patch(wb->proposals, patch, answer);
    if (ok) {
        workbench_changed(wb);
        workbench_tell(wb, WORKBENCH_PROPOSAL);
    }
    return ok;
}

bool workbench_propose(
    struct workbench *wb, const struct changes *changes, const char *origin, struct err *err)
{
    if (session_state(wb->session) != SESSION_IDLE) {
        return err_set(
            err, ERR_CONFLICT, "the agent is at work: wait for it, or Esc interrupts it");
    }
    if (!proposals_add(wb->proposals, changes, origin, err)) {
        return false;
    }
    workbench_changed(wb);
    on_turn_end(wb);
    return true;
}

/* ---- files on disk ---- */

static size_t count_conflicts(struct workbench *wb)
{
    struct review *review = proposals_review(wb->proposals);
    size_t count = 0;
    for (size_t i = 0; review != NULL && i < review_file_count(review); i++) {
        VEC_FOREACH (struct review_hunk, hunk, &review_file(review, i)->hunks) {
            count += hunk->conflict;
        }
    }
    return count;
}

void workbench_rebase(struct workbench *wb)
{
    if (wb->held) {
        return;
    }
    struct buf problem = BUF_INIT;
    size_t conflicts = count_conflicts(wb);
    size_t count = proposals_rebase(wb->proposals, &problem);
    if (count > 0) {
        size_t now = count_conflicts(wb);
        struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
        buf_printf(&entry.text,
            "%zu file%s of the proposal changed in the workspace: your edits are merged in", count,
            count == 1 ? "" : "s");
        if (now > conflicts) {
            buf_printf(&entry.text, "; %zu hunk%s conflict%s and %s open again", now - conflicts,
                now - conflicts == 1 ? "" : "s", now - conflicts == 1 ? "s" : "",
                now - conflicts == 1 ? "is" : "are");
        }
        if (problem.len > 0) {
            buf_printf(&entry.text, "; %s", problem.ptr);
        }
        workbench_note(wb, "%s", entry.text.ptr);
        session_add_entry(wb->session, entry);
        workbench_tell(wb, WORKBENCH_PROPOSAL);
    }
    buf_free(&problem);
}

static void on_catalog(void *data)
{
    workbench_tell(data, WORKBENCH_CATALOG);
}

static void on_files(void *data, const struct workspace_event *event)
{
    struct workbench *wb = data;
    if (event->failed != NULL) {
        workbench_problem(
            wb, "The files of the workspace cannot be listed: %s", event->failed->text);
    }
    if (wb->indexer != NULL) {
        indexer_take_event(wb->indexer, event);
    }
    workbench_trust_files(wb, event);
    if (!wb->listed) {
        wb->listed = true;
        workbench_give_provider(wb);
    }
    if (event->first || event->changed_count > 0) {
        if (!event->first) {
            workbench_rebase(wb);
        }
        workbench_changed(wb);
        wb->files_stamp++;
        checks_invalidate(wb->tried);
        if (session_state(wb->session) == SESSION_IDLE && !wb->held) {
            workbench_lay_out(wb);
        }
    }
    wb->files_event = event;
    workbench_tell(wb, WORKBENCH_FILES);
    wb->files_event = NULL;
}

/* In the first turn of the loop, so that whoever opened the workbench can show it before. */
static void start(void *data)
{
    struct workbench *wb = data;
    wb->indexer = indexer_new(wb->options.loop, wb->workspace, on_catalog, wb);
    workspace_start(wb->workspace, wb->options.loop, on_files, wb);
    if (!wb->options.without_model) {
        workbench_choose_provider(wb);
    }
}

/* ---- opening ---- */

static void sweep(void *data)
{
    (void)data;
    overlay_sweep();
}

static void swept(void *data, bool cancelled)
{
    (void)data;
    (void)cancelled;
}

static void recover(struct workbench *wb)
{
    struct err err;
    struct door_recovery found = {0};
    if (!door_recover(wb->workspace, &found, &err)) {
        workbench_problem(wb, "An interrupted write could not be mended: %s", err.text);
    } else if (found.outcome == DOOR_ROLLED_BACK) {
        workbench_note(wb, "A write of %zu files was interrupted; none of it is in the workspace.",
            found.files);
    } else if (found.outcome == DOOR_FINISHED) {
        workbench_note(
            wb, "A write of %zu files was interrupted and is finished now.", found.files);
    }
    if (found.note.len > 0) {
        workbench_note(wb, "%s", found.note.ptr);
    }
    buf_free(&found.note);
}

static struct session_setup session_setup(struct workbench *wb)
{
    return (struct session_setup){
        .loop = wb->options.loop,
        .toolbox = wb->toolbox,
        .hooks = wb->hooks,
        .model = config_string(wb->config, "model"),
        .effort = config_string(wb->config, "model_reasoning_effort"),
        .instructions = instructions,
        .before_turn = workbench_before_turn,
        .mentioned = workbench_mentioned,
        .bounds = workbench_bounds,
        .window = workbench_window,
        .price = workbench_price,
        .on_turn_end = on_turn_end,
        .on_record = on_record,
        .complete = workbench_complete_question,
        .keep = workbench_keep_approval,
        .output_schema = wb->options.output_schema,
        .data = wb,
    };
}

static void make_proposals(struct workbench *wb)
{
    struct proposals_setup setup = {.workspace = &wb->source, .record = record, .data = wb};
    wb->proposals = proposals_new(&setup);
}

static bool is_told(const struct session *session, unsigned proposal)
{
    VEC_FOREACH (const struct entry, entry, session_transcript(session)) {
        if (entry->kind == ENTRY_PROPOSAL && entry->proposal == proposal) {
            return true;
        }
    }
    return false;
}

bool workbench_resume(struct workbench *wb, const char *id, bool needed, struct err *err)
{
    struct session_setup setup = session_setup(wb);
    make_proposals(wb);
    wb->was_closed = false;
    wb->resuming = true; /* a turn that a kill cut short ends in there */
    wb->session = session_resume(&setup, workspace_root(wb->workspace), id, err);
    wb->resuming = false;
    if (wb->session == NULL) {
        proposals_free(wb->proposals);
        wb->proposals = NULL;
        return false;
    }
    if (!needed && wb->was_closed && proposals_open(wb->proposals) == NULL &&
        session_draft(wb->session)[0] == '\0' && session_queue_count(wb->session) == 0) {
        session_free(wb->session);
        proposals_free(wb->proposals);
        wb->session = NULL;
        wb->proposals = NULL;
        return false;
    }
    size_t dropped = proposals_settle(wb->proposals);
    const struct proposal *open = proposals_open(wb->proposals);
    if (open != NULL && is_told(wb->session, open->number)) {
        wb->shown_number = open->number;
        wb->shown_revision = open->revision;
    }
    add_proposal_entry(wb); /* where a kill came before the turn's end */
    workbench_note(wb, "Resumed session %s%s.", id, open != NULL ? ", with its open proposal" : "");
    if (dropped > 0) {
        workbench_problem(wb,
            "%zu recorded decisions no longer fit and were dropped: look at the review again.",
            dropped);
    }
    return true;
}

bool workbench_begin(struct workbench *wb, struct err *err)
{
    struct session_setup setup = session_setup(wb);
    setup.journal = journal_create(workspace_root(wb->workspace), err);
    if (setup.journal == NULL) {
        return false;
    }
    make_proposals(wb);
    wb->session = session_new(&setup);
    return true;
}

/* The newest session that no other program has open. */
static char *newest_session(struct workbench *wb)
{
    struct session_infos list = {0};
    struct err err;
    char *id = NULL;
    if (!journal_list(workspace_root(wb->workspace), &list, &err)) {
        workbench_problem(wb, "%s", err.text);
    } else if (list.len > 0 && !list.items[0].open) {
        id = mem_strdup(list.items[0].id);
    }
    session_infos_free(&list);
    return id;
}

static bool open_session(struct workbench *wb, struct err *err)
{
    if (wb->options.session != NULL) {
        return workbench_resume(wb, wb->options.session, true, err);
    }
    char *last = wb->options.fresh ? NULL : newest_session(wb);
    struct err ignored = {0};
    bool ok = last != NULL && workbench_resume(wb, last, wb->options.last, &ignored);
    if (!ok && ignored.text[0] != '\0') {
        workbench_problem(wb, "The last session could not be resumed: %s", ignored.text);
    }
    free(last);
    return ok || workbench_begin(wb, err);
}

static struct catalog *current_catalog(void *data)
{
    struct workbench *wb = data;
    return wb->indexer == NULL ? NULL : indexer_catalog(wb->indexer);
}

static bool catalog_is_whole(void *data)
{
    struct workbench *wb = data;
    struct indexer_progress progress = {.done = 0};
    if (wb->indexer != NULL) {
        progress = indexer_progress(wb->indexer);
    }
    return wb->listed && progress.done == progress.total;
}

static void make_tools(struct workbench *wb)
{
    struct tools_setup setup = {
        .loop = wb->options.loop,
        .workspace = wb->workspace,
        .data = wb,
        .proposal = current_proposal,
        .patch = workbench_take_patch,
        .lay_out = workbench_want_layout,
        .lay_out_cancel = workbench_unwant_layout,
        .catalog = current_catalog,
        .catalog_is_whole = catalog_is_whole,
        /* Somebody else's agent has commands, and an engineer to ask, of its own. */
        .skills = workbench_known_skills,
        .commands = wb->options.without_model ? NULL : &workbench_commands,
    };
    wb->toolbox = tools_new(&setup);
}

/* What the profile in force became, in one line. */
static void say_profile(struct workbench *wb)
{
    const char *name = config_profile(wb->config);
    if (name != NULL) {
        char *text = config_describe_profile(wb->config, name);
        workbench_note(
            wb, "Profile %s (%s): %s", name, config_profile_origin(wb->config, name), text);
        free(text);
    }
}

struct workbench *workbench_new(const struct workbench_options *options, struct err *err)
{
    struct workbench *wb = MEM_NEW(struct workbench);
    wb->options = *options;
    wb->source = (struct patch_source){read_file, wb};
    wb->workspace = workspace_open(options->folder, err);
    if (wb->workspace == NULL) {
        free(wb);
        return NULL;
    }
    wb->git_root = path_git_root(workspace_root(wb->workspace));
    wb->config = config_load(workspace_root(wb->workspace));
    opa_use_test_timeout((unsigned)config_integer(wb->config, "test_timeout"));
    if (options->provider != NULL) {
        config_set(wb->config, "model_provider", options->provider, "--provider");
    }
    if (options->sandbox != NULL) {
        config_set(wb->config, "sandbox_mode", options->sandbox, "--sandbox");
    }
    if (options->profile != NULL &&
        !config_set_profile(wb->config, options->profile, "--profile", err)) {
        workbench_free(wb);
        return NULL;
    }
    if (options->recording != NULL) {
        config_set(wb->config, "recording", options->recording, "--recording");
    }
    for (size_t i = 0; i < config_problem_count(wb->config); i++) {
        workbench_problem(wb, "%s", config_problem_at(wb->config, i));
    }
    say_profile(wb);
    workbench_use_bounds(wb);
    workbench_load_prices(wb);
    workbench_load_routing(wb);
    recover(wb);
    /* What a crash left may be thousands of files. */
    loop_work_start(options->loop, sweep, swept, NULL);
    wb->approvals = approvals_new(wb->config);
    workbench_check_commands(wb);
    make_tools(wb);
    workbench_make_hooks(wb);
    workbench_make_layout(wb);
    if (!open_session(wb, err)) {
        workbench_free(wb);
        return NULL;
    }
    session_on_change(wb->session, workbench_on_session_change, wb);
    workbench_look_at_trust(wb);
    workbench_rebase(wb);
    wb->starter = loop_timer_new(options->loop, start, wb);
    loop_timer_start(wb->starter, 0, 0);
    return wb;
}

void workbench_free(struct workbench *wb)
{
    if (wb == NULL) {
        return;
    }
    wb->options.changed = NULL;
    wb->closing = true;
    workbench_free_mending(wb);
    workbench_stop_shell(wb);
    loop_timer_free(wb->starter);
    workbench_stop_choosing(wb); /* the loop turns below */
    workspace_stop(wb->workspace);
    if (wb->session != NULL) {
        session_interrupt(wb->session);
        workbench_leave_session(wb->session, wb->proposals);
        session_free(wb->session);
    }
    tools_free(wb->toolbox);
    workbench_free_layout(wb);
    workbench_free_hooks(wb);
    proposals_free(wb->proposals);
    workbench_free_provider(wb);
    indexer_free(wb->indexer);
    workbench_free_commands(wb);
    config_free(wb->config);
    workspace_free(wb->workspace);
    VEC_FOREACH (struct notice, notice, &wb->notices) {
        free(notice->text);
    }
    VEC_FREE(&wb->notices);
    skills_free(&wb->skills);
    skills_free(&wb->prompts);
    free(wb->waiting);
    free(wb->git_root);
    free(wb);
}

struct workspace *workbench_workspace(struct workbench *wb)
{
    return wb->workspace;
}

struct indexer *workbench_indexer(struct workbench *wb)
{
    return wb->indexer;
}

const struct workspace_event *workbench_files_event(const struct workbench *wb)
{
    return wb->files_event;
}

struct toolbox *workbench_toolbox(struct workbench *wb)
{
    return wb->toolbox;
}

struct session *workbench_session(struct workbench *wb)
{
    return wb->session;
}

const struct config *workbench_config(struct workbench *wb)
{
    return wb->config;
}

struct proposals *workbench_proposals(struct workbench *wb)
{
    return wb->proposals;
}

const char *workbench_notice(const struct workbench *wb, size_t index)
{
    return index < wb->notices.len ? wb->notices.items[index].text : NULL;
}

bool workbench_notice_is_problem(const struct workbench *wb, size_t index)
{
    return wb->notices.items[index].is_problem;
}
