#!/usr/bin/env bash
# bylaw patch as a user calls it: exit codes, all or nothing, nothing outside.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state
bylaw=$BYLAW_BINARY_DIR/bylaw
mkdir "$dir/w"
cd "$dir/w"
printf 'a\nb\nc\n' >f
mkdir d
printf 'x\r\ny' >d/g
ln -s ../secret link
printf 'secret\n' >"$dir/secret"

expect() { # EXIT-CODE TEXT COMMAND…: runs it with standard input, checks code and output
  local code=$1 text=$2 got=0 out
  shift 2
  out=$("$@" 2>&1) || got=$?
  [ "$got" = "$code" ] || { echo "exit $got, not $code: $*"; echo "$out"; exit 1; }
  case $out in *"$text"*) ;; *) echo "no \"$text\" from $*:"; echo "$out"; exit 1 ;; esac
}

codex='*** Begin Patch
*** Update File: f
@@ a
-b
+B
*** Add File: n/new
+1
*** End Patch'
expect 0 'M f' "$bylaw" patch check <<<"$codex"
[ "$(cat f)" = $'a\nb\nc' ]
expect 0 '+B' "$bylaw" patch show <<<"$codex"
expect 0 'A n/new' "$bylaw" patch apply <<<"$codex"
[ "$(cat f)" = $'a\nB\nc' ] && [ "$(cat n/new)" = 1 ]
expect 1 'in the file already, from line 2' "$bylaw" patch apply <<<"$codex"
expect 1 'nearest match begins at line 1 (1 of 2 lines' "$bylaw" patch check <<<'*** Begin Patch
*** Update File: f
 a
-other
*** End Patch'

# A unified diff from elsewhere; a file name as argument; bytes kept.
cd "$dir"
printf -- '--- a/d/g\n+++ b/d/g\n@@ -1,2 +1,2 @@\n-x\n+X\n y\n' >p
expect 0 'M d/g' "$bylaw" patch apply --dir w p
[ "$(od -An -c w/d/g | tr -d ' \n')" = 'X\r\ny' ]
cd w

# All or nothing.
expect 1 'no such file' "$bylaw" patch apply <<'P'
*** Begin Patch
*** Delete File: f
*** Update File: none
-a
*** End Patch
P
[ -e f ]
# Never outside.
for path in ../secret /etc/hostname .git/config link; do
  expect 1 'not applied' "$bylaw" patch apply <<<"*** Begin Patch
*** Update File: $path
-secret
+open
*** End Patch"
done
[ "$(cat "$dir/secret")" = secret ]
expect 1 'no diff' "$bylaw" patch apply <<<'hello'
expect 2 'say apply' "$bylaw" patch </dev/null
expect 2 'nowhere' "$bylaw" patch check nowhere
expect 2 'cannot open folder' "$bylaw" patch check --dir nowhere </dev/null
# Escape sequences never reach a terminal.
out=$(script -qec "printf -- '--- /dev/null\n+++ b/e\n@@ -0,0 +1 @@\n+\033[2Jx\n' | '$bylaw' patch show" /dev/null)
case $out in *$'\033[2J'*) echo "an escape sequence came through"; exit 1 ;; esac
echo "patch command: ok"
