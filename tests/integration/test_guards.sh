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

# Fixtures that the settings name and that are not there were not decided about.
mv .bylaw "$dir/settings"
mkdir .bylaw
for text in '[apply]\nfixtures = ["gone/*.yaml"]' '[apply'; do
  printf '%b\n' "$text" >.bylaw/config.toml
  run 1 guards --decide
  grep -q 'fixture-denied, fixture-not-denied.* not evaluated in full' "$dir/err" || fail "settings: $(cat "$dir/err")"
done
rm -r .bylaw
mv "$dir/settings" .bylaw

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

# Over the bound, and with Rego that does not load: what is known is told, and what is not.
cp .bylaw/config.toml "$dir/config.toml"
printf '\n[guards]\ndecisions = 1\n' >>.bylaw/config.toml
printf 'package broken\n\ndeny contains "x" if nothing(input)\n' >policies/broken.rego
run 1 guards --decide
says "invalid_harmless.yaml:1:1: error: "
says_not 'valid_unlabelled.yaml.*fixture-denied'
says '^policies/k8s/privileged/privileged.rego:[0-9]+:1: warning: .*\[rule-unreached\]' # nothing of it is broken
grep -qE '^bylaw guards: fixture-denied not evaluated in full: .*decisions' "$dir/err" || fail "the bound: $(cat "$dir/err")"
grep -qE '^bylaw guards: rule-unreached not evaluated in full: coverage is not complete for 1 rule that denies, the first at policies/broken.rego:3' "$dir/err" || fail "coverage: $(cat "$dir/err")"
mv $tests/invalid_harmless.yaml $tests/valid_root.yaml "$dir"
run 1 guards --decide --json
says '^\{"not_evaluated":"fixture-denied","why":".*decisions'
says_not '"severity":"error"'
mv "$dir/invalid_harmless.yaml" "$dir/valid_root.yaml" $tests
cp "$dir/config.toml" .bylaw/config.toml
rm policies/broken.rego

# A policy of Kyverno's that changes objects and is for none: over the bound it is not held against all of them.
if command -v kyverno >/dev/null || [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/kyverno" ]; then
  mkdir -p policies/widgets
  cat >policies/widgets/widgets.yaml <<'YAML'
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: label-widgets}
spec:
  rules:
    - name: label
      match: {any: [{resources: {kinds: [Pod, Deployment], names: [no-such-widget]}}]}
      mutate: {patchStrategicMerge: {metadata: {labels: {widget: "yes"}}}}
YAML
  run 1 guards --decide
  says '^policies/widgets/widgets.yaml:1:1: warning: .*matches none of .*\[rule-unreached\]'
  printf '\n[guards]\ndecisions = 1\n' >>.bylaw/config.toml
  run 1 guards --decide
  says_not 'widgets.yaml.*rule-unreached'
  grep -qE '^bylaw guards: rule-unreached not evaluated in full: 1 policy of Kyverno' "$dir/err" || fail "the match: $(cat "$dir/err")"
  cp "$dir/config.toml" .bylaw/config.toml
  rm -r policies/widgets
fi

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
  grep -qE "^(The fix|No fix:) ." "$dir/page" || fail "the page of $id says nothing of a fix"
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

# What is mended the engines take: v0 that becomes v1, an action that moves to the rules.
printf 'package c\n\ndeny[msg]{\n\tinput.z\n\tmsg := sprintf("%%s", [input.z])\n}\n\nf(x) = y {\n\ty := x\n}\n' >c.rego
printf 'package c\n\ntest_z {\n\tcount(deny) == 1 with input as {"z": "a"}\n}\n' >c_test.rego
for each in d e; do printf 'package %s\n\nallow if input.x\n' $each >$each.rego; done
mkdir k
cat >k/p.yaml <<'YAML'
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: p
spec:
  validationFailureAction: Enforce
  rules:
    - name: r
      match:
        any:
          - resources:
              kinds: [Pod]
      validate:
        message: "{{ request.object.metadata.name }} has no owner"
        pattern:
          metadata:
            labels:
              owner: "?*"
