//! Packages and folders: written, read, broken, and shown by tools of others.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod mutated;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tools;
