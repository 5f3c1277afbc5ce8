//! A task explained: what it waits for, how its executions stand, and what became of its last run.

use pysched::{
    InlineExecutor, ManualClock, Misfire, Overlap, Retry, Scheduler, Task, TaskId, Trigger,
};
use pysched_tests::{Gate, occupy, outcome, pool_by_hand, secs};

use crate::guided::{End, Guided, backs_off, eventually};

/// Checks that a task is explained in these words, its id left out.
#[track_caller]
fn is_explained(sched: &Scheduler, task: impl Into<TaskId>, expected: &str) {
    let task = task.into();
    let words = sched.explain(task).replace(&task.to_string(), "ID");
    assert_eq!(words, expected);
}

#[test]
fn one_that_was_not_started() {
    let sched = Scheduler::builder().clock(ManualClock::new()).build();
    let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(60)).name("sweep")).unwrap();
    is_explained(
        &sched,
        &handle,
        "Task \"sweep\" (ID) waits for the scheduler to be started; until then, nothing runs. Its next \
         run is due in 1m. None of its runs is over yet.",
    );
    handle.pause().unwrap();
    is_explained(
        &sched,
        &handle,
        "Task \"sweep\" (ID) is paused, and the scheduler has not been started either. Its next run is \
         due in 1m. None of its runs is over yet.",
    );
}

#[test]
fn one_that_is_paused() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(60))).unwrap();
    let words = |expected| is_explained(&it.sched, &handle, expected);
    words("Task ID is due in 1m. None of its runs is over yet.");
    it.sched.pause_all();
    words(
        "Task ID waits for the scheduler to be resumed, which is paused as a whole. Its next run is due \
         in 1m. None of its runs is over yet.",
    );
    handle.pause().unwrap();
    it.pass(secs(90));
    words(
        "Task ID is paused, and so is the scheduler as a whole. Its next run was due 30s ago. None of \
         its runs is over yet.",
    );
    it.sched.resume_all();
    words(
        "Task ID is paused: its runs are held back until it is resumed. Its next run was due 30s ago. \
         None of its runs is over yet.",
    );
}

#[test]
fn one_that_the_scheduler_has_not_come_to() {
    let clock = ManualClock::new();
    let builder = Scheduler::builder().clock(clock.clone());
    let sched = builder.executor(InlineExecutor).build();
    sched.start().unwrap();
    let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(60)).priority(1)).unwrap();
    let (gate, held) = (Gate::new(), Gate::new());
    let hold_up = {
        let (gate, held) = (gate.clone(), held.clone());
        Task::new(move || {
            held.wait();
            gate.wait();
        })
    };
    sched.add(hold_up.trigger(Trigger::once(30))).unwrap();
    let own = clock.clone();
    let passing = std::thread::spawn(move || {
        own.advance(secs(30));
        own.advance(secs(40));
    });
    held.await_arrivals(1);
    held.open();
    gate.await_arrivals(1);
    // Time does not pass while the thread of the scheduler is busy, unless its task has it do so.
    let waiting = "Task ID is due in 30s. None of its runs is over yet.";
    is_explained(&sched, &handle, waiting);
    gate.open();
    passing.join().unwrap();
    is_explained(
        &sched,
        &handle,
        "Task ID is due in 50s. Its last run that is over, due 10s ago, has succeeded.",
    );
    let own = (sched.clone(), clock.clone(), handle.id());
    let late = Task::new(move || {
        let (sched, clock, task) = &own;
        clock.advance(secs(60));
        sched.explain(*task).replace(&task.to_string(), "ID")
    });
    let late = sched.add(late).unwrap().future();
    assert_eq!(
        outcome(&late).unwrap(),
        "Task ID has been due for 10s: the scheduler's thread has not come to it yet. Its last run that \
         is over, due 1m 10s ago, has succeeded."
    );
}

