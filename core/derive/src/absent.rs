//! What holds when a parameter is absent: its default, or that another one requires it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, Type};

use crate::attribute::{DefaultValue, Label};
use crate::node::{Member, at};
use crate::shape::Shape;
use crate::text;

impl Member {
    pub(crate) fn default(&self, kind: &TokenStream) -> syn::Result<TokenStream> {
        let Some(default) = &self.attributes.default else { return Ok(none()) };
        let span = self.attributes.default_span.unwrap_or_else(Span::call_site);
        let fail = |text: &str| Err(syn::Error::new(span, text));
        let ty = text::in_constant(self.node.to_token_stream());
        let literal = match (&self.node.shape, default) {
            (Shape::Int { .. }, DefaultValue::Number(number)) => {
                let value = number.scaled(0)?;
                quote!(Number(#value))
            }
            (Shape::Int { .. }, DefaultValue::Expr(value)) => quote!(Number((#value) as i64)),
            (Shape::Decimal { places }, DefaultValue::Number(number)) => {
                let value = number.scaled(*places)?;
                quote!(Number(#value))
            }
            (Shape::Text, DefaultValue::Text(value)) => quote!(Text(#value)),
            (Shape::Text, DefaultValue::Expr(value)) => quote!(Text(#value)),
            (Shape::Other, DefaultValue::Expr(value)) if is_bool(&self.node.ty) => {
                quote!(Bool(#value))
            }
            (Shape::Other, DefaultValue::Text(label)) if !is_bool(&self.node.ty) => {
                let index = label_index(&ty, label);
                quote!(Label(#index))
            }
            (Shape::Other, DefaultValue::Expr(variant)) => {
                let index = variant_index(&ty, variant);
                quote!(Label(#index))
            }
            (Shape::Int { .. } | Shape::Decimal { .. }, _) => {
                return fail("this default should be a number");
            }
            (Shape::Text, _) => return fail("this default should be a text in quotes"),
            _ => return fail("this default should be of the parameter's type"),
        };
        Ok(quote_spanned! {at(span)=>
            ::core::option::Option::Some(const {
                ::trine_descriptor::typed::default_of(
                    #kind, ::trine_descriptor::Literal::#literal,
                )
            })
        })
    }

    pub(crate) fn condition(&self, members: &[Self]) -> syn::Result<TokenStream> {
        let Some(condition) = &self.attributes.required_if else { return Ok(none()) };
        let wanted = text::plain_name(&condition.other);
        let found = members
            .iter()
            .enumerate()
            .find(|(_, member)| text::plain_name(&member.ident) == wanted);
        let Some((index, other)) = found else {
            let text = format!("there is no parameter `{wanted}` in this struct");
            return Err(syn::Error::new(condition.other.span(), text));
        };
        if !matches!(other.node.shape, Shape::Other) || is_bool(&other.node.ty) {
            let text = format!("`{wanted}` is no choice, so it has no label to compare with");
            return Err(syn::Error::new(condition.other.span(), text));
        }
        let node = u16::try_from(index).unwrap_or(u16::MAX);
        let ty = text::in_constant(other.node.to_token_stream());
        let label = match &condition.label {
            Label::Text(label) => label_index(&ty, label),
            Label::Variant(path) => variant_index(&ty, path),
        };
        Ok(quote! {
            ::core::option::Option::Some(const {
                ::trine_descriptor::Condition { node: #node, label: #label }
            })
        })
    }
}

fn is_bool(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("bool"))
}

fn none() -> TokenStream {
    quote!(::core::option::Option::None)
}

/// The number of a variant; the type is named so that one of another enum is a fault.
fn variant_index(ty: &TokenStream, variant: &impl ToTokens) -> TokenStream {
    quote_spanned! {at(variant.span())=>
        {
            let variant: #ty = #variant;
            variant as u16
        }
    }
}

fn label_index(ty: &TokenStream, label: &LitStr) -> TokenStream {
    quote_spanned! {at(label.span())=>
        ::trine_descriptor::typed::label_index(
            <#ty as ::trine_descriptor::Choice>::LABELS, #label,
        )
    }
}
