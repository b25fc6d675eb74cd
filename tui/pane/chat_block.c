#include "pane/chat_block.h"

#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/bar.h"
#include "widget/styled_draw.h"
#include "widget/wrap.h"

#include <stdio.h>

/* Of a prompt so many lines are shown while it is folded, of a tool's output in any case. */
#define PROMPT_LINES  12
#define OUTPUT_LINES  400
#define RUNNING_LINES 3
#define FILES_LINES   8
#define DETAIL_BYTES  400
#define LINE_BYTES    ((size_t)64 << 10)

/* ---- lines ---- */

static void lines_clear(struct chat_lines *lines)
{
    VEC_FOREACH (struct chat_line, line, lines) {
        buf_free(&line->text);
        VEC_FREE(&line->spans);
    }
    lines->len = 0;
}

void block_free(struct block *block)
{
    lines_clear(&block->head);
    lines_clear(&block->body);
    lines_clear(&block->tail);
    VEC_FREE(&block->head);
    VEC_FREE(&block->body);
    VEC_FREE(&block->tail);
    markdown_free(block->markdown);
}

static struct chat_line *new_line(struct chat_lines *lines, int indent)
{
    VEC_PUSH(lines, (struct chat_line){.indent = indent});
    return &lines->items[lines->len - 1];
}

static void add(struct chat_line *line, struct str text, struct style style)
{
    size_t start = line->text.len;
    safe_append(&line->text, text, SAFE_ONE_LINE);
    VEC_PUSH(&line->spans, (struct chat_span){start, line->text.len, style});
}

static void add_c(struct chat_line *line, const char *text, struct style style)
{
    add(line, str_of(text), style);
}

/* Text of many lines, wrapped; at most max_lines of it, then a line that says how many more. */
static void add_text(struct chat_lines *lines, struct str text, int indent, int cols,
    size_t max_lines, struct style style)
{
    struct str rest = str_trim_right(text);
    struct str raw;
    size_t shown = 0;
    int room = cols - indent > 1 ? cols - indent : 1;
    while (shown < max_lines && str_next_line(&rest, &raw)) {
        struct buf safe = BUF_INIT;
        raw.len = raw.len > LINE_BYTES ? LINE_BYTES : raw.len;
        while (str_find_char(raw, '\t', 0) != SIZE_MAX) {
            size_t tab = str_find_char(raw, '\t', 0);
            safe_append(&safe, str_slice(raw, 0, tab), SAFE_ONE_LINE);
            buf_append_c(&safe, "    ");
            raw = str_from(raw, tab + 1);
        }
        safe_append(
            &safe, str_ends(raw, "\r") ? str_slice(raw, 0, raw.len - 1) : raw, SAFE_ONE_LINE);
        struct str line = buf_str(&safe);
        do {
            size_t len = wrap_row(line, room);
            add(new_line(lines, indent), str_slice(line, 0, len), style);
            line = str_from(line, len);
        } while (line.len > 0);
        buf_free(&safe);
        shown++;
    }
    size_t more = 0;
    while (str_next_line(&rest, &raw)) {
        more++;
    }
    if (more > 0) {
        char note[64];
        snprintf(note, sizeof note, "… %zu more line%s", more, more == 1 ? "" : "s");
        add_c(new_line(lines, indent), note, STYLE(DIM));
    }
}

/* ---- what entries look like ---- */

bool block_is_agent(const struct entry *entry)
{
    return entry->kind == ENTRY_ASSISTANT || entry->kind == ENTRY_REASONING ||
           entry->kind == ENTRY_TOOL || entry->kind == ENTRY_PROPOSAL;
}

static bool is_compact(enum entry_kind kind)
{
    return kind == ENTRY_TOOL || kind == ENTRY_REASONING || kind == ENTRY_NOTICE;
}

bool block_is_apart(const struct entry *before, const struct entry *entry)
{
    return before != NULL && !(is_compact(before->kind) && is_compact(entry->kind));
}

static bool has_many_lines(struct str text, size_t count)
{
    struct str rest = str_trim_right(text);
    struct str line;
    size_t lines = 0;
    while (lines <= count && str_next_line(&rest, &line)) {
        lines++;
    }
    return lines > count;
}

