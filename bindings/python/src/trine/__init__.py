"""Tools for AI models from Python functions.

    import trine

    server = trine.Server()

    @server.tool
    def add(a: int, b: int) -> int:
        "Add two numbers."
        return a + b

    server.run()
"""

from . import _interpreter
from ._errors import (
    ArgumentError,
    ConnectionError,
    Error,
    LimitError,
    OverloadedError,
    ProtocolError,
    StateError,
    TlsError,
    ToolError,
    ToolNotFoundError,
)
from ._arrays import Array
from ._client import Client
from ._marks import Length, Range
from ._events import Event, Events, Listening
from ._measure import calculate, measured
from ._model import Model
from ._pool import Block, Pool
from ._server import Context, Plugin, Server, Stats

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "Array",
    "Block",
    "Client",
    "ConnectionError",
    "Context",
    "Error",
    "Event",
    "Events",
    "Length",
    "LimitError",
    "Listening",
    "Model",
    "OverloadedError",
    "Plugin",
    "Pool",
    "ProtocolError",
    "Range",
    "Server",
    "StateError",
    "Stats",
    "TlsError",
    "ToolError",
    "ToolNotFoundError",
    "calculate",
    "measured",
]
