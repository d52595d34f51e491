// Creates, reads, changes, lists and deletes a row by the types that openapi-typescript makes of the description.
// The compiler judges the types, and node the service: node out/walk.js URL
import createClient from "openapi-fetch";
import type { components, paths } from "./every";

declare const process: { argv: string[] };

const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: process.argv[2] });
const values: components["schemas"]["Every.Create"] = {
  a_string: "Änderung", a_integer: 7, a_decimal: "2.50", a_boolean: true, a_date: "2026-01-31",
  a_datetime: "2026-01-31T12:00:00Z", a_choice: "a", a_link: 1, a_links: [2, 1], a_tags: ["x"],
  a_point: { longitude: 13.4, latitude: 52.5 }, a_json: { a: [1, null] },
};

function same(found: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(found)}`);
}

const made = await client.POST("/table/Every/rows/", { body: values });
if (made.error || !made.data || Array.isArray(made.data) || !("id" in made.data)) throw new Error(JSON.stringify(made.error));
const path = { row_id: made.data.id as number };
const read = await client.GET("/table/Every/rows/{row_id}/", { params: { path } });
same(read.data?.a_string, "Änderung", "read");
same(read.data?.a_point?.latitude, 52.5, "read");
const id: number | undefined = read.data?.id;
same(id, path.row_id, "read");
const changed = await client.PATCH("/table/Every/rows/{row_id}/", {
  params: { path }, body: { a_string: "b", a_integer: null },
});
same([changed.data?.a_string, changed.data?.a_integer], ["b", null], "changed");
const listed = await client.GET("/table/Every/rows/", {
  params: { query: { a_string: ["eq.b"], id: [`eq.${path.row_id}`], order: "id", limit: 5 } },
});
same(listed.data?.map((row) => row.id), [path.row_id], "listed");
const refused = await client.PATCH("/table/Every/rows/{row_id}/", { params: { path }, body: { a_decimal: "many" } });
same(refused.error?.code, "validation", "refused");
await client.DELETE("/table/Every/rows/{row_id}/", { params: { path } });
const gone = await client.GET("/table/Every/rows/{row_id}/", { params: { path } });
same(gone.response.status, 404, "gone");
console.log("created, read, changed, listed, deleted");
