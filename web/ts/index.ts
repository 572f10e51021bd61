/** The script of a page: defines `<loop-3d>`, and exports what a program may want. */
import { Loop3DElement } from "./element.ts";

if (!customElements.get("loop-3d")) customElements.define("loop-3d", Loop3DElement);

declare global {
  interface HTMLElementTagNameMap {
    "loop-3d": Loop3DElement;
  }
}

export { Engine, EngineError } from "./engine.ts";
export { Loop3DElement } from "./element.ts";
export type { Attributes } from "./attributes.ts";
export type { Base } from "./host.ts";
export type { Failure, FailureCode } from "./failure.ts";
export type { Stage } from "./player.ts";
export type { Backend, CameraState, SceneInfo, Statistics } from "./engine.ts";
