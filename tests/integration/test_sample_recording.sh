#!/usr/bin/env bash
# The sample's recorded session is what its source says, and what it says is true: each patch
# applies to the sample in turn, the tests fail and pass with the real opa as the text claims, and
# the fixtures are denied and allowed as they are named.
set -euo pipefail
source_dir=$BYLAW_SOURCE_DIR
bylaw=$BYLAW_BINARY_DIR/bylaw
recording=$source_dir/tests/workspaces/sample/.bylaw/recordings/deny-latest-tag.jsonl
PATH=$PATH:$HOME/go/bin:${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
command -v opa >/dev/null || fail "opa is needed: run scripts/setup"

node "$source_dir/tests/workspaces/session/make-recording.mjs" - | cmp - "$recording" ||
  fail "the recording is not what its source makes: run tests/workspaces/session/make-recording.mjs"

cp -r "$source_dir/tests/workspaces/sample" "$dir/sample"
node -e '
  const fs = require("fs");
  let count = 0;
  for (const line of fs.readFileSync(process.argv[1], "utf8").split("\n").filter(Boolean)) {
    const data = JSON.parse(line).data;
    if (!data) continue;
    const event = JSON.parse(data.split("data: ")[1]);
    if (event.type === "response.custom_tool_call_input.done")
      fs.writeFileSync(`${process.argv[2]}/${++count}.patch`, event.input);
  }' "$recording" "$dir"
[ "$(ls "$dir"/*.patch | wc -l)" = 4 ] || fail "four patches are expected"

cd "$dir/sample"
run_opa() { find policies -name '*.rego' -print0 | xargs -0 opa test 2>&1; }
"$bylaw" patch apply "$dir/1.patch" >"$dir/out" 2>&1 || fail "patch 1: $(cat "$dir/out")"
out=$(run_opa || true)
[ "$(grep -c 'test_deny_missing_tag_behind_a_port: FAIL' <<<"$out")" = 1 ] || fail "after patch 1: $out"
grep -q '^FAIL: 1/' <<<"$out" || fail "after patch 1 more than one test fails: $out"
for number in 2 3 4; do
  "$bylaw" patch apply "$dir/$number.patch" >"$dir/out" 2>&1 || fail "patch $number: $(cat "$dir/out")"
  out=$(run_opa) || fail "after patch $number: $out"
done
grep -q '^PASS' <<<"$out" || fail "nothing passed: $out"

opa fmt --list policies | grep . && fail "not as opa fmt writes it"
for file in policies/k8s/latest_tag/testdata/*.yaml; do
  denied=$(opa eval --format raw --data policies/lib/k8s/k8s.rego \
    --data policies/k8s/latest_tag/latest_tag.rego --input "$file" 'count(data.k8s.latest_tag.deny)')
  case $(basename "$file") in
    invalid_*) [ "$denied" = 1 ] || fail "$file: denied $denied times" ;;
    valid_*) [ "$denied" = 0 ] || fail "$file: denied $denied times" ;;
  esac
done
sed -n '/^ *rego: |/,$p' gatekeeper/k8spinnedimages/template.yaml | sed '1d;s/^ \{14\}//' >"$dir/template.rego"
opa check --strict "$dir/template.rego" || fail "the Gatekeeper template's Rego"
for file in policies/k8s/latest_tag/testdata/*.yaml; do
  wrapped=$(opa eval --format raw --input "$file" '{"review": {"object": input}}')
  printf '%s' "$wrapped" >"$dir/review.json"
  found=$(opa eval --format raw --data "$dir/template.rego" --input "$dir/review.json" \
    'count(data.k8spinnedimages.violation)')
  case $(basename "$file") in
    invalid_*) [ "$found" = 1 ] || fail "template, $file: $found violations" ;;
    valid_*) [ "$found" = 0 ] || fail "template, $file: $found violations" ;;
  esac
done
echo "the recorded session holds"
