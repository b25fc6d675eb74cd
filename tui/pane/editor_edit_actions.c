/* The rows of the editing actions. The ones that every editor has (copy, undo, …) are in
 * editor_actions.c. */
#include "pane/editor_commands.h"
#include "pane/editor_slow.h"

#include "screen/clipboard.h"

/* `letter`: with Alt it means something in the bar while that is open; 0: its keys do not. */
#define COMMAND(name, letter, call)                                                                \
    static unsigned name(void *pane)                                                               \
    {                                                                                              \
        static const char key[] = {letter, '\0'};                                                  \
        struct editor *editor = pane;                                                              \
        bool taken = key[0] != '\0' && editor_to_bar(editor, key_of_text(str_of(key), MOD_ALT));   \
        return taken ? UI_DONE : (call);                                                           \
    }

COMMAND(cursor_above, 0, editor_caret_beside(editor, false))
COMMAND(cursor_below, 0, editor_caret_beside(editor, true))
COMMAND(next_occurrence, 'n', editor_next_occurrence(editor, false))
COMMAND(skip_occurrence, 'k', editor_next_occurrence(editor, true))
COMMAND(all_occurrences, 'a', editor_all_occurrences(editor))
COMMAND(drop_cursor, 'h', editor_drop_newest(editor))
COMMAND(split_selection, 'i', editor_split_selection(editor))
COMMAND(block_up, 0, editor_block_step(editor, -1, 0))
COMMAND(block_down, 0, editor_block_step(editor, 1, 0))
COMMAND(block_left, 0, editor_block_step(editor, 0, -1))
COMMAND(block_right, 0, editor_block_step(editor, 0, 1))
COMMAND(select_word, 0, editor_select_word(editor))
COMMAND(select_line, 'l', editor_select_line(editor))
COMMAND(select_more, 'g', editor_select_more(editor))
COMMAND(select_less, 'G', editor_select_less(editor))
COMMAND(bracket, 'm', editor_go_to_bracket(editor, false))
COMMAND(select_bracket, 'M', editor_go_to_bracket(editor, true))
COMMAND(line_below, 0, editor_insert_line(editor, true))
COMMAND(line_above, 0, editor_insert_line(editor, false))
COMMAND(join, 'j', editor_join_lines(editor))
COMMAND(duplicate, 0, editor_duplicate_selection(editor))
COMMAND(erase_to_end, 'K', editor_erase_to_line_edge(editor, true))

static unsigned erase_to_start(void *pane)
{
    return editor_to_bar(pane, key_of_text(STR_LIT("u"), MOD_CTRL))
               ? UI_DONE
               : editor_erase_to_line_edge(pane, false);
}

COMMAND(transpose, 0, editor_transpose(editor))

