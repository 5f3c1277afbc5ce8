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
use quote::{quote, quote_spanned};
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
    is_async: bool,
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
            is_async: function.is_async(),
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
        let document = document::task(&self.companion, self.is_async, self.arguments);
        let (parameters, names) = (self.parameters.declared(), self.parameters.names());
        let value = self.output.value(private);
        let assertions = self.parameters.assertions(private);
        let make = self.make();
        let Registered { items, call } = self.registered();
        let calls = calls::of(self.arguments, private);
        quote! {
            #(#attributes)*
            #[doc = #document]
            #visibility fn task(#parameters) -> #private::Task<#value> {
                #assertions
                #items
                #make(&__PYSCHED_REGISTRATION, #call, (#names)) #calls
            }
        }
    }

    /// The function that makes the task, with as much of its types as can be named.
    fn make(&self) -> TokenStream {
        let Self { companion, private, .. } = self;
        let inferred = self.output.value_or_inferred(private);
        if self.is_async {
            // The compiler points at the type that is no `Send`: at the name of the function.
            let future = quote_spanned!(companion.span()=> _);
            quote!(#private::future_task::<_, #inferred, #future>)
        } else {
            quote!(#private::task::<_, #inferred>)
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
        // A static can hold only what has a name, and no trait bound can tell whether a type
        // borrows: such functions have no codec, and are called as they are.
        let portable = output.is_named() && !contains_reference(&tuple);
        let (function, reference, call) = if portable {
            let Named { items, function, call } = self.named(&tuple);
            let function = quote! {
                #items
                static __PYSCHED_FUNCTION: #private::Function<#tuple, #value> = #private::Function {
                    call: #function,
                    codec: #private::Probe::<#tuple, #value>::CODEC,
                };
            };
            (function, quote!(#private::Some(&__PYSCHED_FUNCTION)), call)
        } else {
            (TokenStream::new(), quote!(#private::None), self.call(&tuple))
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

    /// How the function is called from a static and from the task.
    ///
    /// An asynchronous one is called in a single place, too: a function that gives the future, on which
    /// a thread blocks where there is only the static.
    fn named(&self, tuple: &TokenStream) -> Named {
        let Self { private, parameters, output, .. } = self;
        if !self.is_async {
            let (function, call) = (self.call(tuple), quote!(__PYSCHED_FUNCTION.call));
            return Named { items: TokenStream::new(), function, call };
        }
        let (names, value, attempt) = (parameters.names(), output.value(private), self.attempt());
        let items = quote! {
            fn __pysched_future((#names): &#tuple)
                -> impl #private::Future<Output = #private::Result<#value, #private::Failure>> + use<>
            {
                #attempt
            }
        };
        let function = quote! {
            |__pysched_arguments| #private::block_on(__pysched_future(__pysched_arguments))
        };
        Named { items, function, call: quote!(__pysched_future) }
    }

    /// The function as one of a tuple, of which it takes copies, and with one type of failure.
    fn call(&self, tuple: &TokenStream) -> TokenStream {
        let (names, attempt) = (self.parameters.names(), self.attempt());
        quote!(|(#names): &#tuple| #attempt)
    }

    /// The call of the function as its outcome, or as the future of that.
    fn attempt(&self) -> TokenStream {
        let Self { companion, private, .. } = self;
        let copies = self.parameters.copies(private);
        let call = quote!(#companion(#copies));
        if self.is_async {
            let outcome = self.output.outcome(private, &quote!(__pysched_returned));
            quote!(#private::attempt(#call, |__pysched_returned| #outcome))
        } else {
            self.output.outcome(private, &call)
        }
    }
}

/// The function of a task whose types have names.
struct Named {
    /// What else the body of `task` declares for it.
    items: TokenStream,

    /// The function, as it stands in a static.
    function: TokenStream,

    /// The same, as the task is given it.
    call: TokenStream,
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
        for half_typed in
            [quote!(fn now() { let x = ; now. }), quote!(async fn now() { let x = ; now. })]
        {
            let expansion = expand(quote!(recur, 3), half_typed).unwrap_or_else(|e| panic!("{e}"));
            assert!(expansion.to_string().contains("let x = ; now ."));
        }
    }

    #[test]
    fn what_is_generated_calls_the_function_in_one_place() {
        let signatures = [
            quote!(now(cost: u64) -> u64),
            quote!(now(cost: u64) -> std::io::Result<u64>),
            quote!(now(cost: u64) -> !),
            quote!(now(cost: u64) -> impl Clone),
            quote!(now(text: &'static str)),
        ];
        for (signature, qualifier) in
            signatures.iter().flat_map(|it| [(it, quote!()), (it, quote!(async))])
        {
            let item = quote!(#qualifier fn #signature {});
            let expansion = expand(quote!(SCHED, recur, 3), item);
            let expansion = expansion.unwrap_or_else(|error| panic!("{error}")).to_string();
            let is_async = !qualifier.is_empty();
            assert_eq!(expansion.matches("now (").count(), 2, "declared and called: {expansion}");
            for name in ["future_task", "attempt", "__pysched_returned"] {
                assert_eq!(expansion.contains(name), is_async, "{name}: {expansion}");
            }
        }
    }

    #[test]
    fn a_function_whose_types_have_names_is_called_from_its_static() {
        let blocks = |item| {
            let expansion = expand(quote!(once, 0), item).unwrap_or_else(|error| panic!("{error}"));
            expansion.to_string().contains("block_on (__pysched_future")
        };
        assert!(blocks(quote! { async fn now(cost: u64) -> u64 {} }));
        assert!(!blocks(quote! { async fn now(cost: u64) -> impl Clone {} }));
        assert!(!blocks(quote! { async fn now(text: &'static str) {} }));
        assert!(!blocks(quote! { fn now(cost: u64) -> u64 {} }));
    }

    #[test]
    fn what_is_awaited_is_said_to_be() {
        let is_awaited = |item| {
            let expansion = expand(quote!(once, 0), item).unwrap_or_else(|error| panic!("{error}"));
            expansion.to_string().contains("task that awaits [`fn@now`]")
        };
        assert!(is_awaited(quote! { async fn now() {} }));
        assert!(!is_awaited(quote! { fn now() {} }));
    }

    #[test]
    fn mistakes_of_both_sides_are_reported_together() {
        let Err(errors) = expand(
            quote!(SCHED, weekly, 3),
            quote!(
                unsafe fn now(&self) {}
            ),
        ) else {
            panic!("accepted");
        };
        assert_eq!(errors.into_iter().count(), 3);
    }
}
