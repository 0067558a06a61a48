//! What a package has beside libraries and headers: the program, examples, pages, licences, a bill
//! of materials, checksums.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use devtools::sh;

use super::package::VERSION;
use super::{Target, crates, licences, sbom, sign};

/// Files of the repository, and where a host's package has them.
const EXAMPLES: &[(&str, &str)] = &[
    ("host-example/c/hello.c", "hello/hello.c"),
    ("host-example/c/CMakeLists.txt", "hello/CMakeLists.txt"),
    ("host-example/c/Makefile", "hello/Makefile"),
    ("host-example/c/meson.build", "hello/meson.build"),
    ("host-example/c/fetch/CMakeLists.txt", "hello/fetch/CMakeLists.txt"),
    ("host-example/expected/hello.in", "hello/hello.in"),
    ("host-example/expected/hello.out", "hello/hello.out"),
    ("host-example/cpp/counter.cpp", "cpp/counter.cpp"),
    ("host-example/cpp/notes.cpp", "cpp/notes.cpp"),
    ("host-example/device/well.c", "device/well.c"),
    ("host-example/device/well.h", "device/well.h"),
    ("host-example/device/stdio.c", "device/stdio.c"),
    ("host-example/device/unix.c", "device/unix.c"),
    ("host-example/hub/counter.cpp", "hub/counter.cpp"),
    ("host-example/hub/greeter.c", "hub/greeter.c"),
    ("host-example/model/act.c", "model/act.c"),
    ("host-example/model/ask.c", "model/ask.c"),
    ("host-example/model/base.c", "model/base.c"),
    ("host-example/model/file.c", "model/file.c"),
    ("host-example/model/generate.c", "model/generate.c"),
    ("host-example/model/memory.c", "model/memory.c"),
];
/// Completions of shells, and where they look for them below `share`.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions/trine"),
    ("zsh", "zsh/site-functions/_trine"),
    ("fish", "fish/vendor_completions.d/trine.fish"),
];

/// Fills the folder of a package that has its libraries and headers; a host's has the program too.
pub(super) fn complete(target: &Target, root: &Path, program: Option<&Path>) -> Result<()> {
    let name = root.file_name().context("a package has a name")?.to_string_lossy();
    pages(target, root)?;
    if let Some(program) = program {
        with_program(root, program)?;
    }
    let crates = crates::linked(target)?;
    let folder = root.join("share/licenses/trine");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("THIRD-PARTY.txt"), licences::texts(&crates)?)?;
    let rust = licences::of_rust()?;
    let ending = rust.extension().map_or("txt", |_| "html");
    sh::install(&rust, &folder.join(format!("rust-std.{ending}")))?;
    fs::write(root.join("sbom.cdx.json"), sbom::bill(&name, &crates)?)?;
    sign::sum_up(root)?;
    // Files have the same rights whoever made them.
    sh::run(sh::line("chmod -R u=rwX,go=rX").arg(root))
}

/// What managers of packages read, in the host's package alone.
const MANAGERS: [(&str, &str); 5] = [
    ("conanfile.py", "conanfile.py"),
    ("meson.build", "meson.build"),
    ("trine.wrap", "trine.wrap"),
    ("port/portfile.cmake", "ports/trine/portfile.cmake"),
    ("port/vcpkg.json", "ports/trine/vcpkg.json"),
];

/// The guides, the examples and what a package begins with.
fn pages(target: &Target, root: &Path) -> Result<()> {
    let (readme, examples) =
        if target.is_host() { ("README.md", EXAMPLES) } else { ("README-chip.md", &[][..]) };
    let text = sh::read(&format!("ffi/package/{readme}.in"))?;
    let text = text.replace("@VERSION@", VERSION).replace("@TARGET@", &target.name);
    fs::write(root.join("README.md"), text)?;
    sh::install(&sh::root().join("ffi/package/CMakeLists.txt"), &root.join("CMakeLists.txt"))?;
    if target.is_host() {
        for (from, to) in MANAGERS {
            let text = sh::read(&format!("ffi/package/{from}.in"))?;
            let text = text.replace("@VERSION@", VERSION).replace("@TARGET@", &target.name);
            let place = root.join(to);
            fs::create_dir_all(place.parent().context("it lies in a folder")?)?;
            fs::write(place, text)?;
        }
    }
    for page in sh::files("docs", "md")? {
        let name = page.file_name().context("a page has a name")?;
        sh::install(&page, &root.join("share/doc/trine").join(name))?;
    }
    for (from, to) in examples {
        sh::install(&sh::root().join(from), &root.join("examples").join(to))?;
    }
    Ok(())
}

/// The program without what only a debugger wants, and what it writes of itself.
fn with_program(root: &Path, program: &Path) -> Result<()> {
    let own = root.join("bin/trine");
    sh::install(program, &own)?;
    // What the optimizer names by where the sources lie is not the same twice, and the linker's
    // number is made of all names.
    let names = "-w -N *.llvm.* -R .note.gnu.build-id";
    sh::run(sh::line(&format!("strip --strip-debug {names}")).arg(&own))?;
    let share = root.join("share");
    sh::run(sh::command(&own).arg("man").arg(share.join("man/man1")))?;
    for (shell, place) in COMPLETIONS {
        let script = sh::output(sh::command(&own).args(["completions", shell]))?;
        let place = share.join(place);
        fs::create_dir_all(place.parent().context("a script lies in a folder")?)?;
        fs::write(place, script)?;
    }
    Ok(())
}
