/** The engine: bytes of a package in, frames on a canvas out. Nothing above imports any other file of this folder. */
export { Engine } from "./engine.ts";
export { EngineError } from "./types.ts";
export type * from "./types.ts";
