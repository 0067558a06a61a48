"""Type hints as JSON Schemas, values of JSON as Python's, and results back.

Imported when the first tool is added: `inspect` and `typing` take longer than the rest.
"""

import base64
import collections.abc
import dataclasses
import datetime
import enum
import inspect
import json
import re
import types
import typing
import uuid

from . import _arrays


def _moment(text):
    """Python before 3.11 reads no Z."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))


def _time(text):
    return datetime.time.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))


def unpacked(text):
    """Bytes that are written in base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"expected bytes in base64: {error}") from None


_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_FORMATS = {
    datetime.datetime: ("date-time", _moment),
    datetime.date: ("date", datetime.date.fromisoformat),
    datetime.time: ("time", _time),
    uuid.UUID: ("uuid", uuid.UUID),
}
_LISTS = (
    list,
    tuple,
    set,
    frozenset,
    collections.abc.Sequence,
    collections.abc.Iterable,
    collections.abc.Set,
)
_DICTS = (dict, collections.abc.Mapping)
# JSON's names of what marks of `Annotated` bound, by what they bound.
_BOUNDS = {
    "number": {
        "ge": "minimum",
        "le": "maximum",
        "gt": "exclusiveMinimum",
        "lt": "exclusiveMaximum",
        "multiple_of": "multipleOf",
    },
    "string": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}
_BOUNDS["integer"] = _BOUNDS["number"]


class Hints:
    """Reads the hints of one tool; errors name it and the parameter."""

    def __init__(self, tool):
        self.tool = tool
        self.open = []

    def wrong(self, where, why):
        return TypeError(f"{self.tool}: {where} {why}")

    def read(self, hint, where):
        """The schema of a hint, and what makes Python's value of JSON's; None where it is one."""
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            return self.annotated(hint, where)
        if hint is None or hint is type(None):
            return {"type": "null"}, None
        if hint in (typing.Any, object, inspect.Parameter.empty):
            return {}, None
        for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
            if hint is kind:
                return {"type": name}, float if kind is float else None
        if origin in _UNIONS:
            return self.union(hint, where)
        if origin is typing.Literal:
            return self.choice(list(typing.get_args(hint)), where), None
        if origin in (*_LISTS, *_DICTS) or hint in (*_LISTS, *_DICTS):
            return self.container(hint, origin or hint, where)
        named = hint if isinstance(hint, type) else origin
        if isinstance(named, type):
            return self.named(named, where)
        raise self.wrong(where, f"is a {hint!r}, which JSON cannot say")

    def annotated(self, hint, where):
        inner, *marks = typing.get_args(hint)
        schema, decode = self.read(inner, where)
        for mark in marks:
            if isinstance(mark, str):
                schema = {**schema, "description": mark}
                continue
            names = _BOUNDS.get(schema.get("type"), {})
            bounds = {json: getattr(mark, name, None) for name, json in names.items()}
            bounds = {name: bound for name, bound in bounds.items() if bound is not None}
            if type(mark).__name__ in ("Range", "Length") and not bounds:
                raise self.wrong(where, f"cannot have {mark!r}: it is no value of that kind")
            schema = {**schema, **bounds}
        return schema, decode

    def union(self, hint, where):
        parts = [self.read(part, where) for part in typing.get_args(hint)]
        decoders = [decode for _, decode in parts if decode is not None]
        one = decoders[0] if decoders else None
        others = [schema for schema, decode in parts if decode is None]
        if len(decoders) > 1 or (one and others != [{"type": "null"}]):
            raise self.wrong(where, f"is a {hint}: of a union only None and one class can be read")

        def decode(value):
            return None if value is None else one(value)

        return {"anyOf": [schema for schema, _ in parts]}, decode if one else None

    def choice(self, values, where):
        if not values or not all(isinstance(value, (str, int, bool)) for value in values):
            raise self.wrong(where, "has a choice that is no text, number or truth value")
        is_text = all(isinstance(value, str) for value in values)
        return {"type": "string", "enum": values} if is_text else {"enum": values}

    def container(self, hint, kind, where):
        parts = typing.get_args(hint)
        if kind in _DICTS:
            if parts and parts[0] is not str:
                raise self.wrong(where, "has keys that are no texts")
            value, decode = self.read(parts[1] if parts else typing.Any, where)
            schema = {"type": "object", **({"additionalProperties": value} if value else {})}
            if decode is None:
                return schema, None
            return schema, lambda found: {key: decode(item) for key, item in found.items()}
        if kind is tuple and parts and parts[-1] is not Ellipsis:
            items = [self.read(part, where) for part in parts]
            schema = {
                "type": "array",
                "prefixItems": [schema for schema, _ in items],
                "minItems": len(items),
                "maxItems": len(items),
            }
            decoders = [decode or (lambda value: value) for _, decode in items]
            return schema, lambda found: tuple(d(v) for d, v in zip(decoders, found))
        item, decode = self.read(parts[0] if parts else typing.Any, where)
        schema = {"type": "array", **({"items": item} if item else {})}
        if kind in (set, frozenset, collections.abc.Set):
            schema["uniqueItems"] = True
        made = kind if kind in (tuple, set, frozenset) else list
        if decode is None:
            return schema, None if made is list else made
        return schema, lambda found: made(decode(value) for value in found)

    def named(self, hint, where):
        if issubclass(hint, enum.Enum):
            names = {member.name: member for member in hint}
            return {"type": "string", "enum": list(names)}, names.__getitem__
        if hint in (bytes, bytearray):
            return {"type": "string", "contentEncoding": "base64"}, unpacked
        if hint is _arrays.Array:
            return dict(_arrays.SCHEMA), _arrays.decoded
        if hint.__name__ == "ndarray" and hint.__module__ == "numpy":
            return {"type": "array"}, _arrays.of_numpy
        if hint in _FORMATS:
            name, decode = _FORMATS[hint]
            return {"type": "string", "format": name}, decode
        is_dataclass = dataclasses.is_dataclass(hint)
        if not is_dataclass and not hasattr(hint, "__total__"):
            raise self.wrong(where, f"is a {hint.__name__}, which JSON cannot say")
        if hint in self.open:
            raise self.wrong(where, f"is a {hint.__name__} within a {hint.__name__}")
        self.open.append(hint)
        schema, decoders = self.members(hint, where, is_dataclass)
        self.open.pop()
        if not is_dataclass:
            if decoders:
                return schema, lambda found: _decoded(decoders, found)
            return schema, None
        return schema, lambda found: hint(**_decoded(decoders, found))

    def members(self, hint, where, is_dataclass):
        hints = typing.get_type_hints(hint, include_extras=True)
        properties, required, decoders = {}, [], {}
        defaults = {}
        if is_dataclass:
            for field in dataclasses.fields(hint):
                defaults[field.name] = field.default
                has_none = field.default is field.default_factory is dataclasses.MISSING
                if field.init and has_none:
                    required.append(field.name)
            hints = {name: hints[name] for name in defaults}
        else:
            required = sorted(hint.__required_keys__)
        for name, inner in hints.items():
            if typing.get_origin(inner) in (_MAYBE, _MUST):
                inner = typing.get_args(inner)[0]
            schema, decode = self.read(inner, f"{where}.{name}")
            properties[name] = _defaulted(schema, defaults.get(name, dataclasses.MISSING))
            if decode is not None:
                decoders[name] = decode
        schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if required:
            schema["required"] = required
        return schema, decoders


