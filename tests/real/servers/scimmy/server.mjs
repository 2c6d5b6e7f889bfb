// SCIMMY with a store of ours: SCIM 2.0 with Bulk, at /scim/v2.
//
// SCIMMY is the protocol; the store below is what an application would bring. It keeps users and groups in maps and
// writes each change to a journal before the change is answered, so that a killed server comes back with all that
// it acknowledged. Unique are a user's userName, whatever its case, and a group's displayName; references to
// managers and members are stored unseen.

import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";

import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

import { open, person, settings } from "./gate.mjs";

const PAGE = 200; // resources in a page at most: what the ServiceProviderConfig says, too

class Store {
    constructor(path) {
        this.tables = { User: new Map(), Group: new Map() };
        this.names = { User: new Map(), Group: new Map() };
        this.groups = new Map(); // user id -> set of group ids
        this.replay(path);
        this.journal = fs.openSync(path, "a");
    }

    // A kill may have torn the last line: it was never acknowledged, so it goes.
    replay(path) {
        const text = fs.existsSync(path) ? fs.readFileSync(path, "utf8") : "";
        const whole = text.slice(0, text.lastIndexOf("\n") + 1);
        for (const line of whole.split("\n").filter(Boolean)) this.apply(JSON.parse(line));
        if (whole.length < text.length) fs.truncateSync(path, Buffer.byteLength(whole));
    }

    static name(type, resource) {
        return String(type === "User" ? resource.userName : resource.displayName).toLowerCase();
    }

    apply({ type, id, resource }) {
        const table = this.tables[type];
        const old = table.get(id);
        if (old) {
            this.names[type].delete(Store.name(type, old));
            for (const { value } of old.members ?? []) this.groups.get(value)?.delete(id);
        }
        if (!resource) return table.delete(id);
        table.set(id, resource);
        this.names[type].set(Store.name(type, resource), id);
        for (const { value } of resource.members ?? [])
            this.groups.set(value, (this.groups.get(value) ?? new Set()).add(id));
    }

    // Several changes are one write: a page of them is as cheap as one.
    commit(...changes) {
        fs.writeSync(this.journal, changes.map((change) => JSON.stringify(change) + "\n").join(""));
        for (const change of changes) this.apply(change);
    }

    taken(type, resource, id) {
        const owner = this.names[type].get(Store.name(type, resource));
        return owner !== undefined && owner !== id;
    }

    seed(count) {
        if (this.tables.User.size || !count) return;
        const id = (i) => createHash("sha256").update(`user ${i}`).digest("hex").slice(0, 32)
            .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
        const now = new Date().toISOString();
        this.commit(...Array.from({ length: count }, (_, index) => ({
            type: "User",
            id: id(index + 1),
            resource: { ...person(index + 1, id), id: id(index + 1), meta: { created: now, lastModified: now } },
        })));
    }
}

const { token, store: path, port, log, users } = settings();
const store = new Store(path);
store.seed(users);

const gone = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);

// A user shows the groups it is in.
function shown(type, resource) {
    const groups = type === "User" ? [...(store.groups.get(resource.id) ?? [])] : [];
    if (!groups.length) return resource;
    return {
        ...resource,
        groups: groups.map((id) => ({ value: id, display: store.tables.Group.get(id).displayName, type: "direct" })),
    };
}

// SCIMMY takes its page out of everything there is and first makes a resource of each, which for thousands of users
// takes seconds. Holes are passed over and counted in the total: with the page between holes it answers the same.
// Where a page begins inside the first one SCIMMY would cut a second time, and beyond the end it answers the first
// page again: there it gets everything.
function page(all, start, count) {
    if ((start > 1 && start <= count) || start > all.length) return all;
    const holes = new Array(all.length);
    for (let i = start - 1; i < Math.min(start - 1 + count, all.length); i++) holes[i] = all[i];
    return holes;
}

const handlers = (type) => ({
    ingress(resource, data) {
        const old = resource.id ? store.tables[type].get(resource.id) : undefined;
        if (resource.id && !old) throw gone(resource.id);
        const value = JSON.parse(JSON.stringify(data));
        if (store.taken(type, value, resource.id))
            throw new SCIMMY.Types.Error(409, "uniqueness", `${type} exists already`);
        const now = new Date().toISOString();
        value.id = resource.id ?? randomUUID();
        value.meta = { created: old?.meta.created ?? now, lastModified: now };
        store.commit({ type, id: value.id, resource: value });
        return shown(type, value);
    },

    egress(resource) {
        if (resource.id) {
            const found = store.tables[type].get(resource.id);
            if (!found) throw gone(resource.id);
            return shown(type, found);
        }
        const found = [...store.tables[type].values()].map((one) => shown(type, one));
        const all = resource.filter ? resource.filter.match(found) : found;
        const count = Math.min(resource.constraints?.count ?? PAGE, PAGE);
        resource.constraints = { ...resource.constraints, count };
        return resource.constraints.sortBy ? all : page(all, resource.constraints.startIndex ?? 1, count);
    },

    degress(resource) {
        if (!store.tables[type].has(resource.id)) throw gone(resource.id);
        store.commit({ type, id: resource.id });
    },
});

SCIMMY.Config.set({ filter: { supported: true, maxResults: PAGE } });
SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false), handlers("User"));
SCIMMY.Resources.declare(SCIMMY.Resources.Group, handlers("Group"));

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler(request) {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("a bearer token is needed");
        return "client";
    },
    baseUri: (request) => `http://${request.header("Host")}`,
}));

await open({
    port, log, base: "/scim/v2", build: () => ({ handler: app, users: () => store.tables.User.size }),
});
