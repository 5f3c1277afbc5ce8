//! Events, tasks and executions as JSON.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::{Value, json, to_value};

use super::{Event, EventKind};
use crate::execution::{Attempt, Progress, Reason};
use crate::{Execution, InlineExecutor, ManualClock, Scheduler, Status, Task, Trigger};

const TASK: &str = "00c0ffee42000000000000010000002a";

fn second(count: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(count)
}

/// A time as serde has it.
fn at(second: u64) -> Value {
    json!({ "secs_since_epoch": second, "nanos_since_epoch": 0 })
}

#[track_caller]
fn assert_json(value: impl Serialize, expected: &Value) {
    assert_eq!(to_value(value).unwrap(), *expected);
}

#[test]
fn an_event_says_what_happened_to_which_task() {
    let event = |kind| {
        let name = Some("report".to_owned());
        Event { at: second(1), task: Some(TASK.parse().unwrap()), name, kind }
    };
    let due = second(0);
    let late = Duration::from_millis(1500);
    assert_json(
        event(EventKind::Started { due, attempt: 1, late }),
        &json!({
            "at": at(1),
            "task": TASK,
            "name": "report",
            "kind": { "started": {
                "due": at(0), "attempt": 1, "late": { "secs": 1, "nanos": 500_000_000 },
            } },
        }),
    );
    let kind = |kind| to_value(event(kind).kind).unwrap();
    assert_eq!(kind(EventKind::Finished), json!("finished"));
    let reason = Reason::Coalesced { into: second(60) };
    assert_eq!(
        kind(EventKind::Missed { due, reason, count: 3 }),
        json!({ "missed": {
            "due": at(0), "reason": { "coalesced": { "into": at(60) } }, "count": 3,
        } }),
    );
    let progress = Progress { done: 3, total: 4 };
    assert_eq!(
        kind(EventKind::Progressed { due, progress }),
        json!({ "progressed": { "due": at(0), "progress": { "done": 3, "total": 4 } } }),
    );
    assert_json(
        Event::of_scheduler(second(1), EventKind::ShutDown),
        &json!({ "at": at(1), "task": null, "name": null, "kind": "shut_down" }),
    );
}

#[test]
fn a_task_and_its_executions_are_records() {
    let clock = ManualClock::new();
    clock.set_wall(second(0));
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let failing = || Err::<(), _>("no connection");
    let task = Task::fallible(failing).name("report").trigger(Trigger::recur(60)).priority(2);
    let handle = sched.add(task.tag("nightly")).unwrap();
    sched.start().unwrap();
    clock.advance(Duration::from_mins(1));

    let id = handle.id().to_string();
    assert_json(
        sched.tasks(),
        &json!([{
            "id": id,
            "name": "report",
            "trigger": "recur(\"1m\")",
            "priority": 2,
            "next_run": at(120),
            "paused": false,
            "tags": ["nightly"],
            "in_flight": [],
        }]),
    );
    assert_json(
        sched.results(&handle),
        &json!([{
            "task": id,
            "due": at(60),
            "started": at(60),
            "finished": at(60),
            "attempt": 1,
            "attempts": [],
            "status": "failed",
            "error": "the task failed: no connection",
            "reason": null,
            "progress": null,
        }]),
    );
}

#[test]
fn an_execution_has_all_that_is_known_of_it() {
    let attempt = Attempt {
        started: Some(second(60)),
        finished: second(61),
        error: "the task failed: no connection".to_owned(),
    };
    let task = TASK.parse().unwrap();
    let cancelled = Execution::passed_over(task, second(60), second(62), Status::Cancelled);
    let cancelled = Execution {
        attempt: 2,
        attempts: vec![attempt],
        reason: Some(Reason::ShutDown),
        progress: Some(Progress { done: 1, total: 0 }),
        ..cancelled
    };
    assert_json(
        cancelled,
        &json!({
            "task": TASK,
            "due": at(60),
            "started": null,
            "finished": at(62),
            "attempt": 2,
            "attempts": [{
                "started": at(60), "finished": at(61), "error": "the task failed: no connection",
            }],
            "status": "cancelled",
            "error": null,
            "reason": "shut_down",
            "progress": { "done": 1, "total": 0 },
        }),
    );
}
