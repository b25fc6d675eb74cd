#include "review/forge.h"

#include "base/vec.h"
#include "patch/diff.h"

#include <stdint.h>
#include <string.h>

/* What GitHub shows around a hunk, and takes comments on. */
enum { SHOWN = 3 };

/* One remark, placed: lines [from, to] of a side of the change as proposed, from 0. */
struct remark {
    const struct review_file *file;
    enum review_side side;
    size_t from, to;
    struct str text;
};

struct writing {
    const struct forge_options *options;
    cJSON *comments;
    struct buf body;
    /* Of the file at hand. */
    const struct review_file *file;
    struct lines proposed; /* as it was proposed, before edits */
    struct diff edits;     /* from that to how it is now */
    struct diff change;    /* from the base to it */
};

bool forge_find(const char *name, enum forge *forge)
{
    bool hub = strcmp(name, "github") == 0;
    *forge = hub ? FORGE_GITHUB : FORGE_GITLAB;
    return hub || strcmp(name, "gitlab") == 0;
}

static void open_file(struct writing *w, const struct review_file *file)
{
    w->file = file;
    lines_split(buf_str(&file->change->content), LINES_LF, &w->proposed);
    diff_lines(&w->proposed, &file->proposed->lines, &w->edits);
    if (file->whole_because == NULL) {
        diff_lines(&file->base->lines, &w->proposed, &w->change);
    }
}

static void close_file(struct writing *w)
{
    lines_free(&w->proposed);
    diff_free(&w->edits);
    diff_free(&w->change);
}

/* The line of the proposal as it was, of one as it is now: the nearest where it is the engineer's.
 */
static size_t as_proposed(const struct writing *w, size_t line)
{
    for (size_t at = line + 1; at > 0; at--) {
        size_t was = diff_map_back(&w->edits, at - 1);
        if (was != SIZE_MAX) {
            return was;
        }
    }
    return 0;
}

static bool is_shown(const struct writing *w, enum review_side side, size_t line)
{
    VEC_FOREACH (const struct diff_run, run, &w->change) {
        size_t from = side == REVIEW_BASE ? run->a : run->b;
        size_t to = from + (side == REVIEW_BASE ? run->a_len : run->b_len);
        if (line + SHOWN >= from && line < to + SHOWN) {
            return true;
        }
    }
    return false;
}

static const char *path_of(const struct writing *w)
{
    return w->file->change->path;
}

static void say_in_body(struct writing *w, const struct remark *remark)
{
    if (remark->from == SIZE_MAX) {
        buf_printf(&w->body, "\n\n`%s`: %.*s", path_of(w), STR_FMT(remark->text));
    } else {
        buf_printf(&w->body, "\n\n`%s` line %zu%s: %.*s", path_of(w), remark->to + 1,
            remark->side == REVIEW_BASE ? " (before)" : "", STR_FMT(remark->text));
    }
}

static void add_github(struct writing *w, const struct remark *remark)
{
    const char *side = remark->side == REVIEW_BASE ? "LEFT" : "RIGHT";
    cJSON *comment = mem_require(cJSON_CreateObject());
    json_set_string(comment, "path", path_of(w));
    json_set_str(comment, "body", remark->text);
    json_set_int(comment, "line", (long long)remark->to + 1);
    json_set_string(comment, "side", side);
    if (remark->from < remark->to) {
        json_set_int(comment, "start_line", (long long)remark->from + 1);
        json_set_string(comment, "start_side", side);
    }
    cJSON_AddItemToArray(w->comments, comment);
}

static void add_gitlab(struct writing *w, const struct remark *remark)
{
    const struct change *change = w->file->change;
    cJSON *discussion = mem_require(cJSON_CreateObject());
    json_set_str(discussion, "body", remark->text);
    cJSON *position = json_set_object(discussion, "position");
    json_set_string(position, "position_type", "text");
    json_set_string(position, "base_sha", w->options->base_id);
    json_set_string(position, "start_sha", w->options->base_id);
    json_set_string(position, "head_sha", w->options->head_id);
    json_set_string(
        position, "old_path", change->moved_from != NULL ? change->moved_from : change->path);
    json_set_string(position, "new_path", change->path);
    /* A line that both sides have is named by both numbers. */
    bool base = remark->side == REVIEW_BASE;
    size_t other = base ? diff_map(&w->change, remark->to) : diff_map_back(&w->change, remark->to);
    if (base || other != SIZE_MAX) {
        json_set_int(position, "old_line", (long long)(base ? remark->to : other) + 1);
    }
    if (!base || other != SIZE_MAX) {
        json_set_int(position, "new_line", (long long)(base ? other : remark->to) + 1);
    }
    cJSON_AddItemToArray(w->comments, discussion);
}

static void add(struct writing *w, const struct remark *remark)
{
    bool placed = remark->from != SIZE_MAX && w->file->whole_because == NULL &&
                  is_shown(w, remark->side, remark->from) && is_shown(w, remark->side, remark->to);
    if (!placed) {
        say_in_body(w, remark);
    } else if (w->options->forge == FORGE_GITHUB) {
        add_github(w, remark);
    } else {
        add_gitlab(w, remark);
    }
}

static void add_comments(struct writing *w)
{
    VEC_FOREACH (const struct review_comment, comment, &w->file->comments) {
        size_t line = comment->line == SIZE_MAX      ? SIZE_MAX
                      : comment->side == REVIEW_BASE ? comment->line
                                                     : as_proposed(w, comment->line);
        add(w, &(struct remark){w->file, comment->side, line, line, str_of(comment->text)});
    }
}

