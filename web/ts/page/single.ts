/** The script of a page that contains everything (`loop3d export -o scene.html`): the files are in elements, as base64. */
import { Loop3DElement } from "../element/index.ts";

const embedded = (id: string) => document.getElementById(id)?.textContent?.trim() ?? "";

Loop3DElement.base = (file) => `data:application/wasm;base64,${embedded(file)}`;
customElements.define("loop-3d", Loop3DElement);

async function start(): Promise<void> {
  const scene = await (await fetch(`data:model/gltf-binary;base64,${embedded("scene")}`)).blob();
  const view = document.createElement("loop-3d");
  for (const name of ["autoplay", "controls", "camera-controls", "gyro", "sway", "share"]) view.setAttribute(name, "");
  view.setAttribute("touch-action", "none");
  view.setAttribute("alt", document.title);
  document.body.append(view);
  (view as Loop3DElement).srcObject = scene;
  view.focus({ preventScroll: true });
}
void start();
