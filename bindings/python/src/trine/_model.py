"""Language models in files, computed in this process."""

import os
import threading

from ._errors import ArgumentError, Error, StateError, made
from ._native import ffi, lib
from ._owned import Owned

# Rows of matrices between two looks at what was written: some milliseconds of a processor.
_BUDGET = 1 << 20
# Tokens of a prompt that are computed together, as `trine generate` does.
_BATCH = 128
_KINDS = {"f16": lib.TRINE_MODEL_KV_F16, "f32": lib.TRINE_MODEL_KV_F32, "i8": lib.TRINE_MODEL_KV_I8}
# The longest context whose keys and values are better kept in half precision.
_NEAR = 512
_ENDS = {
    lib.TRINE_MODEL_END_STOP: "stop",
    lib.TRINE_MODEL_END_LIMIT: "limit",
    lib.TRINE_MODEL_END_FULL: "full",
    lib.TRINE_MODEL_END_CANCELLED: "cancelled",
}
_NO_MORE = object()


class Model(Owned):
    """A language model with ternary weights: a GGUF file, or an image of `trine model pack`.

    `threads` is how many share the work, 0 as many as there are processors. `backend` is that of
    `trine generate`; `context` is the most tokens that prompt and answer have together, 0 as many
    as the model was trained for; `kv` is how keys and values are kept: "f16", "f32", "i8", or "auto",
    which is "i8" on the processor for a context of more than 512 tokens, else "f16".

    One text is written at a time. `ended` says why the last one ended: "stop" by the model,
    "limit" at `tokens`, "full" at the end of the context, or "cancelled".
    """

    _NAME = "model"

    def __init__(self, path, *, threads=0, backend="cpu", context=0, kv="auto"):
        if kv not in _KINDS and kv != "auto":
            raise ArgumentError(f'kv is {kv!r}: write "auto", "f16", "f32" or "i8"')
        how = ffi.new("trine_host_config *")
        how.struct_size = ffi.sizeof("trine_host_config")
        how.threads = _number(threads, "threads")
        words = ffi.new("char[]", _bytes(backend, "backend"))
        how.backend = words
        model = ffi.new("trine_model **")
        problem = ffi.new("trine_model_problem *")
        path = os.fsencode(path)
        _check(lib.trine_host_model_open(path, how, model, problem), problem, os.fsdecode(path))
        self._model = model[0]
        try:
            self._open_session(context, kv, is_here=backend == "cpu")
        except BaseException:
            lib.trine_host_model_close(self._model)
            raise
        self.ended = None
        self._writing = threading.Lock()

    def _open_session(self, context, kv, *, is_here):
        self._info = ffi.new("trine_model_info *")
        self._info.struct_size = ffi.sizeof("trine_model_info")
        _check(lib.trine_model_get_info(self._model, self._info))
        how = ffi.new("trine_model_session_config *")
        how.struct_size = ffi.sizeof("trine_model_session_config")
        how.abi_version = lib.TRINE_MODEL_ABI_VERSION
        how.context = _number(context, "context")
        how.batch = min(_BATCH, how.context or self._info.context)
        if kv == "auto":
            is_far = (how.context or self._info.context) > _NEAR
            kv = "i8" if is_far and is_here else "f16"
        how.kv = _KINDS[kv]
        # As many as `top_k` may ask for.
        how.candidates = min(1024, self._info.vocabulary)
        session = ffi.new("trine_model_session **")
        problem = ffi.new("trine_model_problem *")
        _check(lib.trine_host_session_open(self._model, how, session, problem), problem)
        self._opened(session[0], self._closed)

    def _closed(self, session):
        lib.trine_model_cancel(session)
        status = lib.trine_host_session_close(session)
        return status if status < 0 else lib.trine_host_model_close(self._model)

    @property
    def info(self):
        """What the model is: its shape, `parameters`, `vocabulary`, `context`, `kernels`."""
        names = ("layers", "width", "ffn", "heads", "kv_heads", "vocabulary", "context")
        found = {name: getattr(self._info, name) for name in (*names, "parameters", "bytes")}
        for name in ("architecture", "kernels"):
            found[name] = ffi.string(getattr(self._info, name)).decode()
        return found

    def tokenize(self, text, *, begin=True, special=False):
        """The numbers of a text's tokens. `special` reads names such as `<|eot_id|>` as tokens."""
        words = _bytes(text, "text")
        slots = 6 * len(words) + 1
        tokens = ffi.new("uint32_t[]", slots)
        flags = (lib.TRINE_MODEL_BEGIN if begin else 0) | (lib.TRINE_MODEL_SPECIAL if special else 0)
        tokenize = lib.trine_model_tokenize
        count = self._use(
            lambda _: tokenize(self._model, words, len(words), flags, tokens, slots)
        )
        return list(tokens[0:count])

    def detokenize(self, tokens):
        """The text of some tokens."""
        decoder = ffi.new("trine_model_decoder *")
        size = self._info.piece_bytes_max
        piece, text = ffi.new("char[]", size), bytearray()
        for token in (*tokens, lib.TRINE_MODEL_NONE):
            given = (self._model, decoder, _number(token, "token"), 0, piece, size)
            count = self._use(lambda _, given=given: lib.trine_model_detokenize(*given))
            text += ffi.buffer(piece, count)
        return text.decode()

    def generate(self, prompt, **how):
        """Writes what follows a prompt; `stream` says what may be asked for."""
        return "".join(self.stream(prompt, **how))

    def stream(
        self,
        prompt,
        *,
        tokens=128,
        temperature=0.0,
        top_k=40,
        top_p=1.0,
        min_p=0.0,
        repetition=1.0,
        seed=0,
        special=False,
        goes_on=False,
    ):
        """The same, piece by piece: an iterator. What breaks it off ends the text.

        `tokens` is the most that are written. A `temperature` of 0 takes the likeliest token each
        time; else they are drawn of the `top_k` likeliest, with the same `seed` the same ones.
        `goes_on` reads the prompt behind what was read and written before, which is forgotten
        otherwise.
        """
        numbers = self.tokenize(prompt, begin=not goes_on, special=special)
        sampling = ffi.new("trine_model_sampling *")
        sampling.struct_size = ffi.sizeof("trine_model_sampling")
        sampling.temperature, sampling.top_k = temperature, _number(top_k, "top_k")
        sampling.top_p, sampling.min_p = top_p, min_p
        sampling.repetition, sampling.seed = repetition, seed
        return self._pieces(numbers, sampling, _number(tokens, "tokens"), goes_on)

    def _pieces(self, numbers, sampling, most, goes_on):
        if not self._writing.acquire(blocking=False):
            raise StateError("the model writes another text: end that first, or open another Model")
        self.ended = None
        try:
            written = []
            handle = ffi.new_handle(written)
            prompt = ffi.new("uint32_t[]", numbers)
            how = ffi.new("trine_model_generation *")
            how.struct_size = ffi.sizeof("trine_model_generation")
            how.tokens_max, how.user_data = most, handle
            how.on_text = ffi.addressof(lib, "python_text")
            if not goes_on:
                self._use(lambda session: lib.trine_model_truncate(session, 0))
            self._use(lambda session: lib.trine_model_set_sampling(session, sampling))
            status = self._use(
                lambda session: lib.trine_model_generate(
                    session, prompt, len(numbers), how, _BUDGET
                )
            )
            while True:
                text = b"".join(written).decode()
                written.clear()
                if text:
                    yield text
                if status != lib.TRINE_PENDING:
                    break
                status = self._use(lambda session: lib.trine_model_step(session, _BUDGET))
            self.ended = self._why_ended()
        except GeneratorExit:
            self._break_off()
            self.ended = "cancelled"
            raise
        except BaseException:
            self._break_off()
            raise
        finally:
            self._writing.release()

    def _break_off(self):
        def end(session):
            lib.trine_model_cancel(session)
            return lib.trine_model_step(session, _BUDGET)

        try:
            self._use(end)
        except Error:
            # It is closed, or the text has failed.
            pass

    def _why_ended(self):
        info = ffi.new("trine_model_session_info *")
        info.struct_size = ffi.sizeof("trine_model_session_info")
        self._use(lambda session: lib.trine_model_get_session_info(session, info))
        return _ENDS.get(info.end)

    async def stream_async(self, prompt, **how):
        """The same for coroutines: `async for`. A coroutine that is cancelled ends the text."""
        import asyncio

        loop, pieces = asyncio.get_running_loop(), self.stream(prompt, **how)
        step = None
        try:
            while True:
                step = loop.run_in_executor(None, next, pieces, _NO_MORE)
                piece = await asyncio.shield(step)
                if piece is _NO_MORE:
                    return
                yield piece
        finally:
            # A step that is under way ends soon, and the iterator after it.
            if step is not None and not step.done():
                await asyncio.wait([step])
            await loop.run_in_executor(None, pieces.close)

    async def generate_async(self, prompt, **how):
        """`generate` for coroutines."""
        return "".join([piece async for piece in self.stream_async(prompt, **how)])

    def _use(self, function):
        """Calls a function of C with the session, which is not closed meanwhile."""
        session = self._entered()
        try:
            return _check(function(session))
        finally:
            self._leave()


@ffi.def_extern(error=1)
def trine_python_text(handle, _token, text, size):
    ffi.from_handle(handle).append(ffi.buffer(text, size)[:])
    return 0


def _check(status, problem=ffi.NULL, path=None):
    if status >= 0:
        return status
    text = ffi.new("char[]", 512)
    lib.trine_model_error_text(status, problem, text, 512)
    words = ffi.string(text).decode("utf-8", "replace")
    if status == lib.TRINE_E_BUSY:
        raise StateError(words)
    raise made(status, f"{path}: {words}" if path else words)


def _bytes(text, what):
    if not isinstance(text, str):
        raise ArgumentError(f"{what} is {text!r}: write a text")
    return text.encode("utf-8", "replace")


def _number(number, what):
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 32:
        raise ArgumentError(f"{what} is {number!r}: write a whole number, 0 or more")
    return number
