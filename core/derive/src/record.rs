//! `#[derive(Record)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::node::{self, Role};

pub(crate) fn derive(input: &DeriveInput) -> syn::Result<TokenStream> {
    node::no_attributes(input)?;
    node::only_lifetimes(input)?;
    let members = node::members(input, Role::Output)?;
    let (parts, starts) = node::parts(&members)?;
    let writes = members.iter().zip(starts).map(|(member, start)| {
        let number = quote! {
            base.saturating_add(const { ::trine_descriptor::typed::offset(PARTS, #start) })
        };
        member.write(&number)
    });
    let ident = &input.ident;
    let (generics, arguments, filter) = input.generics.split_for_impl();
    Ok(quote! {
        const _: () = {
            #parts

            #[automatically_derived]
            impl #generics ::trine_descriptor::Record for #ident #arguments #filter {
                const FIELDS: &'static [::trine_descriptor::Field<'static>] = &ALL;

                fn write_fields(
                    &self,
                    base: u16,
                    out: &mut ::trine_descriptor::ValueWriter<'_>,
                ) {
                    let _ = (base, &out);
                    #(#writes)*
                }
            }

            #[automatically_derived]
            impl #generics ::trine_descriptor::Value for #ident #arguments #filter {
                const KIND: ::trine_descriptor::Kind<'static> =
                    ::trine_descriptor::typed::object(PARTS);
                const NODES: &'static [::trine_descriptor::Field<'static>] =
                    <Self as ::trine_descriptor::Record>::FIELDS;

                fn write(&self, node: u16, out: &mut ::trine_descriptor::ValueWriter<'_>) {
                    out.object(node);
                    ::trine_descriptor::Record::write_fields(self, node.saturating_add(1), out);
                }
            }
        };
    })
}
