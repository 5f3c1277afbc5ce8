//! [`Moments`]: virtual time as a heap of moments, and a closure for each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::NAME;
use crate::contenders::{Body, Plan, VirtualTime};

#[derive(Debug)]
pub(crate) struct Moments;

impl VirtualTime for Moments {
    const NAME: &'static str = NAME;

    fn simulate(plan: Plan, body: impl Body) {
        let mut series: Vec<Box<dyn Fn()>> = Vec::new();
        let mut moments = BinaryHeap::new();
        let mut first = plan.interval;
        for task in 0..plan.tasks as usize {
            series.push(Box::new(body.clone()));
            moments.push(Reverse((first, task)));
            first += plan.phase();
        }
        while let Some(Reverse((due, task))) = moments.pop()
            && due <= plan.end()
        {
            series[task]();
            moments.push(Reverse((due + plan.interval, task)));
        }
    }
}
