//! Executors: one suite, which each of them has to pass.
//!
//! The cases are in `suite.rs`, and know an executor only by how to make one. What they run are
//! annotated functions, which can also run in a worker process, and leave their traces in files: once
//! plain functions, and once async functions (`functions.rs`).

mod functions;
#[cfg(feature = "tokio")]
mod runtimes;
mod suite;

use functions::{Async, Plain};
use pysched::{InlineExecutor, Scheduler, SchedulerBuilder, ThreadPoolExecutor};

#[cfg(all(feature = "process", unix))]
pysched::worker_test!();

/// How to make a scheduler with a new executor of at most so many workers.
type Make = fn(usize) -> SchedulerBuilder;

/// Runs the cases with an executor, each as a test of its own.
macro_rules! conforms {
    ($executor:ident, $make:expr, $($case:ident)*) => {
        mod $executor {
            use super::*;

            const MAKE: Make = $make;

            $(
                #[test]
                fn $case() {
                    suite::$case::<Plain>(MAKE);
                }
            )*

            mod asynchronous {
                use super::*;

                $(
                    #[test]
                    fn $case() {
                        suite::$case::<Async>(MAKE);
                    }
                )*
            }
        }
    };
}

/// What holds whatever the executor.
macro_rules! always {
    ($executor:ident, $make:expr, $($more:ident)*) => {
        conforms! {
            $executor,
            $make,
            a_value_comes_back_as_it_was
            an_error_comes_back_with_its_text
            a_panic_comes_back_with_its_text_and_costs_no_worker
            a_series_runs_as_often_as_it_should
            what_is_due_together_starts_by_priority
            callbacks_are_called
            every_one_of_many_is_run
            the_history_tells_of_every_execution
            a_task_can_ask_for_the_executor_by_name
            a_shutdown_that_waits_finishes_what_is_due
            nothing_is_taken_after_a_shutdown
            a_cancelled_task_never_starts
            a_timeout_without_time_is_refused
            $($more)*
        }
    };
}

/// What also holds where tasks do not run on the scheduler's own thread.
macro_rules! beside {
    ($executor:ident, $make:expr, $($more:ident)*) => {
        always! {
            $executor,
            $make,
            a_future_tells_whether_it_runs
            what_waits_for_a_worker_can_be_cancelled
            a_shutdown_that_does_not_wait_cancels_what_waits
            a_shutdown_with_a_limit_names_what_is_left
            a_series_does_not_overlap_itself
            dropping_the_scheduler_ends_every_future
            workers_run_side_by_side
            a_timeout_is_kept
            $($more)*
        }
    };
}

always!(inline, |_| Scheduler::builder().executor(InlineExecutor),);
beside!(threads, |workers| Scheduler::builder().executor(ThreadPoolExecutor::new(workers)),);
#[cfg(all(feature = "process", unix))]
beside!(processes, |workers| {
    let pool = pysched::ProcessPoolExecutor::new(workers).expect("there are workers");
    Scheduler::builder().executor(pool)
},);
#[cfg(feature = "tokio")]
beside!(tokio, |workers| Scheduler::builder().executor(runtimes::on_tokio(workers)),);
#[cfg(feature = "tokio")]
beside!(smol, |workers| Scheduler::builder().executor(runtimes::OnSmol::new(workers)),);
