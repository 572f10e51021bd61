//! Errors as JavaScript receives them: an `Error` with a `code`.

use loop3d_package_format::PackageError;
use loop3d_viewer::RenderError;
use wasm_bindgen::JsValue;

/// An `Error` with one of the codes of `EngineErrorCode` (`web/ts/engine/types.ts`).
fn error(code: &str, text: &str) -> JsValue {
    let error = js_sys::Error::new(text);
    // Setting a field of a new object cannot fail.
    drop(js_sys::Reflect::set(&error, &"code".into(), &code.into()));
    error.into()
}

/// The `Error` for a package that cannot be read.
pub fn of_package(cause: &PackageError) -> JsValue {
    let code = match cause {
        PackageError::NotAPackage { .. } => "not-a-scene",
        PackageError::Truncated { .. } => "truncated",
        PackageError::Newer { .. } => "newer-version",
        PackageError::Damaged { .. } => "corrupt",
        PackageError::TooLarge { .. } | PackageError::Memory { .. } => "too-large",
    };
    error(code, &cause.to_string())
}

/// The `Error` for a failure of the GPU.
pub fn of_gpu(cause: &RenderError) -> JsValue {
    let code = match cause {
        RenderError::NoAdapter { .. } | RenderError::NoDevice { .. } => "no-gpu",
        RenderError::Scene(_) => "corrupt",
        RenderError::AtlasTooLarge { .. }
        | RenderError::TooManyPlanes { .. }
        | RenderError::ImageSize { .. }
        | RenderError::OutOfMemory(_) => "too-large",
        RenderError::Lost(_) => "lost",
    };
    error(code, &cause.to_string())
}
