/** How far an element is from the screen: decides when to load, when to draw and when to release. */

/** Margins around the screen, relative to its size. Within the first an element is near, beyond the second it is far; in between nothing changes. */
const NEAR = "50%";
const FAR = "100%";

export class Visibility {
  /** Whether some of it is on the screen. */
  isOnScreen = false;
  isNear = false;
  isFar = false;

  /** Whether it is on the screen and the page is not hidden. */
  get isSeen(): boolean {
    return this.isOnScreen && document.visibilityState === "visible";
  }

  /** Watches until `signal` aborts. `moved` is called when one of the above changes, `resized` when the size does. */
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
