#include "engine/cedar_apply.h"

#include "base/safe.h"
#include "base/vec.h"
#include "engine/cedar.h"
#include "engine/cedar_parse.h"
#include "loop/process.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { SLOTS = 2, TIMEOUT_MS = 30000, OUTPUT_MAX = 4 << 20, SAID_MAX = 600 };

/* A set with the words that name it, which are all but the request's. */
struct named_set {
    struct plan_words policies;
    char *schema, *entities, *links;
    struct plan_words args;
    struct cedar_source source;
    struct err err;
    bool ok;
};

struct asking {
    struct cedar_apply *apply;
    size_t set, request;
    struct process *process;
    struct buf out, errout;
};

struct cedar_apply {
    struct loop *loop;
    char *program, *dir;
    bool offline;
    struct {
        struct named_set *items;
        size_t len, cap;
    } sets;
    struct plan_words requests;
    size_t next; /* cell to ask about: set * requests + request */
    struct {
        struct asking **items;
        size_t len, cap;
    } active;
    struct cedar_decisions decisions;
    bool cancelled, preparing;
    bool turning; /* somebody is being told, who may cancel */
    void (*decided)(void *data, const struct cedar_decision *decision);
    void (*done)(void *data, const struct cedar_decisions *decisions);
    void *data;
};

const char *cedar_verdict_name(enum cedar_verdict verdict)
{
    static const char *const names[] = {
        [CEDAR_ALLOW] = "allow", [CEDAR_DENY] = "deny", [CEDAR_ERROR] = "error"};
    return names[verdict];
}

void cedar_decisions_free(struct cedar_decisions *decisions)
{
    VEC_FOREACH (struct cedar_decision, decision, decisions) {
        VEC_FOREACH (char *, id, &decision->reason) {
            free(*id);
        }
        VEC_FREE(&decision->reason);
        free(decision->policy_file);
        free(decision->message);
        free(decision->detail);
    }
    VEC_FREE(decisions);
}

static void apply_free(struct cedar_apply *apply)
{
    VEC_FOREACH (struct named_set, set, &apply->sets) {
        plan_words_free(&set->policies);
        plan_words_free(&set->args);
        cedar_source_free(&set->source);
        free(set->schema);
        free(set->entities);
        free(set->links);
    }
    VEC_FREE(&apply->sets);
    plan_words_free(&apply->requests);
    VEC_FREE(&apply->active);
    cedar_decisions_free(&apply->decisions);
    free(apply->program);
    free(apply->dir);
    free(apply);
}

/* ---- one answer ---- */

static void explain_decision(
    const struct named_set *set, const struct cedar_answer *said, struct cedar_decision *decision)
{
    struct buf text = BUF_INIT;
    const char *path = NULL;
    bool forbid = !said->allow;
    if (said->reason.len > 0 && cedar_source_policy(&set->source, said->reason.items[0], &path,
                                    &decision->policy_at, &forbid)) {
        decision->policy_file = mem_strdup(path);
    }
    buf_append_c(&text, said->reason.len == 0 ? "no policy applies"
                        : forbid              ? "forbid "
                                              : "permit ");
    VEC_FOREACH (char *, id, &said->reason) {
        buf_printf(&text, "%s%s", id == said->reason.items ? "" : ", ", *id);
        VEC_PUSH(&decision->reason, mem_strdup(*id));
    }
    decision->message = safe_dup(buf_str(&text), SAFE_ONE_LINE, SAID_MAX);
    buf_clear(&text);
    VEC_FOREACH (char *, error, &said->errors) {
        buf_printf(&text, "%s%s", error == said->errors.items ? "" : "\n", *error);
    }
    decision->detail = text.len > 0 ? buf_take(&text) : NULL;
    buf_free(&text);
}

