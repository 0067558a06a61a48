//! Files made by hand, sound or not.

/// A file in the making.
#[derive(Clone, Default)]
pub(crate) struct Builder {
    keys: Vec<Vec<u8>>,
    infos: Vec<Vec<u8>>,
    data: Vec<u8>,
    alignment: usize,
    magic: Option<[u8; 4]>,
    version: Option<u32>,
    counts: (Option<u64>, Option<u64>),
}

pub(crate) fn string(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [&(text.len() as u64).to_le_bytes()[..], text].concat()
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { alignment: 32, ..Self::default() }
    }

    pub(crate) fn magic(mut self, magic: [u8; 4]) -> Self {
        self.magic = Some(magic);
        self
    }

    pub(crate) fn version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// What the header says of how many tensors and keys there are.
    pub(crate) fn counts(mut self, tensors: Option<u64>, keys: Option<u64>) -> Self {
        self.counts = (tensors, keys);
        self
    }

    /// What the data is aligned to; the key is another matter.
    pub(crate) fn aligned(mut self, alignment: usize) -> Self {
        self.alignment = alignment;
        self
    }

    /// A key with the bytes of a value of this kind.
    pub(crate) fn key(mut self, name: impl AsRef<[u8]>, kind: u32, value: &[u8]) -> Self {
        self.keys.push([&string(name)[..], &kind.to_le_bytes(), value].concat());
        self
    }

    pub(crate) fn key_u32(self, name: &str, value: u32) -> Self {
        self.key(name, 4, &value.to_le_bytes())
    }

    pub(crate) fn key_string(self, name: &str, value: &str) -> Self {
        self.key(name, 8, &string(value))
    }

    /// A key with an array of `count` elements, whose bytes these are.
    pub(crate) fn key_array(self, name: &str, kind: u32, count: u64, elements: &[u8]) -> Self {
        let value = [&kind.to_le_bytes()[..], &count.to_le_bytes(), elements].concat();
        self.key(name, 9, &value)
    }

    /// A tensor whose data follows that of the one before.
    pub(crate) fn tensor(mut self, name: &str, dims: &[u64], kind: u32, data: &[u8]) -> Self {
        let offset = self.data.len().next_multiple_of(self.alignment);
        self.data.resize(offset, 0);
        self.data.extend_from_slice(data);
        self.info(name, dims, kind, offset as u64)
    }

    /// An entry of the list alone.
    pub(crate) fn info(
        mut self,
        name: impl AsRef<[u8]>,
        dims: &[u64],
        kind: u32,
        offset: u64,
    ) -> Self {
        let mut info = string(name);
        info.extend((dims.len() as u32).to_le_bytes());
        info.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
        info.extend(kind.to_le_bytes());
        info.extend(offset.to_le_bytes());
        self.infos.push(info);
        self
    }

    /// Zeros after the data of the last tensor.
    pub(crate) fn padded(mut self) -> Self {
        self.data.resize(self.data.len().next_multiple_of(self.alignment), 0);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.magic.unwrap_or(*b"GGUF").to_vec();
        bytes.extend(self.version.unwrap_or(3).to_le_bytes());
        bytes.extend(self.counts.0.unwrap_or(self.infos.len() as u64).to_le_bytes());
        bytes.extend(self.counts.1.unwrap_or(self.keys.len() as u64).to_le_bytes());
        bytes.extend(self.keys.concat());
        bytes.extend(self.infos.concat());
        if !self.infos.is_empty() {
            bytes.resize(bytes.len().next_multiple_of(self.alignment), 0);
        }
        bytes.extend(&self.data);
        bytes
    }
}
