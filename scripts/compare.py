"""Run by scripts/compare, which says what it does."""

import collections
import concurrent.futures
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

bylaw, engine, folder = os.path.abspath(sys.argv[1]), sys.argv[2], os.path.realpath(sys.argv[3])
arguments = sys.argv[4:]


def run(words, cwd=folder):
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def rows_of_bylaw(cwd=folder):
    """The rows of the engine, each with what stands below it in "below"."""
    out, err = run([bylaw, "test", "--fresh", "--json"], cwd)
    rows = []
    for line in out.splitlines():
        row = json.loads(line)
        if row.get("type") == "result" and row["engine"] == engine:
            if row["depth"] == 0:
                rows.append(row | {"below": []})
            else:
                rows[-1]["below"].append(row)
    if not rows and cwd == folder:
        sys.exit(f"bylaw test has no row of {engine} in {cwd}: {err.strip()}")
    return rows


def folders_with(pattern):
    skipped = {".git", "node_modules", ".bylaw"}
    for at, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in skipped)
        if any(re.search(pattern, name) for name in files):
            yield at


# ---- what the engine itself says: verdicts by key ----

def opa_verdict(test):
    if "error" in test:
        unsupported = "unsupported built-in" in test["error"].get("message", "")
        return "not evaluated" if unsupported else "error"
    return "fail" if test.get("fail") else "skipped" if test.get("skip") else "pass"


def ask_opa():
    said = collections.defaultdict(collections.Counter)
    asked = [(folder, ["."], arguments)] if arguments else [
        (at, [], sorted(name for name in os.listdir(at) if name.endswith(".rego")))
        for at in folders_with(r"_test\.rego$")]
    for at, _, words in asked:
        for flags in ([], ["--v0-compatible"]):
            out, err = run(["opa", "test", "--format", "json", *flags, *words], at)
            if out.strip():
                break
        if not out.strip():
            print(f"opa test in {os.path.relpath(at, folder)}: {err.strip().splitlines()[0]}")
            continue
        for test in json.loads(out):
            place = os.path.normpath(os.path.join(os.path.relpath(at, folder), test["location"]["file"]))
            said[place, test["name"].split("#")[0]][opa_verdict(test)] += 1
    return said


def ask_gator():
    said = collections.defaultdict(collections.Counter)
    suites = [path for at in folders_with(r"\.ya?ml$") for path in sorted(glob.glob(f"{at}/*.y*ml"))
              if "test.gatekeeper.sh/" in open(path, errors="replace").read(2048)]
    for suite in suites:
        place, test = os.path.relpath(suite, folder), None
        out, _ = run(["gator", "verify", "-v", "./" + place])
        for line in out.splitlines():
            head = re.match(r"(=== RUN|--- \w+:|=== SKIP) +(.*?)(\t.*)?$", line)
            case = re.match(r" +(--- (PASS|FAIL): |=== (SKIP) +)(.*?)(\t.*)?$", line)
            if head and head.group(1) == "=== RUN":
                test = head.group(2)
            elif case:
                verdict = {"PASS": "pass", "FAIL": "fail", "SKIP": "skipped"}[case.group(2) or case.group(3)]
                said[place, f"{test}/{case.group(4)}"][verdict] += 1
    return said


GENERATED = "generated/"


def without_space(resource):
    """"Pod/web" of "Pod/shop/web": a suite may name the namespace, and Kyverno always prints it."""
    parts = resource.split("/")
    return "/".join((parts[0], parts[-1]))


def ask_kyverno():
    said, suite, block = collections.defaultdict(collections.Counter), None, None
    out, err = run(["kyverno", "test", ".", "-o", "json", "--detailed-results", "--remove-color"])
    for line in out.splitlines():
        head = re.match(r"Loading test .*\( (.*) \) \.\.\.$", line)
        if head:
            suite = os.path.normpath(head.group(1))
        elif line == "[":
            block = []
        elif line == "]" and block is not None:
            rows = json.loads("[" + "\n".join(block) + "]")
            block = None
            # A row that is excluded beside one that is not, of a kind whose rules have no names, is printed in some runs only.
            real = {(row["POLICY"], row["RESOURCE"]) for row in rows if row["REASON"] != "Excluded"}
            for row in rows:
                if row["RULE"] or row["REASON"] != "Excluded" or (row["POLICY"], row["RESOURCE"]) not in real:
                    # What was generated has a name only.
                    resource = GENERATED if row["RESOURCE"][0] == "/" else re.sub(r"^(.*/)?v\d\w*/", "", row["RESOURCE"])
                    said[suite, without_space(resource)]["fail" if row["RESULT"] == "Fail" else "pass"] += 1
        elif block is not None:
            block.append(line)
    if not said:
        sys.exit("kyverno test says nothing: " + err.strip()[-400:])
    return said


