/** Service worker: whatever was fetched once is available offline. The network is asked first, so that a page never mixes versions while it is online. */

/** The part of ServiceWorkerGlobalScope that is used here. TypeScript has its types only for programs without a page. */
interface Worker {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "message", listener: (event: ExtendableEvent & { data: unknown }) => void): void;
  addEventListener(type: "fetch", listener: (event: ExtendableEvent & { request: Request; respondWith(response: Promise<Response>): void }) => void): void;
}
interface ExtendableEvent {
  waitUntil(done: Promise<unknown>): void;
}

const worker = self as unknown as Worker;
const CACHE = "loop3d";

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

// Keeps what the page fetched before this worker was active.
worker.addEventListener("message", (event) => {
  const { keep } = (event.data ?? {}) as { keep?: string[] };
  if (keep) event.waitUntil(keepAll(keep));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const isOurs = request.method === "GET" && new URL(request.url).origin === location.origin && !request.headers.has("range");
  if (isOurs) event.respondWith(networkFirst(request, event));
});

async function keepAll(urls: string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(urls.map(async (url) => {
    if (await cache.match(url)) return;
    const response = await fetch(url).catch(() => undefined);
    if (response?.status === 200) await cache.put(url, response);
  }));
}

async function networkFirst(request: Request, event: ExtendableEvent): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.status === 200) event.waitUntil(cache.put(request, response.clone()).catch(() => undefined));
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
    if (kept) return kept;
    throw error;
  }
}
