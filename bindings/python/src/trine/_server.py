"""A server of tools."""

import atexit
import os
import threading

from . import _arrays, _calls
from ._calls import ALIVE, awaited, loads, text, unwrapped, written
from ._errors import ArgumentError, Error, StateError, ToolError, check
from ._events import Events, Listening, is_told
from ._native import ffi, lib
from ._owned import Owned, close_all


class Context:
    """The call that a tool is doing: a parameter with this type hint gets it."""

    __slots__ = ("_call", "_lock")

    def __init__(self, call):
        # A thread of the tool may ask while another one ends the call, which frees it in C.
        self._call, self._lock = call, threading.Lock()

    @property
    def is_cancelled(self):
        """Whether no one waits for the answer any more."""
        with self._lock:
            return self._call is None or lib.trine_json_is_cancelled(self._call) != 0

    def progress(self, done, total=0, text=""):
        """Tells the client that `done` of `total` is done; `done` has to rise."""
        said = _calls.text(text)
        with self._lock:
            if self._call is not None:
                check(lib.trine_json_progress(self._call, done, total, said))

    def _take(self):
        """The call, for the one who ends it."""
        with self._lock:
            call, self._call = self._call, None
        return call


class Stats:
    """The calls of a tool since it was added."""

    __slots__ = ("calls", "errors", "seconds")

    def __init__(self, calls, errors, seconds):
        self.calls, self.errors, self.seconds = calls, errors, seconds

    def __repr__(self):
        return f"Stats(calls={self.calls}, errors={self.errors}, seconds={self.seconds:.6f})"


class Plugin:
    """A plug-in that is loaded."""

    __slots__ = ("author", "capabilities", "description", "name", "previous", "tools", "version")

    def __init__(self, about):
        for name in self.__slots__:
            setattr(self, name, about[name])

    def __repr__(self):
        return f"Plugin({self.name!r}, {self.version!r})"


class _Tool:
    """A function, as C calls it."""

    def __init__(self, function, name, title, described, description):
        documented, arguments, decoders, result, self.is_wrapped, self.gets_call, made = described
        self.function, self.name, self.decoders = function, name, decoders
        self.is_async = _is_async(function)
        # Parameters, and a result, that may lie in the memory of who calls; a result to be read.
        self.arrays = _arrays.passing(decoders)
        self.gives = _arrays.VIEWS.get(made)
        self.reads = made if self.gives is None else None
        self.definition = {
            "id": name,
            "name": title or name.replace("_", " ").replace("-", " ").capitalize(),
            "description": description or documented or f"Call {name}.",
            "input_schema": arguments,
        }
        if result is not None:
            self.definition["output_schema"] = result

    @property
    def is_plain(self):
        """Whether its calls are JSON and no more."""
        return not self.arrays and self.gives is None and self.reads is None

    def begin(self, call, given):
        """Does a call, or has it done by the loop of coroutines."""
        context = Context(call)
        passed = None if self.is_plain else _arrays.taken(self)
        try:
            arguments = loads(given.decode())
            for name, decode in self.decoders.items():
                if name in arguments:
                    arguments[name] = decode(arguments[name])
            if passed is not None:
                arguments.update(passed.given)
            if self.gets_call is not None:
                arguments[self.gets_call] = context
            value = self.function(**arguments)
            if self.is_async:
                _loop().start(value, lambda done: self.end(context, *done))
                return
        except BaseException as error:
            self.end(context, None, error)
            return
        if passed is not None and self.gives is not None:
            passed.result = self.gives(value)
            value = value if passed.result is None else []
        self.end(context, value, None)

    def end(self, context, value, error):
        """Tells C what became of a call."""
        call = context._take()
        if error is None:
            try:
                answer = written({"result": value} if self.is_wrapped else value)
                lib.trine_json_done(call, answer)
                return
            except (TypeError, ValueError, RecursionError) as wrong:
                error = TypeError(f"its result: {wrong}")
        lib.trine_json_fail(call, text(_said(error)))


def _said(error):
    words = str(error).replace("\0", " ")
    if isinstance(error, ToolError) and words:
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _is_async(function):
    import inspect

    call = getattr(function, "__call__", None)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


@ffi.def_extern()
def trine_python_call(handle, call, arguments, size):
    tool = ffi.from_handle(handle)
    tool.begin(call, ffi.buffer(arguments, size)[:])


@ffi.def_extern()
def trine_python_release(handle):
    held = ffi.from_handle(handle)
    ALIVE.pop(handle, None)
    if isinstance(held, Listening):
        held.ended()


