"""The program of docs/clients.md, with another server's command in the place of `trine`.

page_client.py -- SERVER COMMAND…
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "clients.md"


def block(kind: str) -> str:
    """The first block of the page of this kind."""
    return PAGE.read_text().split(f"```{kind}\n", 1)[1].split("```", 1)[0]


def main() -> int:
    command = sys.argv[sys.argv.index("--") + 1 :]
    program = block("python")
    server = 'command="trine", args=["gateway", "--simulate"]'
    assert server in program, "the page starts another server"
    own = f"command={command[0]!r}, args={[it for it in command[1:] if it != '--ask']!r}"
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(program.replace(server, own), {"__name__": "page"})
    fine = said.getvalue() == block("text")
    print(f"{'ok  ' if fine else 'FAIL'} the page prints what it says\n{said.getvalue()}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
