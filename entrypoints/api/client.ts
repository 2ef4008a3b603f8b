// A typed client of the API. `make client` copies it beside the types, which it makes in api.ts.
// It needs one package: npm install openapi-fetch@0.17.0
//
//   const api = connect("https://app.example.org");
//   const { data, error } = await api.PATCH("/api/user", { body: { username: "ada" } });

import createClient from "openapi-fetch";
import type { paths } from "./api.js";

/** `baseUrl` is empty for pages of the site itself. Browsers send the session's cookie. */
export function connect(baseUrl = "") {
  return createClient<paths>({ baseUrl, credentials: "same-origin" });
}
