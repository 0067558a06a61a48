//! Derives Trine descriptors from Rust types.
#![forbid(unsafe_code)]

mod attribute;
mod choice;
mod node;
mod number;
mod record;
mod shape;
mod text;
mod tool;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// An enum as a choice among labels.
#[proc_macro_derive(Choice, attributes(trine))]
pub fn choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A struct as a result or a part of one.
#[proc_macro_derive(Record, attributes(trine))]
pub fn record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A struct as the parameters of a tool.
#[proc_macro_derive(Tool, attributes(trine))]
pub fn tool(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tool::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
