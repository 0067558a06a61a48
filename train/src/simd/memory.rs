//! What the allocator does with memory that is freed.

/// Keeps it for the next step. A step takes and frees some hundred megabytes: glibc would give them
/// back to the system and get them anew, filled with zeros, for more than half of the time. Other
/// allocators are left as they are.
pub(crate) fn keep() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (parameter, value) in [(M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, i32::MAX), TOP_PAD]
    {
        // SAFETY: the function has these parameters, may be called at any time, and refuses values
        // that it cannot take.
        let _ = unsafe { mallopt(parameter, value) };
    }
}

/// Blocks of so many bytes are mapped on their own: the most that glibc takes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const M_MMAP_THRESHOLD: i32 = -3;
/// Free bytes at the end of a heap that are given back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const M_TRIM_THRESHOLD: i32 = -1;
/// Bytes that a heap gets beyond what is asked for.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const TOP_PAD: (i32, i32) = (-2, 256 << 20);

#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe extern "C" {
    /// mallopt(3).
    fn mallopt(parameter: i32, value: i32) -> i32;
}
