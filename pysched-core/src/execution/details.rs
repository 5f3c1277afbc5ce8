//! [`Details`]: what only some executions have.

use std::sync::Arc;

use super::progress::{Attempt, Progress};
use super::reason::Reason;
use super::token::Token;
use crate::sync::Mutex;

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

    /// Those that have failed, oldest first.
    attempts: Vec<Attempt>,

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
            attempts: Vec::new(),
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
        self.state.lock().attempts.clone()
    }

    /// The number of the attempt that is going on or comes next, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        u32::try_from(self.state.lock().attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Notes that an attempt has failed, after which there is another one. Gives its token, which may have
    /// callbacks of a user.
    #[must_use]
    pub(crate) fn fail(&self, attempt: Attempt) -> Token {
        let mut state = self.state.lock();
        state.attempts.push(attempt);
        state.between = true;
        std::mem::replace(&mut state.token, Token::new())
    }

    /// Notes that there is no attempt after the last that has failed, and gives that, which so decides.
    pub(crate) fn give_up(&self) -> Option<Attempt> {
        let mut state = self.state.lock();
        state.between = false;
        state.attempts.pop()
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
