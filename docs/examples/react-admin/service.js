// The service: its rows by react-admin's data provider for PostgREST, and a sign-in by a token.
import postgrestRestProvider, { defaultPrimaryKeys, defaultSchema } from "@raphiniert/ra-data-postgrest";
import { fetchUtils } from "react-admin";

const service = document.querySelector("meta[name=service]").content;
const TOKEN = "token"; // in the session storage: it is gone when the tab is closed

export async function fetchJson(url, options = {}) {
  const headers = new Headers(options.headers || { Accept: "application/json" });
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return fetchUtils.fetchJson(url, { ...options, headers });
}

export const dataProvider = postgrestRestProvider({
  apiUrl: `${service}/rest`,
  httpClient: fetchJson,
  defaultListOp: "eq",
  primaryKeys: defaultPrimaryKeys,
  schema: defaultSchema,
});

async function whoAmI() {
  return (await fetchJson(`${service}/me/`)).json;
}

export const authProvider = {
  async login({ token }) {
    sessionStorage.setItem(TOKEN, token);
    try {
      await whoAmI();
    } catch (error) {
      sessionStorage.removeItem(TOKEN);
      throw new Error(error.status === 401 ? "The service does not know this token." : error.message);
    }
  },
  async logout() {
    sessionStorage.removeItem(TOKEN);
  },
  async checkAuth() {
    if (!sessionStorage.getItem(TOKEN)) throw new Error("Sign in first.");
  },
  async checkError({ status }) {
    if (status === 401) throw new Error("The token has ended.");
  },
  async getIdentity() {
    const me = await whoAmI();
    return { id: me.id, fullName: me.name ?? me.kind };
  },
  // What the grants of the token allow: the app shows no button that the service would refuse.
  async canAccess({ resource, action }) {
    const me = await whoAmI();
    if (me.admin) return true;
    const grants = me.tables[resource];
    return Boolean(grants?.[{ list: "read", show: "read", edit: "update" }[action] ?? action]);
  },
};
