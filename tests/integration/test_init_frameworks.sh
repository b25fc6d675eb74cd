#!/usr/bin/env bash
# What bylaw init writes for each framework, run by bylaw and by the engine's own program: green, red once the policy is
# broken, nothing for the guards to say.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config CODEX_HOME=$dir/codex HOME=$dir/home
bylaw=$BYLAW_BINARY_DIR/bylaw
skipped=

fails() { # COMMAND…: ends with an exit code that is not 0
  if "$@" >"$dir/out" 2>&1; then
    echo "ended with 0: $*"
    cat "$dir/out"
    exit 1
  fi
}

own() { # FRAMEWORK: the engine's own program over the first policy, in the current folder
  case $1 in
    opa) opa check --strict policies/api/access/*.rego && opa test policies/api/access/*.rego --threshold 90 ;;
    gatekeeper) opa check --strict policies/k8s/registry/*.rego && opa test policies/k8s/registry/*.rego --threshold 90 &&
      gator verify ./policies/... ;;
    kyverno) kyverno test policies ;;
    conftest) opa check --strict policies/terraform/buckets/*.rego && (cd policies/terraform && conftest verify) &&
      conftest test policies/terraform/buckets/testdata/valid_* --policy policies/terraform --all-namespaces ;;
    cedar) (cd policies/photos && cedar validate -s photos.cedarschema -p photos.cedar &&
      cedar run-tests -s photos.cedarschema -p photos.cedar --tests ./photos_tests.json) ;;
  esac
}

try() { # FRAMEWORK PROGRAM SED-EXPRESSION FILES…: the expression breaks the policy
  local framework=$1 program=$2 break=$3
  shift 3
  if ! command -v "$program" >/dev/null; then
    echo "skipped: $framework, because $program is not installed"
    skipped=1
    return
  fi
  mkdir "$dir/$framework"
  cd "$dir/$framework"
  "$bylaw" init --framework "$framework" >/dev/null
  own "$framework" >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
  "$bylaw" test --json >"$dir/tests.json" || { cat "$dir/tests.json"; exit 1; }
  [ -s "$dir/tests.json" ]
  "$bylaw" guards >"$dir/findings" 2>/dev/null
  [ ! -s "$dir/findings" ] || { echo "the guards find in $framework:"; cat "$dir/findings"; exit 1; }
  [ -z "$(find . -name '*.rego' -exec opa fmt --list {} +)" ]
  "$bylaw" apply --all --json >"$dir/apply.json" || true
  # Cedar's requests stand in ALLOW and DENY, the others' fixtures in valid_ and invalid_.
  jq -es '[.[] | select(.fixture != null) | {fixture, verdict}] | group_by(.fixture) | map({
      invalid: (.[0].fixture | test("/(invalid_|DENY/)")),
      told: (map(.verdict) | any(. == "deny" or . == "warn"))}) | length == 4 and all(.invalid == .told)' \
    "$dir/apply.json" >/dev/null || { cat "$dir/apply.json"; exit 1; }
  sed -i "$break" "$@"
  fails own "$framework"
  fails "$bylaw" test
}

try opa opa 's/count(needed & roles) == 0/count(needed \& roles) > 9/' policies/api/access/access.rego
try gatekeeper gator 's/not startswith/startswith/' policies/k8s/registry/registry.rego policies/k8s/registry/template.yaml
try kyverno kyverno 's/orValue("") != ""/orValue("") != "x"/' policies/require-team/require-team.yaml
try conftest conftest 's/not resource.change.after.bucket in/resource.change.after.bucket in/' policies/terraform/buckets/buckets.rego
try cedar cedar 's/resource.owner == principal/resource.owner != principal/' policies/photos/photos.cedar

# All of them in one repository.
if [ -z "$skipped" ]; then
  mkdir "$dir/all"
  cd "$dir/all"
  "$bylaw" init --framework opa,gatekeeper,kyverno,conftest,cedar >/dev/null
  "$bylaw" check >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
  grep -q '^names=${\*:-opa gator kyverno conftest cedar bylaw}$' ci/engines
fi
