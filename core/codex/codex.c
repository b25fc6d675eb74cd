/* Requests and turns. */
#include "codex/codex.h"

#include "base/log.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "codex/codex_private.h"
#include "workspace/lent.h"

#include <stdlib.h>

enum { CALL_MS = 30000 };

void codex_fail(struct codex *codex, enum err_kind kind, const char *fmt, ...)
{
    va_list args;
    free(codex->input);
    codex->input = NULL;
    va_start(args, fmt);
    outside_fail_args(&codex->outside, kind, fmt, args);
    va_end(args);
}

static void clear_items(struct codex *codex)
{
    VEC_FOREACH (struct codex_item, item, &codex->items) {
        free(item->id);
        cJSON_Delete(item->item);
    }
    VEC_FREE(&codex->items);
}

static void forget(struct codex_asked *asked)
{
    cJSON_Delete(asked->id);
    free(asked->call_id);
    *asked = (struct codex_asked){0};
}

void codex_turn_over(struct codex *codex)
{
    free(codex->turn);
    codex->turn = NULL;
    codex->asking = codex->unwanted = codex->stopping = false;
    forget(&codex->asked);
    codex_forget_asks(codex);
    clear_items(codex);
}

/* ---- turns ---- */

void codex_turn_begun(struct codex *codex, const char *id)
{
    codex->asking = false;
    codex->heard = codex->said;
    free(codex->turn);
    codex->turn = mem_strdup(id);
    if (codex->unwanted) {
        codex->unwanted = false;
        codex_interrupt(codex);
    }
}

/* That it began is told by turn/started, which may come before this answer. */
static void on_turn(void *data, struct rpc_answer *answer)
{
    struct codex *codex = data;
    if (answer->status == RPC_ANSWERED || answer->status == RPC_GONE) { /* gone: on_end says it */
        return;
    }
    bool unwanted = codex->unwanted;
    codex->asking = codex->unwanted = false;
    if (unwanted) {
        codex_go_on(codex);
    } else {
        codex_fail(codex, ERR_EXTERNAL, "Codex began no turn: %s", answer->message);
    }
}

static void ignore(void *data, struct rpc_answer *answer)
{
    (void)data;
    (void)answer;
}

/* What is said to the model, as the params of turn/start and turn/steer. */
static cJSON *params_saying(const struct codex *codex, const char *said)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "threadId", codex->thread);
    cJSON *text = mem_require(cJSON_CreateObject());
    json_set_string(text, "type", "text");
    json_set_string(text, "text", said);
    cJSON_AddItemToArray(json_set_array(params, "input"), text);
    return params;
}

static void say_first(cJSON *params, const char *text)
{
    cJSON *said = mem_require(cJSON_CreateObject());
    json_set_string(said, "type", "text");
    json_set_string(said, "text", text);
    cJSON_InsertItemInArray(cJSON_GetObjectItemCaseSensitive(params, "input"), 0, said);
}

static void append_entry(cJSON *params, const char *name, struct str text)
{
    cJSON *entry = json_set_object(json_set_object(params, "additionalContext"), name);
    json_set_str(entry, "value", text);
    json_set_string(entry, "kind", "application");
}

/* A thread hears its instructions when it begins, and keeps them; what is different since then is
 * told with the turn. */
static void tell_instructions(struct codex *codex, cJSON *params)
{
    const char *own = codex->instructions == NULL ? "" : codex->instructions;
    const char *files = codex->files == NULL ? "" : codex->files;
    struct buf text = BUF_INIT;
    if (codex->told == NULL || strcmp(codex->told, own) != 0) {
        buf_append_c(&text, own);
    }
    if (codex->told_files != NULL && strcmp(codex->told_files, files) != 0) {
        buf_printf(&text,
            "\n\nAGENTS.md has changed. From now on this holds in the place of all it said "
            "before:\n\n%s",
            files[0] == '\0' ? "(nothing: there is none any more)" : files);
    }
    if (text.len > 0) {
        append_entry(params, "bylaw", buf_str(&text));
    }
    buf_free(&text);
    mem_replace(&codex->told, own);
    mem_replace(&codex->told_files, files);
}

