//! Portable tasks: what can leave the process, what comes back, and what is refused.

use std::collections::{BTreeMap, HashMap};
use std::future::{pending, poll_fn};
use std::io;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Instant;

use pysched::__private::{NotPortable, Outcome, Registration};
use pysched::{Task, TaskError, task};
use serde::{Deserialize, Serialize};

/// Runs a task as another process would: from the text of its name and its arguments.
fn elsewhere<T>(task: &Task<T>) -> Result<Outcome, NotPortable> {
    let registered = task.registered().expect("a task of the attribute");
    let (name, arguments) = (registered.registration.name(), registered.encode()?);
    let found = Registration::find(name).expect("it is registered under its name");
    assert!(std::ptr::eq(found, registered.registration));
    found.decode_outcome(&found.run(&arguments)?)
}

fn value<T: 'static>(task: &Task<T>) -> T {
    *elsewhere(task).unwrap().unwrap().downcast::<T>().expect("the type of the task's result")
}

fn failure<T>(task: &Task<T>) -> TaskError {
    elsewhere(task).unwrap().expect_err("a failed execution")
}

fn arguments<T>(task: &Task<T>) -> String {
    task.registered().unwrap().encode().unwrap()
}

fn refusal<T>(task: &Task<T>) -> String {
    elsewhere(task).unwrap_err().to_string()
}

