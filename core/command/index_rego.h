/* bylaw index --rego (index_rego.c) and --inspect (index_inspect.c). */
#ifndef BYLAW_COMMAND_INDEX_REGO_H
#define BYLAW_COMMAND_INDEX_REGO_H

struct args;

/* Prints each Rego file with its version and who says so; the exit code. */
int index_rego(const struct args *args, const char *folder);
/* Prints what opa inspect says of a Rego file or a folder; the exit code. */
int index_inspect(const struct args *args, const char *path);

#endif
