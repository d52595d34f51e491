/**
 * The kit: what all parts of the page are built with. Presentation only: it knows no API and no state of the service.
 *
 *     import { html } from "../../vendor/preact.js";
 *     import { Button, Dialog, Field, TextInput, confirm, toast } from "../kit/index.js";
 *     html`<${Field} label="Name" error=${fault} required><${TextInput} value=${name} onInput=${setName} /></${Field}>`
 *
 * | Part | Props |
 * | --- | --- |
 * | `Page` | title, text, actions, children: a page with its heading (h1) and the title of the browser's tab |
 * | `useTitle(title)` | the title alone, for parts that have no heading |
 * | `Button` | kind (primary, plain, quiet, danger), icon, small, busy, disabled, href, type, onClick |
 * | `IconButton` | icon, label (its name and tooltip), kind, small, onClick |
 * | `Icon` | name (kit/icon.js has the set; add to it), size, label |
 * | `Menu` | label, items [{label, icon, keys, onSelect, href, danger, disabled, checked} or {separator} or {head}], icon, iconOnly, end |
 * | `MenuItems` | the same items at an anchor of one's own (context menus): items, anchor, label, onClose |
 * | `Dialog` | title, onClose, footer, wide, onSubmit; open as long as it is drawn |
 * | `confirm({...})` | title, text, action, danger -> Promise of true or false |
 * | `toast(text, {...})` | kind (ok, danger), action {label, onClick}, seconds |
 * | `Field` | label, help, error, required, hideLabel; around one of the next five, or `Combo` |
 * | `TextInput`, `TextArea`, `PasswordInput` | value, onInput(text), and attributes of the element |
 * | `NumberInput` | value, onInput(number, null: empty, undefined: no number) |
 * | `Select` | value, onChange(value), options ["a"] or [{value, label}] |
 * | `CheckBox` | checked, onChange, label, help, hideLabel, indeterminate |
 * | `Radios` | legend, value, onChange, options [{value, label, help}] |
 * | `SearchInput` | value, onInput, label |
 * | `Combo` | choices: a list, or (text, signal) -> Promise of one; onChoose({value, label}), text, label |
 * | `Tabs` | tabs [{id, label, href, count}], active, onSelect, label |
 * | `Table` | columns [{key, label, cell, end, head, actions}], rows, rowKey, caption, empty: short lists |
 * | `ProgressBar` | value, total (null: unknown), label, detail |
 * | `EmptyState` | icon, title, text, children (buttons) |
 * | `Loading`, `Skeleton`, `Spinner` | label; lines, height |
 * | `ProblemBox` | problem (of api.js, or any error), onRetry, places: a pointer -> its name |
 * | `Notice` | kind (info, ok, warn, danger), children |
 * | `Badge` | kind (ok, warn, danger, accent), icon |
 * | `CopyField`, `copy(text)` | text, label |
 * | `Moment` | at, never: a point in time, in the person's notation |
 * | `saveText(name, content, type)`, `saveAs(name, address)` | the browser saves a file |
 * | `useLoaded(key, load)` | {value, problem, isLoading, reload}; load(signal) is called anew when the key changes |
 * | `useFloating`, `placeBeside` | boxes of one's own beside an element (kit/floating.js) |
 * | `ErrorBoundary` | of: what fails while it is drawn shows an error in its place |
 *
 * Style: css/tokens.css has the custom properties for colours and measures, css/base.css some words of one meaning
 * (.row, .stack, .grow, .muted, .small, .mono, .cut, .unseen), css/kit.css the parts' looks and .card, .bar-of-tools.
 * A style object needs units: `style=${{ width: "4px" }}` (Preact adds none). Never write a style attribute as text
 * into the document, and never make HTML of a value: the page's security policy refuses both.
 */
export { Icon, ICONS } from "./icon.js";
export { Button, IconButton } from "./button.js";
export { Badge, EmptyState, ErrorBoundary, Loading, Notice, ProblemBox, ProgressBar, Skeleton, Spinner, Toasts, placeOf, toast } from "./feedback.js";
export { Dialog, Questions, confirm } from "./dialog.js";
export { placeBeside, useFloating } from "./floating.js";
export { Menu, MenuItems } from "./menu.js";
export { CheckBox, Field, NumberInput, PasswordInput, Radios, SearchInput, Select, TextArea, TextInput, useLabelled } from "./field.js";
export { Combo } from "./combo.js";
export { CopyField, Moment, Page, Table, Tabs, copy, saveAs, saveText, useLoaded, useTitle } from "./layout.js";
