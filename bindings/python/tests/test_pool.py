"""Memory that Python and others use in place."""

import array
import gc
import threading
import unittest

import trine
from trine._native import ffi


def address(buffer):
    return int(ffi.cast("uintptr_t", ffi.from_buffer(buffer)))


class Pools(unittest.TestCase):
    def test_a_view_is_the_memory_of_the_block_and_of_no_other(self):
        pool = trine.Pool(4096, blocks=8)
        blocks = [pool.take(size) for size in (1, 100, 1000)]
        for number, block in enumerate(blocks):
            view = block.view()
            self.assertEqual((len(view), view.readonly, block.size), (block.size, False, block.size))
            view[:] = bytes([number + 1]) * block.size
        for number, block in enumerate(blocks):
            self.assertEqual(bytes(block.view()), bytes([number + 1]) * block.size)
            self.assertEqual(address(block.view()), address(block.view()))
            self.assertEqual(address(block.view()) % 8, 0)
        self.assertEqual((pool.size, pool.blocks, pool.used), (4096, 3, 8 + 104 + 1000))

    def test_a_block_lives_as_long_as_a_view_of_it_and_is_given_back_then(self):
        pool = trine.Pool(1024, blocks=4)
        block = pool.take(800)
        part = block.view().cast("d")[10:20]
        with self.assertRaises(BufferError):
            block.free()
        del block
        gc.collect()
        self.assertEqual(pool.blocks, 1)
        with self.assertRaises(trine.LimitError) as raised:
            pool.take(800)
        self.assertIn("800 bytes", str(raised.exception))
        self.assertIsInstance(raised.exception, MemoryError)
        part[0] = 1.5
        self.assertEqual(part[0], 1.5)
        del part
        gc.collect()
        self.assertEqual((pool.blocks, pool.used, pool.high_water), (0, 0, 800))
        self.assertEqual(pool.take(800).size, 800)

    def test_a_view_keeps_the_memory_when_the_pool_is_gone(self):
        view = trine.Pool(4096).take(1000).view()
        gc.collect()
        view[:] = b"x" * 1000
        others = [trine.Pool(4096).take(1000) for _ in range(50)]
        for other in others:
            other.view()[:] = b"y" * 1000
        self.assertEqual(bytes(view), b"x" * 1000)

    def test_a_block_that_was_freed_says_so(self):
        pool = trine.Pool(64)
        block = pool.take(8)
        block.free()
        self.assertEqual(pool.blocks, 0)
        for use in (block.view, block.free):
            with self.assertRaises(trine.StateError):
                use()

    def test_sizes_that_cannot_be_are_refused(self):
        for size in (0, -1, 1 << 63):
            with self.assertRaises(trine.ArgumentError):
                trine.Pool(size)
            with self.assertRaises(trine.ArgumentError):
                trine.Pool(64).take(size)
        pool = trine.Pool(64, blocks=2)
        kept = [pool.take(8), pool.take(8)]
        with self.assertRaises(trine.OverloadedError):
            pool.take(8)
        self.assertEqual(len(kept), 2)

    def test_threads_share_a_pool(self):
        pool, wrong = trine.Pool(1 << 16, blocks=64), []

        def use(mark):
            for size in range(1, 300):
                block = pool.take(size)
                block.view()[:] = bytes([mark]) * size
                if bytes(block.view()) != bytes([mark]) * size:
                    wrong.append((mark, size))

        threads = [threading.Thread(target=use, args=(mark,)) for mark in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        self.assertEqual((wrong, pool.blocks), ([], 0))

    def test_arrays_are_read_and_written_in_place(self):
        pool = trine.Pool(8 * 1000)
        block = pool.take(8 * 1000)
        view = block.view().cast("d")
        view[:] = memoryview(array.array("d", range(1000)))
        try:
            import numpy
        except ImportError:
            self.skipTest("there is no NumPy")
        found = numpy.frombuffer(block.view(), dtype=numpy.float64)
        self.assertEqual(found.ctypes.data, address(block.view()))
        self.assertEqual(found.sum(), 999 * 500)
        found *= 2
        self.assertEqual(view[999], 1998.0)
        with self.assertRaises(BufferError):
            block.free()
        del found, view
        block.free()
        self.assertEqual(pool.blocks, 0)


if __name__ == "__main__":
    unittest.main()
