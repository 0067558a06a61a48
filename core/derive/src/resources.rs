//! `#[derive(Resources)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Variant};

use crate::attribute::ResourceAttributes;
use crate::{node, text};

/// Most bytes of an address: a gateway takes no longer one.
const URI_MAX: usize = 1_024;

/// One variant.
struct Entry {
    ident: Ident,
    is_template: bool,
    uri: LitStr,
    /// Fields of its structure that both kinds have.
    texts: TokenStream,
    mime: String,
    content: Option<TokenStream>,
}

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    node::no_attributes(input)?;
    let Data::Enum(data) = &input.data else {
        return Err(syn::Error::new(input.ident.span(), "`Resources` is for enums"));
    };
    if !input.generics.params.is_empty() {
        return Err(syn::Error::new(input.generics.span(), "lists of resources have no generics"));
    }
    let mut entries: Vec<Entry> = Vec::new();
    for variant in &data.variants {
        let entry = entry(variant)?;
        if entries.iter().any(|other| other.uri.value() == entry.uri.value()) {
            return Err(syn::Error::new(entry.uri.span(), "another variant has this address"));
        }
        entries.push(entry);
    }
    let (resources, resource_arms) = list(&entries, false);
    let (templates, template_arms) = list(&entries, true);
    let mimes = entries.iter().map(|Entry { ident, mime, .. }| quote!(Self::#ident => #mime));
    let contents = entries.iter().filter_map(|Entry { ident, content, .. }| {
        let content = content.as_ref()?;
        Some(quote!(Self::#ident => ::core::option::Option::Some(#content)))
    });
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::trine_descriptor::Resources for #ident {
            const RESOURCES: &'static [::trine_descriptor::Resource<'static>] = &[#(#resources),*];
            const TEMPLATES: &'static [::trine_descriptor::Template<'static>] = &[#(#templates),*];

            fn found(
                found: ::trine_descriptor::lists::Found,
            ) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(match found {
                    #(#resource_arms,)*
                    #(#template_arms,)*
                    _ => return ::core::option::Option::None,
                })
            }

            fn mime(self) -> &'static str {
                match self {
                    #(#mimes,)*
                }
            }

            fn content(self) -> ::core::option::Option<::trine_descriptor::Constant> {
                #[allow(unreachable_patterns)]
                match self {
                    #(#contents,)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    })
}

/// The entries of one list, and the arms that find their variants.
fn list(entries: &[Entry], is_template: bool) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let of = entries.iter().filter(|entry| entry.is_template == is_template);
    let numbered = of.enumerate().map(|(number, Entry { ident, uri, texts, content, .. })| {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let (kind, size) = if is_template {
            (quote!(Template), None)
        } else {
            let size = content.as_ref().map_or_else(|| quote!(0), |it| quote!(#it.size()));
            (quote!(Resource), Some(quote!(size: #size,)))
        };
        let entry = quote!(::trine_descriptor::#kind { uri: #uri, #texts #size });
        let arm = quote!(::trine_descriptor::lists::Found::#kind(#number) => Self::#ident);
        (entry, arm)
    });
    numbered.unzip()
}

fn entry(variant: &Variant) -> syn::Result<Entry> {
    if !matches!(variant.fields, Fields::Unit) {
        return Err(syn::Error::new(variant.span(), "a resource carries no fields"));
    }
    let all = ResourceAttributes::parse(&variant.attrs)?;
    let (uri, is_template) = match (&all.uri, &all.template) {
        (Some(uri), None) => (uri, false),
        (None, Some(template)) => (template, true),
        (None, None) => {
            let text = "a resource needs an address: add `#[trine(uri = \"board://manual\")]`, or \
                        `template` for addresses of one form";
            return Err(syn::Error::new(variant.ident.span(), text));
        }
        (Some(_), Some(_)) => {
            let span = all.template_span.unwrap_or_else(|| variant.span());
            return Err(syn::Error::new(span, "keep `uri` or `template`"));
        }
    };
    check(uri, is_template)?;
    let content = match (&all.text, &all.bytes) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            let span = all.content_span.unwrap_or_else(|| variant.span());
            return Err(syn::Error::new(span, "keep `text` or `bytes`"));
        }
        (Some(text), None) => Some(quote!(::trine_descriptor::Constant::Text(#text))),
        (None, Some(bytes)) => Some(quote!(::trine_descriptor::Constant::Bytes(#bytes))),
    };
    if let (true, Some(span)) = (is_template, all.content_span) {
        let text = "what an address of a template has is read by the program: remove this";
        return Err(syn::Error::new(span, text));
    }
    let name = match &all.name {
        Some(name) if name.value().is_empty() => {
            return Err(syn::Error::new(name.span(), "a name cannot be empty"));
        }
        Some(name) => name.value(),
        None => text::snake_case(&text::plain_name(&variant.ident)),
    };
    let value = |text: &Option<LitStr>| text.as_ref().map_or_else(String::new, LitStr::value);
    let (title, mime) = (value(&all.title), value(&all.mime));
    let description = match &all.description {
        Some(text) => text.value(),
        None => text::doc_comment(&variant.attrs),
    };
    let texts = quote! {
        name: #name, title: #title, description: #description, mime: #mime,
    };
    let (ident, uri) = (variant.ident.clone(), uri.clone());
    Ok(Entry { ident, is_template, uri, texts, mime, content })
}

/// Checks an address by the rules that a gateway has for it.
fn check(uri: &LitStr, is_template: bool) -> syn::Result<()> {
    let text = uri.value();
    let has_scheme = text.find(':').is_some_and(|at| at > 0);
    let is_plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if !has_scheme || !is_plain || text.len() > URI_MAX {
        let text = "an address has a scheme, as in `board://menu`, no spaces, and at most 1024 \
                    bytes";
        return Err(syn::Error::new(uri.span(), text));
    }
    let (mut rest, mut variables) = (text.as_str(), 0);
    while let Some((before, behind)) = rest.split_once(['{', '}']) {
        let opens = rest[before.len()..].starts_with('{');
        let name = behind
            .split_once('}')
            .filter(|_| opens)
            .filter(|(name, _)| !name.is_empty() && !name.contains('{'));
        let Some((_, next)) = name else {
            let text = "a variable is a name in braces, as in `plot://{name}/soil`";
            return Err(syn::Error::new(uri.span(), text));
        };
        (rest, variables) = (next, variables + 1);
    }
    match (is_template, variables) {
        (true, 0) => Err(syn::Error::new(
            uri.span(),
            "a template has a variable, as in `plot://{name}/soil`; an address without one is \
             `uri = …`",
        )),
        (false, 1..) => {
            Err(syn::Error::new(uri.span(), "an address with a variable is `template = …`"))
        }
        _ => Ok(()),
    }
}
