/**
 * The engine: bytes of a package in, frames on a canvas out. It draws when it is asked to and has no clock of its own; its caller calls
 * `advance` and `draw`.
 */
import { hasWebGpu, pixels, replaced } from "./canvas.ts";
import { Decoders, choose, type Choice } from "./decode.ts";
import { bitmap } from "./frame_pages.ts";
import { both, idle } from "./input.ts";
import {
  EngineError, engineError, type Backend, type CameraInput, type CameraState, type EngineEvent, type EngineOptions,
  type Statistics,
} from "./types.ts";
import { load, type Glue, type Plan, type WasmCameraStep, type WasmPlayer, type WasmScreen } from "./wasm.ts";

const BACKENDS: Backend[] = ["webgpu", "webgl2"];
/** Bytes of GPU memory for the loop unless the options say otherwise. */
const LOOP_MEMORY = 64 << 20;
/** Delay before each attempt to open a lost GPU again. */
const RETRY_DELAYS_MS = [100, 500, 2000];

export class Engine {
  /** Not always the element that was passed in: a canvas is bound to one kind of GPU for life, so a retry needs a new one. */
  canvas: HTMLCanvasElement;
  readonly backend: Backend;
  #glue: Glue;
  #player: WasmPlayer;
  /** Filled for each `advance`. */
  #step: WasmCameraStep;
  #on: (event: EngineEvent) => void;
  #plan: Plan | null = null;
  #decoders: Decoders | null = null;
  /** How the loop is decoded; null until that is decided, and where it cannot be. */
  #choice: Choice | null = null;
  /** Pages of static tiles and of the poster that are not shown yet. */
  #pending = new Set<number>();
  #announced = { static: false, motion: false };
  #hasFrame = false;
  /** Counts screens: work that was begun for an older one is dropped. */
  #screen = 0;
  #isOver = false;
  #isLost = false;
  #input: Required<CameraInput> = idle();
  #size: [number, number] = [1, 1];
  #renderScale = 1;
  #blendFrames = true;
  #sway = true;
  #stopAfter: number | null = null;
  #readers: ((image: ImageData) => void)[] = [];
  #cpuMs = 0;

  /** Opens the first backend that works for a canvas. Throws EngineError "no-gpu". */
  static async open(canvas: HTMLCanvasElement, options: EngineOptions, on: (event: EngineEvent) => void): Promise<Engine> {
    const reasons: string[] = [];
    let isUsed = false;
    for (const backend of options.backend ? [options.backend] : BACKENDS) {
      try {
        if (backend === "webgpu" && !(await hasWebGpu())) throw new Error("no WebGPU adapter");
        const glue = await load(backend, options.base);
        if (isUsed) canvas = replaced(canvas);
        isUsed = true;
        const screen = await glue.openScreen(canvas);
        return new Engine(canvas, backend, glue, screen, options.loopMemory ?? LOOP_MEMORY, on);
      } catch (error) {
        reasons.push(`${backend}: ${(error as Error).message}`);
      }
    }
    throw new EngineError("no-gpu", reasons.join("; "));
  }

