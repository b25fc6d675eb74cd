#include "codex/answers.h"

#include "base/json.h"

#include <stdlib.h>

/* The file becomes the body of a function, whose parameters hide the built-in functions of these
 * names. Without a decision a rule allows. */
static const char before[] = "def _rules(prefix_rule, network_rule):\n"
                             "    pass\n";
static const char indent[] = "    ";
static const char behind[] =
    "\n"
    "def _but_allowing(rule, place):\n"
    "    def kept(*args, **named):\n"
    "        decision = args[place] if len(args) > place else \"allow\"\n"
    "        if named.get(\"decision\", decision) != \"allow\":\n"
    "            rule(*args, **named)\n"
    "    return kept\n"
    "\n"
    "_rules(_but_allowing(prefix_rule, 1), _but_allowing(network_rule, 2))\n";

void codex_answers_cut_rules(struct str text, struct buf *out)
{
    struct str line;
    buf_append_c(out, before);
    while (str_next_line(&text, &line)) {
        buf_append_c(out, indent);
        buf_append_str(out, line);
        buf_append_c(out, "\n");
    }
    buf_append_c(out, behind);
}

bool codex_answers_cut_hooks(struct str text, struct buf *out)
{
    cJSON *all = json_parse(text, NULL);
    cJSON *hooks = json_get(all, "hooks");
    while (json_get(hooks, CODEX_ANSWERING_HOOK) != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(hooks, CODEX_ANSWERING_HOOK);
    }
    if (all == NULL) {
        return false;
    }
    char *printed = json_print(all);
    buf_append_c(out, printed);
    free(printed);
    cJSON_Delete(all);
    return true;
}
