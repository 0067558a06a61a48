"""Arguments and results of calls, and coroutines that wait for them."""

import json

from ._errors import Error, StateError, ToolError, made
from ._native import ffi, lib

# What C holds a pointer to.
ALIVE = {}
loads = json.JSONDecoder().decode


def dumps(value):
    """Imported at the first call, and itself from then on."""
    global dumps
    from ._schema import dumps

    return dumps(value)


def written(value):
    """A value as JSON, in bytes."""
    return dumps(value).encode()


def text(words):
    """A text for C, which ends at the first zero byte."""
    return words.encode("utf-8", "replace").replace(b"\0", b" ")


def unwrapped(value):
    """What is in `{"result": …}`."""
    if isinstance(value, dict) and value.keys() == {"result"}:
        return value["result"]
    return value


def result(answer):
    """What a call came to, out of the result object of MCP."""
    found = loads(answer.decode())
    return unwrapped(found.get("structuredContent", found.get("content")))


class _Waiting:
    """A coroutine that waits for a call."""

    def __init__(self, loop):
        self.loop, self.future = loop, loop.create_future()

    def end(self, status, answer, why):
        if self.future.done():
            return
        if status < 0:
            self.future.set_exception(made(status, why.decode(), ToolError))
        else:
            self.future.set_result(result(answer))


@ffi.def_extern()
def trine_python_ended(handle, status, answer, why):
    waiting = ffi.from_handle(handle)
    ALIVE.pop(handle, None)
    ended = status, ffi.string(answer), ffi.string(why)
    try:
        waiting.loop.call_soon_threadsafe(waiting.end, *ended)
    except RuntimeError:
        # Its loop was closed, and nothing waits any more.
        pass


async def awaited(owner, start, cancel, *what):
    """Starts a call of `owner` by `start`, and cancels it where the coroutine is cancelled."""
    import asyncio

    number = ffi.new("uint64_t *")
    waiting = _Waiting(asyncio.get_running_loop())
    handle = ffi.new_handle(waiting)
    ALIVE[handle] = handle
    ended = ffi.addressof(lib, "python_ended")
    try:
        owner._do(start, *what, ended, handle, number, otherwise=ToolError)
    except Error:
        ALIVE.pop(handle, None)
        raise
    try:
        return await waiting.future
    except asyncio.CancelledError:
        try:
            owner._do(cancel, number[0])
        except StateError:
            # What is closed has ended its calls.
            pass
        raise
