"""Servers by the names of the manager-style API: what scripts written for it import instead.

    from trine.manager import MCPManager, ServerType

    async def main():
        manager = MCPManager({"max_concurrent_operations": 10})
        await manager.initialize()
        server = await manager.deploy_server({"name": "math", "server_type": ServerType.CUSTOM})
        manager.register_tool(add)
        print(await manager.execute_tool("add", {"a": 1, "b": 2}))
        print(await manager.get_server_health(server))
        await manager.shutdown()

It is a thin layer over `trine.Server` and `trine.Client`. docs/python-manager.md says what is another
than it was.
"""

import asyncio
import dataclasses
import enum
import time
import uuid
import warnings

from . import __version__
from ._client import Client
from ._errors import ArgumentError, ConnectionError, Error, StateError, ToolError, ToolNotFoundError
from ._measure import measured
from ._server import Server

__all__ = [
    "MCPClient",
    "MCPConnectionError",
    "MCPException",
    "MCPManager",
    "MCPServer",
    "MCPToolError",
    "Manager",
    "PyMCPClient",
    "PyMCPServer",
    "PyToolWrapper",
    "ServerConfig",
    "ServerType",
    "monitor_tool_execution",
]

MCPException = Error
MCPConnectionError = ConnectionError


class MCPToolError(ToolError):
    """A tool could not do a call; `tool` is its name."""

    def __init__(self, tool, why=""):
        super().__init__(f"Tool {tool} failed" + (f": {why}" if why else ""))
        self.tool = tool


class ServerType(enum.Enum):
    """What a server is for. It is a word for people: no kind has tools of its own."""

    CUSTOM = "custom"
    DEVICE = "device"
    DOCKER = "docker"
    HOST_INFO = "host_info"
    INFERENCE = "inference"
    KUBERNETES = "kubernetes"
    PLUGIN = "plugin"
    PROMETHEUS = "prometheus"


@dataclasses.dataclass
class ServerConfig:
    """A server to be deployed.

    `port` 0 is any free one, and None serves no HTTP: its tools are called by the manager alone.
    `url` is a server that runs already, which has its own port. `tools` are functions.
    """

    name: str
    server_type: ServerType = ServerType.CUSTOM
    port: "int | None" = None
    max_connections: int = 100
    host: str = "127.0.0.1"
    url: "str | None" = None
    tools: tuple = ()
    options: dict = dataclasses.field(default_factory=dict)


class PyToolWrapper:
    """A tool of an object with `name`, `description` and `execute`, or of a function."""

    def __init__(self, tool, name=None):
        run = getattr(tool, "execute", tool)
        if not callable(run):
            raise ArgumentError(f"{tool!r} is no function, and has no function `execute`")
        self.function = run
        own = getattr(tool, "name", None) if run is not tool else None
        self.name = name or own or getattr(tool, "__name__", None) or type(tool).__name__
        self.description = getattr(tool, "description", None) if run is not tool else None

    def add_to(self, server):
        server.add(self.function, name=self.name, description=self.description)


_CONFIG = {"max_concurrent_operations": 100, "connection_timeout": 30.0, "enable_metrics": True}
# What older scripts call it.
_RENAMED = {"max_workers": "max_concurrent_operations", "timeout": "connection_timeout"}


def _configured(config):
    found = dict(_CONFIG)
    for key, value in (config or {}).items():
        if key in _RENAMED:
            text = f"{key} is called {_RENAMED[key]} now"
            warnings.warn(text, DeprecationWarning, stacklevel=3)
            key = _RENAMED[key]
        if key not in found:
            known = ", ".join(found)
            raise ArgumentError(f"the configuration has no key {key!r}: there is {known}")
        found[key] = value
    for key in ("max_concurrent_operations", "connection_timeout"):
        value = found[key]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or value <= 0:
            raise ArgumentError(f"{key} is {value!r}: write a number above 0")
    if not isinstance(found["enable_metrics"], bool):
        raise ArgumentError(f"enable_metrics is {found['enable_metrics']!r}: write True or False")
    return found


class _Deployed:
    """A server of a manager: one of this process, or a client of one that runs already."""

    def __init__(self, config, found):
        self.config, self.begun, self.last = config, time.monotonic(), None
        if config.url is not None:
            self.server, timeout = None, found["connection_timeout"]
            self.caller = Client(config.url, connect_timeout=timeout)
            return
        options = {"in_flight": max(1, config.max_connections), **config.options}
        self.server = self.caller = Server(config.host, config.port or 0, **options)
        try:
            for tool in config.tools:
                PyToolWrapper(tool).add_to(self.server)
            if config.port is not None:
                self.server.start()
        except BaseException:
            self.server.close()
            raise

    def health(self):
        try:
            count, status = len(self.caller.tools()), "healthy"
        except Error:
            count, status = 0, "unhealthy"
        return {
            "status": status,
            "name": self.config.name,
            "server_type": self.config.server_type.value,
            "version": __version__ if self.server else self.caller.about()["version"],
            "uptime_seconds": time.monotonic() - self.begun,
            "tools_available": count,
            "last_execution": self.last,
        }


