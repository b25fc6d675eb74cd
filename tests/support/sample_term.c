#include "sample_term.h"

#include "base/path.h"

#include <stdlib.h>

struct sample_term *sample_term_new(void)
{
    struct sample_term *sample = MEM_NEW(struct sample_term);
    struct err err;
    sample->dir = test_dir_make();
    sample->config_home = test_dir_make();
    sample->state_home = test_dir_make();
    sample->config = path_join(sample->config_home, "bylaw");
    assert_true(path_make_dirs(sample->config, &err));
    sample_term_configure(sample, "");
    char *files = test_source_path("tests/workspaces/sample/.");
    const char *copy[] = {"cp", "-R", files, sample->dir, NULL};
    free(test_run(NULL, copy));
    free(files);
    return sample;
}

void sample_term_configure(struct sample_term *sample, const char *config)
{
    char *whole = mem_printf("%s" TERM_NO_SERVERS, config);
    test_write(sample->config, "config.toml", whole);
    free(whole);
}

void sample_term_free(struct sample_term *sample)
{
    term_free(sample->term);
    test_dir_remove(sample->dir);
    test_dir_remove(sample->config_home);
    test_dir_remove(sample->state_home);
    free(sample->config);
    free(sample);
}

void sample_term_start(struct sample_term *sample, int rows, int cols, const char *more)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    char *config = mem_printf("XDG_CONFIG_HOME=%s", sample->config_home);
    char *state = mem_printf("XDG_STATE_HOME=%s", sample->state_home);
    const char *argv[] = {program, sample->dir, NULL};
    const char *env[] = {path, config, state, "BYLAW_PROVIDER=recording", more, NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    sample->term = term_start(&options);
    free(program);
    free(path);
    free(config);
    free(state);
    term_expect(sample->term, "RECORDING");
}

void sample_term_quit(struct sample_term *sample)
{
    term_key(sample->term, "ctrl-q");
    assert_int_equal(term_wait_exit(sample->term), 0);
    term_free(sample->term);
    sample->term = NULL;
}

int sample_term_set_up(void **state)
{
    *state = sample_term_new();
    return 0;
}

int sample_term_tear_down(void **state)
{
    sample_term_free(*state);
    return 0;
}
