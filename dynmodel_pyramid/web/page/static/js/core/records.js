/**
 * Records by names that people have chosen. A table or a field may be called `constructor` or `toString`, which every
 * plain object seems to have, and a column of a file `__proto__`.
 */

/**
 * A record that has nothing but what is put into it.
 * @param {(Record<string, any> | null | undefined)[]} parts
 * @returns {Record<string, any>}
 */
export const bare = (...parts) => Object.assign(Object.create(null), ...parts);

/**
 * What a record itself has under a name.
 * @template T
 * @param {Record<string, T> | null | undefined} record @param {string} name
 * @returns {T | undefined}
 */
export const own = (record, name) => (record && Object.hasOwn(record, name) ? record[name] : undefined);
