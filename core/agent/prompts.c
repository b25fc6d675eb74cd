#include "agent/prompts.h"

#include <ctype.h>

void prompts_read(const char *root, struct skills *out, struct buf *problems)
{
    skills_read_commands(root, out, problems);
}

const struct skill *prompts_find(const struct skills *prompts, struct str name, struct err *err)
{
    const struct skill *found = skills_named(prompts, name);
    if (found == NULL) {
        err_set(err, ERR_NOT_FOUND, "There is no command /%.*s", STR_FMT(name));
    } else if (found->answer != TRUST_YES) {
        err_set(err, ERR_DENIED,
            "/%s comes with the repository and is not trusted: read it first (Alt-T, or trust)",
            found->name);
        found = NULL;
    }
    return found;
}

/* The word of that number, from 1; empty when there are not so many. */
static struct str word(struct str args, int number)
{
    struct str found = str_slice(args, 0, 0);
    for (int i = 0; i < number; i++) {
        args = str_trim(args);
        size_t end = 0;
        while (end < args.len && !isspace((unsigned char)args.ptr[end])) {
            end++;
        }
        found = str_slice(args, 0, end);
        args = str_from(args, end);
    }
    return found;
}

void prompt_expand(const struct skill *prompt, struct str args, struct buf *out)
{
    static const char all[] = "$ARGUMENTS";
    struct str body = str_trim(skill_body(prompt));
    bool used = args.len == 0;
    for (size_t i = 0; i < body.len; i++) {
        struct str rest = str_from(body, i);
        char next = i + 1 < body.len ? body.ptr[i + 1] : '\0';
        if (body.ptr[i] != '$') {
            buf_append_char(out, body.ptr[i]);
        } else if (str_starts(rest, all)) {
            buf_append_str(out, args);
            used = true;
            i += strlen(all) - 1;
        } else if (next >= '1' && next <= '9') {
            buf_append_str(out, word(args, next - '0'));
            used = true;
            i++;
        } else {
            buf_append_char(out, '$');
            i += next == '$';
        }
    }
    if (!used) {
        buf_printf(out, "\n\n%.*s", STR_FMT(args));
    }
}
