// Better Auth with its SCIM plugin on a SQLite file: SCIM 2.0 without Bulk, at /api/auth/scim/v2.

import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

import { scim } from "@better-auth/scim";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";

import { open, person, settings } from "./gate.mjs";

const BASE = "/api/auth/scim/v2";

const { token, store, port, log, users } = settings();
const database = new DatabaseSync(store);
// What is committed survives a killed process, which is all that is asked here; a dead machine is not.
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
const count = () => database.prepare('SELECT count(*) AS n FROM "scimUser"').get().n;

// The plugin creates the users, called in this process: what it keeps of a user is its own affair.
async function seed(handler, url) {
    const ids = [];
    for (let i = 1; i <= users; i++) {
        const answer = await handler(new Request(`${url}${BASE}/Users`, {
            method: "POST",
            headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/scim+json" },
            body: JSON.stringify(person(i, (number) => ids[number])),
        }));
        if (answer.status !== 201) throw new Error(`seed: ${answer.status} ${await answer.text()}`);
        ids[i] = (await answer.json()).id;
    }
}

async function build(url) {
    const options = {
        baseURL: url,
        secret: createHash("sha256").update(token).digest("hex"),
        database,
        rateLimit: { enabled: false },
        telemetry: { enabled: false },
        plugins: [scim({
            connections: [{ id: "hr", credentials: [{ type: "bearer", id: "test", token }] }],
        })],
    };
    await (await getMigrations(options)).runMigrations();
    // Each write looks for users of this connection in another domain, through all of them: an index keeps that short.
    database.exec('CREATE INDEX IF NOT EXISTS domains ON "scimUser" ("connectionId", "provisioningDomainId")');
    const auth = betterAuth(options);
    if (!count()) await seed(auth.handler, url);
    return { handler: toNodeHandler(auth), users: count };
}

await open({ port, log, base: BASE, build });
