//! Tasks whose function is asynchronous, on executors that know nothing of that.

mod threads;
mod waiting;

pysched::worker_test!();
