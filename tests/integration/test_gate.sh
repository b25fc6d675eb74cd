#!/usr/bin/env bash
# bylaw check: the verdict of all parts, what a change affects, shards and how they are joined again.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
command -v opa >/dev/null || [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/opa" ] || { echo "no opa"; exit 77; }

# run EXPECTED_EXIT ARGUMENT…: in the repository; its output is in $dir/out.
run() {
  local expected=$1 code=0
  shift
  "$bylaw" "$@" >"$dir/out" 2>&1 || code=$?
  [ "$code" = "$expected" ] || fail "bylaw $*: exit $code, not $expected: $(cat "$dir/out")"
}
says() { grep -qE -- "$1" "$dir/out" || fail "\"$1\" is not in: $(cat "$dir/out")"; }
part() { says "^$1 +$2( |$)"; }

# policy NAME: a package with a test, both using lib.
policy() {
  mkdir -p "policies/$1"
  cat >"policies/$1/$1.rego" <<REGO
package $1

import data.lib

deny contains msg if {
	lib.name(input) == "$1"
	msg := sprintf("%v is denied", [lib.name(input)])
}
REGO
  cat >"policies/$1/$1_test.rego" <<REGO
package $1_test

import data.$1

test_denied if {
	count($1.deny) == 1 with input as {"name": "$1"}
}

test_allowed if {
	count($1.deny) == 0 with input as {"name": "other"}
}
REGO
}

mkdir "$dir/repo"
cd "$dir/repo"
git init -q -b main
mkdir lib
printf 'package lib\n\nname(object) := object.name\n' >lib/lib.rego
for name in one two three four; do policy $name; done
printf 'package alone\n\np := 1\n' >alone.rego
git add -A
git commit -qm base

# Everything, and each way to be no pass.
run 0 check --threshold 80
part tests pass; part loading pass; part strict pass; part coverage pass; says '^pass '
run 1 check --threshold 99
part coverage fail; part tests pass; says 'coverage: [0-9.]+ % of [0-9]+ rows, 99 % wanted'
run 0 check --threshold 0
part coverage skipped
sed -i 's/== 1 with/== 2 with/' policies/one/one_test.rego
run 1 check --threshold 0
part tests fail
git checkout -q .
printf 'package alone\n\np := x\n' >alone.rego
run 1 check --threshold 0
part loading error; part tests pass
printf 'package alone\n\nimport data.lib\n\np := 1\n' >alone.rego
run 0 check --threshold 0
part strict pass; says 'note|opa-strict'
run 1 check --threshold 0 --fail-on warning
part strict fail; says 'ERROR.*opa-strict'
git checkout -q .
cat >policies/one/nothing_test.rego <<'REGO'
package one_test

test_nothing if {
	true
}
REGO
run 1 check --threshold 0
part guards fail; part tests pass; says 'test-asserts-nothing'
rm policies/one/nothing_test.rego
mkdir "$dir/empty" "$dir/rules-less"
printf 'package words\n' >"$dir/rules-less/words.rego"
run 1 check --threshold 80 "$dir/rules-less"
part coverage 'skipped'; says 'no rule of Rego could be covered: .* threshold of 80 % is not applied'
run 1 check --threshold 80 --json "$dir/rules-less"
says '"coverage":null,"threshold":80'
run 1 check "$dir/empty"
part tests 'not evaluated'; says '^not evaluated '
run 2 check "$dir/nowhere"
run 2 check --shard 3/2
run 2 check --base no-such-revision
says 'no commit no-such-revision'

# What a change affects: nothing, one, all by what they load; removed and renamed files count.
run 1 check --base HEAD
says '^skipped '; says '0 of 5 units'
run 0 check --base HEAD --nothing-ok
echo 'text' >README.md
run 1 check --base main
says '^skipped '
printf '\n# changed\n' >>policies/two/two.rego
run 0 check --base HEAD --threshold 80
says '1 of 5 units'; says '2 passed'
git commit -qam change
run 0 check --base HEAD~1 --threshold 80
says '1 of 5 units'
printf '\n# changed\n' >>lib/lib.rego
run 0 check --base HEAD --threshold 80
says '4 of 5 units.*all of them load lib/lib.rego'; says '8 passed'
git checkout -q .
git mv lib/lib.rego lib/moved.rego
run 0 check --base HEAD --threshold 80
says '4 of 5 units'; says '8 passed'
git reset -q --hard
git rm -q policies/three/three.rego
run 1 check --base HEAD --threshold 0
says '1 of 4 units|1 of 5 units'; part tests fail
git reset -q --hard
mkdir .bylaw
printf '[engines.opa.builtins]\n"acme.lookup" = { args = ["string"], result = "object" }\n' >.bylaw/config.toml
run 0 check --base HEAD --threshold 80
says 'everything .*declare other built-in functions'; says '8 passed'
rm -r .bylaw
# Where the named revision has gone on, what others did there is no change of this one.
git checkout -q -b side HEAD~1
printf '\n# side\n' >>policies/four/four.rego
git commit -qam side
run 0 check --base main --threshold 80
says '1 of 5 units.*where HEAD left it'
git checkout -q main

# Shards: each unit in exactly one, all of them together; coverage on the sum, and with it which rules none reaches.
printf '\ndeny contains "gone" if input.gone\n' >>policies/three/three.rego
printf '\n# bylaw:ignore rule-unreached only a cluster has it\ndeny contains "far" if input.far\n' >>policies/two/two.rego
for shard in 1 2 3; do
  run 0 check --shard $shard/3 --threshold 80 --nothing-ok --report "json=$dir/shard$shard.json"
  part coverage skipped
done
run 0 check --threshold 80 --report "json=$dir/whole.json"
run 0 report merge --report "json=$dir/merged.json" "$dir"/shard[123].json
part tests pass; part coverage pass; says '^pass '
node - "$dir" <<'JS' || fail "the shards are not the whole"
const fs = require("fs");
const read = (name) => JSON.parse(fs.readFileSync(`${process.argv[2]}/${name}.json`));
const [whole, merged] = [read("whole"), read("merged")];
const names = [1, 2, 3].flatMap((i) => read(`shard${i}`).scope.names);
const rows = (report) => JSON.stringify(report.results.map((r) => `${r.suite}.${r.name} ${r.status}`).sort());
const check = (ok, what) => { if (!ok) { console.error(what); process.exit(1); } };
check(names.length === 5 && new Set(names).size === 5, `units: ${names}`);
check(rows(whole) === rows(merged), "rows differ");
check(JSON.stringify(whole.counts) === JSON.stringify(merged.counts), "counts differ");
check(whole.coverage.percent === merged.coverage.percent, "coverage differs");
check(JSON.stringify(whole.covered) === JSON.stringify(merged.covered), "ranges differ");
const found = (report) => JSON.stringify(report.findings.map((f) => JSON.stringify(f)).sort());
check(found(whole) === found(merged), `findings differ: ${found(whole)} and ${found(merged)}`);
const unreached = merged.findings.filter((f) => f.rule === "rule-unreached").map((f) => f.place.file);
check(unreached.join() === "policies/three/three.rego", `unreached: ${unreached}`);
for (const part in whole.parts) {
  check(whole.parts[part].status === merged.parts[part].status, `${part}: ${JSON.stringify(merged.parts[part])}`);
}
JS
# What no rule may be left without fails where that is asked for; where not all shards are there it is not known.
for shard in 1 2 3; do
  run 0 check --shard $shard/3 --threshold 80 --nothing-ok --fail-on warning --report "json=$dir/strict$shard.json"
done
run 1 report merge "$dir"/strict[123].json
part guards fail; says 'no test of any reaches 1 rule'
run 1 report merge "$dir"/strict[12].json
says 'rule-unreached not evaluated in full'
run 1 report merge "$dir"/shard[12].json
says 'shard 3 of 3 is missing'; says '^not evaluated '
run 2 report merge "$dir/shard1.json" "$dir/shard1.json"
says 'is there twice'
run 2 report merge "$dir/whole.json"
says 'of no shard'
sed 's/"revision":"/&0/' "$dir/shard2.json" >"$dir/other.json"
run 2 report merge "$dir/shard1.json" "$dir/other.json" "$dir/shard3.json"
says 'the commit is'
sed 's/"bylaw":"/&9/' "$dir/shard2.json" >"$dir/other.json"
run 2 report merge "$dir/shard1.json" "$dir/other.json" "$dir/shard3.json"
says 'version of bylaw'
printf '{"version":1' >"$dir/cut.json"
run 2 report merge "$dir/cut.json"

# A line each for programs, and the verdict last.
run 0 check --json --threshold 80
tail -n 1 "$dir/out" | node -e '
  const last = JSON.parse(require("fs").readFileSync(0));
  process.exit(last.type === "verdict" && last.verdict === "pass" && last.parts.guards.status === "pass" ? 0 : 1);' ||
  fail "the last line: $(tail -n 1 "$dir/out")"

# Documents in a folder with a dot in its name cannot be named to opa: gator's suites have them all the same.
cp -R "$BYLAW_SOURCE_DIR/tests/workspaces/gator-suites" "$dir/suites"
cd "$dir/suites"
mv library library-1.0
git init -q -b main
git add -A
git -c user.name=a -c user.email=a@example.invalid commit -qm begin
code=0
"$BYLAW_BINARY_DIR/bylaw" check --base HEAD --nothing-ok >"$dir/out" 2>&1 || code=$?
[ $code -le 2 ] && grep -qE '0 of [0-9]+ units' "$dir/out" || fail "suites of gator: exit code $code: $(tail -n 5 "$dir/out")"

# A part of a repository is checked alone: templates that are made of its files and lie outside are not its business.
mkdir -p "$dir/part/src/image"
git -C "$dir/part" init -q
printf 'package image\n\nviolation contains {"msg": "no"} if input.no\n' >"$dir/part/src/image/src.rego"
printf 'package image_test\n\nimport data.image\n\ntest_no if count(image.violation) == 1 with input as {"no": true}\n' \
  >"$dir/part/src/image/src_test.rego"
cat >"$dir/part/src/image/constraint.tmpl" <<'TMPL'
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: image}
spec:
  crd: {spec: {names: {kind: Image}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
{{ file.Read "src/image/src.rego" | strings.Indent 8 | strings.TrimSuffix "\n" }}
TMPL
run 0 check "$dir/part/src"
part templates skipped
run 1 check "$dir/part"
part templates fail

# Interrupted: the engines are ended, nothing is left behind, and no report is written.
mkdir "$dir/slow"
cat >"$dir/slow/opa" <<'SLOW'
#!/bin/sh
[ "$1" = version ] && { echo "Version: 1.22.2"; exit; }
echo $$ >>"$SLOW_PIDS"
exec sleep 600
SLOW
chmod +x "$dir/slow/opa"
export SLOW_PIDS=$dir/pids
for signal in INT TERM; do
  : >"$SLOW_PIDS"
  # A shell's background job ignores SIGINT; python3's child does not.
  PATH=$dir/slow:$PATH XDG_CACHE_HOME=$dir/cache timeout 120 python3 - "$bylaw" "$SLOW_PIDS" "$signal" "$dir/half.json" >"$dir/out" 2>&1 <<'PY' || fail "interrupted by SIG$signal: $(cat "$dir/out")"
import os, signal, subprocess, sys, time
program, pids, name, report = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)
run = subprocess.Popen([program, "check", "--report", "json=" + report], stderr=subprocess.PIPE, text=True)
while not os.path.getsize(pids) and run.poll() is None:
    time.sleep(0.02)
run.send_signal(getattr(signal, "SIG" + name))
said = run.stderr.read()
code = run.wait()
assert code == (130 if name == "INT" else 143), (code, said)
assert "interrupted: there is no verdict" in said, said
assert not os.path.exists(report)
for pid in open(pids).read().split():
    while os.path.exists("/proc/%s/stat" % pid) and open("/proc/%s/stat" % pid).read().split()[2] != "Z":
        time.sleep(0.02)
PY
  [ -z "$(find "$dir/cache/bylaw/overlays" "$dir/cache/bylaw/apply" -mindepth 1 2>/dev/null)" ] || fail "left behind: $(find "$dir/cache")"
done