bool block_can_fold(const struct entry *entry)
{
    struct str text = str_trim(buf_str(&entry->text));
    switch (entry->kind) {
    case ENTRY_REASONING:
    case ENTRY_TOOL:
    case ENTRY_FEEDBACK:
        return text.len > 0;
    case ENTRY_USER:
        return has_many_lines(text, PROMPT_LINES);
    case ENTRY_PROPOSAL:
        return has_many_lines(text, FILES_LINES);
    default:
        return false;
    }
}

static void append_duration(struct buf *out, uint64_t us)
{
    if (us >= 60000000) {
        buf_printf(out, "%llu min %02llu s", (unsigned long long)(us / 60000000),
            (unsigned long long)(us / 1000000 % 60));
    } else {
        buf_printf(out, us >= 10000000 ? "%.0f s" : "%.2f s", (double)us / 1e6);
    }
}

static const char *fold_mark(const struct block *block, const struct entry *entry)
{
    if (!block_can_fold(entry)) {
        return "· ";
    }
    return block->folded ? "▸ " : "▾ ";
}

/* "  0.21 s" and what became of it, at the end of a header line. */
static void add_outcome(struct chat_line *line, const struct entry *entry)
{
    if (entry->status == ENTRY_FAILED) {
        add_c(line, "  ✗", STYLE(FAIL));
    } else if (entry->status == ENTRY_STOPPED) {
        add_c(line, "  interrupted", STYLE(WARNING));
    }
    if (entry->duration_us > 0) {
        struct buf text = BUF_INIT;
        buf_append_c(&text, "  ");
        append_duration(&text, entry->duration_us);
        add(line, buf_str(&text), STYLE(DIM));
        buf_free(&text);
    }
}

/* The last heading the summary has come to ("**Reading the policies**"), else its first line. */
static struct str reasoning_title(struct str text)
{
    struct str rest = text;
    struct str line;
    struct str title = str_make("", 0);
    while (str_next_line(&rest, &line)) {
        struct str trimmed = str_trim(line);
        bool bold = trimmed.len > 4 && str_starts(trimmed, "**") && str_ends(trimmed, "**");
        if (bold) {
            title = str_slice(trimmed, 2, trimmed.len - 2);
        } else if (title.len == 0) {
            title = trimmed;
        }
    }
    return title;
}

static void cut_line(struct chat_line *line, int cols)
{
    if ((int)utf8_width(buf_str(&line->text)) <= cols - line->indent) {
        return;
    }
    size_t room = cols - line->indent > 1 ? (size_t)(cols - line->indent - 1) : 1;
    size_t len = utf8_fit(buf_str(&line->text), room).len;
    struct style style = STYLE(DIM);
    line->text.len = len;
    while (line->spans.len > 0 && line->spans.items[line->spans.len - 1].start >= len) {
        line->spans.len--;
    }
    if (line->spans.len > 0) {
        line->spans.items[line->spans.len - 1].end = len;
    }
    add_c(line, "…", style);
}

static void render_reasoning(struct block *block, const struct entry *entry, int cols)
{
    struct chat_line *line = new_line(&block->head, 1);
    add_c(line, fold_mark(block, entry), STYLE(REASONING));
    add_c(line, entry->status == ENTRY_OPEN ? "thinking" : "thought", STYLE(REASONING));
    struct str title = reasoning_title(buf_str(&entry->text));
    if (title.len > 0 && block->folded) {
        title.len = title.len > DETAIL_BYTES ? DETAIL_BYTES : title.len;
        add_c(line, "  ", STYLE(DIM));
        add(line, title, STYLE(DIM));
    }
    add_outcome(line, entry);
    cut_line(line, cols);
}

/* A question in need of an answer is shown whole: what is cut or folded cannot be decided about. */
static bool is_waiting(const struct entry *entry)
{
    return entry->status == ENTRY_OPEN && entry->name != NULL && strcmp(entry->name, "asks") == 0;
}

/* Of what is being printed the end says how far it is. */
static struct str last_lines(struct str text, size_t count)
{
    text = str_trim_right(text);
    size_t at = text.len;
    while (at > 0 && (text.ptr[at - 1] != '\n' || --count > 0)) {
        at--;
    }
    return str_from(text, at);
}

/* What the engineer ran is what they want to see. */
static bool is_own_command(const struct entry *entry)
{
    return entry->name != NULL && entry->name[0] == '!';
}

