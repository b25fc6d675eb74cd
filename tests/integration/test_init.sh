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

# What is there stays, and is named.
mkdir -p "$dir/w/.codex/skills/policy-gen"
echo mine >"$dir/w/.codex/skills/policy-gen/SKILL.md"
expect 0 'left   .codex/skills/policy-gen/SKILL.md, which is there already' "$bylaw" init "$dir/w"
[ "$(cat "$dir/w/.codex/skills/policy-gen/SKILL.md")" = mine ]
[ -s "$dir/w/AGENTS.md" ]
expect 0 'There was nothing to write' "$bylaw" init "$dir/w"
expect 2 'No such' "$bylaw" init "$dir/none"

# What it wrote is trusted, what was there is not, nor is a copy in another folder.
expect 1 '1 skill of this repository waits for your trust' "$bylaw" trust "$dir/w"
expect 0 'trusted' "$bylaw" trust --accept .codex/skills/policy-gen/SKILL.md "$dir/w"
expect 0 'skill policy-gen, in .codex/skills/policy-gen/SKILL.md: trusted' "$bylaw" trust "$dir/w"
cp -R "$dir/w" "$dir/copy"
expect 1 '5 skills of this repository wait' "$bylaw" trust "$dir/copy"
echo more >>"$dir/w/.codex/skills/policy-gen/SKILL.md"
expect 1 'changed since you trusted it' "$bylaw" trust "$dir/w"
expect 2 'no hook and no skill is in nothing' "$bylaw" trust --accept nothing "$dir/w"
[ "$(find "$dir/w" -type f | wc -l)" = 6 ] # no answer is kept in the repository

# Each block of Rego that names its file: they compile, their tests pass, they are formatted.
rm -rf "$dir/w"
mkdir "$dir/w"
"$bylaw" init "$dir/w" >/dev/null
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
