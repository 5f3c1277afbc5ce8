//! [`Overlapping`]: how many executions ran at the same time.

/// How many executions run, and how many did at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Overlapping {
    present: usize,
    most: usize,
}

impl Overlapping {
    pub(super) fn begin(&mut self) {
        self.present += 1;
        self.most = self.most.max(self.present);
    }

    pub(super) fn end(&mut self) {
        self.present = self.present.saturating_sub(1);
    }

    pub(super) fn most(self) -> usize {
        self.most
    }
}
