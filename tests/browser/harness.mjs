// Shared by the tests of the browser viewer: a web server for files and strings, and Chromium with WebGPU and WebGL 2 in software.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
export const web = join(here, '../../web');
export const dist = join(web, 'dist');

const TYPES = {
  '.js': 'text/javascript', '.html': 'text/html', '.css': 'text/css', '.wasm': 'application/wasm', '.glb': 'model/gltf-binary',
  '.json': 'application/json', '.svg': 'image/svg+xml',
};

/** Serves `pages` (path → [type, body, headers?], or a function that answers) and the files of a folder to this machine. `everywhere`: headers of all responses. */
export async function serve(pages, folder, everywhere = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
    if (typeof pages[path] === 'function') return pages[path](request, response);
    try {
      const [type, body, headers] = pages[path] ?? [path.endsWith('/') ? 'text/html' : TYPES[extname(path)] ?? 'application/octet-stream', await readFile(join(folder, path.endsWith('/') ? `${path}index.html` : path))];
      response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...everywhere, ...headers });
      response.end(body);
    } catch {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><title>404</title>');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** Starts Chromium without a screen. WebGPU draws on the canvas only with all of these flags. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.LOOP3D_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-vulkan=swiftshader',
      '--use-angle=swiftshader'],
  });
}

/** Slows a page down by the factor LOOP3D_SLOW, to check that no test needs a fast machine. */
export async function slowDown(page) {
  const rate = Number(process.env.LOOP3D_SLOW ?? 1);
  if (rate > 1) await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate });
}
