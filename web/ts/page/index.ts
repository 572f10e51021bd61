/** The page around the viewer: chooses the scene, opens dropped files, lists the gallery, and keeps what it showed for use offline. */
import type { Loop3DElement } from "../element/index.ts";

/** An entry of gallery.json. */
interface GalleryEntry {
  src: string;
  name: string;
}

const view = document.querySelector<Loop3DElement>("loop-3d#view");
const title = document.querySelector<HTMLElement>("#title");
const chooser = document.querySelector<HTMLInputElement>("#chooser");
const gallery = document.querySelector<HTMLElement>("#gallery");
/** Shown where there is no scene. */
const empty = document.querySelector<HTMLElement>("#empty");

/** Shows a file from this device. */
function open(file: File | undefined | null): void {
  if (!file || !view) return;
  if (empty) empty.hidden = true;
  view.srcObject = file;
  name(file.name);
}

function name(file: string): void {
  const text = file.replace(/\.glb$/i, "");
  if (title) title.textContent = text;
  document.title = `${text} – loop3d`;
}

/** The file name in an address, as a person would read it. */
function fileOf(address: string): string {
  const path = URL.canParse(address, location.href) ? new URL(address, location.href).pathname : address;
  const last = path.split("/").at(-1) ?? path;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** The gallery; `undefined` where there is no list of it. */
async function entries(): Promise<GalleryEntry[] | undefined> {
  const response = await fetch("gallery.json").catch(() => undefined);
  const found: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined;
  return Array.isArray(found) ? found.filter((entry): entry is GalleryEntry => typeof entry?.src === "string" && typeof entry?.name === "string") : undefined;
}

/** Shows the scene from `?url=`, else the first of the gallery, else scene.glb beside this page; an empty gallery invites to open one. */
async function start(): Promise<void> {
  const found = await entries();
  const listed = found ?? [];
  const asked = new URLSearchParams(location.search).get("url");
  if (!asked && found?.length === 0) {
    if (empty) empty.hidden = false;
    return;
  }
  const src = asked ?? listed[0]?.src ?? "scene.glb";
  if (view) view.src = src;
  name(listed.find((entry) => entry.src === src)?.name ?? fileOf(src));
  for (const entry of listed.length > 1 ? listed : []) {
    const link = document.createElement("a");
    link.href = `?${new URLSearchParams({ url: entry.src })}`;
    link.textContent = entry.name;
    if (entry.src === src) link.setAttribute("aria-current", "page");
    gallery?.append(link);
  }
}

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
for (const type of ["dragleave", "drop"]) document.addEventListener(type, () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  open(event.dataTransfer?.files[0]);
});
chooser?.addEventListener("change", () => open(chooser.files?.[0]));
document.querySelector("#open")?.addEventListener("click", () => chooser?.click());
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "o" && !event.ctrlKey && !event.metaKey && !event.altKey) chooser?.click();
});
view?.focus({ preventScroll: true });
void start();

/** Keeps everything that this page has fetched, so that it opens without a network next time. */
async function keep(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("offline.js").catch(() => undefined);
  if (!registration) return;
  const { active } = await navigator.serviceWorker.ready;
  const urls = performance.getEntriesByType("resource").map((entry) => entry.name).filter((url) => url.startsWith(location.origin));
  active?.postMessage({ keep: [location.href.split("#")[0], ...urls] });
}
view?.addEventListener("load", () => void keep(), { once: true });
