"""Functions as tools: what their hints and docstrings become, and what calls come to."""

import dataclasses
import datetime
import enum
import typing
import unittest
import uuid
from typing import Annotated, Any, Dict, List, Literal, Optional, Set, Tuple, Union

import trine


class Mode(enum.Enum):
    slow = 1
    fast = 2


@dataclasses.dataclass
class Spot:
    x: float
    y: float = 0.5


@dataclasses.dataclass
class Plan:
    spots: List[Spot]
    mode: Mode = Mode.slow
    names: List[str] = dataclasses.field(default_factory=list)


class Point(typing.TypedDict):
    x: int
    y: int


class Tools(unittest.TestCase):
    def setUp(self):
        self.server = trine.Server()
        self.addCleanup(self.server.close)

    def definition(self, function):
        from trine._schema import described

        return described(function, function.__name__, trine.Context)

    def refused(self, kind, *words, **arguments):
        with self.assertRaises(kind) as raised:
            self.server.call(*words, **arguments)
        return str(raised.exception)

    def test_a_call_has_values_of_the_types_that_the_hints_say(self):
        seen = []

        @self.server.tool
        def take(
            on: bool,
            count: int,
            heat: float,
            name: str,
            mode: Mode,
            plan: Plan,
            at: Point,
            when: datetime.datetime,
            key: uuid.UUID,
            tags: Set[str],
            pair: Tuple[int, Spot],
            table: Dict[str, Spot],
            some: Optional[Spot] = None,
            none: Optional[Spot] = None,
            kind: Literal["a", "b"] = "b",
            left: int = 7,
            free: Any = None,
        ) -> None:
            seen.append(locals() | {})

        key = uuid.uuid4()
        self.server.call(
            "take",
            on=True,
            count=-3,
            heat=21,
            name="Grüße 🌱",
            mode="fast",
            plan={"spots": [{"x": 1}], "mode": "fast"},
            at={"x": 1, "y": 2},
            when="2026-11-28T20:00:00Z",
            key=str(key),
            tags=["a", "b"],
            pair=[1, {"x": 2.5}],
            table={"here": {"x": 0, "y": 1}},
            some={"x": 3},
            free=[{"a": None}],
        )
        (found,) = seen
        found.pop("seen", None)
        expected = {
            "on": True,
            "count": -3,
            "heat": 21.0,
            "name": "Grüße 🌱",
            "mode": Mode.fast,
            "plan": Plan([Spot(1.0)], Mode.fast),
            "at": {"x": 1, "y": 2},
            "when": datetime.datetime(2026, 11, 28, 20, tzinfo=datetime.timezone.utc),
            "key": key,
            "tags": {"a", "b"},
            "pair": (1, Spot(2.5)),
            "table": {"here": Spot(0.0, 1.0)},
            "some": Spot(3.0),
            "none": None,
            "kind": "b",
            "left": 7,
            "free": [{"a": None}],
        }
        self.assertEqual(found, expected)
        self.assertIs(type(found["heat"]), float)

    def test_arguments_that_the_hints_do_not_allow_never_reach_the_function(self):
        calls = []

        @self.server.tool
        def heat(
            degrees: Annotated[float, trine.Range(-40, 85)],
            name: Annotated[str, trine.Length(1, 5)] = "bed",
            zones: Annotated[List[int], trine.Length(max_length=2)] = (),
        ) -> float:
            calls.append(degrees)
            return degrees

        self.assertEqual(self.server.call("heat", degrees=85), 85.0)
        wrong = [
            ({"degrees": 85.5}, "degrees must be at most 85"),
            ({"degrees": "warm"}, "degrees must be"),
            ({}, "degrees"),
            ({"degrees": 1, "name": ""}, "name"),
            ({"degrees": 1, "name": "garden"}, "name"),
            ({"degrees": 1, "zones": [1, 2, 3]}, "zones"),
            ({"degrees": 1, "other": 2}, "other"),
        ]
        for arguments, part in wrong:
            said = self.refused(trine.ToolError, "heat", **arguments)
            self.assertIn("heat: ", said)
            self.assertIn(part, said)
        self.assertEqual(calls, [85.0])

    def test_a_docstring_describes_the_tool_and_its_parameters(self):
        def spray(zone: str, seconds: int = 5) -> None:
            """Spray water.

            Only at night.


            Not in winter.

            Args:
                zone: The bed
                    or the lawn.
                seconds (int): How long.

            Returns:
                Nothing.
            """

        def other(zone: str) -> None:
            """Stop.

            :param zone: Where.
            :returns: Nothing.
            """

        description, arguments, *_ = self.definition(spray)
        self.assertEqual(description, "Spray water.\n\nOnly at night.\n\n\nNot in winter.")
        told = {name: it["description"] for name, it in arguments["properties"].items()}
        self.assertEqual(told, {"zone": "The bed or the lawn.", "seconds": "How long."})
        self.assertEqual(arguments["properties"]["seconds"]["default"], 5)
        self.assertEqual(arguments["required"], ["zone"])
        description, arguments, *_ = self.definition(other)
        self.assertEqual(description, "Stop.")
        self.assertEqual(arguments["properties"]["zone"]["description"], "Where.")

    def test_results_are_objects_that_the_return_hint_describes(self):
        results = {
            "number": (int, 7),
            "text": (str, "x"),
            "nothing": (None, None),
            "spot": (Spot, {"x": 1.0, "y": 0.5}),
            "point": (Point, {"x": 1, "y": 2}),
            "list": (List[Spot], [{"x": 1.0, "y": 0.5}]),
            "mode": (Mode, "fast"),
            "either": (Union[int, str], "x"),
        }
        values = {"spot": Spot(1.0), "list": [Spot(1.0)], "mode": Mode.fast}
        for name, (hint, expected) in results.items():

            def tool(value=values.get(name, expected)):
                return value

            tool.__annotations__ = {"return": hint}
            tool.__defaults__ = None
            function = (lambda kept: lambda: kept)(values.get(name, expected))
            function.__annotations__ = {"return": hint}
            self.server.add(function, name=name)
            self.assertEqual(self.server.call(name), expected, name)

    def test_a_wrong_result_is_a_fault_of_the_tool_and_is_not_passed_on(self):
        def circle():
            made = []
            made.append(made)
            return made

        def many():
            yield 1

        wrong = {"text": lambda: "x", "nan": lambda: float("nan"), "object": object}
        for name, function in {**wrong, "circle": circle, "many": many}.items():

            def tool() -> float:
                return function()

            self.server.add(tool, name=name)
            said = self.refused(trine.ToolError, name)
            self.assertIn("result", said)

    def test_a_generator_is_no_result_and_is_not_run(self):
        ran = []

        def each() -> int:
            ran.append(1)
            yield 1

        async def later() -> int:
            ran.append(1)
            yield 1

        with trine.Server() as server:
            for function in (each, later, lambda: (n for n in ran)):
                server.add(function, name="generates")
                with self.assertRaises(trine.ToolError) as raised:
                    server.call("generates")
                self.assertIn("generator is no value that JSON can say", str(raised.exception))
                server.remove("generates")
        self.assertEqual(ran, [])

    def test_what_a_function_raises_is_what_the_client_is_told(self):
        class Odd(Exception):
            def __str__(self):
                return "a\0b"

        errors = {
            "tool": (trine.ToolError("out of paper"), "out of paper"),
            "value": (ValueError("too warm"), "ValueError: too warm"),
            "bare": (RuntimeError(), "RuntimeError"),
            "exit": (SystemExit(3), "SystemExit: 3"),
            "zero": (Odd(), "Odd: a b"),
        }

        @self.server.tool
        def fail(how: str) -> None:
            raise errors[how][0]

        for how, (_, expected) in errors.items():
            self.assertEqual(self.refused(trine.ToolError, "fail", how=how), f"fail: {expected}")
        stats = self.server.stats("fail")
        self.assertEqual((stats.calls, stats.errors), (len(errors), len(errors)))

    def test_coroutines_wait_side_by_side(self):
        import asyncio
        import time

        under_way, most = [0], [0]

        @self.server.tool
        async def wait(seconds: float) -> int:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            await asyncio.sleep(seconds)
            under_way[0] -= 1
            return most[0]

        async def gather():
            calls = [self.server.call_async("wait", seconds=0.2) for _ in range(100)]
            return await asyncio.gather(*calls)

        begun = time.monotonic()
        self.assertEqual(len(asyncio.run(gather())), 100)
        self.assertEqual(most[0], 100)
        self.assertLess(time.monotonic() - begun, 20)

    def test_a_coroutine_that_is_cancelled_frees_its_tool(self):
        import asyncio
        import threading

        told = threading.Event()

        @self.server.tool
        def work(call: trine.Context) -> None:
            while not call.is_cancelled:
                pass
            told.set()

        async def use():
            task = asyncio.ensure_future(self.server.call_async("work"))
            await asyncio.sleep(0.05)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            with self.assertRaises(trine.ToolNotFoundError):
                await self.server.call_async("nothing")
            with self.assertRaises(trine.ToolError) as raised:
                await self.server.call_async("work", left=1)
            self.assertIn("left", str(raised.exception))

        asyncio.run(use())
        self.assertTrue(told.wait(30))

    def test_a_call_that_is_given_up_can_be_seen_by_the_tool(self):
        import threading

        told = threading.Event()

        @self.server.tool
        def work(call: trine.Context) -> None:
            while not call.is_cancelled:
                call.progress(1, 2, "working")
            told.set()

        self.refused(trine.ToolError, "work", timeout=0.05)
        self.assertTrue(told.wait(30))

    def test_hints_that_json_cannot_say_are_refused_with_the_tool_and_the_parameter(self):
        class Own:
            pass

        @dataclasses.dataclass
        class Node:
            below: "List[Node]"

        def positional(value, /):
            pass

        def many(*values: int):
            pass

        def own(value: Own):
            pass

        def keys(value: Dict[int, str]):
            pass

        def both(value: Union[Spot, Plan]):
            pass

        def bounds(value: Annotated[bool, trine.Range(0, 1)]):
            pass

        def unknown(value: "Elsewhere"):  # noqa: F821
            pass

        for function, part in [
            (positional, "has no name"),
            (many, "any number"),
            (own, "Own"),
            (keys, "keys"),
            (both, "only None and one class"),
            (bounds, "Range(0, 1)"),
            (unknown, "Elsewhere"),
        ]:
            with self.assertRaises(TypeError) as raised:
                self.server.add(function)
            said = str(raised.exception)
            self.assertIn(f"{function.__name__}: ", said)
            self.assertIn(part, said)
        globals()["Node"] = Node
        self.addCleanup(globals().pop, "Node")

        def circle(value: Node):
            pass

        with self.assertRaisesRegex(TypeError, "a Node within a Node"):
            self.server.add(circle)
        with self.assertRaises(trine.ArgumentError):
            self.server.add(7)
        with self.assertRaises(ValueError):
            trine.Range(3, 2)

    def test_names_are_clients_names_and_are_there_once(self):
        self.server.tool(lambda: None, name="a-1_b", title="One")
        with self.assertRaises(trine.ArgumentError) as raised:
            self.server.tool(lambda: None, name="a-1_b")
        self.assertIn("a-1_b", str(raised.exception))
        with self.assertRaises(trine.ArgumentError):
            self.server.tool(lambda: None, name="two words")
        self.server.remove("a-1_b")
        self.assertIn("a-1_b", self.refused(trine.ToolNotFoundError, "a-1_b"))
        with self.assertRaises(trine.ToolNotFoundError):
            self.server.remove("a-1_b")


if __name__ == "__main__":
    unittest.main()
