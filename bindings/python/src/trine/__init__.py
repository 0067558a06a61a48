"""Tools for AI models from Python functions.

    import trine

    server = trine.Server()

    @server.tool
    def add(a: int, b: int) -> int:
        "Add two numbers."
        return a + b

    server.run()
"""

from ._errors import (
    ArgumentError,
    ConnectionError,
    Error,
    Overloaded,
    ProtocolError,
    StateError,
    TlsError,
    ToolError,
    ToolNotFound,
)
from ._server import Context, Plugin, Server, Stats
from ._marks import Length, Range

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "ConnectionError",
    "Context",
    "Error",
    "Length",
    "Overloaded",
    "Plugin",
    "ProtocolError",
    "Range",
    "Server",
    "StateError",
    "Stats",
    "TlsError",
    "ToolError",
    "ToolNotFound",
]
