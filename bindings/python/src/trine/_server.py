"""A server of tools."""

import atexit
import json
import os
import threading
import weakref

from ._errors import ArgumentError, Error, StateError, ToolError, check, made
from ._native import ffi, lib

# What C holds a pointer to.
_ALIVE = {}
# Seconds that `close` waits for other threads.
_PATIENCE = 10
_LOADS = json.JSONDecoder().decode


def _dumps(value):
    """Imported at the first call, and itself from then on."""
    global _dumps
    from ._schema import dumps

    _dumps = dumps
    return dumps(value)

_SERVERS = weakref.WeakSet()


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
        with self._lock:
            if self._call is not None:
                check(lib.trine_json_progress(self._call, done, total, _text(text)))

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

    def __init__(self, function, name, title, described):
        description, arguments, decoders, result, self.is_wrapped, self.gets_call = described
        self.function, self.name, self.decoders = function, name, decoders
        self.is_async = _is_async(function)
        self.definition = {
            "id": name,
            "name": title or name.replace("_", " ").replace("-", " ").capitalize(),
            "description": description or f"Call {name}.",
            "input_schema": arguments,
        }
        if result is not None:
            self.definition["output_schema"] = result

    def begin(self, call, text):
        """Does a call, or has it done by the loop of coroutines."""
        context = Context(call)
        try:
            arguments = _LOADS(text.decode())
            for name, decode in self.decoders.items():
                if name in arguments:
                    arguments[name] = decode(arguments[name])
            if self.gets_call is not None:
                arguments[self.gets_call] = context
            value = self.function(**arguments)
            if self.is_async:
                _loop().start(value, lambda done: self.end(context, *done))
                return
        except BaseException as error:
            self.end(context, None, error)
            return
        self.end(context, value, None)

    def end(self, context, value, error):
        """Tells C what became of a call."""
        call = context._take()
        if error is None:
            try:
                text = _dumps({"result": value} if self.is_wrapped else value)
                lib.trine_json_done(call, text.encode())
                return
            except (TypeError, ValueError, RecursionError) as wrong:
                error = TypeError(f"its result: {wrong}")
        lib.trine_json_fail(call, _text(_said(error)))


