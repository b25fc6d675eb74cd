#!/usr/bin/env bash
# bylaw gap and bylaw trace as programs, on the sample workspace in a repository of its own; a component definition held
# against the published schema of OSCAL, where that and Node.js are there.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
cp -r "$BYLAW_SOURCE_DIR/tests/workspaces/sample" "$work/ws"
cd "$work/ws"
git init -q -b main . && git add -A && git -c user.name=Ann -c user.email=a@example.org commit -qm 'First policies'

fail() { printf '%s\n' "$*" >&2; exit 1; }
# with CODE COMMAND…: its output in $work/out and $work/err.
with() {
  local want=$1 code=0
  shift
  "$bylaw" "$@" >"$work/out" 2>"$work/err" || code=$?
  [ "$code" = "$want" ] || fail "bylaw $*: exit code $code, not $want: $(cat "$work/err")"
}
has() { grep -qF -- "$1" "$work/${2:-out}" || fail "not in ${2:-out}: $1; there is: $(head -c 2000 "$work/${2:-out}")"; }

with 1 gap
has 'control_id,control_description,suggested_policy_type,complexity,evidence,status'
has 'K8S-01,Containers do not run privileged,'
has 'policies/k8s/privileged/privileged.rego:5 metadata names K8S-01 (k8s.privileged),covered'
has 'K8S-03,Production images are pinned to a version,'
has '3 of 4 controls covered' err
has 'nothing says of these whether an admission policy can check them' err
with 1 gap --json --only K8S-03
has '"status":"gap"'
with 0 gap --only 'K8S-0[12],K8S-01,TF*'
with 1 gap --requirements cis-k8s-1.9 --status 'not checkable'
has '1.2.1,'
has 'of 32 checkable controls covered' err
has '98 more no admission policy can check' err
# A catalogue does not say what a policy can see: what it has is no checkable control, and counts for itself.
cat >"$work/catalog.json" <<'JSON'
{"catalog":{"uuid":"11111111-2222-4333-8444-555555555555","metadata":{"title":"t","last-modified":"2024-01-01T00:00:00Z",
"version":"1","oscal-version":"1.1.2"},"controls":[{"id":"K8S-01","title":"No privileged containers"},
{"id":"K8S-77","title":"Guards stand at the door"}]}}
JSON
with 1 gap --requirements "$work/catalog.json"
has '1 of 2 controls covered' err
! grep -q 'checkable controls' "$work/err" || fail "a figure of what nobody knows to be checkable: $(cat "$work/err")"
{ cat requirements.csv; } | sed '1s/$/,admission/; 2s/$/,yes/; 3s/$/,host/; 4,$s/$/,/' >"$work/half.csv"
with 1 gap --requirements "$work/half.csv"
has '1 of 2 checkable controls covered' err
has 'nothing says of these' err
# The trace counts them the same way, in each of its forms.
with 1 trace --requirements "$work/catalog.json"
has '2 controls: 1 traced, 0 partly, 0 untested, 1 uncovered; nothing says of these' err
! grep -q 'not checkable' "$work/err" || fail "a figure of what nobody knows to be checkable: $(cat "$work/err")"
with 1 trace --requirements "$work/catalog.json" --format markdown
has '- uncovered: 0 controls'
has '- 2 more controls: 1 traced, 0 partly, 0 untested, 1 uncovered; nothing says of these'
with 1 trace --requirements "$work/catalog.json" --json
has '"unknown":{"uncovered":1,"untested":0,"partly":0,"traced":1,"not checkable":0}'
with 1 trace --requirements "$work/catalog.json" --format html
has 'Of the controls 2 are of unknown kind: 1 traced'
with 1 trace --requirements "$work/half.csv"
has '2 more controls: 1 traced' err
has '2 controls: 1 traced, 1 partly, 0 untested, 0 uncovered, 0 not checkable' err
with 2 gap --status open
has '--status takes gap, partly, covered' err