_MAYBE = getattr(typing, "NotRequired", None) or object()
_MUST = getattr(typing, "Required", None) or object()


def _decoded(decoders, found):
    return {
        name: decoders[name](value) if name in decoders else value for name, value in found.items()
    }


def _defaulted(schema, default):
    """The schema with a default, where JSON can say that."""
    if default is dataclasses.MISSING or default is inspect.Parameter.empty:
        return schema
    try:
        value = json.loads(dumps(default))
    except (TypeError, ValueError):
        return schema
    return schema if value is None else {**schema, "default": value}


def _plain(value):
    """What `json` cannot write by itself."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        # A moment without a zone is one of this machine's.
        return value.astimezone().isoformat()
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset, collections.abc.Mapping)):
        return dict(value) if isinstance(value, collections.abc.Mapping) else list(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    # Numbers and arrays of NumPy.
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no value that JSON can say")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
)
dumps = _ENCODER.encode

_SECTION = re.compile(r"^\s*(Args|Arguments|Parameters)\s*:\s*$")
_OTHER = re.compile(r"^\s*[A-Z]\w*\s*:\s*$")
_PARAMETER = re.compile(r"^\s*(?::param\s+(?:\w+\s+)?)?\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.+)$")


def documented(function):
    """The description of a function, and those of its parameters, out of its docstring."""
    text = inspect.getdoc(function) or ""
    # In a section such as "Returns:" what is indented is left out.
    lines, told, section, last = [], {}, None, None
    for line in text.splitlines():
        if _OTHER.match(line):
            section, last = "args" if _SECTION.match(line) else "other", None
            continue
        if section and line and not line[0].isspace():
            section = None
        is_field = line.lstrip().startswith(":")
        if section == "args" or line.lstrip().startswith(":param"):
            found = _PARAMETER.match(line)
            if found:
                last = found.group(1)
                told[last] = found.group(2).strip()
            elif last and line.strip():
                told[last] += " " + line.strip()
        elif section is None and not is_field:
            lines.append(line)
    return "\n".join(lines).strip(), told


def described(function, name, context):
    """What a tool of a function takes and answers.

    The schema of its arguments, what makes Python's values of them, the schema of its result (None
    where that is not said), whether a result is wrapped, the parameter that gets the call, and what
    makes Python's value of a result, of an array or of bytes.
    """
    hints = Hints(name)
    # An object that can be called has its hints there.
    is_plain = inspect.isroutine(function) or isinstance(function, type)
    typed = function if is_plain else getattr(function, "func", type(function).__call__)
    try:
        known = typing.get_type_hints(typed, include_extras=True)
    except NameError as error:
        raise TypeError(f"{name}: a type hint is not there when the tool is added: {error}") from None
    description, told = documented(function if is_plain else typed)
    properties, required, decoders, gets_call = {}, [], {}, None
    for parameter in inspect.signature(function).parameters.values():
        where = f"parameter {parameter.name}"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise hints.wrong(where, "is of any number: write each parameter")
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise hints.wrong(where, "has no name for a caller: remove the / behind it")
        hint = known.get(parameter.name, parameter.annotation)
        if hint is context:
            gets_call = parameter.name
            continue
        schema, decode = hints.read(hint, where)
        if parameter.name in told:
            schema = {"description": told[parameter.name], **schema}
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        properties[parameter.name] = _defaulted(schema, parameter.default)
        if decode is not None:
            decoders[parameter.name] = decode
    arguments = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        arguments["required"] = required
    result, is_wrapped, made = None, True, None
    if "return" in known:
        result, made = hints.read(known["return"], "its result")
        made = made if made is unpacked or made in _arrays.VIEWS else None
        is_wrapped = result.get("type") != "object"
        if is_wrapped:
            wrapped = {"result": result}
            result = {"type": "object", "properties": wrapped, "required": ["result"]}
    return description, arguments, decoders, result, is_wrapped, gets_call, made
