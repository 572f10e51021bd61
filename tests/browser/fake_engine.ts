// An engine without a GPU that replaces web/ts/engine/index.ts. Its image depends on camera and time in ways that a test can measure.
// A "scene" is a package, of which only the head counts, or text: `loop3d-fake` and what should go wrong: `corrupt`, `truncated`, `newer-version`, `too-large`, `decoder`, `lost`, `memory`.
import type { CameraInput, CameraState, EngineEvent, EngineOptions, Statistics } from "../../web/ts/engine/index.ts";

export class EngineError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

const LIMIT = 0.3;
const FRAMES = 24;
const clamp = (value: number, limit: number) => Math.max(-limit, Math.min(limit, value));

export class Engine {
  static alive = 0;
  static draws = 0;
  readonly backend = "webgl2";
  renderScale = 1;
  blendFrames = true;
  sway = true;
  stopAfter: number | null = null;
  /** Its frames are always there. */
  readonly isReady = true;
  playing = true;
  speed = 1;
  reverse = false;
  #time = 0;
  #played = 0;
  #text = "";
  #on: (event: EngineEvent) => void;
  #size: [number, number] = [1, 1];
  #camera: CameraState = { orbit: [0, 0], pan: [0, 0], zoom: 0 };
  #pose: [number, number] = [0, 0];
  #input: CameraInput = {};
  #pending: ((pixels: ImageData) => void)[] = [];
  #idle = 0;

  static async open(canvas: HTMLCanvasElement, _options: EngineOptions, on: (event: EngineEvent) => void): Promise<Engine> {
    if ((globalThis as { noGpu?: boolean }).noGpu) throw new EngineError("no-gpu", "no adapter");
    // As long as a test holds it back.
    await (globalThis as { slowEngine?: Promise<void> }).slowEngine;
    Engine.alive += 1;
    return new Engine(canvas, on);
  }

  private constructor(readonly canvas: HTMLCanvasElement, on: (event: EngineEvent) => void) {
    this.#on = on;
  }

  push(bytes: Uint8Array): void {
    const before = this.#text.length;
    this.#text += new TextDecoder("latin1").decode(bytes);
    if (before < 11 && this.#text.length >= 11 && !/^(loop3d-fake|glTF)/.test(this.#text)) throw new EngineError("not-a-scene", `found ${this.#text.slice(0, 8)}`);
    if (this.#text.includes("memory")) throw new RangeError("Array buffer allocation failed");
    for (const code of ["corrupt", "newer-version", "too-large"]) if (this.#text.includes(code)) throw new EngineError(code, `the scene says ${code}`);
    if (before < 11) {
      this.#on({ kind: "head", info: { width: 320, height: 180, frames: FRAMES, fps: 24, tiles: 7, views: ["a"], look: { yaw: [-5, 5], pitch: [-5, 5] } } as never });
      this.#on({ kind: "static" });
    }
  }

  finish(): void {
    if (this.#text.includes("truncated")) throw new EngineError("truncated", "the scene says truncated");
    if (this.#text.includes("still")) return this.#on({ kind: "no-motion", why: "there is no decoder" });
    this.#on({ kind: "motion", codec: "fake" });
    for (const code of ["decoder", "lost"]) {
      if (this.#text.includes(code)) setTimeout(() => this.#on({ kind: "error", error: new EngineError(code, `the scene says ${code}`) as never }), 50);
    }
  }

  resize(width: number, height: number): void {
    this.#size = [width, height];
  }
  input(input: CameraInput): void {
    this.#input = input;
  }
  play(): void {
    this.playing = true;
    this.#played = 0;
  }
  pause(): void {
    this.playing = false;
  }
  get time(): number {
    return this.#time;
  }
  set time(time: number) {
    this.#time = ((time % FRAMES) + FRAMES) % FRAMES;
  }
  get camera(): CameraState {
    return structuredClone(this.#camera);
  }
  set camera(camera: CameraState) {
    this.#camera = structuredClone(camera);
  }
  resetCamera(): void {
    this.#camera = { orbit: [0, 0], pan: [0, 0], zoom: 0 };
  }

  advance(seconds: number): boolean {
    const before = JSON.stringify([this.#camera, this.#pose, this.#time, this.#idle]);
    const { orbit = [0, 0], pan = [0, 0], zoom = 0, reset, isHeld, isNoticed, pose = [0, 0] } = this.#input;
    const camera = this.#camera;
    camera.orbit = [0, 1].map((i) => clamp(camera.orbit[i]! - 4 * LIMIT * orbit[i]!, LIMIT)) as [number, number];
    camera.pan = [0, 1].map((i) => clamp(camera.pan[i]! - pan[i]!, 0.5)) as [number, number];
    const [across, down] = [this.#size[0] / 320, this.#size[1] / 180];
    const least = Math.min(0, Math.log2(Math.min(across, down) / Math.max(across, down)));
    camera.zoom = Math.max(least, Math.min(2, camera.zoom + zoom));
    if (reset) this.resetCamera();
    this.#pose = pose;
    const isTouched = isHeld || isNoticed || reset || zoom || orbit.some(Boolean) || pan.some(Boolean);
    this.#idle = isTouched || !this.sway ? 0 : this.#idle + seconds;
    if (this.playing) {
      const step = seconds * 24 * this.speed;
      this.#played += step;
      this.time = this.#time + (this.reverse ? -step : step);
      if (this.stopAfter !== null && this.#played >= this.stopAfter * FRAMES) this.playing = false;
    }
    return before !== JSON.stringify([this.#camera, this.#pose, this.#time, this.#idle]);
  }

  /** Draws a wall of squares that moves against the camera, and a line that moves down the right edge with time. */
  draw(): void {
    Engine.draws += 1;
    const [width, height] = this.#size.map((side) => Math.max(1, Math.round(side * this.renderScale))) as [number, number];
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    const context = this.canvas.getContext("2d")!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#345";
    context.fillRect(0, 0, width, height);
    const sway = 0.2 * Math.sin(this.#idle);
    const at = [0, 1].map((i) => (this.#camera.orbit[i]! + LIMIT * this.#pose[i]! + (i === 0 ? sway : 0)) / LIMIT / 4 + this.#camera.pan[i]!);
    const size = 2 ** this.#camera.zoom;
    context.setTransform(size, 0, 0, size, width / 2 - at[0]! * height * size, height / 2 - at[1]! * height * size);
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let i = 0; i < 160; i += 1) {
      const shade = Math.round(255 * random());
      context.fillStyle = `rgb(${shade} ${255 - shade} ${Math.round(shade / 2)})`;
      context.fillRect((random() - 0.5) * 2 * width, (random() - 0.5) * 2 * height, 0.09 * height, 0.09 * height);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#fff";
    context.fillRect(width * 0.96, (height * this.#time) / FRAMES, width * 0.04, height / FRAMES);
    for (const resolve of this.#pending.splice(0)) resolve(context.getImageData(0, 0, width, height));
  }

  readPixels(): Promise<ImageData> {
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  statistics(): Statistics {
    return { backend: "webgl2", adapter: "none", tiles: 7, draws: 1, gpuBytes: 1e6, framesMissed: 0, codec: "fake", decodedFrames: 0, cpuMs: 0.1 };
  }

  dispose(): void {
    Engine.alive -= 1;
  }
}

(globalThis as { FakeEngine?: typeof Engine }).FakeEngine = Engine;
