//! Tiny ONNX models for tests, written byte by byte (onnx.proto3 gives the field numbers).

/// A whole number, seven bits a byte.
fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A field of bytes.
fn bytes(field: usize, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len()), content.to_vec()].concat()
}

/// A field of a whole number.
fn number(field: usize, value: u8) -> Vec<u8> {
    [varint(field << 3), varint(usize::from(value))].concat()
}

/// A tensor of floats and its sides; 0 is a side of any length.
fn value(name: &str, sides: &[u8]) -> Vec<u8> {
    let side = |side: &u8| bytes(1, &if *side == 0 { bytes(2, b"n") } else { number(1, *side) });
    let shape: Vec<u8> = sides.iter().flat_map(side).collect();
    let tensor = [number(1, 1), bytes(2, &shape)].concat();
    [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
}

/// A model that gives the mean of its picture's colors as the map, `[1, 1, height, width]`. `inputs`: how many pictures it wants, of which
/// the first counts.
pub fn mean_of_colors(inputs: usize, sides: &[u8]) -> Vec<u8> {
    let axes = [bytes(1, b"axes"), number(8, 1), number(20, 7)].concat();
    let node = [bytes(1, b"picture0"), bytes(2, b"depth"), bytes(4, b"ReduceMean"), bytes(5, &axes)].concat();
    let mut graph = [bytes(1, &node), bytes(2, b"tiny")].concat();
    (0..inputs).for_each(|input| graph.extend(bytes(11, &value(&format!("picture{input}"), sides))));
    graph.extend(bytes(12, &value("depth", &[sides[0], 1, sides[2], sides[3]])));
    [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 13))].concat()
}
