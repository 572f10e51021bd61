//! The device: NVRTC compiles the kernels, CUDA's driver runs them.

use super::error::CudaError;
use super::launch::{Argument, Geometry, Launch};
use super::source::{Kernel, source};
use cudarc::driver::{CudaContext, CudaFunction, CudaStream, DriverError, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::{CompileError, CompileOptions, Ptx, compile_ptx_with_opts};
use std::sync::{Arc, OnceLock};

/// Compute capabilities that the kernels are compiled for, 80 for 8.0; CUDA 13 starts at 7.5. The driver translates PTX of one
/// for the devices that came later, and the kernels use nothing that later ones have.
pub const ARCHS: [u32; 3] = [75, 80, 90];

/// NVRTC opens this beside itself by its bare name, which works only where the folder is on the library path, or where the
/// library is open already. Without it every compilation ends in NVRTC's error 7.
const BUILTINS: &str = "libnvrtc-builtins.so.13.0";
/// NVRTC itself, which cudarc opens by this among other names.
const NVRTC: &str = "libnvrtc.so.13";

/// Opens NVRTC: in the folders of the program's library path (see `build.rs`), or wherever the system looks.
fn open_compiler() -> Result<(), CudaError> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        for name in [BUILTINS, NVRTC] {
            // SAFETY: opening runs the libraries' constructors; they are NVIDIA's compiler, made to be opened so.
            if let Ok(library) = unsafe { libloading::Library::new(name) } {
                // Must stay: never closed.
                std::mem::forget(library);
            }
        }
        // SAFETY: as above.
        unsafe { cudarc::nvrtc::sys::is_culib_present() }
    });
    if *found { Ok(()) } else { Err(CudaError::NoCompiler) }
}

/// PTX of `source` (see [`source()`]) for a compute capability. Needs no GPU.
///
/// # Errors
/// [`CudaError::NoCompiler`], [`CudaError::Compile`] with the compiler's words.
pub fn compile(source: &str, arch: u32) -> Result<String, CudaError> {
    open_compiler()?;
    let options = CompileOptions {
        options: vec![format!("--gpu-architecture=compute_{arch}"), "--std=c++17".into()],
        name: Some("loop3d.cu".into()),
        ..CompileOptions::default()
    };
    let ptx = compile_ptx_with_opts(source, options).map_err(|error| {
        let log = match error {
            CompileError::CompileError { nvrtc, log, .. } => format!("{nvrtc}: {}", log.to_string_lossy().trim()),
            other => other.to_string(),
        };
        CudaError::Compile { arch, log }
    })?;
    Ok(ptx.to_src())
}

fn driver(action: impl Into<String>) -> impl FnOnce(DriverError) -> CudaError {
    let action = action.into();
    move |error| CudaError::Driver { action, reason: error.to_string() }
}

/// The kernels, loaded on the first CUDA device.
#[derive(Debug)]
pub struct DeviceLauncher {
    name: String,
    stream: Arc<CudaStream>,
    /// By the kernels' numbers.
    functions: Vec<CudaFunction>,
}

impl DeviceLauncher {
    /// Compiles the kernels for the first device and loads them.
    ///
    /// # Errors
    /// No compiler, no driver, or what either of them says.
    pub fn new() -> Result<Self, CudaError> {
        // SAFETY: opening runs the constructors of NVIDIA's driver, which libtorch has open already.
        if !unsafe { cudarc::driver::sys::is_culib_present() } {
            return Err(CudaError::NoDriver);
        }
        // The device's primary context, which is also libtorch's: addresses of tensors are good in it.
        let context = CudaContext::new(0).map_err(driver("open device 0"))?;
        let (major, minor) = context.compute_capability().map_err(driver("ask for the compute capability"))?;
        let capability = (10 * major + minor).unsigned_abs();
        let arch = ARCHS.into_iter().rfind(|arch| *arch <= capability).unwrap_or(ARCHS[0]);
        let ptx = compile(&source(), arch)?;
        let module = context.load_module(Ptx::from_src(ptx)).map_err(driver("load the kernels"))?;
        let load = |kernel: &Kernel| module.load_function(kernel.name()).map_err(driver(format!("find {kernel}")));
        let functions = Kernel::ALL.iter().map(load).collect::<Result<_, _>>()?;
        // tch neither reports libtorch's current stream nor changes it, so it is the stream of a program that never
        // asks for another: CUDA's legacy default stream (c10/cuda/CUDAStream.h), on every thread. Work of both is thus
        // done in the order in which it was asked for, and tensors that are dropped are not reused too early.
        let name = context.name().map_err(driver("ask for the device's name"))?;
        Ok(Self { name, stream: context.default_stream(), functions })
    }
}

impl Launch for DeviceLauncher {
    fn runs_on(&self) -> &str {
        &self.name
    }

    fn launch(&self, kernel: Kernel, geometry: Geometry, arguments: &[Argument<'_>]) -> Result<(), CudaError> {
        let addresses: Vec<u64> = arguments.iter().map(address).collect();
        let mut call = self.stream.launch_builder(&self.functions[kernel as usize]);
        for (argument, address) in arguments.iter().zip(&addresses) {
            match argument {
                Argument::Elements(_) => call.arg(address),
                Argument::Int(value) => call.arg(value),
                Argument::Float(value) => call.arg(value),
            };
        }
        let shape = LaunchConfig {
            grid_dim: (geometry.blocks, 1, 1),
            block_dim: (geometry.threads, 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: the tests launch every kernel through the same calls and compare the arguments' types with the kernel's
        // (optimizer/tests/torch/cuda/host.h). The tensors are this device's and whole (checked by `Kernels::run`), and
        // their memory is given back in the order of the stream.
        unsafe { call.launch(shape) }.map(drop).map_err(driver(format!("run {kernel}")))
    }
}

/// Where the elements of a tensor begin; 0 for a number.
fn address(argument: &Argument<'_>) -> u64 {
    match argument {
        Argument::Elements(tensor) => tensor.data_ptr() as u64,
        Argument::Int(_) | Argument::Float(_) => 0,
    }
}
