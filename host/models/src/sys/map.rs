//! Files in memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::{Deref, DerefMut};
use std::path::Path;

use memmap2::{Mmap, MmapMut};

/// The bytes of a file, which the system reads when they are first looked at.
///
/// A file that another program cuts short while it is mapped ends this one, as with any program
/// that maps files.
#[derive(Debug)]
pub struct Mapped {
    map: Mmap,
    /// Whether pages that are let go come again out of the file.
    is_of_file: bool,
}

/// A multiple of the size of a page on any processor.
const PAGES: usize = 64 << 10;

impl Mapped {
    /// Maps a whole file.
    ///
    /// # Errors
    /// When it cannot be opened or mapped; a folder cannot.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: the mapping is private and never written, and is only handed out as shared bytes.
        // No one may change the file below it; that a model file stays as it is while it is in use
        // is what the user is asked for.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Self { map, is_of_file: true })
    }

    /// Reads a whole file into memory of this process, on huge pages where the system has them: a
    /// model is then read faster, for as much more time at the start as reading the file takes.
    ///
    /// # Errors
    /// When it cannot be read, or there is not as much memory.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut memory = MmapMut::map_anon(length)?;
        #[cfg(target_os = "linux")]
        // Where the system has none, plain pages do.
        let _ = memory.advise(memmap2::Advice::HugePage);
        file.read_exact(&mut memory)?;
        Ok(Self { map: memory.make_read_only()?, is_of_file: false })
    }

    /// Gives the pages of a part back to the system, where that is Linux and they are of a mapped
    /// file: what is looked at again is read again.
    pub fn let_go(&self, part: &[u8]) {
        let (first, start) = (self.map.as_ptr().addr(), part.as_ptr().addr());
        let Some(offset) = start.checked_sub(first).map(|it| it.next_multiple_of(PAGES)) else {
            return;
        };
        let end = (start - first).saturating_add(part.len()).min(self.map.len()) / PAGES * PAGES;
        if self.is_of_file && offset < end {
            #[cfg(target_os = "linux")]
            // SAFETY: the pages are of a file, mapped privately and never written: they come again
            // as they were. A system that keeps them all the same does no harm.
            let _ = unsafe {
                let advice = memmap2::UncheckedAdvice::DontNeed;
                self.map.unchecked_advise_range(advice, offset, end - offset)
            };
        }
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

/// Memory that is zero. The system gives a page of it when it is first written to.
#[derive(Debug)]
pub struct Zeros(MmapMut);

impl Zeros {
    /// Maps `length` bytes, aligned to a page.
    ///
    /// # Errors
    /// When the system has no room for them.
    pub fn new(length: usize) -> io::Result<Self> {
        MmapMut::map_anon(length).map(Self)
    }
}

impl Deref for Zeros {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Zeros {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Mapped;

    #[test]
    fn a_file_that_is_read_has_the_bytes_of_one_that_is_mapped() {
        let path = std::env::temp_dir().join(format!("trine-map-{}", std::process::id()));
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| ((number * 7) >> 3) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let (read, mapped) = (Mapped::read(&path).unwrap(), Mapped::open(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(*read == *bytes && *mapped == *bytes);
        assert!(Mapped::read(&path).is_err());
    }

    /// Kilobytes of a mapping that are in memory, as Linux counts them.
    #[cfg(target_os = "linux")]
    fn resident(map: &Mapped) -> u64 {
        let text = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let begins = format!("{:x}-", map.as_ptr().addr());
        let lines = text.lines().skip_while(|line| !line.starts_with(&begins));
        let rss = lines.skip(1).find_map(|line| line.strip_prefix("Rss:")).unwrap();
        rss.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_part_that_is_let_go_is_not_in_memory_and_comes_again_as_it_was() {
        let path = std::env::temp_dir().join(format!("trine-go-{}", std::process::id()));
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| ((number * 7) >> 3) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let (read, mapped) = (Mapped::read(&path).unwrap(), Mapped::open(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(*mapped == *bytes && resident(&mapped) > 2_900);
        mapped.let_go(&mapped[1_000..2_999_000]);
        let left = resident(&mapped);
        assert!(left < 200, "{left} kB");
        assert!(*mapped == *bytes);
        // Memory of the process holds what the file no longer says, and what lies elsewhere stays.
        read.let_go(&read);
        mapped.let_go(&bytes);
        mapped.let_go(&[]);
        assert!(*read == *bytes && resident(&mapped) > 2_900);
    }
}
