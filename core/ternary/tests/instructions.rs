//! Which instructions are in the kernels, as `objdump` of binutils reads them, whose linker made
//! this program.
#![cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]

use std::process::Command;

use trine_ternary::{Isa, Kernels, Matrix, Packing};

/// Those of AVX-512 VBMI (Intel SDM volume 2).
const VBMI: [&str; 4] = ["vpermb", "vpermi2b", "vpermt2b", "vpmultishiftqb"];

/// The compiler keeps to the features that a function has; what is written in assembly it does not
/// check.
#[test]
fn kernels_without_vbmi_have_no_instruction_of_it() {
    // So that the kernels are in this program.
    let matrix = Matrix::new(Packing::PanelBase3, 0, 0, &[]).unwrap();
    for kernels in Isa::supported().filter_map(Kernels::new) {
        kernels.gemm(&matrix, 0..0, 2, &[], &mut []).unwrap();
    }
    let mut objdump = Command::new("objdump");
    objdump.args(["--disassemble", "--no-show-raw-insn"]).arg(std::env::current_exe().unwrap());
    let text = objdump.output().expect("objdump of binutils").stdout;
    let text = String::from_utf8(text).unwrap();
    let (mut name, mut with, mut without) = ("", 0, 0);
    for line in text.lines() {
        if let Some((_, function)) = line.strip_suffix(">:").and_then(|line| line.split_once('<')) {
            name = function;
        } else if name.contains("trine_ternary") && name.contains("avx512") {
            let code = line.split('\t').nth(1).unwrap_or_default();
            let is_vbmi = VBMI.iter().any(|name| code.split(' ').next() == Some(name));
            let may_be = name.contains("vbmi");
            assert!(may_be || !is_vbmi, "{name}: {code}");
            (with, without) = (with + u32::from(is_vbmi), without + u32::from(!may_be));
        }
    }
    assert!(with > 10 && without > 1000, "{with} of VBMI, {without} elsewhere");
}
