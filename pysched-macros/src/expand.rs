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
    /// The user's name for it, out of reach of every other token of the user.
    ident: Ident,

    /// The user's name or pattern for it, to show.
    shown: String,
    ty: &'a Type,
}

impl<'a> Parameter<'a> {
    fn new(index: usize, parameter: &'a PatType) -> Self {
        let (mut ident, shown) = match &*parameter.pat {
            Pat::Ident(pattern) => (pattern.ident.clone(), pattern.ident.to_string()),
            other => (format_ident!("argument_{index}"), shown(other)),
        };
        ident.set_span(Span::mixed_site());
        Self { ident, shown, ty: &parameter.ty }
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
        let call = self.call();
        let registration = self.registration();
        let rules = self.rules();
        quote! {
            #(#on_functions)*
            #[doc = #document]
            #visibility fn task(#(#ident: #types),*) -> #private::Task<#value> {
                #(#assertions)*
                #call
                #registration
                #private::task::<_, #inferred>(
                    &__PYSCHED_REGISTRATION,
                    __pysched_call,
                    (#(#names,)*),
                )
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
        // A reference in the place of an argument is dereferenced as often as it takes to come to
        // a `Scheduler`: from a static, a lazy one, an `Arc`, a call that lends one.
        let scheduler = quote_spanned! {
            scheduler.span().resolved_at(Span::call_site())=> &#scheduler
        };
        Some(quote! {
            #(#on_functions)*
            #[doc = #document]
            #visibility fn delay(#(#ident: #types),*)
                -> #private::Result<#private::Handle<#value>, #private::Error>
            {
                #private::add::<#inferred>(#scheduler, Self::task(#(#names),*))
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

    /// The function as one of a tuple, of which it takes copies, and with one type of failure.
    fn call(&self) -> TokenStream {
        let Self { companion, private, parameters, output, .. } = self;
        let idents = parameters.iter().map(|parameter| &parameter.ident);
        let types = parameters.iter().map(|parameter| parameter.ty);
        let copies = parameters
            .iter()
            .map(|Parameter { ident, ty, .. }| quote!(#private::copy::<#ty>(#ident)));
        let value = output.value(private);
        let outcome = output.outcome(private, &quote!(#companion(#(#copies),*)));
        quote! {
            fn __pysched_call(
                (#(#idents,)*): &(#(#types,)*)
            ) -> #private::Result<#value, #private::Failure> {
                #outcome
            }
        }
    }

    /// The statics that describe the function to the scheduler and to other processes.
    fn registration(&self) -> TokenStream {
        let Self { companion, private, output, .. } = self;
        let name = if let Some(name) = &self.arguments.options.name {
            quote!(|| #name)
        } else {
            quote!(#private::type_name::<#companion>)
        };
        let arguments = self.parameters.iter().map(|Parameter { shown, ty, .. }| {
            let obstacle = if contains_reference(ty) {
                quote!(#private::BORROWED)
            } else {
                quote!(#private::Probe::<#ty, ()>::OBSTACLE)
            };
            let written = crate::shown::shown(ty);
            quote!(#private::Argument { name: #shown, ty: #written, obstacle: #obstacle })
        });
        let ty = output.shown();
        let obstacle = output.obstacle(private);
        let (function, reference) = self.portable_function();
        quote! {
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
        }
    }

    /// The static for the function with its codec, and the reference to it. There is none where a
    /// type keeps the function from being portable in a way that no trait bound can express.
    fn portable_function(&self) -> (TokenStream, TokenStream) {
        let Self { private, output, .. } = self;
        if !output.is_named() || self.parameters.iter().any(|p| contains_reference(p.ty)) {
            return (TokenStream::new(), quote!(#private::None));
        }
        let types = self.parameters.iter().map(|parameter| parameter.ty);
        let arguments = quote!((#(#types,)*));
        let value = output.value(private);
        let function = quote! {
            static __PYSCHED_FUNCTION: #private::Function<#arguments, #value> = #private::Function {
                call: __pysched_call,
                codec: #private::Probe::<#arguments, #value>::CODEC,
            };
        };
        (function, quote!(#private::Some(&__PYSCHED_FUNCTION)))
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
