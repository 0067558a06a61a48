"""Blocks of memory out of one piece, of which Python reads and writes the bytes in place."""

import collections
import sys
import threading

from ._errors import ArgumentError, LimitError, StateError, made
from ._native import ffi, lib

# The pool of trine_resources.h has one tool here.
_TOOL = 1
_SIZE_MAX = 1 << 62


class Block:
    """A block of a pool. It goes back when neither it nor a view of it is left."""

    __slots__ = ("_buffer", "_size")

    def __init__(self, buffer, size):
        self._buffer, self._size = buffer, size

    @property
    def size(self):
        """Bytes of it, as they were asked for."""
        return self._size

    def view(self):
        """Its bytes, without a copy: a memoryview, which NumPy and others read and write."""
        if self._buffer is None:
            raise StateError("the block was freed")
        return memoryview(self._buffer)

    def free(self):
        """Gives it back now. Raises BufferError while a view of it, or a part of one, is used."""
        if self._buffer is None:
            raise StateError("the block was freed already")
        # This attribute, and the argument; each view and what is made of it has one more.
        if sys.getrefcount(self._buffer) > 2:
            raise BufferError("views of the block are used: delete them first")
        self._buffer = None

    def __repr__(self):
        return f"Block({self._size})" if self._buffer is not None else "Block(freed)"


class Pool:
    """Memory that is taken from the system once, for blocks of any sizes."""

    def __init__(self, size, blocks=64):
        if not 0 < size < _SIZE_MAX or not 0 < blocks < 1 << 24:
            raise ArgumentError("a pool has a byte and a block at least")
        config = ffi.new("trine_resources_config *")
        config.struct_size = ffi.sizeof("trine_resources_config")
        config.tools_max, config.memory, config.blocks_max = 1, size, blocks
        needed = lib.trine_resources_size(config)
        if needed == 0:
            raise ArgumentError(f"there is no pool of {size} bytes and {blocks} blocks")
        try:
            self._memory = ffi.new("uint64_t[]", (needed + 7) // 8)
        except (MemoryError, OverflowError):
            raise LimitError(f"the system has no {needed} bytes") from None
        place = ffi.new("trine_resources **")
        self._check(
            lib.trine_resources_init(self._memory, ffi.sizeof(self._memory), config, place)
        )
        self._resources, self._lock = place[0], threading.Lock()
        # Handles of blocks that no one has any more: they are given back by the next function,
        # since the end of a view may come at any time, in any thread.
        self._gone = collections.deque()
        asks = ffi.new("trine_requirements *", {"struct_size": ffi.sizeof("trine_requirements")})
        given = ffi.new("trine_allocation *", {"struct_size": ffi.sizeof("trine_allocation")})
        asks.memory_max = size
        none = ffi.NULL
        self._check(lib.trine_resources_allocate(self._resources, _TOOL, asks, 0, given, none))

    @staticmethod
    def _check(status):
        if status < 0:
            raise made(status, f"the pool answers {status}")

    def _settle(self):
        while self._gone:
            self._check(lib.trine_resources_give(self._resources, _TOOL, self._gone.popleft()))

    def take(self, size):
        """Takes a block of `size` bytes. Their content is undefined until they are written."""
        handle, none = ffi.new("uint64_t *"), ffi.NULL
        place, length = ffi.new("uint8_t **"), ffi.new("size_t *")
        with self._lock:
            self._settle()
            if not 0 < size < _SIZE_MAX:
                raise ArgumentError("a block has a byte at least")
            status = lib.trine_resources_take(self._resources, _TOOL, size, 0, handle, none)
            if status < 0:
                left = self._state().largest
                raise made(status, f"{size} bytes, and the largest free piece has {left}")
            self._check(
                lib.trine_resources_memory(self._resources, _TOOL, handle[0], place, length)
            )
        # The buffer keeps the pointer, and that the pool and its memory.
        number, pool = handle[0], self

        def give(_):
            pool._gone.append(number)

        return Block(ffi.buffer(ffi.gc(place[0], give), length[0]), size)

    def _state(self):
        state = ffi.new("trine_pool_state *", {"struct_size": ffi.sizeof("trine_pool_state")})
        self._check(lib.trine_resources_get_pool(self._resources, state))
        return state

    def _read(self, name):
        with self._lock:
            self._settle()
            return getattr(self._state(), name)

    @property
    def size(self):
        """Bytes of the pool."""
        return self._read("size")

    @property
    def used(self):
        """Bytes in blocks: of each the next multiple of 8."""
        return self._read("used")

    @property
    def blocks(self):
        """Blocks that there are."""
        return self._read("blocks")

    @property
    def high_water(self):
        """The most bytes in blocks at once so far."""
        return self._read("high_water")

    @property
    def largest(self):
        """The largest block that there is room for."""
        return self._read("largest")
