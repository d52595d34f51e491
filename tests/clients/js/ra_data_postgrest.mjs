// ra-data-postgrest, the data provider of react-admin, against the address in argv[2].
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fetchUtils } from "ra-core";

const made = createRequire(import.meta.url)("@raphiniert/ra-data-postgrest");
const config = {
  apiUrl: process.argv[2],
  httpClient: fetchUtils.fetchJson,
  defaultListOp: "eq",
  primaryKeys: made.defaultPrimaryKeys,
  schema: () => "public",
};
const provider = made.default(config);
const page = { pagination: { page: 1, perPage: 2 }, sort: { field: "name", order: "ASC" } };

const list = await provider.getList("Product", { ...page, filter: { "name@ilike": "red" } });
assert.deepEqual([list.total, list.data.map((row) => row.name)], [2, ["Red chair", "Red table"]]);
assert.equal((await provider.getList("Product", { ...page, filter: {} })).total, 3);
assert.equal((await provider.getOne("Product", { id: 2 })).data.name, "Blue chair");
const several = await provider.getMany("Product", { ids: [1, 3] });
assert.deepEqual(several.data.map((row) => row.id), [1, 3]);
const linked = await provider.getManyReference("Product", { ...page, target: "maker", id: 1, filter: {} });
assert.equal(linked.total, 2);

const created = (await provider.create("Product", { data: { name: "Lamp", price: 5 } })).data;
assert.equal(created.price, 5);
const changed = await provider.update("Product", {
  id: created.id,
  data: { ...created, amount: 8 },
  previousData: created,
});
assert.equal(changed.data.amount, 8);
assert.deepEqual((await provider.updateMany("Product", { ids: [1, 2], data: { amount: 5 } })).data, [1, 2]);
assert.equal((await provider.delete("Product", { id: created.id, previousData: created })).data.name, "Lamp");
assert.deepEqual((await provider.deleteMany("Product", { ids: [1, 2] })).data, [1, 2]);
await assert.rejects(provider.getOne("Product", { id: 99 }), (error) => error.status === 406);
await assert.rejects(provider.create("Product", { data: { colour: "red" } }), (error) => {
  return error.status === 400 && error.body.code === "PGRST204";
});
console.log("ra-data-postgrest: all is well");
