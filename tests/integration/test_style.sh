#!/usr/bin/env bash
# What the compiler does not check: formatting, layering, and words that must not be committed.
set -euo pipefail
cd "$BYLAW_SOURCE_DIR"
bad=0
complain() { printf 'style: %s\n' "$*"; bad=1; }

own=$(git ls-files '*.c' '*.h' | grep -v '^grammars/[a-z]*/src/')
# shellcheck disable=SC2086
unformatted=$(clang-format --dry-run -Werror $own 2>&1 | head -20) || true
if [ -n "$unformatted" ]; then
  printf '%s\n' "$unformatted"
  complain "not formatted: clang-format -i"
fi

if git grep -nE '#include *[<"](n?curses|term|tui/|screen/|widget/|pane/)' -- core; then
  complain "core/ must not see curses or tui/"
fi
if git grep -nE '\bexit *\(' -- 'core/*.c' 'tui/*.c' ':!tui/main.c' | grep -vE '_exit|at_?exit|on_exit|\*|"'; then
  complain "exit() outside main"
fi
# Rego has a sprintf too: what stands in a string is not called.
if git grep -nE '\b(strcpy|strcat|sprintf|strtok|gets|atoi)\(' -- 'core/*.c' 'tui/*.c' |
  grep -vE '"[^"]*\bsprintf\('; then
  complain "an unbounded or unchecked C function"
fi
exit $bad
