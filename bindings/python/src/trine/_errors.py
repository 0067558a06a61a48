"""The errors: one class for each kind, by the status that C has."""

import builtins

from ._native import ffi, lib


class Error(Exception):
    """What every function of this package raises; `status` is the number that C has."""

    status = lib.TRINE_E_FAILED


class ArgumentError(Error, ValueError):
    """An argument is wrong; the sentence says what to write."""

    status = lib.TRINE_E_ARGUMENT


class StateError(Error, RuntimeError):
    """A server is used that is closed, or that belongs to another process."""

    status = lib.TRINE_E_STATE


class ConnectionError(Error, builtins.ConnectionError):
    """An address cannot be listened on or reached."""

    status = lib.TRINE_E_CONNECTION


class ProtocolError(Error):
    """A message is not what MCP or JSON-RPC allow."""

    status = lib.TRINE_E_PROTOCOL


class TlsError(Error):
    """There is no connection by TLS."""

    status = lib.TRINE_E_TLS


class OverloadedError(Error):
    """There is no room for it now: try again later."""

    status = lib.TRINE_E_FULL


class LimitError(Error, MemoryError):
    """It is more than what is left; the sentence says how much that is."""

    status = lib.TRINE_E_LIMIT


class ToolError(Error):
    """A tool could not do a call, or the call was refused; raise it in a tool to say why."""

    status = lib.TRINE_E_FAILED


class ToolNotFoundError(Error, LookupError):
    """There is no tool, or no plug-in, of this name."""

    status = lib.TRINE_E_NOT_FOUND


_BY_STATUS = {
    kind.status: kind
    for kind in (
        ArgumentError,
        StateError,
        ConnectionError,
        ProtocolError,
        TlsError,
        OverloadedError,
        LimitError,
        ToolNotFoundError,
    )
}
_BY_STATUS[lib.TRINE_E_NULL] = ArgumentError
_BY_STATUS[lib.TRINE_E_UTF8] = ArgumentError


def why() -> str:
    """Why the last function of this thread failed."""
    return ffi.string(lib.trine_hub_why()).decode()


def made(status: int, text: str, otherwise=Error) -> Error:
    """The error of a status."""
    error = _BY_STATUS.get(status, otherwise)(text)
    error.status = status
    return error


def check(status: int, otherwise=Error) -> int:
    """The status, where it is none of an error."""
    if status >= 0:
        return status
    raise made(status, why(), otherwise)