/* Of the whole file they may take long. */
#define LONG_COMMAND(name, title, call)                                                            \
    static unsigned name##_now(struct editor *editor)                                              \
    {                                                                                              \
        return call;                                                                               \
    }                                                                                              \
    static unsigned name(void *pane)                                                               \
    {                                                                                              \
        return editor_slow_act(pane, title, name##_now);                                           \
    }

LONG_COMMAND(upper, "upper case", editor_change_case(editor, CASE_UPPER))
LONG_COMMAND(lower, "lower case", editor_change_case(editor, CASE_LOWER))
LONG_COMMAND(capitals, "title case", editor_change_case(editor, CASE_TITLE))
LONG_COMMAND(sort, "sort lines", editor_sort_lines(editor))
LONG_COMMAND(trim, "trim blanks", editor_trim_blanks(editor))
LONG_COMMAND(to_blanks, "tabs to blanks", editor_convert_indent(editor, false))
LONG_COMMAND(to_tabs, "blanks to tabs", editor_convert_indent(editor, true))
LONG_COMMAND(reindent, "re-indent", editor_reindent(editor))

COMMAND(states, 'y', editor_list_states(editor))
COMMAND(paste_indented, 'v', editor_paste_indented(editor, clipboard_text()))

#define MANY     editor_why_no_more_carets
#define HAS_FILE editor_needs_file

static const struct action rows[] = {
    {"edit.cursor-above", "cursor above", "One more cursor, in the line above", "ctrl-alt-up", "",
        0, cursor_above, MANY},
    {"edit.cursor-below", "cursor below", "One more cursor, in the line below", "ctrl-alt-down", "",
        0, cursor_below, MANY},
    {"edit.next-occurrence", "add next",
        "Select the word; then one more cursor at its next occurrence", "alt-n", "", 0,
        next_occurrence, MANY},
    {"edit.skip-occurrence", "skip", "Let the newest cursor go on to the next occurrence", "alt-k",
        "", 0, skip_occurrence, MANY},
    {"edit.all-occurrences", "add all", "A cursor at every occurrence of what is selected", "alt-a",
        "", 0, all_occurrences, MANY},
    {"edit.drop-cursor", "drop cursor", "Take the newest cursor away", "alt-h", "", 0, drop_cursor,
        editor_why_one_caret},
    {"edit.split-selection", "split selection", "A cursor in each line of the selection", "alt-i",
        "", 0, split_selection, MANY},
    {"edit.block-up", "block up", "Select a block of columns, a line further up", "alt-shift-up",
        "", ACTION_NO_PALETTE, block_up, MANY},
    {"edit.block-down", "block down", "Select a block of columns, a line further down",
        "alt-shift-down", "", ACTION_NO_PALETTE, block_down, MANY},
    {"edit.block-left", "block left", "Select a block of columns, one further to the left",
        "alt-shift-left", "", ACTION_NO_PALETTE, block_left, MANY},
    {"edit.block-right", "block right", "Select a block of columns, one further to the right",
        "alt-shift-right", "", ACTION_NO_PALETTE, block_right, MANY},
    {"edit.select-word", "select word", "Select the word", "", NULL, 0, select_word, HAS_FILE},
    {"edit.select-line", "select line", "Select the line; again: one more", "alt-l", NULL, 0,
        select_line, HAS_FILE},
    {"edit.select-more", "select more", "Select the word, then what it is part of, step by step",
        "alt-g", NULL, 0, select_more, HAS_FILE},
    {"edit.select-less", "select less", "Select a step less", "alt-G", NULL, 0, select_less,
        editor_why_no_selection},
    {"edit.bracket", "bracket", "Go to the other bracket, or out to the one that opens", "alt-m",
        NULL, 0, bracket, HAS_FILE},
    {"edit.select-bracket", "select in brackets", "Select what is between the brackets", "alt-M",
        NULL, 0, select_bracket, HAS_FILE},
    {"edit.line-below", "line below", "Begin a new line below", "ctrl-enter ctrl-j", NULL, 0,
        line_below, HAS_FILE},
    {"edit.line-above", "line above", "Begin a new line above", "ctrl-shift-enter", NULL, 0,
        line_above, HAS_FILE},
    {"edit.join-lines", "join", "Join the next line, or the selected lines, to this one", "alt-j",
        NULL, 0, join, HAS_FILE},
    {"edit.duplicate-selection", "duplicate selection", "Put the selected text behind itself again",
        "alt-D", NULL, 0, duplicate, editor_why_no_selection},
    {"edit.erase-to-end", "erase to end", "Delete to the line's end", "alt-K", NULL, 0,
        erase_to_end, HAS_FILE},
    {"edit.erase-to-start", "erase to start", "Delete to the line's start", "ctrl-u", NULL, 0,
        erase_to_start, HAS_FILE},
    {"edit.upper-case", "upper case", "Put the selection, or the word, in capitals", "", NULL, 0,
        upper, HAS_FILE},
    {"edit.lower-case", "lower case", "Put the selection, or the word, in small letters", "", NULL,
        0, lower, HAS_FILE},
    {"edit.title-case", "title case",
        "Begin each word of the selection, or the word, with a capital", "", NULL, 0, capitals,
        HAS_FILE},
    {"edit.transpose", "transpose", "Exchange the characters around the cursor", "", NULL, 0,
        transpose, HAS_FILE},
    {"edit.sort-lines", "sort lines", "Sort the selected lines; again: backwards", "", NULL, 0,
        sort, editor_why_no_sort},
    {"edit.trim-blanks", "trim blanks",
        "Delete blanks at line ends, of the selected lines or the whole file", "", NULL, 0, trim,
        HAS_FILE},
    {"edit.indent-blanks", "tabs to blanks",
        "Indent by blanks in place of tabs, the selected lines or the whole file", "", NULL, 0,
        to_blanks, HAS_FILE},
    {"edit.indent-tabs", "blanks to tabs",
        "Indent by tabs in place of blanks, the selected lines or the whole file", "", NULL, 0,
        to_tabs, editor_why_no_tabs},
    {"edit.reindent", "re-indent", "Indent the selected lines as the language has it", "", NULL, 0,
        reindent, HAS_FILE},
    {"edit.states", "earlier states",
        "List all earlier states of the file, also those undone, and go to one", "alt-y", NULL, 0,
        states, editor_why_no_states},
    {"edit.paste-indented", "paste indented", "Paste, with the indentation of the new place",
        "alt-v", NULL, 0, paste_indented, HAS_FILE},
};

const struct action_set editor_edit_actions = ACTION_SET("edit", "Editing", rows);
