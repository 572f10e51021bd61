//! The kernels' arguments, by name: one struct for each kernel, whose fields are the parameters of its source in order.

use super::launch::{Argument, Call};
use super::source::Kernel;
use tch::Tensor;

/// Defines a struct for each kernel, and lists its fields as arguments.
macro_rules! calls {
    ($($kernel:ident { $($name:ident: $type:ty,)* })*) => {$(
        pub(super) struct $kernel<'a> { $(pub(super) $name: $type,)* }

        impl Call for $kernel<'_> {
            const KERNEL: Kernel = Kernel::$kernel;

            fn arguments(&self) -> Vec<(&'static str, Argument<'_>)> {
                vec![$((stringify!($name), Argument::from(self.$name)),)*]
            }
        }

        #[cfg(test)]
        impl $kernel<'_> {
            const SIGNATURE: (Kernel, &'static [(&'static str, &'static str)]) =
                (Kernel::$kernel, &[$((stringify!($name), stringify!($type)),)*]);
        }
    )*

        /// Names and types of all kernels' arguments, in the order of the kernels.
        #[cfg(test)]
        const SIGNATURES: &[(Kernel, &[(&str, &str)])] = &[$($kernel::SIGNATURE,)*];
    };
}

calls! {
    SampleStaticTexels {
        taps: &'a Tensor,
        fraction: &'a Tensor,
        static_texels: &'a Tensor,
        hits: usize,
        static_samples: &'a Tensor,
    }
    Compose {
        start: &'a Tensor,
        taps: &'a Tensor,
        fraction: &'a Tensor,
        static_samples: &'a Tensor,
        looping_texels: &'a Tensor,
        pixels: usize,
        frames: usize,
        exposure: f32,
        image: &'a Tensor,
    }
    DataGradient {
        start: &'a Tensor,
        taps: &'a Tensor,
        fraction: &'a Tensor,
        static_samples: &'a Tensor,
        looping_texels: &'a Tensor,
        target: &'a Tensor,
        pixels: usize,
        frames: usize,
        first: usize,
        count: usize,
        exposure: f32,
        sparsity: f32,
        slots: &'a Tensor,
        loss: &'a Tensor,
    }
    BeginSteps {
        tiles: &'a Tensor,
        n: usize,
        lr: f32,
        epsilon: f32,
        beta1: f32,
        beta2: f32,
        taken: &'a Tensor,
        steps: &'a Tensor,
    }
    GatherStaticGradients {
        seen: &'a Tensor,
        cover: &'a Tensor,
        first_entry: &'a Tensor,
        entry_hit: &'a Tensor,
        entry_weight: &'a Tensor,
        neighbours: &'a Tensor,
        slots: &'a Tensor,
        static_texels: &'a Tensor,
        looping_texels: &'a Tensor,
        n: usize,
        frames: usize,
        first: usize,
        count: usize,
        tv_rgb: f32,
        tv_alpha: f32,
        gradient: &'a Tensor,
    }
    MoveLoopingTexels {
        seen: &'a Tensor,
        cover: &'a Tensor,
        first_entry: &'a Tensor,
        entry_hit: &'a Tensor,
        entry_weight: &'a Tensor,
        neighbours: &'a Tensor,
        slots: &'a Tensor,
        static_texels: &'a Tensor,
        looping_texels: &'a Tensor,
        steps: &'a Tensor,
        n: usize,
        frames: usize,
        first: usize,
        count: usize,
        static_tiles: usize,
        tile_texels: usize,
        backdrop: usize,
        tv_rgb: f32,
        tv_alpha: f32,
        beta1: f32,
        beta2: f32,
        first_moments: &'a Tensor,
        second_moments: &'a Tensor,
        moved: &'a Tensor,
    }
    StoreLoopingTexels {
        seen: &'a Tensor,
        moved: &'a Tensor,
        n: usize,
        frames: usize,
        first: usize,
        count: usize,
        looping_texels: &'a Tensor,
    }
    MoveStaticTexels {
        seen: &'a Tensor,
        gradient: &'a Tensor,
        steps: &'a Tensor,
        n: usize,
        tile_texels: usize,
        backdrop: usize,
        beta1: f32,
        beta2: f32,
        first_moments: &'a Tensor,
        second_moments: &'a Tensor,
        static_texels: &'a Tensor,
    }
    ColumnDistances {
        queries: &'a Tensor,
        clip: &'a Tensor,
        row_start: &'a Tensor,
        first_row: usize,
        rows: usize,
        left: usize,
        across: usize,
        width: usize,
        patch: usize,
        frames: usize,
        captured: usize,
        sums: &'a Tensor,
    }
    PatchDistances {
        sums: &'a Tensor,
        column_start: &'a Tensor,
        first_column: usize,
        rows: usize,
        columns: usize,
        left: usize,
        across: usize,
        patch: usize,
        frames: usize,
        captured: usize,
        patches: &'a Tensor,
    }
    TimeDistances {
        patches: &'a Tensor,
        locations: usize,
        frames: usize,
        captured: usize,
        span: usize,
        distances: &'a Tensor,
    }
    RowStatistics {
        distances: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        row: &'a Tensor,
    }
    EntropicEpsilons {
        row: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        entropic_epsilon: f32,
        epsilon: &'a Tensor,
    }
    Nearness {
        row: &'a Tensor,
        epsilon: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        table: &'a Tensor,
    }
    ScaleQueries {
        table: &'a Tensor,
        key_scaling: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        query_scaling: &'a Tensor,
    }
    ScaleKeys {
        table: &'a Tensor,
        query_scaling: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        key_scaling: &'a Tensor,
    }
    ChooseGreatest {
        table: &'a Tensor,
        key_scaling: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        first_row: usize,
        first_column: usize,
        columns: usize,
        grid_columns: usize,
        chosen: &'a Tensor,
    }
    KeyDivisors {
        distances: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        rho: f32,
        divisor: &'a Tensor,
    }
    ChooseLeast {
        distances: &'a Tensor,
        divisor: &'a Tensor,
        locations: usize,
        frames: usize,
        keys: usize,
        first_row: usize,
        first_column: usize,
        columns: usize,
        grid_columns: usize,
        chosen: &'a Tensor,
    }
    Fold {
        chosen: &'a Tensor,
        clip: &'a Tensor,
        row_cover: &'a Tensor,
        column_cover: &'a Tensor,
        height: usize,
        width: usize,
        grid_columns: usize,
        frames: usize,
        captured: usize,
        span: usize,
        target: &'a Tensor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::source::source;

    /// Name of a parameter, and its type in Rust.
    fn parameter(text: &str) -> (&str, &str) {
        let name = text.split_whitespace().last().unwrap();
        let kind = match text {
            pointer if pointer.contains('*') => "&'a Tensor",
            number if number.starts_with("float ") => "f32",
            _ => "usize",
        };
        (name, kind)
    }

    #[test]
    fn arguments_are_the_parameters_of_the_sources() {
        let source = source();
        let kernels: Vec<(&str, Vec<(&str, &str)>)> = source
            .split("__global__ void ")
            .skip(1)
            .filter_map(|after| {
                let (name, rest) = after.split_once('(')?;
                let (parameters, _) = rest.split_once(')')?;
                Some((name, parameters.split(',').map(|text| parameter(text.trim())).collect()))
            })
            .collect();
        assert_eq!(kernels.len(), SIGNATURES.len());
        for ((name, parameters), (kernel, arguments)) in kernels.iter().zip(SIGNATURES) {
            assert_eq!(*name, kernel.name());
            assert_eq!(parameters, arguments, "{kernel}");
        }
    }
}
