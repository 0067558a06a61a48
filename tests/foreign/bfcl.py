"""The single-turn cases of BFCL v4 with several tools, and those without a call, asked of `trine`.

    python -m venv foreign
    foreign/bin/pip install --no-deps -r tests/foreign/requirements.txt
    cargo build --release
    foreign/bin/python tests/foreign/bfcl.py --lists foreign/lists
    cargo run --release -p trine-train -- eval-lists --set choosing --lists foreign/lists/multiple

`cargo xtask bench foreign` does all of that. The package (Apache-2.0) is read for its data, which
are for measuring alone: none of its code is run, and nothing of it belongs in this repository.
`--lists` writes the cases with a call in the form of train/lists, without arguments; the last
command then says on its line `tool right` what words and rules make of those of one set, also where
these say that an argument is missing: what compares with it is `with likeliest and missing`. `-v`
prints the cases whose tool is wrong.

A sentence is the last message of the user, in one line. What `trine` refuses is wrong. Printed:
cases whose one call has the right tool, at the threshold 0; why the others are wrong; calls that
are right with their arguments, by the package's rule, among those that a descriptor can say: it
needs numbers, booleans, texts that are labels or stand in the sentence, and lists of such; and how
well confidence, 0 where there is no call, tells sentences with a call from those without (AUC).
"""

import argparse
import bisect
import collections
import concurrent.futures
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TRINE = pathlib.Path(__file__).parents[2] / "target/release/trine"
ASKING, RESTING = ("live_multiple", "multiple"), ("irrelevance", "live_irrelevance")
TYPES = {"dict": "object", "float": "number", "tuple": "array"}
VALUES = {"boolean": (bool,), "integer": (int,), "number": (int, float)}
KEPT = ("description", "enum", "required")
# Processes at once.
AT_ONCE = 2


def schema(given):
    """A schema of the package as JSON schema."""
    out = {key: given[key] for key in KEPT if key in given}
    kind = given.get("type", "any")
    if kind != "any":
        out["type"] = TYPES.get(kind, kind)
    if "properties" in given:
        out["properties"] = {name: schema(one) for name, one in given["properties"].items()}
    if "items" in given:
        out["items"] = schema(given["items"])
    return out


def listed(function):
    """A function as MCP lists tools."""
    about, form = function["description"], schema(function["parameters"])
    return {"name": function["name"], "description": about, "inputSchema": form}


def load(data, name):
    """The cases of a set; those with a call have its tool and what its arguments may be."""
    file = f"BFCL_v4_{name}.json"
    cases = [json.loads(line) for line in (data / file).read_text().splitlines()]
    out = []
    for case in cases:
        said = [one["content"] for one in case["question"][-1] if one["role"] == "user"]
        tools = [listed(function) for function in case["function"]]
        out.append({"id": case["id"], "text": " ".join(said[-1].split()), "tools": tools})
    if name in ASKING:
        truths = (data / "possible_answer" / file).read_text().splitlines()
        for case, truth in zip(out, map(json.loads, truths), strict=True):
            assert case["id"] == truth["id"], "the answers are in the order of the cases"
            ((case["tool"], case["accepted"]),) = truth["ground_truth"][0].items()
    return out


def refusal(text):
    """Why something is refused, without what differs from case to case."""
    text = re.sub(r"trine: \S+: |: (ask for|say what|add a) .*|, and text, .*", "", text.strip())
    text = re.sub(r"is left: \S+ takes", "is left: each takes", text)
    return re.sub(r"has \d+ bytes", "has too many bytes", text)