static void render_tool(struct block *block, const struct entry *entry, int cols)
{
    struct chat_line *line = new_line(&block->head, 1);
    add_c(line, fold_mark(block, entry), STYLE(TOOL));
    add_c(line, entry->name == NULL ? "tool" : entry->name, STYLE(TOOL));
    if (entry->detail != NULL && entry->detail[0] != '\0') {
        struct str detail = str_of(entry->detail);
        detail.len = detail.len > DETAIL_BYTES ? DETAIL_BYTES : detail.len;
        add_c(line, "  ", STYLE(DIM));
        add(line, detail, STYLE(TEXT));
    }
    /* The outcome stays in sight when the arguments are long. */
    struct chat_line outcome = {0};
    add_outcome(&outcome, entry);
    cut_line(line, cols - (int)utf8_width(buf_str(&outcome.text)));
    add_outcome(line, entry);
    buf_free(&outcome.text);
    VEC_FREE(&outcome.spans);
    if (is_waiting(entry)) {
        add_text(&block->body, buf_str(&entry->text), 3, cols, OUTPUT_LINES, STYLE(TEXT));
    } else if (entry->status == ENTRY_OPEN && entry->is_output && block->folded) {
        add_text(&block->body, last_lines(buf_str(&entry->text), RUNNING_LINES), 3, cols,
            RUNNING_LINES, STYLE(DIM));
    } else if (is_own_command(entry) && block->folded) {
        add_text(&block->body, buf_str(&entry->text), 3, cols, PROMPT_LINES, STYLE(TEXT));
    } else if (!block->folded && block_can_fold(entry)) {
        add_text(&block->body, buf_str(&entry->text), 3, cols, OUTPUT_LINES, STYLE(DIM));
    }
}

/* The end of a path says most: a line that is too long loses its front. */
static struct str fit_end(struct str line, size_t room)
{
    while (line.len > 0 && utf8_width(line) > room) {
        line = str_from(line, utf8_cluster(line));
    }
    return line;
}

static void add_files(struct block *block, const struct entry *entry, int cols)
{
    struct buf lines = BUF_INIT;
    struct str rest = buf_str(&entry->text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        size_t room = cols > 8 ? (size_t)cols - 5 : 3;
        struct str shown = utf8_width(line) <= room ? line : fit_end(line, room - 1);
        buf_printf(&lines, "%s%.*s\n", shown.len < line.len ? "…" : "", STR_FMT(shown));
    }
    add_text(&block->body, buf_str(&lines), 3, cols, block->folded ? FILES_LINES : OUTPUT_LINES,
        STYLE(DIM));
    buf_free(&lines);
}

static void render_proposal(struct block *block, const struct entry *entry, int cols)
{
    struct chat_line *line = new_line(&block->head, 1);
    char text[96];
    add_c(line, "✎ ", STYLE(TITLE));
    snprintf(text, sizeof text, "proposal %u", entry->proposal);
    add_c(line, text, STYLE(STRONG));
    snprintf(text, sizeof text, "   %u file%s  ", entry->files, entry->files == 1 ? "" : "s");
    add_c(line, text, STYLE(TEXT));
    snprintf(text, sizeof text, "+%u", entry->added);
    add_c(line, text, STYLE(ADD));
    add_c(line, " ", STYLE(TEXT));
    snprintf(text, sizeof text, "−%u", entry->removed);
    add_c(line, text, STYLE(DELETE));
    add_c(line, "   ", STYLE(TEXT));
    add_c(line, "▸ review", STYLE(LINK));
    cut_line(line, cols);
    add_files(block, entry, cols);
}

static void render_user(struct block *block, const struct entry *entry, int cols)
{
    add_c(new_line(&block->head, 0), "You", style_with(STYLE(USER), ATTR_BOLD));
    bool fold = block->folded && block_can_fold(entry);
    add_text(
        &block->body, buf_str(&entry->text), 1, cols, fold ? PROMPT_LINES : 100000, STYLE(USER));
}

static void render_line(
    struct block *block, const struct entry *entry, int cols, const char *mark, struct style style)
{
    struct buf text = BUF_INIT;
    buf_append_c(&text, mark);
    buf_append_str(&text, buf_str(&entry->text));
    add_text(&block->body, buf_str(&text), 1, cols, 20, style);
    buf_free(&text);
}

