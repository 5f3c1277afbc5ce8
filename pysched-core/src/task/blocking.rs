//! [`block_on`]: a thread that polls a future, and sleeps while that waits.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::time::Parker;

/// Ends the sleep of a thread that polls.
struct Alarm(Parker);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls on this thread, which sleeps meanwhile, until the future is ready.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let parker = Parker::new();
    let waker = Waker::from(Arc::new(Alarm(parker.clone())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        parker.park();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::thread;

    use super::*;

    #[test]
    fn it_polls_again_each_time_that_it_is_woken() {
        let mut polls = 0;
        let future = poll_fn(|context| {
            polls += 1;
            match polls {
                // While it is polled, and from elsewhere.
                1 => context.waker().wake_by_ref(),
                2 => {
                    let waker = context.waker().clone();
                    thread::spawn(move || waker.wake());
                }
                _ => return Poll::Ready("ready"),
            }
            Poll::Pending
        });
        assert_eq!(block_on(future), "ready");
        assert!(polls >= 3);
    }
}
