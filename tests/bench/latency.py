"""Keys while a model streams and tests run: ms from a key to the sight of what it typed. See scripts/bench.d/latency.

  latency.py WORK BYLAW [--keys N]

WORK/ws is the workspace with the files that are typed in. The stream is a recording made here, played at its own speed
(a piece of 20 bytes every 10 ms, as hosted models do); a policy's file is written again every second, so that the checks and the
tests that reach it run again and again. The letters typed are in no other text, so that a frame of the stream does
not count as the answer to a key.
"""
import argparse, json, os, random, shutil, sys, time
from ptybench import Pty, q

FILES = {"7 KB of Rego": ("small.rego", 60), "1 MB of YAML": ("1mb.yaml", 20000)}
LETTERS = b"QZXJ"
PIECE_MS, SECONDS = 10, 60


def record(path):
    paragraph = ("the rule denies a **privileged** container, see `deny`.\n\n- a container\n- an init container\n\n"
                 "```rego\ndeny contains msg if {\n    some c in input.containers\n    msg := c.name\n}\n```\n\n")
    count = SECONDS * 1000 // PIECE_MS
    text = (paragraph * (count * 20 // len(paragraph) + 1))[:count * 20]
    item = {"id": "m", "type": "message", "role": "assistant"}
    answer = {"id": "r", "object": "response", "model": "m", "output": []}
    events = [("response.created", {"response": {**answer, "status": "in_progress"}}),
              ("response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}})]
    events += [("response.output_text.delta", {"item_id": "m", "output_index": 0, "content_index": 0, "delta": text[i:i + 20]})
               for i in range(0, len(text), 20)]
    events += [("response.output_item.done", {"output_index": 0, "item": {**item, "status": "completed", "content": [
                   {"type": "output_text", "text": text, "annotations": []}]}}),
               ("response.completed", {"response": {**answer, "status": "completed", "usage": {
                   "input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}})]
    with open(path, "w") as f:
        f.write(json.dumps({"bylaw_recording": 1, "title": "made", "model": "m"}) + "\n")
        f.write(json.dumps({"answer": {"prompt": "go", "step": 0, "wire": "responses", "status": 200,
                                       "headers": {"content-type": "text/event-stream"}}}) + "\n")
        for i, (kind, body) in enumerate(events):
            data = f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': i, **body})}\n\n"
            f.write(json.dumps({"at": i * PIECE_MS, "data": data}) + "\n")
        f.write(json.dumps({"end": len(events) * PIECE_MS}) + "\n")


def read_for(p, seconds):
    """Reads so long, whatever comes; returns how many bytes did."""
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        count += len(p.read(max(0, end - time.perf_counter())))
    return count


def saw(p, letter, start, limit=2):
    """The time at which the letter came after `start`; None: it did not."""
    while time.perf_counter() - start < limit and not p.eof:
        if letter in p.read(limit):
            return time.perf_counter()
    return None


def measure(work, bylaw, file, line, count, busy):
    shutil.rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True)
    recording = ["--recording", work + "/long.jsonl"] if busy else []
    p = Pty([bylaw, "--new", *recording, "--open", file, work + "/ws"], {})
    p.until_quiet(0.7, 10)
    if busy:
        for step in (b"\x1b1", b"go\r"):
            os.write(p.fd, step)
            read_for(p, 0.2)
    for step in (b"\x1b2", b"\x07", b"%d\r" % line):
        os.write(p.fd, step)
        read_for(p, 0.3)
    policy = work + "/ws/touched.rego"
    times, streamed, touched = [], 0, 0.0
    for i in range(count + 10):
        if busy and time.perf_counter() - touched > 1:
            touched = time.perf_counter()
            with open(policy, "w") as f:
                f.write(f"package touched\n\np := {i}\n\ntest_p if p == {i}\n")
        letter = LETTERS[i % len(LETTERS):i % len(LETTERS) + 1]
        start = time.perf_counter()
        os.write(p.fd, letter)
        seen = saw(p, letter, start)
        if seen is not None and i >= 10:
            times.append((seen - start) * 1e3)
        streamed += read_for(p, random.uniform(0.03, 0.06))
    p.end(b"\x11d")
    if len(times) < count * 0.95:
        sys.exit(f"{file}: {count - len(times)} of {count} keys were not seen")
    return times, streamed / (count + 10)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("work")
    ap.add_argument("bylaw")
    ap.add_argument("--keys", type=int, default=200)
    a = ap.parse_args()
    record(a.work + "/long.jsonl")
    print("| File | Meanwhile | key to paint, median ms | p99 ms | other bytes painted a key |")
    print("| --- | --- | --- | --- | --- |")
    for title, (file, line) in FILES.items():
        for busy in (False, True):
            times, other = measure(a.work, a.bylaw, file, line, a.keys, busy)
            what = "a model streams, tests run" if busy else "nothing"
            print(f"| {title} | {what} | {q(times, .5):.2f} | {q(times, .99):.2f} | {other:.0f} |", flush=True)


if __name__ == "__main__":
    main()
