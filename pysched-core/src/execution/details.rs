//! [`Details`]: what only some executions have.

use std::collections::VecDeque;
use std::sync::Arc;

use super::progress::{Attempt, Progress};
use super::reason::Reason;
use super::token::Token;
use crate::sync::Mutex;

/// How many failed attempts of an execution are remembered: one that is tried again without an end
/// would otherwise take all memory.
const KEPT: usize = 100;

/// What only some executions have: made when an execution first fails, is told to end, tells how far it
/// has come, or asks for its token. Shared by the execution, its future and the function that runs.
///
/// Its lock is the last to be taken, after that of the execution's cell.
#[derive(Debug)]
pub(crate) struct Details {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Of the attempt that is going on or comes next.
    token: Token,
    progress: Option<Progress>,

    /// The newest of those that have failed, oldest first.
    attempts: VecDeque<Attempt>,

    /// How many have failed.
    failed: u32,

    /// Whether no attempt is going on, between two.
    between: bool,

    /// Why it is to end, if it was cancelled while it ran.
    told: Option<Reason>,
}

impl Details {
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            token: Token::new(),
            progress: None,
            attempts: VecDeque::new(),
            failed: 0,
            between: false,
            told: None,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// The token of the attempt that is going on or comes next.
    pub(crate) fn token(&self) -> Token {
        self.state.lock().token.clone()
    }

    pub(crate) fn progress(&self) -> Option<Progress> {
        self.state.lock().progress
    }

    pub(crate) fn set_progress(&self, progress: Progress) {
        self.state.lock().progress = Some(progress);
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.state.lock().attempts.iter().cloned().collect()
    }

    /// The number of the attempt that is going on or comes next, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.state.lock().failed.saturating_add(1)
    }

    /// The number and the token of the attempt whose function asks. One that runs on, though its attempt has
    /// timed out and another one comes, is not asked for that: it has been told to end.
    pub(crate) fn own_attempt(&self) -> (u32, Token) {
        let state = self.state.lock();
        if state.between {
            let token = Token::new();
            token.cancel();
            return (state.failed, token);
        }
        (state.failed.saturating_add(1), state.token.clone())
    }

    /// Notes that an attempt has failed, after which there is another one. Gives its token, which may have
    /// callbacks of a user.
    #[must_use]
    pub(crate) fn fail(&self, attempt: Attempt) -> Token {
        let mut state = self.state.lock();
        if state.attempts.len() == KEPT {
            state.attempts.pop_front();
        }
        state.attempts.push_back(attempt);
        state.failed = state.failed.saturating_add(1);
        state.between = true;
        std::mem::replace(&mut state.token, Token::new())
    }

    /// Notes that there is no attempt after the last that has failed, and gives that, which so decides.
    pub(crate) fn give_up(&self) -> Option<Attempt> {
        let mut state = self.state.lock();
        state.between = false;
        let last = state.attempts.pop_back()?;
        state.failed -= 1;
        Some(last)
    }

    /// Notes that an attempt begins.
    pub(crate) fn begin(&self) {
        self.state.lock().between = false;
    }

    /// Whether no attempt is going on, between two.
    pub(crate) fn is_between(&self) -> bool {
        self.state.lock().between
    }

    /// Notes that it is to end, and why; the first reason stays.
    pub(crate) fn tell(&self, reason: Reason) {
        self.state.lock().told.get_or_insert(reason);
    }

    pub(crate) fn told(&self) -> Option<Reason> {
        self.state.lock().told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_newest_attempts_are_kept_and_all_are_counted() {
        let details = Details::new();
        let failed = |number: u64| Attempt {
            started: None,
            finished: SystemTime::UNIX_EPOCH + Duration::from_secs(number),
            error: format!("failure {number}"),
        };
        for number in 1..=150 {
            drop(details.fail(failed(number)));
        }
        assert_eq!(details.attempt(), 151);
        assert_eq!(details.attempts(), (51..=150).map(failed).collect::<Vec<_>>());

        assert_eq!(details.give_up(), Some(failed(150)), "which decides");
        assert_eq!(details.attempt(), 150);
        assert_eq!(details.attempts().len(), KEPT - 1);
    }
}
