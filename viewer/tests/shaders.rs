//! Every shader is valid WGSL that needs no more than the web has.

use wgpu::naga;

#[test]
fn every_shader_is_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shaders");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let read = |name: &str| std::fs::read_to_string(path.with_file_name(name)).unwrap();
        // Some are appended to others.
        let before: &[&str] = match path.file_name().and_then(|name| name.to_str()).unwrap() {
            "tiles.wgsl" => continue,
            "exact.wgsl" | "hardware.wgsl" => &["tiles.wgsl"],
            "whole_planes.wgsl" => &["tiles.wgsl", "exact.wgsl"],
            _ => &[],
        };
        let text = before.iter().map(|name| read(name)).collect::<String>() + &std::fs::read_to_string(&path).unwrap();
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|e| panic!("{}", e.emit_to_string_with_path(&text, &path.to_string_lossy())));
        // No capability beyond WebGPU's core is allowed.
        let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), Default::default());
        validator.validate(&module).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
        assert!(module.global_variables.iter().all(|(_, v)| !matches!(v.space, naga::AddressSpace::Storage { .. })));
        assert!(module.entry_points.iter().all(|entry| entry.stage != naga::ShaderStage::Compute));
        checked += 1;
    }
    assert!(checked >= 3, "{folder} holds {checked} shaders");
}
