#!/usr/bin/env bash
# The README's tables are what the program says of itself, and every path it names is there.
set -euo pipefail
BYLAW=$BYLAW_BINARY_DIR/bylaw "$BYLAW_SOURCE_DIR/scripts/readme" --check
cd "$BYLAW_SOURCE_DIR"
bad=0
for path in $(grep -oE '\]\([^)]+\)' README.md | tr -d '])(' | grep -v '^http'); do
  [ -e "$path" ] || { echo "README.md names $path, which is not there"; bad=1; }
done
exit $bad
