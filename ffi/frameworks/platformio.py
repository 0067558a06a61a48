"""PlatformIO runs this: it links the library of the board's processor."""

import os

Import("env")  # noqa: F821


def folder(board, flags):
    """The folder of a processor, by the names of PlatformIO and the compiler's flags."""
    mcu = board.get("build.mcu", "")
    if mcu.startswith("esp32"):
        return mcu
    cpu = board.get("build.cpu", "")
    for flag in flags:
        if str(flag).startswith("-mcpu="):
            cpu = str(flag)[len("-mcpu=") :]
    cpu = cpu.split("+")[0]
    is_hard = any(str(flag) == "-mfloat-abi=hard" for flag in flags)
    names = {
        "cortex-m0": "cortex-m0plus",
        "cortex-m1": "cortex-m0plus",
        "cortex-m7": "cortex-m4",
        "cortex-m55": "cortex-m33",
        "cortex-m85": "cortex-m33",
    }
    name = names.get(cpu, cpu)
    floats = {"cortex-m4": "fpv4-sp-d16-hard", "cortex-m33": "fpv5-sp-d16-hard"}
    return os.path.join(name, floats[name]) if is_hard and name in floats else name


def main(env, library, global_env):
    flags = list(env.get("CCFLAGS", [])) + list(env.get("LINKFLAGS", []))
    name = folder(env.BoardConfig(), flags)
    path = os.path.join(library, "src", name)
    if not name or not os.path.isfile(os.path.join(path, "libtrine.a")):
        raise SystemExit(
            f"Trine has no library for the processor '{name}' of this board: its folder src has "
            "those that there are, and `cargo xtask dist --target TARGET` makes others"
        )
    global_env.Append(LIBPATH=[path], LIBS=["trine"])


main(env, env.Dir(".").srcnode().get_abspath(), DefaultEnvironment())  # noqa: F821
