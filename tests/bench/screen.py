"""Editors on the same files in one run: start, typing, paging, searching, memory. See scripts/bench.d/screen.

  screen.py WORK BYLAW [--keys N] [--only NAME,...]

WORK holds the workspace and the files (made by scripts/bench.d/screen). A figure of a peer that is not installed, or
that was not seen to do what was asked, is shown as a dash.
"""
import argparse, json, os, random, shutil, subprocess, sys, time
from ptybench import Pty, q

FILES = {"7 KB of Rego": "small.rego", "7 KB of YAML": "7k.yaml", "1 MB of YAML": "1mb.yaml", "20 MB of YAML": "20mb.yaml"}
MIDDLE = {"small.rego": 60, "7k.yaml": 100, "1mb.yaml": 20000, "20mb.yaml": 400000}
FIRST = {"small.rego": b"METADATA"}
NEEDLE, FOUND = b"needle-at-the-end", b"haystack-found"


class Editor:
    """How one editor is started and driven. `middle` goes to a line and makes typed text go in."""

    def __init__(self, name, argv, middle, search, leave, page=b"\x1b[6~", top=b""):
        self.name, self.argv, self.middle, self.search, self.leave, self.page, self.top = name, argv, middle, search, leave, page, top


def editors(work, bylaw):
    ws = work + "/ws"
    vi_leave = b"\x1b:q!\r"
    return [
        Editor("bylaw", lambda f: [bylaw, "--new", "--open", f, ws], lambda n: [b"\x1b2", b"\x07", b"%d\r" % n],
               lambda: [b"\x1b2", b"\x06", NEEDLE + b"\r"], b"\x11d"),
        Editor("vim", lambda f: ["vim", "-Nu", "NONE", "-n", "--cmd", "filetype on", "--cmd", "syntax on", f"{ws}/{f}"],
               lambda n: [b"%dGA" % n], lambda: [b"/" + NEEDLE + b"\r"], vi_leave),
        Editor("nvim", lambda f: ["nvim", "--clean", "-n", f"{ws}/{f}"], lambda n: [b"%dGA" % n],
               lambda: [b"/" + NEEDLE + b"\r"], vi_leave),
        Editor("kak", lambda f: ["kak", "-n", "-e", "source /usr/share/kak/kakrc" if os.path.exists("/usr/share/kak/kakrc") else "nop", f"{ws}/{f}"],
               lambda n: [b"%dgi" % n], lambda: [b"/" + NEEDLE + b"\r"], b"\x1b:q!\r"),
        Editor("vis", lambda f: ["vis", f"{ws}/{f}"], lambda n: [b"%dGi" % n], lambda: [b"/" + NEEDLE + b"\r"], vi_leave),
        Editor("micro", lambda f: ["micro", f"{ws}/{f}"], lambda n: [b"\x05", b"goto %d\r" % n],
               lambda: [b"\x06", NEEDLE + b"\r"], b"\x11n"),
        Editor("hx", lambda f: ["hx", f"{ws}/{f}"], lambda n: [b"%dGi" % n], lambda: [b"/" + NEEDLE + b"\r"], b"\x1b:q!\r"),
    ]


def fresh_state():
    shutil.rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True)


def starts(editor, file, runs):
    """ms until the file is seen and until nothing more is painted; peak memory in MB."""
    paint, settled, peak = [], [], []
    for _ in range(runs):
        fresh_state()
        p = Pty(editor.argv(file), {})
        p.want = FIRST.get(file, b"apiVersion")
        r = p.until_quiet(0.2, 10)
        if r and p.seen:
            paint.append((p.seen - p.t0) * 1e3)
            settled.append((r[1] - p.t0) * 1e3)
            peak.append(p.rss(alone=editor.name != "kak")[1])
        p.end(editor.leave)
    if not paint:
        return {}
    return {"paint": q(paint, .5), "settled": q(settled, .5), "peak": q(peak, .5)}


def opened(editor, file, steps):
    fresh_state()
    p = Pty(editor.argv(file), {})
    p.until_quiet(0.5, 10)
    for step in steps:
        os.write(p.fd, step)
        p.until_quiet(0.3, 10)
    return p


def rested_rss(p, alone):
    """MB once a second passes without work or change: what is parsed in the background after the keys is over then."""
    last, spent = p.rss(alone)[0], p.cpu_ms()
    for _ in range(20):
        p.until_quiet(1.0, 1)
        now, cpu = p.rss(alone)[0], p.cpu_ms()
        if abs(now - last) < 0.5 and cpu - spent < 5:
            break
        last, spent = now, cpu
    return now


