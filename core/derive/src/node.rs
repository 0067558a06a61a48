//! One field of a struct as nodes of a descriptor.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Type};

use crate::attribute::{self, DefaultValue, FieldAttributes, Label, Range};
use crate::number::Bound;
use crate::shape::{Node, Shape};
use crate::text;

/// Where a struct stands: bounds are a duty for parameters and a choice for results.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Params,
    Output,
}

/// A field, read and checked as far as its tokens allow.
pub(crate) struct Member {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) node: Node,
    description: String,
    attributes: FieldAttributes,
    role: Role,
}

impl Member {
    pub(crate) fn new(field: &syn::Field, role: Role) -> syn::Result<Self> {
        let Some(ident) = field.ident.clone() else {
            return Err(syn::Error::new(field.span(), "every field needs a name"));
        };
        let attributes = FieldAttributes::parse(&field.attrs)?;
        let node = Node::new(&field.ty)?;
        let name = attributes.name.as_ref().map_or_else(|| text::plain_name(&ident), LitStr::value);
        let description = match &attributes.description {
            Some(text) => text.value(),
            None => text::doc_comment(&field.attrs),
        };
        let member = Self { ident, name, node, description, attributes, role };
        member.check()?;
        Ok(member)
    }

    /// What can be said without knowing the types.
    fn check(&self) -> syn::Result<()> {
        let fail = |span: Option<Span>, text: &str| match span {
            Some(span) => Err(syn::Error::new(span, text)),
            None => Ok(()),
        };
        let all = &self.attributes;
        if self.name.is_empty() {
            return Err(syn::Error::new(self.ident.span(), "a name cannot be empty"));
        }
        if self.role == Role::Output {
            fail(all.default_span, "a result has no defaults: remove this")?;
            fail(all.required_if_span, "only parameters are required by others: remove this")?;
            return Ok(());
        }
        if self.description.is_empty() {
            let text = format!(
                "parameter `{}` needs a description: write a doc comment above it",
                self.name
            );
            return Err(syn::Error::new(self.ident.span(), text));
        }
        if matches!(self.node.shape, Shape::Array { .. }) {
            let text = "parameters are single values: take one parameter for each item";
            return Err(syn::Error::new(self.node.ty.span(), text));
        }
        if self.node.optional {
            let text = "a parameter with a default always has a value: take the type without \
                        `Option`";
            fail(all.default_span, text)
        } else {
            let text = "this parameter is absent at other times: wrap its type in `Option`";
            fail(all.required_if_span, text)
        }
    }

    /// Expressions of type `&[Field<'static>]`: the node itself, then what is in it.
    pub(crate) fn lists(&self, members: &[Self]) -> syn::Result<Vec<TokenStream>> {
        let (kind, inside) = self.kind(&self.node, true)?;
        let (name, description) = (&self.name, &self.description);
        let unit = self.attributes.unit.as_ref().map_or_else(String::new, LitStr::value);
        let default = self.default(&kind)?;
        let condition = self.condition(members)?;
        let required = !self.node.optional && self.attributes.default.is_none();
        let head = quote! {
            &[::trine_descriptor::Field {
                name: #name,
                description: #description,
                unit: #unit,
                kind: #kind,
                required: #required,
                required_if: #condition,
                default: #default,
            }]
        };
        let mut lists = vec![head];
        lists.extend(inside);
        Ok(lists)
    }

