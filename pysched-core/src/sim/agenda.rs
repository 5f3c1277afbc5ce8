//! [`Agenda`]: what is to happen in a simulation beside what its scheduler does, in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Weak;
use std::time::SystemTime;

use super::fault::Fault;
use super::sleep::Alarm;
use super::workers::Place;
use crate::time::{Moment, Timeline};

/// What is to happen at some moment.
#[derive(Debug)]
pub(super) enum Item {
    /// The code on a worker has worked for as long as it has said, or the worker begins at last.
    Look(Place),

    /// A future has slept for long enough, if it is still there.
    Ring(Weak<Alarm>),

    /// Workers go on that have paused: nothing but that, as they are looked at whenever anything happens.
    Pass,
}

/// When a fault is to happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    Moment(Moment),

    /// When the wall clock shows that, or something later.
    Wall(SystemTime),
}

impl When {
    pub(super) fn on(self, timeline: Timeline) -> Moment {
        match self {
            Self::Moment(moment) => moment,
            Self::Wall(time) => timeline.moment_at(time),
        }
    }
}

/// Items in the order of their moments, and those of one moment in the order in which they came.
#[derive(Debug)]
pub(super) struct Agenda {
    items: BinaryHeap<Reverse<Entry>>,
    came: u64,

    /// In the order in which they came: there are few.
    faults: Vec<(When, Fault)>,

    /// When the first fault is to happen, as the wall clock stands.
    first_fault: Moment,
}

impl Default for Agenda {
    fn default() -> Self {
        let items = BinaryHeap::new();
        Self { items, came: 0, faults: Vec::new(), first_fault: Moment::NEVER }
    }
}

#[derive(Debug)]
struct Entry {
    at: Moment,
    number: u64,
    item: Item,
}

impl Agenda {
    pub(super) fn add(&mut self, at: Moment, item: Item) {
        self.came += 1;
        self.items.push(Reverse(Entry { at, number: self.came, item }));
    }

    pub(super) fn add_fault(&mut self, when: When, fault: Fault, timeline: Timeline) {
        self.faults.push((when, fault));
        self.set_clock(timeline);
    }

    /// Finds anew when faults are to happen, as the wall clock has been set.
    pub(super) fn set_clock(&mut self, timeline: Timeline) {
        let moments = self.faults.iter().map(|(when, _)| when.on(timeline));
        self.first_fault = moments.min().unwrap_or(Moment::NEVER);
    }

    /// When the next fault is to happen.
    pub(super) fn next_fault(&self) -> Moment {
        self.first_fault
    }

    /// When the next item is to happen that is none.
    pub(super) fn next_item(&mut self) -> Moment {
        while let Some(Reverse(entry)) = self.items.peek() {
            // Nothing happens where a future was to be woken that is gone.
            match &entry.item {
                Item::Ring(alarm) if alarm.strong_count() == 0 => drop(self.items.pop()),
                _ => return entry.at,
            }
        }
        Moment::NEVER
    }

    /// Takes out the next fault, if it is to happen by `now`.
    pub(super) fn pop_fault(&mut self, now: Moment, timeline: Timeline) -> Option<Fault> {
        if self.first_fault > now {
            return None;
        }
        let first = self.first_fault;
        let index = self.faults.iter().position(|(when, _)| when.on(timeline) <= first)?;
        let (_, fault) = self.faults.remove(index);
        self.set_clock(timeline);
        Some(fault)
    }

    /// Takes out the next item, if it is to happen by `now`.
    pub(super) fn pop(&mut self, now: Moment) -> Option<Item> {
        let is_due = self.items.peek().is_some_and(|Reverse(entry)| entry.at <= now);
        is_due.then(|| self.items.pop()).flatten().map(|Reverse(entry)| entry.item)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}
