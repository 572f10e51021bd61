use super::*;
use crate::testing::random_scene;

fn bytes_of(scene: &Scene) -> Vec<u8> {
    let mut bytes = vec![];
    write(scene, &mut bytes).unwrap();
    bytes
}

fn read_bytes(bytes: &[u8]) -> Result<Scene, FormatError> {
    read(&mut &bytes[..], bytes.len() as u64)
}

/// A file of these tensors (name, type, shape) and this document, with a right checksum at the end.
fn file(document: &str, tensors: &[(&str, Dtype, &[usize])], data: &[u8]) -> Vec<u8> {
    let mut end = 0;
    let tensors = tensors.iter().map(|&(name, dtype, shape)| {
        let start = end;
        end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name.to_owned(), TensorInfo { dtype, shape: shape.to_vec(), data_offsets: (start, end) })
    });
    let metadata = HashMap::from([(KEY.to_owned(), document.to_owned())]);
    let header = serde_json::to_vec(&Metadata::new(Some(metadata), tensors.collect()).unwrap()).unwrap();
    let mut bytes = [&(header.len() as u64).to_le_bytes(), &header[..], data].concat();
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn document_of(bytes: &[u8]) -> serde_json::Value {
    let (_, metadata) = safetensors::SafeTensors::read_metadata(bytes).unwrap();
    serde_json::from_str(&metadata.metadata().as_ref().unwrap()[KEY]).unwrap()
}

/// The error of the file of a scene whose document was changed.
fn changed(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let scene = random_scene(1, 2, 2, 16, 16);
    let bytes = bytes_of(&scene);
    let mut document = document_of(&bytes);
    change(&mut document);
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    let tensors: [(&str, Dtype, &[usize]); 4] = [
        (TABLE, Dtype::U32, &[2, 3, 3]),
        (STATIC, Dtype::U16, &[static_tiles, 16, 16, 4]),
        (LOOPING, Dtype::U16, &[looping_tiles, 2, 16, 16, 4]),
        (CHECKSUM, Dtype::U32, &[1]),
    ];
    let file = file(&document.to_string(), &tensors, &bytes[8 + header..bytes.len() - 4]);
    match read_bytes(&file) {
        Ok(_) => "read".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_was_written_is_read_and_equal_scenes_give_equal_bytes() {
    for (seed, frames) in [(1, 1), (2, 3)] {
        let scene = random_scene(seed, 3, frames, 40, 24);
        let bytes = bytes_of(&scene);
        assert_eq!(read_bytes(&bytes).unwrap(), scene);
        assert_eq!(bytes_of(&scene.clone()), bytes);
    }
}

#[test]
fn scenes_without_tiles_of_a_kind_or_without_any_are_read() {
    let mut scene = random_scene(2, 3, 4, 40, 24);
    scene.tiles.tiles.iter_mut().for_each(|t| {
        if matches!(t, Tile::Looping(_)) {
            *t = Tile::Empty;
        }
    });
    scene.looping_texels.clear();
    assert_eq!(read_bytes(&bytes_of(&scene)).unwrap(), scene);
    scene.tiles.tiles.fill(Tile::Empty);
    scene.static_texels.clear();
    scene.views.clear();
    assert_eq!(read_bytes(&bytes_of(&scene)).unwrap(), scene);
}

#[test]
fn any_safetensors_library_reads_the_tensors() {
    let scene = random_scene(3, 2, 2, 16, 16);
    let bytes = bytes_of(&scene);
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    assert_eq!(tensors.tensor(STATIC).unwrap().shape(), [static_tiles, 16, 16, 4]);
    let found = tensors.tensor(LOOPING).unwrap();
    assert_eq!((found.dtype(), found.shape()), (Dtype::U16, &[looping_tiles, 2, 16, 16, 4][..]));
    let values = found.data().as_chunks::<2>().0.iter().map(|&b| u16::from_le_bytes(b));
    assert!(values.eq(scene.looping_texels.iter().copied()));
    let codes = tensors.tensor(TABLE).unwrap();
    let codes: Vec<u32> = codes.data().as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b)).collect();
    let first_static = scene.tiles.tiles.iter().position(|&t| t == Tile::Static(0)).unwrap();
    let second_looping = scene.tiles.tiles.iter().position(|&t| t == Tile::Looping(1)).unwrap();
    assert_eq!((codes[first_static], codes[second_looping]), (1, 4));
}

