#!/usr/bin/env bash
# clang-tidy over our own C files. A file whose preprocessed text and checks were found clean before is
# not looked at again: the stamps are in the cache folder.
#   test_tidy.sh ahead    only makes stamps, one file after another from the other end, and says nothing: for while
#                         something else runs
set -euo pipefail
cd "$BYLAW_SOURCE_DIR"
stamps=${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/tidy
mkdir -p "$stamps"
export stamps BYLAW_BINARY_DIR

check_one() {
  local file=$1 command sum out
  command=$(jq -r --arg f "$BYLAW_SOURCE_DIR/$file" '.[] | select(.file == $f) | .command' \
    "$BYLAW_BINARY_DIR/compile_commands.json" | head -n 1)
  [ -n "$command" ] || { echo "tidy: $file is not built"; return 1; }
  command=$(sed -E 's/^[^ ]*ccache +//; s/ -o [^ ]+//; s/ -c / -E -P /; s/ -M[DTF]( [^ -][^ ]*)?//g' <<<"$command")
  sum=$( (cd "$BYLAW_BINARY_DIR" && eval "$command" 2>/dev/null; cat "$BYLAW_SOURCE_DIR/.clang-tidy" "$BYLAW_SOURCE_DIR/$file"; clang-tidy --version) | sha256sum | cut -c1-32)
  [ -e "$stamps/$sum" ] && return 0
  if out=$(clang-tidy --quiet -p "$BYLAW_BINARY_DIR" "$file" 2>/dev/null); then
    touch "$stamps/$sum"
  else
    printf '%s\n%s\n' "tidy: $file" "$out"
    return 1
  fi
}
export -f check_one

if [ "${1:-}" = ahead ]; then
  git ls-files 'core/*.c' 'tui/*.c' | tac | while read -r file; do check_one "$file" >/dev/null 2>&1 || true; done
  exit 0
fi
git ls-files 'core/*.c' 'tui/*.c' | xargs -P "$(nproc)" -I{} bash -c 'check_one {}'
