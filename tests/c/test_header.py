"""The headers, the examples and the tests in C and C++ under every compiler with every standard,
warnings being errors."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from programs import OUT, ended, files, output, side_by_side

# A compiler for C, one for C++, and what they need to be told about their target.
COMPILERS = (
    ("gcc", "g++", ""),
    ("clang", "clang++", ""),
    ("arm-none-eabi-gcc", "arm-none-eabi-g++", "-mcpu=cortex-m0 -mthumb"),
)
# C23 is `c2x` to the compilers of its time.
C_STANDARDS = ("c99", "c11", "c17", "c2x")
CPP_STANDARDS = ("c++11", "c++17", "c++20")
# What `trine.hpp` begins with.
HPP_STANDARDS = ("c++17", "c++20")
# What C and C++ share.
WARNINGS = (
    "-Wall -Wextra -Wpedantic -Wconversion -Wcast-align -Wundef -Werror "
    "-Iinclude -Ifirmware-example/c/src"
)
C_WARNINGS = "-Wstrict-prototypes -Wmissing-prototypes"
CPP_WARNINGS = "-Wold-style-cast"
# The same with what a microcontroller's C++ does without.
BARE_CPP_WARNINGS = "-Wold-style-cast -fno-exceptions -fno-rtti"

EXAMPLES = [
    *files("host-example/model", "c"),
    Path("host-example/device/well.c"),
]
C = [*files("tests/c/header", "c"), *files("tests/c/mock", "c"), *EXAMPLES]
MISUSE = [file for name in ("misuse", "model", "host") for file in files(f"tests/c/{name}", "c")]
# Programs that need an operating system.
HOSTED = [
    *MISUSE,
    *files("host-example/c", "c"),
    *files("tests/c/hosted", "c"),
    *(Path(f"host-example/device/{name}.c") for name in ("stdio", "unix")),
]
CPP = [*files("tests/c/header", "cpp"), *files("tests/c/mock", "cpp")]
HPP = files("tests/c/hpp", "cpp")
HOSTED_HPP = [*files("host-example/cpp", "cpp"), *files("tests/c/hpp_run", "cpp")]

# A compiler with its options, and a file.
Job = tuple[str, Path]


def suites() -> list[Job]:
    """All that every compiler has to take."""
    jobs: list[Job] = []
    for cc, cxx, target in COMPILERS:

        def add(compiler: str, sources: list[Path], standards: tuple[str, ...], more: str) -> None:
            for standard in standards:
                line = f"{compiler} -std={standard} -fsyntax-only {target} {WARNINGS} {more}"
                jobs.extend((line, source) for source in sources)

        is_hosted = not target
        cpp_warnings = CPP_WARNINGS if is_hosted else BARE_CPP_WARNINGS
        add(cc, C, C_STANDARDS, C_WARNINGS)
        add(cxx, CPP, CPP_STANDARDS, cpp_warnings)
        add(cxx, HPP, HPP_STANDARDS, cpp_warnings)
        if is_hosted:
            add(cc, HOSTED, C_STANDARDS, C_WARNINGS)
            add(cxx, HOSTED_HPP, HPP_STANDARDS, cpp_warnings)
    return jobs


def failures(jobs: list[Job]) -> list[str]:
    """What compilers say of the files that they do not take."""

    def failure(job: Job) -> str:
        line, source = job
        done = ended(*line.split(), source)
        return f"{line} {source}\n{done.stderr.decode()}" if done.returncode else ""

    return [text for text in side_by_side(failure, jobs) if text]


class Header(unittest.TestCase):
    def test_every_compiler_takes_all_files_in_every_standard_without_a_warning(self) -> None:
        jobs = suites()
        failed = failures(jobs)
        print(f"{len(jobs)} compilations: {len(COMPILERS)} compilers, C99 to C23, C++11 to C++20")
        self.assertEqual(failed, [], "\n".join(failed))

    def test_a_warning_of_any_compiler_fails(self) -> None:
        source = OUT / "cast.c"
        job = (f"gcc -std=c99 -fsyntax-only {WARNINGS}", source)
        for kind, count in (("int", 0), ("long long", 2)):
            source.write_text(f"int f({kind} x);\nint f({kind} x) {{ return x; }}\n")
            self.assertEqual(len(failures([job, job])), count)

    def test_the_macros_of_c11_and_cpp11_refuse_what_they_must_not_take(self) -> None:
        for compiler in ("gcc -x c -std=c11", "clang -x c -std=c11", "g++ -x c++ -std=c++11"):
            for source in files("tests/c/refused", "c"):
                line = (*compiler.split(), "-Iinclude", "-fsyntax-only")
                # Refused for what is wrong in it, and for nothing else.
                output(*line, source)
                self.assertNotEqual(ended(*line, "-DWRONG", source).returncode, 0, source)

    def test_a_result_that_has_to_be_looked_at_is_not_dropped(self) -> None:
        source = Path("tests/c/dropped/status.c")
        for cc, cxx, target in COMPILERS:
            languages = ((f"{cc} -x c", C_STANDARDS), (f"{cxx} -x c++", CPP_STANDARDS))
            for compiler, standards in languages:
                for standard in standards:
                    # GCC looks at what becomes of results after the syntax.
                    line = f"{compiler} -std={standard} -c -o /dev/null {target} {WARNINGS}"
                    self.assertEqual(failures([(line, source)]), [])
                    self.assertEqual(len(failures([(f"{line} -DWRONG", source)])), 1, line)
                    # A program may choose to be told nothing.
                    self.assertEqual(failures([(f"{line} -DWRONG -DTRINE_MUST_USE=", source)]), [])

    def test_programs_are_the_same_with_short_enumerations(self) -> None:
        for source in (Path("tests/c/header/macros.c"), Path("tests/c/header/macros.cpp")):
            cc, cxx, target = COMPILERS[2]
            compiler = f"{cc} -std=c99" if source.suffix == ".c" else f"{cxx} -std=c++11"
            line = f"{compiler} {target} -Iinclude -O1 -S -o -".split()
            short, long = (
                output(*line, flag, source).decode() for flag in ("-fshort-enums", "-fno-short-enums")
            )
            # The object says which it was made with, and else all is the same.
            size = re.compile(r"\t\.eabi_attribute 26, (\d)\n")
            self.assertEqual((size.findall(short), size.findall(long)), (["1"], ["2"]))
            self.assertEqual(size.sub("", short), size.sub("", long))

    def test_gccs_analyzer_finds_nothing_in_c(self) -> None:
        # It follows the paths through a program; it does not know C++ yet.
        line = f"gcc -std=c11 -fanalyzer -O1 {WARNINGS} -c -o /dev/null"
        failed = failures([(line, source) for source in C + HOSTED])
        self.assertEqual(failed, [], "\n".join(failed))


if __name__ == "__main__":
    unittest.main()