def rows_kyverno(said):
    """A row that a suite with generated resources has and Kyverno does not name is of what comes of the resource."""
    found = collections.defaultdict(list)
    for row in rows_of_bylaw():
        for one in row["below"] or [row]:
            key = row["file"], without_space(row["name"].split(" ")[-1])
            made = row["file"], GENERATED
            found[made if key not in said and made in said else key].append(one)
    return found


# ---- conftest: each folder is one of its own ----

def copy_example(at, work):
    """The example with every file beside its policy named as an input; not what is rendered first."""
    dir = os.path.join(work, os.path.basename(at))
    shutil.copytree(at, dir, ignore=shutil.ignore_patterns(".bylaw"))
    inputs = sorted(name for name in os.listdir(dir)
                    if os.path.isfile(os.path.join(dir, name))
                    and not name.endswith((".rego", ".md", "conftest.toml", ".tfplan", "Chart.yaml", "kustomization.yaml")))
    os.makedirs(os.path.join(dir, ".bylaw"), exist_ok=True)
    with open(os.path.join(dir, ".bylaw/config.toml"), "w") as settings:
        settings.write(f"[engines.conftest]\nfolders = [\".\"]\ninputs = {json.dumps(inputs)}\n")
    return dir, inputs


def count_conftest(report):
    count = collections.Counter()
    for entry in report or []:
        count["pass"] += entry.get("successes", 0)
        for verdict, key in (("fail", "failures"), ("warning", "warnings"), ("skipped", "exceptions")):
            count[verdict] += len(entry.get(key) or [])
    return +count


def ask_conftest(dir, inputs):
    said = {}
    for name in inputs:
        out, _ = run(["conftest", "test", "-o", "json", "--no-color", name], dir)
        said[name] = count_conftest(json.loads(out)) if out.strip() else collections.Counter(error=1)
    out, _ = run(["conftest", "verify", "-o", "json", "--no-color"], dir)
    tests = count_conftest(json.loads(out)) if out.strip() else collections.Counter()
    return said, tests


def compare_conftest():
    differences = compared = 0
    with tempfile.TemporaryDirectory() as work:
        for at in sorted(os.path.dirname(path) for path in glob.glob(f"{folder}/**/policy", recursive=True)):
            dir, inputs = copy_example(at, work)
            said, tests = ask_conftest(dir, inputs)
            ours, verified = {}, collections.Counter()
            for row in rows_of_bylaw(dir):
                if row["suite"] != "input":
                    verified[row["status"]] += 1
                    continue
                ours[row["name"]] = collections.Counter()
                for one in row["below"] or [row]:
                    held = re.match(r"(\d+) rules? holds?$", one.get("message", ""))
                    ours[row["name"]][one["status"]] += int(held.group(1)) if held else 1
                    if one["status"] == "not evaluated":
                        print(f"not evaluated: {os.path.relpath(at, folder)}: {one['name']}: {one.get('message', '')}")
            for name in sorted(set(said) | set(ours)):
                here = collections.Counter(ours.get(name, {}))
                there = said.get(name, collections.Counter())
                left = here.pop("not evaluated", 0)
                compared += 1
                if here != there and not (left and here == there - collections.Counter(**{"pass": there["pass"]})):
                    differences += 1
                    print(f"differs: {os.path.relpath(at, folder)}/{name}: conftest {dict(there)}, bylaw {dict(here)}")
            compared += sum(tests.values())
            if verified != tests:
                differences += 1
                print(f"differs: {os.path.relpath(at, folder)}: conftest verify {dict(tests)}, bylaw {dict(verified)}")
            shutil.rmtree(dir)
    return compared, differences


