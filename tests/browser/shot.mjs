import { launch, serve, WEBGPU_FLAGS } from './support.mjs';
import { writeFile } from 'node:fs/promises';
const [path, out, kind = 'desktop', backend = 'webgpu', wait = '4000'] = process.argv.slice(2);
const server = await serve(new URL('../../web/dist', import.meta.url).pathname);
const browser = await launch(backend === 'webgpu' ? WEBGPU_FLAGS : []);
const context = await browser.newContext(kind === 'phone' ? { viewport: { width: 412, height: 860 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } : { viewport: { width: 1200, height: 720 } });
const page = await context.newPage();
page.on('console', (m) => console.log('C', m.text())); page.on('pageerror', (e) => console.log('E', e));
await page.goto(server.url + path);
const start = Date.now();
for (let i = 0; i < 60; i++) { const s = await page.evaluate(() => document.querySelector('loop-3d')?.stage); if (s === 'motion') break; await page.waitForTimeout(500); }
console.log('stage', await page.evaluate(() => document.querySelector('loop-3d')?.stage), Date.now() - start);
await page.waitForTimeout(Number(wait));
if (process.env.KEY) { await page.locator('loop-3d').first().focus(); for (const k of process.env.KEY.split(',')) await page.keyboard.press(k); await page.waitForTimeout(800); }
if (kind === 'phone') await page.touchscreen.tap(200, 300); else await page.mouse.move(600, 400);
await page.waitForTimeout(500);
console.log(JSON.stringify(await page.evaluate(() => document.querySelector('loop-3d')?.statistics())));
await page.screenshot({ path: out, fullPage: !!process.env.FULL });
await browser.close(); server.close();
