/* `bylaw apply --compare`: what the policies of one file decide beside those that replace them, on
 * the same documents. And what both forms of the command print alike. */
#ifndef BYLAW_COMMAND_APPLY_COMPARE_H
#define BYLAW_COMMAND_APPLY_COMPARE_H

#include "apply/apply.h"
#include "base/json.h"
#include "command/command.h"

/* What is said while it runs (progress_line.h). */
#define APPLY_READING   "reading the folder"
#define APPLY_QUESTIONS "questions to the engines"

/* The exit code. */
int apply_compare(const struct args *args);

void apply_print_note(const struct finding *note, bool json);
/* Untrusted text, made visible, indented. NULL is fine. */
void apply_print_lines(const char *text);
/* "messages": a string for each. NULL: none. */
void apply_set_messages(cJSON *object, const struct apply_cell *what);

#endif
