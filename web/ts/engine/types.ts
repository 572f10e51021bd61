/** What goes into the engine and comes out of it. */

export type Backend = "webgpu" | "webgl2";

export interface EngineOptions {
  /** Without it WebGPU, then WebGL2. */
  backend?: Backend;
  /** Where the wasm files lie, or what makes a URL of a file's name. */
  base: URL | ((file: string) => string);
  /** Bytes of GPU memory for the frames of the loop; at least four frames are there. Without it 64 MiB. */
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
  /** The captured range in degrees, from the left to the right and from above to below. */
  look: { yaw: [number, number]; pitch: [number, number] };
}

/** In this order as bytes arrive. `motion` comes when the first frame was decoded. */
export type EngineEvent =
  | { kind: "head"; info: SceneInfo }
  | { kind: "picture"; jpeg: Blob }
  | { kind: "still" }
  | { kind: "motion"; codec: string }
  | { kind: "no-motion"; why: string }
  | { kind: "lost" }
  | { kind: "restored" }
  | { kind: "error"; error: EngineError };

/** Where the camera stands: radians, units of the scene, doublings. */
export interface CameraState {
  orbit: [number, number];
  pan: [number, number];
  zoom: number;
}

/** What a person did since the last picture; what is absent is zero. */
export interface CameraInput {
  /** Drag in picture heights, to the right and down. */
  orbit?: [number, number];
  pan?: [number, number];
  /** Doublings of the size of things. */
  zoom?: number;
  isHeld?: boolean;
  /** A key was pressed that is none of the camera's. */
  isNoticed?: boolean;
  reset?: boolean;
  /** Where a mouse or a tilt looks from, on top of the orbit: −1 to 1 is the whole range. A state, not a step. */
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
  /** Milliseconds of this thread for a picture, averaged. */
  cpuMs: number;
}

/** Whatever was thrown, as the engine's own; what has no code is a GPU that works no more. */
export function engineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const { code, message } = thrown as { code?: EngineErrorCode; message: string };
  return new EngineError(code ?? "lost", message);
}
