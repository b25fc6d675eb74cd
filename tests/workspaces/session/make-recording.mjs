#!/usr/bin/env node
// Makes the sample's recording from the session files beside this script; see README.md there.
//   make-recording.mjs [OUTPUT]      default: the sample workspace's own; "-" is standard output
// The same files give the same bytes: times come from the text, ids are counted.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const MODEL = 'sample-session';

/** A session file as {prompt, contains, answers: [[{kind, name, text}]]}. */
function parse(name) {
  const turn = { prompt: '', contains: null, answers: [] };
  for (const piece of readFileSync(join(here, name), 'utf8').split(/^%% /m).slice(1)) {
    const end = piece.indexOf('\n');
    const [kind, argument] = piece.slice(0, end).split(' ');
    const text = piece.slice(end + 1).replace(/\n$/, '');
    if (kind === 'prompt') turn.prompt = text;
    else if (kind === 'prompt-contains') [turn.prompt, turn.contains] = [text, text];
    else if (kind === 'answer') turn.answers.push([]);
    else if (['reasoning', 'text', 'call', 'patch'].includes(kind)) {
      if (kind === 'call') JSON.parse(text);
      turn.answers.at(-1).push({ kind, name: argument, text });
    } else throw new Error(`${name}: unknown part "${kind}"`);
  }
  return turn;
}

/** Text in pieces of a word or a few, as models send them. */
function pieces(text, size) {
  const out = [];
  const points = [...text];
  for (let at = 0; at < points.length; at += size) out.push(points.slice(at, at + size).join(''));
  return out;
}

/** Writes one answer: events of the Responses API, each with the time at which it is sent. */
class Answer {
  constructor(id) {
    Object.assign(this, { id, at: 0, sequence: 0, index: 0, lines: [], pending: '', output: 0 });
  }
  event(type, members, wait = 0) {
    this.at += wait;
    const event = { type, sequence_number: this.sequence++, ...members };
    this.lines.push({ at: this.at, data: `event: ${type}\ndata: ${JSON.stringify(event)}\n\n` });
  }
  deltas(type, members, text, size, wait) {
    for (const delta of pieces(text, size)) {
      // Uneven, as a network is, but the same each time.
      this.event(type, { ...members, delta }, wait + (this.sequence * 7) % 11);
    }
    this.output += Math.ceil(text.length / 4);
  }
  reasoning(text) {
    const item_id = `rs_${this.id}_${this.index}`;
    const item = { id: item_id, type: 'reasoning', summary: [] };
    const where = { item_id, output_index: this.index, summary_index: 0 };
    const part = { type: 'summary_text', text };
    this.event('response.output_item.added', { output_index: this.index, item }, 120);
    this.event('response.reasoning_summary_part.added', { ...where, part: { ...part, text: '' } });
    this.deltas('response.reasoning_summary_text.delta', where, text, 24, 22);
    this.event('response.reasoning_summary_text.done', { ...where, text });
    this.event('response.reasoning_summary_part.done', { ...where, part });
    this.done({ ...item, summary: [part] });
  }
  text(text) {
    const item_id = `msg_${this.id}_${this.index}`;
    const item = { id: item_id, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
    const where = { item_id, output_index: this.index, content_index: 0 };
    const part = { type: 'output_text', text, annotations: [] };
    this.event('response.output_item.added', { output_index: this.index, item }, 80);
    this.event('response.content_part.added', { ...where, part: { ...part, text: '' } });
    this.deltas('response.output_text.delta', where, text, 18, 20);
    this.event('response.output_text.done', { ...where, text });
    this.event('response.content_part.done', { ...where, part });
    this.done({ ...item, status: 'completed', content: [part] });
  }
  call(type, field, delta, name, text) {
    const item_id = `${type === 'function_call' ? 'fc' : 'ctc'}_${this.id}_${this.index}`;
    const item = { id: item_id, type, status: 'in_progress', call_id: `call_${this.id}_${this.index}`, name };
    const where = { item_id, output_index: this.index };
    this.event('response.output_item.added', { output_index: this.index, item: { ...item, [field]: '' } }, 60);
    this.deltas(`response.${delta}.delta`, where, text, 72, 12);
    this.event(`response.${delta}.done`, { ...where, [field]: text });
    this.done({ ...item, status: 'completed', [field]: text });
  }
  done(item) {
    this.event('response.output_item.done', { output_index: this.index, item });
    this.index++;
  }
}

function record(parts, id, input) {
  const answer = new Answer(id);
  const response = { id: `resp_${id}`, object: 'response', model: MODEL };
  answer.event('response.created', { response: { ...response, status: 'in_progress', output: [] } }, 150);
  for (const part of parts) {
    if (part.kind === 'reasoning') answer.reasoning(part.text);
    else if (part.kind === 'text') answer.text(part.text);
    else if (part.kind === 'patch') answer.call('custom_tool_call', 'input', 'custom_tool_call_input', 'apply_patch', part.text + '\n');
    else answer.call('function_call', 'arguments', 'function_call_arguments', part.name, part.text);
  }
  const usage = {
    input_tokens: input, input_tokens_details: { cached_tokens: 0 },
    output_tokens: answer.output, output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + answer.output,
  };
  answer.event('response.completed', { response: { ...response, status: 'completed', output: [], usage } }, 30);
  return answer;
}

const lines = [{ bylaw_recording: 1, title: 'A session written for this sample', model: MODEL }];
let count = 0;
for (const name of readdirSync(here).filter((n) => n.endsWith('.md') && n !== 'README.md').sort()) {
  const turn = parse(name);
  let input = Math.ceil(turn.prompt.length / 4);
  turn.answers.forEach((parts, step) => {
    const answer = record(parts, ++count, input);
    lines.push({
      answer: {
        prompt: turn.prompt, ...(turn.contains ? { prompt_contains: [turn.contains] } : {}), step,
        wire: 'responses', status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' },
      },
    });
    lines.push(...answer.lines, { end: answer.at });
    input += answer.output;
  });
}
const text = lines.map((line) => JSON.stringify(line)).join('\n') + '\n';
const output = process.argv[2] ?? join(here, '../sample/.bylaw/recordings/deny-latest-tag.jsonl');
if (output === '-') process.stdout.write(text);
else writeFileSync(output, text);
