/* The table of vi keys: what dispatches, and what help and the README print. */
#include "vi/vi_rows.h"

#include <assert.h>

#define M                         ROW_MOTION
#define L                         ROW_LINEWISE
#define I                         ROW_INCLUSIVE
#define J                         ROW_JUMP
#define K                         ROW_KEEP
#define N                         ROW_NORMAL
#define V                         ROW_VISUAL
#define R                         ROW_REPEAT
#define C                         ROW_CHAR
#define OP                        ROW_OPERATOR
#define VOP                       (ROW_VISUAL | ROW_OPERATOR)
#define PAIR(open, close, around) ((open) | (close) << 8 | (around) << 16)

const char *const vi_host_actions[] = {"definition", "hover", "references", "jump-back",
    "fold-toggle", "fold-open", "fold-close", "fold-open-all", "fold-close-all", "problem-next",
    "problem-previous", "change-next", "change-previous", "test-next", "test-previous",
    "other-view", "close-view", "only", "split", "vsplit", "redraw", "file-under-cursor",
    "alternate-file", "next-view", "fold-less", "fold-more", "view-left", "view-down", "view-up",
    "view-right",
    /* for ex commands: */
    "write", "save-as", "write-all", "quit", "quit-all", "write-quit", "write-quit-all", "edit",
    "next-file", "previous-file", "files", "format", "help", NULL};
enum {
    A_DEFINITION,
    A_HOVER,
    A_REFERENCES,
    A_BACK,
    A_FOLD,
    A_FOLD_OPEN,
    A_FOLD_CLOSE,
    A_FOLD_OPEN_ALL,
    A_FOLD_CLOSE_ALL,
    A_PROBLEM,
    A_PROBLEM_BACK,
    A_CHANGE,
    A_CHANGE_BACK,
    A_TEST,
    A_TEST_BACK,
    A_VIEW,
    A_CLOSE_VIEW,
    A_ONLY,
    A_SPLIT,
    A_VSPLIT,
    A_REDRAW,
    A_FILE,
    A_ALTERNATE,
    A_NEXT_VIEW,
    A_FOLD_LESS,
    A_FOLD_MORE,
    A_VIEW_LEFT,
    A_VIEW_DOWN,
    A_VIEW_UP,
    A_VIEW_RIGHT
};

static const char moves[] = "Motions", objects[] = "Text objects", operators[] = "Operators",
                  inserts[] = "Insert", edits[] = "Changes", visual[] = "Visual",
                  marks[] = "Marks and jumps", searches[] = "Search", screen[] = "Screen",
                  repeats[] = "Repeat and undo", policy[] = "Code and workspace",
                  typing[] = "Insert mode";

