//! Prints what [`trine_products::run`] says: on a chip by semihosting, else on standard output.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod chip {
    use core::panic::PanicInfo;

    use semihosting::{println, process};

    #[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
    #[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
    fn main() -> ! {
        let result = trine_products::run(trine_ternary::mcu::gemv_each, &mut |line| {
            println!("{line}");
        });
        match result {
            Ok(()) => process::exit(0),
            Err(error) => {
                println!("{error}");
                process::exit(1)
            }
        }
    }

    #[panic_handler]
    fn panic(_: &PanicInfo<'_>) -> ! {
        println!("a panic");
        process::exit(2)
    }
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), trine_ternary::Error> {
    use trine_ternary::Kernels;

    trine_products::run(
        |parts, q, _| {
            parts.iter_mut().try_for_each(|part| {
                let rows = part.first..part.first + part.out.len();
                Kernels::scalar().gemv(&part.matrix, rows, q, part.out)
            })
        },
        &mut |line| println!("{line}"),
    )
}