static char *why_not(struct str out, struct str errout, const char *failure)
{
    struct cedar_diagnostics diagnostics = {0};
    cedar_parse_diagnostics(out, &diagnostics);
    char *said = safe_dup(str_trim(errout.len > 0 ? errout : out), SAFE_ONE_LINE, SAID_MAX);
    char *why = failure != NULL       ? mem_strdup(failure)
                : diagnostics.len > 0 ? mem_strdup(diagnostics.items[0].message)
                : said[0] != '\0'     ? mem_strdup(said)
                                      : mem_strdup("cedar ended and did not say why");
    free(said);
    cedar_diagnostics_free(&diagnostics);
    return why;
}

/* `failure`: why there is no answer, or NULL. */
static void add_decision(struct asking *asking, const char *failure, int exit_code)
{
    struct cedar_apply *apply = asking->apply;
    struct cedar_answer said = {0};
    struct cedar_decision decision = {
        .set = asking->set, .request = asking->request, .verdict = CEDAR_ERROR};
    if (failure == NULL) {
        cedar_parse_answer(buf_str(&asking->out), &said);
    }
    if (cedar_answer_holds(&said, exit_code)) {
        decision.verdict = said.allow ? CEDAR_ALLOW : CEDAR_DENY;
        explain_decision(&apply->sets.items[asking->set], &said, &decision);
    } else {
        decision.message = why_not(buf_str(&asking->out), buf_str(&asking->errout), failure);
    }
    cedar_answer_free(&said);
    VEC_PUSH(&apply->decisions, decision);
    if (apply->decided != NULL) {
        apply->decided(apply->data, &apply->decisions.items[apply->decisions.len - 1]);
    }
}

static void asking_free(struct asking *asking)
{
    buf_free(&asking->out);
    buf_free(&asking->errout);
    free(asking);
}

/* ---- processes ---- */

static void go_on(struct cedar_apply *apply);

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct asking *asking = data;
    buf_append_str(stream == PROCESS_STDOUT ? &asking->out : &asking->errout, bytes);
}

static void on_exit_(void *data, const struct process_result *result)
{
    struct asking *asking = data;
    struct cedar_apply *apply = asking->apply;
    for (size_t i = 0; i < apply->active.len; i++) {
        if (apply->active.items[i] == asking) {
            VEC_REMOVE(&apply->active, i);
            break;
        }
    }
    const char *failure = result->timed_out     ? "cedar did not end in time and was stopped"
                          : result->truncated   ? "cedar printed more than we take"
                          : result->signal != 0 ? "cedar was ended by a signal"
                                                : NULL;
    apply->turning = true;
    if (!apply->cancelled) {
        add_decision(asking, failure, result->exit_code);
    }
    asking_free(asking);
    go_on(apply);
}

static bool start(struct asking *asking, struct err *err)
{
    struct cedar_apply *apply = asking->apply;
    struct named_set *set = &apply->sets.items[asking->set];
    static const char *const environment[] = {"NO_COLOR=1", NULL};
    const char *request = apply->requests.items[asking->request];
    char *path = request[0] == '/' ? mem_strdup(request) : mem_printf("./%s", request);
    struct {
        const char **items;
        size_t len, cap;
    } argv = {0};
    VEC_PUSH(&argv, apply->program);
    VEC_FOREACH (char *, arg, &set->args) {
        VEC_PUSH(&argv, *arg);
    }
    VEC_PUSH(&argv, "--request-json");
    VEC_PUSH(&argv, path);
    VEC_PUSH(&argv, NULL);
    struct confined_cage cage = {0};
    struct confined_words words = {0};
    bool ok = !apply->offline || confined_wrap(&cage, argv.items, &words, err);
    struct process_options options = {.argv = apply->offline ? words.items : argv.items,
        .cwd = apply->dir,
        .env = environment,
        .nice = 5, /* keys first */
        .timeout_ms = TIMEOUT_MS,
        .max_output = OUTPUT_MAX,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = asking};
    asking->process = ok ? process_start(apply->loop, &options, err) : NULL;
    confined_words_free(&words);
    VEC_FREE(&argv);
    free(path);
    return asking->process != NULL;
}

