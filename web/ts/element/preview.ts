/** Finds the preview image of a package in its first bytes, so that it shows before the engine has come, and where none can run. */

/** The most that the JSON of a package may have before its preview is left to the engine. */
const MOST_JSON = 16 << 20;
/** Bytes of the file's header with that of the JSON chunk, and of the header of the binary chunk. */
const HEADERS = [20, 8] as const;
const [GLTF, JSON_CHUNK] = [0x46546c67, 0x4e4f534a];

export interface Preview {
  jpeg: Blob;
  /** Size of the scene in pixels, for its shape. */
  width: number;
  height: number;
}

/** Where the preview is in the file. docs/FORMAT.md, "The package". */
interface Place {
  start: number;
  end: number;
  width: number;
  height: number;
}

/** Reads a package's preview from its bytes as they come. What is wrong with them is the engine's to say. */
export class PreviewReader {
  /** Whether nothing more can be found: the preview was, or there is none. */
  isDone = false;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  #place: Place | undefined;

  /** Takes the next bytes; returns the preview once all of it is there. */
  push(bytes: Uint8Array): Preview | undefined {
    if (this.isDone) return undefined;
    this.#append(bytes);
    try {
      this.#place ??= this.#find();
    } catch {
      this.isDone = true;
    }
    const place = this.#place;
    if (!place || this.#length < place.end) return undefined;
    this.isDone = true;
    const jpeg = new Blob([this.#bytes.slice(place.start, place.end)], { type: "image/jpeg" });
    this.#bytes = new Uint8Array(0);
    return { jpeg, width: place.width, height: place.height };
  }

  /** The preview's place, `undefined` before enough has come. Throws where there can be none. */
  #find(): Place | undefined {
    const view = new DataView(this.#bytes.buffer, 0, this.#length);
    // Of anything else, the engine says what it is, as soon as it can be told.
    if (this.#length >= 4 && view.getUint32(0, true) !== GLTF) throw new Error("not a package");
    if (this.#length < HEADERS[0]) return undefined;
    const length = view.getUint32(12, true);
    if (view.getUint32(16, true) !== JSON_CHUNK || length > MOST_JSON) throw new Error("not a package");
    if (this.#length < HEADERS[0] + length) return undefined;
    const text = new TextDecoder().decode(this.#bytes.subarray(HEADERS[0], HEADERS[0] + length));
    const scene = JSON.parse(text).extensions.LOOP3D_scene;
    const part = scene.parts[scene.picture];
    const start = HEADERS[0] + length + HEADERS[1] + part.offset;
    const { width, height } = scene.reference;
    const isWhole = [start, part.length, width, height].every((value) => Number.isSafeInteger(value) && value > 0);
    if (!isWhole || part.length > MOST_JSON) throw new Error("no preview");
    return { start, end: start + part.length, width, height };
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }
}
