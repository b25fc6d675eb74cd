/* The functions that the table of keys names. What their row's arg means is said at each. */
#ifndef BYLAW_VI_VI_ROWS_H
#define BYLAW_VI_VI_ROWS_H

#include "vi/vi_private.h"

#define ROW_RUN(name) bool name(struct vi *vi, struct vi_cmd *cmd)

ROW_RUN(vi_c_add);
ROW_RUN(vi_c_bytes);
ROW_RUN(vi_c_change);
ROW_RUN(vi_c_colon);
ROW_RUN(vi_c_count);
ROW_RUN(vi_c_describe);
ROW_RUN(vi_c_host);
ROW_RUN(vi_c_insert);
ROW_RUN(vi_c_join);
ROW_RUN(vi_c_jump);
ROW_RUN(vi_c_leave);
ROW_RUN(vi_c_nothing);
ROW_RUN(vi_c_other_end);
ROW_RUN(vi_c_page);
ROW_RUN(vi_c_place);
ROW_RUN(vi_c_play);
ROW_RUN(vi_c_put);
ROW_RUN(vi_c_repeat);
ROW_RUN(vi_c_replace_char);
ROW_RUN(vi_c_reselect);
ROW_RUN(vi_c_scroll);
ROW_RUN(vi_c_set_mark);
ROW_RUN(vi_c_short);
ROW_RUN(vi_c_sideways);
ROW_RUN(vi_c_substitute_again);
ROW_RUN(vi_c_swap);
ROW_RUN(vi_c_undo);
ROW_RUN(vi_c_visual);
ROW_RUN(vi_m_column);
ROW_RUN(vi_m_display);
ROW_RUN(vi_m_down);
ROW_RUN(vi_m_end);
ROW_RUN(vi_m_find);
ROW_RUN(vi_m_find_again);
ROW_RUN(vi_m_go_byte);
ROW_RUN(vi_m_go_line);
ROW_RUN(vi_m_last_nonblank);
ROW_RUN(vi_m_left);
ROW_RUN(vi_m_line_start);
ROW_RUN(vi_m_mark);
ROW_RUN(vi_m_match);
ROW_RUN(vi_m_middle);
ROW_RUN(vi_m_nonblank);
ROW_RUN(vi_m_paragraph);
ROW_RUN(vi_m_percent);
ROW_RUN(vi_m_right);
ROW_RUN(vi_m_screen);
ROW_RUN(vi_m_search);
ROW_RUN(vi_m_search_again);
ROW_RUN(vi_m_search_word);
ROW_RUN(vi_m_section);
ROW_RUN(vi_m_sentence);
ROW_RUN(vi_m_unmatched);
ROW_RUN(vi_m_up);
ROW_RUN(vi_m_word);
ROW_RUN(vi_m_zero);
ROW_RUN(vi_object_block);
ROW_RUN(vi_object_grammar);
ROW_RUN(vi_object_tag);
ROW_RUN(vi_object_paragraph);
ROW_RUN(vi_object_quote);
ROW_RUN(vi_object_sentence);
ROW_RUN(vi_object_word);
ROW_RUN(vi_c_undo_line);

#undef ROW_RUN

#endif