const struct vi_row vi_rows[] = {
    {moves, "vi.left", "h <Left>", "Left", M, vi_m_left, 0},
    {moves, "vi.back", "<BS> <C-h>", "Left, over line beginnings", M, vi_m_left, 1},
    {moves, "vi.right", "l <Right>", "Right", M, vi_m_right, 0},
    {moves, "vi.on", "<Space>", "Right, over line ends; alone it begins the commands on Space", M,
        vi_m_right, 1},
    {moves, "vi.down", "j <Down> <C-j> <C-n>", "Down", M | L | K, vi_m_down, 0},
    {moves, "vi.up", "k <Up>", "Up", M | L | K, vi_m_up, 0},
    {moves, "vi.screen-down", "gj g<Down>", "Down a row of the screen", M, vi_m_display,
        VI_SCREEN_DOWN},
    {moves, "vi.screen-up", "gk g<Up>", "Up a row of the screen", M, vi_m_display, VI_SCREEN_UP},
    {moves, "vi.screen-start", "g0 g<Home>", "To the start of the screen's row", M, vi_m_display,
        VI_SCREEN_START},
    {moves, "vi.screen-nonblank", "g^", "To the first non-blank of the screen's row", M,
        vi_m_display, VI_SCREEN_NONBLANK},
    {moves, "vi.screen-center", "gm", "To the middle of the screen's row", M, vi_m_display,
        VI_SCREEN_MIDDLE},
    {moves, "vi.screen-end", "g$ g<End>", "To the end of the screen's row", M | I, vi_m_display,
        VI_SCREEN_END},
    {moves, "vi.line-start", "0 <Home>", "To the line's first column", M, vi_m_zero, 0},
    {moves, "vi.first-nonblank", "^", "To the line's first non-blank", M, vi_m_nonblank, 0},
    {moves, "vi.line-end", "$ <End>", "To the line's end", M | I | K, vi_m_end, 0},
    {moves, "vi.last-nonblank", "g_", "To the line's last non-blank", M | I, vi_m_last_nonblank, 0},
    {moves, "vi.column", "|", "To a column", M | K, vi_m_column, 0},
    {moves, "vi.middle", "gM", "To the middle of the line", M, vi_m_middle, 0},
    {moves, "vi.next-line", "+ <CR>", "To the first non-blank of the next line", M | L,
        vi_m_line_start, 1},
    {moves, "vi.previous-line", "-", "To the first non-blank of the line before", M | L,
        vi_m_line_start, -1},
    {moves, "vi.this-line", "_", "To the first non-blank, count - 1 lines on", M | L,
        vi_m_line_start, 0},
    {moves, "vi.go-line", "G", "To a line, or the last", M | L | J, vi_m_go_line, 0},
    {moves, "vi.go-first", "gg", "To a line, or the first", M | L | J, vi_m_go_line, 1},
    {moves, "vi.go-byte", "go", "To a byte", M | J, vi_m_go_byte, 0},
    {moves, "vi.percent", "%", "To the matching bracket; with a count to that part of the file",
        M | J, vi_m_percent, 0},
    {moves, "vi.word-forward", "w", "To the next word", M, vi_m_word, 0},
    {moves, "vi.big-word-forward", "W", "To the next WORD", M, vi_m_word, 2},
    {moves, "vi.word-back", "b", "To the word before", M, vi_m_word, 1},
    {moves, "vi.big-word-back", "B", "To the WORD before", M, vi_m_word, 3},
    {moves, "vi.word-end", "e", "To the end of the word", M | I, vi_m_word, 4},
    {moves, "vi.big-word-end", "E", "To the end of the WORD", M | I, vi_m_word, 6},
    {moves, "vi.word-end-back", "ge", "To the end of the word before", M | I, vi_m_word, 5},
    {moves, "vi.big-word-end-back", "gE", "To the end of the WORD before", M | I, vi_m_word, 7},
    {moves, "vi.sentence-forward", ")", "To the next sentence", M, vi_m_sentence, 0},
    {moves, "vi.sentence-back", "(", "To the sentence before", M, vi_m_sentence, 1},
    {moves, "vi.paragraph-forward", "}", "To the next empty line", M | J, vi_m_paragraph, 0},
    {moves, "vi.paragraph-back", "{", "To the empty line before", M | J, vi_m_paragraph, 1},
    {moves, "vi.section-forward", "]]", "To the next { in the first column", M | J, vi_m_section,
        0},
    {moves, "vi.section-back", "[[", "To the { in the first column before", M | J, vi_m_section, 1},
    {moves, "vi.section-end", "][", "To the next } in the first column", M | J, vi_m_section, 2},
    {moves, "vi.section-end-back", "[]", "To the } in the first column before", M | J, vi_m_section,
        3},
    {moves, "vi.open-paren", "[(", "Back to the ( not closed", M | J, vi_m_unmatched, '('},
    {moves, "vi.open-brace", "[{", "Back to the { not closed", M | J, vi_m_unmatched, '{'},
    {moves, "vi.close-paren", "])", "On to the ) not opened", M | J, vi_m_unmatched, ')'},
    {moves, "vi.close-brace", "]}", "On to the } not opened", M | J, vi_m_unmatched, '}'},
    {moves, "vi.find", "f", "On to a character in the line", M | I | C, vi_m_find, 0},
    {moves, "vi.find-back", "F", "Back to a character in the line", M | C, vi_m_find, 1},
    {moves, "vi.till", "t", "On to before a character", M | I | C, vi_m_find, 2},
    {moves, "vi.till-back", "T", "Back to after a character", M | C, vi_m_find, 3},
    {moves, "vi.find-again", ";", "The last f F t T again", M, vi_m_find_again, 0},
    {moves, "vi.find-reverse", ",", "The last f F t T the other way", M, vi_m_find_again, 1},
    {moves, "vi.screen-top", "H", "To the window's first line", M | L | J, vi_m_screen, 0},
    {moves, "vi.screen-middle", "M", "To the window's middle line", M | L | J, vi_m_screen, 1},
    {moves, "vi.screen-bottom", "L", "To the window's last line", M | L | J, vi_m_screen, 2},

    {searches, "vi.search", "/", "Search on for a pattern", M | J | ROW_LINE, vi_m_search, '/'},
    {searches, "vi.search-back", "?", "Search back for a pattern", M | J | ROW_LINE, vi_m_search,
        '?'},
    {searches, "vi.search-next", "n", "The next match", M | J, vi_m_search_again, 0},
    {searches, "vi.search-previous", "N", "The match before", M | J, vi_m_search_again, 1},
    {searches, "vi.search-word", "*", "The next place of the word under the cursor", M | J,
        vi_m_search_word, 0},
    {searches, "vi.search-word-back", "#", "The place before of the word under the cursor", M | J,
        vi_m_search_word, 1},
    {searches, "vi.search-part", "g*", "As *, also inside of words", M | J, vi_m_search_word, 2},
    {searches, "vi.search-part-back", "g#", "As #, also inside of words", M | J, vi_m_search_word,
        3},
    {searches, "vi.match", "gn", "Select the next match", M, vi_m_match, 0},
    {searches, "vi.match-back", "gN", "Select the match before", M, vi_m_match, 1},
    {searches, "vi.command", ":", "An ex command", N | V, vi_c_colon, 0},

    {objects, "vi.in-word", "iw", "The word", ROW_OBJECT, vi_object_word, 0},
    {objects, "vi.a-word", "aw", "The word and blanks", ROW_OBJECT, vi_object_word, 1},
    {objects, "vi.in-big-word", "iW", "The WORD", ROW_OBJECT, vi_object_word, 2},
    {objects, "vi.a-big-word", "aW", "The WORD and blanks", ROW_OBJECT, vi_object_word, 3},
    {objects, "vi.in-sentence", "is", "The sentence", ROW_OBJECT, vi_object_sentence, 0},
    {objects, "vi.a-sentence", "as", "The sentence and blanks", ROW_OBJECT, vi_object_sentence, 1},
    {objects, "vi.in-paragraph", "ip", "The paragraph", ROW_OBJECT, vi_object_paragraph, 0},
    {objects, "vi.a-paragraph", "ap", "The paragraph and empty lines", ROW_OBJECT,
        vi_object_paragraph, 1},
    {objects, "vi.in-paren", "i( i) ib", "Inside ( )", ROW_OBJECT, vi_object_block,
        PAIR('(', ')', 0)},
    {objects, "vi.a-paren", "a( a) ab", "( ) with them", ROW_OBJECT, vi_object_block,
        PAIR('(', ')', 1)},
    {objects, "vi.in-brace", "i{ i} iB", "Inside { }", ROW_OBJECT, vi_object_block,
        PAIR('{', '}', 0)},
    {objects, "vi.a-brace", "a{ a} aB", "{ } with them", ROW_OBJECT, vi_object_block,
        PAIR('{', '}', 1)},
    {objects, "vi.in-bracket", "i[ i]", "Inside [ ]", ROW_OBJECT, vi_object_block,
        PAIR('[', ']', 0)},
    {objects, "vi.a-bracket", "a[ a]", "[ ] with them", ROW_OBJECT, vi_object_block,
        PAIR('[', ']', 1)},
    {objects, "vi.in-angle", "i<lt> i>", "Inside < >", ROW_OBJECT, vi_object_block,
        PAIR('<', '>', 0)},
    {objects, "vi.a-angle", "a<lt> a>", "< > with them", ROW_OBJECT, vi_object_block,
        PAIR('<', '>', 1)},
    {objects, "vi.in-double-quotes", "i\"", "Inside \" \"", ROW_OBJECT, vi_object_quote, '"'},
    {objects, "vi.a-double-quotes", "a\"", "\" \" with them and blanks", ROW_OBJECT,
        vi_object_quote, '"' | 0x100},
    {objects, "vi.in-quotes", "i'", "Inside ' '", ROW_OBJECT, vi_object_quote, '\''},
    {objects, "vi.a-quotes", "a'", "' ' with them and blanks", ROW_OBJECT, vi_object_quote,
        '\'' | 0x100},
    {objects, "vi.in-rule", "ir", "The body of the rule, or the YAML document", ROW_OBJECT,
        vi_object_grammar, 'r'},
    {objects, "vi.a-rule", "ar", "The rule, or the YAML document", ROW_OBJECT, vi_object_grammar,
        'r' | 0x100},
    {objects, "vi.tags", "it at", "Says that the files here have no tags", ROW_OBJECT,
        vi_object_tag, 0},
    {objects, "vi.in-backticks", "i`", "Inside ` `", ROW_OBJECT, vi_object_quote, '`'},
    {objects, "vi.a-backticks", "a`", "` ` with them and blanks", ROW_OBJECT, vi_object_quote,
        '`' | 0x100},

    {operators, "vi.delete", "d", "Delete", OP, NULL, OP_DELETE},
    {operators, "vi.change", "c", "Change", OP, NULL, OP_CHANGE},
    {operators, "vi.yank", "y", "Yank", OP, NULL, OP_YANK},
    {operators, "vi.dedent", "<lt>", "Dedent", OP, NULL, OP_LEFT},
    {operators, "vi.indent", ">", "Indent", OP, NULL, OP_RIGHT},
    {operators, "vi.reindent", "=", "Indent as the grammar says", OP, NULL, OP_INDENT},
    {operators, "vi.lower", "gu", "Lower case", OP, NULL, OP_LOWER},
    {operators, "vi.upper", "gU", "Upper case", OP, NULL, OP_UPPER},
    {operators, "vi.swap-case", "g~", "Swap case", OP, NULL, OP_SWAP},
    {operators, "vi.rot13", "g?", "Rot13", OP, NULL, OP_ROT13},
    {operators, "vi.comment", "gc", "Comment in or out", OP, NULL, OP_COMMENT},
    {operators, "vi.fill", "gq", "Fill paragraphs", OP, NULL, OP_FORMAT},
    {operators, "vi.fill-stay", "gw", "Fill paragraphs, cursor kept", OP, NULL, OP_FORMAT_KEEP},
    {operators, "vi.filter", "!", "Not here: lines are not given to other programs", OP, NULL,
        OP_FILTER},
    {operators, "vi.fold-make", "zf", "Not here: folds are those of the grammar", OP, NULL,
        OP_FOLD},

    {edits, "vi.delete-char", "x <Del>", "Delete the character", N, vi_c_short, 'x'},
    {edits, "vi.delete-char-back", "X", "Delete the character before", N, vi_c_short, 'X'},
    {edits, "vi.delete-to-end", "D", "Delete to the line's end", N, vi_c_short, 'D'},
    {edits, "vi.change-to-end", "C", "Change to the line's end", N, vi_c_short, 'C'},
    {edits, "vi.substitute-char", "s", "Change the character", N, vi_c_short, 's'},
    {edits, "vi.substitute-line", "S", "Change the line", N, vi_c_short, 'S'},
    {edits, "vi.yank-line", "Y", "Yank the line", N, vi_c_short, 'Y'},
    {edits, "vi.put", "p", "Put a register after the cursor", N | V | R, vi_c_put, 0},
    {edits, "vi.put-before", "P", "Put a register before the cursor", N | V | R, vi_c_put, 1},
    {edits, "vi.put-behind", "gp", "As p, the cursor behind it", N | V | R, vi_c_put, 2},
    {edits, "vi.put-before-behind", "gP", "As P, the cursor behind it", N | V | R, vi_c_put, 3},
    {edits, "vi.put-indented", "]p", "As p, with the line's indent", N | R, vi_c_put, 4},
    {edits, "vi.put-before-indented", "[p [P ]P", "As P, with the line's indent", N | R, vi_c_put,
        5},
    {edits, "vi.join", "J", "Join lines", N | R, vi_c_join, 0},
    {edits, "vi.join-tight", "gJ", "Join lines without blanks", N | R, vi_c_join, 1},
    {edits, "vi.replace-char", "r", "Replace the character", N | C | R, vi_c_replace_char, 0},
    {edits, "vi.swap-char", "~", "Swap the case of the character", N | R, vi_c_swap, 0},
    {edits, "vi.add", "<C-a>", "Add to the number", N | R, vi_c_add, OP_ADD},
    {edits, "vi.subtract", "<C-x>", "Subtract from the number", N | R, vi_c_add, OP_SUBTRACT},
    {edits, "vi.substitute-again", "&", "The last :s again", N, vi_c_substitute_again, 0},
    {edits, "vi.substitute-all-again", "g&", "The last :s again on all lines", N,
        vi_c_substitute_again, 1},

    {inserts, "vi.insert", "i <Insert>", "Insert before the cursor", N | R, vi_c_insert, 'i'},
    {inserts, "vi.append", "a", "Insert after the cursor", N | R, vi_c_insert, 'a'},
    {inserts, "vi.insert-line", "I", "Insert at the line's first non-blank", N | R, vi_c_insert,
        'I'},
    {inserts, "vi.append-line", "A", "Insert at the line's end", N | R, vi_c_insert, 'A'},
    {inserts, "vi.open-below", "o", "A new line below", N | R, vi_c_insert, 'o'},
    {inserts, "vi.open-above", "O", "A new line above", N | R, vi_c_insert, 'O'},
    {inserts, "vi.insert-column-1", "gI", "Insert at the line's first column", N | R, vi_c_insert,
        'g'},
    {inserts, "vi.insert-last", "gi", "Insert where the last insertion ended", N | R, vi_c_insert,
        '^'},
    {inserts, "vi.replace", "R", "Type over", N | R, vi_c_insert, 'R'},

    {visual, "vi.visual", "v", "Select characters", N | V, vi_c_visual, VI_VISUAL},
    {visual, "vi.visual-lines", "V", "Select lines", N | V, vi_c_visual, VI_VISUAL_LINE},
    {visual, "vi.visual-block", "<C-v>", "Select a block", N | V, vi_c_visual, VI_VISUAL_BLOCK},
    {visual, "vi.reselect", "gv", "Select again", N | V, vi_c_reselect, 0},
    {visual, "vi.other-end", "o", "To the selection's other end", V, vi_c_other_end, 0},
    {visual, "vi.other-corner", "O", "To the block's other corner", V, vi_c_other_end, 1},
    {visual, "vi.visual-delete", "x <Del>", "Delete the selection", VOP, NULL, OP_DELETE},
    {visual, "vi.visual-delete-lines", "X", "Delete the lines", VOP, NULL, OP_DELETE | VI_OP_LINES},
    {visual, "vi.visual-delete-end", "D", "Delete the lines, a block to line ends", VOP, NULL,
        OP_DELETE | VI_OP_LINES | VI_OP_TO_END},
    {visual, "vi.visual-change", "s", "Change the selection", VOP, NULL, OP_CHANGE},
    {visual, "vi.visual-change-lines", "S R", "Change the lines", VOP, NULL,
        OP_CHANGE | VI_OP_ALL_LINES},
    {visual, "vi.visual-change-end", "C", "Change the lines, a block to line ends", VOP, NULL,
        OP_CHANGE | VI_OP_LINES | VI_OP_TO_END},
    {visual, "vi.visual-yank-lines", "Y", "Yank the lines", VOP, NULL, OP_YANK | VI_OP_LINES},
    {visual, "vi.visual-join", "J", "Join the lines", VOP, NULL, OP_JOIN},
    {visual, "vi.visual-join-tight", "gJ", "Join the lines without blanks", VOP, NULL,
        OP_JOIN_TIGHT},
    {visual, "vi.visual-replace", "r", "Every character to one", VOP | C, NULL, OP_REPLACE},
    {visual, "vi.visual-lower", "u", "Lower case", VOP, NULL, OP_LOWER},
    {visual, "vi.visual-upper", "U", "Upper case", VOP, NULL, OP_UPPER},
    {visual, "vi.visual-swap", "~", "Swap case", VOP, NULL, OP_SWAP},
    {visual, "vi.visual-insert", "I", "Insert before each line of a block", VOP, NULL,
        OP_INSERT | VI_OP_LINES},
    {visual, "vi.visual-append", "A", "Insert after each line of a block", VOP, NULL,
        OP_APPEND | VI_OP_LINES},
    {visual, "vi.visual-add", "<C-a>", "Add to the first number of each line", VOP, NULL, OP_ADD},
    {visual, "vi.visual-subtract", "<C-x>", "Subtract from the first number of each line", VOP,
        NULL, OP_SUBTRACT},
    {visual, "vi.visual-add-more", "g<C-a>", "Add 1, 2, 3, ... line by line", VOP, NULL,
        OP_ADD_MORE},
    {visual, "vi.visual-subtract-more", "g<C-x>", "Subtract 1, 2, 3, ... line by line", VOP, NULL,
        OP_SUBTRACT_MORE},

    {marks, "vi.mark", "m", "Set a mark", N | V | C, vi_c_set_mark, 0},
    {marks, "vi.to-mark-line", "'", "To the line of a mark", M | L | J | C, vi_m_mark, '\''},
    {marks, "vi.to-mark", "`", "To a mark", M | J | C, vi_m_mark, '`'},
    {marks, "vi.jump-back", "<C-o>", "To where the last jump began", N, vi_c_jump, 0},
    {marks, "vi.jump-on", "<Tab>", "On in the list of jumps", N, vi_c_jump, 1},
    {marks, "vi.change-back", "g;", "To the change before", N, vi_c_change, 0},
    {marks, "vi.change-on", "g,", "To the change after", N, vi_c_change, 1},

    {repeats, "vi.undo", "u", "Undo", N, vi_c_undo, 0},
    {repeats, "vi.redo", "<C-r>", "Redo", N, vi_c_undo, 1},
    {repeats, "vi.earlier", "g-", "To the text before, over branches", N, vi_c_undo, 2},
    {repeats, "vi.later", "g+", "To the text after, over branches", N, vi_c_undo, 3},
    {repeats, "vi.undo-line", "U", "The line as it was before the changes to it", N, vi_c_undo_line,
        0},
    {repeats, "vi.repeat", ".", "The last change again", N, vi_c_repeat, 0},
    {repeats, "vi.record", "q", "Record keys into a register; again: stop", N | V | C,
        vi_cmd_record, 0},
    {repeats, "vi.play", "@", "Play a register; @@ the last; @: the last command", N | V | C,
        vi_c_play, 0},

    {screen, "vi.place-top", "zt", "This line to the top", N | V, vi_c_place, 0},
    {screen, "vi.place-middle", "zz", "This line to the middle", N | V, vi_c_place, 1},
    {screen, "vi.place-bottom", "zb", "This line to the bottom", N | V, vi_c_place, 2},
    {screen, "vi.place-top-start", "z<CR>", "This line to the top, cursor to its text", N | V,
        vi_c_place, 4},
    {screen, "vi.place-middle-start", "z.", "This line to the middle, cursor to its text", N | V,
        vi_c_place, 5},
    {screen, "vi.place-bottom-start", "z-", "This line to the bottom, cursor to its text", N | V,
        vi_c_place, 6},
    {screen, "vi.column-first", "zs", "This column to the left, where lines are not wrapped", N | V,
        vi_c_sideways, 0},
    {screen, "vi.column-last", "ze", "This column to the right", N | V, vi_c_sideways, 1},
    {screen, "vi.columns-on", "zl z<Right>", "On by columns", N | V, vi_c_sideways, 2},
    {screen, "vi.columns-back", "zh z<Left>", "Back by columns", N | V, vi_c_sideways, 3},
    {screen, "vi.columns-half-on", "zL", "On by half of the width", N | V, vi_c_sideways, 4},
    {screen, "vi.columns-half-back", "zH", "Back by half of the width", N | V, vi_c_sideways, 5},
    {screen, "vi.scroll-down", "<C-e>", "Scroll a line down", N | V, vi_c_scroll, 0},
    {screen, "vi.scroll-up", "<C-y>", "Scroll a line up", N | V, vi_c_scroll, 1},
    {screen, "vi.half-down", "<C-d>", "Half a window down", N | V, vi_c_page, 0},
    {screen, "vi.half-up", "<C-u>", "Half a window up", N | V, vi_c_page, 1},
    {screen, "vi.page-down", "<C-f> <PageDown>", "A window down", N | V, vi_c_page, 2},
    {screen, "vi.page-up", "<C-b> <PageUp>", "A window up", N | V, vi_c_page, 3},
    {screen, "vi.redraw", "<C-l>", "Draw the screen anew", N | V, vi_c_host, A_REDRAW},
    {screen, "vi.where", "<C-g> g<C-g>", "Say where the cursor is", N | V, vi_c_count, 0},
    {screen, "vi.describe", "ga", "Say which character this is", N | V, vi_c_describe, 0},
    {screen, "vi.bytes", "g8", "Say the character's bytes; 8g8: on to bytes that are no UTF-8", N,
        vi_c_bytes, 0},
    {screen, "vi.view-next", "<C-w>w <C-w><C-w>", "To the other view", N, vi_c_host, A_VIEW},
    {screen, "vi.view-close", "<C-w>c <C-w>q", "Close this view", N, vi_c_host, A_CLOSE_VIEW},
    {screen, "vi.view-only", "<C-w>o", "Close the other view", N, vi_c_host, A_ONLY},
    {screen, "vi.view-left", "<C-w>h <C-w><Left>", "To the view on the left", N, vi_c_host,
        A_VIEW_LEFT},
    {screen, "vi.view-down", "<C-w>j <C-w><Down>", "To the view below", N, vi_c_host, A_VIEW_DOWN},
    {screen, "vi.view-up", "<C-w>k <C-w><Up>", "To the view above", N, vi_c_host, A_VIEW_UP},
    {screen, "vi.view-right", "<C-w>l <C-w><Right>", "To the view on the right", N, vi_c_host,
        A_VIEW_RIGHT},
    {screen, "vi.split", "<C-w>s", "Split, one above the other", N, vi_c_host, A_SPLIT},
    {screen, "vi.vsplit", "<C-w>v", "Split side by side", N, vi_c_host, A_VSPLIT},

    {policy, "vi.definition", "gd <C-]>", "To the definition", N | J, vi_c_host, A_DEFINITION},
    {policy, "vi.references", "gr", "The places that use it", N, vi_c_host, A_REFERENCES},
    {policy, "vi.tag-back", "<C-t>", "Back from a definition", N, vi_c_jump, 0},
    {policy, "vi.hover", "K", "What is known of the name", N, vi_c_host, A_HOVER},
    {policy, "vi.file-under-cursor", "gf", "Open the file under the cursor", N | J, vi_c_host,
        A_FILE},
    {policy, "vi.alternate-file", "<C-^>", "The file shown before", N, vi_c_host, A_ALTERNATE},
    {policy, "vi.problem-next", "]d", "To the next problem", N | J, vi_c_host, A_PROBLEM},
    {policy, "vi.problem-previous", "[d", "To the problem before", N | J, vi_c_host,
        A_PROBLEM_BACK},
    {policy, "vi.change-next", "]c", "To the next lines that differ from HEAD", N | J, vi_c_host,
        A_CHANGE},
    {policy, "vi.change-previous", "[c", "To the lines before that differ from HEAD", N | J,
        vi_c_host, A_CHANGE_BACK},
    {policy, "vi.test-next", "]t", "To the next test", N | J, vi_c_host, A_TEST},
    {policy, "vi.test-previous", "[t", "To the test before", N | J, vi_c_host, A_TEST_BACK},
    {policy, "vi.fold-toggle", "za", "Fold or unfold", N | V, vi_c_host, A_FOLD},
    {policy, "vi.fold-open", "zo zv", "Unfold", N | V, vi_c_host, A_FOLD_OPEN},
    {policy, "vi.fold-close", "zc", "Fold", N | V, vi_c_host, A_FOLD_CLOSE},
    {policy, "vi.fold-open-all", "zR", "Unfold everything", N | V, vi_c_host, A_FOLD_OPEN_ALL},
    {policy, "vi.fold-close-all", "zM", "Fold everything", N | V, vi_c_host, A_FOLD_CLOSE_ALL},
    {policy, "vi.fold-more", "zm", "Fold one level more", N | V, vi_c_host, A_FOLD_MORE},
    {policy, "vi.fold-less", "zr", "Fold one level less", N | V, vi_c_host, A_FOLD_LESS},
    {policy, "vi.save-close", "ZZ", "Save and close the file", N, vi_c_leave, 0},
    {policy, "vi.close", "ZQ", "Close the file without saving", N, vi_c_leave, 1},

    {typing, "vi.i-leave", "<Esc> <C-c>", "Back to normal mode", ROW_INSERT, NULL, 0},
    {typing, "vi.i-once", "<C-o>", "One command of normal mode", ROW_INSERT, NULL, 0},
    {typing, "vi.i-erase", "<BS> <C-h>", "Erase the character before", ROW_INSERT, NULL, 0},
    {typing, "vi.i-erase-word", "<C-w>", "Erase the word before", ROW_INSERT, NULL, 0},
    {typing, "vi.i-erase-line", "<C-u>", "Erase what was typed, then the line's beginning",
        ROW_INSERT, NULL, 0},
    {typing, "vi.i-indent", "<C-t>", "Indent the line", ROW_INSERT, NULL, 0},
    {typing, "vi.i-dedent", "<C-d>", "Dedent the line", ROW_INSERT, NULL, 0},
    {typing, "vi.i-register", "<C-r>", "Put in a register", ROW_INSERT, NULL, 0},
    {typing, "vi.i-literal", "<C-v>", "The next key as it is", ROW_INSERT, NULL, 0},
    {typing, "vi.i-below", "<C-e>", "The character below", ROW_INSERT, NULL, 0},
    {typing, "vi.i-above", "<C-y>", "The character above", ROW_INSERT, NULL, 0},
    {typing, "vi.i-again", "<C-a>", "What was inserted last", ROW_INSERT, NULL, 0},
    {typing, "vi.i-complete", "<C-n>", "Complete the word, on", ROW_INSERT, NULL, 0},
    {typing, "vi.i-complete-back", "<C-p>", "Complete the word, back", ROW_INSERT, NULL, 0},
};
const size_t vi_row_count = ARRAY_LEN(vi_rows);

