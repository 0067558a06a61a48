"""What C has opened for Python, and any thread may use until it is closed."""

import json
import os
import threading
import weakref

from ._errors import Error, StateError, check
from ._native import ffi, lib

# Seconds that `close` waits for other threads.
_PATIENCE = 10
_OPEN = weakref.WeakSet()


class Owned:
    """Something of this process that C closes once, after the last function that uses it."""

    _NAME = "server"

    def _opened(self, pointer, end):
        self._pointer, self._end, self._process = pointer, end, os.getpid()
        # How many threads are in functions of it: it is closed by the last of them.
        self._users, self._closing = 0, None
        self._unused = threading.Condition()
        _OPEN.add(self)

    def _do(self, function, *arguments, otherwise=Error):
        """Calls a function of C with it, which is not closed meanwhile."""
        pointer = self._entered()
        try:
            return check(function(pointer, *arguments), otherwise)
        finally:
            self._leave()

    def _entered(self):
        """What C has opened, which is not closed until `_leave`."""
        # Before the lock, which another thread may have held at the fork.
        if self._process != os.getpid():
            what = self._NAME
            raise StateError(f"the {what} was made before a fork: make one in the child process")
        with self._unused:
            if self._pointer is None:
                raise StateError(f"the {self._NAME} is closed: make another one")
            self._users += 1
            return self._pointer

    def _leave(self):
        with self._unused:
            self._users -= 1
            # No thread begins to use it any more.
            pointer = self._closing if self._users == 0 else None
        if pointer is not None:
            self._end(pointer)
            with self._unused:
                self._closing = None
                self._unused.notify_all()

    def _json(self, function, *arguments):
        """What a function answers as JSON."""
        place = ffi.new("char **")
        self._do(function, *arguments, place)
        try:
            return json.loads(ffi.string(place[0]))
        finally:
            lib.trine_hub_free(place[0])

    def close(self):
        """Ends it.

        Waits ten seconds for other threads that are in a function of it. Where one is left then,
        such as `run` with a client that stays, it ends when that thread leaves it.
        """
        if self._process != os.getpid():
            return
        with self._unused:
            pointer, self._pointer = self._pointer, None
            if pointer is not None and self._users > 0:
                self._closing, pointer = pointer, None
                self._unused.wait_for(lambda: self._closing is None, _PATIENCE)
        if pointer is not None:
            check(self._end(pointer))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_pointer", None) is not None:
            self.close()


def close_all():
    """At the end of the interpreter."""
    for one in list(_OPEN):
        try:
            one.close()
        except Error:
            pass
