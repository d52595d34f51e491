// What pure modules of the page answer, in the browser that runs them: see test_definitions.py.
({
  schemas: async () => {
    const script = document.querySelector('script[type="module"]').src;
    const { kindOf, faultsOf, withMember, shortFormOf, under } = await import(new URL("kit/schema.js", script));
    const types = await (await fetch("/field-type/")).json();
    const kinds = {};
    for (const type of types) for (const [name, each] of Object.entries(type.options?.properties ?? {})) kinds[`${type.name}.${name}`] = kindOf(each);
    const choices = types.find((each) => each.name === "choice").options.properties.choices;
    const schema = { properties: { n: { type: ["integer", "null"], default: 5, minimum: 1 }, c: { oneOf: [{ const: 1 }, { const: "b" }] },
      deep: { type: "object", properties: { on: { type: "boolean" } }, required: ["on"] }, any: {}, map: { type: "object", additionalProperties: { type: "string" } } } };
    return {
      kinds: [...new Set(Object.values(kinds))].sort(), choices: kindOf(choices), json: kinds["json.schema"], table: kinds["link.table"], onDelete: kinds["link.on_delete"],
      short: shortFormOf(choices.items).member,
      unseen: Object.values(schema.properties).map(kindOf),
      faults: faultsOf(schema, { n: 0, deep: {} }).concat(faultsOf(choices, [{ key: "a", colour: "red" }, "b", { key: "" }])).map((each) => `${each.pointer} ${each.code}`),
      withDefault: withMember(schema, { n: 7 }, "n", 5), left: withMember(schema, { c: 1 }, "c", undefined),
      under: under([{ pointer: "/a~1b/0/key", detail: "x" }, { pointer: "/ab", detail: "y" }], "a/b"),
    };
  },

  merged: async () => {
    const script = document.querySelector('script[type="module"]').src;
    const { rebased } = await import(new URL("definition/rebase.js", script));
    const { curve, layout, routeOf } = await import(new URL("definition/layout.js", script));
    const field = (key, name, more = {}) => ({ key, id: Number(key), name, type: "string", common: { required: false }, options: {}, ...more });
    const base = { table: { label: null }, fields: [field("1", "a"), field("2", "b"), field("3", "c")], unique: [], indexes: [] };
    const mine = { ...base, table: { label: "Mine" }, fields: [field("2", "b"), field("1", "x", { common: { required: true } }), { ...field("3", "c"), dropped: true }, { ...field("9", "new"), key: "+1", id: null }] };
    const theirs = { ...base, fields: [field("1", "y"), field("2", "b", { type: "integer" }), field("3", "c"), field("4", "d")] };
    const { draft, clashes } = rebased(base, mine, theirs);
    const nodes = Array.from({ length: 200 }, (_, n) => ({ id: String(n), width: 200, height: 80 }));
    const begun = performance.now();
    const edges = nodes.slice(1).map((node, n) => ({ from: node.id, to: String(n >> 1) })).concat([{ from: "0", to: "199" }, { from: "190", to: "0" }]);
    const { places, routes } = layout(nodes, edges);
    const spent = performance.now() - begun;
    const boxes = [...places.values()];
    const overlaps = boxes.some((one, n) => boxes.some((other, m) => m > n && one.x < other.x + 200 && other.x < one.x + 200 && one.y < other.y + 80 && other.y < one.y + 80));
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const crossings = edges.filter(({ from, to }) => {
      path.setAttribute("d", curve(places.get(from), places.get(to), { through: routes.get(routeOf(from, to)) }));
      const points = Array.from({ length: 100 }, (_, n) => path.getPointAtLength((path.getTotalLength() * n) / 99));
      return points.some(({ x, y }) => boxes.some((box) => x > box.x + 2 && x < box.x + 198 && y > box.y + 2 && y < box.y + 78));
    }).length;
    return { crossings, label: draft.table.label, fields: draft.fields.map((each) => [each.name, each.type, each.common.required, Boolean(each.dropped)]), clashes: clashes.map((each) => [each.field, each.member]), placed: places.size, overlaps, quick: spent < 500 };
  },
})
