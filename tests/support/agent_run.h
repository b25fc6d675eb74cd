/* A workbench without a screen whose agent is a real program, and the server of the test's that is
 * the agent's model. */
#ifndef BYLAW_AGENT_RUN_H
#define BYLAW_AGENT_RUN_H

#include "agent/workbench.h"
#include "fault_server.h"

struct agent_run {
    char *dir;  /* the workspace */
    char *home; /* everything of the user's */
    struct loop *loop;
    struct workbench *wb;
    struct fault_server *server;
};

/* What every workspace of them begins with, as p/p.rego. */
extern const char agent_policy[];

/* Folders, server, environment and loop; no workbench yet. */
struct agent_run *agent_run_new(void);
void agent_run_free(struct agent_run *run);
/* `session` may be NULL: a new one. */
void agent_run_open(struct agent_run *run, const char *provider, const char *session);

void agent_run_dump(struct agent_run *run);
#define WAIT_UNTIL(run, condition)                                                                 \
    do {                                                                                           \
        uint64_t end_ = loop_now_ms() + 240000;                                                    \
        while (!(condition)) {                                                                     \
            if (loop_now_ms() > end_) {                                                            \
                agent_run_dump(run);                                                               \
                fail_msg("never came: %s", #condition);                                            \
            }                                                                                      \
            loop_run_once((run)->loop, 100);                                                       \
        }                                                                                          \
    } while (0)

/* The first entry of the transcript with this in its text or detail. */
const struct entry *agent_find(struct agent_run *run, enum entry_kind kind, const char *text);
const struct entry *agent_must_find(struct agent_run *run, enum entry_kind kind, const char *text);
size_t agent_count(struct agent_run *run, enum entry_kind kind);
void agent_say(struct agent_run *run, const char *prompt);
/* Sends and waits for the end of the turn. */
void agent_ask(struct agent_run *run, const char *prompt);
bool agent_is_idle(struct agent_run *run);
/* A permission or an approval with this in its text waits. */
bool agent_asks(struct agent_run *run, const char *text);

/* The n-th request of the agent's to its model holds this. */
void agent_expect_request(struct agent_run *run, size_t at, const char *text);
/* One of them does, whichever. */
void agent_expect_a_request(struct agent_run *run, const char *text);
void agent_expect_no_request(struct agent_run *run, size_t at, const char *text);
/* The workspace's file is as said; NULL: there is none. */
void agent_expect_file(struct agent_run *run, const char *path, const char *text);
/* Writes what is accepted, as the end of a review does, and tells the agent with the next prompt.
 */
void agent_finish_review(struct agent_run *run);
/* Runs `bylaw COMMAND ARGUMENTS` in the workspace; its exit code. Its output and its messages are
 * the files `out` and `err` of the home. */
int agent_run_command(struct agent_run *run, const char *command, const char *arguments);
/* One of the two has this in it. */
void agent_expect_output(struct agent_run *run, const char *file, const char *text);
/* Ends processes that have this in their environment, with SIGKILL. */
void agent_kill(const char *mark);
/* There is one. */
bool agent_is_running(const char *mark);

#endif
