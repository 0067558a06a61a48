//! The list of tensors.

use trine_bits::Fnv32;

use super::error::{Error, Name, Place, Reason};
use super::read::GgufReader;
use super::types::Type;

/// The longest name of a tensor, as in ggml.
const NAME_BYTES_MAX: u32 = 63;

/// A tensor of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor<'a> {
    /// Its name.
    pub name: &'a str,
    /// How its elements are stored.
    pub kind: Type,
    /// Elements along each axis, the innermost first; 1 where there is no such axis.
    pub dims: [u64; 4],
    /// How many of `dims` the file gives.
    pub axes: u32,
    /// Its bytes.
    pub data: &'a [u8],
}

impl Tensor<'_> {
    /// Elements of a row.
    #[must_use]
    pub fn columns(&self) -> u64 {
        let [columns, ..] = self.dims;
        columns
    }

    /// Rows, along all axes but the first.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let [_, rows @ ..] = self.dims;
        rows.iter().product()
    }

    /// Elements in all.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.dims.iter().product()
    }
}

/// What the list says of a tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Info<'a> {
    pub(super) name: &'a str,
    pub(super) dims: [u64; 4],
    pub(super) axes: u32,
    pub(super) type_id: u32,
    pub(super) offset: u64,
}

impl<'a> Info<'a> {
    /// Reads and checks the next entry of the list, which has this index.
    pub(super) fn read(reader: &mut GgufReader<'a>, index: u32) -> Result<Self, Error> {
        let at = |reason| Error { place: Place::TensorIndex(index), reason };
        let name = reader.string().map_err(at)?;
        let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
        if length == 0 || length > NAME_BYTES_MAX.into() {
            return Err(at(Reason::NameBytes(length, NAME_BYTES_MAX)));
        }
        let name = core::str::from_utf8(name).map_err(|_| at(Reason::Utf8))?;
        Self::read_rest(reader, name).map_err(|reason| Error::tensor(name, reason))
    }

    fn read_rest(reader: &mut GgufReader<'a>, name: &'a str) -> Result<Self, Reason> {
        let axes = reader.u32()?;
        let mut dims = [1; 4];
        let given = usize::try_from(axes).ok().and_then(|axes| dims.get_mut(..axes));
        let given = given.filter(|given| !given.is_empty()).ok_or(Reason::Dimensions(axes))?;
        for (index, dim) in (0..).zip(given) {
            *dim = reader.u64()?;
            if *dim == 0 {
                return Err(Reason::DimensionZero(index));
            }
        }
        let type_id = reader.u32()?;
        let offset = reader.u64()?;
        let info = Self { name, dims, axes, type_id, offset };
        info.elements()?;
        Ok(info)
    }

    fn elements(&self) -> Result<u64, Reason> {
        let product = self.dims.iter().try_fold(1_u64, |all, dim| all.checked_mul(*dim));
        product.filter(|all| i64::try_from(*all).is_ok()).ok_or(Reason::DimensionsOverflow)
    }

    /// The bytes of the tensor in this type.
    pub(super) fn bytes(&self, kind: Type) -> Result<u64, Reason> {
        let [columns, ..] = self.dims;
        if !columns.is_multiple_of(kind.block()) {
            return Err(Reason::Row(columns, kind));
        }
        let bytes = kind.bytes(self.elements()?);
        bytes.filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or(Reason::DimensionsOverflow)
    }

    /// The type that the id stands for in a file whose `Q2_0` is that one.
    pub(super) fn kind(&self, q2_0: Type) -> Result<Type, Reason> {
        match Type::from_id(self.type_id) {
            Some(Type::Q2_0) => Ok(q2_0),
            Some(kind) => Ok(kind),
            None => Err(match Type::withdrawn(self.type_id) {
                Some(name) => Reason::Withdrawn(self.type_id, name),
                None => Reason::TypeId(self.type_id),
            }),
        }
    }
}

/// What is read of a file of which the keys are read: the list, and the data that it points into.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    /// From the first entry on.
    pub(super) entries: &'a [u8],
    pub(super) count: u32,
    pub(super) data: &'a [u8],
    pub(super) alignment: u64,
    /// What id 42 stands for.
    pub(super) q2_0: Type,
}

impl<'a> List<'a> {
    pub(super) fn infos(&self) -> impl Iterator<Item = Info<'a>> + Clone + use<'a> {
        let mut reader = GgufReader::new(self.entries);
        (0..self.count).map_while(move |index| Info::read(&mut reader, index).ok())
    }

