//! A skyline packer: each rectangle goes where the edge of what is already on the page (the skyline) is lowest.

/// A page of fixed width that grows downwards.
pub(super) struct Skyline {
    width: usize,
    /// Left end and height of each step, from left to right.
    steps: Vec<[usize; 2]>,
    used: [usize; 2],
}

impl Skyline {
    pub(super) fn new(width: usize) -> Self {
        Self { width, steps: vec![[0, 0]], used: [0, 0] }
    }

    /// Width and height of what has been used.
    pub(super) fn size(&self) -> [usize; 2] {
        self.used
    }

    /// Left and upper end of the place for a rectangle, or `None` where it would reach below `limit`.
    pub(super) fn place(&mut self, [width, height]: [usize; 2], limit: usize) -> Option<[usize; 2]> {
        let starts = self.steps.iter().map(|step| step[0]).filter(|x| x + width <= self.width);
        let top = |x: usize| {
            let under = self
                .steps
                .iter()
                .enumerate()
                .filter(|(i, step)| step[0] < x + width && self.steps.get(i + 1).is_none_or(|next| next[0] > x));
            under.map(|(_, step)| step[1]).max().unwrap_or(0)
        };
        let (y, x) = starts.map(|x| (top(x), x)).min()?;
        if y + height > limit {
            return None;
        }
        let [end, bottom] = [x + width, y + height];
        // The height of the skyline right of the rectangle.
        let after = self.steps.iter().rev().find(|step| step[0] <= end).map_or(0, |step| step[1]);
        let reaches_on = end < self.width && !self.steps.iter().any(|step| step[0] == end);
        self.steps.retain(|step| step[0] < x || step[0] >= end);
        self.steps.push([x, bottom]);
        if reaches_on {
            self.steps.push([end, after]);
        }
        self.steps.sort_unstable();
        self.steps.dedup_by_key(|step| step[1]);
        self.used = [self.used[0].max(end), self.used[1].max(bottom)];
        Some([x, y])
    }
}
