//! A model in flash that reads sentences: says what [`trine_products::sentences`] says, on a chip
//! by semihosting, else on standard output. `MODEL` names the image, `TOOLS` what the tools are
//! compiled to, `SENTENCES` a text with one a line: for a chip when this is compiled, for a host
//! when it is run.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod chip {
    use core::panic::PanicInfo;

    use semihosting::{println, process};
    use trine_products::sentences::{MEMORY, read};

    /// The alignment that an image asks for.
    #[repr(align(64))]
    struct Aligned<T: ?Sized>(T);

    /// The image, in flash: a constant is never copied to RAM.
    static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("MODEL")));
    static TOOLS: &[u8] = include_bytes!(env!("TOOLS"));
    static SENTENCES: &str = include_str!(env!("SENTENCES"));

    #[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
    #[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
    fn main() -> ! {
        #[expect(clippy::large_stack_arrays, reason = "all of the RAM is the stack's")]
        let mut memory = Aligned([0; MEMORY]);
        let mut say = |line: core::fmt::Arguments<'_>| println!("{line}");
        match read(&MODEL.0, TOOLS, SENTENCES, &mut memory.0, &mut say) {
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
    use trine_products::sentences::{MEMORY, read};

    let path = |name: &str| std::env::var_os(name).ok_or(format!("{name} names no file"));
    let image = std::fs::read(path("MODEL")?)?;
    let tools = std::fs::read(path("TOOLS")?)?;
    let text = std::fs::read_to_string(path("SENTENCES")?)?;
    let mut say = |line: core::fmt::Arguments<'_>| println!("{line}");
    read(&image, &tools, &text, &mut vec![0; MEMORY], &mut say)
        .map_err(|refused| format!("{refused:?}").into())
}