static void render_error(struct block *block, const struct entry *entry, int cols)
{
    render_line(block, entry, cols, "✗ ", STYLE(ERROR));
    if (entry->can_retry) {
        struct chat_line *line = new_line(&block->tail, 3);
        add_c(line, "r", STYLE(KEY));
        add_c(line, " or Enter tries again; nothing is lost", STYLE(HINT));
        cut_line(line, cols);
    }
}

static bool feedback_is_review(const struct entry *entry)
{
    return str_starts(buf_str(&entry->text), "## Outcome of the review");
}

static void render_feedback(struct block *block, const struct entry *entry, int cols)
{
    struct chat_line *line = new_line(&block->head, 1);
    add_c(line, fold_mark(block, entry), STYLE(USER));
    if (feedback_is_review(entry)) {
        add_c(line, "review sent to the agent", STYLE(USER));
    } else {
        struct str rest = buf_str(&entry->text);
        struct str first = {0};
        (void)str_next_line(&rest, &first);
        add(line, str_starts(first, "## ") ? str_from(first, 3) : first, STYLE(WARNING));
    }
    cut_line(line, cols);
    if (!block->folded) {
        add_text(&block->body, buf_str(&entry->text), 3, cols, OUTPUT_LINES, STYLE(DIM));
    }
}

static void render_commit(struct block *block, const struct entry *entry, int cols)
{
    struct chat_line *line = new_line(&block->head, 1);
    bool committed = entry->detail != NULL;
    add_c(line, "● ", committed ? STYLE(PASS) : STYLE(NOT_EVALUATED));
    add_c(line, entry_commit_word(entry), STYLE(TEXT));
    add_c(line, " ", STYLE(TEXT));
    add_c(line, committed ? entry->detail : "", STYLE(STRONG));
    add_c(line, committed ? " " : "", STYLE(TEXT));
    add(line, buf_str(&entry->text), STYLE(TEXT));
    cut_line(line, cols);
}

/* ---- Markdown ---- */

static void feed_markdown(struct block *block, const struct entry *entry, int cols)
{
    struct str text = buf_str(&entry->text);
    if (block->markdown != NULL && block->markdown_taken > text.len) {
        markdown_free(block->markdown);
        block->markdown = NULL;
    }
    if (block->markdown == NULL) {
        block->markdown = markdown_new();
        block->markdown_taken = 0;
    }
    markdown_set_width(block->markdown, cols > 0 ? (size_t)cols : 1);
    markdown_append(block->markdown, str_from(text, block->markdown_taken));
    block->markdown_taken = text.len;
    if (entry->status != ENTRY_OPEN) {
        markdown_finish(block->markdown);
    }
    block->markdown_lines = markdown_lines(block->markdown);
}

static void drop_markdown(struct block *block)
{
    markdown_free(block->markdown);
    block->markdown = NULL;
    block->markdown_lines = NULL;
    block->markdown_taken = 0;
}

/* ---- a block ---- */

static void render_kind(struct block *block, const struct entry *entry, int cols)
{
    switch (entry->kind) {
    case ENTRY_USER:
        render_user(block, entry, cols);
        break;
    case ENTRY_REASONING:
        render_reasoning(block, entry, cols);
        break;
    case ENTRY_TOOL:
        render_tool(block, entry, cols);
        break;
    case ENTRY_PROPOSAL:
        render_proposal(block, entry, cols);
        break;
    case ENTRY_NOTICE:
        render_line(block, entry, cols, "· ", STYLE(DIM));
        break;
    case ENTRY_ERROR:
        render_error(block, entry, cols);
        break;
    case ENTRY_FEEDBACK:
        render_feedback(block, entry, cols);
        break;
    case ENTRY_COMMIT:
        render_commit(block, entry, cols);
        break;
    case ENTRY_ASSISTANT:
        if (entry->status == ENTRY_STOPPED) {
            add_c(new_line(&block->tail, 1), "interrupted", STYLE(WARNING));
        } else if (entry->status == ENTRY_FAILED) {
            add_c(new_line(&block->tail, 1), "cut off", STYLE(WARNING));
        }
        break;
    }
}

