/* The program on a copy of the sample workspace, with folders of its own for state and
 * configuration, as often as one likes. */
#ifndef BYLAW_TEST_SAMPLE_TERM_H
#define BYLAW_TEST_SAMPLE_TERM_H

#include "term.h"

struct sample_term {
    char *dir;         /* the workspace; not a repository */
    char *config;      /* the folder "bylaw" in $XDG_CONFIG_HOME */
    char *config_home; /* the variables' folders */
    char *state_home;
    struct term *term; /* NULL: not running */
};

struct sample_term *sample_term_new(void) MUST_USE;
void sample_term_free(struct sample_term *sample);
/* The user's configuration, with no language server in it (see TERM_NO_SERVERS); without this there
 * is nothing else in it. */
void sample_term_configure(struct sample_term *sample, const char *config);
/* Starts it and waits for its header. `more`: one more "NAME=value", or NULL. */
void sample_term_start(struct sample_term *sample, int rows, int cols, const char *more);
/* With ^Q; fails when it asks or ends with an error. */
void sample_term_quit(struct sample_term *sample);

/* For cmocka: state is a struct sample_term. */
int sample_term_set_up(void **state);
int sample_term_tear_down(void **state);

#endif
