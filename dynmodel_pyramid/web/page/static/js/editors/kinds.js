/** The built-in types' cells, editors and text forms; and those of other types, by their JSON Schema. */
import * as cells from "./cells.js";
import { Choice, Choices, OneOf, Tags, User } from "./choice_editors.js";
import { Json } from "./json_editor.js";
import { Link, Links } from "./link_editors.js";
import { Currency, Decimal, Float, Integer, Percent, Rating } from "./number_editors.js";
import { RangeOf } from "./range_editors.js";
import { Point, Truth } from "./small_editors.js";
import * as texts from "./text_editors.js";
import * as forms from "./text_forms.js";
import { Day, Duration, Moment, Time } from "./time_editors.js";

/**
 * @typedef {Object} Part
 * @property {(props: any) => any} Cell of a value that is not null
 * @property {(props: any) => any} Editor
 * @property {import("./text_forms.js").TextForm} form
 * @property {"start" | "end" | "center"} [align]
 * @property {number} [width]
 * @property {boolean} [roomy]
 * @property {boolean} [given] the system gives the values
 * @property {Part} [listed] where the field lists its `choices`
 */

/** @type {Part} */
const word = { Cell: cells.Text, Editor: texts.Word, form: forms.trimmed };
/** @type {Part} */
const mono = { ...word, Cell: cells.Exact, Editor: texts.Mono };
/** @type {Part} */
const shortText = { Cell: cells.Text, Editor: texts.ShortText, form: { ...forms.asItIs, keepsEmpty: true }, width: 220 };
/** @type {Part} */
const longText = { ...shortText, Editor: texts.LongText, width: 300, roomy: true };
/** @type {Part} */
const number = { Cell: cells.Plain, Editor: Float, form: forms.float, align: "end", width: 130 };
/** @type {Part} */
const integer = { ...number, Editor: Integer, form: forms.whole, width: 110 };
/** @type {Part} */
const decimal = { ...number, Editor: Decimal, form: forms.trimmed };
/** @type {Part} */
const moment = { Cell: cells.Plain, Editor: Moment, form: forms.trimmed, width: 210 };
/** @type {Part} */
const range = { Cell: cells.Plain, Editor: RangeOf, form: forms.trimmed, width: 240, roomy: true };
/** @type {Part} */
const author = { Cell: cells.User, Editor: User, form: forms.asItIs, width: 160, given: true };
/** @type {Part} */
const json = { Cell: cells.Exact, Editor: Json, form: forms.json, width: 240, roomy: true };
/** @type {Part} */
const truth = { Cell: cells.Truth, Editor: Truth, form: forms.truth, align: "center", width: 90 };
/** @type {Part} */
const day = { Cell: cells.Plain, Editor: Day, form: forms.trimmed, width: 130 };
/** @type {Part} */
const time = { Cell: cells.Plain, Editor: Time, form: forms.trimmed, align: "end", width: 130 };

/** @type {Record<string, Part>} */
export const BUILT_IN = {
  autonumber: { ...integer, given: true },
  boolean: truth,
  choice: { Cell: cells.Choice, Editor: Choice, form: forms.choice, width: 150 },
  colour: { Cell: cells.Colour, Editor: texts.Colour, form: forms.trimmed, width: 130 },
  created_by: author,
  created_time: { ...moment, given: true },
  currency: { ...decimal, Editor: Currency },
  date: day,
  date_range: range,
  datetime: moment,
  datetime_range: { ...range, width: 320 },
  decimal,
  duration: { Cell: cells.Plain, Editor: Duration, form: forms.trimmed, align: "end", width: 130 },
  email: { Cell: cells.Address, Editor: texts.Email, form: forms.trimmed, width: 220 },
  integer: { ...integer, listed: { ...integer, Editor: OneOf } },
  integer_range: { ...range, width: 140 },
  ip_address: mono,
  json,
  link: { Cell: cells.Link, Editor: Link, form: forms.rowId, width: 200 },
  links: { Cell: cells.Links, Editor: Links, form: forms.rowIds, width: 260, roomy: true },
  multi_choice: { Cell: cells.Choices, Editor: Choices, form: forms.choices, width: 220, roomy: true },
  number: { ...number, listed: { ...number, Editor: OneOf } },
  percent: { ...decimal, Editor: Percent, width: 110 },
  phone: { Cell: cells.Address, Editor: texts.Phone, form: forms.trimmed, width: 160 },
  point: { Cell: cells.Plain, Editor: Point, form: forms.point, width: 200, roomy: true },
  rating: { Cell: cells.Stars, Editor: Rating, form: forms.whole, width: 120 },
  slug: word,
  string: { ...shortText, listed: { ...shortText, Editor: OneOf } },
  tags: { Cell: cells.Tags, Editor: Tags, form: forms.tags, width: 220, roomy: true },
  text: longText,
  time,
  updated_by: author,
  updated_time: { ...moment, given: true },
  url: { Cell: cells.Address, Editor: texts.Url, form: forms.trimmed, width: 240 },
  user: { ...author, given: false },
  uuid: { ...mono, Editor: texts.Uuid, width: 310 },
};

/** @type {Record<string, Part>} by the format of a string */
const FORMATS = { date: day, "date-time": moment, time, email: BUILT_IN.email, "idn-email": BUILT_IN.email, uri: BUILT_IN.url, uuid: BUILT_IN.uuid, duration: BUILT_IN.duration };
/** @type {Record<string, Part>} by the type of a value */
const TYPES = { boolean: truth, integer, number, string: shortText };

/** @type {Map<string, Part>} by the JSON text of a list of values */
const enumerated = new Map();

/**
 * The control of a type that brings none: by the JSON Schema of its values.
 * @param {any} schema null: it depends on the field's options
 * @returns {Part}
 */
export function bySchema(schema) {
  if (Array.isArray(schema?.enum)) {
    const key = JSON.stringify(schema.enum);
    const base = TYPES[typeof schema.enum[0]] ?? json;
    const found = enumerated.get(key) ?? { ...base, Cell: base === json ? cells.Exact : base.Cell, Editor: (/** @type {any} */ props) => OneOf({ ...props, field: { ...props.field, choices: schema.enum } }) };
    enumerated.set(key, found);
    return found;
  }
  if (schema?.type === "string") return FORMATS[schema.format] ?? shortText;
  return TYPES[schema?.type] ?? json;
}
