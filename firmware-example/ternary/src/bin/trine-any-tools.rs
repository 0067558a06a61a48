//! A base model in flash that makes calls of tools it has never seen: says what
//! [`trine_products::any_tools`] says, on a chip by semihosting, else on standard output. `BASE`
//! names the base, `TABLE` what it has made of the tools, `SENTENCES` a text with one a line: for a
//! chip when this is compiled, for a host when it is run. The first line is the memory that asking
//! takes.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod chip {
    use core::panic::PanicInfo;

    use semihosting::{println, process};
    use trine_products::any_tools::{Given, ask};
    use trine_unseen::Asker;

    /// Weights may be loaded by the word.
    #[repr(align(64))]
    struct Aligned<T: ?Sized>(T);

    /// The base, in flash: a constant is never copied to RAM.
    static BASE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("BASE")));
    static TABLE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("TABLE")));
    static SENTENCES: &str = include_str!(env!("SENTENCES"));

    #[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
    #[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
    fn main() -> ! {
        // All of the RAM is the stack's.
        let mut asker = Asker::new();
        println!("{}", size_of::<Asker<'_>>());
        let given = Given { base: &BASE.0, table: &TABLE.0, sentences: SENTENCES };
        let mut say = |line: core::fmt::Arguments<'_>| println!("{line}");
        match ask(&given, &mut asker, &mut say) {
            Ok(()) => process::exit(0),
            Err(refused) => {
                println!("{refused:?}");
                process::exit(1)
            }
        }
    }

    #[panic_handler]
    fn panic(_: &PanicInfo<'_>) -> ! {
        process::exit(2)
    }
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    host::main()
}

#[cfg(not(target_os = "none"))]
mod host {
    use std::error::Error;
    use std::fmt::Write as _;

    use trine_products::any_tools::{Given, ask};
    use trine_ternary::{Kernels, Packing};
    use trine_unseen::base::MATRIX_MAX;
    use trine_unseen::{Asker, Base};

    /// In one way and another: as a chip does it, with this processor's kernels, and as a host has
    /// its weights.
    pub(super) fn main() -> Result<(), Box<dyn Error>> {
        let path = |name: &str| std::env::var_os(name).ok_or(format!("{name} names no file"));
        let base = std::fs::read(path("BASE")?)?;
        let table = std::fs::read(path("TABLE")?)?;
        let sentences = std::fs::read_to_string(path("SENTENCES")?)?;
        let packed = packed(&base)?;
        let given = Given { base: &base, table: &table, sentences: &sentences };
        let said = said(&given, Kernels::scalar())?;
        for base in [&base, &packed] {
            let other = self::said(&Given { base, ..given }, Kernels::best())?;
            if other != said {
                return Err(format!("scalar kernels say\n{said}the best ones\n{other}").into());
            }
        }
        print!("{}\n{said}", size_of::<Asker<'_>>());
        Ok(())
    }

    fn said(given: &Given<'_>, kernels: Kernels) -> Result<String, Box<dyn Error>> {
        let (mut asker, mut said) = (Box::new(Asker::new()), String::new());
        asker.workspace().with_kernels(kernels);
        // Writing to a string cannot fail.
        let mut say = |line: std::fmt::Arguments<'_>| _ = writeln!(said, "{line}");
        ask(given, &mut asker, &mut say).map_err(|refused| format!("{refused:?}"))?;
        Ok(said)
    }

    fn packed(base: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let base = Base::parse(base)?;
        let (packing, mut memory) = (Packing::Panel2Bit, vec![0; MATRIX_MAX]);
        let repacked = |out: &mut [u8], memory: &mut [u8]| {
            base.repack(packing, out, memory).map_err(|error| format!("{error:?}"))
        };
        let mut bytes = vec![0; repacked(&mut [], &mut memory)?];
        repacked(&mut bytes, &mut memory)?;
        Ok(bytes)
    }
}