def asked(trine, tools, texts):
    """The answers to sentences for one list; each has why it is refused, and what is left out."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(tools, file)
        file.flush()
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        command = [trine, "ask", "--jsonl", "--threshold", "0", "--tools", file.name]
        done = subprocess.run(command, input=lines, text=True, capture_output=True)
    if done.returncode == 2:
        why = {"tool": None, "confidence": 0.0, "refused": refusal(done.stderr), "left": {}}
        return [why] * len(texts)
    line = r"^left out: calls of (.+), whose .+ takes (.+)$"
    left = dict(re.findall(line, done.stderr, re.MULTILINE))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(texts), f"an answer a sentence: {done.stderr}"
    for answer in answers:
        answer["left"] = left
        if not answer["tool"] and "why" not in answer and "likeliest" not in answer:
            answer["refused"] = refusal(answer.get("error") or answer["reason"])
    return answers


def ask(trine, cases):
    """Gives each case its answer; cases of one list are asked together."""
    groups = collections.defaultdict(list)
    for case in cases:
        groups[json.dumps(case["tools"])].append(case)

    def one(group):
        return asked(trine, group[0]["tools"], [case["text"] for case in group])

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = zip(groups.values(), pool.map(one, groups.values()))
        for count, (group, answers) in enumerate(results, 1):
            for case, answer in zip(group, answers):
                case["answer"] = answer
            if count % 100 == 0 or count == len(groups):
                print(f"{count} of {len(groups)} lists", file=sys.stderr)


def found(case, more=()):
    """The tool of the one call of an answer; also what it names as likeliest or lacking."""
    answer = case["answer"]
    if "likeliest" in more and not answer["tool"]:
        answer = answer.get("likeliest") or answer
    if "missing" in more and not answer["tool"]:
        return next((name.rpartition(".")[0] for name in answer.get("missing", ())), None)
    return answer["tool"]


def fault(case):
    """Why the tool of a case is wrong."""
    answer = case["answer"]
    if "refused" in answer:
        return f"refused: {answer['refused']}"
    if case["tool"] in answer["left"]:
        return f"the right tool has no calls: it takes {answer['left'][case['tool']]}"
    if answer["tool"]:
        return "another tool" + (", between two" if "between" in answer else "")
    if answer.get("missing"):
        is_right = found(case, ("missing",)) == case["tool"]
        return f"no call: {answer['why']}, of {'the right' if is_right else 'another'} tool"
    return f"no call: {answer.get('why') or answer['reason']}"


def needed(case):
    """The arguments that must be there: their schemas, and what they may be."""
    form = next(tool for tool in case["tools"] if tool["name"] == case["tool"])["inputSchema"]
    names = {name for name, values in case["accepted"].items() if "" not in values}
    properties, accepted = form.get("properties", {}), case["accepted"]
    names |= set(form.get("required", ()))
    return {name: (properties.get(name, {}), accepted.get(name, [])) for name in names}


def is_said(param, values, text):
    """Whether a descriptor can say one of the values."""
    kind = param.get("type")
    if kind == "string":
        texts = [value for value in values if isinstance(value, str) and value]
        labels = param.get("enum", ())
        return any(one in labels or one.casefold() in text.casefold() for one in texts)
    if kind == "array":
        items = param.get("items", {})
        lists = [value for value in values if isinstance(value, list) and value]
        return any(all(is_said(items, [one], text) for one in value) for value in lists)
    return any(type(value) in VALUES.get(kind, ()) for value in values)


def folded(value):
    """A value by the package's rule: case, spaces and some marks do not count; true is not 1."""
    if isinstance(value, str):
        return re.sub(r"[ ,./\-_*^]", "", value).lower().replace("'", '"')
    if isinstance(value, list):
        return [folded(one) for one in value]
    return (value,) if isinstance(value, bool) else value


def is_right(case):
    """Whether the call is right, by the package's rule."""
    if found(case) != case["tool"]:
        return False
    given, accepted = case["answer"]["arguments"], case["accepted"]
    is_accepted = all(
        folded(value) in map(folded, accepted.get(name, ())) for name, value in given.items()
    )
    return is_accepted and all(name in given for name in needed(case))


def auc(high, low):
    """The chance that one of `high` is above one of `low`, ties half."""
    low = sorted(low)
    below = sum(bisect.bisect_left(low, one) + bisect.bisect_right(low, one) for one in high)
    return below / (2 * len(high) * len(low))


def share(count, of):
    """A count in words."""
    return f"{100 * count / max(of, 1):.1f} % ({count} of {of})"


