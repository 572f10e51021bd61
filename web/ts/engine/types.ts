/** The types that go into the engine and come out of it. */

export type Backend = "webgpu" | "webgl2";

export interface EngineOptions {
  /** By default WebGPU, then WebGL 2. */
  backend?: Backend;
  /** The folder of the wasm files, or a function that turns a file's name into a URL. */
  base: URL | ((file: string) => string);
  /** Bytes of GPU memory for the frames of the loop; by default 64 MiB. At least four frames are kept. */
  loopMemory?: number;
}

export type EngineErrorCode =
  | "no-gpu" | "not-a-scene" | "truncated" | "corrupt" | "newer-version" | "too-large" | "decoder" | "lost";

export class EngineError extends Error {
  constructor(public code: EngineErrorCode, message: string) {
    super(message);
    this.name = "EngineError";
  }
}

export interface SceneInfo {
  width: number;
  height: number;
  frames: number;
  fps: number;
  tiles: number;
  /** Names of the captured views. */
  views: string[];
  /** How far the capture lets one look around, in degrees: from left to right and from above to below. */
  look: { yaw: [number, number]; pitch: [number, number] };
}

/**
 * In this order, as bytes arrive: `head`; `poster`, the package's own preview; `static`, the scene without motion; `motion`, once the first
 * frame of the loop is decoded.
 */
export type EngineEvent =
  | { kind: "head"; info: SceneInfo }
  | { kind: "poster"; jpeg: Blob }
  | { kind: "static" }
  | { kind: "motion"; codec: string }
  | { kind: "no-motion"; why: string }
  | { kind: "lost" }
  | { kind: "restored" }
  | { kind: "error"; error: EngineError };

/** Where the camera is: orbit in radians, pan in units of the scene, zoom in doublings. */
export interface CameraState {
  orbit: [number, number];
  pan: [number, number];
  zoom: number;
}

/** What a person did since the last frame; absent fields are zero. */
export interface CameraInput {
  /** Drag in image heights, to the right and down. */
  orbit?: [number, number];
  pan?: [number, number];
  /** Doublings of the size of things. */
  zoom?: number;
  isHeld?: boolean;
  /** Somebody is there but does not move the camera, for example presses another key. */
  isNoticed?: boolean;
  reset?: boolean;
  /** Where hovering or tilting looks from, in addition to the orbit; −1 to 1 is the whole range. A state, not a step. */
  pose?: [number, number];
}

export interface Statistics {
  backend: Backend;
  adapter: string;
  tiles: number;
  draws: number;
  gpuBytes: number;
  framesMissed: number;
  codec: string;
  decodedFrames: number;
  /** Milliseconds that this thread spends on a frame, averaged. */
  cpuMs: number;
}

/** Whatever was thrown, as an EngineError. An error without a code means that the GPU stopped working. */
export function engineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const { code, message } = thrown as { code?: EngineErrorCode; message: string };
  return new EngineError(code ?? "lost", message);
}
