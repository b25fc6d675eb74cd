#!/usr/bin/env bash
# Every engine in turn is a program that misbehaves: it crashes, ends without a word, prints half of its answer,
# something else or far too much, is replaced or removed while it is used. Nothing is green then that the real engine
# did not say, each row that is not says why, and the run ends.
set -euo pipefail
. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
missing=

place_of() { command -v "$1" || { [ -x "$CACHE/bin/$1" ] && printf '%s' "$CACHE/bin/$1"; } || true; }

declare -A workspace=([opa]=opa-passing [conftest]=conftest-passing [gator]=gator [kyverno]=kyverno-passing [cedar]=cedar)
declare -A fault=(
  [crash]='kill -SEGV $$'
  [silent-failure]='exit 3'
  [silent-success]='exit 0'
  [half]='out=$("$real" "$@"); code=$?; printf "%s" "$out" | head -c $((${#out} / 2)); exit $code'
  [prose]='echo "a newer version is available"'
  [other-format]='printf "{\"version\": 2, \"results\": {\"passed\": 12}}\n"'
  [empty-list]='echo "[]"'
  [flood]='head -c 80000000 /dev/zero'
)

# with ENGINE SCRIPT: runs the workspace's tests with such an engine; the output is in $dir/out.
with() {
  local engine=$1 script=$2 other place bin=$dir/bin
  rm -rf "$bin" && mkdir "$bin"
  for other in opa conftest gator kyverno cedar; do
    place=$(place_of "$other")
    [ -z "$place" ] || [ "$other" = "$engine" ] || ln -s "$place" "$bin/$other"
  done
  printf '#!/bin/sh\nreal=%s\ncase "$1" in version | --version) exec "$real" "$@" ;; esac\n%s\n' "$(place_of "$engine")" "$script" >"$bin/$engine"
  chmod 700 "$bin/$engine"
  code=0
  PATH=$bin:/usr/bin:/bin XDG_CACHE_HOME=$dir/cache "$bylaw" test --json --root "$dir/${workspace[$engine]}" \
    >"$dir/out" 2>"$dir/err" || code=$?
  grep -q 'AddressSanitizer\|runtime error' "$dir/err" && fail "$engine: $(cat "$dir/err")"
  jq -e -s 'any(.[]; .type == "summary")' "$dir/out" >/dev/null || fail "$engine: no summary: $(tail -n 3 "$dir/out" "$dir/err")"
}

# passes ENGINE: the tests of it that the last run has as passed, sorted.
passes() {
  jq -r --arg e "$1" 'select(.type == "result" and .engine == $e and .status == "pass") | [.file, .suite, .name] | join(" ")' "$dir/out" | sort
}

for engine in opa conftest gator kyverno cedar; do
  [ -n "$(place_of "$engine")" ] || { missing="$missing $engine"; continue; }
  cp -R "$BYLAW_SOURCE_DIR/tests/workspaces/${workspace[$engine]}" "$dir/"
  # What it says when it works, so that the faults are known to be what makes the difference.
  with "$engine" 'exec "$real" "$@"'
  passes "$engine" >"$dir/good"
  [ -s "$dir/good" ] || fail "$engine: nothing passes in ${workspace[$engine]}: $(cat "$dir/out")"
  for name in "${!fault[@]}"; do
    with "$engine" "${fault[$name]}"
    [ "$code" = 1 ] || [ "$code" = 2 ] || fail "$engine, $name: exit $code: $(tail -n 2 "$dir/out")"
    # Of half an answer that part may be believed which is whole; of the rest nothing.
    if [ "$name" = half ]; then allowed=$dir/good; else allowed=/dev/null; fi
    [ -z "$(passes "$engine" | comm -23 - "$allowed")" ] || fail "$engine, $name: a pass that nothing earned: $(cat "$dir/out")"
    jq -e -s '[.[] | select(.type == "result" and .depth == 0 and (.status == "error" or .status == "not evaluated")
      and ((.message // .detail // "") == ""))] == []' "$dir/out" >/dev/null ||
      fail "$engine, $name: a row does not say why: $(cat "$dir/out")"
  done
  # Replaced by another, or gone, after its first call.
  cp /bin/true "$dir/other"
  with "$engine" "mv $dir/other \"\$0\"; exec \"\$real\" \"\$@\""
  cp /bin/true "$dir/other"
  with "$engine" 'rm "$0"; exec "$real" "$@"'
done
[ -z "$missing" ] || printf 'not there, so not tried:%s\n' "$missing"