YAML
printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec: {}\n' >k/r.yaml
run 0 guards --fix
git apply "$dir/out" || fail "git does not apply: $(cat "$dir/out")"
run 0 guards
says_not 'v0-syntax|kyverno-field'
bin=${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin
opa=$(command -v opa || echo "$bin/opa")
"$opa" check --strict a.rego b.rego c.rego c_test.rego || fail "opa does not take what was mended"
"$opa" test c.rego c_test.rego >"$dir/tested" || fail "it means something else: $(cat "$dir/tested")"
kyverno=$(command -v kyverno || echo "$bin/kyverno")
if [ -x "$kyverno" ]; then
  "$kyverno" apply k/p.yaml --resource k/r.yaml >"$dir/applied" 2>&1 || true
  grep -q 'fail: 1' "$dir/applied" || fail "kyverno does not take what was mended: $(cat "$dir/applied")"
fi

# Tests of one name are one rule to a query: what only the second reaches is reached all the same.
mkdir "$dir/twins"
cd "$dir/twins"
cat >p.rego <<'REGO'
package p

deny contains sprintf("%s", [input.n]) if input.kind == "a"

deny contains sprintf("%s!", [input.n]) if input.kind == "b"
REGO
cat >p_test.rego <<'REGO'
package p

test_deny if "x" in deny with input as {"kind": "a", "n": "x"}

test_allow if count(deny) == 0 with input as {"kind": "c"}

test_deny if "x!" in deny with input as {"kind": "b", "n": "x"}
REGO
run 0 guards --decide
says_not 'rule-unreached'
says 'duplicate-test'
REGO_ONE='test_deny if "x" in deny with input as {"kind": "a", "n": "x"}'
printf 'package p\n\n%s\n\ntest_allow if count(deny) == 0 with input as {"kind": "c"}\n' "$REGO_ONE" >p_test.rego
run 0 guards --decide
says 'p.rego:5:1: warning: .*\[rule-unreached\]'

# Without its engine nothing is decided about a policy, and what was not decided is not clean.
mkdir -p "$dir/absent/policies/x" "$dir/only"
ln -s "$opa" "$dir/only/opa"
cd "$dir/absent"
cat >policies/x/policy.yaml <<'YAML'
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: need-owner}
spec:
  validationActions: [Deny]
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations:
    - expression: has(object.metadata.labels) && 'owner' in object.metadata.labels
      message: no owner
YAML
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n' >policies/x/valid-1.yaml
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: {owner: x}}\n' >policies/x/invalid-1.yaml
# alone EXPECTED_EXIT ARGUMENT…: with no engine but opa.
alone() { PATH=$dir/only:/usr/bin:/bin XDG_CACHE_HOME=$dir/none run "$@"; }
alone 1 guards --decide
for of in 'fixture-denied, fixture-not-denied not evaluated in full: 2 documents' 'rule-unreached not evaluated in full: 1 policy'; do
  grep -qE "^bylaw guards: $of .*kyverno is not on PATH" "$dir/err" || fail "no engine: $(cat "$dir/err")"
done
alone 1 check
says '^loading +not evaluated +1 of 1 unit .*kyverno is not on PATH'
says '^guards +not evaluated .*2 documents called valid or invalid'
sed -i 's/^      message: no owner$//' policies/x/policy.yaml # a warning is none of its notes
alone 1 check
says '^warn +policies/x/policy.yaml:[0-9]+:[0-9]+: deny-without-message'
mv "$dir/only/opa" "$dir/opa"
alone 2 check
for of in tests loading strict guards coverage; do says "^$of +not evaluated"; done
mv "$dir/opa" "$dir/only/opa"
cat >policies/x/kyverno-test.yaml <<'YAML'
apiVersion: cli.kyverno.io/v1alpha1
kind: Test
metadata: {name: t}
policies: [policy.yaml]
resources: [valid-1.yaml, invalid-1.yaml]
results:
  - {policy: need-owner, isValidatingPolicy: true, resources: [a], kind: Pod, result: fail}
  - {policy: need-owner, isValidatingPolicy: true, resources: [b], kind: Pod, result: pass}
YAML
alone 1 check
says '^tests +not evaluated +2 not evaluated'
says '^guards +not evaluated .*test-not-evaluated not evaluated in full: 2 tests could not be run: kyverno is not on PATH'
says_not 'ERROR'
alone 1 guards --decide
grep -qE "^bylaw guards: test-not-evaluated not evaluated in full: 2 tests .*kyverno is not on PATH" "$dir/err" || fail "no engine: $(cat "$dir/err")"
if [ -x "$kyverno" ]; then
  run 1 check
  says '^loading +pass +1 unit loads'
  says 'ERROR +policies/x/valid-1.yaml:1:1: fixture-denied'
  says 'ERROR +policies/x/invalid-1.yaml:1:1: fixture-not-denied'
fi

# A file may be called anything: what a terminal would obey is shown.
mkdir -p "$dir/named/p"
cd "$dir/named"
printf 'package p\n\ndeny contains sprintf("%%s", [input.n]) if input.x\n' >p/p.rego
printf 'package p_test\n\nimport data.p\n\ntest_x if p.deny == {"a"} with input as {"x": 1, "n": "a"}\n' >p/p_test.rego
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n' >p/$'invalid-\033[31m\n.yaml'
run 1 check
says 'ERROR +p/invalid-\^\[\[31m\^J\.yaml:1:1: fixture-not-denied'
says_not $'\033'
