//! What the processor calls itself.

/// The name of this processor, as people know it; `None` where the system does not say.
#[cfg(target_arch = "x86_64")]
#[expect(unused_unsafe, reason = "the intrinsic is unsafe in the oldest Rust that is supported")]
pub(crate) fn processor_name() -> Option<String> {
    use std::arch::x86_64::__cpuid;

    // The brand string: 16 bytes in each of three leaves (Intel SDM volume 2, CPUID).
    const BRAND: std::ops::RangeInclusive<u32> = 0x8000_0002..=0x8000_0004;
    // SAFETY: every processor of x86-64 has the instruction and this leaf.
    if unsafe { __cpuid(0x8000_0000) }.eax < *BRAND.end() {
        return None;
    }
    let registers = BRAND.flat_map(|leaf| {
        // SAFETY: every processor of x86-64 has the instruction, and this one the leaf.
        let part = unsafe { __cpuid(leaf) };
        [part.eax, part.ebx, part.ecx, part.edx]
    });
    let bytes: Vec<u8> = registers.flat_map(u32::to_le_bytes).take_while(|it| *it != 0).collect();
    let name = String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

/// The name of this processor, as people know it; `None` where the system does not say.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const fn processor_name() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn it_is_the_name_that_linux_shows() {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = words(line.trim_start().trim_start_matches(':'));
        assert_eq!(super::processor_name(), Some(shown));
    }
}
