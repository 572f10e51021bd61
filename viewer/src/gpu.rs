//! The graphics device: its adapter, its tier, and its first failure.

use crate::RenderError;
use std::sync::{Arc, Mutex, PoisonError};

/// Features for textures of blocks, which a device is opened with where it has them.
const BLOCK_FEATURES: wgpu::Features = wgpu::Features::TEXTURE_COMPRESSION_BC
    .union(wgpu::Features::TEXTURE_COMPRESSION_ASTC)
    .union(wgpu::Features::TEXTURE_COMPRESSION_ETC2);

/// The graphics API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The system's own, or GL where there is none.
    #[default]
    Auto,
    /// Vulkan.
    Vulkan,
    /// Apple's Metal.
    Metal,
    /// Microsoft's Direct3D 12.
    Dx12,
    /// OpenGL, OpenGL ES or WebGL2.
    Gl,
}

impl Backend {
    /// Every backend, in the order of preference.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Vulkan, Self::Metal, Self::Dx12, Self::Gl];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Dx12 => "dx12",
            Self::Gl => "gl",
        }
    }

    /// The result of `open` for this backend; for GL where this is [`Auto`](Self::Auto) and finds no adapter. GL comes last, so that
    /// not even its library is loaded without need.
    #[cfg(feature = "blocking")]
    pub(crate) fn or_gl<T>(self, open: impl Fn(Self) -> Result<T, RenderError>) -> Result<T, RenderError> {
        match open(self) {
            Err(RenderError::NoAdapter { .. }) if self == Self::Auto => open(Self::Gl),
            result => result,
        }
    }

    fn backends(self) -> wgpu::Backends {
        match self {
            Self::Auto => wgpu::Backends::PRIMARY,
            Self::Vulkan => wgpu::Backends::VULKAN,
            Self::Metal => wgpu::Backends::METAL,
            Self::Dx12 => wgpu::Backends::DX12,
            Self::Gl => wgpu::Backends::GL,
        }
    }

    /// An instance with this backend's adapters. GL needs the display of the window that it will draw to.
    pub fn instance(self, display: Option<Box<dyn wgpu::wgt::WgpuHasDisplayHandle>>) -> wgpu::Instance {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.display = display;
        descriptor.backends = self.backends();
        wgpu::Instance::new(descriptor)
    }
}

/// What the device can do. Code that depends on it checks the tier, not single features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Texels are the scene's own 16 bits, and layers accumulate in as many: an image is rounded once, to 8 bits.
    Full,
    /// Both in 16-bit floats, the best that browsers have. Near white they have 11 bits, which a dozen layers use up.
    Half,
    /// Layers accumulate in 8 bits: the device cannot blend more. Each of a pixel's layers is rounded, up to half a step each.
    Limited,
}

impl Tier {
    /// What [`Full`](Self::Full) needs of a device.
    const FULL: wgpu::Features =
        wgpu::Features::TEXTURE_FORMAT_16BIT_NORM.union(wgpu::Features::TEXTURE_ADAPTER_SPECIFIC_FORMAT_FEATURES);

    /// Format that layers accumulate in.
    pub(crate) fn accumulation(self) -> wgpu::TextureFormat {
        match self {
            Self::Full => wgpu::TextureFormat::Rgba16Unorm,
            Self::Half => wgpu::TextureFormat::Rgba16Float,
            Self::Limited => wgpu::TextureFormat::Rgba8Unorm,
        }
    }

    /// Format of texels.
    #[cfg(feature = "blocking")]
    pub(crate) fn texels(self) -> wgpu::TextureFormat {
        match self {
            Self::Full => wgpu::TextureFormat::Rgba16Unorm,
            Self::Half | Self::Limited => wgpu::TextureFormat::Rgba16Float,
        }
    }

    fn of(adapter: &wgpu::Adapter) -> Self {
        let blends = |tier: &Self| {
            let format = adapter.get_texture_format_features(tier.accumulation());
            format.flags.contains(wgpu::TextureFormatFeatureFlags::BLENDABLE)
                && format.allowed_usages.contains(wgpu::TextureUsages::RENDER_ATTACHMENT)
        };
        let best: &[Self] =
            if adapter.features().contains(Self::FULL) { &[Self::Full, Self::Half] } else { &[Self::Half] };
        best.iter().copied().find(blends).unwrap_or(Self::Limited)
    }

