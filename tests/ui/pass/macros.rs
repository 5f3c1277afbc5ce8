//! Tasks that other macros declare.

use once_cell::sync::Lazy;
use pysched::{Error, Handle, Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

macro_rules! declare {
    ($sched:expr, $trigger:ident, $interval:literal, $priority:expr,
     $text:literal, $name:ident($($parameter:ident: $ty:ty),*) -> $output:ty) => {
        #[task($sched, $trigger, $interval, $priority, name = $text)]
        fn $name($($parameter: $ty),*) -> $output {
            panic!("only compiled, not called with {:?}", ($(&$parameter,)*))
        }
    };
}

macro_rules! through {
    ($($krate:tt)*) => {
        #[task(SCHED, recur, "1h", 0, crate = $($krate)*)]
        fn through() {}
    };
}

macro_rules! declare_async {
    ($name:ident($($parameter:pat => $ty:ty),*) $(-> $output:ty)?) => {
        #[task(SCHED, recur, 3, 0)]
        async fn $name($($parameter: $ty),*) $(-> $output)? {
            panic!("only compiled")
        }
    };
}

declare!(SCHED, recur, "1h 30m", 1, "text", text(a: u8, b: Vec<u8>) -> Vec<u8>);
declare!(SCHED, once, 0.25, -1, "number", number() -> Result<u8, String>);
declare!(*SCHED, recur_after, 3, 0, "never", never(a: &'static str) -> !);
through!(::pysched);
declare_async!(awaited((_, _) => (u8, u8), _ => Vec<u8>) -> Vec<u8>);
declare_async!(awaited_result(_ => &'static str) -> Result<u8, String>);
declare_async!(awaited_for_ever() -> !);
declare_async!(r#async());

fn main() {
    let _: Result<Handle<Vec<u8>>, Error> = text::delay(1, vec![]);
    let _: Result<Handle<u8>, Error> = number::delay();
    let _ = never::delay("a");
    let _ = through::delay();
    let _: Result<Handle<Vec<u8>>, Error> = awaited::delay((1, 2), vec![]);
    let _: Result<Handle<u8>, Error> = awaited_result::delay("a");
    let _ = awaited_for_ever::delay();
    let _: Result<Handle<()>, Error> = r#async::delay();
}