const struct vi_row *vi_row_by_id(const char *id)
{
    for (size_t i = 0; i < vi_row_count; i++) {
        if (strcmp(vi_rows[i].id, id) == 0) {
            return &vi_rows[i];
        }
    }
    return NULL;
}

/* Space-separated key sequences bound to a row. */
static bool bind(struct vi *vi, const struct vi_row *row, struct str specs)
{
    while (specs.len > 0) {
        size_t end = str_find_char(specs, ' ', 0);
        struct str spec = str_slice(specs, 0, end == SIZE_MAX ? specs.len : end);
        specs = end == SIZE_MAX ? str_of("") : str_from(specs, end + 1);
        struct buf keys = BUF_INIT;
        struct vi_binding binding = {.row = row};
        bool ok = vi_parse_keys(spec, &keys);
        struct str rest = buf_str(&keys);
        while (ok && rest.len > 0 && binding.len < ARRAY_LEN(binding.keys)) {
            int32_t key = vi_take_key(&rest);
            binding.keys[binding.len++] = key == VI_DEL ? VI_DEL : key;
        }
        ok = ok && rest.len == 0;
        buf_free(&keys);
        if (!ok) {
            return false;
        }
        if (binding.len > 0) {
            VEC_PUSH(&vi->bindings, binding);
        }
    }
    return true;
}