static void on_told(void *data, struct rpc_answer *answer)
{
    if (answer->status != RPC_ANSWERED) { /* the turn ended first: the next one begins with it */
        codex_remember_kept(data);
    }
}

void codex_tell_again(struct codex *codex)
{
    codex_remember_kept(codex);
    cJSON *params = params_saying(codex, "[bylaw] The conversation was summed up: what holds "
                                         "beside it is said again.");
    json_set_string(params, "expectedTurnId", codex->turn == NULL ? "" : codex->turn);
    tell_instructions(codex, params);
    if (json_get(params, "additionalContext") == NULL) {
        cJSON_Delete(params);
        return;
    }
    rpc_call(codex->rpc, "turn/steer", params, CALL_MS, on_told, codex);
}

static void ask_compaction(struct codex *codex)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "threadId", codex->thread);
    rpc_call(codex->rpc, "thread/compact/start", params, CALL_MS, on_turn, codex);
}

static void ask_turn(struct codex *codex)
{
    cJSON *params = params_saying(codex, codex->input);
    tell_instructions(codex, params);
    if (codex->note.len > 0) {
        say_first(params, codex->note.ptr);
        buf_clear(&codex->note);
    }
    if (codex->history != NULL) {
        say_first(params, codex->history);
        mem_replace(&codex->history, NULL);
    }
    if (codex->model != NULL) {
        json_set_string(params, "model", codex->model);
    }
    if (codex->effort != NULL) {
        json_set_string(params, "effort", codex->effort);
    }
    if (codex->schema != NULL) {
        cJSON_AddItemToObject(
            params, "outputSchema", mem_require(json_parse(str_of(codex->schema), NULL)));
    }
    json_set_string(params, "approvalPolicy", codex_approval(codex));
    json_set_string(params, "approvalsReviewer", "user");
    rpc_call(codex->rpc, "turn/start", params, CALL_MS, on_turn, codex);
}

static void start_turn(struct codex *codex)
{
    codex->compacts ? ask_compaction(codex) : ask_turn(codex);
    mem_replace(&codex->input, NULL);
    codex->laid = codex->compacted = false;
    codex->asking = true;
    outside_listen(&codex->outside);
}

void codex_go_on(struct codex *codex)
{
    struct err err;
    if (codex->input == NULL || codex->laying_out || codex->looking || codex->collecting ||
        codex->mending || codex->asking || codex->turn != NULL) {
        return;
    }
    if (!codex->laid) {
        codex_lay_out(codex);
    } else if (codex->step == STEP_DOWN) {
        if (!codex_start_process(codex, &err)) {
            codex_fail(codex, err.kind, "%s", err.text);
        }
    } else if (codex->step == STEP_IDLE) {
        codex_ask_thread(codex);
    } else if (codex->step == STEP_READY) {
        start_turn(codex);
    }
}

static void on_later(void *data)
{
    struct codex *codex = data;
    if (codex->nothing) {
        codex->nothing = false;
        outside_done(&codex->outside, STOP_END);
    } else {
        codex_go_on(codex);
    }
}

/* ---- requests ---- */

void codex_steer(struct codex *codex, const char *text)
{
    cJSON *params = params_saying(codex, text);
    json_set_string(params, "expectedTurnId", codex->turn == NULL ? "" : codex->turn);
    rpc_call(codex->rpc, "turn/steer", params, CALL_MS, ignore, NULL);
}

void codex_answer(struct codex *codex, const cJSON *id, const char *decision)
{
    cJSON *result = mem_require(cJSON_CreateObject());
    json_set_string(result, "decision", decision);
    rpc_answer(codex->rpc, id, result);
}

/* And forgets what was asked. */
static void settle(struct codex *codex, struct codex_asked *asked, const char *decision)
{
    codex_answer(codex, asked->id, decision);
    forget(asked);
}

/* Steered first: the refusal itself carries no words. */
void codex_refuse_patch(struct codex *codex, struct str why)
{
    char *text = mem_printf(
        "[bylaw] The patch was not taken into the proposal, and no file was changed:\n%.*s",
        STR_FMT(why));
    codex_steer(codex, text);
    free(text);
    settle(codex, &codex->asked, "decline");
}

/* Its sandbox lets Codex write the files of an accepted patch, but make no folder for them. Their
 * paths were looked at before the patch became a proposal (codex_patch). */
