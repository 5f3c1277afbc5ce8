//! [`Parameters`]: the function's parameters, in the forms in which the expansion needs them.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Pat, PatType, Type};

use crate::function::Function;
use crate::output::contains_reference;
use crate::shown::shown;

/// The parameters of the generated functions.
pub(crate) struct Parameters<'a>(Vec<Parameter<'a>>);

struct Parameter<'a> {
    /// The user's name for it, which no other token of the user can refer to.
    ident: Ident,

    /// The user's name or pattern for it, to show.
    shown: String,
    ty: &'a Type,
}

impl<'a> Parameter<'a> {
    fn new((index, parameter): (usize, &'a PatType)) -> Self {
        let ty = &parameter.ty;
        match &*parameter.pat {
            Pat::Ident(pattern) => {
                let mut ident = pattern.ident.clone();
                ident.set_span(Span::mixed_site());
                Self { ident, shown: pattern.ident.to_string(), ty }
            }
            // The other span keeps it apart from a parameter that the user has given this name.
            pattern => Self { ident: format_ident!("argument_{index}"), shown: shown(pattern), ty },
        }
    }
}

impl<'a> Parameters<'a> {
    pub(crate) fn of(function: &'a Function) -> Self {
        Self(function.parameters().enumerate().map(Parameter::new).collect())
    }

    /// As they stand between the parentheses of a signature.
    pub(crate) fn declared(&self) -> TokenStream {
        let declared = self.0.iter().map(|Parameter { ident, ty, .. }| quote!(#ident: #ty,));
        declared.collect()
    }

    /// Their names, as arguments, and as the elements of a tuple.
    pub(crate) fn names(&self) -> TokenStream {
        self.0.iter().map(|Parameter { ident, .. }| quote!(#ident,)).collect()
    }

    /// The type of the tuple of them all.
    pub(crate) fn tuple(&self) -> TokenStream {
        let types = self.0.iter().map(|parameter| parameter.ty);
        quote!((#(#types,)*))
    }

    /// A copy of each, where their names stand for references to them.
    pub(crate) fn copies(&self, private: &TokenStream) -> TokenStream {
        let copy = |Parameter { ident, ty, .. }: &_| quote!(#private::copy::<#ty>(#ident),);
        self.0.iter().map(copy).collect()
    }

    /// Makes the compiler check each type where the user wrote it.
    pub(crate) fn assertions(&self, private: &TokenStream) -> TokenStream {
        let assertion = |Parameter { ty, .. }: &Parameter<'_>| quote_spanned!(ty.span()=> const { #private::assert_argument::<#ty>() };);
        self.0.iter().map(assertion).collect()
    }

    /// What the registration tells of each.
    pub(crate) fn descriptions(&self, private: &TokenStream) -> TokenStream {
        let description = |Parameter { shown: name, ty, .. }: &Parameter<'_>| {
            let obstacle = if contains_reference(ty) {
                quote!(#private::BORROWED)
            } else {
                quote!(#private::Probe::<#ty, ()>::OBSTACLE)
            };
            let ty = shown(ty);
            quote!(#private::Argument { name: #name, ty: #ty, obstacle: #obstacle },)
        };
        self.0.iter().map(description).collect()
    }
}
