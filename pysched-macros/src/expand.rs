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
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, LitStr, Pat, PatType, Path, Result, Type};

use crate::attribute::{Arguments, Interval, Trigger};
use crate::errors::Errors;
use crate::function::Function;
use crate::inherited::Inherited;
use crate::output::{Output, contains_reference};
use crate::shown::shown;
use crate::{document, signature};

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

/// One parameter of the generated functions.
struct Parameter<'a> {
    /// The user's name for it, which no other token of the user can refer to.
    ident: Ident,

    /// The user's name or pattern for it, to show.
    shown: String,
    ty: &'a Type,
}

impl<'a> Parameter<'a> {
    fn new(index: usize, parameter: &'a PatType) -> Self {
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

/// Everything that the parts of one expansion share.
struct Expansion<'a> {
    function: &'a Function,
    arguments: &'a Arguments,
    companion: Ident,
    parameters: Vec<Parameter<'a>>,
    output: Output<'a>,
    private: TokenStream,
}

impl<'a> Expansion<'a> {
    fn new(function: &'a Function, arguments: &'a Arguments) -> Self {
        let private = private(arguments.options.crate_path.as_ref());
        Self {
            function,
            arguments,
            companion: function.companion(),
            parameters: function
                .parameters()
                .enumerate()
                .map(|(index, parameter)| Parameter::new(index, parameter))
                .collect(),
            output: Output::of(&function.signature.output),
            private,
        }
    }

    /// The enum and what it can do.
    fn companion(&self) -> TokenStream {
        let Self { companion, function, .. } = self;
        let Inherited { on_items, .. } = Inherited::from(&*function.attributes);
        let visibility = &function.visibility;
        let document = document::companion(companion, self.arguments);
        let task = self.task();
        let delay = self.delay();
        quote! {
            #(#on_items)*
            #[doc = #document]
            #[allow(clippy::exhaustive_enums, reason = "there will never be a value of it")]
            #visibility enum #companion {}

            #(#on_items)*
            impl #companion {
                #task
                #delay
            }
        }
    }