static void make_folders(const struct codex *codex)
{
    const struct codex_item *item = codex_find_item(codex, codex->asked.call_id);
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(item == NULL ? NULL : item->item, "changes"))
    {
        const char *moved = json_string(json_get(change, "kind"), "move_path");
        char *folder = path_dir(moved != NULL ? moved : json_string_or(change, "path", "."));
        struct err err;
        if (!path_make_dirs(folder, &err)) {
            log_write("codex", "%s",
                err.text); /* then it cannot write the file, and says so: codex_mend */
        }
        free(folder);
    }
}

static bool answer_patch(struct codex *codex, const struct request *request)
{
    bool failed = false;
    if (codex->asked.id == NULL || codex->rpc == NULL) {
        return false;
    }
    struct str result = outside_result(request->items, codex->asked.call_id, &failed);
    if (result.ptr == NULL) {
        return false;
    }
    if (failed) {
        codex_refuse_patch(codex, result);
    } else {
        struct codex_item *item = codex_find_item(codex, codex->asked.call_id);
        make_folders(codex);
        if (item != NULL) {
            item->accepted = true;
        }
        settle(codex, &codex->asked, "accept");
    }
    outside_listen(&codex->outside);
    return true;
}

void codex_stop_turn(struct codex *codex, const char *thread, const char *turn)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "threadId", thread);
    json_set_string(params, "turnId", turn);
    rpc_call(codex->rpc, "turn/interrupt", params, CALL_MS, ignore, NULL);
}

void codex_end_commands(struct codex *codex)
{
    bool runs = false;
    VEC_FOREACH (const struct codex_item, item, &codex->items) {
        runs = runs || item->runs;
    }
    if (runs && codex->rpc != NULL) {
        cJSON *params = mem_require(cJSON_CreateObject());
        json_set_string(params, "threadId", codex->thread);
        rpc_call(codex->rpc, "thread/backgroundTerminals/clean", params, CALL_MS, ignore, NULL);
    }
}

void codex_interrupt(struct codex *codex)
{
    if (codex->asking) {
        codex->unwanted = true;
    }
    if (codex->rpc == NULL || codex->turn == NULL || codex->stopping) {
        return;
    }
    codex->stopping = true;
    if (codex->asked.id != NULL) {
        settle(codex, &codex->asked, "cancel");
        return;
    }
    if (codex_cancel_asks(codex)) {
        return;
    }
    codex_stop_turn(codex, codex->thread, codex->turn);
}

/* The session is another one, and so is the thread. */
static void leave_thread(struct codex *codex)
{
    mem_replace(&codex->thread, NULL);
    codex->heard = 0;
    if (codex->step == STEP_READY) {
        codex->step = STEP_IDLE;
        codex_turn_over(codex);              /* what it still says is of another thread */
    } else if (codex->step == STEP_THREAD) { /* its answer is about the other one */
        rpc_free(codex->rpc);
        codex->rpc = NULL;
        codex->step = STEP_DOWN;
        codex_turn_over(codex);
    }
}

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    struct codex *codex = (struct codex *)provider;
    struct stream *stream = outside_begin(&codex->outside, codex, on_event, data, err);
    if (stream == NULL) {
        return NULL;
    }
    if (answer_patch(codex, request)) {
        return stream;
    }
    bool answered = codex_take_late_result(codex, request);
    codex_interrupt(codex); /* a turn whose patch nobody answers any more */
    if (codex->session != NULL && request->cache_key != NULL &&
        strcmp(codex->session, request->cache_key) != 0) {
        leave_thread(codex);
        buf_clear(&codex->note);
    }
    mem_replace(&codex->session, request->cache_key);
    mem_replace(&codex->files, request->files);
    bool knows = codex->step == STEP_READY && codex->history == NULL;
    free(codex->history);
    codex->history = knows ? NULL : outside_history(request->items);
    mem_replace(&codex->model, request->model);
    mem_replace(&codex->effort, request->effort);
    mem_replace(&codex->schema, request->output_schema);
    mem_replace(&codex->instructions, request->instructions);
    free(codex->input);
    codex->compacts = request->compacts;
    codex->input =
        codex->compacts ? mem_strdup("") : outside_input_since(request->items, codex->heard);
    codex->said = codex->compacts ? codex->heard : request->items->len;
    codex->laid = false;
    codex->laid_late = codex->laying_out;
    codex->nothing = answered && !codex->compacts && codex->input[0] == '\0';
    if (codex->nothing) {
        mem_replace(&codex->input, NULL);
    }
    loop_timer_start(codex->later, 0, 0);
    return stream;
}

