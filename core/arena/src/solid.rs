//! What an arena may hold.

/// A value every byte of which is initialised: an arena lays it over bytes that its caller gets
/// back afterwards and may read.
///
/// Numbers, `bool` and arrays of what is solid are; [`solid!`](crate::solid!) makes structures and
/// enumerations so, in safe code. What has padding, or may be uninitialised, cannot be: its caller
/// would read bytes that no one ever wrote.
///
/// ```compile_fail,E0277
/// use core::mem::MaybeUninit;
/// trine_arena::carve::<MaybeUninit<u8>>(&mut [0; 4], 4, MaybeUninit::uninit());
/// ```
///
/// ```compile_fail,E0277
/// trine_arena::Arena::new(&mut [0; 64]).slice(4, core::mem::MaybeUninit::<u8>::uninit());
/// ```
///
/// A tuple may have padding as well:
///
/// ```compile_fail,E0277
/// trine_arena::carve(&mut [0; 64], 4, (1_u8, 2_u32));
/// ```
///
/// Nor is a reference or a pointer solid, whose bytes are no numbers, nor what changes behind a
/// shared reference:
///
/// ```compile_fail,E0277
/// trine_arena::carve(&mut [0; 64], 4, &7_u8);
/// ```
///
/// ```compile_fail,E0277
/// trine_arena::carve(&mut [0; 64], 4, core::ptr::null::<u8>());
/// ```
///
/// ```compile_fail,E0277
/// trine_arena::carve(&mut [0; 64], 4, core::cell::Cell::new(7_u8));
/// ```
///
/// ```compile_fail,E0277
/// trine_arena::carve(&mut [0; 64], 4, [Some(7_u32); 2]);
/// ```
///
/// The trait is sealed: [`solid!`](crate::solid!), whose checks are made while compiling, is the
/// only way to it. An `unsafe impl` by hand does not compile, also where what it promises holds:
///
/// ```compile_fail,E0277
/// #[derive(Clone, Copy)]
/// struct Own { a: u8 }
/// unsafe impl trine_arena::Solid for Own {}
/// ```
///
/// # Safety
/// No value of the type has a byte that is not initialised: it has neither padding nor a union nor
/// a variant that is shorter than others. Nor may such a byte be written through a reference to it.
pub unsafe trait Solid: Copy + sealed::Sealed {}

/// The seal of [`Solid`]. [`solid!`](crate::solid!) is expanded in other crates and has to name it
/// there, so it cannot be private.
#[doc(hidden)]
pub mod sealed {
    /// What is not [`Solid`](super::Solid) by this crate or its macro lacks this.
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl sealed::Sealed for $number {}
        // SAFETY: every byte of it is part of its value.
        unsafe impl Solid for $number {}
    )* };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool);

/// What any bytes are a value of: an arena need not write it before it is read.
///
/// ```compile_fail,E0277
/// trine_arena::Arena::new(&mut [2; 64]).as_it_is::<bool>(4);
/// ```
///
/// # Safety
/// Whatever the bytes of its size are, they are a value of it.
pub unsafe trait Plain: Solid {}

macro_rules! plain {
    ($($number:ty)*) => { $(
        // SAFETY: it is a number, and each pattern of bits is one.
        unsafe impl Plain for $number {}
    )* };
}

plain!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

impl<T: Solid, const N: usize> sealed::Sealed for [T; N] {}
// SAFETY: elements follow each other without padding, and each is initialised.
unsafe impl<T: Solid, const N: usize> Solid for [T; N] {}

