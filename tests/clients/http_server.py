"""A gateway that serves MCP over HTTP, from its start to its end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from queue import Empty, Queue

START_S = 60.0
END_S = 20.0


class HttpServer:
    """The process of `SERVER COMMAND… --http 127.0.0.1:0`, whose log goes to standard error."""

    def __init__(self, command: list[str]) -> None:
        self.settings = tempfile.TemporaryDirectory(prefix="trine-")
        self.child = subprocess.Popen(
            [*command, "--http", "127.0.0.1:0"],
            cwd=Path(__file__).resolve().parent,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=subprocess.PIPE,
            # Tasks are kept among the settings, which are none of the user's here.
            env={**os.environ, "TRINE_CONFIG": self.settings.name},
            encoding="utf-8",
            errors="replace",
        )
        self.found: Queue[str] = Queue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        """Passes the log on, and finds the address in it."""
        for line in self.child.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            if told := re.search(r"MCP over HTTP: (http://\S+)", line):
                self.found.put(told[1])
        self.found.put("")

    def url(self) -> str:
        """Where it listens, once it does; empty when it does not."""
        try:
            return self.found.get(timeout=START_S)
        except Empty:
            return ""

    def end(self) -> int:
        """Asks it to end; its exit status, which is that of a kill when it takes too long."""
        self.child.send_signal(signal.SIGTERM)
        try:
            status = self.child.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            status = self.child.wait()
        self.reader.join()
        self.settings.cleanup()
        return status
