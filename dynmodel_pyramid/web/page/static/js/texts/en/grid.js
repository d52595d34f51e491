import { add } from "../../core/texts.js";

add("grid", {
  rows: "Rows",
  check_all: "Select all rows",
  check: "Select row {n}",
  open: "Open row {n}",
  open_short: "Open as a form (Space)",
  menu: "Cells",
  menu_of: "Menu of {name}",
  selected: "{rows} × {columns} cells selected",
  blank: "New row",
});
