import { add } from "../../core/texts.js";

add("tables", {
  title: "All tables",
  new: "New table",
  count: { one: "{n} table", other: "{n} tables" },
  search: "Search tables",
  found: { one: "{n} found", other: "{n} found" },
  nothing: "No table found",
  nothingText: "No name, label or description has “{text}” in it.",
  more: { one: "Show {n} more", other: "Show {n} more" },
  table: "Table",
  fields: "Fields",
  rights: "Rights",
  readOnly: "Read only",
  some: "Some rights",
  none: "There are no tables yet",
  noneText: "Drop a file here: CSV, Excel, JSON, Parquet. Its columns become fields with types, which you see before anything is created.",
  noneSeen: "You may see no table yet",
  noneSeenText: "An administrator can give you a role that may.",
  anonymous: "Sign in to see tables",
  anonymousText: "Nothing here is public.",
});
