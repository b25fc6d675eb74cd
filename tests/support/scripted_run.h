/* A session whose model and tools follow a script of the test's: what is looked at is the order of
 * things, the conversation, the journal and what a resume makes of it. */
#ifndef BYLAW_TEST_SCRIPTED_RUN_H
#define BYLAW_TEST_SCRIPTED_RUN_H

#include "test.h"

#include "agent/session.h"
#include "agent/toolbox.h"

/* What the model does, one a turn of the loop. When there is no more of it, it is silent. */
struct scripted_step {
    enum event_kind kind;
    const char *text;
    const char *call_id;
    const char *name;
    int status;
};

/* The provider. */
struct scripted_model {
    struct provider provider;
    struct loop *loop;
    const struct scripted_step *steps;
    size_t count, at;
    struct buf requests;  /* the conversations as sent */
    struct buf ids;       /* of the calls and results in them */
    struct buf decisions; /* "1o 2dreason " */
    struct stream *live;  /* NULL: nothing is asked */
};

/* The toolbox: its tools answer "NAME(ARGUMENTS)" a few turns later. */
struct scripted_tools {
    struct toolbox toolbox;
    struct loop *loop;
    struct buf log; /* "+NAME(ARGUMENTS) " begun, "-…" ended */
};

struct scripted_run {
    char *state;
    struct loop *loop;
    struct scripted_model provider;
    struct scripted_tools tools;
    struct session *session;
    struct turn_bounds bounds;
    long long window;
    const char *instructions;
    bool ended; /* the turn, since the last script */
};

/* For cmocka: state is a struct scripted_run with a session and its journal, of the workspace
 * "/ws". The model "m" costs ten dollars a million tokens; what others cost is not known. */
int scripted_run_set_up(void **state);
int scripted_run_tear_down(void **state);
/* To make or resume another session of it. */
struct session_setup scripted_run_setup(struct scripted_run *f);
/* What the model does from now on; borrowed. */
void scripted_run_script(struct scripted_run *f, const struct scripted_step *steps, size_t count);
/* The provider's operations as those of an agent that runs tools of its own and asks. */
extern const struct provider_ops scripted_run_asking_ops;

void scripted_run_prompt(struct scripted_run *f, const char *text);
void scripted_run_wait_end(struct scripted_run *f);
/* "one", answered "1", and "two", answered "2". */
void scripted_run_answer_two_prompts(struct scripted_run *f);

/* The transcript in one line: kind letter, status letter, text. The caller frees. */
char *scripted_run_shown(const struct session *session) MUST_USE;
void scripted_run_expect_shown(const struct session *session, const char *expected);
/* Killed and resumed it is the same; `f` has the resumed one then. */
void scripted_run_expect_same_after_resume(struct scripted_run *f);

#endif
