//! [`Log`]: what has happened in a simulation, so compactly that a year of it fits into memory.
//!
//! Millions of lines are kept, of 40 bytes each, nearly all of which say that an execution began or
//! succeeded. What else there is to say, such as the text of an error, is kept beside them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::fault::Fault;
use super::tally::Overlapping;
use crate::TaskId;
use crate::scheduler::{Event, EventKind};
use crate::time::{Moment, Timeline};

/// What has happened, in the order in which it did.
#[derive(Debug, Clone)]
pub(super) struct Log {
    lines: Vec<Line>,
    notes: Vec<Note>,

    /// The names of the tasks, in the order in which they were added.
    names: Vec<Option<Box<str>>>,

    /// Which of these a task is, by its sequence.
    numbers: Vec<u32>,

    /// Under which name reports tell of each, by its place in `groups`.
    group_of: Vec<usize>,

    /// How many of those of one name were at work at the same time, and of all tasks together.
    groups: Vec<Overlapping>,
    all: Overlapping,

    /// Where those of a name are among the groups.
    named: HashMap<Box<str>, usize>,

    /// How the wall clock stood, from which line on.
    timelines: Vec<(usize, Timeline)>,

    /// When the latest line was written, or the time was looked at.
    end: Moment,
}

/// Something that has happened.
#[derive(Debug, Clone, Copy)]
struct Line {
    at: Moment,

    /// When the run was due that it is about, on the scale of the wall clock.
    due: Moment,

    /// How late it began, or how long it took, in nanoseconds.
    span: u64,

    /// The task that it is about, by its place among the names, or [`NOBODY`].
    task: u32,

    /// [`STARTED`] or [`SUCCEEDED`], in a first attempt, or where the rest is among the notes.
    rest: u32,

    /// At which desk the code was that was being called, from 1, or 0: it tells an execution from another one
    /// that is due at the same time.
    caller: u32,
}

const _: () = assert!(size_of::<Line>() == 40);

const NOBODY: u32 = u32::MAX;
const STARTED: u32 = u32::MAX;
const SUCCEEDED: u32 = u32::MAX - 1;

/// What is more to say than a line holds.
#[derive(Debug, Clone)]
enum Note {
    Event(EventKind),
    Fault(Fault),
}

/// Something that has happened, as it is read.
#[derive(Debug)]
pub(super) struct Read<'a> {
    pub(super) at: Moment,
    pub(super) wall: SystemTime,

    /// The task that it is about, by the order of adding.
    pub(super) task: Option<usize>,

    /// At which desk the code was that was being called, or 0.
    pub(super) caller: u32,
    pub(super) what: What<'a>,
}

