"""Events of devices, told to functions and coroutines."""

import sys
import threading
import weakref
from collections import deque

from ._calls import ALIVE
from ._errors import Error, StateError
from ._native import ffi, lib

# Events that wait for a coroutine. More are left out, as C leaves them out.
_WAITING = 1024
_HERE = threading.local()


class Event:
    """Something that happened on a device and that no one called for."""

    __slots__ = ("device", "number", "text", "tool")

    def __init__(self, device, tool, text, number):
        self.device, self.tool, self.text, self.number = device, tool, text, number

    def __repr__(self):
        return f"Event({self.device!r}, {self.tool!r}, {self.text!r}, {self.number})"


class Listening:
    """What `Server.listen` has begun; `close` ends it."""

    def __init__(self, server, function, ended=lambda: None):
        self._server, self._function, self.ended = weakref.ref(server), function, ended
        handle, number = ffi.new_handle(self), ffi.new("uint64_t *")
        ALIVE[handle] = handle
        try:
            server._do(
                lib.trine_hub_listen,
                ffi.addressof(lib, "python_event"),
                handle,
                ffi.addressof(lib, "python_release"),
                number,
            )
        except Error:
            ALIVE.pop(handle, None)
            raise
        self._number = number[0]

    def close(self):
        """Ends it: the function is not called any more once this returns."""
        server = self._server()
        try:
            if server is not None:
                server._do(lib.trine_hub_unlisten, self._number)
        except Error:
            # It has ended, or its server has.
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _tell(self, event):
        _HERE.server = self._server
        try:
            self._function(event)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            _HERE.server = None


def is_told(server):
    """Whether this thread is in a function that is told of events of this server."""
    here = getattr(_HERE, "server", None)
    return here is not None and here() is server


@ffi.def_extern()
def trine_python_event(handle, device, tool, what, number):
    texts = [ffi.string(each).decode() for each in (device, tool, what)]
    ffi.from_handle(handle)._tell(Event(*texts, number))


class Events:
    """The events of a server's devices from now on: `async for event in server.events():`."""

    def __init__(self, server):
        self._lock, self._waiting = threading.Lock(), deque()
        # The coroutine that waits, and its loop.
        self._waiter, self._is_over = None, False
        own = weakref.ref(self)
        self._listening = Listening(
            server, lambda event: _put(own(), event), lambda: _put(own(), None)
        )

    def close(self):
        """Ends it, and the loop over it."""
        self._listening.close()

    def __aiter__(self):
        return self

    async def __anext__(self):
        import asyncio

        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
                if self._is_over:
                    raise StopAsyncIteration
                if self._waiter is not None and not self._waiter[1].done():
                    raise StateError("another coroutine waits for these events: make others")
                loop = asyncio.get_running_loop()
                waiter = loop.create_future()
                self._waiter = loop, waiter
            await waiter

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    def __del__(self):
        if hasattr(self, "_listening"):
            self.close()


def _put(events, event):
    """Gives an event to who waits for it; None is the end."""
    if events is None:
        return
    with events._lock:
        if event is None:
            events._is_over = True
        elif len(events._waiting) < _WAITING:
            events._waiting.append(event)
        waiter, events._waiter = events._waiter, None
    if waiter is not None:
        loop, future = waiter
        try:
            loop.call_soon_threadsafe(_wake, future)
        except RuntimeError:
            # Its loop was closed, and nothing waits any more.
            pass


def _wake(future):
    if not future.done():
        future.set_result(None)
