/** What all decoders share: what there is to decode, and the store that hands out coded bytes and takes decoded frames. */

/** All pages of the loop in one codec. */
export interface StreamPlan {
  codec: "h264" | "av1" | "png" | "bc7" | "astc-4x4" | "astc-6x6" | "etc2";
  /** For each page, the codec's name as WebCodecs expects it. */
  names: string[];
  /** For each page, the decoder's configuration in hexadecimal; empty where it needs none. */
  descriptions: string[];
}

/** What decoders need to know about a scene. */
export interface DecodePlan {
  frames: number;
  fps: number;
  /** Width and height of each page in pixels. A video frame is twice as high: colour above alpha. */
  pages: [number, number][];
  streams: StreamPlan[];
}

/** Hands out coded bytes and takes decoded frames. */
export interface FrameStore {
  /** Frames that are needed but not there yet, the most urgent first. */
  missing(page: number): Uint32Array;
  /** The key frame that decoding a frame starts from; undefined until its bytes have arrived. */
  keyFrame(page: number, frame: number): number | undefined;
  frameBytes(page: number, frame: number): Uint8Array<ArrayBuffer> | undefined;
  setFrame(page: number, frame: number, image: VideoFrame): void;
  /** Whether `setPlanes` can show frames. */
  takesPlanes(): boolean;
  /** Takes a frame as its colour planes: I420 without gaps. */
  setPlanes(page: number, frame: number, planes: Uint8Array): void;
  /** Shows a frame of GPU blocks, whose bytes the store has. Throws where they are damaged. */
  setBlocks(page: number, frame: number): void;
  setVideoFrame(page: number, frame: number, video: HTMLVideoElement): void;
  setPngFrame(page: number, frame: number, image: ImageBitmap): void;
}
