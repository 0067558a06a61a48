//! A file: its header, its keys, and where its tensors are.

use super::error::{Error, Place, Reason};
use super::read::GgufReader;
use super::tensor::{Info, List, Tensor, Tensors};
use super::types::Type;
use super::value::{Array, Kind, Value, value};

const KEYS_MAX: usize = 128;
const MAGIC: [u8; 4] = *b"GGUF";
const VERSION: u32 = 3;
const KEY_BYTES_MAX: u32 = 65_535;
const ALIGNMENT_KEY: &str = "general.alignment";
const ALIGNMENT_DEFAULT: u64 = 32;

/// A GGUF file of which the header, the keys and the list of tensors are sound.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/bitnet/plain.gguf");
/// # let bytes = std::fs::read(path)?;
/// use trine_infer::gguf::File;
///
/// let file = File::parse(&bytes)?;
/// assert_eq!(file.string("general.architecture")?, Some("bitnet-b1.58"));
/// let embedding = file.tensor("token_embd.weight").ok_or("there is no embedding")?;
/// assert_eq!((embedding.columns(), embedding.rows()), (128, 96));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    bytes: &'a [u8],
    /// Where each key begins, so that none is looked for behind the vocabulary of a tokenizer.
    keys: [u32; KEYS_MAX],
    key_count: u32,
    list: List<'a>,
}

impl<'a> File<'a> {
    /// The most keys that are read; the published model has 24.
    pub const KEYS_MAX: usize = KEYS_MAX;
    /// The most tensors that are read; the published model has 332. Each is compared with all.
    pub const TENSORS_MAX: u32 = 4096;
    /// Bytes of a `File`.
    pub const SIZE_MAX: usize = 600;

