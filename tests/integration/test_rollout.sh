#!/usr/bin/env bash
# bylaw rollout: the stage of every policy as it is written, and a promotion that needs its evidence.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
command -v opa >/dev/null || [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/opa" ] || { echo "no opa"; exit 77; }

run() {
  local expected=$1 code=0
  shift
  "$bylaw" "$@" >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" = "$expected" ] || fail "bylaw $*: exit $code, not $expected: $(cat "$dir/out" "$dir/err")"
}
says() { grep -qE -- "$1" "$dir/out" "$dir/err" || fail "\"$1\" is not in: $(cat "$dir/out" "$dir/err")"; }
stage() { # NAME STAGE WRITTEN
  "$bylaw" rollout --json | node -e '
    const rows = require("fs").readFileSync(0, "utf8").trim().split("\n").map(JSON.parse);
    const row = rows.find((r) => r.name === process.argv[1]);
    if (row?.stage !== process.argv[2] || row?.written !== process.argv[3]) { console.error(row); process.exit(1); }' "$@" ||
    fail "$1 is not at $2 ($3)"
}
days_ago() { date -u -d "@$(($(date +%s) - $1 * 86400 - 3600))" +%Y-%m-%dT%H:%M:%SZ; }
commit() { # DAYS MESSAGE
  git add -A
  GIT_AUTHOR_DATE=$(days_ago "$1") GIT_COMMITTER_DATE=$(days_ago "$1") git commit -qm "$2"
}

mkdir "$dir/repo"
cd "$dir/repo"
git init -q -b main
run 1 rollout

mkdir gatekeeper kyverno policy
constraint() { # NAME ACTION-LINES
  printf 'apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sOwner\nmetadata:\n  name: %s\nspec:\n%b  match:\n    kinds: []\n' "$1" "$2"
}
constraint owner '  enforcementAction: dryrun  # for now\n' >gatekeeper/owner.yaml
constraint silent '' >gatekeeper/silent.yaml
constraint scoped '  enforcementAction: scoped\n  scopedEnforcementActions:\n    - action: deny\n      enforcementPoints:\n        - name: audit.gatekeeper.sh\n    - action: warn\n      enforcementPoints:\n        - name: validation.gatekeeper.sh\n' >gatekeeper/scoped.yaml
cat >kyverno/both.yaml <<'YAML'
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: limits
spec:
  validationFailureAction: Audit
  rules:
    - name: one
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        message: limits
        pattern: {spec: "?*"}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: byrule
spec:
  rules:
    - name: one
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        failureAction: Enforce
        failureActionOverrides:
          - action: Audit
            namespaces: ["dev-*"]
        message: limits
        pattern: {spec: "?*"}
    - name: two
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate:
        message: limits
        pattern: {spec: "?*"}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: label
spec:
  rules:
    - name: one
      match: {any: [{resources: {kinds: [Pod]}}]}
      mutate:
        patchStrategicMerge: {metadata: {labels: {a: b}}}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata:
  name: newer
spec:
  validationActions:
    - Audit
    - Warn
  validations: []
YAML
printf '[engines.conftest]\n' >policy/none.toml
cat >policy/main.rego <<'REGO'
package main

warn_name contains msg if {
	input.name == "bad"
	msg := sprintf("%v is a bad name", [input.name])
}
REGO
cat >policy/main_test.rego <<'REGO'
package main_test

import data.main

test_bad if {
	count(main.warn_name) == 1 with input as {"name": "bad"}
}

test_good if {
	count(main.warn_name) == 0 with input as {"name": "good"}
}
REGO
commit 40 'all'
stage owner audit dryrun
stage silent enforce 'deny (by default)'
stage scoped mixed 'deny at audit.gatekeeper.sh, warn at validation.gatekeeper.sh'
stage limits audit Audit
stage byrule mixed 'Enforce, Audit in dev-*, Audit (by default)'
stage label none ''
stage newer warn Audit+Warn
stage warn_name warn warn
run 0 rollout
says 'K8sOwner/owner +gatekeeper +audit +40 '
run 0 rollout --csv
says '^K8sOwner/owner,gatekeeper,audit,dryrun,40,'
run 0 rollout --markdown
says '^\| ClusterPolicy/limits \| kyverno \| audit \| Audit \| 40 \|'

# Since when: from the commit where the stage first stood, through a new name; not yet committed is not known.
sed -i 's/Action: Audit$/Action: Enforce/' kyverno/both.yaml
commit 30 'enforce'
sed -i 's/validationFailureAction: Enforce/validationFailureAction: Audit/' kyverno/both.yaml
commit 20 'and back'
git mv kyverno/both.yaml kyverno/renamed.yaml
commit 10 'renamed'
git mv gatekeeper/owner.yaml gatekeeper/owners.yaml
commit 5 'renamed, too'
run 0 rollout
says 'ClusterPolicy/limits +kyverno +audit +20 '
says 'K8sOwner/owner +gatekeeper +audit +40 '
sed -i 's/validationFailureAction: Audit/validationFailureAction: Enforce/' kyverno/renamed.yaml
run 0 rollout --json
says '"name":"limits".*"since_not_known":"no commit has it at enforce yet"'
git checkout -q .

# A step back needs no evidence; a rule of Conftest gets another name, in its tests too.
for change in 'silent audit' 'byrule audit' 'newer audit'; do
  # shellcheck disable=SC2086
  set -- $change
  run 0 rollout promote "$1" --to "$2" --patch "$dir/patch"
  git apply "$dir/patch"
done
stage silent audit dryrun
stage byrule audit 'Audit, Audit in dev-*, Audit (by default)'
stage newer audit Audit
sed -i 's/warn_name/deny_name/' policy/*.rego
run 0 rollout promote deny_name --to warn --patch "$dir/patch"
git apply "$dir/patch"
stage warn_name warn warn
grep -q 'main.warn_name' policy/main_test.rego || fail "the rule's tests were left behind"
run 2 rollout promote limits --to warn
says 'knows audit and enforce'
git checkout -q .

# From here on without Kyverno's, whose program takes seconds to load them.
git rm -qr kyverno
commit 4 'without'

# The evidence: each piece is said, and what is not known is no yes. (What reports say is unit/rollout's.)
before=$(git status --porcelain)
constraints() { # NAME TOTAL
  printf '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"constraints.gatekeeper.sh/v1beta1","kind":"K8sOwner","metadata":{"name":"%s"},"status":{"auditTimestamp":"2026-01-02T00:00:00Z","totalViolations":%s}}]}' "$@" >"$dir/constraints.json"
}
run 1 rollout promote K8sOwner/owner --to deny
says 'days +pass +[34][0-9] days'; says 'violations not known'; says 'checks +not known +bylaw check was not run'; says 'nothing is proposed'
constraints owner 3
mkdir -p .bylaw
printf '[rollout]\ndays = 100\nmax_violations = 3\n' >.bylaw/config.toml
sed -i 's/== 1 with/== 2 with/' policy/main_test.rego
run 1 rollout promote owner --to enforce --report "$dir/constraints.json"
says 'days +fail .*100 wanted'; says 'violations pass +3 violations.*3 allowed'; says 'checks +not known'
sed -i 's/100/1/' .bylaw/config.toml
run 1 rollout promote owner --to enforce --report "$dir/constraints.json"
says 'days +pass'; says 'violations pass'; says 'checks +fail'; says 'nothing is proposed'
rm -r .bylaw
git checkout -q .
echo 'nothing' >"$dir/other"
run 2 rollout promote owner --to enforce --report "$dir/other"
run 2 rollout promote nobody --to enforce

# What holds is proposed: as a diff, or for the review; the file is not touched.
constraints owner 0
run 0 rollout promote owner --to enforce --report "$dir/constraints.json" --patch -
[ "$(grep -c '^[-+] ' "$dir/out")" = 2 ] || fail "more than the stage changes: $(cat "$dir/out")"
git apply --check "$dir/out"
[ "$(git status --porcelain)" = "$before" ] || fail "something was written"
run 0 rollout promote owner --to enforce --report "$dir/constraints.json"
says 'waits for its review'
[ "$(git status --porcelain)" = "$before" ] || fail "something was written"
printf 'review\nshow\nquit\n' | "$bylaw" --plain . >"$dir/out" 2>&1 || true
says 'enforcementAction: deny'
