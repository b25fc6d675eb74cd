// What a fake model (aimock) answers to `bylaw generate` for five controls of CIS Kubernetes 1.9: a Gatekeeper policy each, with
// tests, a suite and fixtures, as one patch, where its prompt says.   node cis_answers.mjs > fixtures.json

const flag = (name) => ({
  rego: `	object.get(pod.spec, "${name}", false)`,
  bad: `  ${name}: true\n`,
  good: `  ${name}: false\n`,
  test: (value) => `{"${name}": ${value}, "containers": []}`,
  says: `Pod %s sets ${name}: leave it out`,
});
const container = {
  rego: `	some list in {"containers", "initContainers"}
	some container in pod.spec[list]
	object.get(container, ["securityContext", "privileged"], false)`,
  bad: "  containers:\n    - name: app\n      image: web:1\n      securityContext:\n        privileged: true\n",
  good: "  containers:\n    - name: app\n      image: web:1\n      securityContext:\n        privileged: false\n",
  test: (value) => `{"containers": [{"name": "app", "securityContext": {"privileged": ${value}}}]}`,
  says: "Pod %s has a privileged container: take privileged away",
};
const path = {
  rego: `	some volume in pod.spec.volumes
	volume.hostPath`,
  bad: "  volumes:\n    - name: node\n      hostPath:\n        path: /var\n",
  good: "  volumes:\n    - name: scratch\n      emptyDir: {}\n",
  test: (value) => (value ? `{"volumes": [{"name": "node", "hostPath": {"path": "/var"}}]}` : `{"volumes": [{"name": "a", "emptyDir": {}}]}`),
  says: "Pod %s mounts a path of its node: use another volume",
};
const controls = [
  ["5.2.2", "Privileged", container],
  ["5.2.3", "HostPid", flag("hostPID")],
  ["5.2.4", "HostIpc", flag("hostIPC")],
  ["5.2.5", "HostNetwork", flag("hostNetwork")],
  ["5.2.12", "HostPath", path],
];

function files([id, name, what]) {
  const slug = `control_${id.replaceAll(".", "_")}`;
  const title = slug.replaceAll("_", "-"); // of Kubernetes objects
  const folder = `policies/${slug}`;
  const kind = `Cis${name}`;
  const rego = `# METADATA
# title: ${name}
# description: No Pod has what control ${id} forbids.
# custom:
#   control: "${id}"
#   framework: cis-k8s
package ${slug}

violation contains {"msg": msg} if {
	pod := input.review.object
${what.rego}
	msg := sprintf("${what.says}", [pod.metadata.name])
}
`;
  const test = `package ${slug}_test

import data.${slug} as policy

review(spec) := {"review": {"object": {"kind": "Pod", "metadata": {"name": "web"}, "spec": spec}}}

test_deny_forbidden if {
	policy.violation == {{"msg": "${what.says.replace("%s", "web")}"}} with input as review(${what.test(true)})
}

test_allow_without if {
	count(policy.violation) == 0 with input as review(${what.test(false)})
}
`;
  const pod = (name, spec) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  namespace: shop\nspec:\n${spec}`;
  const plain = "  containers:\n    - name: app\n      image: registry.example.com/web:1\n";
  const spec = (text) => (text.includes("  containers:") ? text.replaceAll("web:1", "registry.example.com/web:1") : text + plain);
  const case_ = (file, deny) => `      - name: ${file}\n        object: testdata/${file}.yaml\n        assertions:\n          - violations: ${deny ? "yes\n            message: Pod" : "no"}\n`;
  return {
    [`${folder}/${slug}.rego`]: rego,
    [`${folder}/${slug}_test.rego`]: test,
    [`${folder}/template.yaml`]: `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: ${kind.toLowerCase()}
spec:
  crd:
    spec:
      names:
        kind: ${kind}
  targets:
    - target: admission.k8s.gatekeeper.sh
      code:
        - engine: Rego
          source:
            version: "v1"
            rego: |
${rego.replace(/^(?=.)/gm, "              ")}`,
    [`${folder}/constraint.yaml`]: `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: ${kind}
metadata:
  name: ${title}
spec:
  enforcementAction: dryrun
  match:
    kinds:
      - apiGroups: [""]
        kinds: ["Pod"]
    excludedNamespaces: ["kube-system", "gatekeeper-system"]
`,
    [`${folder}/suite.yaml`]: `apiVersion: test.gatekeeper.sh/v1alpha1
kind: Suite
metadata:
  name: ${title}
tests:
  - name: ${title}
    template: template.yaml
    constraint: constraint.yaml
    cases:
${case_("valid_off", false)}${case_("valid_without", false)}${case_("invalid_on", true)}${case_("invalid_other", true)}`,
    [`${folder}/testdata/valid_off.yaml`]: pod("off", spec(what.good)),
    [`${folder}/testdata/valid_without.yaml`]: pod("without", plain),
    [`${folder}/testdata/invalid_on.yaml`]: pod("on", spec(what.bad)),
    [`${folder}/testdata/invalid_other.yaml`]: pod("other", spec(what.bad)),
  };
}

const fixtures = controls.flatMap((control) => {
  const patch = Object.entries(files(control))
    .map(([file, text]) => `*** Add File: ${file}\n${text.replace(/\n$/, "").replace(/^/gm, "+")}\n`)
    .join("");
  const userMessage = `Control ${control[0]}:`;
  const input = `*** Begin Patch\n${patch}*** End Patch`;
  return [
    { match: { userMessage, hasToolResult: true }, response: { content: `The policy for control ${control[0]} is proposed.` } },
    { match: { userMessage }, response: { toolCalls: [{ name: "apply_patch", arguments: JSON.stringify({ input }) }] } },
  ];
});
console.log(JSON.stringify({ fixtures }));
