/**
 * Frames of the loop, decoded a little ahead of the clock. Bytes come from the wasm side, and decoded frames go back to it at once, so
 * that no more than one of them is held here.
 */
import { VideoElementPage } from "./video_page.ts";

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
  setVideoFrame(page: number, frame: number, video: HTMLVideoElement): void;
  setPngFrame(page: number, frame: number, picture: ImageBitmap): void;
}

/** A stream that this browser decodes, by itself or in a video element; or why there is none. */
export type Choice = { stream: number; inElement: boolean } | { why: string };

const VIDEO: Partial<Record<StreamPlan["codec"], string>> = { h264: "H.264", av1: "AV1" };

/** Chooses a stream: one that hardware decodes if there is any, else the first that anything decodes. */
export async function choose(plan: DecodePlan): Promise<Choice> {
  const moving = plan.streams.map((stream, index) => ({ stream, index })).filter(({ stream }) => stream.codec in VIDEO);
  if ("VideoDecoder" in globalThis) {
    for (const hardwareAcceleration of ["prefer-hardware", "no-preference"] as const) {
      for (const { stream, index } of moving) {
        const configs = plan.pages.map((_, page) => ({ ...configuration(plan, stream, page), hardwareAcceleration }));
        const answers = configs.map(async (config) => (await VideoDecoder.isConfigSupported(config)).supported === true);
        // A name that a browser cannot parse is an exception.
        if ((await Promise.all(answers).catch(() => [false])).every(Boolean)) return { stream: index, inElement: false };
      }
    }
  }
  const still = plan.streams.findIndex(({ codec }) => codec === "png");
  if (still >= 0) return { stream: still, inElement: false };
  for (const { stream, index } of moving) {
    const types = stream.names.map((name) => `video/mp4; codecs="${name}"`);
    const video = document.createElement("video");
    // An MP4 file needs the configuration, which packages have of H.264 alone.
    const isWhole = stream.descriptions.every((description) => description !== "");
    if (isWhole && types.every((type) => video.canPlayType(type) !== "")) return { stream: index, inElement: true };
  }
  if (moving.length === 0) return { why: "The scene's frames are in a form that browsers do not play, so it stands still." };
  const names = [...new Set(moving.map(({ stream }) => VIDEO[stream.codec]))].join(" or ");
  return { why: `This browser does not play ${names} video of this size, so the scene stands still.` };
}

