/** Everything that can go wrong, in words for the person who looks at the page. */
import { EngineError, type EngineErrorCode } from "../engine/index.ts";

export type FailureCode = EngineErrorCode | "not-found" | "server" | "network" | "not-allowed" | "out-of-memory" | "unknown";

export interface Failure {
  code: FailureCode;
  /** For the person: what happened. */
  title: string;
  /** For the person: what to do, or what it means. */
  advice: string;
  /** For the developer: where it happened, and what was found. */
  detail: string;
  /** Whether trying again may help. */
  mayRetry: boolean;
}

const WORDS: Record<FailureCode, readonly [title: string, advice: string, mayRetry: boolean]> = {
  "no-gpu": ["This browser cannot draw the scene", "It needs WebGPU or WebGL 2. Try another browser, or turn on hardware acceleration.", false],
  "not-a-scene": ["This is not a 3D loop", "The file is something else, such as a web page or an ordinary 3D model. For a scene file (*.loop3d), `loop3d export` makes the package to show here.", false],
  truncated: ["The scene ends too early", "The file was cut off on the way. Loading it again may help.", true],
  corrupt: ["The scene is damaged", "Some of its bytes have changed since it was written. Loading it again may help.", true],
  "newer-version": ["The scene is newer than this player", "It was written by a newer version of loop3d. Reload the page to get a newer player.", false],
  "too-large": ["The scene is too large for this device", "It needs more than the graphics chip can hold.", false],
  "out-of-memory": ["This device has too little memory", "Closing other pages may help.", true],
  decoder: ["The video inside cannot be played", "This browser's video decoder failed.", true],
  lost: ["The graphics chip stopped responding", "It did not recover by itself.", true],
  "not-found": ["There is no scene at this address", "The address may be wrong, or the scene was removed.", true],
  server: ["The scene cannot be loaded", "The server answered with an error.", true],
  network: ["The scene cannot be reached", "Is this device online?", true],
  "not-allowed": ["This page cannot load the scene", "The other site did not answer, or it does not allow this page to load the scene (CORS), or this page's own policy forbids it.", true],
  unknown: ["The scene cannot be shown", "Something unexpected happened.", true],
};

/** An error while loading. */
export class LoadError extends Error {
  constructor(readonly code: FailureCode, message: string) {
    super(message);
  }
}

/** Describes whatever was thrown. */
export function describe(error: unknown): Failure {
  const code = error instanceof EngineError || error instanceof LoadError ? error.code : isMemory(error) ? "out-of-memory" : "unknown";
  const [title, advice, mayRetry] = WORDS[code] ?? WORDS.unknown;
  return { code, title, advice, mayRetry, detail: error instanceof Error ? error.message : String(error) };
}

/** Whether memory ran out. Browsers have no error class for it: a failed allocation is a RangeError, in wasm a RuntimeError. */
function isMemory(error: unknown): boolean {
  return error instanceof Error && /out of memory|allocation failed|invalid (array|typed array) (buffer )?length|memory access/i.test(error.message);
}