/// Makes a structure [`Solid`] when its fields are and there is no padding between them, or an
/// enumeration when no variant has a field; says so while compiling when that is not so. All
/// fields are named with their types.
///
/// ```
/// #[derive(Clone, Copy)]
/// enum Way { Up, Down }
/// trine_arena::solid!(enum Way { Up });
///
/// #[derive(Clone, Copy)]
/// struct Step { by: u16, way: Way, slow: bool }
/// trine_arena::solid!(struct Step { by: u16, way: Way, slow: bool });
///
/// let mut memory = [0; 16];
/// let (steps, _) = trine_arena::carve(&mut memory, 2, Step { by: 1, way: Way::Up, slow: true })
///     .unwrap();
/// steps[1].way = Way::Down;
/// ```
///
/// With padding (a `u32` wants to begin at a multiple of four):
///
/// ```compile_fail,E0080
/// #[derive(Clone, Copy)]
/// struct Padded { a: u8, b: u32 }
/// trine_arena::solid!(struct Padded { a: u8, b: u32 });
/// ```
///
/// With padding behind its fields, which its alignment asks for:
///
/// ```compile_fail,E0080
/// #[derive(Clone, Copy)]
/// #[repr(align(4))]
/// struct Aligned { a: u8 }
/// trine_arena::solid!(struct Aligned { a: u8 });
/// ```
///
/// With a field that is not solid, one that is not named, or one of another type:
///
/// ```compile_fail,E0277
/// #[derive(Clone, Copy)]
/// struct Hole { a: core::mem::MaybeUninit<u8> }
/// trine_arena::solid!(struct Hole { a: core::mem::MaybeUninit<u8> });
/// ```
///
/// ```compile_fail
/// #[derive(Clone, Copy)]
/// struct Two { a: u8, b: core::mem::MaybeUninit<u8> }
/// trine_arena::solid!(struct Two { a: u8 });
/// ```
///
/// ```compile_fail,E0308
/// #[derive(Clone, Copy)]
/// struct Other { a: core::mem::MaybeUninit<u8> }
/// trine_arena::solid!(struct Other { a: u8 });
/// ```
///
/// A union, and an enumeration with a variant that is shorter than another:
///
/// ```compile_fail,E0133
/// #[derive(Clone, Copy)]
/// union Either { a: u32, b: u8 }
/// trine_arena::solid!(struct Either { a: u32 });
/// ```
///
/// ```compile_fail,E0605
/// #[derive(Clone, Copy)]
/// enum Some { Long(u8), Short }
/// trine_arena::solid!(enum Some { Short });
/// ```
///
/// A structure that is called an enumeration and has a number of a variant's name:
///
/// ```compile_fail,E0308
/// #[derive(Clone, Copy)]
/// struct Hole { a: core::mem::MaybeUninit<u8> }
/// impl Hole {
///     const UP: u8 = 1;
/// }
/// trine_arena::solid!(enum Hole { UP });
/// ```
///
/// ```compile_fail,E0605
/// #[derive(Clone, Copy)]
/// struct Hole { a: core::mem::MaybeUninit<u8> }
/// impl Hole {
///     const UP: Self = Self { a: core::mem::MaybeUninit::uninit() };
/// }
/// trine_arena::solid!(enum Hole { UP });
/// ```
#[macro_export]
macro_rules! solid {
    (struct $name:ident { $($(#[$cfg:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        const _: () = {
            const fn is_solid<T: $crate::Solid>() -> usize {
                ::core::mem::size_of::<T>()
            }
            const fn _has_no_other_fields(it: $name) {
                let $name { $($(#[$cfg])* $field),* } = it;
                $($(#[$cfg])* { let _: $kind = $field; })*
            }
            let mut fields = 0;
            $($(#[$cfg])* { fields += is_solid::<$kind>(); })*
            ::core::assert!(::core::mem::size_of::<$name>() == fields, "it has padding");
        };
        impl $crate::sealed::Sealed for $name {}
        // SAFETY: the fields were just seen to be all that there is, to be solid, and to fill it.
        unsafe impl $crate::Solid for $name {}
    };
    (enum $name:ident { $variant:ident $(,)? }) => {
        // Only an enumeration without any field is a number; a constant of it might be of any type.
        const _: u64 = {
            let variant: $name = $name::$variant;
            variant as u64
        };
        impl $crate::sealed::Sealed for $name {}
        // SAFETY: it is its discriminant, every byte of which is initialised.
        unsafe impl $crate::Solid for $name {}
    };
}
