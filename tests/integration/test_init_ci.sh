#!/usr/bin/env bash
# The CI that bylaw init writes: valid for actionlint and for GitLab's schema, its steps run here with the real engines (what
# fetches finds all installed), green as it begins and red once a policy is broken; the pre-commit hook likewise.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config CODEX_HOME=$dir/codex
export BYLAW_CI_BIN=$dir/bin PATH=$BYLAW_BINARY_DIR:$PATH
bylaw=$BYLAW_BINARY_DIR/bylaw
steps=$BYLAW_SOURCE_DIR/tests/tools/workflow_steps.mjs
for program in opa actionlint node; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done

die() { echo "$*"; exit 1; }

make_repository() { # FOLDER FRAMEWORKS
  mkdir "$1"
  cd "$1"
  "$bylaw" init --framework "$2" >/dev/null
  git init -q -b main
  git config user.name Engineer
  git config user.email e@example.invalid
  git add -A
  git commit -q -m begin
}

# run_job FILE JOB NAME=VALUE…: the steps of a job in order, as the runner has them. Stops at the first that fails, but for
# `if: !cancelled()` ones, which here all come after what may fail: they run too.
run_job() {
  local file=$1 job=$2 code=0 line
  shift 2
  node "$steps" "$file" "$job" "$@" >"$dir/steps.jsonl"
  [ -s "$dir/steps.jsonl" ] || die "$job has no step"
  : >"$dir/path"
  while IFS= read -r line; do
    jq -r .run <<<"$line" >"$dir/step.sh"
    jq -r '.env | to_entries[] | "export \(.key)=\(.value | @sh)"' <<<"$line" >"$dir/step.env"
    (
      . "$dir/step.env"
      while IFS= read -r folder; do PATH=$folder:$PATH; done <"$dir/path"
      export PATH GITHUB_PATH=$dir/path GITHUB_STEP_SUMMARY=$dir/summary
      bash -e "$dir/step.sh" >"$dir/log" 2>&1 </dev/null
    ) || { code=$?; cp "$dir/log" "$dir/failed"; }
    cat "$dir/log" >>"$dir/all"
  done <"$dir/steps.jsonl"
  return "$code"
}

run_workflow() { # BASE: as for a pull request; the worst of its jobs
  local code=0 shard
  rm -rf reports "$dir/summary" "$dir/all"
  for shard in 1/2 2/2; do
    run_job .github/workflows/policy.yml check "matrix.shard=$shard" "github.event.pull_request.base.sha=$1" \
      vars.BYLAW_SOURCE= vars.BYLAW_COMMIT= || code=$?
  done
  run_job .github/workflows/policy.yml verdict vars.BYLAW_SOURCE= vars.BYLAW_COMMIT= || code=$?
  return "$code"
}

