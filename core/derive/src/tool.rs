//! `#[derive(Tool)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, LitStr};

use crate::attribute::ToolAttributes;
use crate::node::{self, Member, Role};
use crate::text;

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    node::only_lifetimes(input)?;
    let attributes = ToolAttributes::parse(&input.attrs)?;
    let info = info(input, &attributes)?;
    let members = node::members(input, Role::Params)?;
    let (parts, _) = node::parts(&members)?;
    let output = output(&attributes)?;
    let reads = reads(&members);
    let (ident, vis) = (&input.ident, &input.vis);
    let (generics, arguments, filter) = input.generics.split_for_impl();
    let (read_generics, lifetime) = lifetime(input)?;
    let doc = format!("The descriptor of `{}`.", info.name);
    let info = info.tokens;
    Ok(quote! {
        const _: () = {
            #parts

            #[automatically_derived]
            impl #generics #ident #arguments #filter {
                #[doc = #doc]
                #vis const TOOL: ::trine_descriptor::Tool<'static> =
                    ::trine_descriptor::Tool::new(#info, &ALL, #output);
            }

            #[automatically_derived]
            impl #read_generics ::trine_descriptor::ToolParams<#lifetime>
                for #ident #arguments #filter
            {
                fn read(
                    args: &::trine_descriptor::Args<#lifetime>,
                ) -> ::core::option::Option<Self> {
                    let _ = args;
                    ::core::option::Option::Some(Self { #(#reads,)* })
                }
            }
        };
    })
}

/// Members of a struct expression, each read from its parameter.
pub(crate) fn reads(members: &[Member]) -> impl Iterator<Item = TokenStream> {
    members.iter().enumerate().map(|(index, member)| {
        let ident = &member.ident;
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        quote_spanned! {node::at(member.node.ty.span())=>
            #ident: ::trine_descriptor::typed::FromArgs::read(args, #index)?
        }
    })
}

struct Info {
    name: String,
    tokens: TokenStream,
}

fn info(input: &DeriveInput, all: &ToolAttributes) -> syn::Result<Info> {
    let (name, description) = text::heading(input, (&all.name, &all.description), "a tool")?;
    let text = |text: &Option<LitStr>| text.as_ref().map_or_else(String::new, LitStr::value);
    let (title, version) = (text(&all.title), text(&all.version));
    let annotations = flags(
        [
            (all.read_only, "READ_ONLY"),
            (all.destructive, "DESTRUCTIVE"),
            (all.idempotent, "IDEMPOTENT"),
            (all.open_world, "OPEN_WORLD"),
        ],
        "Annotations",
    );
    let fail_safe = flags([(all.on_link_lost, "LINK_LOST"), (all.on_reset, "RESET")], "FailSafe");
    let consent = all.consent.clone();
    let consent = consent.unwrap_or_else(|| syn::Ident::new("None", Span::call_site()));
    let number = |n: &Option<syn::LitInt>| n.as_ref().map_or_else(|| quote!(0), |n| quote!(#n));
    let (deadline_ms, pending_bytes) = (number(&all.deadline_ms), number(&all.pending_bytes));
    let content = all.content.is_some();
    let tokens = quote! {
        ::trine_descriptor::ToolInfo {
            name: #name,
            title: #title,
            description: #description,
            version: #version,
            annotations: #annotations,
            consent: ::trine_descriptor::Consent::#consent,
            fail_safe: #fail_safe,
            limits: ::trine_descriptor::Limits {
                deadline_ms: #deadline_ms,
                pending_bytes: #pending_bytes,
            },
            content: #content,
        }
    };
    Ok(Info { name, tokens })
}

fn flags<const N: usize>(flags: [(bool, &str); N], ty: &str) -> TokenStream {
    let ty = syn::Ident::new(ty, Span::call_site());
    let set = flags.iter().filter(|(set, _)| *set).map(|(_, name)| {
        let name = syn::Ident::new(name, Span::call_site());
        quote!(| ::trine_descriptor::#ty::#name)
    });
    quote!(::trine_descriptor::#ty(0 #(#set)*))
}

fn output(all: &ToolAttributes) -> syn::Result<TokenStream> {
    match (&all.output, all.content) {
        (Some(_), Some(span)) => Err(syn::Error::new(
            span,
            "a tool answers content blocks or a structured result: keep `content` or `output`",
        )),
        (Some(ty), None) => {
            let span = ty.span();
            let ty = text::in_constant(ty.to_token_stream());
            Ok(quote_spanned!(node::at(span)=> <#ty as ::trine_descriptor::Record>::FIELDS))
        }
        (None, _) => Ok(quote!(&[])),
    }
}

/// The generics of `impl ToolParams` and the lifetime of the arguments.
pub(crate) fn lifetime(input: &DeriveInput) -> syn::Result<(TokenStream, TokenStream)> {
    let mut lifetimes = input.generics.lifetimes();
    let first = lifetimes.next();
    if let Some(second) = lifetimes.next() {
        let text = "parameters borrow from one buffer: one lifetime is enough";
        return Err(syn::Error::new(second.span(), text));
    }
    Ok(match first {
        None => (quote!(<'args>), quote!('args)),
        Some(first) => {
            let name = &first.lifetime;
            (quote!(<#first>), quote!(#name))
        }
    })
}
