#!/usr/bin/env bash
# bylaw test: exit codes, lines, JSON.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
cd "$BYLAW_SOURCE_DIR/tests/workspaces"
fail() { printf 'FAILED: %s\n%s\n' "$1" "${out:-}" >&2; exit 1; }
run() { # run EXPECTED-CODE ARGUMENT…
  local want=$1 code=0
  shift
  out=$("$bylaw" test "$@" 2>&1) || code=$?
  [ "$code" = "$want" ] || fail "test $*: exit $code, not $want"
}
has() { grep -qF -- "$1" <<<"$out" || fail "no \"$1\""; }

run 0 --root opa-passing
has 'pass: 7 passed, 0 failed, 0 errors, 0 skipped, 0 not evaluated'
run 0 --root opa-passing opa-passing/policies/images
has 'pass: 3 passed'
run 0 --threshold 100 --root opa-passing
has 'coverage 100.00 %  threshold 100 met'
rules_less=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX") # no rule of Rego: no figure, and nothing that a threshold is for
trap 'rm -rf "$rules_less"' EXIT
printf 'package words\n' >"$rules_less/words.rego"
run 1 --coverage --threshold 80 --root "$rules_less"
has 'coverage: no rule of Rego could be covered: it is not evaluated, and the threshold of 80 % is not applied'
run 1 --coverage --json --root "$rules_less"
has '"percent":null'
run 1 --report markdown --threshold 80 --root "$rules_less"
has 'Coverage: no rule of Rego could be covered'
run 1 --root opa-failing
has 'FAIL   limits_test.test_message'
has '{"8192 MiB is too much"}'
has 'div: divide by zero'
run 1 --coverage-by-test --root opa-failing # which tests reach a line, also those that fail
has 'limits.rego:4  limits_test.test_allows_small, limits_test.test_message, limits_test.test_prints'
has 'limits.rego:8  limits_test.test_share'
run 1 --coverage-by-test --json --root opa-failing
has '"limits.rego":{"3":["limits_test.test_message"],"4":["limits_test.test_allows_small",'
run 1 --root opa-broken
has 'ERROR  unsafe.rego:3:10: rego_unsafe_var_error: var user is unsafe'
run 1 --root opa-none
has 'no test was found'
has 'not evaluated: 0 passed'
run 1 --root opa-passing opa-passing/regions
has 'not evaluated: 0 passed'
run 2 opa-nowhere
run 1 opa-failing/limits_test.rego opa-none
has '2 passed, 2 failed'
run 2 --threshold many
run 2 --timeout 0
run 1 --timeout 1 --root opa-slow
has '3 passed, 0 failed, 1 errors'
run 2 --root opa-passing opa-failing
(PATH=/usr/bin:/bin XDG_CACHE_HOME=/nonexistent HOME=/nonexistent "$bylaw" test --root opa-passing >/dev/null 2>&1) && fail 'ran without opa' || [ $? = 2 ] || fail 'without opa'

