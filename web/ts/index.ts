/** The script of a page: defines `<loop-3d>` and exports what a program may need. */
import { Loop3DElement } from "./element/index.ts";

if (!customElements.get("loop-3d")) customElements.define("loop-3d", Loop3DElement);

declare global {
  interface HTMLElementTagNameMap {
    "loop-3d": Loop3DElement;
  }
}

export { Loop3DElement } from "./element/index.ts";
export type { Attributes, Base, Failure, FailureCode, Stage } from "./element/index.ts";
export { Engine, EngineError } from "./engine/index.ts";
export type { Backend, CameraState, SceneInfo, Statistics } from "./engine/index.ts";