/* Asks as long as there is a free slot; ends it when all is answered. */
static void go_on(struct cedar_apply *apply)
{
    size_t cells = apply->sets.len * apply->requests.len;
    apply->turning = true;
    while (!apply->cancelled && apply->next < cells && apply->active.len < SLOTS) {
        struct asking *asking = MEM_NEW(struct asking);
        struct err err = {0};
        *asking = (struct asking){.apply = apply,
            .set = apply->next / apply->requests.len,
            .request = apply->next % apply->requests.len};
        apply->next++;
        const struct named_set *set = &apply->sets.items[asking->set];
        if (set->ok && start(asking, &err)) {
            VEC_PUSH(&apply->active, asking);
        } else {
            add_decision(asking, set->ok ? err.text : set->err.text, -1);
            asking_free(asking);
        }
    }
    if (apply->active.len == 0) {
        if (!apply->cancelled) {
            apply->done(apply->data, &apply->decisions);
        }
        apply_free(apply);
    } else {
        apply->turning = false;
    }
}

/* ---- beginning ---- */

static void prepare(void *data)
{
    struct cedar_apply *apply = data;
    VEC_FOREACH (struct named_set, set, &apply->sets) {
        const char *const *policies = (const char *const *)set->policies.items;
        VEC_PUSH(&set->args, mem_strdup("authorize"));
        VEC_PUSH(&set->args, mem_strdup("--error-format=json"));
        VEC_PUSH(&set->args, mem_strdup("--verbose"));
        /* What cannot be read has no places; cedar says why. */
        (void)!cedar_source_read(apply->dir, set->policies.items, set->policies.len, &set->source);
        set->ok = set->policies.len > 0 &&
                  cedar_push_policies(
                      apply->dir, policies, set->policies.len, set->links, &set->args, &set->err) &&
                  cedar_push_entities(set->entities, &set->args, &set->err);
        cedar_push_schema(set->schema, &set->args);
    }
}

static void prepared(void *data, bool cancelled)
{
    (void)cancelled;
    struct cedar_apply *apply = data;
    apply->preparing = false;
    go_on(apply);
}

struct cedar_apply *cedar_apply_start(struct loop *loop, const struct cedar_apply_options *options,
    void (*decided)(void *data, const struct cedar_decision *decision),
    void (*done)(void *data, const struct cedar_decisions *decisions), void *data)
{
    struct cedar_apply *apply = MEM_NEW(struct cedar_apply);
    *apply = (struct cedar_apply){.loop = loop,
        .program = mem_strdup(options->program),
        .dir = mem_strdup(options->dir),
        .offline = options->offline,
        .decided = decided,
        .done = done,
        .data = data,
        .preparing = true};
    for (size_t i = 0; i < options->set_count; i++) {
        const struct cedar_apply_set *from = &options->sets[i];
        struct named_set set = {.schema = mem_strdup(from->schema),
            .entities = mem_strdup(from->entities),
            .links = mem_strdup(from->links)};
        err_set(&set.err, ERR_INVALID, "a set without policies decides nothing");
        for (size_t k = 0; k < from->policy_count; k++) {
            VEC_PUSH(&set.policies, mem_strdup(from->policies[k]));
        }
        VEC_PUSH(&apply->sets, set);
    }
    for (size_t i = 0; i < options->request_count; i++) {
        VEC_PUSH(&apply->requests, mem_strdup(options->requests[i]));
    }
    loop_work_start(loop, prepare, prepared, apply);
    return apply;
}

void cedar_apply_cancel(struct cedar_apply *apply)
{
    if (apply == NULL) {
        return;
    }
    /* It ends with its worker, its last process, or the turn that tells of one. */
    apply->cancelled = true;
    VEC_FOREACH (struct asking *, asking, &apply->active) {
        process_cancel((*asking)->process);
    }
}