class Manager:
    """Deploys servers, and calls their tools wherever they are.

    The configuration is a dictionary or None: `max_concurrent_operations` (100), calls at a time, the
    others wait; `connection_timeout` (30 seconds); `enable_metrics` (True).
    """

    def __init__(self, config=None):
        self.config = _configured(config)
        self._servers, self._is_open, self._gate = {}, False, None

    async def initialize(self):
        """Begins. A manager that was shut down may begin again."""
        self._gate = asyncio.Semaphore(int(self.config["max_concurrent_operations"]))
        self._is_open = True

    async def deploy_server(self, config):
        """Starts a server, and answers its number; a ServerConfig or a dictionary of its fields."""
        self._opened()
        if not isinstance(config, ServerConfig):
            config = _read(config)
        self._free(config.name)
        # Connecting, and loading what the options name, takes its time.
        deployed = await _thread(_Deployed, config, self.config)
        try:
            # Others may have run meanwhile.
            self._opened()
            self._free(config.name)
        except Error:
            await _thread(deployed.caller.close)
            raise
        number = str(uuid.uuid4())
        self._servers[number] = deployed
        return number

    def _free(self, name):
        if any(name == other.config.name for other in self._servers.values()):
            raise ArgumentError(f"a server is called {name!r} already: choose another name")

    def register_tool(self, tool, name=None, server_id=None):
        """Makes a tool of a function, or of an object with `name`, `description` and `execute`."""
        self._opened()
        own = [it for it in self._servers.values() if it.server is not None]
        if server_id is not None:
            own = [it for it in [self._found(server_id)] if it.server is not None]
        if not own:
            raise StateError("there is no server of this process: deploy one first")
        PyToolWrapper(tool, name).add_to(own[0].server)

    async def execute_tool(self, tool, parameters=None, server_id=None):
        """Calls a tool of the first server that has it, or of this one; answers its result."""
        self._opened()
        all_of_them = list(self._servers.values())
        asked = all_of_them if server_id is None else [self._found(server_id)]
        async with self._gate:
            for deployed in asked:
                try:
                    return await _called(deployed.caller, tool, parameters)
                except ToolNotFoundError:
                    continue
                finally:
                    deployed.last = time.time()
        raise MCPToolError(tool, "no server has it")

    async def list_tools(self):
        """All tools: dictionaries with `name`, `description` and `inputSchema`."""
        self._opened()
        lists = await asyncio.gather(
            *(_thread(deployed.caller.tools) for deployed in self._servers.values())
        )
        return [_listed(tool) for tools in lists for tool in tools]

    async def get_server_health(self, server_id):
        """`status`, `version`, `uptime_seconds`, `tools_available` and more of a server."""
        self._opened()
        return await _thread(self._found(server_id).health)

    def get_metrics(self):
        """What `Server.metrics` counts, by the names of the servers of this process."""
        self._opened()
        if not self.config["enable_metrics"]:
            return {}
        own = (it for it in self._servers.values() if it.server is not None)
        return {it.config.name: it.server.metrics() for it in own}

    collect_metrics = get_metrics

    async def shutdown_server(self, server_id):
        """Ends one server; its calls run to their end."""
        self._opened()
        deployed = self._found(server_id)
        del self._servers[server_id]
        await _thread(deployed.caller.close)

    async def shutdown(self):
        """Ends all servers."""
        servers, self._servers, self._is_open = self._servers, {}, False
        await asyncio.gather(*(_thread(it.caller.close) for it in servers.values()))

    async def __aenter__(self):
        await self.initialize()
        return self

    async def __aexit__(self, *_):
        await self.shutdown()

    def _opened(self):
        if not self._is_open:
            raise StateError("the manager does not run: await initialize() first")

    def _found(self, server_id):
        try:
            return self._servers[server_id]
        except KeyError:
            raise ArgumentError(f"no server has the number {server_id!r}") from None


def _read(config):
    """A ServerConfig of a dictionary."""
    fields = {field.name for field in dataclasses.fields(ServerConfig)}
    unknown = sorted(set(config) - fields)
    if unknown:
        known = ", ".join(sorted(fields))
        raise ArgumentError(f"a server has no {', '.join(unknown)}: there is {known}")
    if "name" not in config:
        raise ArgumentError("a server has a name: write {'name': …}")
    config = dict(config)
    kind = config.get("server_type", ServerType.CUSTOM)
    if not isinstance(kind, ServerType):
        try:
            config["server_type"] = ServerType(str(kind).lower())
        except ValueError:
            known = ", ".join(kind.value for kind in ServerType)
            raise ArgumentError(f"server_type is {kind!r}: there is {known}") from None
    return ServerConfig(**config)


async def _called(caller, tool, parameters):
    try:
        return await caller._awaited(tool, parameters or {})
    except ToolError as error:
        raise MCPToolError(tool, str(error)) from error


def _listed(tool):
    return {name: tool.get(name) for name in ("name", "description", "inputSchema")}


async def _thread(function, *arguments):
    """`asyncio.to_thread`, as Python 3.9 has it."""
    return await asyncio.get_running_loop().run_in_executor(None, lambda: function(*arguments))


class MCPServer(Server):
    """A server of Python objects, over HTTP from `start` on."""

    def __init__(self, host="127.0.0.1", port=8080, **options):
        super().__init__(host, port, **options)

    def register_tool(self, tool, name=None):
        """As of Manager."""
        PyToolWrapper(tool, name).add_to(self)


class MCPClient:
    """A client of a server, for coroutines and for plain code.

    `await client.call_tool(…)` is the one, `client.call_tool_sync(…)` the other.
    """

    def __init__(self, url, **options):
        self._client = Client(url, **options)

    async def list_tools(self):
        """Dictionaries with `name`, `description` and `inputSchema`."""
        return await _thread(self.list_tools_sync)

    def list_tools_sync(self):
        return [_listed(tool) for tool in self._client.tools()]

    async def call_tool(self, tool, parameters=None):
        """Calls a tool with a dictionary of arguments."""
        return await _called(self._client, tool, parameters)

    def call_tool_sync(self, tool, parameters=None):
        try:
            return self._client._called(tool, parameters or {})
        except ToolError as error:
            raise MCPToolError(tool, str(error)) from error

    def close(self):
        self._client.close()


MCPManager = Manager
PyMCPServer = MCPServer
PyMCPClient = MCPClient
monitor_tool_execution = measured