void block_render(struct block *block, const struct entry *entry, int cols, bool headed)
{
    if (block->rendered && block->version == entry->version && block->cols == cols &&
        block->headed == headed && block->ambiguous == utf8_ambiguous_width()) {
        return;
    }
    if (!block->fold_chosen) {
        block->folded = true;
    }
    lines_clear(&block->head);
    lines_clear(&block->body);
    lines_clear(&block->tail);
    if (headed) {
        add_c(new_line(&block->head, 0), "Agent", style_with(STYLE(AGENT), ATTR_BOLD));
    }
    render_kind(block, entry, cols);
    bool markdown = entry->kind == ENTRY_ASSISTANT ||
                    (entry->kind == ENTRY_REASONING && !block->folded && block_can_fold(entry));
    if (markdown) {
        feed_markdown(block, entry, cols - (entry->kind == ENTRY_ASSISTANT ? 2 : 4));
    } else {
        drop_markdown(block);
    }
    block->rendered = true;
    block->version = entry->version;
    block->cols = cols;
    block->ambiguous = utf8_ambiguous_width();
    block->headed = headed;
}

size_t block_rows(const struct block *block)
{
    if (!block->rendered) {
        return block->estimate;
    }
    size_t inner = block->markdown_lines == NULL ? block->body.len : block->markdown_lines->len;
    return block->head.len + inner + block->tail.len;
}

size_t block_estimate(const struct entry *entry, int cols, bool folded)
{
    size_t rows = 1;
    if (!folded || entry->kind == ENTRY_ASSISTANT || entry->kind == ENTRY_USER) {
        rows += entry->text.len * 5 / 4 / (size_t)(cols > 1 ? cols : 1);
    }
    return rows;
}

/* ---- drawing ---- */

static int draw_line(const struct chat_line *line, struct region region)
{
    int col = line->indent;
    VEC_FOREACH (const struct chat_span, span, &line->spans) {
        col += grid_put(
            region, 0, col, str_slice(buf_str(&line->text), span->start, span->end), span->style);
    }
    return col;
}

void block_draw_row(const struct block *block, const struct entry *entry, size_t row,
    struct region region, uint64_t now_ms)
{
    if (row < block->head.len) {
        int col = draw_line(&block->head.items[row], region);
        bool runs = entry->status == ENTRY_OPEN && row + 1 == block->head.len &&
                    (entry->kind == ENTRY_TOOL || entry->kind == ENTRY_REASONING);
        if (runs && col + 2 < region_cols(region)) {
            grid_put_c(region, 0, col + 1, spinner_frame(now_ms, grid_is_ascii(region.grid)),
                STYLE(RUNNING));
        }
        return;
    }
    row -= block->head.len;
    size_t inner = block->markdown_lines == NULL ? block->body.len : block->markdown_lines->len;
    if (row < inner && block->markdown_lines != NULL) {
        bool reasoning = entry->kind == ENTRY_REASONING;
        styled_line_draw(&block->markdown_lines->items[row], region, 0, reasoning ? 3 : 1,
            reasoning ? STYLE(DIM) : STYLE(TEXT));
    } else if (row < inner) {
        draw_line(&block->body.items[row], region);
    } else if (row - inner < block->tail.len) {
        draw_line(&block->tail.items[row - inner], region);
    }
}

static void append_line(const struct chat_line *line, struct buf *out)
{
    buf_append_repeat(out, ' ', (size_t)line->indent);
    buf_append_str(out, buf_str(&line->text));
}

void block_row_text(
    const struct block *block, const struct entry *entry, size_t row, struct buf *out)
{
    size_t inner = block->markdown_lines == NULL ? block->body.len : block->markdown_lines->len;
    if (row < block->head.len) {
        append_line(&block->head.items[row], out);
    } else if (row - block->head.len < inner && block->markdown_lines != NULL) {
        const struct styled_line *line = &block->markdown_lines->items[row - block->head.len];
        buf_append_repeat(out, ' ', entry->kind == ENTRY_REASONING ? 3 : 1);
        buf_append(out, line->text, line->len);
    } else if (row - block->head.len < inner) {
        append_line(&block->body.items[row - block->head.len], out);
    } else if (row - block->head.len - inner < block->tail.len) {
        append_line(&block->tail.items[row - block->head.len - inner], out);
    }
}
