//! What takes other limits than those that ship.

use super::Simulation;
use crate::{EventKind, Scheduler, Task, Trigger};

#[test]
#[should_panic(expected = "have taken no time at all")]
fn a_task_that_adds_another_at_once_for_ever_is_noticed() {
    fn again(scheduler: &Scheduler) {
        let next = scheduler.clone();
        scheduler.delay(Trigger::once(0), 0, move || again(&next)).unwrap();
    }
    let sim = Simulation::new();
    again(&sim.scheduler());
    sim.run_until_idle();
}

#[test]
#[should_panic(expected = "have taken no time at all")]
fn a_future_that_wakes_itself_for_ever_is_noticed() {
    let sim = Simulation::new();
    let spins = Task::<()>::future(|| {
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
    });
    sim.scheduler().add(spins).unwrap();
    sim.run_until_idle();
}

#[test]
#[should_panic(expected = "have taken no time at all")]
fn a_listener_that_adds_a_task_for_each_that_is_added_is_noticed() {
    let sim = Simulation::new();
    let scheduler = sim.scheduler();
    let adds = scheduler.clone();
    let _subscription = scheduler.subscribe(move |event| {
        if event.kind == EventKind::Added {
            adds.delay(Trigger::once(60), 0, || ()).unwrap();
        }
    });
    scheduler.delay(Trigger::once(60), 0, || ()).unwrap();
    sim.run_until_idle();
}
