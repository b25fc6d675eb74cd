#!/usr/bin/env bash
# The reports of `bylaw test` are read by the programs that others read them with: an XML parser, a TAP parser, a YAML
# parser, Microsoft's SARIF validator. All say the same of one run, and none is greener than it.
set -euo pipefail
. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
modules=$(fetch_node_modules "$BYLAW_SOURCE_DIR/tests/node")
formats="junit sarif tap json github markdown policyreport"
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config

# reports FOLDER EXPECTED_EXIT [ARGUMENT…]: runs the tests there once, with all reports, and reads them.
reports() {
  local folder=$1 expected=$2 name code=0 wishes=()
  shift 2
  rm -f "$dir"/report.*
  for name in $formats; do wishes+=(--report "$name=$dir/report.$name"); done
  "$bylaw" test "${wishes[@]}" "$@" --root "$folder" >"$dir/out" 2>&1 || code=$?
  [ "$code" = "$expected" ] || fail "exit $code, not $expected: $(cat "$dir/out")"
  node "$BYLAW_SOURCE_DIR/tests/tools/read_reports.mjs" "$modules" "$dir" || fail "of $folder"
  validate
}

# Microsoft's validator, which is there for x64 Linux.
validate() {
  local tool=$modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
  [ "$(uname -sm)" = "Linux x86_64" ] || return 0
  [ -e "$tool" ] || fail "no SARIF validator among the npm packages"
  chmod u+x "$tool"
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_BUNDLE_EXTRACT_BASE_DIR=$dir/bundle "$tool" \
    validate "$dir/report.sarif" --output "$dir/validated.sarif" --log ForceOverwrite >"$dir/validation" 2>&1 ||
    fail "$(cat "$dir/validation")"
  node -e '
    const results = JSON.parse(require("fs").readFileSync(process.argv[1])).runs[0].results ?? [];
    const bad = results.filter((r) => r.level === "error");
    if (bad.length > 0) { console.error(JSON.stringify(bad, null, 1)); process.exit(1); }' "$dir/validated.sarif" ||
    fail "SARIF: see above"
}

cp -R "$BYLAW_SOURCE_DIR/tests/workspaces/sample" "$dir/good"
git -C "$dir/good" init -q
reports "$dir/good" 0

# Everything that can go wrong, with text that every format has to escape.
cp -R "$dir/good" "$dir/bad"
cat >"$dir/bad/policies/lib/k8s/bad_test.rego" <<'REGO'
package lib.k8s_test

import rego.v1

test_fails if {
	{"a": [1, 2]} == {"a": [1, 3]}
}

todo_test_later if false

test_prints if {
	print("]]> <b>&amp; \u0007\u202e\u001b[31m ```` | ::error:: %0A # \\ \"'")
	1 == 2
}

test_cases[note] if {
	some note, n in {"one <&>\"": 1, "two # | `": 2}
	n == 1
}
REGO
printf 'package broken\n\nx = {\n' >"$dir/bad/policies/broken <&>.rego"
reports "$dir/bad" 1
grep -q '"fail":[2-9]' "$dir/report.json" || fail "what fails is not in it: $(cat "$dir/report.json")"

# Below the top of a repository the paths are the repository's, as CI wants them.
mkdir -p "$dir/top/sub"
cp -R "$dir/bad/." "$dir/top/sub"
rm -rf "$dir/top/sub/.git"
git -C "$dir/top" init -q
reports "$dir/top/sub" 1
grep -q 'uri":"sub/policies/lib/k8s/bad_test.rego"' "$dir/report.sarif" || fail "paths are not from the top"
grep -q '^::error file=sub/policies' "$dir/report.github" || fail "GitHub's paths are not from the top"

# Nothing evaluated, and nothing that could run: in no format a pass.
mkdir "$dir/empty"
reports "$dir/empty" 1
code=0
PATH=/usr/bin:/bin XDG_CACHE_HOME=$dir/none "$bylaw" test --report "junit=$dir/none.xml" --root "$dir/good" 2>/dev/null || code=$?
if [ "$code" != 2 ] && ! PATH=/usr/bin:/bin command -v opa >/dev/null; then fail "exit $code without opa"; fi
PATH=/usr/bin:/bin command -v opa >/dev/null || grep -q '<error message="' "$dir/none.xml" || fail "a run without opa is no error"

# To the standard output: the report alone. What cannot be: one sentence, and nothing ran.
"$bylaw" test --report tap --root "$dir/good" | head -n 1 | grep -qx 'TAP version 14' || fail "tap on the standard output"
for wrong in nope junit= ; do
  code=0
  out=$("$bylaw" test --report "$wrong" --root "$dir/good" 2>&1) || code=$?
  { [ "$code" = 2 ] && [ "$(wc -l <<<"$out")" = 1 ]; } || fail "--report $wrong: exit $code: $out"
done
code=0
out=$("$bylaw" test --report "junit=$dir/nowhere/x.xml" --root "$dir/good" 2>&1 >/dev/null) || code=$?
{ [ "$code" = 2 ] && grep -q 'junit report was not written' <<<"$out"; } || fail "an unwritable file: exit $code: $out"