# What is known is not run again, in another session neither; --fresh runs it all the same.
(
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  engines=${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin
  export XDG_CACHE_HOME=$dir/cache PATH=$PATH:$engines
  cp -R opa-passing "$dir/w"
  printf 'package fail_test\n\ntest_fails if 1 == 2\n\ntest_passes if true\n' >"$dir/w/fail_test.rego"
  printf 'package now_test\n\ntest_now if time.now_ns() > 0\n' >"$dir/w/now_test.rego"
  find "$dir/w" -exec touch -d '1 hour ago' {} +
  sleep 0.1 # files that are written while the tests run are not kept
  all() { run 1 --root "$dir/w"; }
  verdict() { grep -E '^[a-z ]+: [0-9]+ passed' <<<"$out" | sed 's/ *(.*//'; }
  all
  grep -q cached <<<"$out" && fail 'a first run is cached'
  want=$(verdict)
  all
  has ' tests are cached: nothing they depend on has changed'
  has 'fail_test.test_passes  cached'
  has 'FAIL   fail_test.test_fails  cached'
  grep -q 'test_now  cached' <<<"$out" && fail 'what looks at the time is cached'
  [ "$(verdict)" = "$want" ] || fail "cached: not $want"
  run 1 --json --root "$dir/w"
  has '"cached":true'
  run 1 --fresh --root "$dir/w"
  grep -q cached <<<"$out" && fail '--fresh is cached'
  printf '\ntest_more if 1 == 2\n' >>"$dir/w/fail_test.rego"
  all
  grep -q 'fail_test.*cached' <<<"$out" && fail 'a test whose file has changed is cached'
  has 'FAIL   fail_test.test_more'
  for file in "$dir"/cache/bylaw/results/w-*; do head -c 300 "$file" >"$dir/half" && cat "$dir/half" >"$file"; done
  all
  has 'FAIL   fail_test.test_more'
) || exit 1

# So are the suites of Gatekeeper and Kyverno which name nothing that changes by itself.
engines=${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin
kept() ( # kept WORKSPACE SUITE TEST FILE EXPRESSION: a change of FILE by sed's EXPRESSION fails the suite's TEST
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  export XDG_CACHE_HOME=$dir/cache PATH=$PATH:$engines
  cp -R "$1" "$dir/w"
  settled() { find "$dir/w" -exec touch -d "$1 hours ago" {} + && sleep 0.1; }
  settled 2
  run 0 --root "$dir/w" "$dir/w/$2"
  has "$3"
  grep -q cached <<<"$out" && fail "$1: a first run is cached"
  run 0 --root "$dir/w" "$dir/w/$2"
  has "$3  cached"
  sed -i "$5" "$dir/w/$4"
  settled 1
  run 1 --root "$dir/w" "$dir/w/$2"
  grep -qF "$3  cached" <<<"$out" && fail "$1: cached though $4 has changed"
  run 1 --root "$dir/w" "$dir/w/$2" # what failed is known as well, and says as much
  grep -F "$3  cached" <<<"$out" | grep -q '^FAIL' || fail "$1: the failure is not cached"
  cp -R "$1/." "$dir/w/"
  printf '# time.now_ns() and random()\n' >>"$dir/w/$4" # a word is enough
  settled 2
  run 0 --root "$dir/w" "$dir/w/$2"
  run 0 --root "$dir/w" "$dir/w/$2"
  grep -q cached <<<"$out" && fail "$1: cached though $4 may look at the time"
  return 0
)
suite=$(mktemp -d)
trap 'rm -rf "$suite"' EXIT
cp gator/owner/*.yaml "$suite"
sed -i '/- name: wrong-message/,$d' "$suite/suite.yaml"
if [ -x "$engines/gator" ] || command -v gator >/dev/null; then
  kept "$suite" suite.yaml owner.with-owner ok.yaml 's/owner:/other:/' || exit 1
fi
if [ -x "$engines/kyverno" ] || command -v kyverno >/dev/null; then
  kept kyverno-passing validate "require-team.team-label Pod/good" validate/resources.yaml 's/team:/other:/' || exit 1
fi

# Which Rego a file is read as can be said where nothing in it says so.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/old" "$dir/.bylaw"
printf 'package old\n\nx = 1\n\ntest_set { count({y | y := [1, 2][_]}) == 2 }\n' >"$dir/old/a_test.rego"
printf 'package b\n\nx := 1\n' >"$dir/b.rego"
out=$("$bylaw" index --rego "$dir")
has "old/a_test.rego	v0	what it is written in"
has "b.rego	v0 or v1	v1, and v0 where that does not load"
run 0 --root "$dir"
printf '[engines.opa]\nv1 = ["old/"]\nv0 = "b.rego"\n' >"$dir/.bylaw/config.toml"
out=$("$bylaw" index --rego "$dir")
has "old/a_test.rego	v1	old/ in .bylaw/config.toml"
has "b.rego	v0	b.rego in .bylaw/config.toml"
run 1 --root "$dir" # read as v1 it does not load
has 'old/a_test.rego:5:1: rego_parse_error'
rm "$dir/.bylaw/config.toml"
printf '{"file_rego_versions": {"/old/*.rego": 1}}' >"$dir/.manifest"
run 1 --root "$dir"
has 'old/a_test.rego:5:1: rego_parse_error'
out=$("$bylaw" index --rego "$dir")
has "old/a_test.rego	v1	file_rego_versions in .manifest"

# Functions of other programs, declared: what calls one compiles, and is neither green nor red where it is called.
run 1 --root opa-declared
has 'fail: 2 passed, 1 failed, 0 errors, 0 skipped, 1 not evaluated'
has 'none   ports_test.test_low_port '
has 'it calls result.new, which only trivy has and opa has not'
has 'pass   ports_test.test_low_port_mocked'
has 'FAIL   ports_test.test_owner_wrong'

# Documents that the settings name are loaded where opa would put them, for tests, coverage, evaluation and the gate.
run 0 --coverage --root opa-data
has 'pass: 3 passed, 0 failed, 0 errors'
"$bylaw" check "$PWD/opa-data" >/dev/null || fail 'check does not load what the settings name'
out=$("$bylaw" doctor opa-data || true)
has 'opa data   facts/limits.yml: at the top of data'
has 'opa data   lib.zones:facts/team: at data.lib.zones'
out=$("$bylaw" config opa-data)
has '# engines.opa.data: facts/limits.yml: at the top of data  # .bylaw/config.toml:2'
rm -rf "$dir" && cp -R opa-data "$dir"
printf '[engines.opa]\ndata = ["facts/limits.yml", "lib.zones:facts/gone", "../else"]\n' >"$dir/.bylaw/config.toml"
run 1 --root "$dir"
has 'FAIL   scale_test.test_region'
has 'data: there is no .json, .yaml or .yml at lib.zones:facts/gone'
has 'data: ../else is not below the folder, so it is not loaded'
out=$("$bylaw" doctor "$dir" || true)
has 'WRONG    opa data   lib.zones:facts/gone: at data.lib.zones: not there'

# What the settings would add to the tests is missed: the tests that are left do not make it green.
(
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  mkdir "$dir/.bylaw"
  printf 'package a_test\n\ntest_a if 1 + 1 == 2\n' >"$dir/a_test.rego"
  run 0 --root "$dir"
  printf '[engines.conftest\n' >"$dir/.bylaw/config.toml"
  run 1 --root "$dir"
  has 'ERROR  .bylaw/config.toml:1:1: settings: '
  has 'none of its settings hold'
  has 'error: 1 passed'
  printf '[engines.conftest]\ninputs = ["deploy/*.yaml"]\nfolders = ["gone"]\n' >"$dir/.bylaw/config.toml"
  run 1 --root "$dir"
  has 'ERROR  .bylaw/config.toml:2:11: settings: inputs: there is no file deploy/*.yaml'
  has 'ERROR  .bylaw/config.toml:3:12: settings: folders: there is no folder gone'
  has 'error: 1 passed'
)

run 1 --json --coverage --root opa-failing
summary=$(jq -c 'select(.type == "summary") | [.verdict, .pass, .fail, .error, .skipped, ."not evaluated"]' <<<"$out")
[ "$summary" = '["error",2,2,1,1,0]' ] || fail "summary $summary"
[ "$(jq -s '[.[] | select(.type == "result")] | length' <<<"$out")" = 6 ] || fail 'results'
[ "$(jq -r 'select(.type == "explanation" and .name == "test_share") | .message' <<<"$out")" = 'div: divide by zero (limits.rego:8)' ] || fail 'explanation'
[ "$(jq -c 'select(.type == "coverage") | .files["limits.rego"].missed' <<<"$out")" = '[8]' ] || fail 'coverage'

# The same as opa says of it.
opa=$(command -v opa || printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/opa")
want=$( (cd opa-failing && "$opa" test --format json . || true) | jq -c '[.[] | {n: .name, s: (if .error then "error" elif .fail then "fail" elif .skip then "skipped" else "pass" end)}] | sort')
got=$(jq -s -c '[.[] | select(.type == "result") | {n: .name, s: .status}] | sort' <<<"$out")
[ "$want" = "$got" ] || fail "opa says $want"
want=$(cd opa-v0/new && "$opa" test --coverage . | jq .coverage)
out=$("$bylaw" test --json --coverage --root opa-v0/new)
[ "$(jq 'select(.type == "coverage") | .percent' <<<"$out")" = "$want" ] || fail "coverage: opa says $want"
