/* How commands that run tests print what comes of them: lines for people, or one JSON object a
 * line. What engines and files gave is made visible. */
#ifndef BYLAW_COMMAND_RUN_PRINT_H
#define BYLAW_COMMAND_RUN_PRINT_H

#include "base/json.h"
#include "engine/plan.h"

struct run_print {
    bool json, verbose;
    bool quiet;                  /* nothing is printed: a report takes the standard output */
    const struct run_plan *plan; /* set by run_print_plan */
    unsigned long long last_fix; /* what was said last of how to mend a finding */
};

/* Prints the object as a line and deletes it. */
void run_print_object(cJSON *object);
/* {"type": TYPE} */
cJSON *run_print_event(const char *type);
/* Many lines, each behind `indent`. */
void run_print_text(const char *indent, const char *text);

void run_print_plan(struct run_print *print, const struct run_plan *plan);
/* `test` as runner_events.result has it. */
void run_print_row(const struct run_print *print, size_t test, const struct result *row);
void run_print_finding(struct run_print *print, const struct finding *found);
void run_print_explanation(
    const struct run_print *print, size_t test, const char *message, const char *detail);

#endif
