"""Arrays of numbers, which a tool of this process gets and gives where they lie."""

import array
import threading


class Array:
    """The type hint of a parameter, or of a result, that is a row of floating-point numbers.

    The tool gets a memoryview of doubles that cannot be written. For a call of this process without
    a timeout it is that of the caller's own memory, if that is one: of NumPy, of `array`, or of a
    `Block`. Other callers send a JSON array.
    """


SCHEMA = {"type": "array", "items": {"type": "number"}}


def decoded(numbers):
    """What a tool gets of a JSON array."""
    return memoryview(array.array("d", numbers)).toreadonly()


def view(value):
    """The doubles of a value where they lie, not to be written; None where it has none."""
    try:
        seen = memoryview(value)
    except TypeError:
        return None
    if seen.format != "d" or seen.ndim != 1 or not seen.c_contiguous:
        return None
    return seen.toreadonly()


def of_numpy(numbers):
    """The same as an array of NumPy, of any shape."""
    import numpy

    return numpy.asarray(numbers, dtype=numpy.float64)


def view_of_numpy(value):
    """The same for the hint `numpy.ndarray`."""
    import numpy

    if not isinstance(value, numpy.ndarray) or value.dtype != numpy.float64:
        return None
    seen = value.view()
    seen.flags.writeable = False
    return seen


# What passes a value, by what reads it where it is not passed.
VIEWS = {decoded: view, of_numpy: view_of_numpy}


def passing(decoders):
    """What passes the parameters of a tool that are arrays."""
    return {name: VIEWS[decode] for name, decode in decoders.items() if decode in VIEWS}


class _Passed(threading.local):
    """What the call passes that this thread makes: C has an empty array in its place."""

    call = None


_PASSED = _Passed()


class Passing:
    """One call of a tool with arrays; `with` it, the call runs on this thread."""

    __slots__ = ("before", "given", "result", "tool")

    def __init__(self, tool, arguments):
        self.tool, self.result, self.given = tool, None, {}
        for name, view in tool.arrays.items():
            seen = view(arguments[name]) if name in arguments else None
            if seen is not None:
                self.given[name], arguments[name] = seen, []

    def __enter__(self):
        self.before, _PASSED.call = _PASSED.call, self
        return self

    def __exit__(self, *_):
        _PASSED.call = self.before


def taken(tool):
    """The call of `tool` that this thread makes, once; None where it is another's."""
    call = _PASSED.call
    if call is None or call.tool is not tool:
        return None
    _PASSED.call = None
    return call
