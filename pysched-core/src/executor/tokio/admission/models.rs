//! Futures that are admitted, and begun by tasks that are called, in every order of events.

use super::*;
use crate::queue::ReadyKey;
use crate::sync::models::check;
use crate::time::Moment;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

/// A future that says which it is.
struct Future(usize);

impl Urgency for Future {
    fn key(&self) -> ReadyKey {
        ReadyKey { priority: 0, due: Moment::default(), sequence: self.0 as u64 }
    }
}

impl Kind for Future {
    fn is_async(&self) -> bool {
        true
    }
}

enum Task {
    Driver,
    Turn,
}

/// A runtime that two threads run, from one queue. With a thread for each task it would need more than
/// loom has.
struct Runtime {
    admission: Admission<Future>,
    begun: [AtomicUsize; 3],
    tasks: Mutex<VecDeque<Task>>,
}

impl Runtime {
    fn spawn(&self, task: Task) {
        self.tasks.lock().push_back(task);
    }

    fn answer(&self, calls: &Calls) {
        if calls.driver {
            self.spawn(Task::Driver);
        }
    }

    /// Runs tasks until there are none. Whoever spawns one comes here later.
    fn run(&self) {
        loop {
            let task = self.tasks.lock().pop_front();
            match task {
                None => return,
                Some(Task::Turn) => self.turn(None),
                Some(Task::Driver) => match self.admission.visit() {
                    Visit::Nothing => {}
                    Visit::Last(future) => self.turn(Some(future)),
                    Visit::More => {
                        self.spawn(Task::Turn);
                        self.spawn(Task::Driver);
                    }
                },
            }
        }
    }

    fn turn(&self, first: Option<Future>) {
        let mut over = first.map_or(0, |future| self.begin(&future));
        loop {
            let (next, calls) = self.admission.next_future(over);
            self.answer(&calls);
            let Some(future) = next else { return };
            over = self.begin(&future);
        }
    }

    /// Says how many are over then.
    fn begin(&self, Future(number): &Future) -> usize {
        self.begun[*number].fetch_add(1, Ordering::Relaxed);
        1
    }

    fn push(&self, futures: impl IntoIterator<Item = usize>) {
        let mut futures = futures.into_iter().map(Future).collect();
        let calls = self.admission.push_all(&mut futures).ok().unwrap();
        self.answer(&calls);
    }
}

/// Two futures, so that there is a turn beside the driver, and a third one that another thread pushes at
/// any time. Each begins once, by whichever tasks are called.
#[test]
fn loom_every_future_begins_once() {
    for limit in [1, 2, 3] {
        check(3, move || {
            let runtime = Arc::new(Runtime {
                admission: Admission::new(limit),
                begun: std::array::from_fn(|_| AtomicUsize::new(0)),
                tasks: Mutex::default(),
            });
            let other = thread::spawn({
                let runtime = Arc::clone(&runtime);
                move || {
                    runtime.push([2]);
                    runtime.run();
                }
            });
            runtime.push([0, 1]);
            runtime.run();
            other.join().unwrap();
            let begun = runtime.begun.each_ref().map(|it| it.load(Ordering::Relaxed));
            assert_eq!(begun, [1, 1, 1]);
            assert_eq!(runtime.admission.size(), (0, 0));
        });
    }
}
