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
pub struct Mapped(Mmap);

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
        Ok(Self(map))
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
        Ok(Self(memory.make_read_only()?))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
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
}
