// @supabase/postgrest-js, Supabase's client in JavaScript, against the address in argv[2].
import assert from "node:assert/strict";
import { PostgrestClient } from "@supabase/postgrest-js";

const rest = new PostgrestClient(process.argv[2], { headers: { apikey: "any" }, schema: "public" });

async function data(query) {
  const answer = await query;
  assert.equal(answer.error, null, JSON.stringify(answer.error));
  return answer.data;
}

async function refused(query, code, status) {
  const answer = await query;
  assert.equal(answer.error?.code, code, JSON.stringify(answer));
  assert.equal(answer.status, status);
  return answer.error;
}

// Reading
assert.deepEqual(await data(rest.from("Product").select("id,name,price,maker(name)").eq("id", 2)), [
  { id: 2, name: "Blue chair", price: 120, maker: { name: "Bob" } },
]);
const counted = await rest.from("Product").select("name", { count: "exact" }).order("name").range(0, 1);
assert.deepEqual([counted.count, counted.status, counted.data.length], [3, 206, 2]);
assert.equal((await rest.from("Product").select("*", { count: "exact", head: true })).count, 3);
assert.deepEqual(await data(rest.from("Maker").select("name,products!inner(name)").eq("products.amount", 2)), [
  { name: "Bob", products: [{ name: "Blue chair" }] },
]);
assert.deepEqual(await data(rest.from("Product").select("name").or("amount.eq.1,name.like.Blue*").order("id")), [
  { name: "Red chair" },
  { name: "Blue chair" },
]);
assert.deepEqual(await data(rest.from("Product").select("name").contains("tags", ["wood"])), [{ name: "Red chair" }]);
assert.deepEqual(await data(rest.from("Product").select("name").eq("id", 1).single()), { name: "Red chair" });
assert.equal(await data(rest.from("Product").select("name").eq("id", 99).maybeSingle()), null);
assert.equal(await data(rest.from("Product").select("id,name").eq("id", 1).csv()), "id,name\n1,Red chair");
const many = await refused(rest.from("Product").select("name").single(), "PGRST116", 406);
assert.equal(many.details, "The result contains 3 rows");

// Writing
const inserted = await rest.from("Maker").insert([{ name: "Cid" }, { name: "Dan", note: "n" }]).select("name,note");
assert.deepEqual([inserted.status, inserted.data], [201, [{ name: "Cid", note: null }, { name: "Dan", note: "n" }]]);
const quiet = await rest.from("Maker").insert({ name: "Eve" });
assert.deepEqual([quiet.status, quiet.data], [201, null]);
const merged = await rest.from("Maker").upsert({ name: "Cid", note: "new" }, { onConflict: "name" }).select("note");
assert.deepEqual([merged.status, merged.data], [200, [{ note: "new" }]]);
const ignored = rest.from("Maker").upsert({ name: "Cid" }, { onConflict: "name", ignoreDuplicates: true }).select();
assert.deepEqual(await data(ignored), []);
const updated = await rest.from("Product").update({ amount: 9 }, { count: "exact" }).eq("maker", 1);
assert.deepEqual([updated.status, updated.count, updated.data], [204, 2, null]);
assert.deepEqual(await data(rest.from("Product").update({ amount: 1 }).eq("id", 1).select("id,amount").single()), {
  id: 1,
  amount: 1,
});
assert.deepEqual(await data(rest.from("Maker").delete().in("name", ["Dan", "Eve"]).select("name").order("name")), [
  { name: "Dan" },
  { name: "Eve" },
]);
assert.equal((await rest.from("Maker").delete().eq("name", "Cid")).status, 204);

// Errors
await refused(rest.from("product").select(), "PGRST205", 404);
await refused(rest.from("Product").select("colour"), "42703", 400);
await refused(rest.from("Product").select().eq("amount", "x"), "22P02", 400);
await refused(rest.from("Maker").insert({ name: "Ann" }), "23505", 409);
await refused(rest.from("Product").insert({ amount: 1 }), "23502", 400);
await refused(rest.from("Product").insert({ name: "x", maker: 99 }), "23503", 409);
await refused(rest.from("Product").delete(), "21000", 400);
await refused(rest.rpc("hello"), "PGRST202", 404);
console.log("postgrest-js: all is well");
