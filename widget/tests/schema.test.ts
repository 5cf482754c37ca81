/** Both sides test against bot/channels/chat.schema.json; this is the widget's. */
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { Api } from "../src/core/api";
import { Keep } from "../src/core/storage";
import { Conversation, newId } from "../src/core/store";
import type { Block, Message } from "../src/core/types";
import { Area, message, Server } from "./helpers";

const file = new URL("../../bot/channels/chat.schema.json", import.meta.url);
const schema = JSON.parse(readFileSync(file, "utf-8"));
const ajv = new Ajv({ strictTypes: false, strictRequired: false });
ajv.addSchema(schema, "chat");
const valid = (name: string, value: unknown) => {
  const check = ajv.getSchema(`chat#/definitions/${name}`);
  if (!check) throw new Error(`no definition ${name}`);
  return check(value) ? [] : check.errors;
};

const BLOCKS: Block[] = [
  { type: "paragraph", text: "a" },
  { type: "list", items: ["a"] },
  { type: "figure", text: "about 5 in 100", value: "5", unit: "in 100" },
  { type: "source", id: "a", citation: "A", year: null, locator: "", kind: "series" },
  { type: "choices", items: [{ title: "a", payload: "/a" }] },
  { type: "hotline", id: "a", name: "A", contact: "call 1", country: "A", dial: ["116 123"] },
  { type: "step", text: "a", number: 1, of: 2 },
  { type: "own", label: "a:", text: "b" },
  { type: "download", title: "a", name: "a.txt", content: "a" },
];

describe("the protocol's types", () => {
  it.each(BLOCKS.map((block) => [block.type, block]))("know the block %s", (_, block) => {
    expect(valid("block", block)).toEqual([]);
  });

  it("know every block of the schema", () => {
    const names = schema.definitions.block.oneOf.map((ref: { $ref: string }) =>
      ref.$ref.split("/").pop(),
    );
    expect(BLOCKS.map((block) => block.type).sort()).toEqual(names.sort());
  });

  it("know messages of all authors", () => {
    for (const author of ["assistant", "person", "counsellor"] as const) {
      const whole: Message = message("a", { author, label: "Mei", tongue: "fr", blocks: BLOCKS });
      expect(valid("message", whole)).toEqual([]);
    }
  });

  it("are refused by the schema when wrong", () => {
    expect(valid("message", { ...message("a"), extra: 1 })).not.toEqual([]);
    expect(valid("messageRequest", { id: "short" })).not.toEqual([]);
  });
});

describe("what the widget sends", () => {
  it("fits the schema: session, text, payload, language, region", async () => {
    const server = new Server();
    const bodies: [string, unknown][] = [];
    const spy: typeof fetch = (input, init) => {
      if (init?.body) bodies.push([String(input), JSON.parse(String(init.body))]);
      return server.fetch(input, init);
    };
    const [tab, device] = [new Area(), new Area()];
    const keep = new Keep(
      "k",
      () => tab,
      () => device,
    );
    const chat = new Conversation(new Api("https://host/chat", spy), keep);
    chat.send({ text: "a" }, "en");
    chat.language = "zh";
    chat.region = "CN";
    chat.send({ text: "b" }, "zh");
    chat.send({ payload: "/affirm", title: "好" }, "zh");
    await new Promise((resolve) => setTimeout(resolve, 20));
    chat.stop();
    const names = bodies.map(([url]) => url.split("/").pop());
    expect(names).toEqual(["session", "messages", "messages", "messages"]);
    for (const [url, body] of bodies) {
      expect(valid(url.endsWith("session") ? "sessionRequest" : "messageRequest", body)).toEqual(
        [],
      );
    }
    // What a person wrote is shown as a message like the server's.
    for (const entry of chat.entries) expect(valid("message", entry.message)).toEqual([]);
  });

  it("has ids that the schema takes, each new", () => {
    const ids = Array.from({ length: 200 }, newId);
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(valid("messageRequest", { id, text: "a" })).toEqual([]);
  });
});
