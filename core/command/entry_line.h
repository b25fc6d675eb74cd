/* Entries of a transcript as lines, for the commands that run an agent without a screen. */
#ifndef BYLAW_COMMAND_ENTRY_LINE_H
#define BYLAW_COMMAND_ENTRY_LINE_H

#include "agent/session.h"
#include "base/json.h"

#include <stdio.h>

/* "you", "agent", the name of a tool. Borrowed; untrusted. */
const char *entry_name(const struct entry *entry);
/* "agent: TEXT", made visible; of a tool what it did, not its output. */
void entry_print(const struct entry *entry, FILE *out);
/* {"type":"entry", …}, whole. */
cJSON *entry_to_json(const struct entry *entry) MUST_USE;
/* One object on a line of the standard output, at once; takes it. */
void json_print_line(cJSON *object);

#endif
