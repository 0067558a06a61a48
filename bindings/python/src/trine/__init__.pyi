import builtins
from os import PathLike
from typing import (
    Any,
    AsyncIterator,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    TypeVar,
    Union,
    overload,
)

_F = TypeVar("_F", bound=Callable[..., Any])
_Path = Union[str, bytes, PathLike[str]]
_Devices = Union[str, PathLike[str], Sequence[Union[str, PathLike[str]]]]

__version__: str

class Error(Exception):
    status: int

class ArgumentError(Error, ValueError): ...
class StateError(Error, RuntimeError): ...
class ConnectionError(Error, builtins.ConnectionError): ...
class ProtocolError(Error): ...
class TlsError(Error): ...
class OverloadedError(Error): ...
class LimitError(Error, MemoryError): ...
class ToolError(Error): ...
class ToolNotFoundError(Error, LookupError): ...

class Range:
    ge: Optional[float]
    le: Optional[float]
    multiple_of: Optional[float]
    def __init__(
        self,
        ge: Optional[float] = None,
        le: Optional[float] = None,
        multiple_of: Optional[float] = None,
    ) -> None: ...

class Length:
    min_length: Optional[int]
    max_length: Optional[int]
    def __init__(
        self, min_length: Optional[int] = None, max_length: Optional[int] = None
    ) -> None: ...

class Array:
    def __getitem__(self, at: int) -> float: ...
    def __len__(self) -> int: ...

class Context:
    @property
    def is_cancelled(self) -> bool: ...
    def progress(self, done: int, total: int = 0, text: str = "") -> None: ...

class Stats:
    calls: int
    errors: int
    seconds: float

class Event:
    device: str
    tool: str
    text: str
    number: int

class Listening:
    def close(self) -> None: ...
    def __enter__(self) -> "Listening": ...
    def __exit__(self, *_: object) -> None: ...

class Events:
    def close(self) -> None: ...
    def __aiter__(self) -> "Events": ...
    async def __anext__(self) -> Event: ...
    async def __aenter__(self) -> "Events": ...
    async def __aexit__(self, *_: object) -> None: ...

class Plugin:
    name: str
    version: str
    description: str
    author: str
    capabilities: List[str]
    tools: List[str]
    previous: Optional[str]

class Model:
    ended: Optional[str]
    def __init__(
        self,
        path: _Path,
        *,
        threads: int = 0,
        backend: str = "cpu",
        context: int = 0,
        kv: str = "f16",
    ) -> None: ...
    @property
    def info(self) -> Dict[str, Any]: ...
    def tokenize(self, text: str, *, begin: bool = True, special: bool = False) -> List[int]: ...
    def detokenize(self, tokens: Iterable[int]) -> str: ...
    def generate(self, prompt: str, **how: Any) -> str: ...
    def stream(
        self,
        prompt: str,
        *,
        tokens: int = 128,
        temperature: float = 0.0,
        top_k: int = 40,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition: float = 1.0,
        seed: int = 0,
        special: bool = False,
        goes_on: bool = False,
    ) -> Iterator[str]: ...
    def stream_async(self, prompt: str, **how: Any) -> AsyncIterator[str]: ...
    async def generate_async(self, prompt: str, **how: Any) -> str: ...
    def close(self) -> None: ...
    def __enter__(self) -> "Model": ...
    def __exit__(self, *_: object) -> None: ...

class Block:
    @property
    def size(self) -> int: ...
    def view(self) -> memoryview: ...
    def free(self) -> None: ...

class Pool:
    def __init__(self, size: int, blocks: int = 64) -> None: ...
    def take(self, size: int) -> Block: ...
    @property
    def size(self) -> int: ...
    @property
    def used(self) -> int: ...
    @property
    def blocks(self) -> int: ...
    @property
    def high_water(self) -> int: ...
    @property
    def largest(self) -> int: ...

class Server:
    host: str
    port: int
    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        in_flight: int = 16,
        serial: _Devices = ...,
        usb: _Devices = ...,
        tcp: _Devices = ...,
        udp: _Devices = ...,
        unix: _Devices = ...,
        bus: _Devices = ...,
        simulate: _Devices = ...,
        settings: _Path = ...,
        plugin_keys: _Path = ...,
        plugin_imports: str = ...,
        plugin_memory: int = ...,
        patience_ms: int = ...,
    ) -> None: ...
    @overload
    def tool(self, function: _F, *, name: None = None, title: None = None) -> _F: ...
    @overload
    def tool(
        self, function: None = None, *, name: Optional[str] = None, title: Optional[str] = None
    ) -> Callable[[_F], _F]: ...
    def add(
        self,
        function: Callable[..., Any],
        *,
        name: Optional[str] = None,
        title: Optional[str] = None,
        description: Optional[str] = None,
    ) -> None: ...
    def remove(self, name: str) -> None: ...
    def call(
        self,
        name: str,
        given: Optional[Dict[str, Any]] = None,
        /,
        timeout: Optional[float] = None,
        **arguments: Any,
    ) -> Any: ...
    async def call_async(
        self, name: str, given: Optional[Dict[str, Any]] = None, /, **arguments: Any
    ) -> Any: ...
    def listen(self, function: Callable[[Event], object]) -> Listening: ...
    def events(self) -> Events: ...
    def wait(self, timeout: float = 10.0) -> bool: ...
    def tools(self) -> List[Dict[str, Any]]: ...
    def ask(self, sentence: str) -> Dict[str, Any]: ...
    def stats(self, name: str) -> Stats: ...
    def metrics(self) -> Dict[str, Any]: ...
    def load(self, path: _Path) -> None: ...
    def replace(self, path: _Path) -> None: ...
    def roll_back(self, name: str) -> None: ...
    def unload(self, name: str) -> None: ...
    def plugins(self) -> List[Plugin]: ...
    def run(self) -> None: ...
    def start(self) -> "Server": ...
    @property
    def url(self) -> str: ...
    def close(self) -> None: ...
    def __enter__(self) -> "Server": ...
    def __exit__(self, *error: object) -> None: ...

class Client:
    url: str
    def __init__(
        self,
        url: str,
        *,
        api_key: Optional[str] = None,
        connect_timeout: float = 30.0,
        timeout: float = 60.0,
    ) -> None: ...
    def about(self) -> Dict[str, str]: ...
    def tools(self) -> List[Dict[str, Any]]: ...
    def call(
        self,
        name: str,
        given: Optional[Dict[str, Any]] = None,
        /,
        timeout: Optional[float] = None,
        **arguments: Any,
    ) -> Any: ...
    async def call_async(
        self,
        name: str,
        given: Optional[Dict[str, Any]] = None,
        /,
        timeout: Optional[float] = None,
        **arguments: Any,
    ) -> Any: ...
    def close(self) -> None: ...
    def __enter__(self) -> "Client": ...
    def __exit__(self, *error: object) -> None: ...

class Measured:
    name: str
    calls: int
    errors: int
    active: int
    seconds: float
    longest: float

_Hook = Callable[[str, float, Optional[BaseException]], Any]

@overload
def measured(function: _F, *, hook: Optional[_Hook] = None) -> _F: ...
@overload
def measured(
    function: None = None, *, hook: Optional[_Hook] = None
) -> Callable[[_F], _F]: ...
def calculate(values: Any) -> Dict[str, float]: ...
