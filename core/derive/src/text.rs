//! Names and descriptions, taken from the Rust source.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{Attribute, DeriveInput, Expr, ExprLit, Lit, LitStr, Meta};

/// The name and the description of a tool or prompt: what its attributes give, or the struct's name
/// and doc comment. `what` is what it is called in an error: `a tool`.
pub(crate) fn heading(
    input: &DeriveInput,
    (name, description): (&Option<LitStr>, &Option<LitStr>),
    what: &str,
) -> syn::Result<(String, String)> {
    let own = || snake_case(&plain_name(&input.ident));
    let span = name.as_ref().map_or_else(|| input.ident.span(), LitStr::span);
    let name = name.as_ref().map_or_else(own, LitStr::value);
    check_tool_name(&name, span)?;
    let own = || doc_comment(&input.attrs);
    let description = description.as_ref().map_or_else(own, LitStr::value);
    if description.is_empty() {
        let text = format!("{what} needs a description: write a doc comment above the struct");
        return Err(syn::Error::new(input.ident.span(), text));
    }
    Ok((name, description))
}

/// `LightSet` as `light_set`, `HTTPGet` as `http_get`, `Zone2` as `zone2`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, &letter) in letters.iter().enumerate() {
        if !letter.is_uppercase() {
            snake.push(letter);
            continue;
        }
        let before = i.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(i + 1);
        let starts_word = match before {
            None | Some('_') => false,
            Some(before) if before.is_uppercase() => after.is_some_and(|a| a.is_lowercase()),
            Some(_) => true,
        };
        if starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The name of an identifier as a person writes it: `r#type` is `type`.
pub(crate) fn plain_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}

/// The doc comment, its lines joined by one space; empty where there is none.
pub(crate) fn doc_comment(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        if !pair.path.is_ident("doc") {
            continue;
        }
        let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value else { continue };
        for word in line.value().split_whitespace() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
    text
}

/// Checks `[A-Za-z0-9_-]{1,64}`, which is what MCP clients take as a tool's name.
pub(crate) fn check_tool_name(name: &str, span: Span) -> syn::Result<()> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(legal) {
        return Ok(());
    }
    let text = format!(
        "`{name}` cannot name a tool: use 1 to 64 of the characters A-Z, a-z, 0-9, `_` and `-`"
    );
    Err(syn::Error::new(span, text))
}

/// Checks a label of a choice.
pub(crate) fn check_label(label: &LitStr) -> syn::Result<()> {
    let text = label.value();
    if text.is_empty() || text.contains('|') {
        return Err(syn::Error::new(label.span(), "a label is not empty and holds no `|`"));
    }
    Ok(())
}

/// The same tokens with every lifetime made `'static`, as types stand in constants.
pub(crate) fn in_constant(tokens: TokenStream) -> TokenStream {
    let mut after_quote = false;
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => {
                after_quote = false;
                let inside = in_constant(group.stream());
                let mut copy = proc_macro2::Group::new(group.delimiter(), inside);
                copy.set_span(group.span());
                TokenTree::Group(copy)
            }
            TokenTree::Ident(ident) if after_quote => {
                after_quote = false;
                TokenTree::Ident(Ident::new("static", ident.span()))
            }
            token => {
                after_quote = matches!(&token, TokenTree::Punct(p) if p.as_char() == '\'');
                token
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn names_become_snake_case() {
        for (rust, name) in [
            ("LightSet", "light_set"),
            ("Grow", "grow"),
            ("HTTPGet", "http_get"),
            ("ReadADC", "read_adc"),
            ("Zone2On", "zone2_on"),
            ("Already_Split", "already_split"),
        ] {
            assert_eq!(snake_case(rust), name);
        }
    }

    #[test]
    fn doc_lines_are_joined_by_one_space() {
        let input: syn::DeriveInput = syn::parse_quote! {
            /// Set the fan;
            ///   0 stops it.
            ///
            /// It holds.
            struct FanSet;
        };
        assert_eq!(doc_comment(&input.attrs), "Set the fan; 0 stops it. It holds.");
    }

    #[test]
    fn lifetimes_in_constants_are_static() {
        let tokens = in_constant(quote!(&'a [Timer<'b, 'static>]));
        assert_eq!(tokens.to_string(), quote!(&'static [Timer<'static, 'static>]).to_string());
    }
}
