//! What stands before the data of a GGUF file.

use trine_infer::gguf::{Kind, Type, Value};

/// What the data of each tensor is aligned to, in files that do not say otherwise.
const ALIGNMENT: u64 = 32;
const VERSION: u32 = 3;

/// Keys and tensors of a file in the making.
#[derive(Clone, Debug, Default)]
pub struct Header {
    keys: Vec<u8>,
    key_count: u64,
    infos: Vec<u8>,
    tensor_count: u64,
    data_bytes: u64,
}

impl Header {
    /// A header with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn key(&mut self, name: &str, kind: Kind) -> &mut Vec<u8> {
        string(&mut self.keys, name.as_bytes());
        self.keys.extend((kind as u32).to_le_bytes());
        self.key_count += 1;
        &mut self.keys
    }

    fn array(&mut self, name: &str, kind: Kind, count: usize) -> &mut Vec<u8> {
        let keys = self.key(name, Kind::Array);
        keys.extend((kind as u32).to_le_bytes());
        keys.extend((count as u64).to_le_bytes());
        keys
    }

    /// Adds a key with a text.
    pub fn string(&mut self, name: &str, value: &str) {
        string(self.key(name, Kind::String), value.as_bytes());
    }

    /// Adds a key with an integer.
    pub fn u32(&mut self, name: &str, value: u32) {
        self.key(name, Kind::U32).extend(value.to_le_bytes());
    }

    /// Adds a key with a number.
    pub fn f32(&mut self, name: &str, value: f32) {
        self.key(name, Kind::F32).extend(value.to_le_bytes());
    }

    /// Adds a key with a Boolean.
    pub fn bool(&mut self, name: &str, value: bool) {
        self.key(name, Kind::Bool).push(value.into());
    }

    /// Adds a key with an array of texts.
    pub fn strings<'s>(&mut self, name: &str, values: impl ExactSizeIterator<Item = &'s [u8]>) {
        let keys = self.array(name, Kind::String, values.len());
        values.for_each(|value| string(keys, value));
    }

    /// Adds a key with an array of integers.
    pub fn i32s(&mut self, name: &str, values: &[i32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.array(name, Kind::I32, values.len()).extend(bytes);
    }

    /// Adds a key with an array of numbers.
    pub fn f32s(&mut self, name: &str, values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.array(name, Kind::F32, values.len()).extend(bytes);
    }

    /// Adds a key with a value as a file has it.
    pub fn value(&mut self, name: &str, value: &Value<'_>) {
        let key = self.key(name, value.kind());
        match *value {
            Value::U8(value) => key.push(value),
            Value::I8(value) => key.extend(value.to_le_bytes()),
            Value::U16(value) => key.extend(value.to_le_bytes()),
            Value::I16(value) => key.extend(value.to_le_bytes()),
            Value::U32(value) => key.extend(value.to_le_bytes()),
            Value::I32(value) => key.extend(value.to_le_bytes()),
            Value::F32(value) => key.extend(value.to_le_bytes()),
            Value::Bool(value) => key.push(value.into()),
            Value::U64(value) => key.extend(value.to_le_bytes()),
            Value::I64(value) => key.extend(value.to_le_bytes()),
            Value::F64(value) => key.extend(value.to_le_bytes()),
            Value::String(text) => string(key, text.as_bytes()),
            Value::Array(array) => {
                key.extend((array.kind() as u32).to_le_bytes());
                key.extend((array.count() as u64).to_le_bytes());
                key.extend(array.bytes());
            }
        }
    }

    /// Adds a tensor, the innermost dimension first. Its data follows that of the one before it,
    /// which is padded with [`Header::padding`] zeros.
    pub fn tensor(&mut self, name: &str, dims: &[u64], kind: Type) {
        string(&mut self.infos, name.as_bytes());
        self.infos.extend((dims.len() as u32).to_le_bytes());
        self.infos.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
        self.infos.extend(kind.id().to_le_bytes());
        self.infos.extend(self.data_bytes.to_le_bytes());
        let bytes = kind.bytes(dims.iter().product()).unwrap_or(u64::MAX);
        self.data_bytes = self.data_bytes.saturating_add(bytes).next_multiple_of(ALIGNMENT);
        self.tensor_count += 1;
    }

    /// Zeros after the data of a tensor of so many bytes.
    #[must_use]
    pub fn padding(bytes: u64) -> u64 {
        bytes.next_multiple_of(ALIGNMENT) - bytes
    }

    /// Bytes of the data of all tensors, with what is between them.
    #[must_use]
    pub fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Bytes of what stands before the data, without the zeros that align it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (24 + self.keys.len() + self.infos.len()) as u64
    }

    /// The beginning of the file, up to the data of the first tensor.
    #[must_use]
    pub fn finish(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.key_count.to_le_bytes());
        bytes.extend(&self.keys);
        bytes.extend(&self.infos);
        let zeros = Self::padding(bytes.len() as u64) as usize;
        bytes.resize(bytes.len() + zeros, 0);
        bytes
    }
}

fn string(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text);
}