void vi_bind_all(struct vi *vi)
{
    for (size_t i = 0; i < vi_row_count; i++) {
        if (!(vi_rows[i].flags & ROW_INSERT)) {
            bool ok = bind(vi, &vi_rows[i], str_of(vi_rows[i].keys));
            assert(ok);
            (void)ok;
        }
    }
}

void vi_append_bound(const struct vi *vi, const char *id, struct buf *out)
{
    size_t before = out->len;
    VEC_FOREACH (const struct vi_binding, binding, &vi->bindings) {
        if (strcmp(binding->row->id, id) != 0) {
            continue;
        }
        buf_append_c(out, out->len > before ? " " : "");
        for (size_t i = 0; i < binding->len; i++) {
            vi_append_key_name(out, binding->keys[i]);
        }
    }
}

bool vi_remap(struct vi *vi, struct str id, struct str keys, struct err *err)
{
    const struct vi_row *row = NULL;
    for (size_t i = 0; i < vi_row_count; i++) {
        row = str_equal_c(id, vi_rows[i].id) ? &vi_rows[i] : row;
    }
    if (row == NULL || row->flags & ROW_INSERT) {
        return err_set(
            err, ERR_NOT_FOUND, "there is no vi command \"%.*s\" to give keys to", STR_FMT(id));
    }
    size_t before = vi->bindings.len;
    if (!bind(vi, row, keys)) {
        vi->bindings.len = before;
        return err_set(err, ERR_INVALID, "\"%.*s\" for %s is not one to four keys like gd or <C-x>",
            STR_FMT(keys), row->id);
    }
    for (size_t i = before; i-- > 0;) {
        if (vi->bindings.items[i].row == row) {
            VEC_REMOVE(&vi->bindings, i);
        }
    }
    return true;
}

