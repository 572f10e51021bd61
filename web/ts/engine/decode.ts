/**
 * Decodes the frames of the loop a little ahead of the clock. Coded bytes come from the wasm side, and decoded frames go back to it at
 * once, so that at most one of them is held here.
 */
import { DecoderPage } from "./decoder_page.ts";
import { BlockPage, PngPage } from "./frame_pages.ts";
import type { DecodePlan, FrameStore, StreamPlan } from "./frame_store.ts";
import { VideoElementPage } from "./video_page.ts";

/** A stream that this browser plays, and what decodes it. The decoder matters for video codecs only. */
export interface Choice {
  stream: number;
  decoder: "hardware" | "software" | "element";
}

const VIDEO: Partial<Record<StreamPlan["codec"], string>> = { h264: "H.264", av1: "AV1" };

/**
 * Chooses a stream: one with a hardware decoder if there is one, else the first that can be decoded at all. `takesBlocks` says whether the
 * GPU samples the blocks of a stream directly. Returns the reason where no stream can be played.
 */
export async function choose(plan: DecodePlan, takesBlocks: (stream: number) => boolean): Promise<Choice | { why: string }> {
  const moving = plan.streams.map((stream, index) => ({ stream, index })).filter(({ stream }) => stream.codec in VIDEO);
  if ("VideoDecoder" in globalThis) {
    for (const hardwareAcceleration of ["prefer-hardware", "no-preference"] as const) {
      for (const { stream, index } of moving) {
        const configs = plan.pages.map((_, page) => ({ ...configuration(plan, stream, page), hardwareAcceleration }));
        const answers = configs.map(async (config) => (await VideoDecoder.isConfigSupported(config)).supported === true);
        // Browsers throw on a codec name that they cannot parse.
        if (!(await Promise.all(answers).catch(() => [false])).every(Boolean)) continue;
        return { stream: index, decoder: hardwareAcceleration === "prefer-hardware" ? "hardware" : "software" };
      }
    }
  }
  const blocks = plan.streams.findIndex((_, stream) => takesBlocks(stream));
  const images = plan.streams.findIndex(({ codec }) => codec === "png");
  const other = blocks >= 0 ? blocks : images;
  if (other >= 0) return { stream: other, decoder: "software" };
  for (const { stream, index } of moving) {
    const types = stream.names.map((name) => `video/mp4; codecs="${name}"`);
    const video = document.createElement("video");
    // An MP4 file needs the decoder's configuration, which packages contain for H.264 only.
    const isWhole = stream.descriptions.every((description) => description !== "");
    if (isWhole && types.every((type) => video.canPlayType(type) !== "")) return { stream: index, decoder: "element" };
  }
  if (moving.length === 0) return { why: "This graphics adapter cannot read the format of the scene's frames, so the scene does not move." };
  const names = [...new Set(moving.map(({ stream }) => VIDEO[stream.codec]))].join(" or ");
  return { why: `This browser does not play ${names} video of this size, so the scene does not move.` };
}

function configuration(plan: DecodePlan, stream: StreamPlan, page: number): VideoDecoderConfig {
  const [width, height] = plan.pages[page]!;
  const description = bytes(stream.descriptions[page]!);
  return {
    codec: stream.names[page]!,
    codedWidth: width,
    codedHeight: 2 * height,
    // Frames are coded in display order: none has to wait for a later one.
    optimizeForLatency: true,
    ...(description.length === 0 ? {} : { description }),
  };
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Decodes all pages of one stream. */
export class Decoders {
  #pages: (DecoderPage | VideoElementPage | PngPage | BlockPage)[];
  /** Frames decoded so far, over all pages. */
  decoded = 0;

  constructor(
    plan: DecodePlan, choice: Choice, store: FrameStore, onFrame: () => void, onError: (error: Error) => void,
  ) {
    const stream = plan.streams[choice.stream]!;
    const counted = () => {
      this.decoded += 1;
      onFrame();
    };
    this.#pages = plan.pages.map((_, page) => {
      if (stream.codec === "png") return new PngPage(page, store, counted, onError);
      if (!(stream.codec in VIDEO)) return new BlockPage(page, store, counted, onError);
      if (choice.decoder === "element") {
        return new VideoElementPage(page, plan, bytes(stream.descriptions[page]!), store, counted, onError);
      }
      const isSoftware = choice.decoder === "software";
      return new DecoderPage(page, configuration(plan, stream, page), isSoftware, store, counted, onError);
    });
  }

  /** Starts decoding the frames that are missing. */
  pump(): void {
    for (const page of this.#pages) page.pump();
  }

  close(): void {
    for (const page of this.#pages) page.close();
  }
}
