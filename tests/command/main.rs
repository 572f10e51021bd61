//! The command as a user runs it: arguments in; files, messages and exit codes out.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod batch;
#[cfg(test)]
mod fit;
#[cfg(test)]
mod generate;
#[cfg(test)]
#[cfg(feature = "torch")]
mod generate_model;
#[cfg(test)]
#[cfg(feature = "torch")]
mod generate_small;
#[cfg(test)]
mod loops;
#[cfg(test)]
mod package;
#[cfg(test)]
mod report;
#[cfg(test)]
mod support;
#[cfg(test)]
#[cfg(all(target_os = "linux", feature = "viewer"))]
mod texts;
#[cfg(test)]
mod web;
#[cfg(test)]
#[cfg(all(target_os = "linux", feature = "viewer"))]
mod window;
