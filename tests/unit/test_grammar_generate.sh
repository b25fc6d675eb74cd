#!/usr/bin/env bash
# The committed parsers are what the pinned tree-sitter CLI makes of each grammar.js. Skipped (77), and
# ctest says so, where that CLI is not installed.
set -euo pipefail
pinned=0.25.10
cli=$(command -v tree-sitter || true)
[ -n "$cli" ] || cli=$HOME/.cargo/bin/tree-sitter
if [ ! -x "$cli" ] || [ "$("$cli" --version | cut -d' ' -f2)" != "$pinned" ]; then
  echo "SKIPPED: tree-sitter CLI $pinned is not here (cargo install tree-sitter-cli --version $pinned)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for grammar in rego cel jmespath cedar; do
  from=$BYLAW_SOURCE_DIR/grammars/$grammar
  mkdir -p "$work/$grammar/src"
  cp "$from"/{grammar.js,tree-sitter.json} "$work/$grammar/"
  if [ -e "$from/src/scanner.c" ]; then cp "$from/src/scanner.c" "$work/$grammar/src/"; fi
  (cd "$work/$grammar" && "$cli" generate --abi 14)
  for file in parser.c grammar.json node-types.json; do
    cmp "$work/$grammar/src/$file" "$from/src/$file"
  done
done
echo "the parsers are what the grammar.js say"