    /// The kind of a node and the lists inside it. `outer` is false for items of an array, which
    /// take the bounds that stand on the field, while `items(…)` bounds their count.
    fn kind(&self, node: &Node, outer: bool) -> syn::Result<(TokenStream, Vec<TokenStream>)> {
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
            ::trine_descriptor::Kind::Int(&const {
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
            ::trine_descriptor::Kind::Decimal(&const {
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

    fn default(&self, kind: &TokenStream) -> syn::Result<TokenStream> {
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
            ::core::option::Option::Some(&const {
                ::trine_descriptor::typed::default_of(
                    #kind, ::trine_descriptor::Literal::#literal,
                )
            })
        })
    }

    fn condition(&self, members: &[Self]) -> syn::Result<TokenStream> {
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
            ::core::option::Option::Some(&const {
                ::trine_descriptor::Condition { node: #node, label: #label }
            })
        })
    }

    /// Statements that write the field as the node whose number the expression `node` tells.
    pub(crate) fn write(&self, node: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        if !self.node.optional {
            return write(&self.node, &quote!(&self.#ident), node);
        }
        let inner = write(&self.node, &quote!(value), node);
        quote! {
            if let ::core::option::Option::Some(value) = &self.#ident {
                #inner
            }
        }
    }
}

fn write(node: &Node, value: &TokenStream, number: &TokenStream) -> TokenStream {
    let Shape::Array { item, .. } = &node.shape else {
        return quote_spanned! {at(node.ty.span())=>
            ::trine_descriptor::Value::write(#value, #number, out);
        };
    };
    let inner = write(item, &quote!(item), &quote!(node.saturating_add(1)));
    quote! {{
        let (items, node) = (#value, #number);
        out.array(node, ::trine_descriptor::typed::count(items.len()));
        for item in items.iter() {
            #inner
        }
    }}
}

/// The span for code that belongs to `span`: errors point there, yet lints know it is generated.
pub(crate) fn at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
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

/// The members of a struct; all faults at once.
pub(crate) fn members(input: &syn::DeriveInput, role: Role) -> syn::Result<Vec<Member>> {
    let syn::Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(input.ident.span(), "this derive is for structs"));
    };
    if let syn::Fields::Unnamed(fields) = &data.fields {
        return Err(syn::Error::new(fields.span(), "name the fields: they are names in JSON"));
    }
    let mut faults: Option<syn::Error> = None;
    let mut members: Vec<Member> = Vec::new();
    for field in &data.fields {
        let member = Member::new(field, role).and_then(|member| {
            match members.iter().any(|other| other.name == member.name) {
                false => Ok(member),
                true => Err(syn::Error::new(member.ident.span(), "another field has this name")),
            }
        });
        match (member, &mut faults) {
            (Ok(member), _) => members.push(member),
            (Err(fault), Some(faults)) => faults.combine(fault),
            (Err(fault), faults @ None) => *faults = Some(fault),
        }
    }
    faults.map_or(Ok(members), Err)
}

/// Refuses generics other than lifetimes, since a descriptor is one constant.
pub(crate) fn only_lifetimes(input: &syn::DeriveInput) -> syn::Result<()> {
    let generic =
        input.generics.params.iter().find(|p| !matches!(p, syn::GenericParam::Lifetime(_)));
    match generic {
        None => Ok(()),
        Some(generic) => Err(syn::Error::new(
            generic.span(),
            "a descriptor is one constant: write a struct for each type in place of a generic one",
        )),
    }
}

/// `PARTS`, the lists of all members, and the number of lists before each member.
pub(crate) fn parts(members: &[Member]) -> syn::Result<(TokenStream, Vec<usize>)> {
    let mut lists = Vec::new();
    let mut starts = Vec::new();
    for member in members {
        starts.push(lists.len());
        lists.extend(member.lists(members)?);
    }
    let parts = quote! {
        const PARTS: &[&[::trine_descriptor::Field<'static>]] = &[#(#lists),*];
        const COUNT: usize = ::trine_descriptor::typed::total(PARTS);
        const ALL: [::trine_descriptor::Field<'static>; COUNT] =
            ::trine_descriptor::typed::concat(PARTS);
    };
    Ok((parts, starts))
}

/// Refuses `#[trine(…)]` on a struct that takes none.
pub(crate) fn no_attributes(input: &syn::DeriveInput) -> syn::Result<()> {
    attribute::none(&input.attrs, "this derive takes no attributes on the type itself")
}
