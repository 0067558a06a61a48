//! What the type of a field is, as far as its tokens tell.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, GenericArgument, Lit, PathArguments, PathSegment, Type};

/// The type of a node.
pub(crate) enum Shape {
    /// `u8` to `i64`.
    Int {
        /// Whether the type alone bounds it well enough for a parameter.
        narrow: bool,
    },
    /// `Decimal<PLACES>`.
    Decimal {
        /// Digits after the point.
        places: u8,
    },
    /// `&str`.
    Text,
    /// `&[T]`, or `[T; N]` with its length.
    Array {
        /// Type of the items.
        item: Box<Node>,
        /// `N`.
        len: Option<Box<Expr>>,
    },
    /// `bool`, an enum, a struct, an alias: what only the compiler knows.
    Other,
}

/// A type with its shape.
pub(crate) struct Node {
    /// The type without `Option`.
    pub(crate) ty: Type,
    /// Whether it stood in an `Option`.
    pub(crate) optional: bool,
    /// What it is.
    pub(crate) shape: Shape,
}

impl Node {
    /// Looks at the type of a field.
    pub(crate) fn new(ty: &Type) -> syn::Result<Self> {
        let ty = bare(ty);
        if let Some(inner) = last_segment(ty).filter(|s| s.ident == "Option").and_then(only_type) {
            let inner = Self::new(inner)?;
            if inner.optional {
                return Err(syn::Error::new(ty.span(), "one `Option` is enough"));
            }
            return Ok(Self { optional: true, ..inner });
        }
        Ok(Self { ty: ty.clone(), optional: false, shape: Shape::new(ty)? })
    }

    /// Looks at the type of an array's items.
    fn item(ty: &Type) -> syn::Result<Box<Self>> {
        let item = Self::new(ty)?;
        if item.optional {
            return Err(syn::Error::new(ty.span(), "items of an array cannot be optional"));
        }
        Ok(Box::new(item))
    }
}

impl Shape {
    fn new(ty: &Type) -> syn::Result<Self> {
        match ty {
            Type::Reference(reference) => match bare(&reference.elem) {
                Type::Slice(slice) => Ok(Self::Array { item: Node::item(&slice.elem)?, len: None }),
                inner if last_segment(inner).is_some_and(|s| s.ident == "str") => Ok(Self::Text),
                _ => Err(syn::Error::new(
                    ty.span(),
                    "of references only `&str` and `&[T]` can be nodes: hold the value itself",
                )),
            },
            Type::Array(array) => Ok(Self::Array {
                item: Node::item(&array.elem)?,
                len: Some(Box::new(array.len.clone())),
            }),
            _ => match last_segment(ty) {
                Some(segment) => Self::path(ty, segment),
                None => Err(syn::Error::new(ty.span(), "this type cannot be a node")),
            },
        }
    }

    fn path(ty: &Type, segment: &PathSegment) -> syn::Result<Self> {
        let name = segment.ident.to_string();
        Ok(match name.as_str() {
            "u8" | "i8" | "u16" | "i16" | "u32" | "i32" => Self::Int { narrow: true },
            "i64" => Self::Int { narrow: false },
            "u64" | "usize" | "isize" | "u128" | "i128" => {
                let text = "whole numbers are at most `i64`: use a type from `u8` to `i64`";
                return Err(syn::Error::new(ty.span(), text));
            }
            "f32" | "f64" => {
                let text = "numbers have a fixed count of digits after the point here: use \
                            `Decimal<1>` for one digit";
                return Err(syn::Error::new(ty.span(), text));
            }
            "String" => return Err(syn::Error::new(ty.span(), "text is borrowed: use `&'a str`")),
            "Vec" => return Err(syn::Error::new(ty.span(), "lists are borrowed: use `&'a [T]`")),
            "Decimal" => Self::Decimal { places: places(segment)? },
            _ => Self::Other,
        })
    }
}

/// The `1` of `Decimal<1>`.
fn places(segment: &PathSegment) -> syn::Result<u8> {
    let error = || {
        let text = "say how many digits stand after the point, 0 to 9, as in `Decimal<1>`";
        syn::Error::new(segment.span(), text)
    };
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Err(error()) };
    match arguments.args.first() {
        Some(GenericArgument::Const(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })))
            if arguments.args.len() == 1 =>
        {
            number.base10_parse().ok().filter(|&places| places <= 9).ok_or_else(error)
        }
        _ => Err(error()),
    }
}

/// The `T` of `Option<T>`.
fn only_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// The type without the parentheses and invisible groups around it.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

impl ToTokens for Node {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        self.ty.to_tokens(tokens);
    }
}
