// Bundles the element with the fake engine: `await bundleFake(folder)` writes loop3d.js there.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, '../../web');

export async function bundleFake(folder) {
  const esbuild = createRequire(join(web, 'package.json'))('esbuild');
  const fake = {
    name: 'fake engine',
    setup: (build) => build.onResolve({ filter: /\/engine\/index\.ts$/ }, () => ({ path: join(here, 'fake_engine.ts') })),
  };
  await esbuild.build({
    entryPoints: [join(web, 'ts/index.ts')], outfile: join(folder, 'loop3d.js'), bundle: true, format: 'esm', target: 'es2022', plugins: [fake],
  });
}
