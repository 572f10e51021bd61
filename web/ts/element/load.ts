/** Fetches a scene piece by piece, and reports plainly why it cannot. */
import { LoadError } from "./failure.ts";

/** Bytes that arrived, and how many there will be in total, where the server says so. */
export interface Piece {
  bytes: Uint8Array;
  total: number | undefined;
}

/** A broken connection is resumed this often, where the server supports it. */
const RESUMES = 2;

/**
 * The bytes of `source` as they arrive.
 * @throws LoadError `not-found`, `server`, `network`, `not-allowed`, `not-a-scene` (a web page in its place).
 */
export async function* pieces(source: string | Blob, signal: AbortSignal): AsyncGenerator<Piece, void> {
  if (typeof source !== "string") {
    for await (const bytes of chunks(source.stream())) yield { bytes, total: source.size };
    return;
  }
  let received = 0;
  let total: number | undefined;
  let tag: string | null = null;
  for (let resumes = 0; ; resumes += 1) {
    const response = await open(source, received, tag, signal);
    if (!response.body) throw new LoadError("server", `${source}: the response has no body`);
    const length = Number(response.headers.get("content-length"));
    // The length of a compressed response counts compressed bytes.
    if (length > 0 && !response.headers.get("content-encoding")) total = received + length;
    tag = response.headers.get("etag") ?? response.headers.get("last-modified");
    try {
      for await (const bytes of chunks(response.body)) {
        received += bytes.length;
        yield { bytes, total };
      }
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      const canResume = tag !== null && received > 0 && response.headers.get("accept-ranges") === "bytes";
      if (!canResume || resumes >= RESUMES) throw new LoadError("network", `${source}: the connection broke after ${received} bytes`);
    }
  }
}

async function open(url: string, from: number, tag: string | null, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    // Without a range, the request to another site needs no preflight.
    const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-`, "if-range": tag ?? "" } : {};
    response = await fetch(url, { signal, headers });
  } catch (error) {
    if (signal.aborted) throw error;
    const isForeign = new URL(url, location.href).origin !== location.origin && navigator.onLine;
    throw new LoadError(isForeign ? "not-allowed" : "network", `${url}: ${error instanceof Error ? error.message : error}`);
  }
  const found = `${url}: HTTP ${response.status} ${response.statusText}`.trim();
  if (response.status === 404 || response.status === 410) throw new LoadError("not-found", found);
  if (!response.ok) throw new LoadError("server", found);
  if (from > 0 && response.status !== 206) throw new LoadError("network", `${url}: the file changed while it was loading`);
  if (/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) {
    throw new LoadError("not-a-scene", `${url}: found a web page (text/html), expected a package (*.glb)`);
  }
  return response;
}

/** Reads a stream to its end. Streams cannot be iterated in Safari. */
async function* chunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    // A consumer that stops early ends the transfer.
    reader.cancel().catch(() => undefined);
  }
}
