//! What is emitted in place of the expansion when something is wrong: the errors, the function as
//! it was written, and a companion that does nothing, so that no "cannot find `now`" follows where
//! the task is used.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Error;

use crate::attribute::crate_path;
use crate::expand::private;
use crate::function::Function;
use crate::inherited::Inherited;
use crate::output::{Output, contains_impl};
use crate::signature::{borrows, is_task};

/// The errors, beside what makes the rest of the user's code compile as if there were none.
pub(crate) fn emit(arguments: &TokenStream, item: &TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let Ok(function) = syn::parse2::<Function>(item.clone()) else {
        return quote! { #item #errors };
    };
    // A second `#[task]` would expand to a second companion.
    let attributes = function.attributes.iter().filter(|it| !is_task(it.path()));
    let Function { visibility, signature, written, .. } = &function;
    let companion = signature
        .receiver()
        .is_none()
        .then(|| inert_companion(&function, &private(crate_path(arguments).as_ref())));
    quote! { #(#attributes)* #visibility #written #errors #companion }
}

/// `task` and `delay` with the signatures that they would have, as far as those can be told.
fn inert_companion(function: &Function, private: &TokenStream) -> TokenStream {
    let companion = function.companion();
    let Inherited { on_items, .. } = Inherited::from(&*function.attributes);
    let Function { visibility, signature, .. } = function;
    let parameters: Vec<_> = function.parameters().map(|parameter| &parameter.ty).collect();
    let generics = &signature.generics;
    let conditions = &generics.where_clause;
    let value = match Output::of(&signature.output) {
        Output::Value(ty) | Output::Fallible(ty) if contains_impl(ty) || borrows(ty) => {
            quote!(())
        }
        output => output.value(private),
    };
    quote! {
        #(#on_items)*
        #visibility enum #companion {}

        #(#on_items)*
        impl #companion {
            #visibility fn task #generics(#(_: #parameters),*) -> #private::Task<#value> #conditions {
                #private::unreachable!()
            }

            #visibility fn delay #generics(#(_: #parameters),*)
                -> #private::Result<#private::Handle<#value>, #private::Error> #conditions
            {
                #private::unreachable!()
            }
        }
    }
}