/// What it was.
#[derive(Debug)]
pub(super) enum What<'a> {
    Event(Cow<'a, EventKind>),
    Fault(&'a Fault),
}

impl Log {
    pub(super) fn starting_on(timeline: Timeline) -> Self {
        Self {
            lines: Vec::new(),
            notes: Vec::new(),
            names: Vec::new(),
            numbers: Vec::new(),
            group_of: Vec::new(),
            groups: Vec::new(),
            all: Overlapping::default(),
            named: HashMap::new(),
            timelines: vec![(0, timeline)],
            end: Moment::default(),
        }
    }

    /// Writes down what has happened at `now`.
    pub(super) fn record(&mut self, event: &Event, now: Moment, caller: u32) {
        let task = event.task.map_or(NOBODY, |id| self.number_or_add(id, event.name.as_deref()));
        let (due, span, rest) = match event.kind {
            // That it began follows, or why it did not.
            EventKind::Fired { .. } => return,
            EventKind::Started { due, attempt, late } => {
                self.enter(task);
                if attempt > 1 {
                    return self.note(Note::Event(event.kind.clone()), task, now, caller);
                }
                (due, late, STARTED)
            }
            EventKind::Succeeded { due, attempt: 1, took } => (due, took, SUCCEEDED),
            ref kind => return self.note(Note::Event(kind.clone()), task, now, caller),
        };
        match (Moment::exactly_of_wall(due), u64::try_from(span.as_nanos())) {
            (Some(due), Ok(span)) => {
                self.lines.push(Line { at: now, due, span, task, rest, caller });
            }
            _ => self.note(Note::Event(event.kind.clone()), task, now, caller),
        }
    }

    pub(super) fn record_fault(&mut self, fault: Fault, now: Moment) {
        self.note(Note::Fault(fault), NOBODY, now, 0);
    }

    fn note(&mut self, note: Note, task: u32, at: Moment, caller: u32) {
        let rest = u32::try_from(self.notes.len()).expect("four billion notes fit into no memory");
        self.notes.push(note);
        self.lines.push(Line { at, due: Moment::default(), span: 0, task, rest, caller });
    }

    /// Takes note of how the wall clock stands from now on.
    pub(super) fn set_clock(&mut self, timeline: Timeline) {
        self.timelines.push((self.lines.len(), timeline));
    }

    /// Takes note of what time it is.
    pub(super) fn look(&mut self, now: Moment) {
        self.end = now;
    }

    pub(super) fn end(&self) -> Moment {
        self.end
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// How many tasks there have been.
    pub(super) fn tasks(&self) -> usize {
        self.names.len()
    }

    /// What a task is called: by its name, or as the so-manieth that was added.
    pub(super) fn name(&self, task: usize) -> Cow<'_, str> {
        match &self.names[task] {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("task {}", task + 1)),
        }
    }

    /// Which one a task is, by the order of adding.
    pub(super) fn number(&self, id: TaskId) -> Option<usize> {
        let sequence = usize::try_from(id.sequence()).ok()?;
        let number = self.numbers.get(sequence).copied().filter(|number| *number != NOBODY)?;
        usize::try_from(number).ok()
    }

    /// What a task was called when it was added, if it has a name.
    pub(super) fn given_name(&self, id: TaskId) -> Option<&str> {
        self.names[self.number(id)?].as_deref()
    }

    fn number_or_add(&mut self, id: TaskId, name: Option<&str>) -> u32 {
        let sequence = usize::try_from(id.sequence()).expect("a sequence counts tasks in memory");
        if self.numbers.len() <= sequence {
            self.numbers.resize(sequence + 1, NOBODY);
        }
        if self.numbers[sequence] == NOBODY {
            let number = u32::try_from(self.names.len()).expect("four billion tasks fit nowhere");
            self.numbers[sequence] = number;
            self.names.push(name.map(Box::from));
            let group = name.and_then(|name| self.named.get(name).copied()).unwrap_or_else(|| {
                self.groups.push(Overlapping::default());
                let group = self.groups.len() - 1;
                self.named.extend(name.map(|name| (Box::from(name), group)));
                group
            });
            self.group_of.push(group);
        }
        self.numbers[sequence]
    }

    /// Takes note that a worker has begun with an execution of a task, which events tell.
    fn enter(&mut self, task: u32) {
        self.groups[self.group_of[task as usize]].begin();
        self.all.begin();
    }

    /// Takes note that a worker is done with an execution of a task, which may be later than it has ended, if its
    /// time was over.
    pub(super) fn leave(&mut self, task: TaskId) {
        if let Some(task) = self.number(task) {
            self.groups[self.group_of[task]].end();
            self.all.end();
        }
    }

    /// How many tasks there are that reports tell apart: those of one name are one.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Which of these a task is among.
    pub(super) fn group_of(&self, task: usize) -> usize {
        self.group_of[task]
    }

    /// How many of one were at work at the same time at most.
    pub(super) fn overlap_of(&self, group: usize) -> usize {
        self.groups[group].most()
    }

    /// How many executions of all tasks were at work at the same time at most.
    pub(super) fn overlap(&self) -> usize {
        self.all.most()
    }

    /// All that has happened, in order.
    pub(super) fn read(&self) -> impl Iterator<Item = Read<'_>> {
        let mut timelines = self.timelines.iter().peekable();
        let mut current = self.timelines[0].1;
        self.lines.iter().enumerate().map(move |(index, line)| {
            while let Some((_, timeline)) = timelines.next_if(|(from, _)| *from <= index) {
                current = *timeline;
            }
            Read {
                at: line.at,
                wall: current.wall_at(line.at),
                caller: line.caller,
                task: usize::try_from(line.task).ok().filter(|_| line.task != NOBODY),
                what: self.what(line),
            }
        })
    }

    fn what(&self, line: &Line) -> What<'_> {
        let (due, span) = (line.due.on_wall(), Duration::from_nanos(line.span));
        let kind = match line.rest {
            STARTED => EventKind::Started { due, attempt: 1, late: span },
            SUCCEEDED => EventKind::Succeeded { due, attempt: 1, took: span },
            number => match &self.notes[number as usize] {
                Note::Event(kind) => return What::Event(Cow::Borrowed(kind)),
                Note::Fault(fault) => return What::Fault(fault),
            },
        };
        What::Event(Cow::Owned(kind))
    }
}
