/* The rows of the evaluate pane and the hints of a step, as text. */
#include "pane/evaluate_private.h"

#include "base/json_scan.h"
#include "base/path.h"
#include "base/vec.h"
#include "keymap.h"

#include <ctype.h>

enum { FOLD_LINES = 12, VALUE_SHOWN = 60 };

void evaluate_free_rows(struct evaluate_pane *p)
{
    VEC_FOREACH (struct evaluate_row, row, &p->rows) {
        free(row->text);
        free(row->path);
    }
    p->rows.len = 0;
}

static void find_lines(struct str text, struct evaluate_lines *lines)
{
    for (size_t at = 0; at < text.len;) {
        size_t feed = str_find_char(text, '\n', at);
        VEC_PUSH(lines, at);
        at = feed == (size_t)-1 ? text.len : feed + 1;
    }
}

struct str evaluate_source(const struct evaluate_pane *p, const char *path, unsigned row)
{
    const struct eval_sources *sources = &p->trace->sources;
    for (size_t i = 0; i < sources->len; i++) {
        if (strcmp(sources->items[i].path, path) != 0) {
            continue;
        }
        struct evaluate_lines *lines = &p->lines[i];
        struct str text = buf_str(&sources->items[i].text);
        if (lines->len == 0) {
            find_lines(text, lines);
        }
        if (row == 0 || row > lines->len) {
            break;
        }
        size_t end = row < lines->len ? lines->items[row] : text.len;
        return str_trim(str_slice(text, lines->items[row - 1], end));
    }
    return str_make("", 0);
}

/* What a `not` asks stands where the `not` stands: its row says it all. */
static bool is_inside_not(const struct trace *trace, const struct trace_step *s)
{
    const struct trace_frame *frame = &trace->frames.items[s->frame];
    if (frame->rule[0] != '\0' || frame->enter == 0) {
        return false;
    }
    const struct trace_step *asker = &trace->steps.items[frame->enter - 1];
    return asker->negated && asker->at.row == s->at.row && asker->at.col == s->at.col;
}

