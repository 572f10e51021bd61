/** Loads the two wasm files, each once for all elements of a page. */
import type { DecodePlan } from "./frame_store.ts";
import type { SceneInfo } from "./types.ts";
import initWebGpu, * as webgpu from "../../pkg/loop3d_webgpu.js";
import initWebGl2, * as webgl2 from "../../pkg/loop3d_webgl2.js";

/** The exports of either file; both have the same classes. */
export type Glue = typeof webgpu;
/** As generated, except that bytes which come from wasm are copies in buffers of their own. */
export type WasmPlayer = Omit<webgpu.Player, "part" | "frameBytes"> & {
  part(index: number): Uint8Array<ArrayBuffer> | undefined;
  frameBytes(page: number, frame: number): Uint8Array<ArrayBuffer> | undefined;
};
export type WasmScreen = webgpu.Screen;
export type WasmCameraStep = webgpu.CameraStep;

/** What the wasm side reports about a scene (`Player::plan`). */
export interface Plan extends SceneInfo, DecodePlan {
  /** Indices of parts of the package: the preview image, the pages of static tiles, the pages of the poster. */
  picture: number;
  static: number[];
  posters: number[];
}

const GLUES = {
  webgpu: { glue: webgpu, init: initWebGpu },
  webgl2: { glue: webgl2 as unknown as Glue, init: initWebGl2 },
};
const loaded = new Map<string, Promise<Glue>>();

/** Loads the wasm file of a backend from `base`. */
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
  // After a network failure another element may try again.
  loading.catch(() => loaded.delete(backend));
  return loading;
}
