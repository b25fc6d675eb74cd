/* What is known of the name under the cursor, and the arguments of a call that is being typed. */
#include "desk_assist_private.h"

#include "base/path.h"
#include "desk_reach.h"

#include <ctype.h>
#include <stdlib.h>

enum { CALL_LOOK = 2000 /* bytes before the cursor in which a call may begin */ };

void assist_close_note(struct assist *assist)
{
    if (assist->noted != NOTE_NONE) {
        assist->noted = NOTE_NONE;
        app_redraw(assist->desk->app);
    }
    free(assist->reach_path);
    assist->reach_path = NULL;
    if (assist->asking != 0) {
        lsp_forget(assist->servers, assist->asking);
        assist->asking = 0;
    }
}

static void show(struct assist *assist, enum assist_note what)
{
    note_set(assist->note, buf_str(&assist->said));
    assist->noted = what;
    app_redraw(assist->desk->app);
}

/* ---- what is it ---- */

static const char *status_of(void *data, const struct catalog_place *test)
{
    const struct desk *desk = data;
    struct board *board = status_board(desk->status);
    for (size_t i = 0; desk->tested_proposal == 0 && i < board_count(board); i++) {
        const struct board_test *known = board_at(board, i);
        if (known->file == NULL || strcmp(known->name, test->name) != 0 ||
            strcmp(known->file, test->path) != 0) {
            continue;
        }
        return known->pending      ? "is running"
               : known->count == 0 ? NULL
                                   : result_status_name(board_status(known));
    }
    return NULL;
}

static const char *between(const struct assist *assist)
{
    return assist->said.len > 0 ? "\n---\n\n" : "";
}

/* The tests that reach the line, now or when opa has said it: first, for what follows may be long.
 */
static enum reach_known say_reach(struct assist *assist, const char *path, unsigned row)
{
    struct buf tests = BUF_INIT;
    enum reach_known known = desk_reach_append(assist->desk, path, row, &tests);
    if (known == REACH_SAID) {
        buf_printf(&tests, "\n%s%.*s", between(assist), STR_FMT(buf_str(&assist->said)));
        buf_clear(&assist->said);
        buf_append_str(&assist->said, buf_str(&tests));
    } else if (known == REACH_ASKED) {
        assist->reach_path = mem_strdup(path);
        assist->reach_row = row;
    }
    buf_free(&tests);
    return known;
}

void assist_reach_changed(struct assist *assist)
{
    if (assist == NULL || assist->reach_path == NULL || desk_reach_is_asked(assist->desk)) {
        return;
    }
    char *path = assist->reach_path;
    size_t row;
    size_t col;
    assist->reach_path = NULL;
    editor_cursor(assist->desk->editor, &row, &col);
    bool still = row + 1 == assist->reach_row; /* of the same file: its note goes with it */
    if (still && say_reach(assist, path, assist->reach_row) == REACH_SAID) {
        show(assist, NOTE_HOVER);
    }
    free(path);
}

static void on_hover(void *data, struct lsp_reply *reply)
{
    struct assist *assist = data;
    assist->asking = 0;
    bool has = reply->kind == LSP_REPLY_OK && reply->text != NULL;
    if (has) {
        buf_printf(&assist->said, "%s%s\n", between(assist), reply->text);
        show(assist, NOTE_HOVER);
    } else if (assist->noted == NOTE_NONE && assist->reach_path == NULL) {
        app_message(assist->desk->app, MESSAGE_INFO, "%s",
            reply->kind == LSP_REPLY_FAILED ? reply->message : assist_why_nothing(assist));
    }
}

unsigned assist_hover(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    assist_close_note(assist);
    assist_close_popup(assist);
    if (assist_look(assist, &here)) {
        buf_clear(&assist->said);
        bool ours = catalog_hover(
            assist_catalog(assist), &here.cursor, status_of, assist->desk, &assist->said);
        enum reach_known reach = say_reach(assist, here.path, (unsigned)here.cursor.row + 1);
        ours = ours || reach == REACH_SAID;
        if (ours) {
            show(assist, NOTE_HOVER);
        }
        if (!assist_ask(assist, &assist->asking, LSP_HOVER, on_hover) && !ours &&
            reach != REACH_ASKED) {
            app_message(assist->desk->app, MESSAGE_INFO, "%s", assist_why_nothing(assist));
        }
    }
    assist_here_free(&here);
    return UI_DONE;
}

/* ---- arguments ---- */

