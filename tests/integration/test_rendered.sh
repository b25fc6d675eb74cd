#!/usr/bin/env bash
# Charts, overlays and plans rendered and given to the real Conftest: with tools that print what the real ones would, and
# with the real ones where they are.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
fail() { printf 'FAILED: %s\n%s\n' "$1" "${out:-}" >&2; exit 1; }
run() { # run EXPECTED-CODE ARGUMENT…
  local want=$1 code=0
  shift
  out=$("$bylaw" "$@" 2>&1) || code=$?
  [ "$code" = "$want" ] || fail "$*: exit $code, not $want"
}
has() { grep -qF -- "$1" <<<"$out" || fail "no \"$1\""; }
lacks() { ! grep -qF -- "$1" <<<"$out" || fail "there is \"$1\""; }
find_program() { command -v "$1" || { [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/$1" ] && echo "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/$1"; } || true; }
opa=$(find_program opa) conftest=$(find_program conftest) helm=$(find_program helm) kustomize=$(find_program kustomize)
[ -n "$conftest" ] || { echo "skipped: conftest is not there (scripts/setup --engines conftest)"; exit 77; }
"$bylaw" sandbox --check >/dev/null 2>&1 || { echo "skipped: this kernel cannot confine what renders"; exit 77; }

ws=$dir/ws
mkdir -p "$ws"/{policy,.bylaw,charts/web/{templates,charts/inner},overlays/{base,prod},infra} "$dir/bin" "$dir/cache"
cat >"$ws/policy/main.rego" <<'REGO'
package main

import rego.v1

deny contains msg if {
	input.kind == "Deployment"
	input.spec.replicas < 2
	msg := sprintf("%s: too few replicas", [input.metadata.name])
}

deny contains "a bucket is public" if input.resource_changes[_].change.after.acl == "public-read"
REGO
: >"$ws/conftest.toml"
cat >"$ws/.bylaw/config.toml" <<'TOML'
[engines.conftest]
inputs = ["charts/", "overlays/*/kustomization.yaml", "infra/"]
TOML
printf 'apiVersion: v2\nname: web\nversion: 0.1.0\n' | tee "$ws/charts/web/Chart.yaml" >"$ws/charts/web/charts/inner/Chart.yaml"
printf 'replicas: 1\n' >"$ws/charts/web/values.yaml"
printf '*.md\n' >"$ws/charts/web/.helmignore"
cat >"$ws/charts/web/templates/web.yaml" <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
YAML
printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  replicas: 1\n' >"$ws/overlays/base/api.yaml"
printf 'resources: [api.yaml]\n' >"$ws/overlays/base/kustomization.yaml"
printf 'resources: [../base]\nnamePrefix: prod-\nreplicas: [{name: api, count: 3}]\n' >"$ws/overlays/prod/kustomization.yaml"
printf '\1\2' >"$ws/infra/main.tfplan"

# Without the tools: each is a row that is not evaluated, and says how the tool is had.
ln -s "$opa" "$dir/bin/opa" && ln -s "$conftest" "$dir/bin/conftest"
export XDG_CACHE_HOME=$dir/cache
with_tools() { (export PATH="$dir/bin:/usr/bin:/bin"; run "$@"; printf '%s' "$out" >"$dir/out") || exit 1; out=$(cat "$dir/out"); }
tool() { printf '#!/bin/sh\n%s\n' "$2" >"$dir/bin/$1"; chmod +x "$dir/bin/$1"; }
hidden() { [ -z "$(PATH=/usr/bin:/bin command -v "$1")" ]; }
if hidden helm && hidden kustomize && hidden kubectl && hidden terraform && hidden tofu; then
  with_tools 1 test --root "$ws"
  has 'input.helm template charts/web  charts/web/Chart.yaml:1'
  has 'not rendered: helm is not on PATH (scripts/setup --engines helm)'
  has 'not rendered: kustomize is not on PATH'
  has '0 failed, 0 errors, 0 skipped, 4 not evaluated'
    with_tools 2 render "$ws/charts/web"
  has 'helm is not on PATH (scripts/setup --engines helm)'
fi

# With them: what they print is what Conftest decides about; nothing printed, or a failure, is no pass.
tool helm 'test "$1 $2 $3" = "template web ./charts/web" || exit 9
printf "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n---\nkind: Service\n"'
tool kustomize 'case $2 in ./overlays/base) printf "# nothing\n---\n" ;; *) echo "no such folder" >&2; exit 1 ;; esac'
tool terraform 'printf "{\"resource_changes\": [{\"change\": {\"after\": {\"acl\": \"public-read\"}}}]}"'
with_tools 1 test --root "$ws"
has 'FAIL   conftest input.helm template charts/web  charts/web/Chart.yaml:1'
has 'web: too few replicas'
has 'kustomize build overlays/base renders to no document'
has 'kustomize build overlays/prod: no such folder'
has 'FAIL   conftest input.terraform show -json -no-color infra/main.tfplan  infra/main.tfplan:1'
has 'a bucket is public'
has 'pass   conftest input.charts/web/values.yaml'
lacks 'charts/web/templates/web.yaml'
lacks '.helmignore'
lacks 'inner'
has '2 failed, 1 errors, 0 skipped, 1 not evaluated'
# What a test may be asked for by its place, and only it runs.
with_tools 1 test --root "$ws" "$ws/charts/web/Chart.yaml"
has '1 failed, 0 errors, 0 skipped, 0 not evaluated'
lacks 'kustomize'
# A pipe's exit code is the command's.
cd "$ws"
with_tools 1 render charts/web -- conftest test --no-color -
has 'web: too few replicas'
with_tools 1 render overlays/base
has 'renders to no document'
with_tools 2 render policy
has 'has no Chart.yaml and no kustomization.yaml'
with_tools 2 render charts/web -- no-such-program
# It writes nowhere and has no network of its own.
tool helm '(: >written) 2>/dev/null && exit 8; echo "kind: None"'
with_tools 0 render charts/web
has 'kind: None'

# The real ones.
[ -n "$helm" ] && [ -n "$kustomize" ] || { echo "the real helm and kustomize are not there: tried with stand-ins only"; exit 0; }
rm "$dir/bin/terraform" "$ws/infra/main.tfplan"
ln -sf "$helm" "$dir/bin/helm" && ln -sf "$kustomize" "$dir/bin/kustomize"
with_tools 1 test --root "$ws"
has 'web: too few replicas'
has 'api: too few replicas'
has 'pass   conftest input.kustomize build overlays/prod'
has '2 failed, 0 errors, 0 skipped, 0 not evaluated'
printf 'replicas: {{ .Values.nothing.at.all }}\n' >"$ws/charts/web/templates/bad.yaml"
with_tools 1 test --root "$ws"
has 'helm template charts/web: Error: template: web/templates/bad.yaml:1:'
has '1 failed, 1 errors, 0 skipped, 0 not evaluated'
rm "$ws/charts/web/templates/bad.yaml"
# Applied: the same decisions, cell by cell.
with_tools 1 apply --all "$ws"
has 'deny           conftest main  charts/web/Chart.yaml (helm template charts/web) Deployment web  Deployment web'
has 'allow          conftest main  overlays/prod/kustomization.yaml (kustomize build overlays/prod) Deployment prod-api'
has '               api: too few replicas'

echo "rendered by the real helm and kustomize"
