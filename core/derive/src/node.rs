//! One field of a struct as nodes of a descriptor.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, LitStr};

use crate::attribute::{self, FieldAttributes};
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
    pub(crate) description: String,
    pub(crate) attributes: FieldAttributes,
    pub(crate) role: Role,
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
