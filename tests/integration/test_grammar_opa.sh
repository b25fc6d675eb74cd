#!/usr/bin/env bash
# The Rego grammar against the real `opa parse`, on the grammar's own examples and the sample
# workspaces: the same files accepted, the same tree, and the same verdict on mutated files.
set -euo pipefail
. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
program=$BYLAW_BINARY_DIR/tests/bench-grammar
OPA=$(find_opa)
export OPA
if [ -z "$OPA" ]; then
  echo "SKIPPED: opa is not here, so there is nothing to compare with (scripts/setup test)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The examples that parse, one file each.
for file in "$BYLAW_SOURCE_DIR"/grammars/rego/test/corpus/*.txt; do
  awk -v prefix="$work/$(basename "$file" .txt)" '
    /^====/ { header = !header; if (!header) { n++; code = 1 } else { code = 0; error = 0 }; next }
    header && /^:error/ { error = 1 }
    /^----/ { code = 0 }
    code && !error { print > (prefix "-" n ".rego") }
  ' "$file"
done
find "$work" -name '*.rego' >"$work/examples"
find "$BYLAW_SOURCE_DIR/tests/workspaces" -name '*.rego' >"$work/samples"
[ "$(wc -l <"$work/examples")" -ge 50 ] && [ "$(wc -l <"$work/samples")" -ge 5 ]

figure() { sed -n "s/.*\b$1 \([0-9.]*\).*/\1/p" <<<"$2"; }

result=$(cat "$work/examples" "$work/samples" | "$program" compare)
echo "$result"
[ "$(figure errors "$result")" -eq 0 ]
[ "$(figure different "$result")" -eq 0 ]

# OPA also takes rules whose head is an expression (`a - 1 := 2`); a mutant may hit on one.
result=$("$program" differ "${GRAMMAR_DIFFER_RUNS:-150}" <"$work/examples")
echo "$result"
[ "$(figure only-opa-accepts "$result" | tail -1)" -le 1 ]
[ "$(figure both-accept "$result" | tail -1)" -ge 10 ]

result=$("$program" damage <"$work/samples")
echo "$result"
awk -v percent="$(figure percent "$result")" 'BEGIN { exit !(percent >= 99) }'
