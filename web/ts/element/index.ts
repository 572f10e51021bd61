/** The element `<loop-3d>`. Nothing above imports any other file of this folder. */
export { Loop3DElement } from "./element.ts";
export type { Attributes } from "./attributes.ts";
export type { Failure, FailureCode } from "./failure.ts";
export type { Stage } from "./player.ts";
export type { Base } from "./surroundings.ts";
