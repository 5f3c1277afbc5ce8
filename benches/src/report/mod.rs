//! What is made of the results: tables, charts, and how they compare with the goals.

mod chart;
mod figure;
mod goals;
mod table;

pub(crate) use chart::chart;
pub(crate) use goals::goals;
pub(crate) use table::table;
