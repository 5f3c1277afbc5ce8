//! The future of an asynchronous function goes to other threads, and so does what comes of it.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};
use std::borrow::Cow;
use std::future::ready;
use std::rc::Rc;
use std::sync::Mutex;

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

struct NoError;

#[task(SCHED, recur, 3, 2)]
async fn holds_what_is_not_send(number: u64) -> u64 {
    let shared = Rc::new(number);
    ready(()).await;
    *shared
}

#[task(SCHED, recur, 3, 2)]
pub(crate) async fn holds_a_lock(text: &'static str) -> std::io::Result<impl Send + Sync> {
    static LOCK: Mutex<u8> = Mutex::new(0);
    let locked = LOCK.lock().unwrap();
    ready(()).await;
    Ok(text)
}

#[task(SCHED, recur, 3, 2)]
async fn gives_what_is_not_send() -> Rc<u8> {
    Rc::new(1)
}

#[task(SCHED, recur, 3, 2)]
async fn takes_what_is_not_send(shared: Rc<u8>) {}

#[task(SCHED, recur, 3, 2)]
async fn is_not_an_error() -> Result<u8, NoError> {
    Ok(1)
}

#[task(SCHED, recur, 3, 2)]
async fn borrows(text: &str) -> &str {
    text
}

#[task(SCHED, recur, 3, 2)]
async fn borrows_secretly(text: Cow<str>) {}

macro_rules! declare {
    ($name:ident) => {
        #[task(SCHED, recur, 3, 2)]
        async fn $name() {
            let shared = Rc::new(1);
            ready(()).await;
            drop(shared);
        }
    };
}

declare!(declared);

fn main() {
    let _ = borrows::delay("text");
}
