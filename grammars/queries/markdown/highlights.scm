(atx_heading
  (inline) @markup.heading)

(setext_heading
  (paragraph) @markup.heading)

[
  (atx_h1_marker)
  (atx_h2_marker)
  (atx_h3_marker)
  (atx_h4_marker)
  (atx_h5_marker)
  (atx_h6_marker)
  (setext_h1_underline)
  (setext_h2_underline)
] @markup.heading

[
  (indented_code_block)
  (fenced_code_block)
] @markup.raw

(fenced_code_block_delimiter) @punctuation.delimiter

(info_string) @label

(code_fence_content) @markup.raw

(link_title) @string

(link_destination) @markup.link.url

(link_label) @markup.link

[
  (list_marker_plus)
  (list_marker_minus)
  (list_marker_star)
  (list_marker_dot)
  (list_marker_parenthesis)
  (task_list_marker_checked)
  (task_list_marker_unchecked)
] @markup.list

(thematic_break) @markup.rule

(block_quote_marker) @markup.quote

(pipe_table_header
  (pipe_table_cell) @markup.bold)

(pipe_table_delimiter_row) @punctuation.delimiter

(pipe_table_header
  "|" @punctuation.delimiter)

(pipe_table_row
  "|" @punctuation.delimiter)

(backslash_escape) @string.escape