#[test]
fn no_flipped_byte_is_read_as_another_scene_and_none_panics() {
    let scene = random_scene(4, 2, 2, 16, 16);
    let bytes = bytes_of(&scene);
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // Every byte of the header, of the table and of the checksum, and some of the texels.
    let table = 4 * scene.tiles.tiles.len();
    let places = (0..header + table).chain((header + table..bytes.len() - 4).step_by(397));
    for place in places.chain(bytes.len() - 4..bytes.len()) {
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut bad = bytes.clone();
            bad[place] ^= flip;
            if let Ok(read) = read_bytes(&bad) {
                assert_eq!(read, scene, "byte {place} flipped by {flip:#x}");
            }
        }
    }
}

/// Bytes changed, cut out and repeated at random, most of it in the header; in half of them the checksum is made right again, so that
/// what is behind it is reached. `LOOP3D_MUTATIONS=1000000` says how often.
#[test]
fn damage_of_any_kind_is_survived() {
    let good = bytes_of(&random_scene(4, 2, 2, 16, 16));
    let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    let count = std::env::var("LOOP3D_MUTATIONS").map_or(2000, |count| count.parse::<usize>().unwrap());
    let (mut random, mut harmless) = (crate::testing::Random::new(8), 0);
    let started = std::time::Instant::now();
    for _ in 0..count {
        let mut bytes = good.clone();
        let reach = [8, header, header + 80, good.len()][random.below(4)];
        let at = random.below(reach);
        match random.below(5) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + 1 + random.below(20)).min(good.len()))),
            3 => bytes[at] = b"0919,:{}[]\"-en"[random.below(14)],
            _ => bytes.splice(at..at, std::iter::repeat_n(random.next() as u8, 1 + random.below(9))).for_each(drop),
        }
        if random.below(2) == 0
            && let Some(body) = bytes.len().checked_sub(4)
        {
            let sum = crc32fast::hash(&bytes[..body]);
            bytes[body..].copy_from_slice(&sum.to_le_bytes());
        }
        match read_bytes(&bytes) {
            // Another colour or place, with a checksum that agrees.
            Ok(scene) => {
                harmless += 1;
                scene.validate().unwrap();
            }
            Err(error) => assert!(error.to_string().len() > 10, "{error}"),
        }
    }
    assert!(harmless * 2 < count, "{harmless} of {count}");
    eprintln!("master: {count} mutations in {:.1} s, {harmless} harmless", started.elapsed().as_secs_f64());
}

