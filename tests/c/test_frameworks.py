"""The package for frameworks: its examples are compiled against stubs of ESP-IDF, Zephyr and Arduino
and run on emulated boards; the files that describe it are read by the frameworks' own tools."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from programs import TRINE, ended, output

PACKAGE = Path(os.environ.get("FRAMEWORKS", ""))
OUT = Path(os.environ["OUT"]) / "frameworks"
STUB = Path("tests/c/frameworks").resolve()
BSP = Path("firmware-example/c/bsp").resolve()
INCLUDE = (BSP, BSP / "mps2-an386")
ARM = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
RISCV = ("-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", "-mcmodel=medany")
SIZE = ("-Os", "-ffunction-sections", "-fdata-sections")
CORTEX_M = tuple(BSP / name for name in ("image.c", "vectors.c", "cortex_m.c", "mps2.c"))
VIRT = tuple(BSP / name for name in ("image.c", "riscv.c"))
CALL = ("lamp", "lamp_switch", '{"on":true}')


def link(board: str) -> list[str]:
    """How the image of an emulated board is linked."""
    folders = [f"-L{BSP / board}", f"-L{BSP}", f"-T{BSP / 'image.ld'}"]
    return ["-nostartfiles", "-Wl,--gc-sections", *folders]


def cmake(source: Path, name: str, toolchain: str, board: str, flags: list[str]) -> Path:
    """Builds a project of CMake for an emulated board; the folder that it is built in."""
    sources = CORTEX_M if board.startswith("mps2") else VIRT
    folder = OUT / name
    given = {
        "CMAKE_SYSTEM_NAME": "Generic",
        "CMAKE_TRY_COMPILE_TARGET_TYPE": "STATIC_LIBRARY",
        "CMAKE_C_COMPILER": f"{toolchain}gcc",
        "CMAKE_C_FLAGS": shlex.join([*flags, *SIZE]),
        "CMAKE_EXE_LINKER_FLAGS": shlex.join(link(board)),
        "STUB": str(STUB),
        "BOARD_SOURCES": ";".join(map(str, sources)),
        "BOARD_INCLUDES": f"{BSP};{BSP / board}",
        "Zephyr_DIR": str(STUB / "zephyr"),
        "BOARD": board,
    }
    if board.startswith("mps2"):
        given |= {"CONFIG_CPU_CORTEX_M4": "y", "CONFIG_FP_HARDABI": "y"}
        given["CMAKE_EXE_LINKER_FLAGS"] += " --specs=nano.specs"
    else:
        given["IDF_TARGET"] = "esp32c6"
        given["CMAKE_C_FLAGS"] += " --specs=picolibc.specs"
    defines = [f"-D{name}={value}" for name, value in given.items()]
    output("cmake", "-S", source, "-B", folder, *defines, IDF_PATH=STUB / "idf")
    output("cmake", "--build", folder, "-j2")
    return folder


@contextmanager
def running(board: str, image: Path) -> Iterator[Path]:
    """An emulated board; the socket of its line."""
    machine = {"mps2-an386": "qemu-system-arm", "virt": "qemu-system-riscv32"}[board]
    with tempfile.TemporaryDirectory(prefix="trine-") as folder:
        line = Path(folder, "line")
        load = ["-kernel", image] if board != "virt" else ["-bios", image]
        serial = ["-serial", f"unix:{line},server=on,wait=off", "-serial", "null"]
        if board == "virt":
            serial = serial[:2]
        quiet = ["-display", "none", "-monitor", "none"]
        emulator = subprocess.Popen([machine, "-M", board, *quiet, *serial, *load])
        try:
            since = time.monotonic()
            while not line.exists() and time.monotonic() - since < 30:
                time.sleep(0.01)
            yield line
        finally:
            emulator.kill()
            emulator.wait()


@unittest.skipUnless("FRAMEWORKS" in os.environ, "FRAMEWORKS names the package's folder")
class Frameworks(unittest.TestCase):
    def answers(self, board: str, image: Path) -> None:
        """The lamp of an image is switched, and a wrong call is refused."""
        with running(board, image) as line:
            done = ended(TRINE, "call", "--unix", line, *CALL)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertIn(b'"isError":false', done.stdout)
            done = ended(TRINE, "call", "--unix", line, *CALL[:2], '{"on":7}')
            self.assertIn(b"on must be", done.stdout + done.stderr)

    def test_zephyr_builds_the_module_and_its_program_runs(self) -> None:
        source = PACKAGE / "examples/zephyr"
        built = cmake(source, "zephyr", "arm-none-eabi-", "mps2-an386", list(ARM))
        self.answers("mps2-an386", built / "app")

    def test_esp_idf_builds_the_component_and_its_program_runs(self) -> None:
        source = PACKAGE / "examples/esp-idf"
        built = cmake(source, "esp-idf", "riscv64-unknown-elf-", "virt", list(RISCV))
        self.answers("virt", built / "lamp.elf")

    def test_arduino_links_the_library_of_the_processor_and_the_sketch_runs(self) -> None:
        folder = OUT / "arduino"
        folder.mkdir(parents=True, exist_ok=True)
        objects = []
        for source in (*CORTEX_M, STUB / "stub.c"):
            made = folder / f"{source.stem}.o"
            flags = [*ARM, *SIZE, f"-I{STUB}", *(f"-I{path}" for path in INCLUDE)]
            output("arm-none-eabi-gcc", "-c", *flags, source, "-o", made)
            objects.append(made)
        # As Arduino does: the sketch is C++ behind the core's header.
        sketch = folder / "Lamp.cpp"
        text = (PACKAGE / "examples/Lamp/Lamp.ino").read_text()
        sketch.write_text(f"#include <Arduino.h>\n{text}")
        own = ["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"]
        warned = ["-Wall", "-Wextra", "-Werror"]
        paths = [f"-I{STUB / 'arduino'}", f"-I{STUB}", f"-I{PACKAGE / 'src'}"]
        image = folder / "Lamp.elf"
        # `precompiled=full`: src/{build.mcu}/{build.fpu}-{build.float-abi}.
        library = PACKAGE / "src/cortex-m4/fpv4-sp-d16-hard"
        properties = (PACKAGE / "library.properties").read_text()
        flag = next(line for line in properties.splitlines() if line.startswith("ldflags="))
        linked = [*link("mps2-an386"), "--specs=nano.specs", f"-L{library}", flag.split("=")[1]]
        compiled = folder / "Lamp.o"
        compiler = ["arm-none-eabi-g++", *ARM, *SIZE, *own, *warned, *paths]
        output(*compiler, "-c", sketch, "-o", compiled)
        # Nothing of C++'s own library is needed, and no library of the core's.
        output("arm-none-eabi-gcc", *ARM, compiled, *objects, *linked, "-o", image)
        self.answers("mps2-an386", image)

    def test_platformio_finds_the_library_of_each_board(self) -> None:
        hard = ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]
        boards: list[tuple[dict[str, str], list[str], str]] = [
            ({"build.mcu": "esp32c6"}, [], "esp32c6"),
            ({"build.mcu": "samd21g18a", "build.cpu": "cortex-m0plus"}, [], "cortex-m0plus"),
            ({"build.mcu": "nrf51822", "build.cpu": "cortex-m0"}, [], "cortex-m0plus"),
            ({"build.mcu": "stm32f103c8t6"}, ["-mcpu=cortex-m3"], "cortex-m3"),
            ({"build.mcu": "stm32f401ret6"}, hard, "cortex-m4/fpv4-sp-d16-hard"),
        ]
        for board, flags, folder in boards:
            found = scons(board, flags)
            self.assertEqual(found, {"LIBPATH": [str(PACKAGE / "src" / folder)], "LIBS": ["trine"]})
        for board in ({"build.mcu": "atmega328p"}, {"build.mcu": "esp8266"}):
            with self.assertRaisesRegex(SystemExit, "has no library for the processor"):
                scons(board, [])

    def test_a_target_without_a_library_is_refused_by_name(self) -> None:
        empty = OUT / "refused"
        empty.mkdir(parents=True, exist_ok=True)
        checks = {
            "idf": ("set(IDF_TARGET esp32p4)\nfunction(idf_component_register)\nendfunction()\n"
                    f"include({PACKAGE}/CMakeLists.txt)", "no library for esp32p4"),
            "none": (f"include({PACKAGE}/CMakeLists.txt)", "is a component of ESP-IDF"),
            "zephyr": ("set(CONFIG_TRINE y)\nset(BOARD qemu_x86)\n"
                       f"include({PACKAGE}/zephyr/CMakeLists.txt)", "the processor of qemu_x86"),
        }
        for name, (text, said) in checks.items():
            script = empty / f"{name}.cmake"
            script.write_text(text)
            done = ended("cmake", "-P", script)
            self.assertNotEqual(done.returncode, 0)
            # CMake breaks its messages into lines.
            self.assertIn(said, " ".join(done.stderr.decode().split()))

    def test_the_tools_of_the_frameworks_read_what_describes_the_package(self) -> None:
        # What reads them is in an environment of its own.
        output(os.environ["READERS"], "tests/c/frameworks/manifests.py", PACKAGE)


@unittest.skipUnless("ARCHIVE" in os.environ, "ARCHIVE names the host's package")
class Managers(unittest.TestCase):
    """The host's package by managers of packages, with the quick start's program."""

    def setUp(self) -> None:
        self.archive = Path(os.environ["ARCHIVE"])
        self.name = self.archive.name.removesuffix(".tar.gz")
        self.tools = Path(os.environ["READERS"]).parent
        self.folder = OUT / self.id().rsplit(".", 1)[1]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        output("tar", "-C", self.folder, "-xf", self.archive)
        self.package = self.folder / self.name

    def answers(self, program: Path) -> None:
        expected = Path("host-example/expected")
        said = output(program, given=(expected / "hello.in").read_bytes())
        self.assertEqual(said, (expected / "hello.out").read_bytes())

    def test_conan_packs_it_and_a_program_requires_it(self) -> None:
        conan, home = self.tools / "conan", {"CONAN_HOME": self.folder / "home"}
        output(conan, "profile", "detect", **home)
        output(conan, "export-pkg", self.package, **home)
        version = self.name.split("-")[1]
        build = self.folder / "build"
        asked = ["install", f"--requires=trine/{version}", "-g", "CMakeDeps", "-of", build]
        output(conan, *asked, "--no-remote", **home)
        found = [f"-DTrine_DIR={build}", "-DTRINE_LIBRARY=Trine::trine"]
        release = "-DCMAKE_BUILD_TYPE=Release"
        output("cmake", "-S", "host-example/c", "-B", build / "c", release, *found)
        output("cmake", "--build", build / "c")
        self.answers(build / "c/hello")

    def test_meson_unpacks_it_by_its_wrap(self) -> None:
        project = self.folder / "project"
        files = project / "subprojects/packagefiles"
        files.mkdir(parents=True)
        shutil.copy(self.archive, files)
        shutil.copy(self.package / "trine.wrap", project / "subprojects")
        for name in ("hello.c", "meson.build"):
            shutil.copy(f"host-example/c/{name}", project)
        # The package is found nowhere else.
        output("meson", "setup", project / "build", project, PKG_CONFIG_LIBDIR="/nowhere")
        output("meson", "compile", "-C", project / "build")
        self.answers(project / "build/hello")

    def test_the_port_of_vcpkg_installs_what_a_program_needs(self) -> None:
        port = self.package / "ports/trine"
        said = json.loads((port / "vcpkg.json").read_text())
        self.assertEqual((said["name"], said["version"]), ("trine", self.name.split("-")[1]))
        script = self.folder / "stub.cmake"
        script.write_text(
            "function(vcpkg_install_copyright)\n"
            "  cmake_parse_arguments(with \"\" \"\" FILE_LIST ${ARGN})\n"
            "  foreach(file IN LISTS with_FILE_LIST)\n"
            "    file(READ ${file} text)\n  endforeach()\nendfunction()\n"
            f"set(CURRENT_PACKAGES_DIR {self.folder}/installed)\ninclude({port}/portfile.cmake)\n"
        )
        output("cmake", "-P", script)
        program, installed = self.folder / "hello", self.folder / "installed"
        flags = [f"-I{installed}/include", f"-L{installed}/lib"]
        output("cc", "-std=c99", "host-example/c/hello.c", *flags, "-ltrine", "-o", program)
        self.answers(program)


def scons(board: dict[str, str], flags: list[str]) -> dict[str, Any]:
    """What the script of PlatformIO adds to the environment of the program."""

    class Environment(dict[str, Any]):
        def Append(self, **more: Any) -> None:
            self.update(more)

        def BoardConfig(self) -> dict[str, str]:
            return board

        def Dir(self, _: str) -> Any:
            return self

        def srcnode(self) -> Any:
            return self

        def get_abspath(self) -> str:
            return str(PACKAGE)

    whole = Environment()
    names = {"env": Environment(CCFLAGS=flags), "DefaultEnvironment": lambda: whole}
    exec((PACKAGE / "platformio.py").read_text(), {**names, "Import": lambda _: None})
    return dict(whole)


if __name__ == "__main__":
    unittest.main()
