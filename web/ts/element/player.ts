/** Plays one scene on one canvas: fetches it, drives the engine frame by frame while it is visible, and adapts the quality. */
import { Engine, type Backend, type EngineEvent, type SceneInfo } from "../engine/index.ts";
import { AdaptiveQuality } from "./adaptive_quality.ts";
import type { CameraInputFrame } from "./camera_input_frame.ts";
import { pieces, type Piece } from "./load.ts";
import { PreviewReader, type Preview } from "./preview.ts";
import type { View } from "./share.ts";
import type { Base } from "./surroundings.ts";

/** Most device pixels per CSS pixel: more cannot be seen, and their cost grows with the square. */
export const PIXEL_RATIO_CAP = 2;

/** The player sleeps after this long without a change. */
const QUIET_MS = 2000;

/** Longest step of time per frame, so that the loop does not jump when a tab comes back. */
const LONGEST_S = 0.25;

/** How much of the scene can be seen: nothing, the package's preview image, the scene without motion, everything. */
export type Stage = "empty" | "poster" | "static" | "motion";

/** What a player reports. */
export interface PlayerListener {
  /** The package's preview image has come. */
  preview(preview: Preview): void;
  info(info: SceneInfo): void;
  /** The scene is drawn: `static` without motion, or `motion`. */
  reached(stage: Stage): void;
  /** The scene cannot move, and why. */
  noMotion(why: string): void;
  progress(received: number, total: number | undefined): void;
  loaded(): void;
  /** Called after each frame; `changed`: it was drawn anew. */
  drawn(changed: boolean): void;
  lost(isBack: boolean): void;
  failed(error: unknown): void;
}

/** What the player is asked to do, whether or not it can do it yet. */
export interface PlaybackState {
  plays: boolean;
  speed: number;
  reverse: boolean;
  loops: number;
  sway: boolean;
  /** `auto`, `full`, or a fraction of the pixels along each side. */
  quality: string;
}

export class Player {
  engine: Engine | undefined;
  info: SceneInfo | undefined;
  stage: Stage = "empty";
  /** Bytes of the package. */
  received = 0;
  /** Frames drawn per second, averaged. */
  fps = 0;
  #abort = new AbortController();
  #adaptive = new AdaptiveQuality();
  #request = 0;
  #last = 0;
  #quietSince = 0;
  #isVisible = false;
  #isDirty = true;
  #reached = new Set<string>();
  #isLoading = true;
  #isHeld = false;
  #drewLast = false;
  #size: [number, number] = [0, 0];
  #height = 1;
  #view: View | undefined;

  /** `playback` and `cameraInput` belong to the element and outlive one scene. */
  constructor(readonly listener: PlayerListener, readonly playback: PlaybackState, readonly cameraInput: CameraInputFrame) {}

  /** Fetches and shows a scene. The canvas becomes the only child of `stage`; errors go to the listener. */
  async start(source: string | Blob, stage: HTMLElement, base: Base, backend: Backend | undefined): Promise<void> {
    const { signal } = this.#abort;
    let opening: Promise<Engine> | undefined;
    try {
      const canvas = document.createElement("canvas");
      stage.replaceChildren(canvas);
      opening = Engine.open(canvas, { base, backend }, (event) => signal.aborted || this.#event(event));
      opening.catch(() => undefined);
      // While the engine opens, the first bytes are read for the preview; the others wait in the stream.
      const coming = pieces(source, signal);
      const early = await this.#preview(coming, signal);
      const engine = await opening;
      if (signal.aborted) return engine.dispose();
      this.engine = engine;
      engine.resize(...this.#size);
      for (const { bytes } of early) engine.push(bytes);
      this.wake();
      for (let next = await coming.next(); !next.done && !signal.aborted; next = await coming.next()) {
        engine.push(next.value.bytes);
        this.#arrived(next.value);
        this.wake();
      }
      if (signal.aborted) return;
      engine.finish();
      this.#isLoading = false;
      this.listener.loaded();
    } catch (error) {
      this.#isLoading = false;
      // An engine that opens too late has nobody to free it.
      if (!this.engine) opening?.then((engine) => engine.dispose(), () => undefined);
      if (!signal.aborted) this.listener.failed(error);
    }
    this.wake();
  }

  /** Reads pieces until the preview image has come, if there is one, and shows it. Returns the pieces. */
  async #preview(coming: AsyncGenerator<Piece, void>, signal: AbortSignal): Promise<Piece[]> {
    const [reader, early] = [new PreviewReader(), [] as Piece[]];
    while (!reader.isDone && !signal.aborted) {
      const next = await coming.next();
      if (next.done || signal.aborted) break;
      early.push(next.value);
      this.#arrived(next.value);
      const preview = reader.push(next.value.bytes);
      if (!preview) continue;
      this.stage = "poster";
      this.listener.preview(preview);
    }
    return early;
  }

  #arrived({ bytes, total }: Piece): void {
    this.received += bytes.length;
    this.listener.progress(this.received, total);
  }