    /// `now::task`, in whose body everything else is kept out of the user's scope.
    fn task(&self) -> TokenStream {
        let Self { companion, function, private, parameters, arguments, .. } = self;
        let Inherited { on_functions, .. } = Inherited::from(&*function.attributes);
        let visibility = &function.visibility;
        let document = document::task(companion, arguments);
        let ident = parameters.iter().map(|parameter| &parameter.ident);
        let names = ident.clone();
        let types = parameters.iter().map(|parameter| parameter.ty);
        let value = self.output.value(private);
        let inferred = self.output.value_or_inferred(private);
        let assertions = self.assertions();
        let Registered { items, call } = self.registered();
        let rules = self.rules();
        quote! {
            #(#on_functions)*
            #[doc = #document]
            #visibility fn task(#(#ident: #types),*) -> #private::Task<#value> {
                #(#assertions)*
                #items
                #private::task::<_, #inferred>(&__PYSCHED_REGISTRATION, #call, (#(#names,)*))
                    #rules
            }
        }
    }

    /// `now::delay`, if there is a scheduler to add the task to.
    fn delay(&self) -> Option<TokenStream> {
        let Self { companion, function, private, parameters, arguments, .. } = self;
        let scheduler = arguments.scheduler.as_ref()?;
        let Inherited { on_functions, .. } = Inherited::from(&*function.attributes);
        let visibility = &function.visibility;
        let document = document::delay(companion, scheduler, arguments);
        let ident = parameters.iter().map(|parameter| &parameter.ident);
        let names = ident.clone();
        let types = parameters.iter().map(|parameter| parameter.ty);
        let value = self.output.value(private);
        let inferred = self.output.value_or_inferred(private);
        // As an argument, a reference to whatever the expression is gets dereferenced as often as it
        // takes to come to a `Scheduler`: from a lazy static, an `Arc`, a call that lends one. The
        // `match` keeps a temporary alive, and the type of the argument out of the expression.
        let bound =
            Ident::new("__pysched_scheduler", scheduler.span().resolved_at(Span::mixed_site()));
        Some(quote! {
            #(#on_functions)*
            #[doc = #document]
            #visibility fn delay(#(#ident: #types),*)
                -> #private::Result<#private::Handle<#value>, #private::Error>
            {
                match &#scheduler {
                    #bound => #private::add::<#inferred>(#bound, Self::task(#(#names),*)),
                }
            }
        })
    }

    /// Makes the compiler check the type of each argument where the user wrote it.
    fn assertions(&self) -> impl Iterator<Item = TokenStream> {
        let private = &self.private;
        self.parameters.iter().map(move |Parameter { ty, .. }| {
            quote_spanned!(ty.span()=> const { #private::assert_argument::<#ty>() };)
        })
    }

    /// The statics that describe the function to the scheduler and to other processes.
    fn registered(&self) -> Registered {
        let Self { companion, private, output, .. } = self;
        let name = if let Some(name) = &self.arguments.options.name {
            quote!(|| #name)
        } else {
            quote!(#private::type_name::<#companion>)
        };
        let arguments = self.parameters.iter().map(|parameter| self.argument(parameter));
        let ty = output.shown();
        let obstacle = output.obstacle(private);
        let types = self.parameters.iter().map(|parameter| parameter.ty);
        let tuple = quote!((#(#types,)*));
        let value = output.value(private);
        let call = self.call(&tuple);
        // A static can hold only what has a name, and no trait bound can tell whether a type
        // borrows: such functions have no codec, and are called as they are.
        let portable = output.is_named() && !contains_reference(&tuple);
        let function = portable.then(|| {
            quote! {
                static __PYSCHED_FUNCTION: #private::Function<#tuple, #value> = #private::Function {
                    call: #call,
                    codec: #private::Probe::<#tuple, #value>::CODEC,
                };
            }
        });
        let reference = if portable {
            quote!(#private::Some(&__PYSCHED_FUNCTION))
        } else {
            quote!(#private::None)
        };
        let items = quote! {
            use #private::Unportable as _;
            #function
            static __PYSCHED_REGISTRATION: #private::Registration = #private::Registration {
                name: #name,
                file: #private::file!(),
                line: #private::line!(),
                arguments: &[#(#arguments),*],
                output: #private::Output { ty: #ty, obstacle: #obstacle },
                function: #reference,
            };
            #private::inventory::submit! { &__PYSCHED_REGISTRATION }
        };
        Registered { items, call: if portable { quote!(__PYSCHED_FUNCTION.call) } else { call } }
    }

    /// One parameter, described.
    fn argument(&self, Parameter { shown: name, ty, .. }: &Parameter<'_>) -> TokenStream {
        let private = &self.private;
        let obstacle = if contains_reference(ty) {
            quote!(#private::BORROWED)
        } else {
            quote!(#private::Probe::<#ty, ()>::OBSTACLE)
        };
        let ty = shown(ty);
        quote!(#private::Argument { name: #name, ty: #ty, obstacle: #obstacle })
    }

    /// The function as one of a tuple, of which it takes copies, and with one type of failure.
    fn call(&self, tuple: &TokenStream) -> TokenStream {
        let Self { companion, private, parameters, output, .. } = self;
        let idents = parameters.iter().map(|parameter| &parameter.ident);
        let copies = parameters
            .iter()
            .map(|Parameter { ident, ty, .. }| quote!(#private::copy::<#ty>(#ident)));
        let outcome = output.outcome(private, &quote!(#companion(#(#copies),*)));
        quote!(|(#(#idents,)*): &#tuple| #outcome)
    }

    /// The trigger, the priority and the options, as calls on the task.
    fn rules(&self) -> TokenStream {
        let Self { private, arguments, .. } = self;
        let Arguments { trigger, interval, priority, options, .. } = arguments;
        let interval = match interval {
            Interval::Seconds(span, _) => {
                let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
                quote!(#private::Duration::new(#seconds, #nanos))
            }
            Interval::Text(text) => self.text_interval(*trigger, text),
        };
        let constructor = match trigger {
            Trigger::Recur => quote!(recur),
            Trigger::RecurAfter => quote!(recur_after),
            Trigger::Once | Trigger::Cron => quote!(once),
        };
        let priority = priority.map(|priority| quote!(.priority(#priority)));
        let executor = options.executor.iter();
        quote! {
            .trigger(#private::Trigger::#constructor(#interval))
            #priority
            #(.executor(#executor))*
        }
    }

    /// A text interval as a constant item, every token of it spanned to the text: the compiler
    /// evaluates it even if nobody calls `task`, and points at the text if it is not an interval.
    fn text_interval(&self, trigger: Trigger, text: &LitStr) -> TokenStream {
        let span = text.span();
        let private = respanned(self.private.clone(), span);
        let read = Ident::new(if trigger.recurs() { "recurring" } else { "interval" }, span);
        quote_spanned! {span=> {
            const __PYSCHED_INTERVAL: #private::Interval = #private::#read(#text);
            __PYSCHED_INTERVAL
        }}
    }
}

/// What the body of `task` declares, and the function that it then calls with the arguments.
struct Registered {
    items: TokenStream,
    call: TokenStream,
}

/// The same tokens, of the same meaning, at another place.
fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use syn::{File, ImplItem, Item};

    use super::*;

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
            assert_eq!(shown(&generated.sig.inputs), shown(&function.sig.inputs));
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
