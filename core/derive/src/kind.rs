//! The kind of a node: its type with the bounds that stand on the field.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::attribute::Range;
use crate::node::{Member, Role, at};
use crate::number::Bound;
use crate::shape::{Node, Shape};
use crate::text;

impl Member {
    /// The kind of a node and the lists inside it. `outer` is false for items of an array, which
    /// take the bounds that stand on the field, while `items(…)` bounds their count.
    pub(crate) fn kind(
        &self,
        node: &Node,
        outer: bool,
    ) -> syn::Result<(TokenStream, Vec<TokenStream>)> {
        if outer {
            self.misplaced()?;
        }
        let ty = text::in_constant(node.to_token_stream());
        match &node.shape {
            Shape::Int { narrow } => Ok((self.int(&ty, *narrow)?, Vec::new())),
            Shape::Decimal { places } => Ok((self.decimal(*places)?, Vec::new())),
            Shape::Text => Ok((self.text()?, Vec::new())),
            Shape::Array { item, len } => {
                let (item_kind, inside) = self.kind(item, false)?;
                let mut lists = vec![quote! {
                    &[::trine_descriptor::Field::new("", #item_kind)]
                }];
                lists.extend(inside);
                let (min, max) = match (&self.attributes.items, len) {
                    (Some(range), None) if outer => self.items(range)?,
                    (None, Some(len)) => (quote!((#len) as usize), quote!((#len) as usize)),
                    _ => (quote!(0), quote!(usize::MAX)),
                };
                let kind = quote_spanned! {at(node.ty.span())=>
                    const { ::trine_descriptor::typed::array(&[#(#lists),*], #min, #max) }
                };
                Ok((kind, lists))
            }
            Shape::Other => {
                let kind = quote_spanned! {at(node.ty.span())=>
                    <#ty as ::trine_descriptor::Value>::KIND
                };
                let nodes = quote_spanned! {at(node.ty.span())=>
                    <#ty as ::trine_descriptor::Value>::NODES
                };
                Ok((kind, vec![nodes]))
            }
        }
    }

    /// Refuses bounds that the type cannot have.
    fn misplaced(&self) -> syn::Result<()> {
        let all = &self.attributes;
        let mut inner = &self.node;
        let mut counted = false;
        while let Shape::Array { item, len } = &inner.shape {
            counted |= len.is_none();
            inner = item;
        }
        let number = matches!(inner.shape, Shape::Int { .. } | Shape::Decimal { .. });
        let decimal = matches!(inner.shape, Shape::Decimal { .. });
        let text = matches!(inner.shape, Shape::Text);
        let span = |bound: &Option<Bound>| bound.as_ref().map(Bound::span);
        for (fits, span, text) in [
            (number, span(&all.min), "`min` is for whole numbers and `Decimal`, written out here"),
            (number, span(&all.max), "`max` is for whole numbers and `Decimal`, written out here"),
            (decimal, span(&all.step), "`step` is for `Decimal`, written out here"),
            (text, all.len_span, "a length is for `&str`; the count of a list is `items(max = …)`"),
            (counted, all.items_span, "`items` is for `&[T]`; `[T; N]` always holds N"),
        ] {
            if let (false, Some(span)) = (fits, span) {
                return Err(syn::Error::new(span, text));
            }
        }
        Ok(())
    }

    /// One side of a range; without an attribute it is what `natural` says, if it may.
    fn side(
        &self,
        bound: Option<&Bound>,
        places: Option<u8>,
        open: &TokenStream,
        natural: Option<TokenStream>,
        missing: &str,
    ) -> syn::Result<TokenStream> {
        match (bound, natural) {
            (Some(Bound::Open(span)), _) if self.role == Role::Params => {
                Err(syn::Error::new(*span, "every parameter is bounded: give a number"))
            }
            (Some(bound), _) => bound.tokens(places, open),
            (None, Some(natural)) => Ok(natural),
            (None, None) if self.role == Role::Output => Ok(open.clone()),
            (None, None) => Err(syn::Error::new(self.node.ty.span(), missing)),
        }
    }

    fn int(&self, ty: &TokenStream, narrow: bool) -> syn::Result<TokenStream> {
        let all = &self.attributes;
        let missing = format!(
            "parameter `{}` needs bounds: add `#[trine(min = …, max = …)]`, or use a smaller type",
            self.name
        );
        let natural = |end| {
            narrow.then(|| quote! {
                ::trine_descriptor::typed::natural(<#ty as ::trine_descriptor::Value>::KIND).#end
            })
        };
        let (low, high) = (quote!(min), quote!(max));
        let min = self.side(all.min.as_ref(), None, &quote!(i64::MIN), natural(low), &missing)?;
        let max = self.side(all.max.as_ref(), None, &quote!(i64::MAX), natural(high), &missing)?;
        Ok(quote_spanned! {at(self.node.ty.span())=>
            ::trine_descriptor::Kind::Int(const {
                ::trine_descriptor::typed::int_range(
                    #min, #max, <#ty as ::trine_descriptor::Value>::KIND,
                )
            })
        })
    }

    fn decimal(&self, places: u8) -> syn::Result<TokenStream> {
        let all = &self.attributes;
        let missing =
            format!("parameter `{}` needs bounds: add `#[trine(min = …, max = …)]`", self.name);
        let scale = Some(places);
        let min = self.side(all.min.as_ref(), scale, &quote!(i64::MIN), None, &missing)?;
        let max = self.side(all.max.as_ref(), scale, &quote!(i64::MAX), None, &missing)?;
        // Without a step the schema would take digits that a parameter cannot hold.
        let natural = (self.role == Role::Params).then(|| quote!(1));
        let step = self.side(all.step.as_ref(), scale, &quote!(0), natural, &missing)?;
        let span = all.min.as_ref().map_or(self.node.ty.span(), Bound::span);
        Ok(quote_spanned! {at(span)=>
            ::trine_descriptor::Kind::Decimal(const {
                ::trine_descriptor::typed::decimal_range(#min, #max, #step, #places)
            })
        })
    }

    fn text(&self) -> syn::Result<TokenStream> {
        let none = Range::default();
        let len = self.attributes.len.as_ref().unwrap_or(&none);
        let missing = format!(
            "parameter `{}` needs a longest length: add `#[trine(max_len = …)]`, in characters",
            self.name
        );
        let open = quote!(i64::MAX);
        let min = self.side(len.min.as_ref(), None, &quote!(0), Some(quote!(0)), &missing)?;
        let max = self.side(len.max.as_ref(), None, &open, None, &missing)?;
        let span = self.attributes.len_span.unwrap_or_else(|| self.node.ty.span());
        Ok(quote_spanned! {at(span)=>
            const { ::trine_descriptor::typed::text(#min, #max) }
        })
    }

    fn items(&self, range: &Range) -> syn::Result<(TokenStream, TokenStream)> {
        let min = self.side(range.min.as_ref(), None, &quote!(0), Some(quote!(0)), "")?;
        let open = quote!(i64::MAX);
        let max = self.side(range.max.as_ref(), None, &open, Some(open.clone()), "")?;
        let max = quote!(if #max == i64::MAX { usize::MAX } else { (#max) as usize });
        Ok((quote!((#min) as usize), max))
    }
}
