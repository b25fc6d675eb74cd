/* What the editor's editing actions do, at all carets; the rows that call them are in
 * editor_edit_actions.c. Each returns UI_ flags and needs a file that is shown. */
#ifndef BYLAW_PANE_EDITOR_COMMANDS_H
#define BYLAW_PANE_EDITOR_COMMANDS_H

#include "pane/editor_carets.h"
#include "syntax/indent.h"

/* editor_edit.c */
struct indent_style doc_indent_style(const struct doc *doc);
/* Where the line's text begins, behind its blanks (the line's end when it is blank). */
size_t doc_line_text(const struct doc *doc, size_t line);
/* One level of indentation as the file has it. */
void doc_append_level(const struct doc *doc, struct buf *out);
unsigned editor_new_line(struct editor *editor);
/* To the line's end or its start; from there, the line ending too. */
unsigned editor_erase_to_line_edge(struct editor *editor, bool end);

/* editor_lines.c */
/* Lines that a caret touches: one that its selection only ends at the start of does not count. */
void caret_lines(const struct doc *doc, const struct caret *caret, size_t *first, size_t *last);
struct line_group {
    size_t first, last;
    size_t caret, carets; /* those in it: the first one's index, and how many */
};
struct line_groups {
    struct line_group *items;
    size_t len, cap;
};
/* The carets' lines, in order; carets whose lines touch are in one group. */
struct line_groups view_line_groups(struct view *view);
unsigned editor_join_lines(struct editor *editor);
unsigned editor_insert_line(struct editor *editor, bool below);
unsigned editor_sort_lines(struct editor *editor);
const char *editor_why_no_sort(void *pane);

/* editor_blanks.c */
/* These work in the selected lines, or without a selection in the whole file. */
unsigned editor_trim_blanks(struct editor *editor);
unsigned editor_convert_indent(struct editor *editor, bool to_tabs);
const char *editor_why_no_tabs(void *pane);
unsigned editor_reindent(struct editor *editor);

/* editor_words.c */
/* The word at the offset (or just before it); false: none is there. */
bool doc_word_at(const struct doc *doc, size_t at, struct search_range *word);
enum letter_case { CASE_UPPER, CASE_LOWER, CASE_TITLE };
unsigned editor_change_case(struct editor *editor, enum letter_case to);
unsigned editor_transpose(struct editor *editor);
unsigned editor_select_word(struct editor *editor);
unsigned editor_select_line(struct editor *editor);
unsigned editor_duplicate_selection(struct editor *editor);
/* Along the tree. */
unsigned editor_select_more(struct editor *editor);
unsigned editor_select_less(struct editor *editor);
unsigned editor_go_to_bracket(struct editor *editor, bool select);
const char *editor_why_no_selection(void *pane);

/* editor_many.c: more carets. */
unsigned editor_caret_beside(struct editor *editor, bool below);
unsigned editor_next_occurrence(struct editor *editor, bool skip);
unsigned editor_all_occurrences(struct editor *editor);
unsigned editor_drop_newest(struct editor *editor);
unsigned editor_split_selection(struct editor *editor);
unsigned editor_block_step(struct editor *editor, int lines, int columns);
/* The block between two cells of the view. */
void view_select_block(struct view *view);
const char *editor_why_one_caret(void *pane);
const char *editor_why_no_more_carets(void *pane);

/* editor_copy.c */
unsigned editor_copy(struct editor *editor);
unsigned editor_cut(struct editor *editor);
/* What was copied, with each line indented as its new place wants. */
unsigned editor_paste_indented(struct editor *editor, struct str text);

/* editor_states.c: the undo tree as a list. */
unsigned editor_list_states(struct editor *editor);
const char *editor_why_no_states(void *pane);

/* Why a file is needed. */
const char *editor_needs_file(void *pane);
/* The whole of a file's key: while the bar is open, keys that mean something there go there. */
bool editor_to_bar(struct editor *editor, struct key key);

#endif
