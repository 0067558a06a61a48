"""A client of a server over HTTP, and what goes wrong on the way."""

import asyncio
import http.server
import os
import socket
import threading
import time
import unittest

import trine


class Client(unittest.TestCase):
    def setUp(self):
        self.server = trine.Server()
        self.addCleanup(self.server.close)
        self.seen = []

        @self.server.tool
        def add(a: int, b: int) -> int:
            "Add two numbers."
            return a + b

        @self.server.tool
        def fail(why: str) -> None:
            "Fail."
            raise trine.ToolError(why)

        @self.server.tool
        def hold(seconds: float, call: trine.Context) -> bool:
            "Wait until the call is cancelled."
            self.seen.append("begun")
            end = time.monotonic() + seconds
            while not call.is_cancelled and time.monotonic() < end:
                time.sleep(0.005)
            self.seen.append(call.is_cancelled)
            return True

        self.server.start()
        self.client = trine.Client(self.server.url)
        self.addCleanup(self.client.close)

    def test_tools_are_listed_and_called_and_errors_have_their_classes(self):
        self.assertEqual(self.client.about()["revision"], "2026-07-28")
        tools = {tool["name"]: tool for tool in self.client.tools()}
        self.assertEqual(set(tools), {"add", "fail", "hold"})
        self.assertEqual(tools["add"]["description"], "Add two numbers.")
        self.assertEqual(set(tools["add"]["inputSchema"]["properties"]), {"a", "b"})
        self.assertEqual(self.client.call("add", a=2, b=40), 42)
        with self.assertRaisesRegex(trine.ToolError, "tool fail failed: .*out of paper"):
            self.client.call("fail", why="out of paper")
        with self.assertRaisesRegex(trine.ToolError, "a must be"):
            self.client.call("add", a="two", b=1)
        with self.assertRaises(trine.ToolNotFoundError):
            self.client.call("subtract", a=1)
        with self.assertRaisesRegex(trine.ConnectionError, "within 50ms"):
            self.client.call("hold", timeout=0.05, seconds=60)
        with self.assertRaisesRegex(trine.ArgumentError, "timeout is -1"):
            self.client.call("add", timeout=-1)

    def test_arguments_may_be_a_dictionary_whatever_their_names(self):
        @self.server.tool
        def wait(timeout: float, name: str, self_: bool = True) -> str:
            return f"{name} {timeout} {self_}"

        given = {"timeout": 5, "name": "tap"}
        for one in (self.server, self.client):
            self.assertEqual(one.call("wait", given, timeout=30), "tap 5.0 True")
            self.assertEqual(one.call("wait", given, self_=False), "tap 5.0 False")
            self.assertEqual(asyncio.run(one.call_async("wait", given)), "tap 5.0 True")
        self.assertEqual(given, {"timeout": 5, "name": "tap"})

    def test_a_hundred_calls_at_once_get_each_their_own_answer(self):
        async def all_of_them():
            calls = (self.client.call_async("add", a=n, b=1000) for n in range(100))
            return await asyncio.gather(*calls)

        self.assertEqual(asyncio.run(all_of_them()), [n + 1000 for n in range(100)])

    def test_a_coroutine_that_is_cancelled_frees_the_tool_of_the_server(self):
        async def cancelled():
            call = asyncio.ensure_future(self.client.call_async("hold", seconds=60))
            while "begun" not in self.seen:
                await asyncio.sleep(0.005)
            call.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await call
            while len(self.seen) < 2:
                await asyncio.sleep(0.005)

        asyncio.run(asyncio.wait_for(cancelled(), 30))
        self.assertEqual(self.seen, ["begun", True])

    def test_calls_under_way_end_with_the_client_or_with_the_server(self):
        async def ends(close):
            client = trine.Client(self.server.url)
            self.seen.clear()
            call = asyncio.ensure_future(client.call_async("hold", seconds=0.2))
            while "begun" not in self.seen:
                await asyncio.sleep(0.005)
            await asyncio.get_running_loop().run_in_executor(None, close or client.close)
            try:
                return await call
            except trine.Error as error:
                return error
            finally:
                client.close()

        self.assertRegex(str(asyncio.run(ends(None))), "was cancelled")
        # A server that closes lets calls run to their end; what has no answer is an error.
        end = asyncio.run(ends(self.server.close))
        self.assertTrue(end is True or isinstance(end, trine.Error), end)
        with self.assertRaises(trine.ConnectionError):
            self.client.call("add", a=1, b=2)

    def test_a_server_that_is_none_is_an_error_with_what_to_change(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(b"<p>hello")

            def log_message(self, *_):
                pass

        page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=page.serve_forever, daemon=True).start()
        self.addCleanup(page.server_close)
        self.addCleanup(page.shutdown)
        with self.assertRaises(trine.ProtocolError):
            trine.Client(f"http://127.0.0.1:{page.server_port}/mcp")
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
            with self.assertRaisesRegex(trine.ConnectionError, "within 100ms"):
                trine.Client(address, connect_timeout=0.1)
        with self.assertRaises(trine.ConnectionError):
            trine.Client("http://127.0.0.1:1/mcp")
        for url in ("fan", "ftp://example/", ""):
            with self.assertRaises(trine.ArgumentError):
                trine.Client(url)
        with self.assertRaisesRegex(trine.ArgumentError, "one line"):
            trine.Client(self.server.url, api_key="a\nb")

    @unittest.skipIf("TRINE_EMULATED" in os.environ, "QEMU cannot fork where threads run")
    def test_a_client_that_is_closed_or_of_another_process_is_not_used(self):
        client = trine.Client(self.server.url)
        pid = os.fork()
        if pid == 0:
            try:
                client.call("add", a=1, b=2)
            except trine.StateError as error:
                # The child may have one of its own.
                own = trine.Client(self.server.url)
                is_well = "before a fork" in str(error) and own.call("add", a=1, b=2) == 3
                os._exit(0 if is_well else 1)
            os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        client.close()
        with self.assertRaisesRegex(trine.StateError, "the client is closed"):
            client.tools()
        client.close()

    def test_many_clients_share_one_thread(self):
        def threads():
            return len(os.listdir("/proc/self/task"))

        with trine.Client(self.server.url) as first:
            first.call("add", a=1, b=1)
            before = threads()
            clients = [trine.Client(self.server.url) for _ in range(20)]
            # The server may have begun some for its own connections, which its limit bounds.
            self.assertLess(threads() - before, 20)
            for client in clients:
                client.close()


if __name__ == "__main__":
    unittest.main()
