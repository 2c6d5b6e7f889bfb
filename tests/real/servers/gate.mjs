// What both servers share: the command line, the way in and what can be seen from outside.
//
//   SCIM_TOKEN=... node server.mjs --store FILE [--port N] [--log FILE] [--users N]
//
// Every request passes the gate. It can refuse with 429, end the process in the middle of things and write down
// what came; the SCIM server behind it knows nothing of that. Its own paths begin with /__ and need no token:
//
//   GET  /__stats    {"requests", "throttled", "by": {"POST /Users": n, ...}, "users"}
//   POST /__switch   any of
//     {"throttle": {"requests": 50, "seconds": 1, "every": 20, "hint": "seconds" | "date" | "none"} | null}
//     {"die": {"method": "PATCH", "after": 100, "when": "received" | "done" | "answered"} | null}
//
// "throttle" refuses what is more than so many requests in so many seconds, and one in so many ("every", 0: none)
// however slowly they come. "die" sends SIGKILL to the process itself at the given one of the requests with that
// method (any that writes without one): when it has come in, when its work is done but its answer has not left, or
// when it is answered.

import fs from "node:fs";
import http from "node:http";
import { parseArgs } from "node:util";

const WRITES = ["POST", "PUT", "PATCH", "DELETE"];

// The options of the command line and the token; ends the process when something is missing.
export function settings() {
    const { values } = parseArgs({
        options: {
            store: { type: "string" },
            port: { type: "string", default: "0" },
            log: { type: "string" },
            users: { type: "string", default: "0" },
        },
    });
    const token = process.env.SCIM_TOKEN;
    if (!values.store || !token) {
        console.error("usage: SCIM_TOKEN=... node server.mjs --store FILE [--port N] [--log FILE] [--users N]");
        process.exit(2);
    }
    return { token, store: values.store, port: Number(values.port), log: values.log, users: Number(values.users) };
}

// Everything of a request's body as it passes by, whoever reads it and however.
function overhear(request) {
    const pieces = [];
    const emit = request.emit;
    request.emit = function (event, ...rest) {
        if (event === "data") pieces.push(Buffer.from(rest[0]));
        return emit.call(this, event, ...rest);
    };
    return () => Buffer.concat(pieces).toString();
}

function body(request) {
    return new Promise((resolve, reject) => {
        const text = overhear(request);
        request.on("end", () => resolve(text())).on("error", reject).resume();
    });
}

// When one more than `requests` came in the last `seconds`, and one time in `every`: the answer 429, with a hint or
// without one.
class Throttle {
    constructor({ requests, seconds, every = 0, hint = "seconds" }) {
        Object.assign(this, { requests, span: seconds * 1000, every, hint, seen: 0, times: [] });
    }

    // How long the next request has to wait; 0 lets this one pass and counts it.
    wait(now) {
        if (++this.seen % this.every === 0) return this.span;
        while (this.times.length && this.times[0] <= now - this.span) this.times.shift();
        if (this.times.length >= this.requests) return this.times[0] + this.span - now;
        this.times.push(now);
        return 0;
    }

    refuse(response, wait) {
        const seconds = Math.max(1, Math.ceil(wait / 1000));
        if (this.hint === "seconds") response.setHeader("Retry-After", String(seconds));
        // A date knows whole seconds only; one more, so that it is never too early.
        if (this.hint === "date")
            response.setHeader("Retry-After", new Date(Date.now() + (seconds + 1) * 1000).toUTCString());
        response.writeHead(429, { "Content-Type": "application/scim+json" });
        response.end(JSON.stringify({
            schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
            status: "429",
            detail: "too many requests",
        }));
    }
}

class Gate {
    constructor({ log, base }) {
        Object.assign(this, { base, requests: 0, throttled: 0, by: {}, throttle: null, die: null });
        this.log = log ? fs.openSync(log, "a") : -1;
        // What is behind the gate, once it is there; requests wait for it.
        this.behind = new Promise((resolve) => { this.ready = resolve; });
    }

    // One line for each request, in the order in which they were answered; n is the order in which they came.
    note(entry) {
        if (this.log >= 0) fs.writeSync(this.log, JSON.stringify(entry) + "\n");
    }

    endpoint(method, path) {
        const [, resource = "", id] = path.slice(this.base.length).split("?")[0].match(/^\/([^/]*)(\/.+)?/) ?? [];
        return `${method} /${resource}${id ? "/{id}" : ""}`;
    }

