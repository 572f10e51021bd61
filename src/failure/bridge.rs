//! Faults of error types that do not implement [`Blame`](loop3d_scene::Blame) yet.

use loop3d_package::ExportError;
use loop3d_scene::{Fault, FileError, PathError};

fn input_if(is_users: bool) -> Fault {
    if is_users { Fault::Input } else { Fault::Machine }
}

pub fn file(error: &anyhow::Error) -> Option<Fault> {
    error.downcast_ref().map(|error: &FileError| input_if(error.is_users_fault()))
}

pub fn path(error: &anyhow::Error) -> Option<Fault> {
    error.downcast_ref().map(|error| match error {
        PathError::NoView { .. } => Fault::Usage,
        _ => Fault::Input,
    })
}

pub fn export(error: &anyhow::Error) -> Option<Fault> {
    error.downcast_ref().map(|error| match error {
        ExportError::Size { .. } | ExportError::Occupied { .. } => Fault::Usage,
        ExportError::NoFfmpeg => Fault::Machine,
        other => input_if(other.is_users_fault()),
    })
}

#[cfg(feature = "viewer")]
pub fn render(error: &anyhow::Error) -> Option<Fault> {
    error.downcast_ref().map(of_render)
}

#[cfg(feature = "viewer")]
fn of_render(error: &loop3d_viewer::RenderError) -> Fault {
    use loop3d_viewer::RenderError;
    match error {
        RenderError::NoAdapter { .. } => Fault::Machine,
        RenderError::PictureSize { .. } => Fault::Usage,
        RenderError::OutOfMemory(_) => Fault::Moment,
        other => input_if(other.is_users_fault()),
    }
}

#[cfg(feature = "viewer")]
pub fn window(error: &anyhow::Error) -> Option<Fault> {
    use loop3d_viewer::window::WindowError;
    error.downcast_ref().map(|error| match error {
        WindowError::Render(error) => of_render(error),
        WindowError::NoWindow(_) => Fault::Machine,
    })
}