    /// Checks names and data of all tensors, and finds what id 42 stands for.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        self.check_names()?;
        let mut last = None;
        let ordered = self.infos().all(|info| last.replace(info.offset) < Some(info.offset));
        let mut infos = self.infos();
        while let Some(info) = infos.next() {
            if info.type_id != Type::Q2_0.id() {
                continue;
            }
            let room = self.room(&info, ordered.then(|| infos.clone()))?;
            if matches!(info.bytes(Type::Q2_0), Ok(bytes) if bytes > room.bytes)
                && matches!(info.bytes(Type::Q2_0G128), Ok(bytes) if bytes <= room.bytes)
            {
                self.q2_0 = Type::Q2_0G128;
                break;
            }
        }
        let mut infos = self.infos();
        while let Some(info) = infos.next() {
            let room = self.room(&info, ordered.then(|| infos.clone()))?;
            let checked = self.check_one(&info, &room);
            checked.map_err(|reason| Error::tensor(info.name, reason))?;
        }
        Ok(())
    }

    /// Looks for a name that occurs twice. Only a name that meets the mark of another is compared
    /// with all before it, which are few of a sound file.
    fn check_names(&self) -> Result<(), Error> {
        let mut marks = [0_u64; 64];
        for (index, info) in self.infos().enumerate() {
            let hash = Fnv32::new().bytes(info.name.as_bytes()).hash();
            let bit = 1 << (hash & 63);
            let Some(mark) = marks.get_mut((hash >> 26) as usize) else { continue };
            if *mark & bit != 0 && self.infos().take(index).any(|other| other.name == info.name) {
                return Err(Error::tensor(info.name, Reason::Duplicate));
            }
            *mark |= bit;
        }
        Ok(())
    }

    fn check_one(&self, info: &Info<'_>, room: &Room) -> Result<(), Reason> {
        let kind = info.kind(self.q2_0)?;
        let bytes = info.bytes(kind)?;
        if !info.offset.is_multiple_of(self.alignment) {
            return Err(Reason::Misaligned(info.offset));
        }
        // Where padding hides the difference, other tensors decide.
        let padded = |kind| info.bytes(kind).ok()?.checked_next_multiple_of(self.alignment);
        if kind == Type::Q2_0G128
            && padded(Type::Q2_0) == Some(room.bytes)
            && padded(Type::Q2_0G128) != Some(room.bytes)
        {
            return Err(Reason::MixedBlocks);
        }
        if bytes <= room.bytes {
            return Ok(());
        }
        match (kind, room.until) {
            (Type::Mxfp4, _) => Err(Reason::Withdrawn(info.type_id, "TL2")),
            (_, Some(other)) => Err(Reason::Overlap(other)),
            (_, None) => Err(Reason::PastEnd(bytes.saturating_sub(room.bytes))),
        }
    }

    /// How much the data of a tensor can be. Where the data lies in the order of the list, only
    /// the first of those that are `behind` it has a say.
    fn room(
        &self,
        info: &Info<'_>,
        behind: Option<impl Iterator<Item = Info<'a>>>,
    ) -> Result<Room, Error> {
        let end = u64::try_from(self.data.len()).unwrap_or(u64::MAX);
        let mut room = Room { bytes: end.saturating_sub(info.offset), until: None };
        let mut take = |other: &Info<'_>| {
            let name = Name::new(other.name.as_bytes());
            match other.offset.checked_sub(info.offset) {
                Some(0) => return Err(Error::tensor(info.name, Reason::Overlap(name))),
                Some(bytes) if bytes < room.bytes => room = Room { bytes, until: Some(name) },
                _ => {}
            }
            Ok(())
        };
        match behind {
            Some(mut behind) => behind.next().map_or(Ok(()), |other| take(&other))?,
            None => {
                let mut others = self.infos().filter(|other| other.name != info.name);
                others.try_for_each(|other| take(&other))?;
            }
        }
        Ok(room)
    }

    fn tensor(&self, info: &Info<'a>) -> Option<Tensor<'a>> {
        let kind = info.kind(self.q2_0).ok()?;
        let start = usize::try_from(info.offset).ok()?;
        let bytes = usize::try_from(info.bytes(kind).ok()?).ok()?;
        let data = self.data.get(start..)?.get(..bytes)?;
        Some(Tensor { name: info.name, kind, dims: info.dims, axes: info.axes, data })
    }
}

/// The bytes from the beginning of a tensor's data to what follows.
#[derive(Clone, Copy, Debug)]
struct Room {
    bytes: u64,
    /// The tensor that follows; without one it is the end of the file.
    until: Option<Name>,
}

/// The tensors of a file, in its order.
#[derive(Clone, Debug)]
pub struct Tensors<'a> {
    list: List<'a>,
    reader: GgufReader<'a>,
    read: u32,
}

impl<'a> Tensors<'a> {
    pub(super) fn new(list: List<'a>) -> Self {
        Self { list, reader: GgufReader::new(list.entries), read: 0 }
    }

    pub(super) fn find(mut self, name: &str) -> Option<Tensor<'a>> {
        let info = core::iter::from_fn(|| self.info()).find(|info| info.name == name)?;
        self.list.tensor(&info)
    }

    fn info(&mut self) -> Option<Info<'a>> {
        if self.read == self.list.count {
            return None;
        }
        let info = Info::read(&mut self.reader, self.read).ok()?;
        self.read += 1;
        Some(info)
    }
}

impl<'a> Iterator for Tensors<'a> {
    type Item = Tensor<'a>;

    fn next(&mut self) -> Option<Tensor<'a>> {
        let info = self.info()?;
        self.list.tensor(&info)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.list.count.saturating_sub(self.read);
        (0, usize::try_from(left).ok())
    }
}
