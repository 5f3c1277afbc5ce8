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

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::{File, Item};

    use super::*;

    fn items(item: &TokenStream) -> Vec<Item> {
        let error = Error::new(Span::call_site(), "wrong");
        let emitted = emit(&quote!(), item, &error);
        syn::parse2::<File>(emitted).unwrap_or_else(|error| panic!("{error}")).items
    }

    #[test]
    fn the_function_keeps_its_companion() {
        let items = items(&quote! {
            #[task(once, 0)]
            pub async fn now<T: Clone>(value: &T) -> Result<T, String> { body() }
        });
        let [Item::Fn(function), Item::Macro(_), Item::Enum(_), Item::Impl(companion)] = &items[..]
        else {
            panic!("{} items", items.len());
        };
        assert!(function.attrs.is_empty(), "a second attribute would be reported again");
        assert_eq!(companion.items.len(), 2);
    }

    #[test]
    fn what_has_no_companion_is_left_alone() {
        assert!(matches!(
            &items(&quote!(
                struct Now;
            ))[..],
            [Item::Struct(_), Item::Macro(_)]
        ));
        let method = emit(
            &quote!(),
            &quote!(
                fn now(&self) {}
            ),
            &Error::new(Span::call_site(), ""),
        );
        assert!(!method.to_string().contains("enum"));
    }
}
