/**
 * Conditions of a query <-> what clicks build of them. The grammar is the API's (docs/queries.md).
 *
 *     const filter = parseFilter(new URLSearchParams("price=gte.10&or=(a.eq.1,b.is.null)"));
 *     const pairs = printFilter(filter);        // [["price", "gte.10"], ["or", "(a.eq.1,b.is.null)"]]
 *
 * What clicks can't build (relations, JSON paths, modifiers) stays as it is: an item with `raw`, which nothing changes.
 */

/**
 * @typedef {{ field: string, operator: string, value: string | string[], not: boolean }} Condition
 * @typedef {{ join: "and" | "or", not: boolean, items: Item[] }} Group
 * @typedef {{ raw: [string, string] }} Raw a parameter as it stands
 * @typedef {Condition | Group | Raw} Item
 */

/** Operators that take a list in parentheses. */
export const LISTS = new Set(["in"]);
/** Parameters that are no conditions. */
const OTHERS = new Set(["select", "order", "limit", "offset", "having", "columns", "on_conflict"]);
/** Names that stand in quotes, because they are words of the grammar. */
const WORDS = new Set([...OTHERS, "and", "or", "not"]);
const PLAIN_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const PLAIN_VALUE = /^[^,()"{}\\\s]+$/;

/** Whether a parameter is a condition. @param {string} name */
export const isCondition = (name) => !OTHERS.has(name) && !name.startsWith("_");

/** @param {string} text */
const inQuotes = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;
/** @param {string} name */
export const printName = (name) => (PLAIN_NAME.test(name) && !WORDS.has(name) ? name : inQuotes(name));
/** @param {string} value */
const printValue = (value) => (PLAIN_VALUE.test(value) ? value : inQuotes(value));
/** @param {string[]} values */
export const printList = (values) => values.map(printValue).join(",");

/** @param {Item} item @returns {item is Group} */
export const isGroup = (item) => "join" in item;
/** @param {Item} item @returns {item is Raw} */
export const isRaw = (item) => "raw" in item;

/** @param {Condition} condition @param {boolean} inGroup */
function printOperand({ operator, value, not }, inGroup) {
  const text = Array.isArray(value) ? `(${printList(value)})` : inGroup ? printValue(value) : value;
  return `${not ? "not." : ""}${operator}.${text}`;
}

/** @param {Item} item @returns {string} */
function printMember(item) {
  if (isGroup(item)) return `${item.not ? "not." : ""}${item.join}(${item.items.map(printMember).join(",")})`;
  return isRaw(item) ? item.raw[1] : `${printName(item.field)}.${printOperand(item, true)}`;
}

/**
 * The parameters of a filter. All items of a group that joins by "and" hold, so each is a parameter of its own.
 * @param {Group} filter
 * @returns {[string, string][]}
 */
export function printFilter(filter) {
  if (!filter.items.length) return [];
  if (filter.join === "or" && filter.items.length > 1) return [[`${filter.not ? "not." : ""}or`, `(${filter.items.map(printMember).join(",")})`]];
  return filter.items.map((item) => {
    if (isRaw(item)) return item.raw;
    if (isGroup(item)) return [`${item.not ? "not." : ""}${item.join}`, `(${item.items.map(printMember).join(",")})`];
    return [printName(item.field), printOperand(item, false)];
  });
}

class Unlike extends Error {}

/** Reads the text of one parameter. */
class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  get done() {
    return this.at >= this.text.length;
  }

  /** @param {string} wanted */
  take(wanted) {
    if (!this.text.startsWith(wanted, this.at)) return false;
    this.at += wanted.length;
    return true;
  }

  /** @param {string} wanted */
  need(wanted) {
    if (!this.take(wanted)) throw new Unlike();
  }

  /** @param {RegExp} pattern sticky */
  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  quoted() {
    const found = this.match(/"(?:[^"\\]|\\[^])*"/y);
    return found === null ? null : found.slice(1, -1).replace(/\\([^])/g, "$1");
  }

  name() {
    const quoted = this.quoted();
    const plain = quoted ?? this.match(/[\p{L}_][\p{L}\p{N}_$ -]*/uy);
    if (plain === null || this.text.startsWith("->", this.at) || (quoted === null && plain.endsWith("-"))) throw new Unlike();
    return quoted ?? plain.trim();
  }

  /** @param {string} ends characters that end a plain value */
  value(ends) {
    const quoted = this.quoted();
    if (quoted !== null) return quoted;
    let end = this.at;
    while (end < this.text.length && !ends.includes(this.text[end])) end++;
    const plain = this.text.slice(this.at, end);
    if (/["\\{}]/.test(plain)) throw new Unlike();
    this.at = end;
    return plain;
  }

  list() {
    this.need("(");
    /** @type {string[]} */
    const values = [];
    if (this.take(")")) return values;
    do values.push(this.value(",)"));
    while (this.take(","));
    this.need(")");
    return values;
  }

  /** The items of a group, in parentheses. @returns {Item[]} */
  items() {
    this.need("(");
    /** @type {Item[]} */
    const items = [];
    do items.push(this.item());
    while (this.take(","));
    this.need(")");
    return items;
  }

  /** @returns {Item} */
  item() {
    const start = this.at, not = this.take("not.");
    const join = this.match(/(?:and|or)(?=\()/y);
    if (join) return { join: /** @type {"and" | "or"} */ (join), not, items: this.items() };
    this.at = start;
    const field = this.name();
    this.need(".");
    return { field, ...this.operand(true) };
  }

  /** @param {boolean} inGroup @returns {Omit<Condition, "field">} */
  operand(inGroup) {
    const not = this.take("not."), operator = this.match(/[a-z][a-z0-9_]*/y);
    if (!operator) throw new Unlike();
    this.need(".");
    if (LISTS.has(operator)) return { operator, not, value: this.list() };
    if (inGroup) return { operator, not, value: this.value(",)") };
    const value = this.text.slice(this.at);
    this.at = this.text.length;
    return { operator, not, value };
  }
}

/** @param {string} name @param {string} value @returns {Item} */
function parseParameter(name, value) {
  try {
    const negated = /^(not\.)?(and|or)$/.exec(name), reader = new Reader(value);
    /** @type {Item} */
    let item;
    if (negated) {
      item = { join: /** @type {"and" | "or"} */ (negated[2]), not: Boolean(negated[1]), items: reader.items() };
    } else {
      const names = new Reader(name), field = names.name();
      if (!names.done) throw new Unlike();
      item = { field, ...reader.operand(false) };
    }
    if (!reader.done) throw new Unlike();
    // What would be written otherwise stays as it is, too.
    const [[writtenName, writtenValue]] = printFilter({ join: "and", not: false, items: [item] });
    return writtenValue === value && (writtenName === name || isPlainSpelling(name)) ? item : { raw: [name, value] };
  } catch (error) {
    if (!(error instanceof Unlike)) throw error;
    return { raw: [name, value] };
  }
}

/** Whether a name without quotes stands for itself, as one with blanks does. @param {string} name */
const isPlainSpelling = (name) => !/[".>]/.test(name);

/**
 * @param {URLSearchParams | [string, string][]} query parameters that are no conditions are passed over
 * @returns {Group}
 */
export function parseFilter(query) {
  /** @type {Item[]} */
  const items = [];
  for (const [name, value] of query) if (isCondition(name)) items.push(parseParameter(name, value));
  const [only] = items;
  // `or=(...)` alone is a filter of which any condition holds.
  if (items.length === 1 && isGroup(only) && only.join === "or" && !only.not) return only;
  return { join: "and", not: false, items };
}

/**
 * The query with other conditions.
 * @param {URLSearchParams} query
 * @param {[string, string][]} pairs
 */
export function withConditions(query, pairs) {
  const rest = [...query].filter(([name]) => !isCondition(name));
  return new URLSearchParams([...pairs, ...rest]);
}

/** The readable text of conditions: as in an address, with only the escapes that are needed. @param {Iterable<[string, string]>} pairs */
export function textOf(pairs) {
  const escaped = (/** @type {string} */ text) => text.replace(/[%&+#]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return [...pairs].map(([name, value]) => `${escaped(name).replaceAll("=", "%3D")}=${escaped(value)}`).join("&");
}

/** The parameters of a text. @param {string} text @returns {[string, string][]} */
export const pairsOf = (text) => [...new URLSearchParams(text.replace(/^\?/, "").replace(/\s*\n\s*/g, "&"))];

/** The values of a list as people type them: `new, "a, b"`. @param {string} text @returns {string[]} */
export function valuesOf(text) {
  const found = text.match(/"(?:[^"\\]|\\[^])*"|[^,\n]+/g) ?? [];
  return found.map((each) => each.trim()).filter(Boolean).map((each) => (each.startsWith('"') && each.endsWith('"') && each.length > 1 ? each.slice(1, -1).replace(/\\([^])/g, "$1") : each));
}

/** @param {string[]} values */
export const listText = (values) => values.map((each) => (/[,"\n]|^\s|\s$/.test(each) ? inQuotes(each) : each)).join(", ");
