/** What decoders share: the plan of what there is to decode, and where coded bytes come from and decoded frames go. */

/** One codec's frames of all pages. */
export interface StreamPlan {
  codec: "h264" | "av1" | "png" | "bc7" | "astc-4x4" | "astc-6x6" | "etc2";
  /** For each page the codec's name as WebCodecs takes it. */
  names: string[];
  /** For each page the decoder's configuration in hex, or nothing. */
  descriptions: string[];
}

/** What decoders need to know of a scene. */
export interface DecodePlan {
  frames: number;
  fps: number;
  /** Width and height of each page; a frame of video is twice as high. */
  pages: [number, number][];
  streams: StreamPlan[];
}

/** Where coded bytes come from and decoded frames go. */
export interface FrameStore {
  /** Frames that should be there and are not, the most urgent first. */
  missing(page: number): Uint32Array;
  /** The key frame that a frame is decoded from; undefined while its bytes have not arrived. */
  keyFrame(page: number, frame: number): number | undefined;
  frameBytes(page: number, frame: number): Uint8Array<ArrayBuffer> | undefined;
  setFrame(page: number, frame: number, picture: VideoFrame): void;
  /** Whether `setPlanes` shows frames. */
  takesPlanes(): boolean;
  /** The planes of a frame, I420 without gaps. */
  setPlanes(page: number, frame: number, planes: Uint8Array): void;
  /** A frame of blocks, of which the store has the bytes. Throws where they are none. */
  setBlocks(page: number, frame: number): void;
  setVideoFrame(page: number, frame: number, video: HTMLVideoElement): void;
  setPngFrame(page: number, frame: number, picture: ImageBitmap): void;
}
