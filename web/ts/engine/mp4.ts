/** Wraps one page of the loop in H.264 as an MP4 file (ISO 14496-12), for browsers that decode video in video elements only. */

/** The video in the file. */
export interface Track {
  /** Of a coded frame, in pixels. */
  width: number;
  height: number;
  fps: number;
  /** The decoder's configuration (`avcC`). */
  configuration: Uint8Array;
  /** Coded frames in display order. */
  frames: Uint8Array[];
  /** Indices of key frames. */
  keys: number[];
}

/** Ticks per frame; a second has this many times the frame rate. */
const TICKS = 1000;

/** The whole file. */
export function mp4({ width, height, fps, configuration, frames, keys }: Track): Blob {
  const scale = Math.round(TICKS * fps);
  const duration = TICKS * frames.length;
  const sample = box("avc1", zeros(6), u16(1), zeros(16), u16(width, height), u32(0x480000, 0x480000, 0), u16(1), zeros(32),
    u16(24, 0xffff), box("avcC", configuration));
  const table = (start: number) => box("stbl",
    full("stsd", u32(1), sample),
    full("stts", u32(1, frames.length, TICKS)),
    full("stss", u32(keys.length, ...keys.map((key) => key + 1))),
    full("stsc", u32(1, 1, frames.length, 1)),
    full("stsz", u32(0, frames.length, ...frames.map((frame) => frame.length))),
    full("stco", u32(1, start)));
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const head = (start: number) => joined([
    box("ftyp", ascii("isom"), u32(512), ascii("isomiso2mp41")),
    box("moov",
      full("mvhd", u32(0, 0, scale, duration, 0x10000), u16(0x100), zeros(10), matrix, zeros(24), u32(2)),
      box("trak",
        // Flags: enabled, in the movie.
        box("tkhd", u32(3, 0, 0, 1, 0, duration), zeros(16), matrix, u32(width * 65536, height * 65536)),
        box("mdia",
          full("mdhd", u32(0, 0, scale, duration), u16(0x55c4, 0)),
          full("hdlr", u32(0), ascii("vide"), zeros(12), ascii("loop\0")),
          box("minf",
            box("vmhd", u32(1), zeros(8)),
            box("dinf", full("dref", u32(1), box("url ", u32(1)))),
            table(start))))),
  ]);
  const size = frames.reduce((sum, frame) => sum + frame.length, 0);
  // The length of the head does not depend on where the frames start.
  const start = head(0).length + 8;
  return new Blob([head(start), u32(size + 8), ascii("mdat"), ...(frames as BlobPart[])], { type: "video/mp4" });
}

type Bytes = Uint8Array<ArrayBuffer>;

function box(name: string, ...contents: Uint8Array[]): Bytes {
  const size = contents.reduce((sum, content) => sum + content.length, 8);
  return joined([u32(size), ascii(name), ...contents]);
}

/** A box of version 0 without flags. */
function full(name: string, ...contents: Uint8Array[]): Bytes {
  return box(name, u32(0), ...contents);
}

function joined(parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function u32(...values: number[]): Bytes {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, index) => view.setUint32(4 * index, value >>> 0));
  return new Uint8Array(view.buffer);
}

function u16(...values: number[]): Bytes {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  values.forEach((value, index) => view.setUint16(2 * index, value));
  return new Uint8Array(view.buffer);
}

function zeros(count: number): Bytes {
  return new Uint8Array(count);
}

function ascii(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