# Every framework at once, as text: what is written is valid.
make_repository "$dir/all-frameworks" opa,gatekeeper,kyverno,conftest,cedar
actionlint .github/workflows/policy.yml ci/without-bylaw.yml
bash -n ci/engines
sh -n .githooks/pre-commit
for hook in .codex/hooks/*; do sh -n "$hook"; done
for schema in schemas/*.json; do jq -e '.additionalProperties == false' "$schema" >/dev/null; done
for job in check verdict; do
  node "$steps" .github/workflows/policy.yml "$job" vars.BYLAW_SOURCE= vars.BYLAW_COMMIT= matrix.shard=1/2 \
    github.event.pull_request.base.sha= >/dev/null
done
gitlab() { timeout 300 "$BYLAW_NODE_MODULES/.bin/gitlab-ci-local" "$@" </dev/null; }
git remote add origin https://gitlab.example.invalid/team/policies.git
gitlab --list >"$dir/jobs" 2>&1 || { cat "$dir/jobs"; exit 1; }
grep -q 'check.*: \[2/2\]' "$dir/jobs"
grep -q 'verdict' "$dir/jobs"
grep -q 'json schema validated' "$dir/jobs"

# GitHub's steps, as a push, a pull request that breaks a policy, and one that changes only words.
make_repository "$dir/opa" opa
run_workflow '' || { cat "$dir/all"; die "red as it begins"; }
grep -q 'policies/api/access' reports/check-1.json reports/check-2.json
[ -s "$dir/summary" ]
jq -e '.version == "2.1.0"' reports/policy.sarif >/dev/null
begin=$(git rev-parse HEAD)
sed -i 's/count(needed & roles) == 0/count(needed \& roles) > 9/' policies/api/access/access.rego
git commit -qam 'broken'
if run_workflow "$begin"; then cat "$dir/all"; die "green with a broken policy"; fi
grep -q '::error' "$dir/all" || { cat "$dir/all"; die "no annotation"; }
jq -e '[.runs[].results[]] | length > 0' reports/policy.sarif >/dev/null
grep -qi fail "$dir/summary"
# Nothing that is checked differs from the base any more; and a shard whose report is missing is no green.
git revert --no-edit HEAD >/dev/null
echo >>AGENTS.md
git commit -qam 'only words'
run_workflow "$begin" || { cat "$dir/all"; die "red although nothing that is checked has changed"; }
rm reports/check-2.json
if run_job .github/workflows/policy.yml verdict vars.BYLAW_SOURCE= vars.BYLAW_COMMIT=; then die "green without a shard"; fi

# GitLab's scripts, the same way.
rm -rf reports
for shard in 1 2; do
  CI_NODE_INDEX=$shard CI_NODE_TOTAL=2 CI_MERGE_REQUEST_DIFF_BASE_SHA=$begin run_job .gitlab-ci.yml check ||
    { cat "$dir/all"; die "GitLab's check is red"; }
done
run_job .gitlab-ci.yml verdict || { cat "$dir/all"; die "GitLab's verdict is red"; }
[ -s reports/check-2.xml ] && [ -s reports/summary.md ] && [ -s reports/policy.sarif ]

# A change that breaks a policy, and one that does not.
gitlab_pipeline() { # BASE
  local code=0 shard
  rm -rf reports "$dir/all"
  for shard in 1 2; do
    CI_NODE_INDEX=$shard CI_NODE_TOTAL=2 CI_MERGE_REQUEST_DIFF_BASE_SHA=$1 run_job .gitlab-ci.yml check || code=$?
  done
  run_job .gitlab-ci.yml verdict || code=$?
  return "$code"
}
before=$(git rev-parse HEAD)
sed -i 's/count(needed & roles) == 0/count(needed \& roles) > 9/' policies/api/access/access.rego
git commit -qam broken
if gitlab_pipeline "$before"; then cat "$dir/all"; die "GitLab is green with a broken policy"; fi
jq -e '[.runs[].results[]] | length > 0' reports/policy.sarif >/dev/null
grep -qi fail reports/summary.md
if run_job ci/without-bylaw.yml engines; then die "the engines alone are green with a broken policy"; fi
git revert --no-edit HEAD >/dev/null
sed -i '$a # a remark' policies/api/access/access.rego
git commit -qam remark
gitlab_pipeline "$before" || { cat "$dir/all"; die "GitLab is red with a sound change"; }
grep -q 'policies/api/access' reports/check-1.json reports/check-2.json

# Without bylaw: the engine's own program.
run_job ci/without-bylaw.yml engines || { cat "$dir/failed"; die "the engines alone are red"; }

# The hook: bylaw's own checks, before a commit is made.
git config core.hooksPath .githooks
sed -i 's/count(needed & roles) == 0/count(needed \& roles) > 9/' policies/api/access/access.rego
if git commit -qam broken >"$dir/log" 2>&1; then die "committed although the tests fail"; fi
git checkout -q policies
echo >>AGENTS.md
sed -i '$a # another remark' policies/api/access/access.rego
git commit -qam words >"$dir/log" 2>&1 || { cat "$dir/log"; die "not committed although nothing failed"; }

# ci/engines does without what is not there, and installs nothing that it cannot verify.
mkdir "$dir/empty" "$dir/fake"
for program in bash awk cut grep install mkdir mktemp mv rm sha256sum tar uname; do ln -s "$(command -v "$program")" "$dir/empty/"; done
if PATH=$dir/empty BYLAW_SOURCE='' ci/engines bylaw >"$dir/log" 2>&1; then die "bylaw from nowhere"; fi
grep -q 'BYLAW_SOURCE' "$dir/log"
cat >"$dir/empty/curl" <<'CURL'
#!/bin/bash
while [ $# -gt 1 ]; do case $1 in --output) out=$2 ;; esac; shift; done
case $out in
  */checksums) printf '%s  %s\n' "$FAKE_SUM" "opa_linux_${FAKE_ARCH}_static" >"$out" ;;
  *) printf '#!/bin/bash\necho Version: 0\n' >"$out" ;;
esac
CURL
chmod +x "$dir/empty/curl"
case $(uname -m) in aarch64 | arm64) export FAKE_ARCH=arm64 ;; *) export FAKE_ARCH=amd64 ;; esac
rm -rf "$BYLAW_CI_BIN"
if FAKE_SUM=$(printf x | sha256sum | cut -d ' ' -f 1) PATH=$dir/empty ci/engines opa >"$dir/log" 2>&1; then die "not what was published"; fi
grep -q 'not installed' "$dir/log"
[ ! -e "$BYLAW_CI_BIN/opa" ]
FAKE_SUM=$(printf '#!/bin/bash\necho Version: 0\n' | sha256sum | cut -d ' ' -f 1) PATH=$dir/empty ci/engines opa >"$dir/log" 2>&1 ||
  { cat "$dir/log"; die "what was published is refused"; }
[ -x "$BYLAW_CI_BIN/opa" ]
