/* A workbench on an empty folder, answered by a recording that the test writes: files into `dir`,
 * answers into `recording` (recording_script.h), then recorded_run_open. */
#ifndef BYLAW_TEST_RECORDED_RUN_H
#define BYLAW_TEST_RECORDED_RUN_H

#include "recording_script.h"
#include "test.h"

#include "agent/workbench.h"

struct recorded_run {
    char *dir;  /* the workspace */
    char *home; /* $XDG_STATE_HOME and $XDG_CONFIG_HOME */
    struct loop *loop;
    struct workbench *wb; /* NULL before recorded_run_open */
    struct buf recording;
    bool live; /* the model is what config.toml names, not the recording */
};

/* For cmocka: state is a struct recorded_run. */
int recorded_run_set_up(void **state);
int recorded_run_tear_down(void **state);
/* With this config.toml. */
void recorded_run_open(struct recorded_run *run, const char *config);
void recorded_run_prompt(struct recorded_run *run, const char *prompt);
/* A turn has been, and nothing waits. */
bool recorded_run_is_over(const struct recorded_run *run);
/* Entries of this kind whose text holds `text`. */
size_t recorded_run_count(const struct recorded_run *run, enum entry_kind kind, const char *text);
void recorded_run_dump(const struct recorded_run *run);

/* Turns the loop until it is so. */
#define RUN_UNTIL(run, condition)                                                                  \
    do {                                                                                           \
        uint64_t end_ = loop_now_ms() + 240000;                                                    \
        while (!(condition)) {                                                                     \
            if (loop_now_ms() > end_) {                                                            \
                recorded_run_dump(run);                                                            \
                fail_msg("never came: %s", #condition);                                            \
            }                                                                                      \
            loop_run_once((run)->loop, 100);                                                       \
        }                                                                                          \
    } while (0)

#endif