#[test]
fn one_that_runs_or_waits_for_a_worker() {
    for ruled in [false, true] {
        let it = Guided::new(1);
        let task = it.task("a").trigger(Trigger::once(5));
        let task = if ruled { task.tag("ruled") } else { task };
        let gate = occupy(&it.sched, 1);
        let handle = it.sched.add(task).unwrap();
        let words = |expected| is_explained(&it.sched, &handle, expected);
        words("Task ID is due in 5s. None of its runs is over yet.");
        it.pass(secs(8));
        words(
            "Task ID has no other run after what is in flight. The run due 3s ago waits for a worker. \
             None of its runs is over yet.",
        );
        gate.open();
        let begun = it.begins("a");
        it.pass(secs(125));
        words(
            "Task ID has no other run after what is in flight. The run due 2m 8s ago has been running \
             for 2m 5s. None of its runs is over yet.",
        );
        it.ends(begun, End::Return);
        words("Task ID is finished. Its last run that is over, due 2m 8s ago, has succeeded.");
    }
}

#[test]
fn one_that_tells_how_far_it_has_come() {
    let (sched, _clock) = pool_by_hand(1);
    let (gate, total) = (Gate::new(), Gate::new());
    let task = {
        let (gate, total) = (gate.clone(), total.clone());
        Task::new(move || {
            pysched::current().set_progress(3, 0);
            total.wait();
            pysched::current().set_progress(3, 4);
            gate.wait();
        })
    };
    let handle = sched.add(task).unwrap();
    let says = |expected| {
        let words = sched.explain(&handle);
        assert!(words.contains(expected), "{words}");
    };
    total.await_arrivals(1);
    says(" has been running for 0s, and says that it has done 3. None");
    total.open();
    gate.await_arrivals(1);
    says(" has been running for 0s, and says that it has done 3 of 4. None");
    gate.open();
}

#[test]
fn one_that_waits_behind_another() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").overlap(Overlap::BufferAll)).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    it.seconds(4);
    is_explained(
        &it.sched,
        &handle,
        "Task ID is due in 1s. The run due 4s ago has been running for 4s. The run due 3s ago waits for \
         an earlier run to end. The run due 2s ago waits for an earlier run to end. 2 others are in \
         flight. None of its runs is over yet.",
    );
    handle.pause().unwrap();
    let words = it.sched.explain(&handle);
    assert!(words.contains("The run due 3s ago waits for the task to be resumed."), "{words}");
    it.ends(begun, End::Return);
}

#[test]
fn one_that_was_asked_for_while_the_scheduler_is_paused() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(60))).unwrap();
    it.sched.pause_all();
    handle.run_now().unwrap();
    is_explained(
        &it.sched,
        &handle,
        "Task ID waits for the scheduler to be resumed, which is paused as a whole. Its next run is due \
         in 1m. The run due just now waits for the scheduler to be resumed. None of its runs is over yet.",
    );
}

#[test]
fn one_that_is_told_to_end() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").overlap(Overlap::CancelOther)).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    it.pass(secs(1));
    is_explained(
        &it.sched,
        &handle,
        "Task ID is due in 1s. The run due 1s ago has been running for 1s, and was told to end. The run \
         due just now waits for an earlier run to end. None of its runs is over yet.",
    );
    it.ends(begun, End::Fail);
    it.ends(it.begins("a"), End::Return);
    handle.cancel().unwrap();
}