printf 'Nr;Text\r\nA;x\r\n' >"$work/m.csv"
with 2 gap --requirements "$work/m.csv"
has 'there are: Nr, Text. Say which with --map' err
with 1 gap --requirements "$work/m.csv" --map id=Nr
mkdir -p .bylaw
printf 'requirements = "../../../etc/passwd"\n' >.bylaw/config.toml
with 2 gap
has 'the setting requirements' err
printf 'requirements = "m.csv"\nrequirements_map = "id=Nr"\n' >.bylaw/config.toml
cp "$work/m.csv" .
with 1 gap
has 'A,x,'
rm -r .bylaw m.csv
with 2 gap --requirements nowhere.csv
has 'nowhere.csv' err

with 1 trace
has 'state,control_id,control_description,framework,version,policy,rule,place,tests,fixtures,commit,note'
has 'uncovered,K8S-03,'
has 'traced,K8S-01,'
has 'First policies'
with 0 trace --only K8S-01
with 1 trace --format html --out "$work/page.html"
grep -qE 'https?:|src=|@import|url\(' "$work/page.html" && fail "the page wants something from elsewhere"
grep -qF "default-src 'none'" "$work/page.html" || fail "no policy for content"
with 2 trace --format pdf

# An output that cannot be written is said; a reader that has what it wanted (head) hears nothing.
code=0
"$bylaw" trace --format csv >/dev/full 2>"$work/said" || code=$?
[ "$code" = 2 ] && grep -q 'cannot write the output' "$work/said" || fail "a full disk was not told: $(cat "$work/said")"
mkfifo "$work/pipe"
exec 3<>"$work/pipe" 4>"$work/pipe" 3<&- # a writer's end of a pipe that nobody reads
"$bylaw" trace --format csv >&4 2>"$work/said" || true
exec 4>&-
grep -q 'cannot write' "$work/said" && fail "a reader that left was told of: $(cat "$work/said")"
with 1 trace --format oscal --out "$work/definition.json"

# On a terminal one line says what is done, and is gone at the end; elsewhere nothing is said of it so soon.
on_terminal() {
  python3 - "$bylaw" "$@" <<'PY'
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
run = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=theirs)
os.close(theirs)
said = b""
try:
    while piece := os.read(ours, 4096):
        said += piece
except OSError:
    pass
run.wait()
sys.stdout.buffer.write(said)
PY
}
for command in trace rollout apply; do
  on_terminal $command >"$work/said"
  has 'reading the folder' said
  has $'\r\033[K' said
  [ $command != apply ] || grep -qE '[1-9][0-9]* of [1-9][0-9]* questions to the engines' "$work/said" || fail "apply does not say how far it is: $(cat "$work/said")"
  "$bylaw" $command >/dev/null 2>"$work/said" || [ $? = 1 ]
  grep -qE $'reading|\033' "$work/said" && fail "$command says on a pipe: $(cat "$work/said")"
done

. "$BYLAW_SOURCE_DIR/scripts/lib.sh"
schema=$(fetch_oscal_schema)
if [ -n "$schema" ] && have node && [ -e "${BYLAW_NODE_MODULES:-}/ajv" ]; then
  cat >"$work/check.cjs" <<'JS'
const [modules, schema, ...files] = process.argv.slice(2);
const Ajv = require(`${modules}/ajv`), formats = require(`${modules}/ajv-formats`), fs = require("fs");
const ajv = new (Ajv.default || Ajv)({ strict: false, allErrors: true, unicodeRegExp: true });
(formats.default || formats)(ajv);
const check = ajv.compile(JSON.parse(fs.readFileSync(schema)));
for (const file of files) {
  if (!check(JSON.parse(fs.readFileSync(file)))) {
    console.error(file, JSON.stringify(check.errors.slice(0, 5)));
    process.exit(1);
  }
}
JS
  mkdir empty
  "$bylaw" trace --dir empty --requirements cis-k8s-1.9 --format oscal --out "$work/none.json" 2>/dev/null || [ $? = 1 ]
  node "$work/check.cjs" "$BYLAW_NODE_MODULES" "$schema" "$work/definition.json" "$work/none.json"
else
  echo "not held against the schema of OSCAL: it, Node.js or ajv is not there"
fi
