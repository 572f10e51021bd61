//! Writes files as `torch.save` and the safetensors libraries do, and such as they never would.

/// A tensor of a state dict.
#[derive(Clone)]
pub struct Saved {
    pub name: &'static str,
    pub storage_type: &'static str,
    pub key: &'static str,
    pub numbers: u32,
    pub offset: u8,
    pub shape: Vec<u8>,
    pub strides: Vec<u8>,
}

impl Saved {
    /// A tensor of floats that fills the storage `key`.
    pub fn floats(name: &'static str, key: &'static str, shape: &[u8]) -> Self {
        let mut strides = vec![1u8; shape.len()];
        for i in (1..shape.len()).rev() {
            strides[i - 1] = strides[i] * shape[i];
        }
        let numbers = shape.iter().map(|n| u32::from(*n)).product();
        Self { name, storage_type: "FloatStorage", key, numbers, offset: 0, shape: shape.to_vec(), strides }
    }
}

pub fn text(text: &str) -> Vec<u8> {
    [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

pub fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// A tensor, as instructions.
pub fn tensor(saved: &Saved) -> Vec<u8> {
    let sizes = |sizes: &[u8]| [b"(".to_vec(), sizes.iter().flat_map(|n| [b'K', *n]).collect(), b"t".to_vec()].concat();
    [
        global("torch._utils", "_rebuild_tensor_v2"),
        b"((".to_vec(),
        text("storage"),
        global("torch", saved.storage_type),
        text(saved.key),
        text("cpu"),
        [b"J".as_slice(), &saved.numbers.to_le_bytes()].concat(),
        b"tQ".to_vec(),
        vec![b'K', saved.offset],
        sizes(&saved.shape),
        sizes(&saved.strides),
        b"\x89".to_vec(),
        global("collections", "OrderedDict"),
        b")RtR".to_vec(),
    ]
    .concat()
}

/// An ordered dict of a key and some instructions each.
pub fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<u8> = entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [global("collections", "OrderedDict"), b")R(".to_vec(), entries, b"u".to_vec()].concat()
}

/// A whole pickle of some instructions.
pub fn whole(instructions: &[u8]) -> Vec<u8> {
    [b"\x80\x02", instructions, b"."].concat()
}

/// The pickle of a state dict.
pub fn state_dict(tensors: &[Saved]) -> Vec<u8> {
    whole(&dict(&tensors.iter().map(|saved| (saved.name, tensor(saved))).collect::<Vec<_>>()))
}

/// An entry of a zip file.
pub struct Entry<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
    pub method: u16,
}

pub fn stored<'a>(name: &'a str, bytes: &'a [u8]) -> Entry<'a> {
    Entry { name, bytes, method: 0 }
}

/// A zip file. With `wide`, all sizes and places are in the fields of zip64, as in files of more than 4 GiB.
pub fn zip(entries: &[Entry<'_>], wide: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    let short = |value: usize| if wide { u32::MAX } else { value as u32 }.to_le_bytes();
    for Entry { name, bytes, method } in entries {
        let place = file.len();
        let sizes = [short(bytes.len()), short(bytes.len())].concat();
        // Padding, as PyTorch's to multiples of 64.
        let padding = [b"FB".as_slice(), &[5, 0], b"ZZZZZ"].concat();
        let head = |extra: u16| {
            [[0u8; 4].as_slice(), &sizes, &(name.len() as u16).to_le_bytes(), &extra.to_le_bytes()].concat()
        };
        let method = method.to_le_bytes();
        file.extend([b"PK\x03\x04\0\0\x00\x08".as_slice(), &method, &[0; 4], &head(padding.len() as u16)].concat());
        file.extend([name.as_bytes(), &padding, bytes].concat());
        let values = [bytes.len(), bytes.len(), place].map(|value| (value as u64).to_le_bytes()).concat();
        let extra = if wide { [[1, 0, 24, 0].as_slice(), &values].concat() } else { Vec::new() };
        directory
            .extend([b"PK\x01\x02\0\0\0\0\x00\x08".as_slice(), &method, &[0; 4], &head(extra.len() as u16)].concat());
        directory.extend([[0u8; 10].as_slice(), &short(place), name.as_bytes(), &extra].concat());
    }
    let (start, count) = (file.len(), entries.len());
    file.extend_from_slice(&directory);
    if wide {
        let record = file.len() as u64;
        let [count, size, start] = [count, directory.len(), start].map(|value| (value as u64).to_le_bytes());
        file.extend([b"PK\x06\x06".as_slice(), &44u64.to_le_bytes(), &[0; 12], &count, &count, &size, &start].concat());
        file.extend([b"PK\x06\x07".as_slice(), &[0; 4], &record.to_le_bytes(), &[1, 0, 0, 0]].concat());
    }
    let count = if wide { u16::MAX } else { count as u16 }.to_le_bytes();
    let sizes = [short(directory.len()), short(start)].concat();
    file.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &sizes, &[0, 0]].concat());
    file
}

/// A file of `torch.save`: its pickle and its storages.
pub fn archive(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let names: Vec<String> = storages.iter().map(|(key, _)| format!("model/data/{key}")).collect();
    let head = [stored("model/data.pkl", pickle), stored("model/byteorder", b"little")];
    let data = names.iter().zip(storages).map(|(name, (_, bytes))| stored(name, bytes));
    zip(&head.into_iter().chain(data).chain([stored("model/version", b"3\n")]).collect::<Vec<_>>(), false)
}

/// The same before PyTorch 1.6, of storages of floats: pickles in a row, then each storage after its count of numbers.
pub fn legacy(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let magic = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    let keys: Vec<u8> = storages.iter().flat_map(|(key, _)| text(key)).collect();
    let keys = [b"](".as_slice(), &keys, b"e"].concat();
    let data = storages.iter().flat_map(|(_, bytes)| [&(bytes.len() as u64 / 4).to_le_bytes(), *bytes].concat());
    let head = [whole(magic), whole(b"M\xe9\x03"), whole(b"}"), pickle.to_vec(), whole(&keys)].concat();
    head.into_iter().chain(data).collect()
}

/// Floats in a row, as bytes.
pub fn floats(numbers: impl IntoIterator<Item = f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// A safetensors file of a header and data.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}
