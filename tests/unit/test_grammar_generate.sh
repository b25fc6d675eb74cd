#!/usr/bin/env bash
# The committed parser is what the pinned tree-sitter CLI makes of grammar.js. Skipped (77), and
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
cp "$BYLAW_SOURCE_DIR"/grammars/rego/{grammar.js,tree-sitter.json} "$work/"
mkdir "$work/src"
cp "$BYLAW_SOURCE_DIR/grammars/rego/src/scanner.c" "$work/src/"
(cd "$work" && "$cli" generate --abi 14)
for file in parser.c grammar.json node-types.json; do
  cmp "$work/src/$file" "$BYLAW_SOURCE_DIR/grammars/rego/src/$file"
done
echo "the parser is what grammar.js says"
