"""A client of another server."""

from ._calls import awaited, result, text, written
from ._errors import ArgumentError, ToolError, check
from ._native import ffi, lib
from ._owned import Owned


class Client(Owned):
    """Tools of an MCP server, at a URL such as `http://127.0.0.1:8331/mcp`.

    `connect_timeout` and `timeout` are seconds: for the connection, and for a call without an answer
    or progress. `api_key` is that of the server. All clients of a process share one thread.
    """

    _NAME = "client"

    def __init__(self, url, *, api_key=None, connect_timeout=30.0, timeout=60.0):
        options = {
            "api_key": api_key,
            "connect_timeout_ms": _milliseconds(connect_timeout, "connect_timeout"),
            "timeout_ms": _milliseconds(timeout, "timeout"),
        }
        if api_key is not None and "\n" in api_key:
            raise ArgumentError("option api_key: a key has one line")
        lines = (f"{name}={value}" for name, value in options.items() if value is not None)
        place = ffi.new("trine_client **")
        check(lib.trine_client_open(text(url), text("\n".join(lines)), place))
        self.url = url
        self._opened(place[0], lib.trine_client_close)

    def about(self):
        """What the server says of itself: `name`, `version`, and the `revision` of MCP."""
        return self._json(lib.trine_client_about)

    def tools(self):
        """The tools of the server: `name`, `description`, `inputSchema` and what else it says."""
        return self._json(lib.trine_client_tools)

    def call(self, name, given=None, /, timeout=None, **arguments):
        """Calls a tool, and answers its result.

        Arguments are keywords, or a dictionary behind the name: there `timeout` may be one.

        Raises ToolNotFoundError, ToolError with what the tool says, ConnectionError and what else
        may happen on the way. The call is sent once: after a ConnectionError it may have run.
        """
        return self._called(name, {**(given or {}), **arguments}, timeout)

    def _called(self, name, arguments, timeout=None):
        place = ffi.new("char **")
        try:
            self._do(
                lib.trine_client_call,
                text(name),
                written(arguments),
                _milliseconds(timeout, "timeout") or 0,
                place,
                otherwise=ToolError,
            )
            return result(ffi.string(place[0]))
        finally:
            lib.trine_hub_free(place[0])

    async def call_async(self, name, given=None, /, timeout=None, **arguments):
        """The same for coroutines. One that is cancelled lets the server know."""
        return await self._awaited(name, {**(given or {}), **arguments}, timeout)

    async def _awaited(self, name, arguments, timeout=None):
        return await awaited(
            self,
            lib.trine_client_start,
            lib.trine_client_cancel,
            text(name),
            written(arguments),
            _milliseconds(timeout, "timeout") or 0,
        )


def _milliseconds(seconds, what):
    if seconds is None:
        return None
    if not 0 < seconds < 4_000_000:
        raise ArgumentError(f"{what} is {seconds!r}: write seconds, more than 0")
    return max(1, int(seconds * 1000))
