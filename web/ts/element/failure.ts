/** What can go wrong, in words for the person who looks at the page. */
import { EngineError, type EngineErrorCode } from "../engine/index.ts";

export type FailureCode = EngineErrorCode | "not-found" | "server" | "network" | "not-allowed" | "out-of-memory" | "unknown";

export interface Failure {
  code: FailureCode;
  /** For the person: what happened. */
  title: string;
  /** What to do, or what that means. */
  advice: string;
  /** For the developer: where, what was found. */
  detail: string;
  /** Whether trying again may help. */
  mayRetry: boolean;
}

const WORDS: Record<FailureCode, readonly [title: string, advice: string, mayRetry: boolean]> = {
  "no-gpu": ["This browser cannot draw the scene", "It needs WebGPU or WebGL 2. Another browser, or turning on hardware acceleration, may help.", false],
  "not-a-scene": ["This is not a 3D loop", "The file is something else: perhaps a web page, or a model without a loop.", false],
  truncated: ["The scene ends too early", "The file was cut off on its way. Loading it again may help.", true],
  corrupt: ["The scene is damaged", "Some of its bytes are not what they were when it was written.", true],
  "newer-version": ["The scene is newer than this player", "It was written by a newer version. Reload the page for a newer player.", false],
  "too-large": ["The scene is too large for this device", "It needs more than the graphics chip has.", false],
  "out-of-memory": ["This device has too little memory", "Closing other pages may help.", true],
  decoder: ["The video inside cannot be played", "This browser's decoder gave up.", true],
  lost: ["The graphics chip stopped", "It did not come back by itself.", true],
  "not-found": ["There is no scene at this address", "The address may be wrong, or the scene was taken away.", true],
  server: ["The scene cannot be fetched", "The server answered with an error.", true],
  network: ["The scene cannot be reached", "Is this device online?", true],
  "not-allowed": ["This page may not fetch the scene", "The other site does not allow it (CORS), or this page's policy does not.", false],
  unknown: ["The scene cannot be shown", "Something unexpected happened.", true],
};

/** An error while fetching; `code` says which. */
export class LoadError extends Error {
  constructor(readonly code: FailureCode, message: string) {
    super(message);
  }
}

/** Words for whatever was thrown. */
export function describe(error: unknown): Failure {
  const code = error instanceof EngineError || error instanceof LoadError ? error.code : isMemory(error) ? "out-of-memory" : "unknown";
  const [title, advice, mayRetry] = WORDS[code] ?? WORDS.unknown;
  return { code, title, advice, mayRetry, detail: error instanceof Error ? error.message : String(error) };
}

/** Browsers have no one class for this: an allocation that fails is a RangeError, in wasm a RuntimeError. */
function isMemory(error: unknown): boolean {
  return error instanceof Error && /out of memory|allocation failed|invalid (array|typed array) (buffer )?length|memory access/i.test(error.message);
}
