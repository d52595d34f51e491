/** The types that columns may get. */

/** @param {string} name */
export const typeTitle = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** @param {Map<string, any>} types */
export const typeChoices = (types) => [...types.values()].filter((each) => each.status === "installed").map((each) => ({ value: each.name, label: typeTitle(each.name) }));