const struct vi_row *vi_lookup(
    const struct vi *vi, const int32_t *seq, size_t len, unsigned mask, bool *more)
{
    const struct vi_row *found = NULL;
    *more = false;
    /* From the end: what the person set comes last and wins; special visual rows win over others.
     */
    for (size_t i = vi->bindings.len; i-- > 0;) {
        const struct vi_binding *binding = &vi->bindings.items[i];
        unsigned flags = binding->row->flags;
        bool only_visual = (flags & ROW_VISUAL) && (flags & ROW_OPERATOR);
        if (!(flags & mask) || (only_visual && !(mask & ROW_VISUAL)) || binding->len < len ||
            memcmp(binding->keys, seq, len * sizeof *seq) != 0) {
            continue;
        }
        if (binding->len > len) {
            *more = true;
        } else if (found == NULL) {
            found = binding->row;
        }
    }
    return *more && found == NULL ? NULL : found;
}

bool vi_entry(size_t index, struct vi_entry *out)
{
    if (index < vi_row_count) {
        const struct vi_row *row = &vi_rows[index];
        *out = (struct vi_entry){row->group, row->id, row->keys, row->help};
        return true;
    }
    index -= vi_row_count;
    if (index < vi_ex_row_count) {
        const struct vi_ex_row *row = &vi_ex_rows[index];
        *out = (struct vi_entry){"Ex commands", row->name, row->shortest, row->help};
        return true;
    }
    return vi_set_entry(index - vi_ex_row_count, out);
}
