/** What a person chose, kept for the next time. A page that may keep nothing forgets it. */
const WHOLE = "loop-3d-whole";

/** Whether all of a scene is to be seen where it has another shape than its element. */
export function wantsWhole(): boolean {
  try {
    return localStorage.getItem(WHOLE) === "1";
  } catch {
    return false;
  }
}

export function rememberWhole(isWhole: boolean): void {
  try {
    if (isWhole) localStorage.setItem(WHOLE, "1");
    else localStorage.removeItem(WHOLE);
  } catch {
    // Nothing can be kept here.
  }
}
