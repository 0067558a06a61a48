"""The manager-style layer: scripts of its users run with another import."""

import asyncio
import unittest
import warnings

import trine
from trine.manager import (
    Manager,
    MCPClient,
    MCPConnectionError,
    MCPException,
    MCPManager,
    MCPToolError,
    PyMCPClient,
    PyMCPServer,
    ServerConfig,
    ServerType,
    monitor_tool_execution,
)


class Echo:
    """A tool that is an object."""

    name = "echo"
    description = "Say it again."

    def execute(self, text: str, times: int = 1) -> str:
        return text * times


def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


class Managers(unittest.TestCase):
    def test_a_script_in_the_manager_style_runs(self):
        async def script():
            manager = MCPManager({"max_concurrent_operations": 10, "connection_timeout": 5})
            await manager.initialize()
            server_id = await manager.deploy_server(
                {
                    "name": "docker-server",
                    "server_type": ServerType.DOCKER,
                    "port": 0,
                    "max_connections": 50,
                }
            )
            manager.register_tool(Echo())
            manager.register_tool(add)
            result = await manager.execute_tool("echo", {"text": "ab", "times": 2})
            health = await manager.get_server_health(server_id)
            metrics = manager.get_metrics()
            tools = await manager.list_tools()
            await manager.shutdown()
            return result, health, metrics, tools

        result, health, metrics, tools = asyncio.run(script())
        self.assertEqual(result, "abab")
        self.assertEqual((health["status"], health["server_type"]), ("healthy", "docker"))
        self.assertEqual((health["version"], health["tools_available"]), (trine.__version__, 2))
        self.assertGreater(health["uptime_seconds"], 0)
        self.assertGreater(health["last_execution"], 0)
        self.assertEqual(metrics["docker-server"]["tools"]["echo"]["calls"], 1)
        self.assertEqual([tool["name"] for tool in tools], ["echo", "add"])
        self.assertEqual({frozenset(tool) for tool in tools},
                         {frozenset(["name", "description", "inputSchema"])})
        self.assertEqual(tools[0]["description"], "Say it again.")

    def test_tools_are_called_wherever_they_are(self):
        elsewhere = trine.Server()
        self.addCleanup(elsewhere.close)
        elsewhere.add(add, name="far")
        elsewhere.start()

        async def script():
            async with Manager() as manager:
                near = await manager.deploy_server(ServerConfig("near", tools=(add, Echo())))
                far = await manager.deploy_server({"name": "far", "url": elsewhere.url})
                sums = await asyncio.gather(
                    *(manager.execute_tool("far", {"a": n, "b": 1}) for n in range(100))
                )
                found = await manager.execute_tool("add", {"a": 1, "b": 2}, server_id=near)
                with self.assertRaisesRegex(MCPToolError, "Tool add failed: no server has it"):
                    await manager.execute_tool("add", {"a": 1, "b": 2}, server_id=far)
                await manager.shutdown_server(far)
                with self.assertRaisesRegex(MCPToolError, "no server has it") as raised:
                    await manager.execute_tool("far", {"a": 1, "b": 2})
                self.assertEqual(raised.exception.tool, "far")
                return sums, found

        self.assertEqual(asyncio.run(script()), ([n + 1 for n in range(100)], 3))

    def test_no_more_calls_run_at_a_time_than_the_configuration_says(self):
        running, most = 0, 0

        async def slow() -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.005)
            running -= 1

        async def script():
            async with Manager({"max_concurrent_operations": 3}) as manager:
                await manager.deploy_server({"name": "a", "tools": [slow]})
                await asyncio.gather(*(manager.execute_tool("slow") for _ in range(20)))

        asyncio.run(script())
        self.assertEqual(most, 3)

    def test_a_configuration_is_checked_and_its_old_names_still_work(self):
        self.assertEqual(
            Manager().config,
            {
                "max_concurrent_operations": 100,
                "connection_timeout": 30.0,
                "enable_metrics": True,
            },
        )
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            manager = Manager({"max_workers": 4, "timeout": 2})
        self.assertEqual(manager.config["max_concurrent_operations"], 4)
        self.assertEqual(manager.config["connection_timeout"], 2)
        self.assertEqual([str(it.message) for it in told],
                         ["max_workers is called max_concurrent_operations now",
                          "timeout is called connection_timeout now"])
        wrong = [
            ({"max_threads": 4}, "no key 'max_threads'"),
            ({"max_concurrent_operations": 0}, "number above 0"),
            ({"connection_timeout": "5"}, "number above 0"),
            ({"enable_metrics": 1}, "True or False"),
        ]
        for config, part in wrong:
            with self.assertRaisesRegex(MCPException, part):
                Manager(config)

        async def servers():
            manager = Manager({"enable_metrics": False})
            with self.assertRaisesRegex(trine.StateError, "initialize"):
                await manager.execute_tool("add")
            async with manager:
                with self.assertRaisesRegex(trine.StateError, "deploy one first"):
                    manager.register_tool(add)
                wrong = [
                    ({}, "has a name"),
                    ({"name": "a", "color": "red"}, "no color"),
                    ({"name": "a", "server_type": "toaster"}, "toaster"),
                    ({"name": "a", "tools": [7]}, "no function"),
                ]
                for config, part in wrong:
                    with self.assertRaisesRegex(trine.ArgumentError, part):
                        await manager.deploy_server(config)
                with self.assertRaises(MCPConnectionError):
                    await manager.deploy_server({"name": "b", "url": "http://127.0.0.1:1/mcp"})
                await manager.deploy_server({"name": "a", "server_type": "KUBERNETES"})
                with self.assertRaisesRegex(trine.ArgumentError, "already"):
                    await manager.deploy_server({"name": "a"})
                with self.assertRaisesRegex(trine.ArgumentError, "no server has the number"):
                    await manager.get_server_health("b")
                self.assertEqual(manager.get_metrics(), {})

        asyncio.run(servers())

    def test_of_two_servers_of_one_name_at_once_one_is_refused(self):
        async def script():
            async with Manager() as manager:
                both = (manager.deploy_server({"name": "a", "tools": [add]}) for _ in range(2))
                ends = await asyncio.gather(*both, return_exceptions=True)
                late = asyncio.ensure_future(manager.deploy_server({"name": "b"}))
                await asyncio.sleep(0)
                await manager.shutdown()
                with self.assertRaisesRegex(trine.StateError, "does not run"):
                    await late
                return ends

        ends = asyncio.run(script())
        refused = [end for end in ends if isinstance(end, trine.ArgumentError)]
        self.assertEqual(len(refused), 1, ends)
        self.assertIn("choose another name", str(refused[0]))

    def test_errors_are_a_family_and_name_the_tool(self):
        self.assertTrue(issubclass(MCPConnectionError, MCPException))
        self.assertTrue(issubclass(MCPToolError, MCPException))
        self.assertEqual(str(MCPToolError("fan")), "Tool fan failed")

        def broken() -> None:
            raise KeyError("x")

        async def script():
            async with Manager() as manager:
                await manager.deploy_server({"name": "a", "tools": [broken]})
                await manager.execute_tool("broken")

        with self.assertRaisesRegex(MCPException, "Tool broken failed: .*KeyError: 'x'"):
            asyncio.run(script())

    def test_a_coroutine_that_is_cancelled_frees_its_place(self):
        seen = []

        def hold(call: trine.Context) -> None:
            while not call.is_cancelled:
                pass
            seen.append("told")

        async def script():
            async with Manager({"max_concurrent_operations": 1}) as manager:
                await manager.deploy_server({"name": "a", "tools": [hold, add]})
                task = asyncio.ensure_future(manager.execute_tool("hold"))
                await asyncio.sleep(0.05)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                return await manager.execute_tool("add", {"a": 1, "b": 1})

        self.assertEqual(asyncio.run(script()), 2)
        self.assertEqual(seen, ["told"])

    def test_a_server_and_a_client_have_the_names_of_the_style(self):
        server = PyMCPServer(port=0)
        self.addCleanup(server.close)
        self.assertEqual(server.host, "127.0.0.1")
        self.assertEqual(PyMCPServer.__init__.__defaults__, ("127.0.0.1", 8080))
        counted = monitor_tool_execution(add)
        server.register_tool(counted)
        server.start()
        client = PyMCPClient(server.url)
        self.addCleanup(client.close)

        async def script():
            (tool,) = await client.list_tools()
            self.assertEqual(set(tool), {"name", "description", "inputSchema"})
            return await client.call_tool("add", {"a": 4, "b": 5})

        self.assertEqual(asyncio.run(script()), 9)
        self.assertEqual(client.call_tool_sync("add", {"a": 1, "b": 1}), 2)
        self.assertEqual(client.list_tools_sync()[0]["name"], "add")
        self.assertEqual(counted.measured.calls, 2)
        with self.assertRaisesRegex(MCPToolError, "Tool add failed"):
            client.call_tool_sync("add", {"a": "x"})
        with self.assertRaises(MCPConnectionError):
            MCPClient("http://127.0.0.1:1/mcp")


if __name__ == "__main__":
    unittest.main()
