//! What capture writes, reads and prepares, against the sample's truth.

#[cfg(test)]
mod layouts;
#[cfg(test)]
mod prepare;
