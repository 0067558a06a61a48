"""Sets the real MCP clients up and runs them against a server.

    run.py GROUP|NAME[,NAME…] [--prefix NAME_] [--record FOLDER] -- SERVER COMMAND…

ALL are those for a server with the board's tools; ASK those for one that takes sentences too; RMCP
those of rmcp, which `cargo build -p trine-peer` builds. HTTP are those that connect over HTTP, to a
server that is started for each with `--http 127.0.0.1:0` and must end well; CONFORMANCE is the
official conformance suite, over HTTP too, for a gateway with `--fixtures`. `--record` keeps the
calls that each client sends over standard input in FOLDER/NAME.jsonl (`record.py`).
Prints every check, then a table; ends with 0 only when every client passed. What is installed
comes from the two lock files (`npm ci`, `pip install -r`) and is kept until a lock changes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

from http_server import HttpServer

HERE = Path(__file__).resolve().parent
READY = HERE / ".ready"
RMCP = "peer-client"
PYTHON = HERE / ".venv" / "bin" / "python"
NODE = HERE / "node_modules" / ".bin" / "node"
CLIENT_S = 660.0
IN_PYTHON = ("python", "raw", "ask")
REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]


def clients() -> dict[str, list[str]]:
    """Every client by name with its command, without the server's."""
    table = {}
    for era in ("modern", "legacy"):
        table[f"python-{era}"] = [str(PYTHON), "python_client.py", era]
        table[f"typescript-{era}"] = [str(NODE), "ts_client.mjs", era]
        table[f"inspector-{era}"] = [str(NODE), "inspector.mjs", era]
    table["sdk1-legacy"] = [str(NODE), "sdk1_client.mjs", "legacy"]
    for revision in REVISIONS:
        transcript = f"raw_transcripts/{revision}.jsonl"
        table[f"raw-{revision}"] = [str(PYTHON), "raw_transcript.py", transcript]
    return table


def asking() -> dict[str, list[str]]:
    """The clients of a server that takes sentences too, and the program of the page."""
    table = {f"ask-{era}": [str(PYTHON), "sentences.py", era] for era in ("modern", "legacy")}
    return {**table, "ask-page": [str(PYTHON), "page_client.py"]}


def rmcp(server: Path) -> dict[str, list[str]]:
    """The client of rmcp, a program of `tests/peer`: next to the server, or where cargo has it."""
    folders = (server.parent, HERE.parent.parent / "target" / "debug")
    program = next((str(it / RMCP) for it in folders if (it / RMCP).exists()), RMCP)
    return {f"rmcp-{era}": [program, era] for era in ("modern", "legacy")}


def over_http(server: Path) -> dict[str, list[str]]:
    """The same clients, but for the transcripts, for a server's address in place of its command."""
    public = {**clients(), **rmcp(server)}
    kept = {name: command for name, command in public.items() if not name.startswith("raw")}
    kept["sdk1-websocket"] = [str(NODE), "sdk1_client.mjs", "websocket"]
    return {"-http-".join(name.split("-")): command for name, command in kept.items()}


def conformance() -> dict[str, list[str]]:
    """The conformance suite, which takes an address too."""
    script = [sys.executable, "conformance.py"]
    names = ("2025-11-25", "2026-07-28", "0.1")
    return {f"conformance-{name}": [*script, name] for name in names}