    /// Reads the header, the keys and the list of tensors of a file.
    ///
    /// # Errors
    /// What is wrong first, by the name of its key or tensor.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const { assert!(size_of::<Self>() <= Self::SIZE_MAX) };
        let mut reader = GgufReader::new(bytes);
        let (tensors, key_count) = header(&mut reader).map_err(Error::header)?;
        let mut file = Self {
            bytes,
            keys: [0; KEYS_MAX],
            key_count: 0,
            list: List {
                entries: &[],
                count: tensors,
                data: &[],
                alignment: ALIGNMENT_DEFAULT,
                q2_0: Type::Q2_0,
            },
        };
        for index in 0..key_count {
            let start = offset(bytes, &reader);
            file.take_key(&mut reader, start, index)?;
        }
        file.list.alignment = file.read_alignment()?;
        file.list.entries = reader.rest();
        for index in 0..tensors {
            Info::read(&mut reader, index)?;
        }
        let end = u64::try_from(bytes.len() - reader.rest().len()).unwrap_or(u64::MAX);
        let start = end.checked_next_multiple_of(file.list.alignment);
        let start = start.and_then(|start| usize::try_from(start).ok());
        file.list.data = start.and_then(|start| bytes.get(start..)).unwrap_or_default();
        file.list.check()?;
        Ok(file)
    }

    fn take_key(
        &mut self,
        reader: &mut GgufReader<'a>,
        start: usize,
        index: u32,
    ) -> Result<(), Error> {
        let at = |reason| Error { place: Place::KeyIndex(index), reason };
        let name = reader.string().map_err(at)?;
        let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
        if length == 0 || length > KEY_BYTES_MAX.into() {
            return Err(at(Reason::NameBytes(length, KEY_BYTES_MAX)));
        }
        let name = core::str::from_utf8(name).map_err(|_| at(Reason::Utf8))?;
        let fault = |reason| Error::key(name, reason);
        if self.find(name).is_some() {
            return Err(fault(Reason::Duplicate));
        }
        let id = reader.u32().map_err(fault)?;
        let kind = Kind::from_id(id).ok_or(Reason::ValueKind(id)).map_err(fault)?;
        value(reader, kind).map_err(fault)?;
        let place = usize::try_from(index).ok().and_then(|index| self.keys.get_mut(index));
        let start = u32::try_from(start).map_err(|_| fault(Reason::End))?;
        *place.ok_or(fault(Reason::End))? = start;
        self.key_count = index + 1;
        Ok(())
    }

    fn read_alignment(&self) -> Result<u64, Error> {
        let Some(found) = self.get(ALIGNMENT_KEY) else { return Ok(ALIGNMENT_DEFAULT) };
        match found {
            Value::U32(alignment) if alignment.is_power_of_two() => Ok(alignment.into()),
            Value::U32(alignment) => {
                Err(Error::key(ALIGNMENT_KEY, Reason::Alignment(alignment.into())))
            }
            other => Err(wanted(ALIGNMENT_KEY, Kind::U32, other.kind())),
        }
    }

    /// A reader behind the name of the key.
    fn find(&self, key: &str) -> Option<GgufReader<'a>> {
        (0..self.key_count).find_map(|index| {
            let (name, reader) = self.key(index)?;
            (name == key.as_bytes()).then_some(reader)
        })
    }

    fn key(&self, index: u32) -> Option<(&'a [u8], GgufReader<'a>)> {
        let start = *self.keys.get(usize::try_from(index).ok()?)?;
        let mut reader = GgufReader::new(self.bytes.get(usize::try_from(start).ok()?..)?);
        Some((reader.string().ok()?, reader))
    }

    /// The keys with their values, in the order of the file.
    #[must_use]
    pub fn keys(&self) -> Keys<'_, 'a> {
        Keys { file: self, next: 0 }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let mut reader = self.find(key)?;
        read_value(&mut reader)
    }

    /// The value of a key that is a string.
    ///
    /// # Errors
    /// When it is something else.
    pub fn string(&self, key: &str) -> Result<Option<&'a str>, Error> {
        self.typed(key, Kind::String, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// The value of a key that is an integer of any width and fits.
    ///
    /// # Errors
    /// When it is something else, or does not fit.
    pub fn u32(&self, key: &str) -> Result<Option<u32>, Error> {
        let number = self.typed(key, Kind::U32, |value| value.unsigned())?;
        let fits =
            |number| u32::try_from(number).map_err(|_| Error::key(key, Reason::Range(number)));
        number.map(fits).transpose()
    }

    /// The value of a key that is an `f32`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn f32(&self, key: &str) -> Result<Option<f32>, Error> {
        self.typed(key, Kind::F32, |value| match value {
            Value::F32(number) => Some(number),
            _ => None,
        })
    }

    /// The value of a key that is true or false.
    ///
    /// # Errors
    /// When it is something else.
    pub fn bool(&self, key: &str) -> Result<Option<bool>, Error> {
        self.typed(key, Kind::Bool, |value| match value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        })
    }

    /// The value of a key that is an array of elements of this kind.
    ///
    /// # Errors
    /// When it is something else.
    pub fn array(&self, key: &str, kind: Kind) -> Result<Option<Array<'a>>, Error> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Array(array)) if array.kind() == kind => Ok(Some(array)),
            Some(Value::Array(array)) => Err(wanted(key, kind, array.kind())),
            Some(other) => Err(wanted(key, Kind::Array, other.kind())),
        }
    }

    fn typed<T>(
        &self,
        key: &str,
        kind: Kind,
        convert: impl Fn(Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(found) = self.get(key) else { return Ok(None) };
        convert(found).map(Some).ok_or_else(|| wanted(key, kind, found.kind()))
    }

    /// The tensors, in the order of the file.
    #[must_use]
    pub fn tensors(&self) -> Tensors<'a> {
        Tensors::new(self.list)
    }

    /// The tensor of this name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<Tensor<'a>> {
        self.tensors().find(name)
    }

    /// How many keys there are.
    #[must_use]
    pub fn key_count(&self) -> u32 {
        self.key_count
    }

    /// How many tensors there are.
    #[must_use]
    pub fn tensor_count(&self) -> u32 {
        self.list.count
    }

    /// What the data of each tensor is aligned to, counted from the beginning of the file.
    #[must_use]
    pub fn alignment(&self) -> u64 {
        self.list.alignment
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

fn wanted(key: &str, wanted: Kind, found: Kind) -> Error {
    Error::key(key, Reason::Wanted { wanted, found })
}

fn offset(bytes: &[u8], reader: &GgufReader<'_>) -> usize {
    bytes.len().saturating_sub(reader.rest().len())
}

fn read_value<'a>(reader: &mut GgufReader<'a>) -> Option<Value<'a>> {
    let kind = Kind::from_id(reader.u32().ok()?)?;
    value(reader, kind).ok()
}

/// Reads the header; answers the numbers of tensors and of keys.
fn header(reader: &mut GgufReader<'_>) -> Result<(u32, u32), Reason> {
    if reader.number()? != MAGIC {
        return Err(Reason::Magic);
    }
    let version = reader.u32()?;
    if version.swap_bytes() == VERSION {
        return Err(Reason::BigEndian);
    }
    if version != VERSION {
        return Err(Reason::Version(version));
    }
    let tensors = reader.u64()?;
    let keys = reader.u64()?;
    let keys_max = u32::try_from(KEYS_MAX).unwrap_or(u32::MAX);
    let bounded = |count: u64, max| u32::try_from(count).ok().filter(|count| *count <= max);
    let tensor_count = bounded(tensors, File::TENSORS_MAX)
        .ok_or(Reason::TensorCount(tensors, File::TENSORS_MAX))?;
    let key_count = bounded(keys, keys_max).ok_or(Reason::KeyCount(keys, keys_max))?;
    Ok((tensor_count, key_count))
}

/// The keys of a file with their values.
#[derive(Clone, Debug)]
pub struct Keys<'f, 'a> {
    file: &'f File<'a>,
    next: u32,
}

impl<'a> Iterator for Keys<'_, 'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.file.key_count {
            return None;
        }
        let (name, mut reader) = self.file.key(self.next)?;
        self.next += 1;
        Some((core::str::from_utf8(name).ok()?, read_value(&mut reader)?))
    }
}
