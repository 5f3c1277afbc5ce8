//! Tasks whose function is asynchronous, on executors that know nothing of that.

mod threads;

pysched::worker_test!();
