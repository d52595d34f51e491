/** Light, dark, or as the system is: kept by the browser. */
import { signal } from "../../vendor/preact.js";

const KEY = "dynmodel.theme";
export const THEMES = /** @type {const} */ (["system", "light", "dark"]);
/** @typedef {typeof THEMES[number]} Theme */

/** @returns {Theme} */
function kept() {
  try {
    const found = localStorage.getItem(KEY);
    return found === "light" || found === "dark" ? found : "system";
  } catch {
    return "system"; // storage may be forbidden
  }
}

export const theme = signal(kept());

/** @param {Theme} value */
export function setTheme(value) {
  theme.value = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // it holds until the page is left
  }
  show();
}

function show() {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}
show();
