/** Line icons on a grid of 24, drawn for this page. Decoration: whoever shows one alone names it. */
import { html } from "../../vendor/preact.js";
import { TYPE_ICONS } from "./type_icons.js";

/** @type {Record<string, string>} name -> path data */
export const ICONS = {
  ...TYPE_ICONS,
  add: "M12 5v14M5 12h14",
  alert: "M12 4 2.5 20h19zM12 10v4M12 17v.01",
  api: "m8 8-5 4 5 4M16 8l5 4-5 4M14 5l-4 14",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowLeft: "M19 12H5M11 6l-6 6 6 6",
  arrowRight: "M5 12h14M13 6l6 6-6 6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  check: "m5 12.5 5 5 9-11",
  checkBox: "M4 4h16v16H4zM8 12l3 3 5-6",
  chevronDown: "m6 9 6 6 6-6",
  chevronLeft: "m15 6-6 6 6 6",
  chevronRight: "m9 6 6 6-6 6",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3 2",
  close: "M6 6l12 12M18 6 6 18",
  columns: "M4 5h16v14H4zM10 5v14M15 5v14",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  database: "M12 3c4.4 0 8 1.3 8 3s-3.6 3-8 3-8-1.3-8-3 3.6-3 8-3M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  diagram: "M3 4h7v6H3zM14 14h7v6h-7zM6.5 10v7H14",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  drag: "M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01",
  edit: "M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4",
  eye: "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  eyeOff: "M4 4l16 16M9.5 5.8A9.6 9.6 0 0 1 12 5.5c6.4 0 10 6.5 10 6.5a17 17 0 0 1-3 3.7M6.2 7.6A16 16 0 0 0 2 12s3.6 6.5 10 6.5a10 10 0 0 0 4.4-1",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M19.4 13.5l1.6 1.3-2 3.4-2-.8a7 7 0 0 1-2.5 1.5L14.2 21h-4l-.4-2.1a7 7 0 0 1-2.5-1.5l-2 .8-2-3.4 1.6-1.3a7 7 0 0 1 0-3L3.3 9.2l2-3.4 2 .8a7 7 0 0 1 2.5-1.5L10.2 3h4l.4 2.1a7 7 0 0 1 2.5 1.5l2-.8 2 3.4-1.6 1.3a7 7 0 0 1 0 3",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c2.5 2.5 3.7 5.5 3.7 9s-1.2 6.5-3.7 9c-2.5-2.5-3.7-5.5-3.7-9S9.5 5.5 12 3",
  grid: "M4 4h16v16H4zM4 10h16M4 15h16M10 4v16",
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M4 15h16",
  history: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5M12 8v4l3 2",
  home: "M4 11l8-7 8 7M6 10v10h12V10",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5M12 8v.01",
  json: "M9 4c-3 0-3 1.5-3 4s0 4-3 4c3 0 3 1.5 3 4s0 4 3 4M15 4c3 0 3 1.5 3 4s0 4 3 4c-3 0-3 1.5-3 4s0 4-3 4",
  key: "M15 4a5 5 0 1 0 0 10 5 5 0 0 0 0-10M11.5 12.5 4 20M7 17l2.5 2.5",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  list: "M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  menu: "M4 7h16M4 12h16M4 17h16",
  money: "M3 7h18v10H3zM12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4M6 12v.01M18 12v.01",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5",
  more: "M6 12v.01M12 12v.01M18 12v.01",
  palette: "M12 3a9 9 0 1 0 0 18c1.5 0 2-1 1.5-2-.7-1.5 0-3 1.5-3H18a3 3 0 0 0 3-3.5C20.5 7 16.7 3 12 3M8 10v.01M12 7.5v.01M16 10v.01",
  phone: "M6 3h4l1.5 5-2.5 1.5a11 11 0 0 0 5.5 5.5L16 12.5l5 1.5v4c0 1.5-1.2 2.5-2.5 2.5C10.5 20 4 13.5 3.5 5.5 3.5 4.2 4.5 3 6 3",
  pin: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11M12 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5",
  play: "M8 5v14l11-7z",
  range: "M4 12h16M4 8v8M20 8v8",
  redo: "M20 9H9a5 5 0 0 0 0 10h4M16 5l4 4-4 4",
  refresh: "M20 11a8 8 0 0 0-14-4.5L4 8.5M4 4v4.5h4.5M4 13a8 8 0 0 0 14 4.5l2-2M20 20v-4.5h-4.5",
  save: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20 20",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5",
  signIn: "M14 4h6v16h-6M4 12h11M11 8l4 4-4 4",
  signOut: "M10 4H4v16h6M9 12h11M16 8l4 4-4 4",
  sort: "M7 5v14M3 15l4 4 4-4M17 19V5M13 9l4-4 4 4",
  star: "m12 4 2.5 5.2 5.5.8-4 4 1 5.7L12 17l-5 2.7 1-5.7-4-4 5.5-.8z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  table: "M4 5h16v14H4zM4 10h16M10 10v9",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5v.01",
  text: "M5 7V5h14v2M12 5v14M9 19h6",
  toggle: "M8 7h8a5 5 0 0 1 0 10H8A5 5 0 0 1 8 7M8 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  undo: "M4 9h11a5 5 0 0 1 0 10h-4M8 5 4 9l4 4",
  upload: "M12 20V9M7 13l5-5 5 5M4 4h16",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
  users: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M2.5 19c.7-3.5 3.2-5 6.5-5s5.8 1.5 6.5 5M16 5.2a3.5 3.5 0 0 1 0 6.6M18.5 14.5c1.7.8 2.7 2.3 3 4.5",
  warning: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 8v5M12 16v.01",
  wand: "M5 19 15 9M17.5 4v3M16 5.5h3M19 11v2M18 12h2M10 4v2M9 5h2M14 8l2 2",
};

/**
 * @param {{ name: string, size?: number, label?: string, class?: string }} props label: its name, where it stands alone
 *   and tells something
 */
export function Icon({ name, size, label, class: also = "" }) {
  const style = size ? { width: `${size}px`, height: `${size}px` } : undefined;
  return html`<svg class=${`icon ${also}`} viewBox="0 0 24 24" style=${style} role=${label ? "img" : undefined}
    aria-label=${label} aria-hidden=${label ? undefined : "true"} focusable="false"><path d=${ICONS[name] ?? ICONS.info} /></svg>`;
}