def typed(editor, file, count):
    """Keys one by one: ms to the first byte of the answer; memory after them, and CPU of a second of rest."""
    p = opened(editor, file, editor.middle(MIDDLE[file]))
    times, missed = [], 0
    for i in range(count + 10):
        start = time.perf_counter()
        os.write(p.fd, b"x")
        r = p.until_quiet(0.02, 2)
        if i < 10:
            continue
        if r is None:
            missed += 1
        else:
            times.append((r[0] - start) * 1e3)
        time.sleep(random.uniform(0, 0.01))
    p.until_quiet(1.0, 1)
    rss = rested_rss(p, editor.name != "kak")
    before = p.cpu_ms()
    p.until_quiet(2.0, 2)
    idle = (p.cpu_ms() - before) / 2
    p.end(editor.leave)
    if not times or missed > count / 20:
        return {}
    return {"key": q(times, .5), "key99": q(times, .99), "rss": rss, "idle": idle}


def grown(editor, file, count):
    """MB that the memory grows by while so many keys are typed and erased again."""
    p = opened(editor, file, editor.middle(MIDDLE[file]))
    def keys(number):
        for _ in range(number // 100):
            for burst in (b"x" * 50, b"\x7f" * 50):  # each changes what is seen, so that its answer can be waited for
                os.write(p.fd, burst)
                p.until_quiet(0.02, 5)
        p.until_quiet(1.0, 1)
    keys(1000)
    before = rested_rss(p, True)
    keys(count)
    grow = rested_rss(p, True) - before
    p.end(editor.leave)
    return {"growth": grow}


def paged(editor, file, count):
    """Page down: ms to the last byte of the repaint."""
    p = opened(editor, file, [b"\x1b2"] if editor.name == "bylaw" else [])
    times = []
    for i in range(count + 3):
        start = time.perf_counter()
        os.write(p.fd, editor.page)
        r = p.until_quiet(0.05, 0.5)
        if r and i >= 3:
            times.append((r[1] - start) * 1e3)
    p.end(editor.leave)
    return {"page": q(times, .5), "page99": q(times, .99)} if times else {}


def searched(editor, file, runs):
    """ms from Enter to the sight of what only the file's end holds."""
    took = []
    for _ in range(runs):
        steps = editor.search()
        p = opened(editor, file, steps[:-1])
        p.all.clear()
        p.want = FOUND
        start = time.perf_counter()
        os.write(p.fd, steps[-1])
        while not p.seen and time.perf_counter() - start < 20 and not p.eof:
            p.read(0.05)
        if p.seen:
            took.append((p.seen - start) * 1e3)
        p.end(editor.leave)
    return {"search": q(took, .5)} if took else {}


ROWS = [("paint", "start to the file on the screen, ms"), ("settled", "start to the last byte, ms"), ("key", "key to paint, median ms"),
        ("key99", "key to paint, p99 ms"), ("page", "page down, median ms"), ("page99", "page down, p99 ms"),
        ("search", "search to the end, ms"), ("rss", "memory of the editor after the keys, MB"), ("growth", "growth over 10,000 keys, MB"), ("idle", "idle, ms of CPU a second")]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("work")
    ap.add_argument("bylaw")
    ap.add_argument("--keys", type=int, default=200)
    ap.add_argument("--starts", type=int, default=9)
    ap.add_argument("--only", default="")
    a = ap.parse_args()
    wanted = [e for e in editors(a.work, a.bylaw) if not a.only or e.name in a.only.split(",")]
    wanted = [e for e in wanted if e.name == "bylaw" or shutil.which(e.name)]
    print("| File | Figure | " + " | ".join(e.name for e in wanted) + " | bylaw / best peer |")
    print("| --- | --- | " + "--- | " * (len(wanted) + 1))
    for title, file in FILES.items():
        found = {}
        for e in wanted:
            # Peers are measured less often, so that the whole takes minutes: their figures are the yardstick, not the claim.
            ours = e.name == "bylaw"
            r = starts(e, file, a.starts if ours else (a.starts + 1) // 2)
            r.update(typed(e, file, a.keys if ours else (a.keys + 1) // 2))
            if file in ("1mb.yaml", "20mb.yaml"):
                r.update(paged(e, file, 60 if ours else 30))
            if file == "20mb.yaml":
                r.update(searched(e, file, 3 if ours else 2))
            # The peers need minutes for 10,000 keys in a large file, and their growth is no claim of ours.
            if file == "1mb.yaml" and ours:
                r.update(grown(e, file, 10000))
            found[e.name] = r
        for key, name in ROWS:
            values = [found[e.name].get(key) for e in wanted]
            if all(v is None for v in values):
                continue
            peers = [v for e, v in zip(wanted, values) if e.name != "bylaw" and v is not None]
            ours = found.get("bylaw", {}).get(key)
            ratio = f"{ours / min(peers):.2f}" if ours is not None and peers and min(peers) > 0.01 else "–"
            print(f"| {title} | {name} | " + " | ".join("–" if v is None else f"{v:.2f}" for v in values) + f" | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
