//! What can be wrong with a file of weights.

/// What a refusal of a pickle offers instead.
pub(super) const CONVERT: &str =
    "if you trust the file, load it with PyTorch and save its state dict with safetensors.torch.save_file";
/// What to do about a file that lost bytes.
pub(super) const FETCH_AGAIN: &str = "the file may be damaged or half downloaded: fetch it again";

/// Errors of weights. All of them are the input's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// A parameter that the model needs is not there.
    #[error("{place}: no tensor {name}; is this file of the model that was asked for?")]
    Missing {
        /// The file.
        place: String,
        /// Full name of the parameter.
        name: String,
    },
    /// A parameter has another shape than the model's.
    #[error("{place}: tensor {name} has the shape {found:?}; expected {expected:?}")]
    Shape {
        /// The file.
        place: String,
        /// Full name of the parameter.
        name: String,
        /// Shape in the file.
        found: Vec<i64>,
        /// Shape of the model.
        expected: Vec<i64>,
    },
    /// The file cannot be read.
    #[error("{place}: {reason}")]
    Unreadable {
        /// The file.
        place: String,
        /// What was found and expected.
        reason: String,
    },
    /// The bytes of the file break the rules of its format.
    #[error("{place}, {at}: found {found}, expected {expected}; {remedy}")]
    Malformed {
        /// The file.
        place: String,
        /// Where in the file.
        at: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A pickle asks for something that is not plain tensors. Nothing of it was run.
    #[error("{place}, {at}: the pickle asks for {what}, which is refused because it could run code; {CONVERT}")]
    Forbidden {
        /// The file.
        place: String,
        /// Where in the file.
        at: String,
        /// The global or the instruction.
        what: String,
    },
    /// A valid file of a form that is not read here.
    #[error("{place}: {what} is not supported; {remedy}")]
    Unsupported {
        /// The file, and where in it.
        place: String,
        /// The form.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A size in the file is beyond what any real file of weights has. Nothing was allocated for it.
    #[error("{place}: {what} of {found}, at most {limit} is read; {FETCH_AGAIN}")]
    Limit {
        /// The file.
        place: String,
        /// What is too large.
        what: &'static str,
        /// Its size.
        found: u64,
        /// The largest that is read.
        limit: u64,
    },
    /// Two tensors go by one name.
    #[error("tensor {name} is both in {first} and in {second}; remove one of them")]
    Twice {
        /// The name.
        name: String,
        /// Where it was found first.
        first: String,
        /// Where it was found again.
        second: String,
    },
    /// An index names a file that is not there.
    #[error(
        "{index} names the shard {shard} for {tensors} tensors, but it is not there; download it into the same folder"
    )]
    NoShard {
        /// The index.
        index: String,
        /// The file that is missing.
        shard: String,
        /// How many tensors should be in it.
        tensors: usize,
    },
    /// A folder in which it is not clear what to read.
    #[error("{place}: found {found:?}, expected one file of weights or one index of shards; pass the path of one file")]
    Ambiguous {
        /// The folder.
        place: String,
        /// Names of the files of weights.
        found: Vec<String>,
    },
    /// A parameter has numbers that no computation survives.
    #[error("{place}: {count} of the {of} numbers of tensor {name} are infinite or not numbers; {FETCH_AGAIN}")]
    NotFinite {
        /// The file.
        place: String,
        /// Full name of the parameter.
        name: String,
        /// How many numbers.
        count: i64,
        /// How many numbers the parameter has.
        of: i64,
    },
    /// A row was asked for that a table does not have.
    #[error("{place}: row {row} of tensor {name} was asked for, which has {rows} rows")]
    NoRow {
        /// The file.
        place: String,
        /// Full name of the table.
        name: String,
        /// The row.
        row: i64,
        /// Rows of the table.
        rows: i64,
    },
}
