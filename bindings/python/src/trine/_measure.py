"""Counts and times of functions, and figures of arrays of numbers."""

import functools
import threading
import time

from ._errors import ArgumentError, check
from ._native import ffi, lib


class Measured:
    """What a function has done: `calls`, `errors`, `seconds` in all, `longest`, and `active`."""

    def __init__(self, name, hook):
        self.name, self.hook = name, hook
        self.calls = self.errors = self.active = 0
        self.seconds = self.longest = 0.0
        self._lock = threading.Lock()

    def _enter(self):
        with self._lock:
            self.active += 1
        return time.perf_counter()

    def _leave(self, begun, error):
        seconds = time.perf_counter() - begun
        with self._lock:
            self.active -= 1
            self.calls += 1
            self.errors += error is not None
            self.seconds += seconds
            self.longest = max(self.longest, seconds)
        if self.hook is not None:
            self.hook(self.name, seconds, error)

    def __repr__(self):
        return f"Measured({self.name!r}, calls={self.calls}, errors={self.errors})"


def measured(function=None, *, hook=None):
    """Counts the calls of a function, and their time; a decorator, with or without arguments.

    The counts are its `measured`. A hook is called after each call with the name, the seconds, and
    the exception or None. A function may be `async`; it may be a tool, too.
    """
    if function is None:
        return lambda function: measured(function, hook=hook)
    import inspect

    counts = Measured(getattr(function, "__name__", repr(function)), hook)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run(*words, **arguments):
            begun, error = counts._enter(), None
            try:
                return await function(*words, **arguments)
            except BaseException as raised:
                error = raised
                raise
            finally:
                counts._leave(begun, error)

    else:

        @functools.wraps(function)
        def run(*words, **arguments):
            begun, error = counts._enter(), None
            try:
                return function(*words, **arguments)
            except BaseException as raised:
                error = raised
                raise
            finally:
                counts._leave(begun, error)

    run.measured = counts
    return run


def calculate(values):
    """Sum, mean and more of an array of doubles, which is read where it lies.

    It is one of NumPy, of `array`, or another with a buffer of doubles. A dictionary: `count`,
    `sum`, `mean`, `deviation` (of all of them), `least` and `most`.
    """
    try:
        seen = memoryview(values)
    except TypeError:
        kind = type(values).__name__
        raise ArgumentError(f"a {kind} has no buffer: pass an array of doubles") from None
    if seen.format != "d" or not seen.c_contiguous:
        lies = "" if seen.c_contiguous else " that does not lie in one piece"
        raise ArgumentError(f"expected doubles ('d'); found '{seen.format}'{lies}")
    place = ffi.new("trine_figures *", {"struct_size": ffi.sizeof("trine_figures")})
    with ffi.from_buffer("double[]", seen) as numbers:
        check(lib.trine_calculate(numbers, seen.nbytes // 8, place))
    names = ("count", "sum", "mean", "deviation", "least", "most")
    return {name: getattr(place, name) for name in names}