#[test]
fn no_cut_file_is_read() {
    let bytes = bytes_of(&random_scene(4, 2, 2, 16, 16));
    for length in (0..4000).chain((4000..bytes.len()).step_by(211)).chain(bytes.len() - 5..bytes.len()) {
        assert!(read_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    let cut = read_bytes(&bytes[..bytes.len() - 100]).unwrap_err().to_string();
    assert_eq!(cut, format!("cut short: found {} bytes, expected {}", bytes.len() - 100, bytes.len()));
    let longer = read_bytes(&[&bytes[..], b"x"].concat()).unwrap_err().to_string();
    assert!(longer.starts_with("damaged: file: found"), "{longer}");
}

#[test]
fn other_files_are_said_to_be_no_scene() {
    let no_scene = |bytes: &[u8]| {
        let error = read_bytes(bytes).unwrap_err();
        assert!(matches!(error, FormatError::NotAScene { .. }), "{error}");
    };
    no_scene(b"");
    no_scene(b"1234567");
    no_scene(b"\x89PNG\r\n\x1a\n0000000000000000");
    no_scene(&[&16u64.to_le_bytes()[..], b"not a header at all"].concat());
    no_scene(&[&2u64.to_le_bytes()[..], b"{}"].concat());
}

#[test]
fn a_newer_file_says_so() {
    let newer = changed(|d| {
        d["format"] = 2.into();
        d["tool"] = "9.1.0".into();
        d["something new"] = 1.into();
    });
    assert_eq!(newer, "written by loop3d 9.1.0, format 2; this build reads up to 1; update loop3d");
}

#[test]
fn each_part_of_the_document_is_checked() {
    assert_eq!(changed(|_| ()), "read");
    assert!(changed(|d| d["format"] = 0.into()).contains("found format 0, expected format 1"));
    assert!(changed(|d| d["something"] = 1.into()).contains("unknown field `something`"));
    assert!(changed(|d| drop(d.as_object_mut().unwrap().remove("planes"))).contains("missing field `planes`"));
    assert!(changed(|d| d["fps"] = (-1.0).into()).contains("fps: found -1, expected a positive number"));
    assert!(changed(|d| d["fps"] = serde_json::Value::Null).contains("metadata"));
    assert!(changed(|d| d["frames"] = 3.into()).contains("found [6, 2, 16, 16, 4], expected [tiles, 3, 16, 16, 4]"));
    assert!(changed(|d| d["frames"] = 0.into()).contains("looping_texels"));
    assert!(changed(|d| d["planes"]["count"] = 3.into()).contains("found 2 planes, expected 3 planes"));
    assert!(changed(|d| d["planes"]["near"] = 11.0.into()).contains("near 11, far 10"));
    assert!(changed(|d| d["reference"]["focal_px"][0] = 0.0.into()).contains("reference camera"));
    assert!(changed(|d| d["views"][1]["camera"]["world_from_camera"][0] = 5.0.into()).contains("view 1 (0001)"));
}

#[test]
fn each_tensor_is_checked() {
    let scene = random_scene(1, 2, 2, 16, 16);
    let bytes = bytes_of(&scene);
    let document = document_of(&bytes).to_string();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let (static_tiles, looping_tiles) = scene.tiles.counts();
    let error = |tensors: &[(&str, Dtype, &[usize])]| {
        read_bytes(&file(&document, tensors, &bytes[header..bytes.len() - 4])).unwrap_err().to_string()
    };
    let table = (TABLE, Dtype::U32, &[2, 3, 3][..]);
    let statics = [static_tiles, 16, 16, 4];
    let statics = (STATIC, Dtype::U16, &statics[..]);
    let loops = [looping_tiles, 2, 16, 16, 4];
    let loops = (LOOPING, Dtype::U16, &loops[..]);
    let checksum = (CHECKSUM, Dtype::U32, &[1][..]);
    assert!(error(&[(TABLE, Dtype::U32, &[18]), statics, loops, checksum]).contains("tile_table: found U32 [18]"));
    assert!(error(&[(TABLE, Dtype::F32, &[18]), statics, loops, checksum]).contains("expected"));
    assert!(error(&[(TABLE, Dtype::U32, &[3, 3, 2]), statics, loops, checksum]).contains("found 3 planes"));
    let other = [static_tiles, 4, 16, 16];
    assert!(error(&[table, (STATIC, Dtype::U16, &other), loops, checksum]).contains("[tiles, 16, 16, 4]"));
    assert!(
        error(&[table, ("other", Dtype::U16, statics.2), loops, checksum]).contains("static_texels: found nothing")
    );
    let found = error(&[table, loops, statics, checksum]);
    assert!(found.contains("static_texels: found offset"), "{found}");
    // One static tile too many, taken from the looping ones' values: the counts of the table are the truth.
    let more = [static_tiles + 2, 16, 16, 4];
    let fewer = [looping_tiles - 1, 2, 16, 16, 4];
    let found = error(&[table, (STATIC, Dtype::U16, &more), (LOOPING, Dtype::U16, &fewer), checksum]);
    assert!(found.contains("static texels: found"), "{found}");
    // A table that names a tile twice.
    let mut twice = bytes[header..bytes.len() - 4].to_vec();
    let first = scene.tiles.tiles.iter().position(|&t| t == Tile::Static(1)).unwrap();
    twice[4 * first..4 * first + 4].copy_from_slice(&1u32.to_le_bytes());
    let found = read_bytes(&file(&document, &[table, statics, loops, checksum], &twice)).unwrap_err().to_string();
    assert!(found.contains("found static tile 0, expected an index below"), "{found}");
}

#[test]
fn sizes_in_a_header_ask_for_no_memory_that_the_file_does_not_have() {
    let huge = r#"{"__metadata__":{"loop3d":"{}"},"tile_table":{"dtype":"U32","shape":[4294967296,1048576,1],"data_offsets":[0,18014398509481984]}}"#;
    let bytes = [&(huge.len() as u64).to_le_bytes()[..], huge.as_bytes()].concat();
    assert!(matches!(read_bytes(&bytes), Err(FormatError::Truncated { .. })));
    let overflow = huge.replace("4294967296,1048576,1", "18446744073709551615,18446744073709551615,2");
    let bytes = [&(overflow.len() as u64).to_le_bytes()[..], overflow.as_bytes()].concat();
    assert!(matches!(read_bytes(&bytes), Err(FormatError::Damaged { .. })));
}

/// A disk with room for so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_wherever_it_fills_up() {
    let scene = random_scene(4, 2, 2, 16, 16);
    let length = bytes_of(&scene).len();
    for room in (0..length).step_by(997).chain([length - 1]) {
        let error = write(&scene, &mut Full(room)).unwrap_err();
        assert!(matches!(&error, FormatError::Io(e) if e.kind() == io::ErrorKind::StorageFull), "{error}");
    }
    write(&scene, &mut Full(length)).unwrap();
}

#[test]
fn a_scene_that_is_not_valid_is_not_written() {
    let mut scene = random_scene(4, 2, 2, 16, 16);
    scene.fps = f64::NAN;
    let mut bytes = vec![];
    assert!(matches!(write(&scene, &mut bytes), Err(FormatError::Scene(_))));
    assert!(bytes.is_empty());
}