static void cancel(struct stream *stream)
{
    struct codex *codex = stream->agent;
    outside_leave(&codex->outside);
    free(codex->input);
    codex->input = NULL;
    codex->nothing = codex->ending.wanted = false;
    codex_interrupt(codex);
}

static void decide(
    struct stream *stream, const char *call_id, enum approval approval, struct str reason)
{
    codex_decide(stream->agent, call_id, approval, reason);
}

/* The thread itself is made with the first request. */
static void fork_session(struct provider *provider, const char *from, const char *to)
{
    struct codex *codex = (struct codex *)provider;
    struct err err;
    bool here = codex->session != NULL && strcmp(codex->session, from) == 0;
    char *thread =
        here && codex->thread != NULL ? mem_strdup(codex->thread) : outside_known("codex", from);
    char *mark = thread == NULL ? NULL : mem_printf(CODEX_FORK_OF "%s", thread);
    if (mark != NULL && !outside_remember("codex", to, mark, &err)) {
        log_write("codex", "%s", err.text); /* it is told what was said instead */
    }
    free(mark);
    free(thread);
}

static bool is_ending(const struct provider *provider)
{
    const struct codex *codex = (const struct codex *)provider;
    return codex->outside.stream == NULL && codex->collecting;
}

static void free_codex(struct provider *provider)
{
    struct codex *codex = (struct codex *)provider;
    if (codex->outside.stream != NULL) {
        cancel(codex->outside.stream);
    }
    rpc_free(codex->rpc);
    codex->rpc = NULL;
    codex_turn_over(codex);
    lent_free(codex->lent);
    loop_timer_free(codex->later);
    buf_free(&codex->note);
    free(codex->ending.failure);
    free(codex->late_call);
    outside_free(&codex->outside);
    VEC_FOREACH (char *, entry, &codex->env) {
        if (*entry != NULL) {
            explicit_bzero(*entry, strlen(*entry));
        }
        free(*entry);
    }
    VEC_FREE(&codex->env);
    free(codex->program);
    free(codex->root);
    free(codex->session);
    free(codex->files);
    free(codex->told);
    free(codex->told_files);
    free(codex->kept);
    free(codex->kept_files);
    free(codex->history);
    cJSON_Delete(codex->limits);
    free(codex->thread);
    free(codex->instructions);
    free(codex->model);
    free(codex->effort);
    free(codex->schema);
    free(codex->input);
    free(codex);
}

struct provider *codex_new(const struct codex_options *options, struct err *err)
{
    static const struct provider_ops ops = {.name = "codex",
        .start = start,
        .cancel = cancel,
        .free = free_codex,
        .decide = decide,
        .fork = fork_session,
        .is_ending = is_ending,
        .limits = codex_limits};
    char *program = path_find_program(options->program);
    if (program == NULL) {
        err_set(err, ERR_NOT_FOUND,
            "%s is not on PATH: npm install -g @openai/codex, then codex login", options->program);
        return NULL;
    }
    struct codex *codex = MEM_NEW(struct codex);
    codex->provider.ops = &ops;
    codex->provider.reads_instructions = true;
    codex->provider.counts_later = true;
    codex->provider.takes_compaction = true;
    codex->loop = options->loop;
    codex->later = loop_timer_new(options->loop, on_later, codex);
    codex->host = *options->host;
    codex->program = program;
    for (const char *const *entry = options->env; entry != NULL && *entry != NULL; entry++) {
        VEC_PUSH(&codex->env, mem_strdup(*entry));
    }
    VEC_PUSH(&codex->env, mem_strdup("NO_COLOR=1")); /* its last words are shown when it dies */
    VEC_PUSH(&codex->env, NULL);
    outside_init(&codex->outside, options->loop, "Codex");
    return &codex->provider;
}
