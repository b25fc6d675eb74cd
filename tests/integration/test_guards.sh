#!/usr/bin/env bash
# bylaw guards on the sample workspace: the real engines decide, pages, a patch that git applies.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
command -v opa >/dev/null || [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/opa" ] || { echo "no opa"; exit 77; }

# run EXPECTED_EXIT ARGUMENT…: in the workspace; its output is in $dir/out.
run() {
  local expected=$1 code=0
  shift
  "$bylaw" "$@" >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" = "$expected" ] || fail "bylaw $*: exit $code, not $expected: $(cat "$dir/out" "$dir/err")"
}
says() { grep -qE -- "$1" "$dir/out" || fail "\"$1\" is not in: $(cat "$dir/out" "$dir/err")"; }
says_not() { ! grep -qE -- "$1" "$dir/out" || fail "\"$1\" is in: $(cat "$dir/out")"; }

cp -r "$BYLAW_SOURCE_DIR/tests/workspaces/sample" "$dir/work"
cd "$dir/work"

# As it comes: nothing to decide about, whatever the engines say.
run 0 guards --decide
says_not 'fixture-|rule-unreached|test-not-evaluated|error:'

# What the engines decide against the names.
tests=policies/k8s/privileged/testdata
cp $tests/valid_plain.yaml $tests/invalid_harmless.yaml
cp $tests/invalid_privileged.yaml $tests/valid_root.yaml
sed 's/^kind: Pod$/kind: Deployment/' $tests/valid_plain.yaml >$tests/valid_unlabelled.yaml
cat >>policies/k8s/privileged/privileged.rego <<'REGO'

deny contains msg if {
	input.spec.neverThere
	msg := sprintf("%s is never there", [input.metadata.name])
}
REGO
run 1 guards --decide
says "^$tests/invalid_harmless.yaml:1:1: error: .*no policy denies it|^$tests/invalid_harmless.yaml:1:1: error: .*own policy lets it pass"
says "^$tests/valid_root.yaml:1:1: error: .*own policy denies it.*\[fixture-denied\]"
says "^$tests/valid_unlabelled.yaml:1:1: warning: .*all policies of the workspace.*k8s.required_labels.*\[fixture-denied\]"
says '^policies/k8s/privileged/privileged.rego:[0-9]+:1: warning: .*\[rule-unreached\]'

# Silenced with a reason; without one it is itself a finding.
sed -i '1i # bylaw:ignore fixture-not-denied it is denied at the gate' $tests/invalid_harmless.yaml
sed -i '1i # bylaw:ignore fixture-denied' $tests/valid_root.yaml
run 1 guards --decide
says_not 'invalid_harmless'
says "^$tests/valid_root.yaml:1:1: warning: .*\[ignore-reason\]"
says "^$tests/valid_root.yaml:2:1: error: .*\[fixture-denied\]"

# One page each, the same in the man page and the table.
"$bylaw" help --man guards >"$dir/man"
run 0 guards --list
while read -r id _; do
  "$bylaw" guards --explain "$id" >"$dir/page"
  grep -q "bylaw:ignore $id REASON" "$dir/page" || fail "the page of $id"
  grep -qF "${id//-/\\-} (" "$dir/man" || fail "$id is not in the man page"
done <"$dir/out"
run 2 guards --explain nothing

# A patch of what is safe to mend, for git; nothing is written before.
mkdir "$dir/fix"
cd "$dir/fix"
git init -q
printf 'package a\n\nimport rego.v1\n\nallow if input.x\n' >a.rego
printf 'package b\n\nallow if input.y\n' >b.rego
cp a.rego before
run 0 guards --fix
cmp -s a.rego before || fail "--fix wrote a file"
git apply "$dir/out" || fail "git does not apply: $(cat "$dir/out")"
[ "$(grep -c import a.rego)" = 0 ] || fail "the import is still there"
run 0 guards
says_not deprecated-import
