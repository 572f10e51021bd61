/**
 * Frames of the loop, decoded a little ahead of the clock. Bytes come from the wasm side, and decoded frames go back to it at once, so
 * that no more than one of them is held here.
 */
import { DecoderPage } from "./decoder_page.ts";
import { BlockPage, PngPage } from "./frame_pages.ts";
import type { DecodePlan, FrameStore, StreamPlan } from "./frame_store.ts";
import { VideoElementPage } from "./video_page.ts";

/** A stream that this browser plays, and what decodes it: for other codecs than video it does not matter. */
export interface Choice {
  stream: number;
  decoder: "hardware" | "software" | "element";
}

const VIDEO: Partial<Record<StreamPlan["codec"], string>> = { h264: "H.264", av1: "AV1" };

/**
 * Chooses a stream: one that hardware decodes if there is any, else the first that anything decodes. `takesBlocks`: whether the GPU reads
 * the blocks of a stream as they are.
 */
export async function choose(plan: DecodePlan, takesBlocks: (stream: number) => boolean): Promise<Choice | { why: string }> {
  const moving = plan.streams.map((stream, index) => ({ stream, index })).filter(({ stream }) => stream.codec in VIDEO);
  if ("VideoDecoder" in globalThis) {
    for (const hardwareAcceleration of ["prefer-hardware", "no-preference"] as const) {
      for (const { stream, index } of moving) {
        const configs = plan.pages.map((_, page) => ({ ...configuration(plan, stream, page), hardwareAcceleration }));
        const answers = configs.map(async (config) => (await VideoDecoder.isConfigSupported(config)).supported === true);
        // A name that a browser cannot parse is an exception.
        if (!(await Promise.all(answers).catch(() => [false])).every(Boolean)) continue;
        return { stream: index, decoder: hardwareAcceleration === "prefer-hardware" ? "hardware" : "software" };
      }
    }
  }
  const blocks = plan.streams.findIndex((_, stream) => takesBlocks(stream));
  const pictures = plan.streams.findIndex(({ codec }) => codec === "png");
  const other = blocks >= 0 ? blocks : pictures;
  if (other >= 0) return { stream: other, decoder: "software" };
  for (const { stream, index } of moving) {
    const types = stream.names.map((name) => `video/mp4; codecs="${name}"`);
    const video = document.createElement("video");
    // An MP4 file needs the configuration, which packages have of H.264 alone.
    const isWhole = stream.descriptions.every((description) => description !== "");
    if (isWhole && types.every((type) => video.canPlayType(type) !== "")) return { stream: index, decoder: "element" };
  }
  if (moving.length === 0) return { why: "The scene's frames are in a form that this graphics adapter does not read, so it stands still." };
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
  #pages: (DecoderPage | VideoElementPage | PngPage | BlockPage)[];
  /** Frames decoded, over all pages. */
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

  /** Starts decoding what is missing. */
  pump(): void {
    for (const page of this.#pages) page.pump();
  }

  close(): void {
    for (const page of this.#pages) page.close();
  }
}
