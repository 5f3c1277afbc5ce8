//! The expansion: the function as it was written, and beside it an empty enum of the same name,
//! in the namespace of types, that bears `task`, `delay` and the registration.
//!
//! An enum and not a module, because a module cannot see the body of the function that it stands
//! in: so a task may be declared in a test or a closure, with types of that scope. `use m::now`
//! brings the function and the enum together.
//!
//! All that is generated has call-site spans, apart from parameters and what a caret must point
//! at; with the names taken from [`Function::companion`] no lint looks into it.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Ident, Path, Result, Visibility};

use crate::attribute::Arguments;
use crate::errors::Errors;
use crate::function::Function;
use crate::inherited::Inherited;
use crate::output::{Output, contains_reference};
use crate::parameters::Parameters;
use crate::{calls, document, signature};

/// Expands `#[task(arguments)] item`, or says everything that is wrong with it.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let arguments = errors.take(Arguments::read(arguments));
    let function = errors.take(syn::parse2::<Function>(item));
    if let Some(function) = &function {
        signature::check(function, &mut errors);
    }
    let (function, arguments) = errors.finish(function.zip(arguments))?;
    let companion = Expansion::new(&function, &arguments).companion();
    let allow = allow_owned_parameters(&function);
    let Function { attributes, visibility, written, .. } = &function;
    Ok(quote! { #allow #(#attributes)* #visibility #written #companion })
}

/// Where the expansion finds what it names.
pub(crate) fn private(crate_path: Option<&Path>) -> TokenStream {
    crate_path.map_or_else(|| quote!(::pysched::__private), |path| quote!(#path::__private))
}

/// A task has to own its parameters, which clippy would rather see borrowed.
fn allow_owned_parameters(function: &Function) -> Option<TokenStream> {
    function.parameters().next()?;
    Some(quote! {
        #[allow(clippy::needless_pass_by_value, reason = "a task owns its arguments")]
    })
}

/// Everything that the parts of one expansion share.
struct Expansion<'a> {
    arguments: &'a Arguments,
    companion: Ident,
    visibility: &'a Visibility,
    inherited: Inherited,
    parameters: Parameters<'a>,
    output: Output<'a>,
    private: TokenStream,
}

impl<'a> Expansion<'a> {
    fn new(function: &'a Function, arguments: &'a Arguments) -> Self {
        Self {
            arguments,
            companion: function.companion(),
            visibility: &function.visibility,
            inherited: Inherited::from(&*function.attributes),
            parameters: Parameters::of(function),
            output: Output::of(&function.signature.output),
            private: private(arguments.options.crate_path.as_ref()),
        }
    }

    /// The enum and what it can do.
    fn companion(&self) -> TokenStream {
        let Self { companion, visibility, .. } = self;
        let attributes = &self.inherited.on_items;
        let document = document::companion(companion, self.arguments);
        let task = self.task();
        let delay = self.delay();
        quote! {
            #(#attributes)*
            #[doc = #document]
            #[allow(clippy::exhaustive_enums, reason = "there will never be a value of it")]
            #visibility enum #companion {}

            #(#attributes)*
            impl #companion {
                #task
                #delay
            }
        }
    }

    /// `now::task`, in whose body everything else is kept out of the user's scope.
    fn task(&self) -> TokenStream {
        let Self { visibility, private, .. } = self;
        let attributes = &self.inherited.on_functions;
        let document = document::task(&self.companion, self.arguments);
        let (parameters, names) = (self.parameters.declared(), self.parameters.names());
        let value = self.output.value(private);
        let inferred = self.output.value_or_inferred(private);
        let assertions = self.parameters.assertions(private);
        let Registered { items, call } = self.registered();
        let calls = calls::of(self.arguments, private);
        quote! {
            #(#attributes)*
            #[doc = #document]
            #visibility fn task(#parameters) -> #private::Task<#value> {
                #assertions
                #items
                #private::task::<_, #inferred>(&__PYSCHED_REGISTRATION, #call, (#names)) #calls
            }
        }
    }

    /// `now::delay`, if there is a scheduler to add the task to.
    fn delay(&self) -> Option<TokenStream> {
        let Self { visibility, private, .. } = self;
        let scheduler = self.arguments.scheduler.as_ref()?;
        let attributes = &self.inherited.on_functions;
        let document = document::delay(&self.companion, scheduler, self.arguments);
        let (parameters, names) = (self.parameters.declared(), self.parameters.names());
        let value = self.output.value(private);
        let inferred = self.output.value_or_inferred(private);
        // As an argument, a reference to whatever the expression is gets dereferenced as often as it
        // takes to come to a `Scheduler`: from a lazy static, an `Arc`, a call that lends one. The
        // `match` keeps a temporary alive, and the type of the argument out of the expression.
        let bound =
            Ident::new("__pysched_scheduler", scheduler.span().resolved_at(Span::mixed_site()));
        Some(quote! {
            #(#attributes)*
            #[doc = #document]
            #visibility fn delay(#parameters)
                -> #private::Result<#private::Handle<#value>, #private::Error>
            {
                match &#scheduler {
                    #bound => #private::add::<#inferred>(#bound, Self::task(#names)),
                }
            }
        })
    }

    /// What describes the function to the scheduler and to other processes.
    fn registered(&self) -> Registered {
        let Self { companion, private, parameters, output, .. } = self;
        let tuple = parameters.tuple();
        let value = output.value(private);
        let call = self.call(&tuple);
        // A static can hold only what has a name, and no trait bound can tell whether a type
        // borrows: such functions have no codec, and are called as they are.
        let portable = output.is_named() && !contains_reference(&tuple);
        let (function, reference, call) = if portable {
            let function = quote! {
                static __PYSCHED_FUNCTION: #private::Function<#tuple, #value> = #private::Function {
                    call: #call,
                    codec: #private::Probe::<#tuple, #value>::CODEC,
                };
            };
            (function, quote!(#private::Some(&__PYSCHED_FUNCTION)), quote!(__PYSCHED_FUNCTION.call))
        } else {
            (TokenStream::new(), quote!(#private::None), call)
        };
        let name = if let Some(name) = &self.arguments.options.name {
            quote!(|| #name)
        } else {
            quote!(#private::type_name::<#companion>)
        };
        let arguments = parameters.descriptions(private);
        let (ty, obstacle) = (output.shown(), output.obstacle(private));
        let items = quote! {
            use #private::Unportable as _;
            #function
            static __PYSCHED_REGISTRATION: #private::Registration = #private::Registration {
                name: #name,
                file: #private::file!(),
                line: #private::line!(),
                arguments: &[#arguments],
                output: #private::Output { ty: #ty, obstacle: #obstacle },
                function: #reference,
            };
            #private::inventory::submit! { &__PYSCHED_REGISTRATION }
        };
        Registered { items, call }
    }

    /// The function as one of a tuple, of which it takes copies, and with one type of failure.
    fn call(&self, tuple: &TokenStream) -> TokenStream {
        let Self { companion, private, parameters, .. } = self;
        let (names, copies) = (parameters.names(), parameters.copies(private));
        let outcome = self.output.outcome(private, &quote!(#companion(#copies)));
        quote!(|(#names): &#tuple| #outcome)
    }
}

/// What the body of `task` declares, and the function that it then calls with the arguments.
struct Registered {
    items: TokenStream,
    call: TokenStream,
}

#[cfg(test)]
mod tests {
    use syn::{File, ImplItem, Item};

    use super::*;
    use crate::shown::shown;

    fn items(arguments: TokenStream, item: TokenStream) -> Vec<Item> {
        let expansion = expand(arguments, item).unwrap_or_else(|error| panic!("{error}"));
        syn::parse2::<File>(expansion).unwrap_or_else(|error| panic!("{error}")).items
    }

    fn functions(items: &[Item]) -> Vec<&syn::ImplItemFn> {
        let Some(Item::Impl(companion)) = items.last() else { panic!("no impl") };
        let functions = companion.items.iter();
        functions.filter_map(|it| if let ImplItem::Fn(it) = it { Some(it) } else { None }).collect()
    }

    #[test]
    fn a_function_has_an_enum_beside_it() {
        let items = items(
            quote!(SCHED, recur, 3, 2),
            quote!(
                pub(crate) fn now(cost: u64) {}
            ),
        );
        let [Item::Fn(function), Item::Enum(companion), Item::Impl(_)] = &items[..] else {
            panic!("{} items", items.len());
        };
        assert_eq!(function.sig.ident, "now");
        assert_eq!(companion.ident, "now");
        assert_eq!(shown(&companion.vis), "pub (crate)");
        for (generated, name) in functions(&items).into_iter().zip(["task", "delay"]) {
            assert_eq!(generated.sig.ident, name);
            assert_eq!(generated.sig.inputs.len(), function.sig.inputs.len());
            assert_eq!(shown(&generated.vis), shown(&function.vis));
        }
    }

    #[test]
    fn without_a_scheduler_there_is_no_delay() {
        let items = items(
            quote!(recur, 3),
            quote!(
                fn now() {}
            ),
        );
        assert_eq!(functions(&items).len(), 1);
    }

    #[test]
    fn a_body_is_never_read() {
        let half_typed = quote!(fn now() { let x = ; now. });
        let expansion = expand(quote!(recur, 3), half_typed).unwrap_or_else(|e| panic!("{e}"));
        assert!(expansion.to_string().contains("let x = ; now ."));
    }

    #[test]
    fn mistakes_of_both_sides_are_reported_together() {
        let Err(errors) = expand(
            quote!(SCHED, weekly, 3),
            quote!(
                async fn now(&self) {}
            ),
        ) else {
            panic!("accepted");
        };
        assert_eq!(errors.into_iter().count(), 3);
    }
}
