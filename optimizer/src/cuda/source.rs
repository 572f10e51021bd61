//! The kernels' sources and names.

use std::fmt;

/// Frames that are handled together: `CHUNK` in the sources. As in the CPU kernels, a hit needs room for the gradients of
/// this many frames, however long the loop is.
pub const CHUNK: usize = 8;

const FILES: [(&str, &str); 4] = [
    ("common.cuh", include_str!("../../cuda/common.cuh")),
    ("compositor.cu", include_str!("../../cuda/compositor.cu")),
    ("descent.cu", include_str!("../../cuda/descent.cu")),
    ("target.cu", include_str!("../../cuda/target.cu")),
];

/// All sources as one, so that they are compiled and loaded at once. Messages of compilers name the file and its line.
pub fn source() -> String {
    let mut all = format!("#define CHUNK {CHUNK}\n");
    for (name, text) in FILES {
        all += &format!("#line 1 \"{name}\"\n{text}");
    }
    all
}

/// Defines [`Kernel`] from the functions' names.
macro_rules! kernels {
    ($($variant:ident = $name:literal,)*) => {
        /// A kernel; its source says what it computes and takes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kernel { $(#[doc = concat!("`", $name, "`")] $variant,)* }

        impl Kernel {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The function's name in the source.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kernels! {
    SampleStaticTexels = "sample_static_texels",
    Compose = "compose",
    DataGradient = "data_gradient",
    BeginSteps = "begin_steps",
    GatherStaticGradients = "gather_static_gradients",
    MoveLoopingTexels = "move_looping_texels",
    StoreLoopingTexels = "store_looping_texels",
    MoveStaticTexels = "move_static_texels",
    ColumnDistances = "column_distances",
    PatchDistances = "patch_distances",
    TimeDistances = "time_distances",
    RowStatistics = "row_statistics",
    EntropicEpsilons = "entropic_epsilons",
    Nearness = "nearness",
    ScaleQueries = "scale_queries",
    ScaleKeys = "scale_keys",
    ChooseGreatest = "choose_greatest",
    KeyDivisors = "key_divisors",
    ChooseLeast = "choose_least",
    Fold = "fold",
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_of_the_sources_has_its_name_and_number() {
        let source = source();
        let found: Vec<&str> = source
            .split("__global__ void ")
            .skip(1)
            .filter_map(|after| after.split_once('(').map(|(name, _)| name))
            .collect();
        let named: Vec<&str> = Kernel::ALL.iter().map(|kernel| kernel.name()).collect();
        assert_eq!(found, named);
        assert!(Kernel::ALL.iter().enumerate().all(|(number, kernel)| *kernel as usize == number));
    }
}
