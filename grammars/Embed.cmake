# Turns text files into a C source: bylaw_embed(OUT.c SYMBOL FILE...) defines
#   const struct embedded SYMBOL[] = { {name, bytes, length}, …, {NULL, NULL, 0} };
# Run as a script (cmake -P) at build time, so that a changed file is embedded again.
if(CMAKE_SCRIPT_MODE_FILE)
  set(body "")
  set(table "")
  set(n 0)
  string(REPLACE "|" ";" pairs "${PAIRS}")
  foreach(pair IN LISTS pairs)
    string(REGEX MATCH "^([^=]*)=(.*)$" _ "${pair}")
    set(name "${CMAKE_MATCH_1}")
    set(path "${CMAKE_MATCH_2}")
    file(READ "${path}" hex HEX)
    string(LENGTH "${hex}" len)
    math(EXPR len "${len} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND body "static const unsigned char file_${n}[] = {${bytes}0};\n")
    string(APPEND table "    {\"${name}\", (const char *)file_${n}, ${len}},\n")
    math(EXPR n "${n} + 1")
  endforeach()
  file(WRITE "${OUT}" "#include \"embedded.h\"\n${body}const struct embedded ${SYMBOL}[] = {\n${table}    {NULL, NULL, 0}};\n")
  return()
endif()

set(BYLAW_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
# PAIRS: "name=path" entries.
function(bylaw_embed out symbol)
  set(files "")
  foreach(pair IN LISTS ARGN)
    string(REGEX REPLACE "^[^=]*=" "" path "${pair}")
    list(APPEND files "${path}")
  endforeach()
  string(REPLACE ";" "|" pairs "${ARGN}")
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} "-DOUT=${out}" "-DSYMBOL=${symbol}" "-DPAIRS=${pairs}"
      -P ${BYLAW_EMBED_SCRIPT}
    DEPENDS ${files} ${BYLAW_EMBED_SCRIPT} VERBATIM)
endfunction()
