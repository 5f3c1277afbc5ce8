//! An admission by itself, beside a model of what it should do.

use super::*;
use crate::queue::ReadyKey;
use crate::time::Moment;
use proptest::prelude::*;

/// By its priority; the odd ones are functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item(i32);

impl Urgency for Item {
    fn key(&self) -> ReadyKey {
        ReadyKey { priority: self.0, due: Moment::default(), sequence: 0 }
    }
}

impl Kind for Item {
    fn is_async(&self) -> bool {
        self.0 % 2 == 0
    }
}

/// What an admission should do, as simply as it can be said.
struct Model {
    limit: usize,
    waiting: Vec<Item>,
    admitted: Vec<Item>,
    going_on: usize,
}

impl Model {
    fn admit(&mut self) {
        self.waiting.sort_unstable();
        while self.admitted.len() + self.going_on < self.limit && !self.waiting.is_empty() {
            self.admitted.push(self.waiting.remove(0));
        }
        self.admitted.sort_unstable();
    }

    fn take(&mut self, is_async: bool) -> Option<Item> {
        let place = self.admitted.iter().position(|item| item.is_async() == is_async)?;
        self.going_on += 1;
        Some(self.admitted.remove(place))
    }
}

proptest! {
    #[test]
    fn the_most_urgent_is_let_in_and_begun_first(
        limit in 1..5_usize,
        steps in prop::collection::vec((0..5_u8, prop::collection::vec(0..9_i32, 0..4)), 0..60),
    ) {
        let admission = Admission::new(limit);
        let mut model =
            Model { limit, waiting: Vec::new(), admitted: Vec::new(), going_on: 0 };
        let (mut driver, mut threads) = (false, 0);
        let answer = |calls: Calls, threads: &mut usize, driver: &mut bool| {
            assert!(!(calls.driver && *driver), "two drivers are called");
            *driver |= calls.driver;
            *threads += calls.threads;
        };
        for (step, priorities) in steps {
            match step {
                0 => for priority in priorities {
                    let calls = admission.push(Item(priority)).unwrap();
                    answer(calls, &mut threads, &mut driver);
                    model.waiting.push(Item(priority));
                    model.admit();
                },
                1 => {
                    let mut items: VecDeque<_> = priorities.into_iter().map(Item).collect();
                    model.waiting.extend(&items);
                    answer(admission.push_all(&mut items).unwrap(), &mut threads, &mut driver);
                    model.admit();
                }
                2 if driver => {
                    let futures = model.admitted.iter().filter(|it| it.is_async()).count();
                    let expected = match futures {
                        0 => Visit::Nothing,
                        1 => Visit::Last(model.take(true).unwrap()),
                        _ => Visit::More,
                    };
                    driver = expected == Visit::More;
                    prop_assert_eq!(admission.visit(), expected);
                }
                3 if threads > 0 => {
                    threads -= 1;
                    prop_assert_eq!(admission.next_function(), model.take(false));
                }
                4 => {
                    let over = usize::from(model.going_on > 0);
                    model.going_on -= over;
                    model.admit();
                    let (next, calls) = admission.next_future(over);
                    prop_assert_eq!(next, model.take(true));
                    answer(calls, &mut threads, &mut driver);
                }
                _ => {}
            }
            let futures = model.admitted.iter().filter(|it| it.is_async()).count();
            prop_assert!(futures == 0 || driver, "nobody is called for a future");
            prop_assert_eq!(threads, model.admitted.len() - futures);
            let queued = model.admitted.len() + model.waiting.len();
            prop_assert_eq!(admission.size(), (model.going_on, queued));
        }
    }
}

#[test]
fn what_has_not_begun_is_given_back_at_the_end() {
    let admission = Admission::new(3);
    for priority in [8, 3, 6, 1, 4] {
        let _ = admission.push(Item(priority)).unwrap();
    }
    // 8, 3 and 6 have been let in.
    let (next, _) = admission.next_future(0);
    assert_eq!(next, Some(Item(6)));
    let left = admission.close(Closed::ShutDown, false);
    assert_eq!(left, [8, 3, 1, 4].map(Item));
    assert_eq!(admission.size(), (1, 0));
    assert_eq!(admission.push(Item(0)), Err((Item(0), Closed::ShutDown)));
    assert_eq!(admission.push_all(&mut VecDeque::from([Item(0)])), Err(Closed::ShutDown));
    assert_eq!(admission.leave(1), Calls::default());
    admission.wait();

    assert!(admission.close(Closed::RuntimeGone, false).is_empty());
    assert!(admission.close(Closed::ShutDown, true).is_empty());
    assert_eq!(admission.closed(), Some(Closed::RuntimeGone), "there is no way back");
}
