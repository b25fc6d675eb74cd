// Reads every report of one run with the parsers that others use, and holds them against report.json:
// the same tests, none greener than it is. read_reports.mjs NODE_MODULES FOLDER
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';

const [modules, folder] = process.argv.slice(2);
const require = createRequire(modules + '/');
const { XMLParser, XMLValidator } = require('fast-xml-parser');
const { Parser } = require('tap-parser');
const YAML = require('yaml');
const read = (name) => readFileSync(`${folder}/report.${name}`, 'utf8');
const list = (x) => (x === undefined ? [] : Array.isArray(x) ? x : [x]);

const json = JSON.parse(read('json'));
const rows = json.results;
const counted = json.counts;
const total = Object.values(counted).reduce((a, b) => a + b, 0);
const errors = json.findings.filter((f) => f.severity === 'error').length;
const warnings = json.findings.length - errors;
const silent = json.trouble !== undefined || rows.length === 0 ? 1 : 0;
const unevaluated = counted['not evaluated'];

// JUnit.
assert.equal(XMLValidator.validate(read('junit')), true);
const xml = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(read('junit')).testsuites;
const cases = list(xml.testsuite).flatMap((suite) => {
  const own = list(suite.testcase);
  assert.equal(Number(suite.tests), own.length);
  assert.equal(Number(suite.failures), own.filter((c) => 'failure' in c).length);
  assert.equal(Number(suite.errors), own.filter((c) => 'error' in c).length);
  assert.equal(Number(suite.skipped), own.filter((c) => 'skipped' in c).length);
  return own;
});
assert.equal(cases.length, total + json.findings.length + silent);
assert.equal(Number(xml.failures), counted.fail);
assert.equal(Number(xml.errors), counted.error + unevaluated + errors + silent);
assert.equal(Number(xml.skipped), counted.skipped);
for (const c of cases.filter((x) => 'failure' in x)) {
  assert.notEqual(c.failure.message, '');
  assert.ok(rows.some((r) => r.suite === c.classname && r.place?.file === c.file && r.place?.row === Number(c.line)), c.name);
}

// TAP.
const points = [];
let bailed = false;
const tap = new Parser({ strict: true });
tap.on('assert', (p) => points.push(p));
tap.on('bailout', () => (bailed = true));
tap.end(read('tap'));
await new Promise((resolve) => (tap.results ? resolve() : tap.on('complete', resolve)));
if (json.trouble === undefined) {
  assert.equal(points.length, total + json.findings.length + silent);
  assert.equal(points.filter((p) => !p.ok).length, counted.fail + counted.error + unevaluated + errors + silent);
  assert.equal(points.filter((p) => p.skip).length, counted.skipped);
  assert.deepEqual(tap.results.failures.filter((f) => f.tapError), []);
} else {
  assert.ok(bailed);
}

// SARIF.
const sarif = JSON.parse(read('sarif'));
const [run] = sarif.runs;
assert.equal(run.results.length, counted.fail + counted.error + unevaluated + counted.warning + json.findings.length + silent);
for (const r of run.results) assert.equal(run.tool.driver.rules[r.ruleIndex].id, r.ruleId);
assert.equal(run.invocations[0].executionSuccessful, json.trouble === undefined);

// PolicyReport.
const policy = YAML.parse(read('policyreport'), { strict: true });
assert.equal(policy.apiVersion, 'wgpolicyk8s.io/v1alpha2');
const words = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
for (const r of policy.results) words[r.result]++;
assert.deepEqual(policy.summary, words);
assert.equal(words.pass, counted.pass);
assert.equal(words.fail, counted.fail);
assert.equal(words.error, counted.error + unevaluated + errors + silent);
assert.equal(words.warn, counted.warning + warnings);

// GitHub: each line one command; what is unescaped again is what was said.
const commands = read('github').trimEnd().split('\n').map((line) => /^::(error|warning|notice) ([^:]*)::(.*)$/.exec(line));
assert.ok(commands.every((c) => c !== null));
assert.ok(commands.filter((c) => c[1] === 'error').length >= counted.fail + counted.error + unevaluated + errors + silent - (json.trouble === undefined ? silent : 0));

// Markdown: the verdict is the first line; nothing of a test's text is HTML.
const markdown = read('markdown');
assert.equal(markdown.split('\n')[0], `## Policy tests: ${json.trouble === undefined ? json.verdict : 'could not run'}`);
assert.ok(!/<(?!\/?(details|summary)>)/.test(markdown.replace(/^(`{3,})\n[^]*?^\1$/gm, '')));

// No control character in any of them.
for (const name of ['junit', 'tap', 'json', 'sarif', 'policyreport', 'github', 'markdown']) {
  assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(read(name)), name);
}
console.log(`${total} tests, ${json.findings.length} findings, verdict ${json.verdict}`);