def install(name: str, lock: Path, steps: list[list[str]]) -> None:
    """Runs the steps unless they were run for exactly this lock file."""
    mark = READY / name
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    mark.unlink(missing_ok=True)
    begun = time.monotonic()
    for step in steps:
        done = subprocess.run(step, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.stdout.buffer.write(done.stdout)
            sys.exit(f"{' '.join(step)} failed with status {done.returncode}")
    READY.mkdir(exist_ok=True)
    mark.write_text(digest)
    print(f"installed {name} in {time.monotonic() - begun:.0f} s", flush=True)


def set_up(names: list[str]) -> None:
    """Installs what the named clients need."""
    if any(name.startswith(IN_PYTHON) for name in names):
        if not PYTHON.exists():
            shutil.rmtree(HERE / ".venv", ignore_errors=True)
            venv.create(HERE / ".venv", with_pip=True)
            (READY / "python").unlink(missing_ok=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install("python", HERE / "requirements.txt", [[*pip, "-r", "requirements.txt"]])
    if any(not name.startswith((*IN_PYTHON, "rmcp")) for name in names):
        if shutil.which("npm") is None:
            sys.exit("npm is missing; on Debian: apt-get install npm")
        if not NODE.exists():
            (READY / "node").unlink(missing_ok=True)
        # Any npm will do to install; what runs the scripts is npm's own `node` package.
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        install("node", HERE / "package-lock.json", [npm, [str(NODE), "--version"]])


def recorder(path: Path) -> list[str]:
    """What stands in front of the server's command to keep calls in a file, from its start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return [sys.executable, str(HERE / "record.py"), str(path), "--"]


def run(command: list[str], rest: list[str]) -> tuple[bool, int, float]:
    """Runs one client; whether it passed, how many checks it made, and its seconds."""
    begun = time.monotonic()
    whole = command + rest
    with subprocess.Popen(whole, cwd=HERE, stdout=subprocess.PIPE, text=True) as child:
        try:
            out, _ = child.communicate(timeout=CLIENT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
            out += f"FAIL not done after {CLIENT_S:.0f} s\n"
    print(out, end="", flush=True)
    checks = len(re.findall(r"^ok  ", out, re.MULTILINE))
    return child.returncode == 0 and checks > 0, checks, time.monotonic() - begun


def run_over_http(command: list[str], own: list[str], server: list[str]) -> tuple[bool, int, float]:
    """As `run`, with a server of its own, which must end well when it is asked to."""
    started = HttpServer(server)
    try:
        url = started.url()
        if not url:
            print("FAIL the server does not listen", flush=True)
        passed, checks, seconds = run(command, [*own, "--", url]) if url else (False, 0, 0.0)
    finally:
        status = started.end()
    if status != 0:
        print(f"FAIL the server ends with status {status}", flush=True)
    return passed and status == 0, checks, seconds


def main() -> int:
    argv = sys.argv[1:]
    if "--" not in argv or argv.index("--") in (0, len(argv) - 1):
        sys.exit(__doc__)
    split = argv.index("--")
    # The clients run in this folder, so a relative path to the server is made absolute first.
    server = [str(Path(argv[split + 1]).resolve()), *argv[split + 2 :]]
    if not Path(server[0]).exists():
        server[0] = shutil.which(argv[split + 1]) or sys.exit(f"no program {argv[split + 1]}")
    with_url = {"HTTP": over_http(Path(server[0])), "CONFORMANCE": conformance()}
    groups = {"ALL": clients(), "ASK": asking(), "RMCP": rmcp(Path(server[0])), **with_url}
    table = {name: command for group in groups.values() for name, command in group.items()}
    names = list(groups.get(argv[0], {})) or argv[0].split(",")
    for name in names:
        if name not in table:
            sys.exit(f"no client {name}; there are: {' '.join([*groups, *table])}")
        if table[name][0] == RMCP:
            sys.exit("the client of rmcp is missing: cargo build -p trine-peer")
    own = argv[1:split]
    folder = None
    if "--record" in own[:-1]:
        at = own.index("--record")
        folder = Path(own[at + 1]).resolve()
        del own[at : at + 2]
    has_url = {name for group in with_url.values() for name in group}
    if folder is not None and has_url & set(names):
        sys.exit("--record keeps what is sent over standard input, not over HTTP")
    set_up(names)
    rows = []
    for name in names:
        print(f"== {name}", flush=True)
        if name in has_url:
            rows.append((name, *run_over_http(table[name], own, server)))
            continue
        record = [] if folder is None else recorder(folder / f"{name}.jsonl")
        rows.append((name, *run(table[name], [*own, "--", *record, *server])))
    print()
    for name, passed, checks, seconds in rows:
        print(f"{'ok  ' if passed else 'FAIL'} {name:<24} {checks:>4} checks {seconds:>7.1f} s")
    failed = [name for name, passed, *_ in rows if not passed]
    print(f"{len(rows) - len(failed)} of {len(rows)} clients passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