    /// Features that a device of this tier is opened with.
    fn features(self) -> wgpu::Features {
        if self == Self::Full { Self::FULL } else { wgpu::Features::empty() }
    }
}

/// An open graphics device.
#[derive(Clone, Debug)]
pub struct Gpu {
    pub(crate) adapter: wgpu::Adapter,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    /// Name of the adapter, with its backend.
    pub name: String,
    /// What it can do.
    pub tier: Tier,
    /// Whether the adapter renders in software.
    pub is_software: bool,
    failure: Arc<Mutex<Option<RenderError>>>,
}

impl Gpu {
    /// Opens the best adapter of a backend, one that can draw to `surface` where there is one.
    ///
    /// # Errors
    /// There is no adapter, or it cannot be opened.
    pub async fn open(
        instance: &wgpu::Instance,
        backend: Backend,
        surface: Option<&wgpu::Surface<'_>>,
    ) -> Result<Self, RenderError> {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            compatible_surface: surface,
            ..Default::default()
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(|e| RenderError::NoAdapter { backend: backend.name(), reason: e.to_string() })?;
        let name = describe(&adapter.get_info());
        // What WebGL2 has, so that everything runs there; textures as large as this adapter's.
        let required_limits = wgpu::Limits::downlevel_webgl2_defaults().using_resolution(adapter.limits());
        let tier = Tier::of(&adapter);
        // And, where available, timestamps and textures of blocks.
        let wanted = BLOCK_FEATURES | wgpu::Features::TIMESTAMP_QUERY;
        let required_features = tier.features() | (adapter.features() & wanted);
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("loop3d"), required_features, required_limits, ..Default::default() };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|e| RenderError::NoDevice { adapter: name.clone(), reason: e.to_string() })?;
        let failure = Arc::new(Mutex::new(None));
        let note = |failure: &Mutex<Option<RenderError>>, error: RenderError| {
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        };
        let lost = Arc::clone(&failure);
        // Also called when it is dropped; nothing asks any more then.
        device.set_device_lost_callback(move |_, text| note(&lost, RenderError::Lost(text)));
        // wgpu's default handler would panic.
        let wrong = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let is_full = matches!(error, wgpu::Error::OutOfMemory { .. });
            note(&wrong, if is_full { RenderError::OutOfMemory } else { RenderError::Lost }(error.to_string()));
        }));
        let is_software = adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        Ok(Self { adapter, device, queue, name, tier, is_software, failure })
    }

    /// Opens the best adapter of a backend for images without a window.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "blocking")]
    pub fn open_headless(backend: Backend) -> Result<Self, RenderError> {
        backend.or_gl(|backend| pollster::block_on(Self::open(&backend.instance(None), backend, None)))
    }

    /// Longest side of a texture.
    pub fn max_side(&self) -> u32 {
        self.device.limits().max_texture_dimension_2d
    }

    /// Most layers of an array of textures.
    pub(crate) fn max_layers(&self) -> u32 {
        self.device.limits().max_texture_array_layers
    }

    /// The first thing that went wrong with the device, if anything did.
    pub(crate) fn check(&self) -> Result<(), RenderError> {
        match &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// Every adapter of a backend, a line each.
#[cfg(feature = "blocking")]
pub fn adapters(backend: Backend) -> Vec<String> {
    let found = pollster::block_on(backend.instance(None).enumerate_adapters(backend.backends()));
    found.iter().map(|adapter| describe(&adapter.get_info())).collect()
}

fn describe(info: &wgpu::AdapterInfo) -> String {
    let backend = match info.backend {
        wgpu::Backend::Vulkan => "vulkan",
        wgpu::Backend::Metal => "metal",
        wgpu::Backend::Dx12 => "dx12",
        wgpu::Backend::Gl => "gl",
        _ => "other",
    };
    format!("{} ({backend})", info.name)
}