#[test]
fn one_that_backs_off() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(2).fixed(secs(60)));
    let handle = it.sched.add(task).unwrap();
    let words = |expected| is_explained(&it.sched, &handle, expected);
    let future = handle.future();
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    it.pass(secs(15));
    words(
        "Task ID has no other run after what is in flight. The run due 15s ago is to be tried again in \
         45s, as attempt 1 has failed: it was told to fail. None of its runs is over yet.",
    );
    let gate = occupy(&it.sched, 1);
    it.pass(secs(50));
    words(
        "Task ID has no other run after what is in flight. The run due 1m 5s ago waits for a worker for \
         attempt 2, as attempt 1 has failed: it was told to fail. None of its runs is over yet.",
    );
    gate.open();
    let begun = it.begins("a");
    it.pass(secs(1));
    words(
        "Task ID has no other run after what is in flight. The run due 1m 6s ago has been running for \
         1s with attempt 2. None of its runs is over yet.",
    );
    begun.end(End::Panic);
    backs_off(&future, 2);
    handle.pause().unwrap();
    it.pass(secs(60));
    words(
        "Task ID is paused: its runs are held back until it is resumed. The run due 2m 6s ago waits with \
         attempt 3 for the task to be resumed, as attempt 2 has failed: it panicked: it was told to \
         panic. None of its runs is over yet.",
    );
    handle.resume().unwrap();
    it.ends(it.begins("a"), End::Return);
    words(
        "Task ID is finished. Its last run that is over, due 2m 6s ago, has succeeded in 3 attempts.",
    );
}

#[test]
fn one_whose_function_does_not_return() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::once(0)).timeout(secs(5))).unwrap();
    let begun = it.begins("a");
    it.pass(secs(65));
    is_explained(
        &it.sched,
        &handle,
        "Task ID has no other run after what is in flight. The run due 1m 5s ago has timed out, and its \
         function, which was called 1m 5s ago, has not returned: it keeps its worker, and counts as \
         running until it does. Its last run that is over, due 1m 5s ago, has failed: it ran longer than \
         its limit of 5s.",
    );
    begun.end(End::Return);
    eventually("it should be over", || it.sched.task(&handle).is_none().then_some(()));
}

#[test]
fn one_that_is_to_be_tried_again_when_its_function_returns() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(0)).timeout(secs(5));
    let handle = it.sched.add(task.retry(Retry::times(1).fixed(secs(1)))).unwrap();
    let (begun, future) = (it.begins("a"), handle.future());
    it.pass(secs(5));
    backs_off(&future, 1);
    it.pass(secs(60));
    is_explained(
        &it.sched,
        &handle,
        "Task ID has no other run after what is in flight. The run due 1m 5s ago has timed out, and its \
         function, which was called 1m 5s ago, has not returned; once it has, the run is tried again, \
         with attempt 2. None of its runs is over yet.",
    );
    begun.end(End::Return);
    it.ends(it.begins("a"), End::Return);
}

#[test]
fn one_that_is_behind() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
    it.pass(secs(10));
    let begun = it.begins("a");
    is_explained(
        &it.sched,
        &handle,
        "Task ID is behind: of its runs, those from the one due 8s ago on have yet to be caught up with, \
         one after the other. The run due 9s ago has been running for 0s. None of its runs is over yet.",
    );
    handle.cancel().unwrap();
    it.ends(begun, End::Return);
}

#[test]
fn one_that_waits_for_room() {
    let it = Guided::built(2, |builder| builder.limit("db", 1));
    let once = |label| it.task(label).trigger(Trigger::once(0)).tag("db");
    it.sched.add(once("first")).unwrap();
    let first = it.begins("first");
    let handle = it.sched.add(once("second")).unwrap();
    it.nothing_begins();
    is_explained(
        &it.sched,
        &handle,
        "Task ID has no other run after what is in flight. The run due just now waits for room under the \
         limit of the tag \"db\": 1 of at most 1 are queued or run. None of its runs is over yet.",
    );
    it.ends(first, End::Return);
    it.ends(it.begins("second"), End::Return);
}

