//! [`Watcher`]: tells parkers that the wall clock of the system has been set. Linux only.
//!
//! The kernel says so through a *timer descriptor* on the wall clock that is made to be cancelled
//! when that clock is set: by an administrator, by NTP where it steps, and when the computer resumes
//! after a suspend. One thread, `pysched-clock`, sleeps in `poll` until that happens. It asks for
//! nothing at intervals, and exists only while somebody is registered. The protocol:
//!
//! * The *book* has the parkers that are registered, and the *post* of the thread that serves them:
//!   there is a post exactly while there is a parker. Its lock is held for a few instructions, and
//!   while a thread is started. The only locks taken under it are those of the parkers.
//! * Whoever registers the first parker makes a post, that is a timer, which is armed, and an event,
//!   and starts a thread for it. If one of these cannot be had, nothing is left behind, and the caller
//!   is told that nobody watches. Otherwise every change from then on cancels the timer. What was
//!   changed before, the caller finds by looking at the clock after it has registered.
//! * Whoever takes out the last parker takes the post out of the book and raises its event. The
//!   thread then ends, and nobody waits for that. Whoever registers meanwhile makes another post,
//!   which has nothing in common with the old one; so there is no race between the two. The descriptors
//!   of a post are closed when its thread has ended.
//! * The thread, when the timer was cancelled or has expired: arms the timer anew, and then unparks
//!   all who are registered, under the lock of the book. So after the book has lost a parker, that is
//!   not unparked any more. A change in between cancels the new timer. If arming reports that, it has
//!   armed the timer, and the unparking comes after.
//!
//! A timer has to have an expiry. It is a century ahead, and counts as a change when it comes. The
//! descriptors are closed when another program is executed.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fd::OwnedFd;
use rustix::io::{self, Errno, read, retry_on_intr, write};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::Parker;
use crate::sync::Mutex;

/// How far ahead the timer is set: only that it is cancelled matters.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

/// How soon the thread looks again if it cannot wait.
const PAUSE: Duration = Duration::from_secs(1);

/// What all clocks of the process share.
static OF_THE_PROCESS: LazyLock<Watcher> = LazyLock::new(|| Watcher::new(CENTURY));

/// Unparks `parker` from now on whenever the wall clock has been set; says whether it will.
pub(super) fn register(parker: &Parker) -> bool {
    OF_THE_PROCESS.register(parker)
}

/// Ends what [`register`] began, if it did.
pub(super) fn unregister(parker: &Parker) {
    OF_THE_PROCESS.unregister(parker);
}

/// A thread that comes and goes, and whom it has to tell.
#[derive(Debug)]
struct Watcher {
    book: Arc<Mutex<Book>>,

    /// How far ahead timers are set.
    ahead: Duration,
}

#[derive(Debug, Default)]
struct Book {
    parkers: Vec<Parker>,

    /// That of the thread which serves them. There is one if and only if there are parkers.
    post: Option<Arc<Post>>,
}

/// What one thread of a watcher waits on.
#[derive(Debug)]
struct Post {
    /// Cancelled when the wall clock is set.
    timer: OwnedFd,

    /// Tells the thread to end.
    end: OwnedFd,
    ahead: Duration,
}

impl Watcher {
    fn new(ahead: Duration) -> Self {
        Self { book: Arc::default(), ahead }
    }

    fn register(&self, parker: &Parker) -> bool {
        let mut book = self.book.lock();
        if book.post.is_none() {
            let Ok(post) = Post::new(self.ahead).map(Arc::new) else { return false };
            let (own, shared) = (Arc::clone(&post), Arc::clone(&self.book));
            let thread = thread::Builder::new().name("pysched-clock".to_owned());
            if thread.spawn(move || own.serve(&shared)).is_err() {
                return false;
            }
            book.post = Some(post);
        }
        book.parkers.push(parker.clone());
        true
    }

    fn unregister(&self, parker: &Parker) {
        let mut book = self.book.lock();
        book.parkers.retain(|registered| !registered.is(parker));
        if book.parkers.is_empty()
            && let Some(post) = book.post.take()
        {
            post.close();
        }
    }
}

