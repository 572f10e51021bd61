//! Captures on disk, good, bad and real, read whole. Videos need ffmpeg, which is part of set-up.

#[cfg(test)]
mod bad;
#[cfg(test)]
mod broken;
#[cfg(test)]
mod build;
#[cfg(test)]
mod good;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod mutated;
#[cfg(test)]
mod real;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod time;
#[cfg(test)]
mod tolerant;
