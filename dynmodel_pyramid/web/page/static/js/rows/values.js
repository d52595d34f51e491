/** Values of rows. */
import { equal as same } from "../core/json.js";

/** Whether two values are the same; one that is not known is no value. @param {any} one @param {any} other */
export const equal = (one, other) => same(one ?? null, other ?? null);
