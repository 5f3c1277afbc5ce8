//! What a task's signature may not contain, each with the reason and the way out.
//!
//! A task is called again and again, later, on another thread, from a place that knows only its
//! name: so it is one concrete function that owns its arguments.

use syn::{
    AngleBracketedGenericArguments, GenericArgument, GenericParam, Lifetime, Path, PathArguments,
    ReturnType, Safety, Type, TypeParamBound, TypeReference,
};

use crate::errors::Errors;
use crate::function::Function;
use crate::shown::shown;

/// Finds everything that keeps the function from being a task.
pub(crate) fn check(function: &Function, errors: &mut Errors) {
    check_qualifiers(function, errors);
    check_generics(function, errors);
    if let Some(receiver) = function.signature.receiver() {
        errors.point_at(
            receiver,
            "a task has no `self`: expected a free function, outside of `impl` and `trait`",
        );
    }
    if let Some(variadic) = &function.signature.variadic {
        errors.point_at(variadic, "a task cannot be variadic: expected parameters with types");
    }
    for parameter in function.parameters() {
        for attribute in &parameter.attrs {
            if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
                errors.point_at(
                    attribute,
                    "a parameter of a task cannot be configured away: put `#[cfg]` on two \
                     functions, one for each case",
                );
            }
        }
        Place::Parameter.check(&parameter.ty, errors);
    }
    if let ReturnType::Type(_, output) = &function.signature.output {
        Place::Output.check(output, errors);
        if is_future(output) {
            errors.point_at(
                output,
                "nobody would await the future that a task returns: expected an `async fn`, which may \
                 await it",
            );
        }
    }
}

/// Whether a type is `impl Future`. It would be a result like any other, of a function that has done nothing.
fn is_future(ty: &Type) -> bool {
    let Type::ImplTrait(named) = ty else { return false };
    named.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| last.ident == "Future")
        }
        _ => false,
    })
}

/// Whether a return type borrows what a task cannot lend.
pub(crate) fn borrows(output: &Type) -> bool {
    let mut errors = Errors::default();
    Place::Output.check(output, &mut errors);
    !errors.is_empty()
}

fn check_qualifiers(function: &Function, errors: &mut Errors) {
    let signature = &function.signature;
    if let Safety::Unsafe(unsafety) = &signature.safety {
        errors.point_at(
            unsafety,
            "a task cannot be `unsafe`: nobody upholds its conditions when it is called later; \
             expected a safe function, which may call this one",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.point_at(
            abi,
            "a task cannot be `extern`: expected a plain function, which may call this one",
        );
    }
    for attribute in &function.attributes {
        if is_task(attribute.path()) {
            errors.point_at(
                attribute,
                "a function is one task: expected a single `#[task]`; for a second trigger, adjust \
                 what `task` returns, or write a second function that calls this one",
            );
        }
    }
}

/// Whether an attribute is this one, by the names that it goes by.
pub(crate) fn is_task(path: &Path) -> bool {
    let mut segments = path.segments.iter().rev().map(|segment| &segment.ident);
    segments.next().is_some_and(|last| last == "task")
        && segments.next().is_none_or(|previous| previous == "pysched")
}

fn check_generics(function: &Function, errors: &mut Errors) {
    for parameter in &function.signature.generics.params {
        let kind = match parameter {
            GenericParam::Lifetime(_) => "lifetimes",
            GenericParam::Type(_) => "types",
            GenericParam::Const(_) => "constants",
        };
        errors.point_at(
            parameter,
            format_args!(
                "a task cannot be generic over {kind}: expected one concrete function, which may \
                 call a generic one"
            ),
        );
    }
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Parameter,
    Output,
}

impl Place {
    /// Finds what may not be in a type, however deep inside.
    ///
    /// The types of functions, `fn(&str)` and `Fn(&str)`, may borrow: it is not the task's data.
    fn check(self, ty: &Type, errors: &mut Errors) {
        match ty {
            Type::Array(array) => self.check(&array.elem, errors),
            Type::Group(group) => self.check(&group.elem, errors),
            Type::ImplTrait(named) => {
                if self == Self::Parameter {
                    errors.point_at(
                        ty,
                        "a task cannot be generic: expected a type with a name, not `impl Trait`",
                    );
                }
                self.check_bounds(&named.bounds, errors);
            }
            Type::Paren(paren) => self.check(&paren.elem, errors),
            Type::Path(path) => {
                if let Some(qself) = &path.qself {
                    self.check(&qself.ty, errors);
                }
                self.check_path(&path.path, errors);
            }
            Type::Ptr(pointer) => self.check(&pointer.elem, errors),
            Type::Reference(reference) => self.check_reference(reference, errors),
            Type::Slice(slice) => self.check(&slice.elem, errors),
            Type::TraitObject(object) => self.check_bounds(&object.bounds, errors),
            Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| self.check(ty, errors)),
            _ => {}
        }
    }

    fn check_reference(self, reference: &TypeReference, errors: &mut Errors) {
        if reference.lifetime.as_ref().is_some_and(is_static) {
            return self.check(&reference.elem, errors);
        }
        let owned = owned(&reference.elem);
        let message = match self {
            Self::Parameter => format!(
                "a task owns its arguments, since it runs later and elsewhere: expected an owned \
                 type, such as {owned}, or a `&'static` reference"
            ),
            Self::Output => format!(
                "the result of a task outlives the call: expected an owned type, such as {owned}, \
                 or a `&'static` reference"
            ),
        };
        errors.point_at(reference, message);
    }

    fn check_lifetime(self, lifetime: &Lifetime, errors: &mut Errors) {
        if !is_static(lifetime) {
            let whose = match self {
                Self::Parameter => "arguments",
                Self::Output => "result",
            };
            errors.point_at(
                lifetime,
                format_args!("the {whose} of a task cannot borrow: expected `'static`"),
            );
        }
    }

    fn check_path(self, path: &Path, errors: &mut Errors) {
        for segment in &path.segments {
            let PathArguments::AngleBracketed(AngleBracketedGenericArguments { args, .. }) =
                &segment.arguments
            else {
                continue;
            };
            for argument in args {
                match argument {
                    GenericArgument::Lifetime(lifetime) => self.check_lifetime(lifetime, errors),
                    GenericArgument::Type(ty) => self.check(ty, errors),
                    GenericArgument::AssocType(associated) => self.check(&associated.ty, errors),
                    GenericArgument::Constraint(constraint) => {
                        self.check_bounds(&constraint.bounds, errors);
                    }
                    _ => {}
                }
            }
        }
    }

    fn check_bounds<'a>(
        self,
        bounds: impl IntoIterator<Item = &'a TypeParamBound>,
        errors: &mut Errors,
    ) {
        for bound in bounds {
            match bound {
                TypeParamBound::Lifetime(lifetime) => self.check_lifetime(lifetime, errors),
                // `for<'a> Trait<'a>` brings its own lifetimes.
                TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => {
                    self.check_path(&bound.path, errors);
                }
                _ => {}
            }
        }
    }
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// The owned type to suggest in place of a reference.
fn owned(referent: &Type) -> String {
    match referent {
        Type::Path(path) if path.path.is_ident("str") => "`String`".to_owned(),
        Type::Slice(slice) => format!("`Vec<{}>`", shown(&slice.elem)),
        Type::Path(path) => {
            let name = shown(path);
            format!("`{name}` or `Arc<{name}>`")
        }
        Type::TraitObject(_) => "`Arc<dyn ..>`".to_owned(),
        _ => "`Arc`".to_owned(),
    }
}
