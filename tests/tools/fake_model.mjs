// A model's server for `bylaw generate`: Chat Completions, streamed. It writes the policy of the
// control that a prompt asks for, and misbehaves as told, the same way each time for the same control.
//   node fake_model.mjs [PORT] [faults|refuse|endless]
// Prints "listening on http://127.0.0.1:PORT". What it does of a control is in its number's hash:
// most get a green policy; some first lack fixtures and add them when told; some cannot be checked by
// policy; some stay red; some have an invalid fixture that is allowed, which no test of theirs says.
// With "faults" requests get 429, streams are cut, connections close; some
// controls are refused for good; with "refuse" all are; with "endless" it looks around and comes to no end. GET /counts says how often.
import { createServer } from 'node:http';

const faulty = process.argv.includes('faults');
const asked = new Map();
const counts = { requests: 0, busy: 0, cut: 0, closed: 0, refused: 0 };

const hash = (text) => [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0, 2166136261) >>> 7;

const kindOf = (id) => {
  const n = hash(id) % 12;
  return ['none', 'red', 'short', 'short', 'loose'][n] ?? 'green';
};
const isRefused = (id) => process.argv.includes('refuse') || (faulty && hash(`${id} for good`) % 20 === 0);

const added = (path, text) => [`*** Add File: ${path}`, ...text.split('\n').map((line) => `+${line}`)];
const pod = (name, bad) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  hostPID: ${bad}`;

const fixture = (folder, name, bad) => added(`${folder}/testdata/${name}.yaml`, pod(name.replace('_', '-'), bad));
// The second ones of both kinds.
const more = (folder, kind) => [...fixture(folder, 'valid_b', false), ...fixture(folder, 'invalid_b', kind !== 'loose')];
const policyOf = (id, slug, kind) => {
  const folder = `policies/${slug}`;
  const rego = `# METADATA\n# title: Control ${id}\n# custom:\n#   control: "${id}"\n#   framework: cis-k8s\npackage ${slug}\n\n` +
    `deny contains msg if {\n\tinput.spec.hostPID == true\n\tmsg := sprintf("%s: hostPID is not allowed", [input.metadata.name])\n}`;
  const want = kind === 'red' ? 3 : 1;
  const test = `package ${slug}_test\n\nimport data.${slug}\n\ntest_deny if {\n\tcount(${slug}.deny) == ${want} with input as {"metadata": {"name": "p"}, "spec": {"hostPID": true}}\n}\n\n` +
    `test_allow if {\n\tcount(${slug}.deny) == 0 with input as {"metadata": {"name": "p"}, "spec": {"hostPID": false}}\n}`;
  const patch = ['*** Begin Patch', ...added(`${folder}/policy.rego`, rego), ...added(`${folder}/policy_test.rego`, test),
    ...fixture(folder, 'valid_a', false), ...fixture(folder, 'invalid_a', true)];
  return [...patch, ...(kind === 'short' ? [] : more(folder, kind)), '*** End Patch', ''].join('\n');
};
const restOf = (slug) =>
  ['*** Begin Patch', ...more(`policies/${slug}`, 'short'), '*** End Patch', ''].join('\n');

const chunk = (delta, finish = null, usage) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }], ...(usage && { usage }) })}\n\n`;
const end = (finish) => chunk({}, finish, { prompt_tokens: 2000, completion_tokens: 500, total_tokens: 2500 }) + 'data: [DONE]\n\n';
const say = (text) => [...text.match(/[^]{1,20}/g).map((part) => chunk({ role: 'assistant', content: part })), end('stop')];
const patched = (call, patch) => {
  const text = JSON.stringify({ input: patch });
  const first = { index: 0, id: call, type: 'function', function: { name: 'apply_patch', arguments: '' } };
  return [chunk({ role: 'assistant', tool_calls: [first] }),
    ...text.match(/[^]{1,200}/g).map((part) => chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] })), end('tool_calls')];
};

const looked = (call) => [chunk({ role: 'assistant', tool_calls: [{ index: 0, id: call, type: 'function', function: { name: 'list_files', arguments: '{}' } }] }), end('tool_calls')];

const textOf = (message) => (typeof message.content === 'string' ? message.content : (message.content ?? []).map((part) => part.text ?? '').join(''));

const answerTo = (messages) => {
  const users = messages.filter((m) => m.role === 'user').map(textOf);
  const prompt = users.find((text) => /^control: /m.test(text)) ?? '';
  const id = (/^control: (.*)$/m.exec(prompt) ?? [])[1] ?? '';
  const slug = (/policies\/(control_[a-z0-9_]+)/.exec(prompt) ?? [])[1] ?? 'control';
  const last = messages.at(-1);
  const kind = kindOf(id);
  if (process.argv.includes('endless')) return { id, parts: looked(`call_${messages.length}`) };
  if (last.role === 'tool') return { id, parts: say('Done.') };
  if (/lacks:/.test(textOf(last))) return { id, parts: patched(`call_${messages.length}`, restOf(slug)) };
  if (/the agent mends|The gate does not pass/.test(textOf(last))) return { id, parts: say('I leave it as it is.') };
  if (kind === 'none') return { id, parts: say('No admission request shows this: it is a file on the node.') };
  if (messages.some((m) => m.role === 'tool')) return { id, parts: say('It is done already.') };
  return { id, parts: patched(`call_${messages.length}`, policyOf(id, slug, kind)) };
};

const faultOf = (id) => {
  const at = (asked.get(id) ?? 0) + 1;
  asked.set(id, at);
  if (isRefused(id)) return 'refused';
  if (!faulty) return 'none';
  // Never two in a row, so that a client which tries again comes through.
  return at % 2 === 0 ? 'none' : ['none', 'none', 'busy', 'cut', 'closed'][hash(`${id} ${at}`) % 5];
};

const send = async (response, parts, cut) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const [index, part] of parts.entries()) {
    if (cut && index >= parts.length / 2) { response.destroy(); return; }
    response.write(part);
    if (index % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
};

const refuse = (response, status, message) => {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': '0', 'retry-after-ms': '1' });
  response.end(JSON.stringify({ error: { message } }));
};

createServer((request, response) => {
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', async () => {
    if (request.url === '/counts') { response.end(JSON.stringify(counts)); return; }
    if (!request.url.endsWith('/chat/completions')) { refuse(response, 404, 'not here'); return; }
    counts.requests += 1;
    const { id, parts } = answerTo(JSON.parse(body).messages);
    const fault = faultOf(id);
    if (fault !== 'none') counts[fault] += 1;
    if (fault === 'refused') refuse(response, 403, `control ${id} is refused`);
    else if (fault === 'busy') refuse(response, 429, 'slow down');
    else if (fault === 'closed') request.socket.destroy();
    else await send(response, parts, fault === 'cut');
  });
}).listen(Number(process.argv[2] ?? 0), '127.0.0.1', function ready() {
  console.log(`listening on http://127.0.0.1:${this.address().port}`);
});
