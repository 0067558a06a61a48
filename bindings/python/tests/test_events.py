"""Events of devices: told to functions, and to coroutines."""

import asyncio
import io
import queue
import sys
import threading
import unittest
from contextlib import redirect_stderr

import trine


class Events(unittest.TestCase):
    def server(self, *names):
        server = trine.Server(simulate=list(names))
        self.addCleanup(server.close)
        self.assertTrue(server.wait(60))
        return server

    def test_a_function_is_told_of_the_events_of_each_device_until_it_is_closed(self):
        server, heard = self.server("north", "south"), queue.Queue()
        with server.listen(heard.put):
            server.call("north_timer_start", seconds=1, label="tea")
            server.call("south_timer_start", seconds=1, label="ägg")
            events = sorted((heard.get(timeout=30) for _ in range(2)), key=lambda it: it.device)
        self.assertEqual([event.device for event in events], ["north", "south"])
        self.assertEqual({event.tool for event in events}, {"timer_start"})
        self.assertIn("tea", events[0].text)
        self.assertIn("ägg", events[1].text)
        again = queue.Queue()
        with server.listen(again.put):
            server.call("north_timer_start", seconds=1, label="late")
            event = again.get(timeout=30)
        self.assertEqual((event.device, event.number), ("north", events[0].number + 1))
        self.assertIn("late", repr(event))
        self.assertTrue(heard.empty(), "what was closed is told no more")

    def test_a_function_that_is_told_calls_tools_ends_itself_and_may_not_close_its_server(self):
        server, told = self.server("north"), queue.Queue()

        def on_event(event):
            told.put(server.call("fan_set", percent=30))
            try:
                server.close()
            except trine.StateError as error:
                told.put(str(error))
            listening.close()

        listening = server.listen(on_event)
        server.call("timer_start", seconds=1)
        self.assertEqual(told.get(timeout=30), {"percent": 30})
        self.assertIn("another thread", told.get(timeout=30))
        self.assertEqual(server.call("fan_set", percent=40), {"percent": 40})

    def test_an_exception_is_shown_and_the_next_event_is_told(self):
        server, seen, said = self.server("north"), threading.Semaphore(0), io.StringIO()

        def on_event(event):
            seen.release()
            raise ValueError("no " + event.tool)

        hook, sys.excepthook = sys.excepthook, lambda kind, error, _: said.write(f"{error}\n")
        try:
            with server.listen(on_event):
                for _ in range(2):
                    server.call("timer_start", seconds=1)
                    self.assertTrue(seen.acquire(timeout=30))
        finally:
            sys.excepthook = hook
        self.assertEqual(said.getvalue(), "no timer_start\n" * 2)

    def test_a_coroutine_waits_for_events_and_ends_with_the_server(self):
        server = self.server("north")

        async def main():
            found = []
            async with server.events() as events:
                await server.call_async("timer_start", seconds=1, label="one")
                await server.call_async("timer_start", seconds=1, label="two")
                async for event in events:
                    found.append(event.text)
                    if len(found) == 2:
                        break
            with self.assertRaises(StopAsyncIteration):
                await events.__anext__()
            last = server.events()
            waits = asyncio.ensure_future(last.__anext__())
            await asyncio.sleep(0)
            with self.assertRaises(trine.StateError):
                await last.__anext__()
            waits.cancel()
            waits = asyncio.ensure_future(last.__anext__())
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, server.close)
            with self.assertRaises(StopAsyncIteration):
                await waits
            return found

        one, two = asyncio.run(main())
        self.assertIn("one", one)
        self.assertIn("two", two)

    def test_what_cannot_be_told_or_has_no_server_is_refused(self):
        server = trine.Server()
        with self.assertRaises(trine.ArgumentError):
            server.listen("print")
        listening = server.listen(print)
        listening.close()
        listening.close()
        server.close()
        listening.close()
        with self.assertRaises(trine.StateError):
            server.listen(print)
        with redirect_stderr(io.StringIO()) as said:
            del listening
        self.assertEqual(said.getvalue(), "")


if __name__ == "__main__":
    unittest.main()
