"""Sets the real MCP clients up and runs them against a server.

    run.py ALL|ASK|NAME[,NAME…] [--prefix NAME_] [--record FOLDER] -- SERVER COMMAND…

ALL are those for a server with the board's tools; ASK those for one that takes sentences too; RMCP
those of rmcp, which `cargo build -p trine-peer` builds. `--record` keeps the calls that each client
sends in FOLDER/NAME.jsonl (`record.py`).
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

HERE = Path(__file__).resolve().parent
READY = HERE / ".ready"
RMCP = HERE.parent.parent / "target" / "debug" / "peer-client"
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
    """The clients of a server that takes sentences too."""
    return {f"ask-{era}": [str(PYTHON), "sentences.py", era] for era in ("modern", "legacy")}


def rmcp() -> dict[str, list[str]]:
    """The client of rmcp, a program of `tests/peer`."""
    return {f"rmcp-{era}": [str(RMCP), era] for era in ("modern", "legacy")}


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
    if any(name.startswith("rmcp") for name in names) and not RMCP.exists():
        sys.exit("the client of rmcp is missing: cargo build -p trine-peer")
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


def main() -> int:
    argv = sys.argv[1:]
    if "--" not in argv or argv.index("--") in (0, len(argv) - 1):
        sys.exit(__doc__)
    split = argv.index("--")
    groups = {"ALL": clients(), "ASK": asking(), "RMCP": rmcp()}
    table = {name: command for group in groups.values() for name, command in group.items()}
    names = list(groups.get(argv[0], {})) or argv[0].split(",")
    for name in names:
        if name not in table:
            sys.exit(f"no client {name}; there are: {' '.join([*groups, *table])}")
    # The clients run in this folder, so a relative path to the server is made absolute first.
    server = [str(Path(argv[split + 1]).resolve()), *argv[split + 2 :]]
    if not Path(server[0]).exists():
        server[0] = shutil.which(argv[split + 1]) or sys.exit(f"no program {argv[split + 1]}")
    own = argv[1:split]
    folder = None
    if "--record" in own[:-1]:
        at = own.index("--record")
        folder = Path(own[at + 1]).resolve()
        del own[at : at + 2]
    set_up(names)
    rows = []
    for name in names:
        print(f"== {name}", flush=True)
        record = [] if folder is None else recorder(folder / f"{name}.jsonl")
        rows.append((name, *run(table[name], [*own, "--", *record, *server])))
    print()
    for name, passed, checks, seconds in rows:
        print(f"{'ok  ' if passed else 'FAIL'} {name:<18} {checks:>4} checks {seconds:>7.1f} s")
    failed = [name for name, passed, *_ in rows if not passed]
    print(f"{len(rows) - len(failed)} of {len(rows)} clients passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
