//! A language model in flash: says what [`trine_products::generation`] tells, on a chip by
//! semihosting, else on standard output. `MODEL` names the image: for a chip when this is compiled,
//! for a host when it is run.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod chip {
    use core::panic::PanicInfo;

    use semihosting::io::{Stdout, Write, stdout};
    use semihosting::process;
    use trine_products::generation::{MEMORY, TextSink, generate};
    use trine_ternary::Kernels;

    /// The alignment that an image asks for.
    #[repr(align(64))]
    struct Aligned<T: ?Sized>(T);

    /// The image, in flash: a constant is never copied to RAM.
    static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("MODEL")));

    #[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
    #[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
    fn main() -> ! {
        #[expect(clippy::large_stack_arrays, reason = "all of the RAM is the stack's")]
        let mut memory = Aligned([0; MEMORY]);
        let Ok(out) = stdout() else { process::exit(3) };
        let mut debugger = Debugger(out);
        if generate(&MODEL.0, &mut memory.0, Kernels::best(), &mut debugger).is_ok() {
            process::exit(0);
        }
        debugger.text("the model is refused: `trine model info` says why\n");
        process::exit(1)
    }

    /// The debugger's console.
    struct Debugger(Stdout);

    impl TextSink for Debugger {
        fn text(&mut self, text: &str) {
            // Without a debugger no one hears.
            drop(self.0.write_all(text.as_bytes()));
        }

        fn number(&mut self, number: u32) {
            let mut text = *b"           ";
            let mut rest = number;
            for digit in text.iter_mut().rev().skip(1) {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
                if rest == 0 {
                    break;
                }
            }
            drop(self.0.write_all(text.trim_ascii_start()));
        }
    }

    #[panic_handler]
    fn panic(_: &PanicInfo<'_>) -> ! {
        process::exit(2)
    }
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use trine_products::generation::{MEMORY, TextSink, generate};
    use trine_ternary::Kernels;

    struct Console;

    impl TextSink for Console {
        fn text(&mut self, text: &str) {
            print!("{text}");
        }

        fn number(&mut self, number: u32) {
            print!("{number} ");
        }
    }

    let path = std::env::var_os("MODEL").ok_or("MODEL names no image")?;
    let image = std::fs::read(path)?;
    generate(&image, &mut vec![0; MEMORY], Kernels::scalar(), &mut Console)?;
    Ok(())
}
