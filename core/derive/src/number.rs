//! Numbers in attributes, kept as the digits that were written.

use crate::node::at;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, Lit, Token};

/// A number as written: `5`, `-0.5`.
#[derive(Clone)]
pub(crate) struct Number {
    negative: bool,
    /// Decimal digits with at most one point among them.
    digits: String,
    span: Span,
}

impl Number {
    /// The number times `10^places`, exactly.
    pub(crate) fn scaled(&self, places: u8) -> syn::Result<i64> {
        let (whole, fraction) = self.digits.split_once('.').unwrap_or((&self.digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let places = usize::from(places);
        if fraction.len() > places {
            let text = match places {
                0 => {
                    format!("`{}` is not a whole number: write one, or use `Decimal`", self.text())
                }
                _ => format!(
                    "`{}` has more digits after the point than `Decimal<{places}>` holds: shorten \
                     it, or use `Decimal<{}>`",
                    self.text(),
                    fraction.len()
                ),
            };
            return Err(syn::Error::new(self.span, text));
        }
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{whole}{fraction:0<places$}").parse().map_err(|_| {
            syn::Error::new(self.span, format!("`{}` does not fit 64 bits", self.text()))
        })
    }

    fn text(&self) -> String {
        format!("{}{}", if self.negative { "-" } else { "" }, self.digits)
    }

    /// Whether a number, perhaps with a sign, comes next.
    pub(crate) fn is_next(input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        if ahead.peek(Token![-]) && ahead.parse::<Token![-]>().is_err() {
            return false;
        }
        ahead.peek(syn::LitInt) || ahead.peek(syn::LitFloat)
    }

    /// Where it stands.
    pub(crate) const fn span(&self) -> Span {
        self.span
    }
}

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let negative = input.parse::<Option<Token![-]>>()?.is_some();
        let literal: Lit = input.parse()?;
        let (digits, suffix) = match &literal {
            Lit::Int(number) => (number.base10_digits(), number.suffix()),
            Lit::Float(number) => (number.base10_digits(), number.suffix()),
            _ => return Err(syn::Error::new(literal.span(), "this should be a number")),
        };
        if !suffix.is_empty() || digits.contains(['e', 'E']) {
            let text = "write the number in plain digits, without an exponent or a suffix";
            return Err(syn::Error::new(literal.span(), text));
        }
        Ok(Self { negative, digits: digits.to_owned(), span: literal.span() })
    }
}

/// One side of a range.
#[derive(Clone)]
pub(crate) enum Bound {
    /// `open`: there is none.
    Open(Span),
    /// A number.
    Number(Number),
    /// A constant; for whole numbers only.
    Expr(Expr),
}

impl Bound {
    /// The bound times `10^places` as an expression of type `i64`.
    pub(crate) fn tokens(
        &self,
        places: Option<u8>,
        open: &TokenStream,
    ) -> syn::Result<TokenStream> {
        match self {
            Self::Open(_) => Ok(open.clone()),
            Self::Number(number) => {
                let value = number.scaled(places.unwrap_or(0))?;
                Ok(quote_spanned!(at(number.span())=> #value))
            }
            Self::Expr(expr) if places.is_none() => {
                let span = syn::spanned::Spanned::span(expr);
                Ok(quote_spanned!(at(span)=> (#expr) as i64))
            }
            Self::Expr(expr) => Err(syn::Error::new_spanned(
                expr,
                "the bound of a decimal is written as a number, such as `0.5`",
            )),
        }
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Open(span) => *span,
            Self::Number(number) => number.span(),
            Self::Expr(expr) => syn::spanned::Spanned::span(expr),
        }
    }
}

impl Parse for Bound {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if ahead.parse::<Ident>().is_ok_and(|ident| ident == "open")
            && (ahead.is_empty() || ahead.peek(Token![,]))
        {
            return Ok(Self::Open(input.parse::<Ident>()?.span()));
        }
        if Number::is_next(input) {
            return input.parse().map(Self::Number);
        }
        input.parse().map(Self::Expr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(text: &str, places: u8) -> Option<i64> {
        syn::parse_str::<Number>(text).ok()?.scaled(places).ok()
    }

    #[test]
    fn numbers_are_scaled_exactly() {
        for (text, places, value) in [
            ("5", 1, 50),
            ("0.5", 1, 5),
            ("-0.5", 1, -5),
            ("21.50", 1, 215),
            ("0.1", 9, 100_000_000),
            ("1_000", 0, 1000),
            ("0x10", 2, 1600),
            ("-9223372036854775808", 0, i64::MIN),
            ("9223372036854775807", 0, i64::MAX),
            ("922337203685477580.7", 1, i64::MAX),
        ] {
            assert_eq!(scaled(text, places), Some(value), "{text}");
        }
        for (text, places) in
            [("0.25", 1), ("0.5", 0), ("1e3", 0), ("5u8", 0), ("9223372036854775808", 0)]
        {
            assert_eq!(scaled(text, places), None, "{text}");
        }
    }
}