/// Is pending once, until another thread wakes it.
async fn woken() {
    let mut thread = None;
    poll_fn(|context| match thread.take() {
        Some(thread) => {
            JoinHandle::join(thread).unwrap();
            Poll::Ready(())
        }
        None => {
            let waker = context.waker().clone();
            thread = Some(std::thread::spawn(move || waker.wake()));
            Poll::Pending
        }
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Report {
    title: String,
    sizes: BTreeMap<String, u64>,
    tags: Option<Vec<char>>,
}

#[task(once, 0)]
fn none() {}

#[task(once, 0)]
fn one(number: i64) -> i64 {
    -number
}

#[task(once, 0)]
fn several(number: f64, (text, flag): (String, bool), report: Report) -> (f64, String, Report) {
    (number / 2.0, format!("{text} {flag}"), report)
}

#[test]
fn arguments_are_an_array_however_many() {
    let report = Report { title: "r".into(), sizes: BTreeMap::new(), tags: None };
    assert_eq!(arguments(&none::task()), "[]");
    assert_eq!(arguments(&one::task(7)), "[7]");
    assert_eq!(
        arguments(&several::task(0.5, ("x".into(), true), report)),
        r#"[0.5,["x",true],{"title":"r","sizes":{},"tags":null}]"#
    );
}

#[test]
fn a_value_comes_back_as_it_was() {
    let sizes = [("a".to_owned(), u64::MAX)].into();
    let report = Report { title: "\u{1f980}\n".into(), sizes, tags: Some(vec!['x']) };
    value(&none::task());
    assert_eq!(value(&one::task(i64::MIN + 1)), i64::MAX);
    assert_eq!(
        value(&several::task(0.1 + 0.2, ("x".into(), true), report.clone())),
        ((0.1 + 0.2) / 2.0, "x true".to_owned(), report)
    );
}

#[test]
fn floats_come_back_to_the_last_bit() {
    #[task(once, 0)]
    fn same(number: f64) -> f64 {
        number
    }

    // Multiplying by an odd constant visits bit patterns of every exponent.
    let mut bits = 1_u64;
    for _ in 0..2_000 {
        bits = bits.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let number = f64::from_bits(bits);
        if number.is_finite() {
            assert_eq!(value(&same::task(number)).to_bits(), bits, "{number:e}");
        }
    }
}

#[test]
fn an_err_and_a_panic_come_back_as_failures() {
    #[task(once, 0)]
    fn fallible(how: u8) -> io::Result<Option<u8>> {
        match how {
            0 => Ok(Some(1)),
            1 => Err(io::Error::other("broken")),
            _ => panic!("number {how}"),
        }
    }

    assert_eq!(value(&fallible::task(0)), Some(1));
    let error = failure(&fallible::task(1));
    assert!(matches!(error, TaskError::Failed(_)), "{error:?}");
    assert_eq!(error.to_string(), "the task failed: broken");
    let error = failure(&fallible::task(2));
    assert!(matches!(&error, TaskError::Panicked(text) if text == "number 2"), "{error:?}");
}

#[test]
fn what_is_awaited_travels_as_what_is_returned() {
    #[task(once, 0)]
    async fn later(number: f64, (text, flag): (String, bool), mut report: Report) -> Report {
        woken().await;
        report.title = format!("{number} {text} {flag}");
        report
    }
    #[task(once, 0)]
    async fn at_once() {}

    let report = Report { title: "r".into(), sizes: BTreeMap::new(), tags: None };
    let task = later::task(0.5, ("x".into(), true), report.clone());
    assert!(arguments(&task).starts_with(r#"[0.5,["x",true],{"title":"r""#));
    assert_eq!(value(&task), Report { title: "0.5 x true".into(), ..report });
    assert_eq!(arguments(&at_once::task()), "[]");
    value(&at_once::task());
}

#[test]
fn an_err_and_a_panic_of_what_is_awaited_come_back_as_failures() {
    #[task(once, 0)]
    async fn fallible(how: u8) -> io::Result<Option<u8>> {
        woken().await;
        match how {
            0 => Ok(Some(1)),
            1 => Err(io::Error::other("broken")),
            _ => panic!("number {how}"),
        }
    }

    assert_eq!(value(&fallible::task(0)), Some(1));
    assert_eq!(failure(&fallible::task(1)).to_string(), "the task failed: broken");
    let error = failure(&fallible::task(2));
    assert!(matches!(&error, TaskError::Panicked(text) if text == "number 2"), "{error:?}");
}

#[test]
fn what_is_awaited_is_refused_for_the_same_reasons() {
    #[task(once, 0)]
    async fn instant(at: Instant) {
        let _ = at;
    }
    #[task(once, 0)]
    async fn opaque() -> impl Send + Sync {}
    #[task(once, 0)]
    async fn never() -> ! {
        pending().await
    }
    #[task(once, 0)]
    async fn borrowed(text: &'static str) {
        let _ = text;
    }
    #[task(once, 0)]
    #[rustfmt::skip]
    #[allow(clippy::too_many_arguments)]
    async fn seventeen(
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
    ) {}

    let text = refusal(&instant::task(Instant::now()));
    assert!(text.contains("argument `at: Instant` is not `serde::Ser"), "{text}");
    let text = refusal(&opaque::task());
    assert!(text.contains("its result, `impl Send + Sync`, has no name"), "{text}");
    let text = refusal(&never::task());
    assert!(text.contains("its result, `!`, is not `serde::Ser"), "{text}");
    let text = refusal(&borrowed::task("text"));
    assert!(text.contains("argument `text: &'static str` borrows"), "{text}");
    let text = refusal(&seventeen::task(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17));
    assert!(text.contains("more than 16 arguments"), "{text}");
}

#[test]
fn types_of_a_function_body_travel_too() {
    #[derive(Clone, Serialize, Deserialize)]
    struct Local(u8);

    #[task(once, 0)]
    fn local(local: Local) -> Local {
        Local(local.0 + 1)
    }

    assert_eq!(value(&local::task(Local(1))).0, 2);
}

#[test]
fn a_type_that_is_not_serialisable_is_named() {
    struct Handle;

    #[task(once, 0)]
    fn instant(number: u8, at: Instant) {
        let _ = (number, at);
    }
    #[task(once, 0)]
    fn handle() -> Result<Handle, String> {
        Ok(Handle)
    }
    #[task(once, 0)]
    fn opaque() -> impl Send + Sync {}
    #[task(once, 0)]
    fn borrowed(text: &'static str) {
        let _ = text;
    }

    assert_eq!(
        refusal(&instant::task(1, Instant::now())),
        format!(
            "the task `{}::a_type_that_is_not_serialisable_is_named::instant` cannot leave this \
             process: argument `at: Instant` is not `serde::Serialize` and \
             `serde::de::DeserializeOwned`",
            module_path!()
        )
    );
    let text = refusal(&handle::task());
    assert!(text.contains("its result, `Result<Handle, String>`, is not `serde::Ser"), "{text}");
    let text = refusal(&opaque::task());
    assert!(text.contains("its result, `impl Send + Sync`, has no name"), "{text}");
    let text = refusal(&borrowed::task("text"));
    assert!(text.contains("argument `text: &'static str` borrows"), "{text}");
}

#[test]
fn arguments_that_would_not_arrive_are_refused_when_they_are_handed_over() {
    type Text = &'static str;

    #[task(once, 0)]
    fn number(number: f64) {
        let _ = number;
    }
    #[task(once, 0)]
    fn alias(text: Text) {
        let _ = text;
    }
    #[task(once, 0)]
    fn keys(map: HashMap<(u8, u8), u8>) {
        let _ = map;
    }

    for not_a_number in [f64::NAN, f64::INFINITY] {
        let text = refusal(&number::task(not_a_number));
        assert!(text.contains("do not survive encoding as [null]"), "{text}");
    }
    let text = refusal(&alias::task("text"));
    assert!(text.contains("do not survive encoding as [\"text\"]"), "{text}");
    let text = refusal(&keys::task([((1, 2), 3)].into()));
    assert!(text.contains("its arguments cannot travel: key must be a string"), "{text}");
}

#[test]
fn a_missing_number_in_an_option_is_none() {
    #[task(once, 0)]
    fn optional(number: Option<f64>) -> Option<f64> {
        number
    }

    // JSON has one word, null, for both.
    assert_eq!(value(&optional::task(Some(f64::NAN))), None);
}

#[test]
fn a_result_that_would_not_arrive_is_refused() {
    #[task(once, 0)]
    fn map() -> HashMap<(u8, u8), u8> {
        [((1, 2), 3)].into()
    }
    #[task(once, 0)]
    fn not_a_number() -> f64 {
        f64::NAN
    }

    let text = refusal(&map::task());
    assert!(text.contains("its result cannot travel: key must be a string"), "{text}");
    let text = refusal(&not_a_number::task());
    assert!(text.contains("its result cannot be read: invalid type: null"), "{text}");
}

#[test]
fn more_arguments_than_serde_knows_stay() {
    #[task(once, 0)]
    #[rustfmt::skip]
    #[allow(clippy::too_many_arguments)]
    fn sixteen(
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, last: u8,
    ) -> u8 {
        last
    }
    #[task(once, 0)]
    #[rustfmt::skip]
    #[allow(clippy::too_many_arguments)]
    fn seventeen(
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, last: u8,
    ) -> u8 {
        last
    }

    assert_eq!(value(&sixteen::task(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), 16);
    let text = refusal(&seventeen::task(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17));
    assert!(text.contains("more than 16 arguments"), "{text}");
}

#[test]
fn texts_of_another_task_are_refused() {
    let one = one::task(1).registered().unwrap().registration;
    let several = Registration::find(&format!("{}::several", module_path!())).unwrap();

    let text = one.encode_arguments(&("text".to_owned(),)).unwrap_err().to_string();
    assert!(text.contains("they are not those of its parameters"), "{text}");
    for wrong in ["", "[", "[1,2]", "[\"x\"]", "null", "[1]]"] {
        let text = one.run(wrong).unwrap_err().to_string();
        assert!(text.contains("its arguments cannot be read"), "{text}");
        assert!(text.contains("portable::one"), "{text}");
    }
    let outcome = one.run("[1]").unwrap();
    let text = several.decode_outcome(&outcome).unwrap_err().to_string();
    assert!(text.contains("its result cannot be read"), "{text}");
}

#[test]
fn a_closure_is_not_registered() {
    assert!(Task::new(|| ()).registered().is_none());
}