impl Post {
    fn new(ahead: Duration) -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
        let end = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let post = Self { timer, end, ahead };
        post.arm()?;
        Ok(post)
    }

    /// Sets the timer, whatever became of it before.
    fn arm(&self) -> io::Result<()> {
        // Counted from now, as a fixed time would come for ever once the clock is beyond it.
        let expiry = SystemTime::now().checked_add(self.ahead).unwrap_or(UNIX_EPOCH);
        let since_epoch = expiry.duration_since(UNIX_EPOCH).unwrap_or(self.ahead);
        let it_value = Timespec::try_from(since_epoch).map_err(|_| Errno::OVERFLOW)?;
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match timerfd_settime(&self.timer, flags, &Itimerspec { it_interval, it_value }) {
            // The clock was set since the timer was made or armed before. It is armed now.
            Ok(_) | Err(Errno::CANCELED) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Has the thread end.
    fn close(&self) {
        // Fails only if the event has been raised already, to the utmost.
        let _ = retry_on_intr(|| write(&self.end, &1_u64.to_ne_bytes()));
    }

    /// What the thread does until the post is closed.
    fn serve(&self, book: &Mutex<Book>) {
        while self.until_set() {
            // It could be armed once, and so it can again: nothing that it depends on has changed.
            let _ = self.arm();
            for parker in &book.lock().parkers {
                parker.unpark();
            }
        }
    }

    /// Sleeps until the clock has been set; says whether that is so, or the post has been closed.
    fn until_set(&self) -> bool {
        loop {
            let mut watched =
                [PollFd::new(&self.end, PollFlags::IN), PollFd::new(&self.timer, PollFlags::IN)];
            let waited = retry_on_intr(|| poll(&mut watched, None));
            if read(&self.end, &mut [0; 8]).is_ok() {
                return false;
            }
            // Expired, or cancelled.
            if matches!(read(&self.timer, &mut [0; 8]), Ok(_) | Err(Errno::CANCELED)) {
                return true;
            }
            // A process may be denied waiting altogether, by a limit; that must not become a spin.
            if waited.is_err() {
                thread::sleep(PAUSE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::{FdFlags, fcntl_getfd};
    use rustix::time::{ClockId, clock_gettime, clock_settime};
    use std::sync::Weak;
    use std::time::Instant;

    const PATIENCE: Duration = Duration::from_secs(30);
    const MILLISECOND: Duration = Duration::from_millis(1);

    /// The post of a watcher that has one.
    fn post(watcher: &Watcher) -> Weak<Post> {
        Arc::downgrade(watcher.book.lock().post.as_ref().unwrap())
    }

    #[track_caller]
    fn assert_unparked(parker: &Parker) {
        let begun = Instant::now();
        // It may wake for no reason.
        while !parker.parked_timeout(PATIENCE) {
            assert!(begun.elapsed() < PATIENCE, "nobody tells");
        }
    }

    /// Waits until the thread of a post has ended, and its descriptors are closed.
    #[track_caller]
    fn assert_closed(post: &Weak<Post>) {
        let begun = Instant::now();
        while post.strong_count() > 0 {
            assert!(begun.elapsed() < PATIENCE, "the thread does not end");
            thread::yield_now();
        }
    }

    #[test]
    fn a_timer_that_expires_counts_as_a_change_each_time() {
        let watcher = Watcher::new(5 * MILLISECOND);
        let parkers = [Parker::new(), Parker::new()];
        assert!(parkers.iter().all(|parker| watcher.register(parker)));
        for _ in 0..3 {
            parkers.iter().for_each(assert_unparked);
        }
        for parker in &parkers {
            watcher.unregister(parker);
        }
    }

    #[test]
    fn a_clock_that_is_set_is_told_of_each_time() {
        let watcher = Watcher::new(CENTURY);
        let parker = Parker::new();
        assert!(watcher.register(&parker));
        for _ in 0..10 {
            // To what it shows, give or take the time between the two calls.
            let set = clock_settime(ClockId::Realtime, clock_gettime(ClockId::Realtime));
            if let Err(errno) = set {
                println!("skipped: this process may not set the clock ({errno})");
                break;
            }
            assert_unparked(&parker);
        }
        watcher.unregister(&parker);
    }

    #[test]
    fn a_timer_is_armed_whether_or_not_the_clock_has_been_set() {
        let post = Post::new(CENTURY).unwrap();
        for _ in 0..10 {
            // Where it may not be set, there is less to see.
            let _ = clock_settime(ClockId::Realtime, clock_gettime(ClockId::Realtime));
            post.arm().unwrap();
        }
    }

    #[test]
    fn a_thread_is_there_while_somebody_is_registered() {
        let watcher = Watcher::new(CENTURY);
        let [one, other] = [Parker::new(), Parker::new()];
        assert!(watcher.register(&one));
        let first = post(&watcher);
        assert!(watcher.register(&other));
        watcher.unregister(&one);
        assert!(first.ptr_eq(&post(&watcher)), "one thread serves all");
        watcher.unregister(&one);
        assert!(first.ptr_eq(&post(&watcher)), "it was not registered any more");
        watcher.unregister(&other);
        assert!(watcher.book.lock().post.is_none());
        assert_closed(&first);

        assert!(watcher.register(&one));
        let second = post(&watcher);
        watcher.unregister(&one);
        assert_closed(&second);
    }

    #[test]
    fn nobody_is_unparked_who_is_not_registered_any_more() {
        let watcher = Watcher::new(MILLISECOND);
        let [stays, goes] = [Parker::new(), Parker::new()];
        assert!(watcher.register(&stays) && watcher.register(&goes));
        assert_unparked(&goes);
        watcher.unregister(&goes);
        let unparks = goes.unparks();
        for _ in 0..5 {
            assert_unparked(&stays);
        }
        assert_eq!(goes.unparks(), unparks);
        watcher.unregister(&stays);
    }

    #[test]
    fn whoever_registers_is_told_whoever_leaves_meanwhile() {
        let watcher = Arc::new(Watcher::new(MILLISECOND));
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let watcher = Arc::clone(&watcher);
                thread::spawn(move || {
                    let mut posts = Vec::new();
                    for round in 0..100 {
                        let parker = Parker::new();
                        assert!(watcher.register(&parker));
                        posts.push(post(&watcher));
                        // Most leave at once, so that the thread ends again and again.
                        if round % 8 == number {
                            assert_unparked(&parker);
                        }
                        watcher.unregister(&parker);
                    }
                    posts
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap().iter().for_each(assert_closed);
        }
        assert!(watcher.book.lock().parkers.is_empty());
    }

    #[test]
    fn descriptors_are_closed_on_exec() {
        let post = Post::new(CENTURY).unwrap();
        for descriptor in [&post.timer, &post.end] {
            assert!(fcntl_getfd(descriptor).unwrap().contains(FdFlags::CLOEXEC));
        }
    }
}
