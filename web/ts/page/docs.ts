/** The scripts of the examples in element.html. */
import type { Loop3DElement } from "../element/index.ts";

const find = <T extends Element>(selector: string) => document.querySelector<T>(selector);

const played = find<Loop3DElement>("#methods loop-3d");
for (const button of document.querySelectorAll<HTMLButtonElement>("#methods button")) {
  button.addEventListener("click", () => {
    if (!played) return;
    switch (button.name) {
      case "play": return played.play();
      case "pause": return played.pause();
      case "seek": return played.seek(played.duration / 2);
      case "reset": return played.resetCamera();
      case "image": return void showImage(played);
    }
  });
}

async function showImage(element: Loop3DElement): Promise<void> {
  const shown = find<HTMLImageElement>("#methods img");
  if (!shown) return;
  URL.revokeObjectURL(shown.src);
  shown.src = URL.createObjectURL(await element.toBlob("image/jpeg", 0.9));
  shown.hidden = false;
}

const log = find<HTMLElement>("#events output");
const watched = find<Loop3DElement>("#events loop-3d");
for (const type of ["poster", "static", "motion", "load", "play", "pause", "error", "progress", "camera-change"]) {
  watched?.addEventListener(type, () => {
    const lines = (log?.textContent ?? "").split("\n").filter((line) => line && line !== type);
    if (log) log.textContent = [type, ...lines].slice(0, 6).join("\n");
  });
}

find("#reveal button")?.addEventListener("click", () => find<Loop3DElement>("#reveal loop-3d")?.dismissPoster());
