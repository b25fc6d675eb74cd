/* bylaw index --rego (index_rego.c). */
#ifndef BYLAW_COMMAND_INDEX_REGO_H
#define BYLAW_COMMAND_INDEX_REGO_H

struct args;

/* Prints each Rego file with its version and who says so; the exit code. */
int index_rego(const struct args *args, const char *folder);

#endif
