//! Every shader is valid WGSL that needs no more than the web has.

use wgpu::naga;

#[test]
fn every_shader_is_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shaders");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut text = std::fs::read_to_string(&path).unwrap();
        if path.ends_with("whole_planes.wgsl") {
            // It goes on where tiles.wgsl ends.
            text = std::fs::read_to_string(path.with_file_name("tiles.wgsl")).unwrap() + &text;
        }
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
