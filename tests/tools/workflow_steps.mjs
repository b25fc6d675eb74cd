// The steps of a GitHub workflow that run something, or the scripts of a GitLab job, for a shell to run here:
//   node workflow_steps.mjs FILE JOB NAME=VALUE…
// prints a JSON line {name, run, env} for each, with ${{ NAME }} replaced by VALUE. An expression without a value is an error:
// it would be text that nobody has looked at.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const yaml = createRequire(process.env.BYLAW_NODE_MODULES + "/")("js-yaml");
const [file, job, ...rest] = process.argv.slice(2);
const values = new Map(rest.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));

const fill = (text) =>
  String(text).replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, name) => {
    if (!values.has(name)) throw new Error(`no value for ${name}`);
    return values.get(name);
  });

const workflow = yaml.load(readFileSync(file, "utf8"));
if (workflow.jobs === undefined) {
  const all = { ...workflow[workflow[job].extends], ...workflow[job] };
  for (const name of ["before_script", "script", "after_script"]) {
    if (all[name] !== undefined) console.log(JSON.stringify({ name, run: all[name].join("\n"), env: {} }));
  }
  process.exit(0);
}
for (const step of workflow.jobs[job].steps) {
  if (step.run === undefined) {
    if (!/^[^@]+@[0-9a-f]{40}$/.test(step.uses)) throw new Error(`${step.uses} is not pinned to a commit`);
    continue;
  }
  const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)]));
  console.log(JSON.stringify({ name: step.name, run: fill(step.run), env }));
}
