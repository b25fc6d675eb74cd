#include "recorded_run.h"

#include "base/vec.h"

#include <stdlib.h>

int recorded_run_set_up(void **state)
{
    struct err err;
    struct recorded_run *run = MEM_NEW(struct recorded_run);
    run->home = test_dir_make();
    run->dir = test_dir_make();
    setenv("XDG_STATE_HOME", run->home, 1);
    setenv("XDG_CONFIG_HOME", run->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    script_head(&run->recording);
    run->loop = loop_new(&err);
    *state = run;
    return 0;
}

int recorded_run_tear_down(void **state)
{
    struct recorded_run *run = *state;
    workbench_free(run->wb);
    loop_free(run->loop);
    buf_free(&run->recording);
    test_dir_remove(run->dir);
    test_dir_remove(run->home);
    free(run);
    return 0;
}

void recorded_run_open(struct recorded_run *run, const char *config)
{
    struct err err;
    test_write(run->home, "bylaw/config.toml", config);
    test_write(run->dir, ".bylaw/recordings/test.jsonl", run->recording.ptr);
    struct workbench_options options = {
        .loop = run->loop, .folder = run->dir, .provider = run->live ? NULL : "recording"};
    run->wb = workbench_new(&options, &err);
    assert_ok(run->wb != NULL, err);
}

void recorded_run_prompt(struct recorded_run *run, const char *prompt)
{
    struct err err;
    assert_ok(session_prompt(workbench_session(run->wb), str_of(prompt), &err), err);
}

bool recorded_run_is_over(const struct recorded_run *run)
{
    const struct session *session = workbench_session(run->wb);
    return session_transcript(session)->len > 0 && session_state(session) == SESSION_IDLE &&
           session_queue_count(session) == 0;
}

size_t recorded_run_count(const struct recorded_run *run, enum entry_kind kind, const char *text)
{
    size_t found = 0;
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(run->wb))) {
        found += e->kind == kind && e->text.len > 0 && strstr(e->text.ptr, text) != NULL;
    }
    return found;
}

void recorded_run_dump(const struct recorded_run *run)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(run->wb))) {
        print_message("%d/%d %s %s: %s\n", e->kind, e->status, e->name == NULL ? "" : e->name,
            e->detail == NULL ? "" : e->detail, e->text.len > 0 ? e->text.ptr : "");
    }
}
