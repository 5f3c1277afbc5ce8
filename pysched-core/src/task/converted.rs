//! [`Converted`]: a future whose output is made something else.
//!
//! An `async` block that awaits it would do, if it did not have the future in it twice: as what it
//! captures, and as what it waits for.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// See the top of this file.
    pub(crate) struct Converted<Fut, C> {
        #[pin]
        future: Fut,

        // Called with the output.
        convert: C,
    }
}

impl<Fut, C> Converted<Fut, C> {
    pub(crate) fn new(future: Fut, convert: C) -> Self {
        Self { future, convert }
    }
}

impl<Fut, C, T> Future for Converted<Fut, C>
where
    Fut: Future,
    C: Fn(Fut::Output) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        this.future.poll(context).map(this.convert)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::super::blocking::block_on;
    use super::*;

    #[test]
    fn a_future_is_in_it_once() {
        let future = async {
            let large = [7_u8; 1024];
            ready(()).await;
            large[0]
        };
        let size = size_of_val(&future);
        let converted = Converted::new(future, u32::from);
        assert_eq!(size_of_val(&converted), size);
        assert_eq!(block_on(converted), 7_u32);
    }
}
