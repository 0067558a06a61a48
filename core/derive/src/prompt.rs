//! `#[derive(Prompt)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{DeriveInput, LitStr};

use crate::attribute::PromptAttributes;
use crate::node::{self, Member, Role};
use crate::shape::Shape;
use crate::{text, tool};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    node::only_lifetimes(input)?;
    let attributes = PromptAttributes::parse(&input.attrs)?;
    let given = (&attributes.name, &attributes.description);
    let (name, description) = text::heading(input, given, "a prompt")?;
    let title = attributes.title.as_ref().map_or_else(String::new, LitStr::value);
    let members = node::members(input, Role::Params)?;
    members.iter().try_for_each(is_argument)?;
    let (parts, _) = node::parts(&members)?;
    let reads = tool::reads(&members);
    let (ident, vis) = (&input.ident, &input.vis);
    let (generics, arguments, filter) = input.generics.split_for_impl();
    let (read_generics, lifetime) = tool::lifetime(input)?;
    let doc = format!("The descriptor of the prompt `{name}`.");
    Ok(quote! {
        const _: () = {
            #parts

            #[automatically_derived]
            impl #generics #ident #arguments #filter {
                #[doc = #doc]
                #vis const PROMPT: ::trine_descriptor::Prompt<'static> = {
                    assert!(
                        ::trine_descriptor::resources::are_arguments(&ALL),
                        "an argument of a prompt is a text or a choice",
                    );
                    ::trine_descriptor::Prompt::new(#name, #description, &ALL).titled(#title)
                };
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

/// Refuses what MCP has no argument for, as far as the tokens tell; the rest is a fault of the
/// build.
fn is_argument(member: &Member) -> syn::Result<()> {
    let is_bool = matches!(&member.node.ty, syn::Type::Path(path) if path.path.is_ident("bool"));
    match member.node.shape {
        Shape::Text => Ok(()),
        Shape::Other if !is_bool => Ok(()),
        _ => {
            let text = "an argument of a prompt is a text or a choice: use `&'a str` or an enum \
                        with `Choice`";
            Err(syn::Error::new(member.node.ty.span(), text))
        }
    }
}
