//! The CUDA kernels on this processor: their own sources, compiled as C++ with `host.h` in front.

use loop3d_optimizer::cuda::{Argument, CudaError, Geometry, Kernel, Kernels, Launch, source};
use std::ffi::{CString, c_char, c_int, c_void};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use tch::{Device, Kind};

type Function = unsafe extern "C" fn(u32, u32, c_int, *const c_char, *mut *mut c_void) -> c_int;

/// Runs kernels thread by thread.
#[derive(Debug)]
struct Host {
    library: Arc<libloading::Library>,
    /// The last thread first.
    backwards: bool,
}

impl Launch for Host {
    fn runs_on(&self) -> &str {
        "this processor"
    }

    fn launch(&self, kernel: Kernel, geometry: Geometry, arguments: &[Argument<'_>]) -> Result<(), CudaError> {
        let letters: String = arguments.iter().map(letter).collect();
        let addresses: Vec<*mut c_void> = arguments.iter().map(address).collect();
        let pointer = |(argument, address): (&Argument<'_>, &*mut c_void)| -> *mut c_void {
            match argument {
                Argument::Elements(_) => std::ptr::from_ref(address).cast_mut().cast(),
                Argument::Int(value) => std::ptr::from_ref(value).cast_mut().cast(),
                Argument::Float(value) => std::ptr::from_ref(value).cast_mut().cast(),
            }
        };
        let mut pointers: Vec<*mut c_void> = arguments.iter().zip(&addresses).map(pointer).collect();
        let name = format!("host_{kernel}");
        let text = CString::new(letters.clone()).unwrap();
        // SAFETY: `host.h` defines the function with this signature, and reads the arguments only if the letters are those
        // of the kernel's parameters.
        let outcome = unsafe {
            let function = self.library.get::<Function>(name.as_bytes()).unwrap();
            function(geometry.blocks, geometry.threads, self.backwards.into(), text.as_ptr(), pointers.as_mut_ptr())
        };
        let expected = "the kernel's parameters".into();
        if outcome == 0 { Ok(()) } else { Err(CudaError::Argument { kernel, name: "all", found: letters, expected }) }
    }
}

fn address(argument: &Argument<'_>) -> *mut c_void {
    match argument {
        Argument::Elements(tensor) => tensor.data_ptr(),
        Argument::Int(_) | Argument::Float(_) => std::ptr::null_mut(),
    }
}

/// As `letter_of` in `host.h`.
fn letter(argument: &Argument<'_>) -> char {
    match argument {
        Argument::Elements(tensor) => match tensor.kind() {
            Kind::Float => 'F',
            Kind::Int => 'I',
            Kind::Uint8 => 'B',
            _ => '?',
        },
        Argument::Int(_) => 'i',
        Argument::Float(_) => 'f',
    }
}

/// A product and a sum stay two operations, as in the CPU's kernels.
pub const UNFUSED: &[&str] = &["-ffp-contract=off"];

/// The kernels of `source`, compiled with some more options, run from the first thread to the last, and the other way round.
pub fn compiled(source: &str, name: &str, options: &[&str]) -> [Kernels; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cuda-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (code, library) = (folder.join(format!("{name}.cpp")), folder.join(format!("{name}.so")));
    let launchable: String = Kernel::ALL.iter().map(|kernel| format!("LAUNCHABLE({kernel})\n")).collect();
    fs::write(&code, format!("{}\n{source}\n{launchable}", include_str!("host.h"))).unwrap();
    // The compiler that torch-sys needs, too.
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let mut command = Command::new(&compiler);
    command.args(["-std=c++17", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]).args(options);
    let output = command.arg(&code).arg("-o").arg(&library).output().unwrap();
    assert!(output.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&output.stderr));
    // SAFETY: it was just made from our own sources.
    let opened = Arc::new(unsafe { libloading::Library::new(&library) }.unwrap());
    // What is open stays readable without its name.
    fs::remove_dir_all(&folder).unwrap();
    [false, true].map(|backwards| Kernels::new(Arc::new(Host { library: opened.clone(), backwards }), Device::Cpu))
}

/// Our kernels on this processor.
pub fn kernels() -> Kernels {
    both_ways()[0].clone()
}

/// The same, and with the last thread first.
pub fn both_ways() -> &'static [Kernels; 2] {
    static COMPILED: OnceLock<[Kernels; 2]> = OnceLock::new();
    COMPILED.get_or_init(|| compiled(&source(), "kernels", UNFUSED))
}