class _Loop:
    """One loop for the coroutines of all tools, in a thread of its own."""

    def __init__(self):
        import asyncio

        self.asyncio = asyncio
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="trine-async", daemon=True).start()

    def start(self, coroutine, told):
        async def run():
            try:
                done = await coroutine, None
            except BaseException as error:
                done = None, error
            told(done)

        self.asyncio.run_coroutine_threadsafe(run(), self.loop)


_LOOP = None
_LOOP_LOCK = threading.Lock()


def _after_fork():
    """The thread of the loop is in the parent alone."""
    global _LOOP, _LOOP_LOCK
    _LOOP, _LOOP_LOCK = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _loop():
    global _LOOP
    with _LOOP_LOCK:
        if _LOOP is None:
            _LOOP = _Loop()
        return _LOOP


class Server(Owned):
    """Tools, served to MCP clients.

    `run` serves the client on standard input and output. `start` serves HTTP at the host and port
    in threads of its own. In both cases `call` calls tools from this program, too.

    Devices are options: `serial="/dev/ttyACM0"`, or a list of them; `usb`, `tcp`, `udp`, `unix`,
    `bus` and `simulate`. `settings` is the folder with their keys. For plug-ins there are
    `plugin_keys`, `plugin_imports`, `plugin_memory` and `patience_ms`.
    """

    def __init__(self, host="127.0.0.1", port=0, *, in_flight=16, **options):
        # Other threads would wait for the interpreter, which runs one at a time.
        lines = [f"in_flight={in_flight}", "threads=few"]
        for name, given in options.items():
            for value in given if isinstance(given, (list, tuple)) else [given]:
                value = os.fsdecode(value) if hasattr(value, "__fspath__") else str(value)
                if "\n" in value or ";" in value:
                    raise ArgumentError(f"option {name}: a value has one line and no ;")
                lines.append(f"{name}={value}")
        place = ffi.new("trine_hub **")
        check(lib.trine_hub_open(text("\n".join(lines)), place))
        self.host, self.port = host, port
        # Functions whose calls are more than JSON.
        self._special = {}
        self._opened(place[0], lib.trine_hub_close)

    def tool(self, function=None, *, name=None, title=None):
        """Adds a function as a tool; a decorator, with or without arguments.

        Type hints say what it takes and answers, the docstring what it does and what its
        parameters are. A function may be `async`.
        """
        if function is None:
            return lambda function: self.tool(function, name=name, title=title)
        self.add(function, name=name, title=title)
        return function

    def add(self, function, *, name=None, title=None, description=None):
        """Adds a function as a tool, with its docstring as description where none is given."""
        from ._schema import described

        if not callable(function):
            raise ArgumentError(f"{function!r} is no function")
        name = name or getattr(function, "__name__", None) or type(function).__name__
        tool = _Tool(function, name, title, described(function, name, Context), description)
        handle = ffi.new_handle(tool)
        ALIVE[handle] = handle
        try:
            self._do(
                lib.trine_hub_add_json,
                written(tool.definition),
                ffi.addressof(lib, "python_call"),
                handle,
                ffi.addressof(lib, "python_release"),
                otherwise=ArgumentError,
            )
        except Error:
            ALIVE.pop(handle, None)
            raise
        if not tool.is_plain:
            self._special[name] = tool

    def remove(self, name):
        """Takes a tool out that was added. Its calls run to their end."""
        self._do(lib.trine_hub_remove_json, text(name))
        self._special.pop(name, None)

    def call(self, name, given=None, /, timeout=None, **arguments):
        """Calls a tool as a client does, and answers its result.

        Arguments are keywords, or a dictionary behind the name: there `timeout` may be one.

        Without a timeout, in seconds, a function of this server runs on the thread that calls.
        Raises ToolNotFoundError, or ToolError with what the tool says.
        """
        if given is not None:
            arguments = {**given, **arguments}
        tool = self._special.get(name)
        if tool is None:
            return self._value(name, arguments, timeout)
        if timeout is None:
            with _arrays.Passing(tool, arguments) as passing:
                value = self._value(name, arguments, None)
            if passing.result is not None:
                return passing.result
        else:
            value = self._value(name, arguments, timeout)
        return value if tool.reads is None else tool.reads(value)

    def _value(self, name, arguments, timeout):
        given = written(arguments) if arguments else ffi.NULL
        place = ffi.new("char **")
        # 0 is none.
        timeout = 0 if timeout is None else max(1, int(timeout * 1000))
        self._do(lib.trine_hub_value, text(name), given, timeout, place, otherwise=ToolError)
        found = ffi.string(place[0]).decode()
        lib.trine_hub_free(place[0])
        return unwrapped(loads(found))

    async def call_async(self, name, given=None, /, **arguments):
        """The same for coroutines, without a thread for each call.

        Where the coroutine is cancelled, the tool is told that no one waits for it any more.
        """
        return await self._awaited(name, {**(given or {}), **arguments})

    async def _awaited(self, name, arguments):
        value = await awaited(
            self, lib.trine_hub_start, lib.trine_hub_cancel, text(name), written(arguments)
        )
        tool = self._special.get(name)
        return value if tool is None or tool.reads is None else tool.reads(value)

    def listen(self, function):
        """Has a function told of each Event of the devices from now on, on a thread of its own.

        What is answered ends it: `close()`, or the end of a `with`.
        """
        if not callable(function):
            raise ArgumentError(f"{function!r} is no function")
        return Listening(self, function)

    def events(self):
        """The same for coroutines: `async for event in server.events():`, from now on."""
        return Events(self)

    def close(self):
        """Ends it: as `Owned.close`, but not in a function that is told of events."""
        if is_told(self):
            raise StateError(
                "a function that is told of events closes its server: close it on another thread"
            )
        super().close()

    def wait(self, timeout=10.0):
        """Waits until each device has shown its tools; answers whether it is so."""
        return self._do(lib.trine_hub_wait, int(timeout * 1000)) == lib.TRINE_OK

    def tools(self):
        """The tools as clients see them, of devices too: `name`, `description`, `inputSchema`."""
        return self._json(lib.trine_hub_tools)

    def ask(self, sentence):
        """What a sentence asks for, by the base model over all tools, those of devices too.

        A dictionary: `tool` and `arguments`, or None, `confidence`, and `why` there is no call.
        Nothing is called.
        """
        return self._json(lib.trine_hub_ask, text(sentence))

    def stats(self, name):
        """The calls of a tool."""
        place = ffi.new("trine_hub_stats *", {"struct_size": ffi.sizeof("trine_hub_stats")})
        self._do(lib.trine_hub_get_stats, text(name), place)
        return Stats(place.calls, place.errors, place.nanoseconds / 1e9)

    def metrics(self):
        """Counts of all tools of this program and of its plug-ins, as a dictionary.

        `uptime_seconds`, `tools_available`; `active`, `calls`, `errors`, `refused`, `seconds`, and the
        same for each of the `tools`.
        """
        return self._json(lib.trine_hub_metrics)

    def load(self, path):
        """Loads a plug-in: a library, a WebAssembly module, or a manifest."""
        self._do(lib.trine_hub_load, os.fsencode(path))

    def replace(self, path):
        """Puts a new version of a plug-in in the place of the one that serves."""
        self._do(lib.trine_hub_replace, os.fsencode(path))

    def roll_back(self, name):
        """Brings the version of a plug-in back that served before `replace`."""
        self._do(lib.trine_hub_roll_back, text(name))

    def unload(self, name):
        """Takes a plug-in out."""
        self._do(lib.trine_hub_remove, text(name))

    def plugins(self):
        """The plug-ins that are loaded."""
        return [Plugin(about) for about in self._json(lib.trine_hub_list)]

    def run(self):
        """Serves the client on standard input and output, until that ends its input."""
        try:
            self._do(lib.trine_hub_serve_stdio)
        finally:
            self.close()

    def start(self):
        """Serves HTTP at `host` and `port`, until the server is closed. Returns at once."""
        port = ffi.new("uint16_t *")
        host = f"[{self.host}]" if ":" in self.host else self.host
        if host == "localhost":
            host = "127.0.0.1"
        address = f"{host}:{self.port}"
        self._do(lib.trine_hub_serve_http, text(address), port)
        self.port = port[0]
        return self

    def join(self, socket, name=None):
        """Shows the tools that there are now among those of a gateway that runs on this computer.

        `socket` is that of its `--plugin-control`. It lasts until `leave`, until the server is
        closed, or until the gateway ends. Answers the name of this program there.
        """
        name = name or f"python-{os.getpid()}"
        self._do(lib.trine_hub_join, os.fsencode(socket), text(name))
        return name

    def leave(self, name):
        """Leaves a gateway, once calls under way have ended; `name` is what `join` answered."""
        self._do(lib.trine_hub_leave, text(name))

    @property
    def url(self):
        """Where clients reach it, once it was started."""
        return f"http://{self.host}:{self.port}/mcp"


def _at_exit():
    close_all()
    lib.trine_python_is_over()


# Threads that are no daemons are waited for first, and they may still call.
atexit.register(_at_exit)
