"""`python -m trine FILE`: the functions of a file, served as tools."""

import argparse
import json
import runpy
import sys
import time
import types

from . import Error, Server, __version__

NAME = "trine_tools"


def served(path):
    """The server that a file has made, or one of the functions that it defines."""
    found = runpy.run_path(path, run_name=NAME)
    servers = [value for value in found.values() if isinstance(value, Server)]
    if servers:
        return servers[0]
    server = Server()
    for name, value in found.items():
        is_own = isinstance(value, types.FunctionType) and value.__module__ == NAME
        if is_own and not name.startswith("_"):
            server.add(value)
    return server


def arguments():
    parser = argparse.ArgumentParser(
        prog="python -m trine",
        description="Serves the functions of a file, or the trine.Server that it makes, to an MCP "
        "client on standard input and output. Functions whose names begin with _ are left out.",
    )
    parser.add_argument("file", metavar="FILE", help="a file in Python")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--http", metavar="PORT", type=int, help="serve HTTP on loopback instead")
    one.add_argument("--list", action="store_true", help="print the tools as JSON, and end")
    one.add_argument("--call", metavar="TOOL", help="call a tool, print its result, and end")
    parser.add_argument("--arguments", metavar="JSON", default="{}", help="of --call")
    parser.add_argument("--version", action="version", version=f"trine {__version__}")
    return parser.parse_args()


def main():
    given = arguments()
    try:
        with served(given.file) as server:
            server.wait()
            if not server.tools():
                raise Error(f"{given.file} defines no function and makes no trine.Server")
            if given.list:
                print(json.dumps(server.tools(), indent=2, ensure_ascii=False))
            elif given.call is not None:
                result = server.call(given.call, **json.loads(given.arguments))
                print(json.dumps(result, ensure_ascii=False))
            elif given.http is not None:
                server.port = given.http
                print(server.start().url, file=sys.stderr, flush=True)
                while True:
                    time.sleep(3600)
            else:
                server.run()
    except KeyboardInterrupt:
        return 130
    except (Error, OSError, SyntaxError, TypeError, ValueError) as error:
        print(f"trine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
