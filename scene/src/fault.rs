//! Who can mend an error: one rule for every library of the project and for the exit codes of the command.

/// Who can mend an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The arguments: asked for again with others, it works.
    Usage,
    /// The input: a file or folder that is missing, damaged or of another kind. The same call fails again.
    Input,
    /// The machine or this program: a full disk, a missing program, a failed device.
    Machine,
    /// The moment: too little free memory, a service that is busy. The same call may succeed later.
    Moment,
}

/// Errors that know who can mend them.
pub trait Blame {
    /// Who can mend it.
    fn fault(&self) -> Fault;

    /// Whether the person who called can mend it, with other arguments or another input.
    fn is_users_fault(&self) -> bool {
        matches!(self.fault(), Fault::Usage | Fault::Input)
    }
}
