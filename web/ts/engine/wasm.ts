/** The two wasm files, each loaded once for all elements of a page. */
import type { DecodePlan } from "./frame_store.ts";
import type { SceneInfo } from "./types.ts";
import initWebGpu, * as webgpu from "../../pkg/loop3d_webgpu.js";
import initWebGl2, * as webgl2 from "../../pkg/loop3d_webgl2.js";

/** What both export; their classes are alike. */
export type Glue = typeof webgpu;
/** Bytes that come from wasm are copies of their own. */
export type WasmPlayer = Omit<webgpu.Player, "part" | "frameBytes"> & {
  part(index: number): Uint8Array<ArrayBuffer> | undefined;
  frameBytes(page: number, frame: number): Uint8Array<ArrayBuffer> | undefined;
};
export type WasmScreen = webgpu.Screen;
export type WasmCameraStep = webgpu.CameraStep;

/** What the wasm side says of a scene (`Player::plan`). */
export interface Plan extends SceneInfo, DecodePlan {
  /** Indices of parts. */
  picture: number;
  still: number[];
  posters: number[];
}

const GLUES = {
  webgpu: { glue: webgpu, init: initWebGpu },
  webgl2: { glue: webgl2 as unknown as Glue, init: initWebGl2 },
};
const loaded = new Map<string, Promise<Glue>>();

/** The glue of a backend, with its wasm from `base`. */
export function load(backend: "webgpu" | "webgl2", base: URL | ((file: string) => string)): Promise<Glue> {
  const file = `loop3d_${backend}.wasm`;
  const before = loaded.get(backend);
  if (before) return before;
  const start = async (): Promise<Glue> => {
    const { glue, init } = GLUES[backend];
    await init({ module_or_path: typeof base === "function" ? base(file) : new URL(file, base) });
    return glue;
  };
  const loading = start();
  loaded.set(backend, loading);
  // After a failure of the network another element may try again.
  loading.catch(() => loaded.delete(backend));
  return loading;
}
