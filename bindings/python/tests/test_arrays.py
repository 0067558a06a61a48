"""Arrays where they lie, bytes, and what is measured."""

import array
import asyncio
import math
import unittest
from typing import Any

import trine

try:
    import numpy
except ImportError:
    numpy = None

NUMPY = unittest.skipIf(numpy is None, "NumPy is not installed")


class Arrays(unittest.TestCase):
    def setUp(self):
        self.server = trine.Server()
        self.addCleanup(self.server.close)

    @NUMPY
    def test_an_array_is_passed_where_it_lies_and_cannot_be_written(self):
        seen = []

        @self.server.tool
        def mean(values: trine.Array, scale: float = 1.0) -> float:
            seen.append(values)
            return sum(values) / len(values) * scale

        numbers = numpy.arange(1000, dtype=numpy.float64)
        self.assertEqual(self.server.call("mean", values=numbers, scale=2), 999.0)
        (given,) = seen
        lies = numpy.frombuffer(given, dtype=numpy.float64)
        self.assertEqual(lies.ctypes.data, numbers.ctypes.data)
        self.assertTrue(given.readonly)
        self.assertFalse(lies.flags.writeable)
        self.assertEqual(self.server.call("mean", values=array.array("d", [1.0, 2.0])), 1.5)
        pool = trine.Pool(1 << 16)
        block = pool.take(80)
        view = block.view().cast("d")
        view[:] = array.array("d", range(10))
        self.assertEqual(self.server.call("mean", values=view), 4.5)
        # What does not lie so is copied, and means the same.
        others = [[1, 2.5], (1, 2.5), numpy.float32([1, 2.5]), numpy.arange(4.0)[::3] / 2 + 1]
        for other, expected in zip(others, [1.75, 1.75, 1.75, 1.75]):
            self.assertEqual(self.server.call("mean", values=other), expected)
        self.assertEqual(self.server.call("mean", timeout=5, values=numbers), 499.5)
        self.assertTrue(all(isinstance(it, memoryview) and it.readonly for it in seen))
        with self.assertRaisesRegex(trine.ToolError, "values"):
            self.server.call("mean", values=["a"])
        with self.assertRaises(trine.ToolError):
            self.server.call("mean", values=numbers, scale="x")

    @NUMPY
    def test_a_result_lies_where_the_tool_has_it(self):
        kept = numpy.arange(10, dtype=numpy.float64)

        @self.server.tool
        def give() -> trine.Array:
            return kept

        @self.server.tool
        def table(values: numpy.ndarray) -> numpy.ndarray:
            return values.T if values.flags.writeable else kept.reshape(2, 5)

        found = self.server.call("give")
        self.assertEqual(numpy.asarray(found).ctypes.data, kept.ctypes.data)
        self.assertTrue(found.readonly)
        found = self.server.call("table", values=numpy.zeros((2, 2)))
        self.assertTrue(numpy.shares_memory(found, kept))
        self.assertFalse(found.flags.writeable)
        self.assertEqual(found.shape, (2, 5))
        # Over a wire it is JSON.
        self.server.start()
        with trine.Client(self.server.url) as client:
            self.assertEqual(client.call("give"), [float(n) for n in range(10)])
            self.assertEqual(client.call("table", values=[[1, 2], [3, 4]]), [[1.0, 3.0], [2.0, 4.0]])
        self.assertEqual(asyncio.run(self.server.call_async("give")), list(range(10)))

    @NUMPY
    def test_a_call_within_a_call_and_one_of_another_thread_keep_their_own_arrays(self):
        @self.server.tool
        def total(values: trine.Array) -> float:
            return sum(values)

        @self.server.tool
        def both(values: trine.Array) -> list:
            half = self.server.call("total", values=numpy.asarray(values) / 2)
            return [half, self.server.call("total", values=values), sum(values)]

        @self.server.tool
        async def later(values: trine.Array) -> float:
            await asyncio.sleep(0.01)
            return sum(values)

        numbers = numpy.ones(8)
        self.assertEqual(self.server.call("both", values=numbers), [4.0, 8.0, 8.0])
        self.assertEqual(self.server.call("later", values=numbers), 8.0)
        self.assertEqual(asyncio.run(self.server.call_async("later", values=numbers)), 8.0)

    def test_values_come_back_as_they_went(self):
        @self.server.tool
        def same(value: Any) -> Any:
            return value

        @self.server.tool
        def flipped(data: bytes) -> bytes:
            return data[::-1]

        values = [None, True, False, 0, -(2**63), 2**63 - 1, 0.1, -1e300, "", "Grüße 🌱\n\t\"\\",
                  [], [1, [2, [None]]], {}, {"a": {"b": [True]}}, [0.5, "x", None]]
        for value in values:
            found = self.server.call("same", value=value)
            self.assertEqual(found, value)
            self.assertIs(type(found), type(value))
        for data in (b"", b"\0\xff\x80", bytes(range(256)) * 4):
            self.assertEqual(self.server.call("flipped", data=data), data[::-1])
            found = asyncio.run(self.server.call_async("flipped", data=data))
            self.assertEqual(found, data[::-1])
        with self.assertRaisesRegex(trine.ToolError, "expected bytes in base64"):
            self.server.call("flipped", data="%%%")
        for wrong in (math.nan, math.inf, object(), {1, object()}):
            with self.assertRaises((TypeError, ValueError)):
                self.server.call("same", value=wrong)

    @NUMPY
    def test_figures_equal_those_of_numpy(self):
        numbers = numpy.random.default_rng(7).normal(3, 100, 10_001)
        found = trine.calculate(numbers)
        expected = {
            "count": numbers.size,
            "sum": numbers.sum(),
            "mean": numbers.mean(),
            "deviation": numbers.std(),
            "least": numbers.min(),
            "most": numbers.max(),
        }
        self.assertEqual(found.keys(), expected.keys())
        for name, value in expected.items():
            self.assertTrue(math.isclose(found[name], value, rel_tol=1e-12), name)
        self.assertEqual(trine.calculate(numbers.reshape(73, 137))["sum"], found["sum"])
        frozen = numbers.copy()
        frozen.flags.writeable = False
        self.assertEqual(trine.calculate(frozen), found)
        wrong = [
            ([1.0], "a list has no buffer"),
            (numpy.float32([1]), "expected doubles"),
            (numbers[::2], "one piece"),
            (numpy.float64([]), "no numbers"),
        ]
        for values, part in wrong:
            with self.assertRaisesRegex(trine.ArgumentError, part):
                trine.calculate(values)

    def test_metrics_are_those_that_c_counts(self):
        @self.server.tool
        def half(n: int) -> float:
            return n / 2 if n else 1 / 0

        for n in range(4):
            try:
                self.server.call("half", n=n)
            except trine.ToolError:
                pass
        found, stats = self.server.metrics(), self.server.stats("half")
        counts = {"calls": stats.calls, "errors": stats.errors, "active": 0, "refused": 0}
        self.assertEqual((stats.calls, stats.errors), (4, 1))
        for part in (found, found["tools"]["half"]):
            self.assertEqual({name: part[name] for name in counts}, counts)
            self.assertTrue(math.isclose(part["seconds"], stats.seconds))
        self.assertEqual(found["tools_available"], 1)
        self.assertGreater(found["uptime_seconds"], 0)

    def test_a_function_that_is_measured_counts_and_tells_its_hook(self):
        told = []

        @self.server.tool
        @trine.measured(hook=lambda *what: told.append(what))
        def root(n: float) -> float:
            "The root."
            return math.sqrt(n)

        @trine.measured
        async def wait(seconds):
            await asyncio.sleep(seconds)
            return root.measured.active

        self.assertEqual(self.server.call("root", n=9), 3)
        with self.assertRaisesRegex(trine.ToolError, "ValueError"):
            self.server.call("root", n=-1)
        self.assertEqual((root.measured.calls, root.measured.errors), (2, 1))
        self.assertEqual([(name, type(error)) for name, _, error in told],
                         [("root", type(None)), ("root", ValueError)])
        self.assertTrue(0 < root.measured.longest <= root.measured.seconds)
        self.assertEqual(self.server.tools()[0]["description"], "The root.")
        self.assertEqual(asyncio.run(wait(0.02)), 0)
        self.assertGreaterEqual(wait.measured.seconds, 0.02)

        async def given_up():
            task = asyncio.ensure_future(wait(60))
            await asyncio.sleep(0.01)
            self.assertEqual(wait.measured.active, 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(given_up())
        self.assertEqual((wait.measured.active, wait.measured.errors), (0, 1))


if __name__ == "__main__":
    unittest.main()
