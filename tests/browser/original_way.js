// The original project's way to play its folder (docs/FORMAT.md, "The folder of the original project"), written from that description: every
// frame is a texture that stays on the GPU, one mesh from far to near, straight alpha. side_by_side.mjs bundles it.
import * as THREE from 'three';
import { OBJLoader } from 'three/examples/jsm/loaders/OBJLoader.js';

const VERTEX = `
varying vec2 place;
varying float loops;
void main() {
  place = uv;
  loops = color.g;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}`;
const FRAGMENT = `
uniform sampler2D still;
uniform sampler2D moving;
varying vec2 place;
varying float loops;
void main() {
  gl_FragColor = loops > 0.5 ? texture2D(moving, place) : texture2D(still, place);
}`;

export class OriginalWay {
  #renderer;
  #scene = new THREE.Scene();
  #camera;
  #material;
  #frames;
  #meta;

  /** Loads what is at `base`; all of it is on the GPU then. */
  static async open(canvas, [width, height], base) {
    const renderer = new THREE.WebGLRenderer({ canvas });
    renderer.setSize(width, height, false);
    // Colours as they are in the files.
    renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
    const meta = await (await fetch(`${base}meta.json`)).json();
    const names = Array.from({ length: meta.frame_count }, (_, i) => `dynamic/${String(i).padStart(4, '0')}.png`);
    const loader = new THREE.TextureLoader();
    const textures = await Promise.all(['static.png', ...names].map((name) => loader.loadAsync(base + name)));
    for (const texture of textures) {
      Object.assign(texture, { generateMipmaps: false, minFilter: THREE.LinearFilter });
      renderer.initTexture(texture);
    }
    const made = new OriginalWay();
    const [still, ...frames] = textures;
    const geometry = (await new OBJLoader().loadAsync(`${base}geometry.obj`)).children[0].geometry;
    made.#material = new THREE.ShaderMaterial({
      uniforms: { still: { value: still }, moving: { value: frames[0] } }, vertexShader: VERTEX, fragmentShader: FRAGMENT,
      vertexColors: true, transparent: true, depthTest: false, depthWrite: false, side: THREE.DoubleSide,
    });
    const mesh = new THREE.Mesh(geometry, made.#material);
    mesh.frustumCulled = false;
    made.#scene.add(mesh);
    made.#camera = new THREE.PerspectiveCamera(meta.fov, width / height, 0.01, 1000);
    made.#camera.up.set(...meta.up);
    [made.#renderer, made.#frames, made.#meta] = [renderer, frames, meta];
    return made;
  }

  /** Distance of what the camera turns around. */
  get focus() {
    return this.#meta.lookat[2];
  }

  /** Frames per second of the loop. */
  get fps() {
    return this.#meta.fps;
  }

  /** How far to each side it was filmed from. */
  get limit() {
    return this.#meta.limit;
  }

  /** Bytes of textures. */
  get gpuBytes() {
    return [this.#material.uniforms.still.value, ...this.#frames].reduce((sum, { image }) => sum + 4 * image.width * image.height, 0);
  }

  /** A picture from a place at a moment (in frames). */
  draw([x, y], time) {
    this.#camera.position.set(x, y, 0);
    this.#camera.lookAt(...this.#meta.lookat);
    this.#material.uniforms.moving.value = this.#frames[Math.floor(time) % this.#frames.length];
    this.#renderer.render(this.#scene, this.#camera);
  }

  /** Waits for the GPU. */
  async finished() {
    const context = this.#renderer.getContext();
    context.readPixels(0, 0, 1, 1, context.RGBA, context.UNSIGNED_BYTE, new Uint8Array(4));
  }
}
