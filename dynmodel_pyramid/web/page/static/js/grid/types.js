/**
 * What the grid is given; it knows no API and no field types.
 *
 * @typedef {Object} Column
 * @property {string} key the field's name
 * @property {string} label
 * @property {number} width
 * @property {boolean} frozen stays in view while the others scroll
 * @property {"start" | "end" | "center"} align
 * @property {(value: any, row: Row) => any} cell what a cell shows
 * @property {((props: EditorProps) => any) | null} Editor null: it can't be edited in place
 * @property {boolean} roomy the editor wants more room than a cell has
 * @property {boolean} toggles a click on the active cell commits `toggled(value)`, without an editor
 * @property {(row: Row) => string | null} locked why a row's cell can't be changed; null: it can
 * @property {boolean} isLocked whether those of all stored rows are
 * @property {string} icon
 * @property {string} title a longer text of its head
 * @property {boolean} sortable
 * @property {"asc" | "desc" | null} sort
 * @property {number} sortNumber its place among several; 0: it is the only one
 *
 * @typedef {Object} EditorProps
 * @property {any} value
 * @property {any} row
 * @property {string} [initial] what was typed to begin with
 * @property {(value: any, fault?: string | null) => void} onChange fault: the text is no value (yet)
 * @property {() => void} onCommit
 * @property {() => void} onCancel
 *
 * @typedef {Object} Mark what there is to say of a cell
 * @property {"saving" | "refused" | "unsaved"} state
 * @property {string} [text]
 *
 * @typedef {Object} Row a row as it is shown; a change makes a new object
 * @property {number | string} key
 * @property {Record<string, any>} values
 * @property {Record<string, Mark>} marks by column
 * @property {boolean} isNew not stored yet
 * @property {string} fault what is wrong with the row as a whole; "": nothing
 *
 * @typedef {Object} Source
 * @property {import("../../vendor/preact.js").ReadonlySignal<number>} count rows that are shown
 * @property {import("../../vendor/preact.js").ReadonlySignal<number>} changed grows whenever a row may have changed
 * @property {(index: number) => Row | undefined} row undefined: not loaded yet
 * @property {(first: number, last: number, active: number) => void} want the rows in view, and the active one; called while it scrolls
 *
 * @typedef {{ top: number, left: number, bottom: number, right: number }} Rect indexes, the last ones included
 *
 * @typedef {Object} Actions
 * @property {(row: Row, column: Column, value: any) => void} edit row: as it was when the editing began
 * @property {(rect: Rect) => void} clear
 * @property {(from: Rect, to: Rect) => void} fill repeat the values of `from` in `to`
 * @property {(event: ClipboardEvent, rect: Rect) => void} copy also what is cut
 * @property {(event: ClipboardEvent, rect: Rect) => void} paste
 * @property {(index: number) => void} open
 * @property {(index: number, on: boolean, range: boolean) => void} check range: and all rows since the last one
 * @property {(on: boolean) => void} checkAll
 * @property {(column: Column, also: boolean) => void} sort also: beside the present order
 * @property {(column: Column, width: number) => void} resize
 * @property {(key: string, before: string | null) => void} move a column before another one; null: to the end
 * @property {(column: Column) => any[]} columnMenu items of kit's MenuItems
 * @property {(index: number, rect: Rect) => any[]} rowMenu
 * @property {(index: number) => void} leave the active cell has left a row
 * @property {(index: number, column: Column) => boolean} discard Escape at a cell; whether there was anything to discard
 * @property {(event: KeyboardEvent, rect: Rect) => boolean} key any other key; whether it was taken
 */
export {};