/* Where a string that ends before `at` begins; `at` when none ends there. */
static size_t string_start(struct str text, size_t at)
{
    if (at == 0 || (text.ptr[at - 1] != '"' && text.ptr[at - 1] != '`')) {
        return at;
    }
    char quote = text.ptr[at - 1];
    for (size_t i = at - 1; i-- > 0;) {
        if (text.ptr[i] == quote && (i == 0 || text.ptr[i - 1] != '\\')) {
            return i;
        }
    }
    return 0;
}

/* The call around the end of the text: where its name ends, and which argument it is in. */
static bool find_call(struct str text, size_t *name_end, size_t *argument)
{
    size_t depth = 0;
    *argument = 0;
    for (size_t at = text.len; at > 0;) {
        size_t start = string_start(text, at);
        if (start < at) {
            at = start;
            continue;
        }
        char c = text.ptr[--at];
        if (c == ')' || c == ']' || c == '}') {
            depth++;
        } else if (c == '(' && depth == 0) {
            *name_end = at;
            return at > 0 && (isalnum((unsigned char)text.ptr[at - 1]) || text.ptr[at - 1] == '_');
        } else if (c == '(' || c == '[' || c == '{') {
            if (depth == 0) {
                return false;
            }
            depth--;
        } else if (c == ',' && depth == 0) {
            (*argument)++;
        }
    }
    return false;
}

static void append_plain(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("*_[]<>\\`|#~&!", text.ptr[i]) != NULL) {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, text.ptr[i]);
    }
}

/* "f(a: number, **b: number**) -> number": the argument is the bold one. */
static void append_signature(struct buf *out, struct str head, size_t argument)
{
    size_t open = str_find_char(head, '(', 0);
    size_t depth = 0;
    size_t number = 0;
    size_t from = open == SIZE_MAX ? head.len : open + 1;
    size_t i = from;
    append_plain(out, str_slice(head, 0, from));
    for (; i < head.len; i++) {
        char c = head.ptr[i];
        bool ends = depth == 0 && (c == ',' || c == ')');
        if (ends) {
            struct str part = str_trim(str_slice(head, from, i));
            const char *sign = number == argument && part.len > 0 ? "**" : "";
            buf_printf(out, "%s%s", number > 0 ? " " : "", sign);
            append_plain(out, part);
            buf_printf(out, "%s%c", sign, c);
            from = i + 1;
            number++;
        }
        if (ends && c == ')') {
            break;
        }
        depth += c == '(' || c == '[' || c == '{' ? 1 : 0;
        depth -= depth > 0 && (c == ')' || c == ']' || c == '}') ? 1 : 0;
    }
    append_plain(out, str_from(head, from < head.len ? from : head.len));
}

/* The first line of the first block of code. */
static struct str head_of(struct str markdown)
{
    struct str line;
    bool in_code = false;
    while (str_next_line(&markdown, &line)) {
        if (in_code) {
            return line;
        }
        in_code = line.len >= 3 && memcmp(line.ptr, "```", 3) == 0;
    }
    return (struct str){0};
}

/* The last byte of the name of the call around the cursor, as a cursor; false: in no call. */
static bool to_call(const struct assist *assist, struct assist_here *here, size_t *argument)
{
    size_t at = assist_offset(assist);
    size_t from = at > CALL_LOOK ? at - CALL_LOOK : 0;
    size_t open = 0;
    struct str text = here->cursor.text;
    if (!find_call(str_slice(text, from, at), &open, argument)) {
        return false;
    }
    size_t last = from + open - 1;
    size_t line = last;
    for (size_t i = last; i < at; i++) {
        here->cursor.row -= text.ptr[i] == '\n' ? 1 : 0;
    }
    while (line > 0 && text.ptr[line - 1] != '\n') {
        line--;
    }
    here->cursor.col = last - line;
    return true;
}

void assist_signature(struct assist *assist)
{
    struct assist_here here;
    size_t argument = 0;
    struct buf about = BUF_INIT;
    bool found = assist_look(assist, &here) && here.cursor.text.ptr != NULL &&
                 strcmp(path_ext(here.path), ".rego") == 0 && to_call(assist, &here, &argument) &&
                 catalog_hover(assist_catalog(assist), &here.cursor, NULL, NULL, &about);
    struct str head = found ? head_of(buf_str(&about)) : (struct str){0};
    if (str_find_char(head, '(', 0) != SIZE_MAX) {
        buf_clear(&assist->said);
        append_signature(&assist->said, head, argument);
        show(assist, NOTE_SIGNATURE);
    } else if (assist->noted == NOTE_SIGNATURE) {
        assist_close_note(assist);
    }
    buf_free(&about);
    assist_here_free(&here);
}
