//! [`Output`]: what the return type says about the value of an execution.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use crate::shown::shown;

/// The return type, by how the value of an execution is had from it.
pub(crate) enum Output<'a> {
    /// No return type.
    Unit,

    /// `-> !`: there is never a value.
    Never(&'a Type),

    /// The value itself.
    Value(&'a Type),

    /// A type whose last name is `Result`: the value is its `Ok`, an `Err` is a failed execution.
    Fallible(&'a Type),
}

impl<'a> Output<'a> {
    pub(crate) fn of(output: &'a ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else { return Self::Unit };
        match ungrouped(ty) {
            Type::Never(_) => Self::Never(ty),
            Type::Path(path) => match path.path.segments.last() {
                Some(last) if last.ident == "Result" => Self::Fallible(ty),
                _ => Self::Value(ty),
            },
            _ => Self::Value(ty),
        }
    }

    /// The type of the value, to stand in a signature.
    ///
    /// The `Ok` type is had by projection, which sees through aliases such as `io::Result`. An
    /// `impl Trait` cannot be projected: there the first argument of `Result<..>` has to be it.
    pub(crate) fn value(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Unit => quote!(()),
            Self::Never(_) => quote!(#private::Infallible),
            Self::Value(ty) => ty.to_token_stream(),
            Self::Fallible(ty) => {
                if let Some(value) = first_argument(ty).filter(|_| contains_impl(ty)) {
                    value.to_token_stream()
                } else {
                    quote_spanned!(ty.span()=> <#ty as #private::Fallible>::Ok)
                }
            }
        }
    }

    /// The type of the value where it may be left to the compiler. Where it can be named it is,
    /// so that the compiler complains at the place where the user wrote it.
    pub(crate) fn value_or_inferred(&self, private: &TokenStream) -> TokenStream {
        if self.is_named() { self.value(private) } else { quote!(_) }
    }

    /// Turns a call of the function into `Result<value, Failure>`.
    pub(crate) fn outcome(&self, private: &TokenStream, call: &TokenStream) -> TokenStream {
        match self {
            Self::Unit | Self::Value(_) => quote!(#private::Ok(#call)),
            Self::Never(_) => call.clone(),
            Self::Fallible(ty) if self.is_named() => {
                let error = quote_spanned!(ty.span()=> <#ty as #private::Fallible>::Err);
                quote!(#private::outcome::<#ty, #error>(#call))
            }
            Self::Fallible(_) => quote!(#private::outcome(#call)),
        }
    }

    /// Why the value cannot leave the process, as an expression.
    pub(crate) fn obstacle(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Value(ty) | Self::Fallible(ty) if contains_impl(ty) => quote!(#private::UNNAMED),
            Self::Value(ty) | Self::Fallible(ty) if contains_reference(ty) => {
                quote!(#private::BORROWED)
            }
            _ => {
                let value = self.value(private);
                quote!(#private::Probe::<(), #value>::OBSTACLE)
            }
        }
    }

    /// Whether a static can hold a function that returns the value.
    pub(crate) fn is_named(&self) -> bool {
        match self {
            Self::Unit | Self::Never(_) => true,
            Self::Value(ty) | Self::Fallible(ty) => !contains_impl(ty),
        }
    }

    /// The return type, to show.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Unit => "()".to_owned(),
            Self::Never(ty) | Self::Value(ty) | Self::Fallible(ty) => shown(ty),
        }
    }
}

/// The type without the invisible parentheses that `macro_rules!` puts around it.
fn ungrouped(mut ty: &Type) -> &Type {
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    ty
}

fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether `impl Trait` stands anywhere in a type.
pub(crate) fn contains_impl(ty: &impl ToTokens) -> bool {
    any_token(
        ty.to_token_stream(),
        &|token| matches!(token, TokenTree::Ident(ident) if ident == "impl"),
    )
}

/// Whether a reference stands anywhere in a type.
pub(crate) fn contains_reference(ty: &impl ToTokens) -> bool {
    any_token(
        ty.to_token_stream(),
        &|token| matches!(token, TokenTree::Punct(punctuation) if punctuation.as_char() == '&'),
    )
}

fn any_token(tokens: TokenStream, wanted: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => any_token(group.stream(), wanted),
        other => wanted(&other),
    })
}