/* Neighbours that were declined for the same reason are one remark, at what would come, or where
 * nothing comes at what would go. */
static void add_declined(struct writing *w, size_t from, size_t to)
{
    const struct review_file *file = w->file;
    const struct review_item *items = file->items.items;
    const char *reason =
        items[from].reason == 0 ? NULL : file->reasons.items[items[from].reason - 1];
    char *text = reason == NULL ? mem_strdup("Declined.") : mem_printf("Declined: %s", reason);
    struct remark remark = {file, REVIEW_BASE, SIZE_MAX, 0, str_of(text)};
    for (size_t pass = 0; pass < 2 && remark.from == SIZE_MAX; pass++) {
        enum review_item_kind kind = pass == 0 ? REVIEW_ADD : REVIEW_DEL;
        remark.side = pass == 0 ? REVIEW_PROPOSED : REVIEW_BASE;
        for (size_t i = from; i < to; i++) {
            size_t line = items[i].kind == REVIEW_ADD ? as_proposed(w, items[i].b) : items[i].a;
            if (items[i].kind == kind) {
                remark.from = remark.from == SIZE_MAX ? line : remark.from;
                remark.to = line;
            }
        }
    }
    add(w, &remark);
    free(text);
}

static void add_decisions(struct writing *w)
{
    const struct review_file *file = w->file;
    for (size_t h = 0; h < file->hunks.len; h++) {
        size_t end = file->hunks.items[h].first + file->hunks.items[h].count;
        for (size_t i = file->hunks.items[h].first; i < end;) {
            const struct review_item *item = &file->items.items[i];
            size_t next = i + 1;
            while (next < end && file->items.items[next].decision == item->decision &&
                   file->items.items[next].reason == item->reason) {
                next++;
            }
            if (item->decision == REVIEW_DECLINED) {
                add_declined(w, i, next);
            }
            i = next;
        }
    }
}

/* A suggestion replaces whole lines of the proposal: where lines only come, the one before them is
 * said again. */
static void add_suggestions(struct writing *w)
{
    const struct lines *now = &w->file->proposed->lines;
    VEC_FOREACH (const struct diff_run, run, &w->edits) {
        struct buf text = BUF_INIT;
        size_t from = run->a;
        size_t to = run->a + run->a_len;
        if (w->proposed.len == 0) {
            continue;
        }
        buf_append_c(&text, "```suggestion\n");
        if (run->a_len == 0) {
            from = run->a > 0 ? run->a - 1 : 0;
            to = from + 1;
        }
        bool again = run->a_len == 0 && run->a > 0;
        bool behind = run->a_len == 0 && run->a == 0;
        if (again) {
            buf_append_str(&text, w->proposed.items[from].text);
            buf_append_char(&text, '\n');
        }
        for (size_t i = run->b; i < run->b + run->b_len; i++) {
            buf_append_str(&text, now->items[i].text);
            buf_append_char(&text, '\n');
        }
        if (behind) {
            buf_append_str(&text, w->proposed.items[from].text);
            buf_append_char(&text, '\n');
        }
        buf_append_c(&text, "```");
        add(w, &(struct remark){w->file, REVIEW_PROPOSED, from, to - 1, buf_str(&text)});
        buf_free(&text);
    }
}

static void begin_body(struct writing *w, const struct review *review)
{
    struct review_counts counts = review_count_all(review);
    buf_printf(&w->body, "Reviewed with bylaw: %zu of %zu changed lines accepted, %zu declined",
        counts.accepted, counts.accepted + counts.declined + counts.open, counts.declined);
    if (counts.open > 0) {
        buf_printf(&w->body, ", %zu not decided", counts.open);
    }
    buf_append_char(&w->body, '.');
    if (w->options->evidence != NULL) {
        buf_printf(&w->body, " Tests: %s.", w->options->evidence);
    }
}

/* Approved is what is wholly accepted, as it stands. */
static const char *event_of(const struct review *review)
{
    struct review_counts counts = review_count_all(review);
    bool edited = false;
    for (size_t i = 0; i < review_file_count(review); i++) {
        edited = edited || review_file(review, i)->edits.len > 0;
    }
    return counts.declined > 0 || edited ? "REQUEST_CHANGES"
           : counts.open > 0             ? "COMMENT"
                                         : "APPROVE";
}

cJSON *forge_review(const struct review *review, const struct forge_options *options)
{
    bool hub = options->forge == FORGE_GITHUB;
    cJSON *json = mem_require(cJSON_CreateObject());
    struct writing w = {.options = options, .comments = mem_require(cJSON_CreateArray())};
    begin_body(&w, review);
    for (size_t i = 0; i < review_file_count(review); i++) {
        open_file(&w, review_file(review, i));
        add_decisions(&w);
        add_suggestions(&w);
        add_comments(&w);
        close_file(&w);
    }
    if (hub && options->head_id != NULL && options->head_id[0] != '\0') {
        json_set_string(json, "commit_id", options->head_id);
    }
    if (hub) {
        json_set_string(json, "event", event_of(review));
    }
    json_set_str(json, "body", buf_str(&w.body));
    cJSON_AddItemToObject(json, hub ? "comments" : "discussions", w.comments);
    buf_free(&w.body);
    return json;
}
