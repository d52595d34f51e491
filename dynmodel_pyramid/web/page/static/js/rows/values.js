/** Values of JSON. */

/** Whether two values are the same JSON. @param {any} one @param {any} other @returns {boolean} */
export function equal(one, other) {
  if (one === other || ((one ?? null) === null && (other ?? null) === null)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && equal(one[key], other[key]));
}
