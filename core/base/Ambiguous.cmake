# Makes the table of ambiguous.h from EastAsianWidth.txt: bylaw_ambiguous(OUT.c) adds the rule.
# Run as a script (cmake -P) at build time.
if(CMAKE_SCRIPT_MODE_FILE)
  file(STRINGS "${DATA}" lines REGEX "^[0-9A-F]+(\\.\\.[0-9A-F]+)? *; *A( |#|$)")
  set(body "")
  set(first "")
  set(last -2)
  # Ascending and without gaps inside a range, as the file is; neighbours are joined.
  foreach(line IN LISTS lines ITEMS "END")
    if(line STREQUAL "END")
      set(from -1)
      set(to -1)
    else()
      string(REGEX MATCH "^([0-9A-F]+)(\\.\\.([0-9A-F]+))?" _ "${line}")
      math(EXPR from "0x${CMAKE_MATCH_1}")
      set(to ${from})
      if(CMAKE_MATCH_3)
        math(EXPR to "0x${CMAKE_MATCH_3}")
      endif()
    endif()
    math(EXPR next "${last} + 1")
    if(NOT from EQUAL next)
      if(NOT first STREQUAL "")
        string(APPEND body "    {${first}, ${last}},\n")
      endif()
      set(first ${from})
    endif()
    set(last ${to})
  endforeach()
  if(body STREQUAL "")
    message(FATAL_ERROR "${DATA} is not the Unicode Character Database's EastAsianWidth.txt")
  endif()
  file(WRITE "${OUT}" "#include \"base/ambiguous.h\"\n\nconst int32_t ambiguous_ranges[][2] = {\n${body}};\n\nconst size_t ambiguous_range_count = sizeof ambiguous_ranges / sizeof ambiguous_ranges[0];\n")
  return()
endif()

find_file(BYLAW_EAST_ASIAN_WIDTH EastAsianWidth.txt
  PATHS /usr/share/unicode /usr/share/unicode/ucd /usr/local/share/unicode /opt/homebrew/share/unicode
  DOC "EastAsianWidth.txt of the Unicode Character Database")
if(NOT BYLAW_EAST_ASIAN_WIDTH)
  message(FATAL_ERROR "EastAsianWidth.txt is missing: install unicode-data (Debian), unicode-ucd (Fedora) or "
    "unicode-character-database (Arch, Alpine), or name the file with -DBYLAW_EAST_ASIAN_WIDTH=FILE")
endif()

set(BYLAW_AMBIGUOUS_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(bylaw_ambiguous out)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} "-DDATA=${BYLAW_EAST_ASIAN_WIDTH}" "-DOUT=${out}" -P ${BYLAW_AMBIGUOUS_SCRIPT}
    DEPENDS ${BYLAW_EAST_ASIAN_WIDTH} ${BYLAW_AMBIGUOUS_SCRIPT} VERBATIM)
endfunction()