def _said(error):
    text = str(error).replace("\0", " ")
    if isinstance(error, ToolError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _text(text):
    return text.encode("utf-8", "replace").replace(b"\0", b" ")


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
    _ALIVE.pop(handle, None)


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
            self.future.set_result(_result(answer))


@ffi.def_extern()
def trine_python_ended(handle, status, answer, why):
    waiting = ffi.from_handle(handle)
    _ALIVE.pop(handle, None)
    ended = status, ffi.string(answer), ffi.string(why)
    try:
        waiting.loop.call_soon_threadsafe(waiting.end, *ended)
    except RuntimeError:
        # Its loop was closed, and nothing waits any more.
        pass


def _result(text):
    """What a call came to, out of the result object of MCP."""
    result = _LOADS(text.decode())
    return _unwrapped(result.get("structuredContent", result.get("content")))


def _unwrapped(value):
    if isinstance(value, dict) and value.keys() == {"result"}:
        return value["result"]
    return value


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


class Server:
    """Tools, served to MCP clients.

    `run` serves the client on standard input and output. `start` serves HTTP at the host and port
    in threads of its own. In both cases `call` calls tools from this program, too.

    Devices are options: `serial="/dev/ttyACM0"`, or a list of them; `usb`, `tcp`, `udp`, `unix`,
    `bus` and `simulate`. `settings` is the folder with their keys. For plug-ins there are
    `plugin_keys`, `plugin_imports`, `plugin_memory` and `patience_ms`.
    """

    def __init__(self, host="127.0.0.1", port=0, *, in_flight=16, **options):
        lines = [f"in_flight={in_flight}"]
        for name, given in options.items():
            for value in given if isinstance(given, (list, tuple)) else [given]:
                value = os.fsdecode(value) if hasattr(value, "__fspath__") else str(value)
                if "\n" in value or ";" in value:
                    raise ArgumentError(f"option {name}: a value has one line and no ;")
                lines.append(f"{name}={value}")
        text = "\n".join(lines)
        hub = ffi.new("trine_hub **")
        check(lib.trine_hub_open(_text(text), hub))
        self._hub, self._process = hub[0], os.getpid()
        # How many threads are in functions of the hub: it is closed by the last of them.
        self._users, self._closing = 0, None
        self._unused = threading.Condition()
        self.host, self.port = host, port
        _SERVERS.add(self)

    def _do(self, function, *arguments, otherwise=Error):
        """Calls a function of the hub, which is not closed meanwhile."""
        # Before the lock, which another thread may have held at the fork.
        if self._process != os.getpid():
            raise StateError("the server was made before a fork: make one in the child process")
        with self._unused:
            if self._hub is None:
                raise StateError("the server is closed: make another one")
            hub, self._users = self._hub, self._users + 1
        try:
            return check(function(hub, *arguments), otherwise)
        finally:
            self._leave()

    def _leave(self):
        with self._unused:
            self._users -= 1
            # No thread begins to use it any more.
            hub = self._closing if self._users == 0 else None
        if hub is not None:
            lib.trine_hub_close(hub)
            with self._unused:
                self._closing = None
                self._unused.notify_all()

    def tool(self, function=None, *, name=None, title=None):
        """Adds a function as a tool; a decorator, with or without arguments.

        Type hints say what it takes and answers, the docstring what it does and what its
        parameters are. A function may be `async`.
        """
        if function is None:
            return lambda function: self.tool(function, name=name, title=title)
        self.add(function, name=name, title=title)
        return function

    def add(self, function, *, name=None, title=None):
        """Adds a function as a tool."""
        from ._schema import described, dumps

        if not callable(function):
            raise ArgumentError(f"{function!r} is no function")
        name = name or getattr(function, "__name__", None) or type(function).__name__
        tool = _Tool(function, name, title, described(function, name, Context))
        handle = ffi.new_handle(tool)
        _ALIVE[handle] = handle
        try:
            self._do(
                lib.trine_hub_add_json,
                dumps(tool.definition).encode(),
                ffi.addressof(lib, "python_call"),
                handle,
                ffi.addressof(lib, "python_release"),
                otherwise=ArgumentError,
            )
        except Error:
            _ALIVE.pop(handle, None)
            raise

    def remove(self, name):
        """Takes a tool out that was added. Its calls run to their end."""
        self._do(lib.trine_hub_remove_json, _text(name))

    def call(self, name, /, timeout=None, **arguments):
        """Calls a tool as a client does, and answers its result.

        Without a timeout, in seconds, a function of this server runs on the thread that calls.
        Raises ToolNotFoundError, or ToolError with what the tool says.
        """
        text = _dumps(arguments).encode() if arguments else ffi.NULL
        place = ffi.new("char **")
        # 0 is none.
        timeout = 0 if timeout is None else max(1, int(timeout * 1000))
        self._do(lib.trine_hub_value, _text(name), text, timeout, place, otherwise=ToolError)
        found = ffi.string(place[0]).decode()
        lib.trine_hub_free(place[0])
        return _unwrapped(_LOADS(found))

    async def call_async(self, name, /, **arguments):
        """The same for coroutines, without a thread for each call.

        Where the coroutine is cancelled, the tool is told that no one waits for it any more.
        """
        import asyncio

        text, number = _dumps(arguments).encode(), ffi.new("uint64_t *")
        waiting = _Waiting(asyncio.get_running_loop())
        handle = ffi.new_handle(waiting)
        _ALIVE[handle] = handle
        ended = ffi.addressof(lib, "python_ended")
        try:
            self._do(
                lib.trine_hub_start, _text(name), text, ended, handle, number, otherwise=ToolError
            )
        except Error:
            _ALIVE.pop(handle, None)
            raise
        try:
            return await waiting.future
        except asyncio.CancelledError:
            try:
                self._do(lib.trine_hub_cancel, number[0])
            except StateError:
                # A server that is closed has ended its calls.
                pass
            raise

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
        return self._json(lib.trine_hub_ask, _text(sentence))

    def _json(self, function, *arguments):
        place = ffi.new("char **")
        self._do(function, *arguments, place)
        try:
            return json.loads(ffi.string(place[0]))
        finally:
            lib.trine_hub_free(place[0])

    def stats(self, name):
        """The calls of a tool."""
        place = ffi.new("trine_hub_stats *", {"struct_size": ffi.sizeof("trine_hub_stats")})
        self._do(lib.trine_hub_get_stats, _text(name), place)
        return Stats(place.calls, place.errors, place.nanoseconds / 1e9)

    def load(self, path):
        """Loads a plug-in: a library, a WebAssembly module, or a manifest."""
        self._do(lib.trine_hub_load, os.fsencode(path))

    def replace(self, path):
        """Puts a new version of a plug-in in the place of the one that serves."""
        self._do(lib.trine_hub_replace, os.fsencode(path))

    def roll_back(self, name):
        """Brings the version of a plug-in back that served before `replace`."""
        self._do(lib.trine_hub_roll_back, _text(name))

    def unload(self, name):
        """Takes a plug-in out."""
        self._do(lib.trine_hub_remove, _text(name))

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
        self._do(lib.trine_hub_serve_http, _text(address), port)
        self.port = port[0]
        return self

    @property
    def url(self):
        """Where clients reach it, once it was started."""
        return f"http://{self.host}:{self.port}/mcp"

    def close(self):
        """Ends the server; calls under way run to their end.

        Waits ten seconds for other threads that are in a function of it. Where one is left then,
        such as `run` with a client that stays, the server ends when that thread leaves it.
        """
        if self._process != os.getpid():
            return
        with self._unused:
            hub, self._hub = self._hub, None
            if hub is not None and self._users > 0:
                self._closing, hub = hub, None
                self._unused.wait_for(lambda: self._closing is None, _PATIENCE)
        if hub is not None:
            check(lib.trine_hub_close(hub))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_hub", None) is not None:
            self.close()


def _close_all():
    for server in list(_SERVERS):
        try:
            server.close()
        except Error:
            pass
    lib.trine_python_is_over()


# Threads that are no daemons are waited for first, and they may still call.
atexit.register(_close_all)