  /** Sets the size of the element in device pixels, and its height in CSS pixels. */
  resize(width: number, height: number, cssHeight: number): void {
    [this.#size, this.#height] = [[Math.max(1, width), Math.max(1, height)], Math.max(1, cssHeight)];
    this.engine?.resize(...this.#size);
    this.#adaptive.restart();
    this.redraw();
  }

  /** The player draws only while it is visible. */
  set isVisible(isVisible: boolean) {
    this.#isVisible = isVisible;
    if (isVisible) this.wake();
    else this.#stop();
  }

  /** Applies a change of the playback state. */
  update(): void {
    const { engine, playback } = this;
    if (engine && this.info) {
      [engine.speed, engine.reverse, engine.sway] = [playback.speed, playback.reverse, playback.sway];
      const loops = Number.isFinite(playback.loops) ? Math.max(1, Math.round(playback.loops)) : null;
      if (engine.stopAfter !== loops) engine.stopAfter = loops;
      const plays = playback.plays && !this.#isHeld;
      if (this.stage === "motion" && engine.playing !== plays) plays ? engine.play() : engine.pause();
      this.#setQuality();
    }
    this.redraw();
  }

  /** Moves to a view, now or as soon as there is a scene. */
  show(view: View): void {
    this.#view = view;
    if (!this.engine || !this.info) return;
    this.#view = undefined;
    if (view.camera) this.engine.camera = view.camera;
    if (view.time !== undefined) this.engine.time = view.time;
    this.redraw();
  }

  /** Stops the loop while it is held, as by the timeline. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.update();
  }

  /** Draws a frame even if nothing has moved. */
  redraw(): void {
    this.#isDirty = true;
    this.wake();
  }

  /** Draws until nothing changes any more. */
  wake(): void {
    this.#quietSince = performance.now();
    if (this.#isVisible && this.engine && !this.#request) this.#request = requestAnimationFrame(this.#frame);
  }

  /** Draws a frame now and returns its pixels. */
  async pixels(): Promise<ImageData> {
    if (!this.engine || this.stage === "empty" || this.stage === "poster") throw new Error("no scene is shown yet");
    const pixels = this.engine.readPixels();
    this.engine.draw();
    return pixels;
  }

  /** Size at which frames are drawn, in device pixels. */
  get drawnSize(): [number, number] {
    const scale = this.engine?.renderScale ?? 1;
    return [Math.round(this.#size[0] * scale), Math.round(this.#size[1] * scale)];
  }

  /** Ends the transfer and frees everything. */
  dispose(): void {
    this.#abort.abort();
    this.#stop();
    this.engine?.dispose();
    this.engine = undefined;
  }

  #stop(): void {
    cancelAnimationFrame(this.#request);
    [this.#request, this.#last, this.#drewLast] = [0, 0, false];
    this.#adaptive.restart();
  }

  #event(event: EngineEvent): void {
    const listener = this.listener;
    switch (event.kind) {
      case "head":
        this.info = event.info;
        this.engine?.pause();
        this.update();
        if (this.#view) this.show(this.#view);
        return listener.info(event.info);
      case "poster":
        // It was shown as soon as its bytes were there.
        return;
      case "static":
      case "motion":
        this.#reached.add(event.kind);
        // Motion may be decoded before the last static tile.
        if (!this.#reached.has("static")) return;
        this.stage = this.#reached.has("motion") ? "motion" : "static";
        this.update();
        if (event.kind === "static") listener.reached("static");
        if (this.stage === "motion") listener.reached("motion");
        return;
      case "no-motion":
        return listener.noMotion(event.why);
      case "lost":
        return listener.lost(false);
      case "restored":
        this.redraw();
        return listener.lost(true);
      case "error":
        return listener.failed(event.error);
    }
  }

  #setQuality(): void {
    const { engine, playback } = this;
    if (!engine) return;
    const chosen = Number(playback.quality);
    const fixed = { scale: chosen > 0 ? Math.min(1, Math.max(0.25, chosen)) : 1, blend: true };
    const { scale, blend } = playback.quality === "auto" ? this.#adaptive.quality : fixed;
    if (engine.renderScale !== scale) engine.renderScale = scale;
    if (engine.blendFrames !== blend) engine.blendFrames = blend;
  }

  #frame = (now: number): void => {
    this.#request = 0;
    const { engine, playback } = this;
    if (!engine || !this.#isVisible) return;
    const ms = this.#last > 0 ? now - this.#last : 1000 / 60;
    this.#last = now;
    try {
      engine.input(this.cameraInput.take(this.#height, ms / 1000));
      const changed = engine.advance(Math.min(ms / 1000, LONGEST_S));
      const draws = changed || this.#isDirty;
      if (draws) {
        this.#isDirty = false;
        engine.draw();
        this.fps += (1000 / Math.max(1, ms) - this.fps) / 20;
        if (this.#drewLast && this.stage !== "empty" && this.#adaptive.count(ms) && playback.quality === "auto") this.#setQuality();
        this.#quietSince = now;
      }
      this.#drewLast = draws;
      if (this.stage === "motion" && playback.plays && !this.#isHeld && !engine.playing) playback.plays = false; // Its last loop is over.
      this.listener.drawn(draws);
    } catch (error) {
      return this.listener.failed(error);
    }
    // After a seek the frame may take longer to arrive than a resting player stays awake.
    const awaits = this.stage === "motion" && !engine.isReady;
    const mayMove = this.#isLoading || awaits || engine.playing || playback.sway || this.cameraInput.isFollowing || this.cameraInput.isHeld;
    if (mayMove || now - this.#quietSince < QUIET_MS) this.#request = requestAnimationFrame(this.#frame);
    else this.#stop();
  };
}