    async control(request, response) {
        const answer = (status, value) => {
            response.writeHead(status, { "Content-Type": "application/json" });
            response.end(JSON.stringify(value));
        };
        if (request.method === "GET" && request.url === "/__stats")
            return answer(200, {
                requests: this.requests, throttled: this.throttled, by: this.by,
                users: await (await this.behind).users(),
            });
        if (request.method === "POST" && request.url === "/__switch") {
            const { throttle, die } = JSON.parse(await body(request));
            if (throttle !== undefined) this.throttle = throttle && new Throttle(throttle);
            if (die !== undefined) this.die = die;
            return answer(200, {});
        }
        return answer(404, {});
    }

    // At which point of this request the process is to end; undefined when it may live.
    fate(method) {
        if (!this.die || !(this.die.method ? method === this.die.method : WRITES.includes(method))) return undefined;
        return --this.die.after === 0 ? this.die.when : undefined;
    }

    async pass(request, response) {
        const { handler } = await this.behind;
        if (request.url.startsWith("/__")) return this.control(request, response);
        const entry = { n: ++this.requests, method: request.method, path: request.url };
        const wait = this.throttle ? this.throttle.wait(performance.now()) : 0;
        if (wait > 0) {
            this.throttled++;
            this.note({ ...entry, status: 429 });
            request.resume();
            return this.throttle.refuse(response, wait);
        }
        const endpoint = this.endpoint(request.method, request.url);
        this.by[endpoint] = (this.by[endpoint] ?? 0) + 1;
        const heard = overhear(request);
        const note = (status) => this.note({ ...entry, status, body: heard() || undefined });
        const kill = () => process.kill(process.pid, "SIGKILL");
        const fate = this.fate(request.method);
        if (fate === "received") return request.on("end", () => (note(0), kill())).resume();
        if (fate === "done") response.write = response.end = () => (note(0), kill());
        response.on("finish", () => {
            note(response.statusCode);
            if (fate === "answered") kill();
        });
        return handler(request, response);
    }
}

// Listens, lets `build` make {handler, users} for its own URL (without the base) and says where it listens:
// handler(request, response) is the SCIM server, users() counts its users.
export async function open({ port, log, base, build }) {
    const gate = new Gate({ log, base });
    const server = http.createServer((request, response) => {
        gate.pass(request, response).catch((error) => {
            console.error(error);
            response.destroy();
        });
    });
    // A client of these tests must not meet a connection that is just being closed because nobody used it.
    server.keepAliveTimeout = 600_000;
    await new Promise((resolve, reject) => server.on("error", reject).listen(port, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    gate.ready(await build(url));
    console.log(`listening on ${url}${base}`);
}

const GIVEN = ["Asha", "Ben", "Chioma", "Dario", "Élise", "Farid", "Grete", "Hiro", "Ines", "Jörg"];
const FAMILY = ["Adler", "Brandt", "Costa", "Dubois", "Endo", "Fischer", "Gupta", "Haddad", "Ito", "Jansen", "Köhler"];
const DEPARTMENTS = ["Sales", "Support", "Finance", "Operations", "Engineering"];
const TITLES = ["Associate", "Specialist", "Analyst", "Lead"];

export const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
export const CORE = "urn:ietf:params:scim:schemas:core:2.0:User";

// Person number i (from 1): always the same one. Number i reports to number i / 8, so that the top is number 1;
// `id` says what id a number has. Every fiftieth is inactive.
export function person(i, id) {
    const number = "E" + String(i).padStart(5, "0");
    const given = GIVEN[i % GIVEN.length];
    const family = FAMILY[Math.floor(i / GIVEN.length) % FAMILY.length];
    const mail = `user${i}@example.com`;
    const boss = Math.floor(i / 8);
    return {
        schemas: [CORE, ENTERPRISE],
        externalId: number,
        userName: mail,
        name: { givenName: given, familyName: family, formatted: `${given} ${family}` },
        displayName: `${given} ${family}`,
        title: TITLES[i % TITLES.length],
        emails: [{ value: mail, type: "work", primary: true }],
        phoneNumbers: [{ value: "+1555" + String(i).padStart(7, "0"), type: "work" }],
        active: i % 50 !== 0,
        [ENTERPRISE]: {
            employeeNumber: number,
            department: DEPARTMENTS[i % DEPARTMENTS.length],
            ...(boss ? { manager: { value: id(boss) } } : {}),
        },
    };
}
