// How to use the types of kassa.d.ts, with openapi-fetch or any other client that
// reads them. `make lint` compiles this file; it is not run.
import createClient from "openapi-fetch";
import type { components, paths } from "./kassa";

type Order = components["schemas"]["Order"];

// Amounts are whole minor units of their currency: 1999 is €19.99.
export async function buyOne(gateway: string, token: string, variant: string): Promise<Order> {
  const kassa = createClient<paths>({ baseUrl: gateway, headers: { Authorization: `Bearer ${token}` } });
  const { data, error, response } = await kassa.POST("/api/v1/checkout", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } }, // keep it, and send it again until there is an answer
    body: {
      lines: [{ variant_id: variant, quantity: 1 }],
      shipping_address: { name: "Ada Lovelace", line1: "Torstraße 1", city: "Berlin", postal_code: "10119", country: "DE" },
      shipping_option: "standard",
      payment_method: "pm_card_visa",
    },
  });
  if (error) {
    throw new Error(`${response.status} ${error.code}: ${error.detail}`); // code is stable; act on it
  }
  return data;
}

export async function ownOrders(gateway: string, token: string, user: string): Promise<Order[]> {
  const kassa = createClient<paths>({ baseUrl: gateway, headers: { Authorization: `Bearer ${token}` } });
  const { data } = await kassa.GET("/api/v1/users/{id}/orders", { params: { path: { id: user }, query: { limit: 20 } } });
  return data?.data ?? [];
}
