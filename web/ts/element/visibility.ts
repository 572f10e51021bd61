/** How far an element is from the screen, and its size: what says when to load, when to draw, when to let go. */

/** Margins around the screen, in parts of it: nearer than the first it is near, beyond the second it is far. Between them nothing changes. */
const NEAR = "50%";
const FAR = "100%";

export class Visibility {
  /** A part of it is on the screen. */
  isOnScreen = false;
  isNear = false;
  isFar = false;

  /** It is on the screen, and the page is not hidden. */
  get isSeen(): boolean {
    return this.isOnScreen && document.visibilityState === "visible";
  }

  /** Watches until `signal` aborts: `moved` when one of these has changed, `resized` when its size has. */
  watch(element: HTMLElement, moved: () => void, resized: () => void, signal: AbortSignal): void {
    const crossing = (rootMargin: string, take: (isInside: boolean) => void) => new IntersectionObserver((entries) => {
      take(entries.at(-1)?.isIntersecting ?? false);
      moved();
    }, { rootMargin });
    const observers = [
      crossing("0%", (isInside) => (this.isOnScreen = isInside)),
      crossing(NEAR, (isInside) => (this.isNear = isInside)),
      crossing(FAR, (isInside) => (this.isFar = !isInside)),
      new ResizeObserver(resized),
    ];
    for (const observer of observers) observer.observe(element);
    signal.addEventListener("abort", () => {
      for (const observer of observers) observer.disconnect();
      [this.isOnScreen, this.isNear, this.isFar] = [false, false, false];
    });
    document.addEventListener("visibilitychange", moved, { signal });
  }
}
