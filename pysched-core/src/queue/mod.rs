//! The two queues, plain data structures without threads: *when* and *which*.