function configuration(plan: DecodePlan, stream: StreamPlan, page: number): VideoDecoderConfig {
  const [width, height] = plan.pages[page]!;
  const description = bytes(stream.descriptions[page]!);
  return {
    codec: stream.names[page]!,
    codedWidth: width,
    codedHeight: 2 * height,
    // Frames are in display order: none needs to wait for a later one.
    optimizeForLatency: true,
    ...(description.length === 0 ? {} : { description }),
  };
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Decodes all pages of a stream. */
export class Decoders {
  #pages: (VideoPage | VideoElementPage | PngPage)[];
  /** Frames decoded, over all pages. */
  decoded = 0;

  constructor(
    plan: DecodePlan, choice: { stream: number; inElement: boolean }, store: FrameStore, onFrame: () => void,
    onError: (error: Error) => void,
  ) {
    const stream = plan.streams[choice.stream]!;
    const counted = () => {
      this.decoded += 1;
      onFrame();
    };
    this.#pages = plan.pages.map((_, page) => {
      if (stream.codec === "png") return new PngPage(page, store, counted, onError);
      const config = configuration(plan, stream, page);
      if (!choice.inElement) return new VideoPage(page, config, store, counted, onError);
      return new VideoElementPage(page, plan, bytes(stream.descriptions[page]!), store, counted, onError);
    });
  }

  /** Starts decoding what is missing. */
  pump(): void {
    for (const page of this.#pages) page.pump();
  }

  close(): void {
    for (const page of this.#pages) page.close();
  }
}

/** Coded frames that a decoder holds at a time: some keep a few before the first comes out. */
const MOST_IN_FLIGHT = 16;
/** A decoder that is silent for so long wants to be told that no more comes, in milliseconds. */
const SILENCE = 120;
/** So many failures in a row, without a frame between them, are final. */
const MOST_FAILURES = 3;

class VideoPage {
  #decoder: VideoDecoder | null = null;
  /** Frames in the decoder by the time stamp that they went in with. */
  #inFlight = new Map<number, number>();
  #sent = 0;
  /** The frame after the last one that went in, while the decoder can go on with it. */
  #next: number | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(
    private page: number,
    private config: VideoDecoderConfig,
    private store: FrameStore,
    private onFrame: () => void,
    private onError: (error: Error) => void,
  ) {}

  pump(): void {
    if (this.#isClosed) return;
    const waiting = new Set(this.#inFlight.values());
    for (const frame of this.store.missing(this.page)) {
      if (this.#inFlight.size >= MOST_IN_FLIGHT) break;
      const key = waiting.has(frame) ? undefined : this.store.keyFrame(this.page, frame);
      if (key === undefined) continue;
      const goesOn = this.#next !== null && key <= this.#next && this.#next <= frame;
      for (let at = goesOn ? this.#next! : key; at <= frame; at++) {
        if (!this.#send(at, key)) return;
        waiting.add(at);
      }
    }
    this.#watch();
  }

  #send(frame: number, key: number): boolean {
    const data = this.store.frameBytes(this.page, frame);
    const decoder = this.#ready();
    if (data === undefined || decoder === null) return false;
    const timestamp = 1000 * this.#sent++;
    this.#inFlight.set(timestamp, frame);
    this.#next = frame + 1;
    try {
      decoder.decode(new EncodedVideoChunk({ type: frame === key ? "key" : "delta", timestamp, data }));
    } catch (error) {
      this.#failed(error as Error);
      return false;
    }
    return true;
  }

  /** The decoder, made where there is none: browsers take idle ones away. */
  #ready(): VideoDecoder | null {
    if (this.#decoder !== null) return this.#decoder;
    const decoder = new VideoDecoder({
      output: (picture) => this.#arrived(picture, decoder),
      error: (error) => { if (decoder === this.#decoder) this.#failed(error); },
    });
    try {
      decoder.configure(this.config);
    } catch (error) {
      this.#failed(error as Error);
      return null;
    }
    return (this.#decoder = decoder);
  }

  #arrived(picture: VideoFrame, decoder: VideoDecoder): void {
    const frame = this.#inFlight.get(picture.timestamp);
    try {
      if (frame === undefined || decoder !== this.#decoder) return;
      this.#inFlight.delete(picture.timestamp);
      this.#failures = 0;
      this.store.setFrame(this.page, frame, picture);
    } finally {
      picture.close();
    }
    this.onFrame();
    this.pump();
  }

  /** Frames that stay inside of a decoder come out when it is told that these are all. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#inFlight.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#next = null;
      this.#decoder?.flush().catch(() => {});
    }, SILENCE);
  }

  #failed(error: Error): void {
    this.#drop();
    this.#failures += 1;
    if (this.#failures >= MOST_FAILURES && !this.#isClosed) {
      this.#isClosed = true;
      this.onError(error);
    }
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const decoder = this.#decoder;
    this.#decoder = null;
    this.#inFlight.clear();
    this.#next = null;
    if (decoder !== null && decoder.state !== "closed") decoder.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }
}

/** Frames that are pictures of their own. */
class PngPage {
  #inFlight = new Set<number>();
  #isClosed = false;

  constructor(
    private page: number,
    private store: FrameStore,
    private onFrame: () => void,
    private onError: (error: Error) => void,
  ) {}

  pump(): void {
    if (this.#isClosed) return;
    for (const frame of this.store.missing(this.page)) {
      if (this.#inFlight.size >= 2) return;
      const data = this.#inFlight.has(frame) ? undefined : this.store.frameBytes(this.page, frame);
      if (data === undefined) continue;
      this.#inFlight.add(frame);
      bitmap(data).then((picture) => this.#arrived(frame, picture)).catch((error: Error) => {
        if (!this.#isClosed) this.onError(error);
        this.#isClosed = true;
      });
    }
  }

  #arrived(frame: number, picture: ImageBitmap): void {
    this.#inFlight.delete(frame);
    if (!this.#isClosed) {
      this.store.setPngFrame(this.page, frame, picture);
      this.onFrame();
    }
    picture.close();
    this.pump();
  }

  close(): void {
    this.#isClosed = true;
  }
}

/** A PNG's own values: not multiplied with alpha, not converted. */
export function bitmap(png: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  const options: ImageBitmapOptions = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  return createImageBitmap(new Blob([png], { type: "image/png" }), options);
}