def report_calls(name, cases, is_verbose):
    """Prints what comes of a set of sentences with a call; answers the shares."""
    print(f"{name}: {len(cases)} cases")
    figures = {"cases": len(cases)}
    for title, more in (
        ("tool right", ()),
        ("with `likeliest`", ("likeliest",)),
        ("with `likeliest` and `missing`", ("likeliest", "missing")),
    ):
        count = sum(found(case, more) == case["tool"] for case in cases)
        print(f"  {title}: {share(count, len(cases))}")
        figures[title] = count / len(cases)
    wrong = [case for case in cases if found(case) != case["tool"]]
    faults = collections.Counter(map(fault, wrong))
    out = sum(n for why, n in faults.items() if why.startswith(("refused", "the right tool")))
    count, of = len(cases) - len(wrong), len(cases) - out
    print(f"  tool right, of what is neither refused nor left out: {share(count, of)}")
    said = [c for c in cases if all(is_said(*one, c["text"]) for one in needed(c).values())]
    calls = sum(map(is_right, said))
    print(f"  calls right, of those that can be said: {share(calls, len(said))}")
    figures |= {"said": len(said), "calls": calls}
    print("  wrong tools:")
    for why, count in faults.most_common():
        print(f"    {count:4} {why}")
    for case in wrong if is_verbose else ():
        print(f"  {case['id']} | {fault(case)} | want {case['tool']} | got {found(case)} | "
              f"{case['text'][:200]}")
    return figures


def report_rest(asking, resting):
    """Prints how well confidence tells sentences with a call from others; answers the AUC."""
    def sure(cases):
        return [c["answer"]["confidence"] if c["answer"]["tool"] else 0.0 for c in cases]

    def read(cases):
        return [case for case in cases if "refused" not in case["answer"]]

    every = [case for cases in asking.values() for case in cases]
    for name, cases in resting.items():
        reasons = collections.Counter(c["answer"].get("refused") for c in cases)
        called = sum(bool(case["answer"]["tool"]) for case in cases)
        print(f"{name}: {len(cases)} cases, a call at threshold 0 in {called}")
        for why, count in reasons.most_common():
            if why:
                print(f"    {count:4} refused: {why}")
    figures = {}
    for title, names in (("both", RESTING), ("irrelevance alone", RESTING[:1])):
        rest = [case for name in names for case in resting[name]]
        whole, part = auc(sure(every), sure(rest)), auc(sure(read(every)), sure(read(rest)))
        print(f"AUC, {title}: {whole:.4f}; of what is not refused: {part:.4f}")
        figures[title] = whole
    return figures


def write_lists(folder, cases):
    """Writes the cases of a set as lists in the form of train/lists, one a case."""
    split = ["# list\tset\tdescriptors\n"]
    for case in cases:
        at = folder / "data" / case["id"]
        at.mkdir(parents=True, exist_ok=True)
        (at / "tools.json").write_text(json.dumps(case["tools"]) + "\n")
        calls = [{"tool": case["tool"], "arguments": {}}]
        record = {"text": case["text"], "calls": calls, "why": None, "kind": "plain"}
        record |= {"hand": "bfcl", "list": case["id"]}
        (at / "sentences.jsonl").write_text(json.dumps(record) + "\n")
        split.append(f"{case['id']}\tchoosing\tBFCL\n")
    (folder / "SPLIT.tsv").write_text("".join(split))


def main():
    """Asks for all cases, and prints what comes of them."""
    parser = argparse.ArgumentParser(description="Ask the cases of BFCL v4 of trine.")
    parser.add_argument("--trine", default=TRINE)
    parser.add_argument("--lists", type=pathlib.Path, help="folder to write the cases to, as lists")
    parser.add_argument("--json", type=pathlib.Path, help="file to write the figures to")
    parser.add_argument("-v", action="store_true", help="print each case whose tool is wrong")
    options = parser.parse_args()
    package = importlib.util.find_spec("bfcl_eval")
    if package is None:
        raise SystemExit("no package bfcl_eval here: pip install --no-deps bfcl-eval")
    data = pathlib.Path(package.origin).parent / "data"
    asking = {name: load(data, name) for name in ASKING}
    resting = {name: load(data, name) for name in RESTING}
    for name, cases in asking.items() if options.lists else ():
        write_lists(options.lists / name, cases)
    os.nice(10)
    ask(options.trine, [c for cases in (asking | resting).values() for c in cases])
    figures = {name: report_calls(name, cases, options.v) for name, cases in asking.items()}
    figures["auc"] = report_rest(asking, resting)
    if options.json:
        options.json.write_text(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
