#include "command/entry_line.h"

#include "base/safe.h"

#include <stdlib.h>

const char *entry_name(const struct entry *entry)
{
    switch (entry->kind) {
    case ENTRY_USER:
        return "you";
    case ENTRY_ASSISTANT:
        return "agent";
    case ENTRY_REASONING:
        return "thinking";
    case ENTRY_TOOL:
        return entry->name == NULL ? "tool" : entry->name;
    case ENTRY_PROPOSAL:
        return "proposal";
    case ENTRY_NOTICE:
        return "note";
    case ENTRY_ERROR:
        return "error";
    case ENTRY_FEEDBACK:
        return "review";
    case ENTRY_COMMIT:
        return entry_commit_word(entry);
    }
    return "";
}

void entry_print(const struct entry *entry, FILE *out)
{
    /* A tool's line says what it did; its output is for the model. */
    struct str text = entry->kind == ENTRY_TOOL ? str_of(entry->detail) : buf_str(&entry->text);
    char *shown = safe_dup(text, SAFE_KEEP_LINES, 1 << 16);
    char *name = safe_dup(str_of(entry_name(entry)), SAFE_ONE_LINE, 40);
    fprintf(out, "%s%s: %s\n", name, entry->status == ENTRY_FAILED ? " (failed)" : "", shown);
    fflush(out);
    free(name);
    free(shown);
}

cJSON *entry_to_json(const struct entry *entry)
{
    static const char *const kinds[] = {[ENTRY_USER] = "prompt",
        [ENTRY_ASSISTANT] = "message",
        [ENTRY_REASONING] = "reasoning",
        [ENTRY_TOOL] = "tool",
        [ENTRY_PROPOSAL] = "proposal",
        [ENTRY_NOTICE] = "notice",
        [ENTRY_ERROR] = "error",
        [ENTRY_FEEDBACK] = "feedback",
        [ENTRY_COMMIT] = "commit"};
    static const char *const states[] = {[ENTRY_OPEN] = "open",
        [ENTRY_DONE] = "done",
        [ENTRY_FAILED] = "failed",
        [ENTRY_STOPPED] = "stopped"};
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "type", "entry");
    json_set_string(object, "kind", kinds[entry->kind]);
    json_set_string(object, "status", states[entry->status]);
    json_set_optional(object, "name", entry->name);
    json_set_optional(object, "detail", entry->detail);
    json_set_str(object, "text", buf_str(&entry->text));
    if (entry->kind == ENTRY_PROPOSAL) {
        json_set_int(object, "proposal", entry->proposal);
        json_set_int(object, "files", entry->files);
        json_set_int(object, "added", entry->added);
        json_set_int(object, "removed", entry->removed);
    }
    if (entry->duration_us > 0) {
        json_set_int(object, "duration_us", (long long)entry->duration_us);
    }
    return object;
}

void json_print_line(cJSON *object)
{
    char *line = json_print(object);
    puts(line);
    fflush(stdout);
    free(line);
    cJSON_Delete(object);
}
