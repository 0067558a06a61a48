//! `#[derive(Choice)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, LitStr};

use crate::{attribute, node, text};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    node::no_attributes(input)?;
    let Data::Enum(data) = &input.data else {
        return Err(syn::Error::new(input.ident.span(), "`Choice` is for enums"));
    };
    if !input.generics.params.is_empty() {
        return Err(syn::Error::new(input.generics.span(), "a choice has no generics"));
    }
    if data.variants.is_empty() {
        return Err(syn::Error::new(input.ident.span(), "a choice has at least one variant"));
    }
    let mut labels: Vec<String> = Vec::new();
    let mut arms = Vec::new();
    for (number, variant) in data.variants.iter().enumerate() {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(syn::Error::new(variant.span(), "a label carries no fields"));
        }
        if let Some((_, discriminant)) = &variant.discriminant {
            let text = "labels are numbered from 0 in order: remove the number";
            return Err(syn::Error::new(discriminant.span(), text));
        }
        let label = match attribute::variant_label(&variant.attrs)? {
            Some(label) => label,
            None => {
                let name = text::snake_case(&text::plain_name(&variant.ident));
                LitStr::new(&name, variant.ident.span())
            }
        };
        text::check_label(&label)?;
        if labels.contains(&label.value()) {
            return Err(syn::Error::new(label.span(), "another variant has this label"));
        }
        labels.push(label.value());
        let (ident, number) = (&variant.ident, u16::try_from(number).unwrap_or(u16::MAX));
        arms.push(quote!(#number => Self::#ident));
    }
    let (ident, labels) = (&input.ident, labels.join("|"));
    Ok(quote! {
        #[automatically_derived]
        impl ::trine_descriptor::Choice for #ident {
            const LABELS: &'static str = #labels;

            fn index(self) -> u16 {
                self as u16
            }

            fn from_index(index: u16) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(match index {
                    #(#arms,)*
                    _ => return ::core::option::Option::None,
                })
            }
        }

        #[automatically_derived]
        impl ::trine_descriptor::Value for #ident {
            const KIND: ::trine_descriptor::Kind<'static> =
                ::trine_descriptor::Kind::Choice(#labels);

            fn write(&self, node: u16, out: &mut ::trine_descriptor::ValueWriter<'_>) {
                out.label(node, ::trine_descriptor::Choice::index(*self));
            }
        }

        #[automatically_derived]
        impl<'args> ::trine_descriptor::typed::FromArgs<'args> for #ident {
            fn read(
                args: &::trine_descriptor::Args<'args>,
                node: u16,
            ) -> ::core::option::Option<Self> {
                <Self as ::trine_descriptor::Choice>::from_index(args.label(node)?)
            }
        }
    })
}
