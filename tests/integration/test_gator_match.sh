#!/usr/bin/env bash
# A case that wants no violation of an object which its constraint does not match passes with gator, though no policy was
# asked. Each constraint here is put to each object twice, with a template that is always violated: once a violation is
# wanted and once none. Gator says by which of the two fails whether it matches; where it does not, the other is not evaluated.
set -euo pipefail
bylaw=$BYLAW_BINARY_DIR/bylaw
command -v gator >/dev/null || [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/bylaw/bin/gator" ] ||
  { echo "skipped: gator is not there (scripts/setup --engines gator)"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/bylaw-test-XXXXXX")
trap 'rm -rf "$dir"' EXIT
cat >"$dir/template.yaml" <<'YAML'
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8salways}
spec:
  crd: {spec: {names: {kind: K8sAlways}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8salways
        violation[{"msg": "always"}] { true }
YAML
count=0
constraint() { printf 'apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sAlways\nmetadata: {name: c%s}\nspec: {match: %s}\n' $((++count)) "$1" >"$dir/c$count.yaml"; }
constraint '{}'
constraint '{kinds: [{apiGroups: [""], kinds: [Pod]}]}'
constraint '{kinds: [{apiGroups: ["apps"], kinds: ["*"]}, {kinds: [Namespace]}]}'
constraint '{kinds: [{apiGroups: [], kinds: []}]}'
constraint '{namespaces: [prod]}'
constraint '{namespaces: ["pro*", dev]}'
constraint '{namespaces: ["*od"]}'
constraint '{excludedNamespaces: ["*ro*"]}'
constraint '{excludedNamespaces: ["*"]}'
constraint '{name: "web*"}'
constraint '{name: "*eb"}'
constraint '{scope: Cluster}'
constraint '{scope: Namespaced}'
constraint '{labelSelector: {matchLabels: {app: web}}}'
constraint '{labelSelector: {matchLabels: {app.kubernetes.io/name: "web", app: web}}}'
constraint '{labelSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}, {key: gone, operator: DoesNotExist}]}}'
constraint '{labelSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}'
constraint '{labelSelector: {matchExpressions: [{key: app, operator: Exists}]}}'
constraint '{labelSelector: {}}'
constraint '{namespaceSelector: {matchLabels: {team: a}}}'
constraint '{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}}'
constraint '{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}'
objects=0
object() { printf '%s\n' "$1" >"$dir/o$((++objects)).yaml"; }
object '{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: prod, labels: {app: web}}}'
object '{apiVersion: v1, kind: Pod, metadata: {generateName: web-, namespace: dev, labels: {app: db, gone: "1"}}}'
object '{apiVersion: apps/v1, kind: Deployment, metadata: {name: api-web, namespace: dev-prod, labels: {app: web, app.kubernetes.io/name: web}}}'
object '{apiVersion: v1, kind: Namespace, metadata: {name: prod}}'
object '{apiVersion: v1, kind: Namespace, metadata: {name: dev, labels: {team: a}}}'
object '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: web, labels: {app: other}}}'
# The labels of the namespaces, two in a file; of dev-prod they are not known, which gator counts as a violation.
printf '%s\n---\n%s\n' '{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {team: b}}}' \
  '{apiVersion: v1, kind: Namespace, metadata: {name: prod, labels: {team: a}}}' >"$dir/i1.yaml"
printf '%s\n' '{apiVersion: v1, kind: Namespace, metadata: {name: dev, labels: {tier: "1"}}}' >"$dir/i2.yaml"
{
  printf 'apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\ntests:\n'
  for ((c = 1; c <= count; c++)); do
    printf '  - name: c%s\n    template: template.yaml\n    constraint: c%s.yaml\n    cases:\n' "$c" "$c"
    for ((o = 1; o <= objects; o++)); do
      printf '      - {name: c%s-o%s-yes, object: o%s.yaml, inventory: [i1.yaml, ./i2.yaml], assertions: [{violations: yes}]}\n' "$c" "$o" "$o"
      printf '      - {name: c%s-o%s-no, object: o%s.yaml, inventory: [i1.yaml, ./i2.yaml], assertions: [{violations: no}]}\n' "$c" "$o" "$o"
    done
  done
} >"$dir/suite.yaml"
out=$("$bylaw" test --json "$dir" || true)
declare -A said
while read -r name is; do said[$name]=$is; done < <(jq -r 'select(.type == "result") | "\(.name) \(.status | gsub(" "; "-"))"' <<<"$out")
bad= matched=0 kept=0
for ((c = 1; c <= count; c++)); do
  for ((o = 1; o <= objects; o++)); do
    case "${said[c$c-o$o-yes]:-none} ${said[c$c-o$o-no]:-none}" in
      'pass fail') matched=$((matched + 1)) ;;
      'fail not-evaluated') kept=$((kept + 1)) ;;
      *) bad+=" c$c-o$o: yes ${said[c$c-o$o-yes]:-none}, no ${said[c$c-o$o-no]:-none};" ;;
    esac
  done
done
[ -z "$bad" ] || { echo "FAILED:$bad" >&2; exit 1; }
[ "$matched" -gt 20 ] && [ "$kept" -gt 20 ] || { echo "FAILED: $matched match, $kept do not" >&2; exit 1; }
echo "$matched pairs match and $kept do not, as gator says"