# ---- kyverno apply: a sample of what bylaw apply decides, each pair asked alone ----

IS_POLICY = re.compile(r"^apiVersion: (kyverno\.io/\S+\nkind: (ClusterPolicy|Policy)"
                       r"|policies\.kyverno\.io/\S+\nkind: \S+Policy)\s*$", re.M)
SETS, FILES_OF_A_FOLDER = 6, 8  # policies of a workspace; with so many documents' files each


def policy_files():
    """Files with one policy, by the folder they are in; those of tests are no policies of anybody's."""
    found = []
    for at in folders_with(r"\.ya?ml$"):
        if "-test" not in at:
            for path in sorted(glob.glob(f"{at}/*.y*ml")):
                text = open(path, errors="replace").read()
                name = re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)$", text, re.M)
                if len(IS_POLICY.findall(text)) == 1 and name:
                    found.append((path, name.group(1), re.search(r"^kind: (\S+)", text, re.M).group(1)))
    return found


def copy_set(files, work):
    """Some policies, each with documents of the folders beside it."""
    for path, _, _ in files:
        at = os.path.dirname(path)
        beside = [name for name in glob.glob(f"{at}/**/*.y*ml", recursive=True, include_hidden=True)
                  if os.path.dirname(name) != at]
        tests = [name for name in beside if name.endswith("-test.yaml")]  # they say which files are no documents
        beside = [name for name in beside if name not in tests]
        random.shuffle(beside)
        for name in [path, *tests, *beside[:FILES_OF_A_FOLDER]]:
            to = os.path.join(work, os.path.relpath(name, folder))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(name, to)


def document_of(work, fixture, name):
    """The text of the document alone; None where it cannot be cut out of its file with certainty."""
    path, _, number = fixture.partition("#")
    text = open(os.path.join(work, path), errors="replace").read()
    if not number:
        return text
    parts = [part for part in re.split(r"^---.*\n", text, flags=re.M) if re.search(r"^[^#\s]", part, re.M)]
    part = parts[int(number) - 1] if int(number) <= len(parts) else ""
    kind, _, called = name.partition(" ")
    return part if f"kind: {kind}" in part and f"name: {called}" in part else None


def say_of(work, policy, document, name):
    """What kyverno apply says of the object: "fail", "pass", "skip", "error", or "" where no rule speaks of it."""
    out, err = run(["kyverno", "apply", policy, "-r", document, "--policy-report", "--output-format", "json",
                    "--remove-color", "-v", "3"], work)
    kind, _, called = name.partition(" ")
    said = set()
    for line in out.splitlines():
        # What Kyverno says of a success has no line's end.
        line = re.sub(r"^(Mutation has been applied successfully\.|Generation completed successfully\.)+", "", line)
        for result in (json.loads(line).get("results") or []) if line.startswith("{") else []:
            if any(one["kind"] == kind and one["name"] == called for one in result.get("resources") or []):
                unchanged = result.get("message", "") == "no patches applied"
                said.add("pass" if unchanged else result["result"])
    if "panic: " in err or "\nError: " in "\n" + err or "skipping invalid YAML file" in err or "Policies Skipped" in out:
        said = said or {"error"}
    return next((word for word in ("error", "fail", "warn", "pass", "skip") if word in said), "")


WORDS = {"deny": "fail", "warn": "fail", "allow": "pass", "mutate": "pass", "generate": "pass",
         "not evaluated": "skip", "no match": "", "error": "error"}


def compare_pair(pair):
    work, policy, kind, row = pair
    text = document_of(work, row["fixture"], row["name"])
    if text is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as document:
        document.write(text)
        document.flush()
        said = say_of(work, policy, document.name, row["name"])
        ours = WORDS[row["verdict"]]
        if kind.endswith("DeletingPolicy"):  # pass: it selects the object
            ours = {"fail": "pass", "pass": "fail"}.get(ours, ours)
        if said != ours and "#" in row["fixture"]:  # a policy that looks for other objects finds those of the file
            said = say_of(work, policy, row["fixture"].split("#")[0], row["name"])
    return said, ours