struct str evaluate_expression(const struct evaluate_pane *p, size_t step)
{
    const struct trace *trace = p->trace->trace;
    const struct trace_step *s = &trace->steps.items[step];
    struct str line = evaluate_source(p, s->file, s->at.row);
    bool asked = is_inside_not(trace, s) && str_starts(line, "not ");
    return asked ? str_trim(str_from(line, sizeof "not")) : line;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The line names the variable, as a word of its own. */
static bool names(struct str line, const char *name)
{
    struct str word = str_of(name);
    for (size_t at = 0; (at = str_find(line, word, at)) != (size_t)-1; at++) {
        bool before = at > 0 && (is_word(line.ptr[at - 1]) || line.ptr[at - 1] == '.');
        bool after = at + word.len < line.len && is_word(line.ptr[at + word.len]);
        if (!before && !after) {
            return true;
        }
    }
    return false;
}

static void append_short(struct buf *out, const char *value)
{
    struct str text = str_of(value);
    size_t len = text.len;
    if (len > VALUE_SHOWN) {
        len = VALUE_SHOWN;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    buf_append(out, text.ptr, len);
    buf_append_c(out, len < text.len ? "…" : "");
}

void evaluate_values(const struct evaluate_pane *p, size_t step, bool all, struct buf *out)
{
    const struct trace *trace = p->trace->trace;
    const struct trace_step *s = &trace->steps.items[step];
    struct str line = evaluate_source(p, s->file, s->at.row);
    size_t count;
    size_t before = out->len;
    const struct trace_binding *variables = trace_variables(trace, step, &count);
    for (size_t i = 0; i < count; i++) {
        if (all || names(line, variables[i].name)) {
            buf_printf(out, "%s%s = ", out->len > before ? ", " : "", variables[i].name);
            append_short(out, variables[i].value);
        }
    }
}

void evaluate_free_hints(struct evaluate_hints *hints)
{
    VEC_FOREACH (struct editor_hint, hint, hints) {
        free((char *)hint->text);
    }
    VEC_FREE(hints);
}

static void put_hint(struct evaluate_hints *hints, unsigned row, char *text, bool current)
{
    VEC_FOREACH (struct editor_hint, hint, hints) {
        if (hint->line == row - 1) {
            free((char *)hint->text);
            hint->text = text;
            hint->current = current;
            return;
        }
    }
    VEC_PUSH(hints, (struct editor_hint){row - 1, text, current});
}

void evaluate_make_hints(const struct evaluate_pane *p, struct evaluate_hints *hints)
{
    const struct trace *trace = p->trace->trace;
    const struct trace_step *now = &trace->steps.items[p->at];
    for (size_t i = trace->frames.items[now->frame].enter; i != TRACE_NONE && i <= p->at;
         i = trace->steps.items[i].next_same) {
        const struct trace_step *s = &trace->steps.items[i];
        bool shown = (trace_is_stop(trace, i) || i == p->at) && s->at.row > 0 &&
                     strcmp(s->file, now->file) == 0;
        if (!shown) {
            continue;
        }
        struct buf text = BUF_INIT;
        if (i == p->at && s->outcome != TRACE_OPEN) {
            buf_printf(&text, "%s%s", is_inside_not(trace, s) ? "asked: " : "",
                trace_outcome_name(s->outcome));
        }
        struct buf values = BUF_INIT;
        evaluate_values(p, i, false, &values);
        if (values.len > 0) {
            buf_printf(&text, "%s%s", text.len > 0 ? "   " : "", values.ptr);
        }
        buf_free(&values);
        put_hint(hints, s->at.row, buf_take(&text), i == p->at);
    }
}

/* ---- rows ---- */

static struct evaluate_row *add(struct evaluate_pane *p, enum style_id style, char *text)
{
    VEC_PUSH(&p->rows, (struct evaluate_row){.text = text, .style = style, .step = TRACE_NONE});
    return &p->rows.items[p->rows.len - 1];
}

static void add_value(struct evaluate_pane *p, int cols)
{
    struct buf pretty = BUF_INIT;
    json_pretty(buf_str(&p->result.value), cols > 20 ? (unsigned)cols : 20, &pretty);
    struct str rest = buf_str(&pretty);
    struct str line;
    size_t count = 0;
    size_t hidden = 0;
    while (str_next_line(&rest, &line)) {
        if (!p->unfolded && count >= FOLD_LINES) {
            hidden++;
            continue;
        }
        count++;
        add(p, STYLE_TEXT, str_dup(line));
    }
    if (hidden > 0) {
        add(p, STYLE_HINT, mem_printf("… %zu more lines (space shows them)", hidden))->more = true;
    }
    buf_free(&pretty);
}

static void add_errors(struct evaluate_pane *p)
{
    VEC_FOREACH (const struct finding, finding, &p->result.errors) {
        struct str rest = str_of(finding->message);
        struct str line;
        bool first = true;
        while (str_next_line(&rest, &line)) {
            char *text = !first                  ? str_dup(line)
                         : finding->file == NULL ? mem_printf("%.*s", STR_FMT(line))
                                                 : mem_printf("%s:%u  %.*s", finding->file,
                                                       finding->at.row, STR_FMT(line));
            struct evaluate_row *row =
                add(p, p->result.builtin_errors ? STYLE_WARNING : STYLE_ERROR, text);
            row->path = mem_strdup(finding->file);
            row->at = finding->at;
            first = false;
        }
    }
}

static void add_result(struct evaluate_pane *p, int cols)
{
    const struct eval_result *result = &p->result;
    if (result->trouble != NULL) {
        add(p, STYLE_ERROR, mem_printf("✗ %s", result->trouble));
    } else if (result->status == EVAL_ERROR) {
        add(p, STYLE_ERROR, mem_strdup("✗ error: it does not load or compile"));
    } else if (result->status == EVAL_UNDEFINED) {
        add(p, STYLE_NOT_EVALUATED,
            mem_strdup("undefined: opa gives no value, neither true nor false"));
    } else {
        add_value(p, cols);
    }
    struct str measured = str_of(result->bench == NULL ? "" : result->bench);
    struct str line;
    while (str_next_line(&measured, &line)) {
        add(p, STYLE_HINT, mem_printf("opa bench: %.*s", STR_FMT(line)));
    }
    if (result->builtin_errors) {
        add(p, STYLE_WARNING,
            mem_strdup("! errors of built-in functions, which opa takes for undefined:"));
    }
    add_errors(p);
    if (result->note != NULL) {
        add(p, STYLE_HINT, mem_printf("input: %s", result->note));
    }
}

static bool is_shown(const struct evaluate_pane *p, size_t step)
{
    const struct trace *trace = p->trace->trace;
    const struct trace_step *s = &trace->steps.items[step];
    size_t frame = s->frame;
    if (s->op == TRACE_ENTER) {
        frame = trace->frames.items[frame].parent;
    } else if (s->op == TRACE_EXIT || is_inside_not(trace, s)) {
        return false;
    }
    while (frame != TRACE_NONE) {
        if (!p->expanded[frame] && trace->frames.items[frame].rule[0] != '\0') {
            return false;
        }
        frame = trace->frames.items[frame].parent;
    }
    return trace_is_stop(trace, step);
}

/* The key that steps, where the keys go now. */
static char *heading(const struct evaluate_pane *p)
{
    const struct keymap *keymap = app_keymap(p->app);
    const struct action *action =
        keymap_action(keymap, p->focused ? "evaluate.step" : "evaluate.step-test");
    struct buf key = BUF_INIT;
    if (action != NULL) {
        keymap_append_keys(keymap, action, true, &key);
    }
    char *text = mem_printf("Trace%s%.*s%s", key.len > 0 ? "   (" : "", STR_FMT(buf_str(&key)),
        key.len > 0 ? " steps through it)" : "");
    buf_free(&key);
    return text;
}

static void add_trace(struct evaluate_pane *p)
{
    const struct trace *trace = p->trace->trace;
    if (p->trace->trouble != NULL) {
        add(p, STYLE_WARNING, mem_printf("! %s", p->trace->trouble));
    }
    if (trace == NULL || trace->steps.len == 0) {
        return;
    }
    bool open = p->result.status == EVAL_UNDEFINED;
    if (open && p->culprit != TRACE_NONE) {
        const struct trace_step *s = &trace->steps.items[p->culprit];
        struct buf text = BUF_INIT;
        struct str line = evaluate_expression(p, p->culprit);
        buf_printf(&text, "✗ %s:%u  %.*s  is %s", path_base(s->file), s->at.row, STR_FMT(line),
            trace_outcome_name(s->outcome));
        buf_append_c(&text, "   ");
        evaluate_values(p, p->culprit, false, &text);
        struct evaluate_row *row = add(p, STYLE_FAIL, buf_take(&text));
        row->path = mem_strdup(s->file);
        row->at = s->at;
    }
    add(p, STYLE_HEADING, heading(p));
    for (size_t i = 0; i < trace->steps.len; i++) {
        if (is_shown(p, i)) {
            VEC_PUSH(&p->rows, (struct evaluate_row){.step = i,
                                   .path = mem_strdup(trace->steps.items[i].file),
                                   .at = trace->steps.items[i].at});
        }
    }
}

static void add_step(struct evaluate_pane *p)
{
    const struct trace *trace = p->trace->trace;
    const struct trace_step *s = &trace->steps.items[p->at];
    size_t frames[8];
    size_t count = trace_stack(trace, p->at, frames, ARRAY_LEN(frames));
    struct buf text = BUF_INIT;
    struct str line = evaluate_expression(p, p->at);
    static const char *const what[] = {
        "begins", "", "next solution", "holds", "does not hold", "note", "", ""};
    enum style_id style;
    const char *sign = evaluate_sign(s, false, &style);
    buf_printf(&text, "%s %s:%u  %.*s  %s%s%s", sign, path_base(s->file), s->at.row, STR_FMT(line),
        trace_outcome_name(s->outcome),
        s->outcome != TRACE_OPEN && what[s->op][0] != '\0' ? ", " : "", what[s->op]);
    if (s->op == TRACE_NOTE) {
        buf_printf(&text, ": %s", s->text);
    }
    add(p, style, buf_take(&text));
    buf_append_c(&text, "in ");
    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s%s", i > 0 ? " ‹ " : "", trace->frames.items[frames[i]].rule);
    }
    add(p, STYLE_HINT, buf_take(&text));
    size_t variables;
    const struct trace_binding *binding = trace_variables(trace, p->at, &variables);
    for (size_t i = 0; i < variables; i++) {
        add(p, STYLE_TEXT, mem_printf("%s = %s", binding[i].name, binding[i].value));
    }
    if (variables == 0) {
        add(p, STYLE_HINT, mem_strdup("no variable has a value here"));
    }
}

void evaluate_make_rows(struct evaluate_pane *p, int cols)
{
    evaluate_free_rows(p);
    if (p->stepping) {
        add_step(p);
    } else if (p->has_result) {
        add_result(p, cols);
        if (p->trace != NULL) {
            add_trace(p);
        }
    } else {
        add(p, STYLE_HINT, mem_strdup("evaluating …"));
    }
    list_set_count(&p->list, p->rows.len);
    p->cols = cols;
    p->stale = false;
}
