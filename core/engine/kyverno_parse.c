/* Reads what `kyverno test` prints (kyverno.h says what). */
#include "engine/kyverno.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { LINES_MAX = 200000, NAME_MAX_BYTES = 1000, MESSAGE_MAX = 64 << 10, COMPLAINT_MAX = 2000 };

static void free_complaints(struct kyverno_complaints *complaints)
{
    VEC_FOREACH (struct kyverno_complaint, complaint, complaints) {
        free(complaint->path);
        free(complaint->text);
    }
    VEC_FREE(complaints);
}

void kyverno_report_free(struct kyverno_report *report)
{
    VEC_FOREACH (struct kyverno_block, block, &report->blocks) {
        VEC_FOREACH (struct kyverno_line, line, &block->lines) {
            free(line->policy);
            free(line->rule);
            free(line->resource);
            free(line->reason);
            free(line->message);
        }
        VEC_FREE(&block->lines);
        free_complaints(&block->complaints);
        free(block->path);
    }
    VEC_FREE(&report->blocks);
    free_complaints(&report->unloaded);
    free(report->error);
    report->error = NULL;
}

static char *member(const cJSON *row, const char *key, enum safe_keep keep, size_t max)
{
    return safe_dup(str_of(json_string_or(row, key, "")), keep, max);
}

static bool read_rows(struct str json, struct kyverno_block *block, struct err *err)
{
    struct err why;
    cJSON *rows = json_parse(json, &why);
    if (!cJSON_IsArray(rows)) {
        cJSON_Delete(rows);
        return err_set(err, ERR_EXTERNAL,
            "kyverno printed something else than its JSON for %s: another version?", block->path);
    }
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const char *result = json_string_or(row, "RESULT", "");
        struct kyverno_line line = {.policy = member(row, "POLICY", SAFE_ONE_LINE, NAME_MAX_BYTES),
            .rule = member(row, "RULE", SAFE_ONE_LINE, NAME_MAX_BYTES),
            .resource = member(row, "RESOURCE", SAFE_ONE_LINE, NAME_MAX_BYTES),
            .reason = member(row, "REASON", SAFE_ONE_LINE, NAME_MAX_BYTES),
            .message = member(row, "Message", SAFE_KEEP_LINES, MESSAGE_MAX),
            .outcome = strcmp(result, "Pass") == 0   ? KYVERNO_PASSED
                       : strcmp(result, "Skip") == 0 ? KYVERNO_SKIPPED
                                                     : KYVERNO_FAILED};
        VEC_PUSH(&block->lines, line);
    }
    cJSON_Delete(rows);
    return true;
}

/* "Loading test  ( a/kyverno-test.yaml ) ...": the part in parentheses. */
static bool read_head(struct str line, struct str *path)
{
    size_t open = str_starts(line, "Loading test ") ? str_find(line, STR_LIT(" ( "), 0) : SIZE_MAX;
    if (open == SIZE_MAX || !str_ends(line, " ) ...")) {
        return false;
    }
    *path = str_slice(line, open + 3, line.len - strlen(" ) ..."));
    return line.len > open + 3 + strlen(" ) ...");
}

static void complain(struct kyverno_complaints *complaints, struct str path, struct str text)
{
    if (complaints->len < LINES_MAX) {
        VEC_PUSH(
            complaints, (struct kyverno_complaint){safe_dup(path, SAFE_ONE_LINE, NAME_MAX_BYTES),
                            safe_dup(str_trim(text), SAFE_ONE_LINE, COMPLAINT_MAX)});
    }
}

/* "  line 5: key …": what a message is followed by that ends in a colon. */
static bool read_more(struct kyverno_complaints *complaints, struct str line)
{
    struct kyverno_complaint *last =
        complaints->len == 0 ? NULL : &complaints->items[complaints->len - 1];
    if (last == NULL || !str_starts(line, "  line ") || strlen(last->text) >= COMPLAINT_MAX) {
        return false;
    }
    char *more = safe_dup(str_trim(line), SAFE_ONE_LINE, COMPLAINT_MAX);
    bool begins = str_ends(str_of(last->text), ":");
    char *both = mem_printf("%s%s%s", last->text, begins ? " " : "; ", more);
    free(last->text);
    free(more);
    last->text = both;
    return true;
}

/* Lines outside of the rows. */
static void read_line(struct kyverno_report *report, struct kyverno_block *block, struct str line,
    struct str *pending)
{
    static const char policy[] = "  ERROR: ";
    static const char file[] = "  Path: ";
    static const char why[] = "    Error: ";
    if (block != NULL && str_starts(line, policy)) {
        struct str rest = str_from(line, strlen(policy));
        size_t colon = str_find(rest, STR_LIT(": "), 0);
        if (colon != SIZE_MAX) {
            complain(&block->complaints, str_slice(rest, 0, colon), str_from(rest, colon + 2));
        }
    } else if (block == NULL && str_starts(line, file)) {
        *pending = str_from(line, strlen(file));
    } else if (block == NULL && pending->len > 0 && str_starts(line, why)) {
        complain(&report->unloaded, *pending, str_from(line, strlen(why)));
        *pending = str_make("", 0);
    } else if (block == NULL && pending->len == 0 && read_more(&report->unloaded, line)) {
        return;
    } else if (str_starts(line, "Test Summary: ")) {
        report->summed_up = true;
    }
}

static struct kyverno_block *last_block(struct kyverno_report *report)
{
    return report->blocks.len == 0 ? NULL : &report->blocks.items[report->blocks.len - 1];
}

/* `line` begins the rows ("[" or "[]"), which end with a line "]". */
static bool take_rows(
    struct str line, struct str *rest, struct kyverno_block *block, struct err *err)
{
    const char *from = line.ptr;
    while (!str_equal_c(line, "]") && !str_equal_c(line, "[]")) {
        if (!str_next_line(rest, &line)) {
            return err_set(
                err, ERR_EXTERNAL, "kyverno stopped in the middle of its rows for %s", block->path);
        }
    }
    block->ended = true;
    return read_rows(str_make(from, (size_t)(line.ptr - from) + line.len), block, err);
}

/* The last error on the error stream, with the lines that follow it: "Error: …". */
static char *read_error(struct str text)
{
    size_t at = 0;
    size_t from = SIZE_MAX;
    while ((at = str_find(text, STR_LIT("Error: "), at)) != SIZE_MAX) {
        if (at == 0 || text.ptr[at - 1] == '\n') {
            from = at + strlen("Error: ");
            break;
        }
        at++;
    }
    struct str said = str_trim(from == SIZE_MAX ? text : str_from(text, from));
    return said.len == 0 ? NULL : safe_dup(said, SAFE_KEEP_LINES, MESSAGE_MAX);
}

bool kyverno_parse(
    struct str out, struct str errout, struct kyverno_report *report, struct err *err)
{
    struct str line;
    struct str path;
    struct str pending = {"", 0};
    report->error = read_error(errout);
    while (str_next_line(&out, &line)) {
        struct kyverno_block *block = last_block(report);
        if (read_head(line, &path)) {
            VEC_PUSH(&report->blocks, (struct kyverno_block){.path = str_dup(path)});
        } else if (block != NULL && !block->ended &&
                   (str_equal_c(line, "[") || str_equal_c(line, "[]"))) {
            if (!take_rows(line, &out, block, err)) {
                return false;
            }
        } else {
            read_line(report, block, line, &pending);
        }
    }
    return true;
}
