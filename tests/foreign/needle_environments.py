"""The six tool environments of the package cactus-needle, which are not ours, asked of `trine ask`.

    python -m venv foreign
    foreign/bin/pip install --no-deps -r tests/foreign/requirements.txt
    cargo build --release
    foreign/bin/python tests/foreign/needle_environments.py

`cargo xtask bench foreign` does all of that. Of the package only the modules of the environments
run, with a module `needle` in the place of its own that only notes what the tools take.

Printed for each environment: cases that pass by the package's own rule (the calls are those that
are wanted, whatever the case of letters), with every call that the model finds (raw) and with those
that it is sure enough of (sure), and calls that are made and wrong.
"""

import enum
import importlib.util
import inspect
import json
import pathlib
import subprocess
import sys
import tempfile
import types
import typing

TRINE = pathlib.Path(__file__).parents[2] / "target/release/trine"
NAMES = (
    "data_capture",
    "kitchen_appliance",
    "media_player",
    "productivity",
    "smart_home",
    "wearable",
)
BOUNDS = {"ge": "minimum", "le": "maximum", "min_length": "minLength", "max_length": "maxLength"}
TYPES = {int: "integer", float: "number", str: "string", bool: "boolean"}


class Field:
    """What a parameter's annotation says beyond its type."""

    def __init__(self, **bounds):
        self.bounds = bounds


def schema(kind):
    """A type as a JSON schema."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        out = schema(parts[0])
        for note in parts[1:]:
            if isinstance(note, Field):
                known = {key: value for key, value in note.bounds.items() if key in BOUNDS}
                out.update({BOUNDS[key]: value for key, value in known.items()})
        return out
    if origin is typing.Literal:
        return {"type": "string", "enum": list(parts)}
    if origin in (typing.Union, types.UnionType):
        return schema(next(part for part in parts if part is not type(None)))
    if origin is list:
        return {"type": "array", "items": schema(parts[0])}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"type": "string", "enum": [one.value for one in kind]}
    return {"type": TYPES.get(kind, "object")}


def described(text):
    """The description of a function, and those of its arguments."""
    about, _, rest = inspect.cleandoc(text or "").partition("Args:")
    args = dict(line.strip().split(": ", 1) for line in rest.splitlines() if ": " in line)
    return " ".join(about.split()), args


def listed(function):
    """A function as MCP lists tools."""
    about, args = described(function.__doc__)
    hints = typing.get_type_hints(function, include_extras=True)
    properties, required = {}, []
    for name, parameter in inspect.signature(function).parameters.items():
        properties[name] = schema(hints.get(name, str)) | {"description": args.get(name, "")}
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
    form = {"type": "object", "properties": properties, "required": required}
    return {"name": function.__name__, "description": about, "inputSchema": form}


def folded(value):
    """A value by the package's rule: the case of letters does not count."""
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, dict):
        return {key: folded(one) for key, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same(found, wanted):
    """Whether two lists have the same calls, in any order."""
    one, other = (
        sorted(json.dumps(folded(call), sort_keys=True) for call in every)
        for every in (found, wanted)
    )
    return one == other


def asked(tools, texts, *options):
    """The answers of `trine ask`."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(tools, file)
        file.flush()
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        command = [TRINE, "ask", "--jsonl", "--tools", file.name, *options]
        done = subprocess.run(command, input=lines, text=True, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls(answer):
    """The calls of an answer, in the package's form."""
    every = answer.get("calls") or ([answer] if answer["tool"] else [])
    return [{"name": call["tool"], "arguments": call["arguments"]} for call in every]


def main():
    """Asks for the cases of all environments, and prints what comes of them."""
    package = importlib.util.find_spec("needle")
    if package is None:
        raise SystemExit("no package needle here: pip install --no-deps cactus-needle")
    package = pathlib.Path(package.origin).parent
    needle = types.ModuleType("needle")
    needle.__path__ = [str(package)]
    needle.tool, needle.Field, needle.Needle = lambda function: function, Field, None
    sys.modules["needle"] = needle
    inner = types.ModuleType("needle.environments")
    inner.__path__ = [str(package / "environments")]
    sys.modules["needle.environments"] = inner
    totals = [0] * 4
    for name in NAMES:
        module = importlib.import_module(f"needle.environments.{name}")
        tools = [listed(function) for function in module.TOOLS]
        texts = [case["query"] for case in module.TEST_CASES]
        wanted = [case["calls"] for case in module.TEST_CASES]
        raw = [calls(answer) for answer in asked(tools, texts, "--threshold", "0")]
        made = asked(tools, texts)
        sure = [[] if "not sure" in a.get("reason", "") else calls(a) for a in made]
        passed = [sum(map(same, found, wanted)) for found in (raw, sure)]
        wrong = sum(bool(found) and not same(found, want) for found, want in zip(sure, wanted))
        row = [len(texts), *passed, wrong]
        totals = [a + b for a, b in zip(totals, row)]
        print("{:20} cases {:3}  raw {:3}  sure {:3}  wrong {:2}".format(name, *row))
        if "-v" in sys.argv:
            for text, found, want in zip(texts, raw, wanted):
                if not same(found, want):
                    print("  ", text, "| want", json.dumps(want), "| got", json.dumps(found))
    print("{:20} cases {:3}  raw {:3}  sure {:3}  wrong {:2}".format("all", *totals))
    if "--json" in sys.argv:
        figures = dict(zip(("cases", "raw", "sure", "wrong"), totals))
        pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