#[test]
fn one_that_follows_others() {
    let it = Guided::new(2);
    let [one, other] = ["one", "other"]
        .map(|label| it.sched.add(it.task(label).trigger(Trigger::recur(10))).unwrap());
    let task = it.task("after").trigger(Trigger::once(30)).after(&one).after(&other);
    let handle = it.sched.add(task).unwrap();
    let words = |expected: &str| {
        is_explained(&it.sched, &handle, expected);
    };
    words(&format!(
        "Task ID runs when each of these tasks has succeeded: {}, {}. None of its runs is over yet.",
        one.id(),
        other.id()
    ));
    it.pass(secs(10));
    it.ends(it.begins("one"), End::Return);
    // A follower is told once the future of the execution is done.
    let first = one.id().to_string();
    eventually("it should no longer wait for the first", || {
        (!it.sched.explain(&handle).contains(&first)).then_some(())
    });
    words(&format!(
        "Task ID runs when task {} has succeeded. None of its runs is over yet.",
        other.id()
    ));
    it.ends(it.begins("other"), End::Return);
    eventually("it should be due", || handle.next_run());
    words("Task ID is due in 30s. None of its runs is over yet.");
    it.sched.shutdown(true);
}

#[test]
fn one_that_is_due_after_its_end() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur_after(10))).unwrap();
    it.pass(secs(10));
    let begun = it.begins("a");
    is_explained(
        &it.sched,
        &handle,
        "Task ID is due again when its execution has ended. The run due just now has been running for \
         0s. None of its runs is over yet.",
    );
    it.ends(begun, End::Return);
    is_explained(
        &it.sched,
        &handle,
        "Task ID is due in 10s. Its last run that is over, due just now, has succeeded.",
    );
}

#[test]
fn what_became_of_the_last_run() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(10)).grace(secs(4))).unwrap();
    let ends = |expected: &str| {
        let words = it.sched.explain(&handle);
        assert!(words.ends_with(expected), "{words}");
    };
    it.pass(secs(15));
    ends(
        "Its last run that is over, due 5s ago, was missed: it was 5s late, which is beyond its grace.",
    );
    it.pass(secs(5));
    gate.open();
    let begun = it.begins("a");
    it.pass(secs(10));
    ends("due just now, was skipped: an earlier execution was still running.");
    it.ends(begun, End::Panic);
    ends("due 10s ago, has failed: it panicked: it was told to panic.");
    assert!(handle.future().cancel());
    ends("due in 10s, was cancelled: its future was cancelled.");
    handle.cancel().unwrap();
    ends("due in 20s, was cancelled: the task was cancelled.");
    assert!(it.sched.explain(&handle).contains(" is finished. "));
}

#[test]
fn one_that_nobody_knows() {
    let it = Guided::new(1);
    let other = Guided::new(1).sched.add(Task::new(|| ()).trigger(Trigger::recur(1))).unwrap();
    for task in [TaskId::nil(), other.id()] {
        is_explained(
            &it.sched,
            task,
            "Nothing is known of task ID: it was never added to this scheduler, or was finished so long \
             ago that it is forgotten.",
        );
    }
}

#[test]
fn one_of_a_scheduler_that_is_shut_down() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    let sched = it.sched.clone();
    let waiter = std::thread::spawn(move || sched.shutdown(true));
    eventually("it should be about to end", || {
        it.sched.task(&handle).is_some_and(|info| info.next_run.is_none()).then_some(())
    });
    let flight = "The run due just now has been running for 0s.";
    let last = "Its last run that is over, due in 1s, was cancelled: the scheduler was shut down.";
    is_explained(
        &it.sched,
        &handle,
        &format!(
            "Task ID ends with its scheduler, which is being shut down: what has begun or waits is run \
             to its end, and nothing else is. {flight} {last}"
        ),
    );
    it.sched.shutdown(false);
    is_explained(
        &it.sched,
        &handle,
        &format!(
            "Task ID belongs to a scheduler that was shut down: what runs goes on to its end, and \
             nothing else is run. {flight} {last}"
        ),
    );
    it.ends(begun, End::Return);
    waiter.join().unwrap();
    is_explained(
        &it.sched,
        &handle,
        "Task ID is finished. Its last run that is over, due just now, has succeeded.",
    );
}