def compare_decisions():
    wanted = int(arguments[0]) if arguments else 300
    random.seed(int(arguments[1]) if len(arguments) > 1 else 1)
    files = policy_files()
    random.shuffle(files)
    total, differences = collections.Counter(), 0
    while files and sum(total.values()) < wanted:
        names, some = set(), []
        while files and len(some) < SETS:
            one = files.pop()
            if one[1] not in names:
                names.add(one[1])
                some.append(one)
        with tempfile.TemporaryDirectory() as work:
            copy_set(some, work)
            out, err = run([bylaw, "apply", "--json", "--all"], work)
            rows = [json.loads(line) for line in out.splitlines()]
            by = {name: (os.path.relpath(path, folder), kind) for path, name, kind in some}
            count = collections.Counter((row["policy"], row["fixture"]) for row in rows if row["type"] == "decision")
            rows = [row for row in rows if row["type"] == "decision" and row["policy"] in by
                    and count[row["policy"], row["fixture"]] == 1]  # of two policies of one name it is not said which
            random.shuffle(rows)
            spoken = [row for row in rows if row["verdict"] != "no match"]
            silent = [row for row in rows if row["verdict"] == "no match"]
            left = wanted - sum(total.values())
            chosen = (spoken[:24] + silent[:8])[:left]
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                answers = list(pool.map(compare_pair, [(work, *by[row["policy"]], row) for row in chosen]))
        for row, answer in zip(chosen, answers):
            if answer is not None:
                total[row["verdict"]] += 1
                if answer[0] != answer[1]:
                    differences += 1
                    print(f"differs: {by[row['policy']][0]} on {row['fixture']} ({row['name']}): "
                          f"kyverno {answer[0] or 'no match'}, bylaw {row['verdict']}: {row['messages'][:1]}", flush=True)
    print(f"bylaw: {dict(sorted(total.items()))}")
    return sum(total.values()), differences


# ---- one beside the other ----

def compare_rows():
    if engine == "kyverno":
        said = ask_kyverno()
        ours = rows_kyverno(said)
    else:
        said, ours = {"opa": ask_opa, "gator": ask_gator}[engine](), collections.defaultdict(list)
        for row in rows_of_bylaw():
            if engine == "gator" and (row["name"].endswith(" (Rego)") or row["name"] in ("template", row["file"].split("/")[-1])):
                continue  # gator has no such row
            name = row["name"].split("#")[0] if engine == "opa" else f"{row['suite']}/{row['name']}"
            ours[row["file"], name].append(row)
    differences = 0
    for key in sorted(set(said) | set(ours)):
        there = collections.Counter(said.get(key, {}))
        here = collections.Counter(row["status"] for row in ours.get(key, []))
        if engine == "kyverno":  # it knows no errors: what cannot be used fails
            here["fail"] += here.pop("error", 0)
        same = +here == +there
        for row in ours.get(key, []):
            # A reason is given where nothing was evaluated: the engine passes that, or says nothing of it.
            if not same and row["status"] == "not evaluated" and row.get("message"):
                print(f"not evaluated: {key[0]}:{row.get('row', '')} {row['name']}: {row['message']}")
                here["not evaluated"] -= 1
                there["pass"] -= there["pass"] > here["pass"]
                same = +here == +there
        if not same:
            differences += 1
            print(f"differs: {key[0]} {key[1]}: {engine} {dict(+there)}, bylaw {dict(+here)}")
    for name, what in ((engine, said.values()), ("bylaw", ([row["status"] for row in rows] for rows in ours.values()))):
        total = collections.Counter()
        for one in what:
            total.update(one)
        print(f"{name}: {sum(total.values())} rows: {dict(sorted(total.items()))}")
    return len(set(said) | set(ours)), differences


if engine not in ("opa", "gator", "kyverno", "kyverno-apply", "conftest"):
    sys.exit(f"no comparison is known for {engine}")
compare = {"conftest": compare_conftest, "kyverno-apply": compare_decisions}.get(engine, compare_rows)
compared, differences = compare()
print(f"{compared} compared, {differences} differences")
sys.exit(differences > 0 or compared == 0)
