#!/usr/bin/env bash
# From an empty folder and a list of controls to some that are enforced, each reviewed, committed and green: the commands of
# the README's "From a compliance matrix to a gated pull request", with a third party's fake of a model that answers.
set -euo pipefail
dir=$(mktemp -d)
model=
trap '[ -z "$model" ] || kill "$model" 2>/dev/null || true; rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config CODEX_HOME=$dir/codex HOME=$dir/home
export PATH=$BYLAW_BINARY_DIR:$PATH BYLAW_TOUR=0 OPENAI_API_KEY=none-is-needed
for program in opa gator node; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
die() { echo "$*"; exit 1; }
expect() { # EXIT-CODE TEXT COMMAND…: checks code and output
  local code=$1 text=$2 got=0 out
  shift 2
  out=$("$@" 2>&1 </dev/null) || got=$?
  [ "$got" = "$code" ] || { echo "exit $got, not $code: $*"; echo "$out"; exit 1; }
  case $out in *"$text"*) ;; *) echo "no \"$text\" from $*:"; echo "$out"; exit 1 ;; esac
}

# The model: a port of the system's choice, said in its log.
node "$BYLAW_SOURCE_DIR/tests/tools/cis_answers.mjs" >"$dir/answers.json"
node "$BYLAW_NODE_MODULES/.bin/llmock" -p 0 -f "$dir/answers.json" >"$dir/model.log" 2>&1 &
model=$!
until grep -q 'listening on' "$dir/model.log"; do
  kill -0 "$model" 2>/dev/null || { cat "$dir/model.log"; die "the fake model has ended"; }
  sleep 0.1
done
BYLAW_BASE_URL=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$dir/model.log")/v1
export BYLAW_BASE_URL

# An empty folder.
mkdir "$dir/policies"
cd "$dir/policies"
git init -q -b main
git config user.name Engineer
git config user.email e@example.invalid
expect 0 'wrote  policies/k8s/registry/registry.rego' bylaw init --kubernetes --rego --requirements cis-k8s-1.9
git config core.hooksPath .githooks
git add -A
git commit -qm 'Begin' >"$dir/log" 2>&1 || { cat "$dir/log"; die "the first commit is refused"; }

# What lacks, and a proposal for some of it.
controls=5.2.3,5.2.12 # five as the README has it take a minute
expect 1 '0 of 32 checkable controls covered' bylaw gap
expect 0 '2 green proposals' bylaw generate --only "$controls" --jobs 2 --max-cost 5
[ -z "$(git status --porcelain)" ] || die "something was written before its review"

# Each is reviewed and committed; the hook checks what is committed.
bylaw --resume | awk '/Control 5\./ { print $1 }' >"$dir/sessions"
[ "$(wc -l <"$dir/sessions")" = 2 ] || die "not two sessions"
asked=run # the hook is asked about once
while IFS= read -r session; do
  {
    echo review
    for _ in 1 2 3 4 5 6 7 8 9; do echo accept-rest; done
    printf '%s\n' wait finish 'commit yes' $asked wait quit
  } >"$dir/typed"
  asked=
  bylaw --plain --session "$session" <"$dir/typed" >"$dir/log" 2>&1 || { cat "$dir/log"; die "the review ended badly"; }
done <"$dir/sessions"
[ "$(git log --format=%s | grep -c '^Control 5\.2\.')" = 2 ] || { cat "$dir/log"; git log --oneline; die "not two commits"; }
[ -z "$(git status --porcelain)" ] || die "something is left"

[ "$(git log --format=%b | grep -c '^Bylaw-Tests: [1-9][0-9]* passed, 0 failed')" = 2 ] || { git log; die "committed untested"; }

# Traced, and green.
expect 1 '2 of 32 checkable controls covered' bylaw gap
bylaw trace --format json >"$dir/trace.json" 2>/dev/null || true # 1: the others have no policy
for control in 5.2.3 5.2.12; do
  jq -e --arg id "$control" '[.rows[] | select(.control_id == $id)] | length > 0 and all(.state == "traced" and .commit != null)' \
    "$dir/trace.json" >/dev/null || { cat "$dir/trace.json"; die "$control is not traced"; }
done
jq -e '[.rows[] | select(.state == "orphaned" and (.policy | startswith("Cis")))] == []' "$dir/trace.json" >/dev/null ||
  die "a template whose Rego names its control counts as one that names none"
expect 0 'pass' bylaw check

# A change that lets a forbidden Pod pass is red, by itself and against the base.
sed -i 's/object.get(pod.spec, "hostPID", false)/object.get(pod.spec, "hostPID", true) == 1/' policies/control_5_2_3/control_5_2_3.rego
expect 1 'fail' bylaw check --base HEAD
if git commit -qam 'Let it pass' >"$dir/log" 2>&1; then die "committed although a test fails"; fi