  private constructor(
    canvas: HTMLCanvasElement, backend: Backend, glue: Glue, screen: WasmScreen, loopMemory: number,
    on: (event: EngineEvent) => void,
  ) {
    [this.canvas, this.backend, this.#glue, this.#on] = [canvas, backend, glue, on];
    this.#player = new glue.Player(loopMemory) as WasmPlayer;
    this.#step = new glue.CameraStep();
    this.#size = [canvas.width, canvas.height];
    this.#watch();
    this.#call(() => {
      this.#player.resize(...this.#size, this.#renderScale);
      this.#player.show(screen);
    });
  }

  /** Takes the next bytes of the package. Throws EngineError. */
  push(bytes: Uint8Array): void {
    // The head brings a new clock, which continues with the settings of the old one.
    const { playing, speed, reverse } = this.#player;
    try {
      this.#call(() => this.#player.push(bytes));
    } finally {
      // Parts that were complete before an error are shown.
      if (!this.#isOver) {
        Object.assign(this.#player, { playing, speed, reverse });
        this.#take();
      }
    }
  }

  /** To be called after the last bytes. Throws EngineError where some are missing. */
  finish(): void {
    this.#call(() => this.#player.finish());
  }

  /** Sets the size of the canvas in pixels. */
  resize(width: number, height: number): void {
    this.#size = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
    this.#call(() => this.#player.resize(...this.#size, this.#renderScale));
  }

  /** Fraction of the pixels along each side that are drawn, 0.1–1. */
  get renderScale(): number { return this.#renderScale; }
  set renderScale(scale: number) {
    this.#renderScale = scale;
    this.#call(() => this.#player.resize(...this.#size, scale));
  }

  /** Whether neighbouring frames are blended at moments between them. */
  get blendFrames(): boolean { return this.#blendFrames; }
  set blendFrames(blend: boolean) {
    this.#blendFrames = blend;
    this.#call(() => this.#player.setBlending(blend));
  }

  /** Whether the camera sways when nobody moves it. */
  get sway(): boolean { return this.#sway; }
  set sway(sway: boolean) {
    this.#sway = sway;
    this.#call(() => this.#player.setSwaying(sway));
  }

  /** Loops, counted from now, after which it pauses by itself; null for never. */
  get stopAfter(): number | null { return this.#stopAfter; }
  set stopAfter(rounds: number | null) {
    this.#stopAfter = rounds;
    this.#call(() => this.#player.stopAfter(rounds ?? undefined));
  }

  /** Adds to the input that the next `advance` applies to the camera. */
  input(input: CameraInput): void {
    this.#input = both(this.#input, input);
  }

  /** Advances camera and clock; true where the image changes. */
  advance(seconds: number): boolean {
    const { orbit, pan, zoom, isHeld, isNoticed, reset, pose } = this.#input;
    this.#input = idle();
    const changes = this.#call(() => {
      const step = this.#step;
      [step.orbitX, step.orbitY, step.panX, step.panY, step.poseX, step.poseY] = [...orbit, ...pan, ...pose];
      [step.zoom, step.isHeld, step.isNoticed, step.reset] = [zoom, isHeld, isNoticed, reset];
      const changes = this.#player.advance(seconds, step);
      const failure = this.#player.failure();
      if (failure) throw failure;
      return changes;
    });
    this.#decoders?.pump();
    return (changes ?? false) || this.#readers.length > 0;
  }

  draw(): void {
    const start = performance.now();
    this.#call(() => this.#player.draw());
    this.#cpuMs += 0.1 * (performance.now() - start - this.#cpuMs);
    if (this.#readers.length > 0) {
      const image = pixels(this.canvas);
      for (const answer of this.#readers.splice(0)) answer(image);
    }
  }

  /** Whether the frames of the current moment are there; otherwise the nearest ones are shown. */
  get isReady(): boolean { return this.#player.isReady(); }

  play(): void { this.playing = true; }
  pause(): void { this.playing = false; }
  get playing(): boolean { return this.#player.playing; }
  set playing(playing: boolean) { this.#player.playing = playing; }

  /** Position in the loop, in frames. */
  get time(): number { return this.#player.time; }
  set time(time: number) {
    this.#player.time = time;
    this.#decoders?.pump();
  }

  /** 0.1–4; 1 is the speed it was filmed at. */
  get speed(): number { return this.#player.speed; }
  set speed(speed: number) { this.#player.speed = speed; }
  get reverse(): boolean { return this.#player.reverse; }
  set reverse(reverse: boolean) { this.#player.reverse = reverse; }
  /** Loops played since the start or the last seek. */
  get rounds(): number { return this.#player.rounds; }

  get camera(): CameraState {
    const [yaw = 0, pitch = 0, x = 0, y = 0, zoom = 0] = this.#player.camera() ?? [];
    return { orbit: [yaw, pitch], pan: [x, y], zoom };
  }
  set camera({ orbit, pan, zoom }: CameraState) {
    this.#call(() => this.#player.setCamera(...orbit, ...pan, zoom));
  }

  resetCamera(): void {
    this.input({ reset: true });
  }

  /** The pixels of the next frame that is drawn. */
  readPixels(): Promise<ImageData> {
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  statistics(): Statistics {
    const [quads = 0, , gpuBytes = 0, framesMissed = 0] = this.#player.statistics();
    const codec = this.#choice === null ? "" : this.#plan!.streams[this.#choice.stream]!.codec;
    return {
      backend: this.backend, adapter: this.#player.adapter(), tiles: this.#plan?.tiles ?? 0, draws: quads, gpuBytes,
      framesMissed, codec, decodedFrames: this.#decoders?.decoded ?? 0, cpuMs: this.#cpuMs,
    };
  }

  /** Frees everything. The engine cannot be used afterwards. */
  dispose(): void {
    if (this.#isOver) return;
    this.#end();
    this.#player.free();
    this.#step.free();
  }

  /** Calls the wasm side. A lost GPU is recovered; other errors are thrown as EngineError. */
  #call<T>(action: () => T): T | undefined {
    if (this.#isOver) return undefined;
    try {
      return action();
    } catch (thrown) {
      const error = engineError(thrown);
      if (error.code !== "lost") throw error;
      if (thrown instanceof WebAssembly.RuntimeError) {
        // A trap left the wasm side in an unknown state: it cannot be called again.
        this.#end();
        this.#on({ kind: "error", error });
      } else {
        void this.#recover();
      }
      return undefined;
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#screen += 1;
    this.#decoders?.close();
    this.#decoders = null;
  }

  /** As `#call`, for callers that cannot catch: the error becomes an event. */
  #try(action: () => void): void {
    try {
      this.#call(action);
    } catch (error) {
      this.#on({ kind: "error", error: engineError(error) });
    }
  }

  /** Handles the parts that have arrived. */
  #take(): void {
    if (this.#plan === null) {
      const plan = this.#player.plan();
      if (plan === undefined) return;
      this.#plan = JSON.parse(plan) as Plan;
      const { width, height, frames, fps, tiles, views, look } = this.#plan;
      this.#player.setSwaying(this.#sway);
      this.#player.stopAfter(this.#stopAfter ?? undefined);
      for (const part of [...this.#plan.static, ...this.#plan.posters]) this.#pending.add(part);
      this.#on({ kind: "head", info: { width, height, frames, fps, tiles, views, look } });
      void this.#chooseStream();
    }
    for (const part of this.#player.takeArrived()) {
      if (part === this.#plan.picture) {
        const jpeg = new Blob([this.#player.part(part)!], { type: "image/jpeg" });
        this.#on({ kind: "poster", jpeg });
      }
      if (this.#pending.has(part)) void this.#showPage(part);
    }
    this.#decoders?.pump();
  }

  /** Decodes and shows a page of static tiles or of the poster. */
  async #showPage(part: number): Promise<void> {
    const [screen, plan] = [this.#screen, this.#plan!];
    const png = this.#player.part(part);
    if (png === undefined) return;
    let image: ImageBitmap;
    try {
      image = await bitmap(png);
    } catch {
      this.#on({ kind: "error", error: new EngineError("corrupt", "An image in the scene cannot be decoded.") });
      return;
    }
    if (screen === this.#screen) {
      const page = plan.static.indexOf(part);
      this.#try(() => {
        if (page >= 0) this.#player.setStaticPage(page, image);
        else this.#player.setPosterPage(plan.posters.indexOf(part), image);
        this.#pending.delete(part);
        this.#announceStill();
      });
    }
    image.close();
  }

  #announceStill(): void {
    if (this.#pending.size === 0 && this.#player.hasStatic() && !this.#announced.static) {
      this.#announced.static = true;
      this.#on({ kind: "static" });
    }
    this.#announceMotion();
  }

  #announceMotion(): void {
    if (this.#hasFrame && this.#announced.static && !this.#announced.motion) {
      this.#announced.motion = true;
      this.#on({ kind: "motion", codec: this.#plan!.streams[this.#choice!.stream]!.codec });
    }
  }

  async #chooseStream(): Promise<void> {
    const plan = this.#plan!;
    if (plan.streams.length === 0) return;
    const choice = await choose(plan, (stream) => this.#player.takesBlocks(stream));
    if (this.#isOver) return;
    if ("why" in choice) {
      this.#on({ kind: "no-motion", why: choice.why });
      return;
    }
    this.#choice = choice;
    this.#try(() => this.#player.chooseStream(choice.stream));
    this.#startDecoders();
  }

  #startDecoders(): void {
    if (this.#choice === null || this.#isOver) return;
    const screen = this.#screen;
    const onFrame = () => {
      this.#hasFrame = true;
      this.#announceMotion();
    };
    const onError = (error: Error) => {
      this.#on({ kind: "error", error: new EngineError("decoder", error.message) });
    };
    const isCurrent = () => screen === this.#screen;
    this.#decoders = new Decoders(this.#plan!, this.#choice, {
      missing: (page) => (isCurrent() ? this.#player.missing(page) : new Uint32Array()),
      keyFrame: (page, frame) => this.#player.keyFrame(page, frame),
      frameBytes: (page, frame) => this.#player.frameBytes(page, frame),
      setFrame: (page, frame, image) => isCurrent() && this.#try(() => this.#player.setFrame(page, frame, image)),
      takesPlanes: () => isCurrent() && this.#player.takesPlanes(),
      setPlanes: (page, frame, planes) => isCurrent() && this.#try(() => this.#player.setPlanes(page, frame, planes)),
      setBlocks: (page, frame) => { if (isCurrent()) this.#call(() => this.#player.setBlocks(page, frame)); },
      setVideoFrame: (page, frame, video) => isCurrent() && this.#try(() => this.#player.setVideoFrame(page, frame, video)),
      setPngFrame: (page, frame, image) => isCurrent() && this.#try(() => this.#player.setPngFrame(page, frame, image)),
    }, onFrame, onError);
    this.#decoders.pump();
  }

  #watch(): void {
    const canvas = this.canvas;
    canvas.addEventListener("webglcontextlost", () => { if (canvas === this.canvas) void this.#recover(); });
  }

  /** Opens the GPU again, on a new canvas, and fills it from the bytes that the wasm side kept. */
  async #recover(): Promise<void> {
    if (this.#isOver || this.#isLost) return;
    this.#isLost = true;
    this.#screen += 1;
    this.#player.hide();
    this.#decoders?.close();
    this.#decoders = null;
    this.#announced.static = false;
    this.#on({ kind: "lost" });
    let reason = "";
    for (const wait of RETRY_DELAYS_MS) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.#isOver) return;
      try {
        this.canvas = replaced(this.canvas);
        this.#watch();
        const opened = await this.#glue.openScreen(this.canvas);
        if (this.#isOver) return opened.free();
        this.#isLost = false;
        this.#player.resize(...this.#size, this.#renderScale);
        this.#player.show(opened);
        for (const part of [...(this.#plan?.static ?? []), ...(this.#plan?.posters ?? [])]) {
          this.#pending.add(part);
          void this.#showPage(part);
        }
        this.#startDecoders();
        this.#on({ kind: "restored" });
        return;
      } catch (error) {
        reason = (error as Error).message;
      }
    }
    this.#on({ kind: "error", error: new EngineError("lost", reason) });
  }
}
