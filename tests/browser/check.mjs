// A package in other people's tools: `node check.mjs PACKAGE WIDTH HEIGHT SCREENSHOT`.
// Prints the findings of the Khronos validator as JSON, and takes a screenshot of the standard part of the package in three.js in Chromium.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import validator from 'gltf-validator';
import { chromium } from 'playwright-core';

const [file, width, height, screenshot] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const bytes = await readFile(file);
const { issues } = await validator.validateBytes(new Uint8Array(bytes), { maxIssues: 0 });

const page_html = `<!doctype html><style>body{margin:0}canvas{display:block}</style>
<script type="importmap">{"imports":{"three":"/node_modules/three/build/three.module.js"}}</script>
<script type="module">
import * as THREE from 'three';
import { GLTFLoader } from '/node_modules/three/examples/jsm/loaders/GLTFLoader.js';
const renderer = new THREE.WebGLRenderer({ preserveDrawingBuffer: true });
renderer.setSize(${Number(width)}, ${Number(height)});
document.body.append(renderer.domElement);
new GLTFLoader().load('/package.glb', (gltf) => {
  gltf.scene.updateMatrixWorld(true);
  renderer.render(gltf.scene, gltf.cameras[0]);
  document.title = 'drawn';
}, undefined, (error) => { document.title = 'failed: ' + error; });
</script>`;
const types = { '.js': 'text/javascript', '.html': 'text/html' };
const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, 'http://x').pathname);
  try {
    const body = path === '/' ? page_html : path === '/package.glb' ? bytes : await readFile(join(here, path));
    response.writeHead(200, { 'content-type': path === '/' ? 'text/html' : types[extname(path)] ?? 'application/octet-stream' });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.LOOP3D_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) } });
page.on('pageerror', (error) => console.error(String(error)));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction(() => document.title !== '', null, { timeout: 120_000 });
const title = await page.title();
await page.screenshot({ path: screenshot });
await browser.close();
server.close();
console.log(JSON.stringify({ title, errors: issues.numErrors, warnings: issues.numWarnings,
  codes: [...new Set(issues.messages.map((message) => message.code))].sort() }));
