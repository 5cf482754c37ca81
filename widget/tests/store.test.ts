import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Api } from "../src/core/api";
import { Keep } from "../src/core/storage";
import { Conversation } from "../src/core/store";
import { Area, message, Server } from "./helpers";

let server: Server;
let tab: Area;
let device: Area;
let open: Conversation[];

const begin = (
  keep = new Keep(
    "k",
    () => tab,
    () => device,
  ),
) => {
  const conversation = new Conversation(new Api("https://host/chat", server.fetch), keep);
  open.push(conversation);
  return conversation;
};
const pass = (seconds = 0) => vi.advanceTimersByTimeAsync(seconds * 1000);
const texts = (conversation: Conversation) =>
  conversation.entries.map((entry) => entry.message.text);
const states = (conversation: Conversation) => conversation.entries.map((entry) => entry.state);

beforeEach(() => {
  vi.useFakeTimers();
  [server, tab, device, open] = [new Server(), new Area(), new Area(), []];
});
afterEach(() => {
  for (const conversation of open) conversation.stop();
  vi.useRealTimers();
});

describe("sending", () => {
  it("asks for nothing before there is something to say", async () => {
    await begin().start();
    await pass(60);
    expect(server.calls).toEqual([]);
  });

  it("shows a message at once and its answer after it", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    expect(texts(chat)).toEqual(["a"]);
    await pass();
    expect(texts(chat)).toEqual(["a", "re a"]);
    expect(states(chat)).toEqual([undefined, undefined]);
    expect(tab.getItem("k:pending")).toBeNull();
  });

  it("sends a button's payload and shows its title", async () => {
    const chat = begin();
    chat.language = "zh";
    chat.region = "GB";
    chat.send({ payload: "/affirm", title: "好" }, "zh");
    await pass();
    expect(texts(chat)[0]).toBe("好");
    const id = expect.any(String);
    expect(server.sent).toEqual([{ id, payload: "/affirm", language: "zh", region: "GB" }]);
  });

  it("sends the next when the last is answered or takes a second, and keeps the order", async () => {
    server.delay = { slow: 5000 };
    const chat = begin();
    chat.send({ text: "slow" }, "en");
    chat.send({ text: "fast" }, "en");
    await pass(0.9);
    expect(server.sent.map((sent) => sent.text)).toEqual(["slow"]);
    await pass(0.2);
    expect(server.sent.map((sent) => sent.text)).toEqual(["slow", "fast"]);
    expect(texts(chat)).toEqual(["slow", "fast", "re fast"]);
    await pass(5);
    expect(texts(chat)).toEqual(["slow", "fast", "re slow", "re fast"]);
  });

  it("has at most five under way", async () => {
    const chat = begin();
    for (const text of ["1", "2", "3", "4", "5", "6", "7"]) {
      server.delay[text] = 9000;
      chat.send({ text }, "en");
    }
    await pass(8.5);
    expect(server.sent).toHaveLength(5);
    await pass(9);
    expect(server.sent.map((sent) => sent.text)).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });
});

describe("when something fails", () => {
  it("keeps a message while the server is away and sends it with the same id", async () => {
    server.down = true;
    const chat = begin();
    const id = chat.send({ text: "a" }, "en");
    await pass();
    expect([chat.online, states(chat)]).toEqual([false, ["waiting"]]);
    await pass(20);
    server.down = false;
    await pass(40);
    expect(server.processed).toEqual([id]);
    expect([chat.online, texts(chat)]).toEqual([true, ["a", "re a"]]);
  });

  it("tries at once when the connection is back", async () => {
    server.down = true;
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass(40);
    server.down = false;
    chat.wake();
    await pass();
    expect(texts(chat)).toEqual(["a", "re a"]);
  });

  it("doubles nothing when only the answer was lost", async () => {
    server.script = ["lost", { status: 503 }];
    const chat = begin();
    const id = chat.send({ text: "a" }, "en");
    await pass(10);
    expect(server.sent.map((sent) => sent.id)).toEqual([id, id, id]);
    expect(server.processed).toEqual([id]);
    expect(texts(chat)).toEqual(["a", "re a"]);
  });

  it("survives a reload", async () => {
    server.down = true;
    const before = begin();
    const id = before.send({ text: "a" }, "en");
    await pass(1);
    before.stop();
    server.down = false;
    server.history = [message("h")];
    tab.setItem("k:session", JSON.stringify(server.mint()));
    const after = begin();
    expect([after.begun, texts(after), states(after)]).toEqual([true, ["a"], ["waiting"]]);
    await after.start();
    await pass();
    expect(server.processed).toEqual([id]);
    expect(texts(after)).toEqual(["words of h", "a", "re a"]);
  });

  it("gets a new session when the old one is expired and sends again with the same id", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    server.valid.clear();
    const id = chat.send({ text: "b" }, "en");
    await pass(3);
    expect(server.processed[1]).toBe(id);
    expect(texts(chat)).toEqual(["a", "re a", "b", "re b"]);
    expect(server.tokens).toBe(2);
    expect(chat.ended).toBe(true); // and says so
  });

  it("takes a new id for words whose id has had others", async () => {
    server.script = [{ status: 409, body: { code: "conflict", error: message("e") } }];
    const chat = begin();
    const id = chat.send({ text: "a" }, "en");
    await pass(1);
    expect(states(chat)).toEqual(["failed"]);
    chat.retry(id);
    await pass();
    expect(server.sent[1]?.id).not.toBe(id);
    expect(texts(chat)).toEqual(["a", "re a"]);
  });

  it("knows that the device has lost its connection, and that it is back", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    chat.lost();
    expect(chat.online).toBe(false);
    chat.wake();
    await pass();
    expect(chat.online).toBe(true);
  });

  it("opens one new session for several messages", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    server.valid.clear();
    for (const text of ["b", "c", "d"]) chat.send({ text }, "en");
    await pass(3);
    expect(server.tokens).toBe(2);
    expect(server.processed).toHaveLength(4);
  });

  it("does not hammer a server that refuses every session", async () => {
    server.script = Array.from({ length: 100 }, () => ({ status: 401 }));
    begin().send({ text: "a" }, "en");
    await pass(60);
    expect(server.sent.length).toBeLessThan(12);
  });

  it("waits as long as Retry-After says", async () => {
    server.script = [{ status: 429, headers: { "Retry-After": "7" } }];
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass(6.5);
    expect([server.sent.length, states(chat)]).toEqual([1, ["waiting"]]);
    await pass(1);
    expect(texts(chat)).toEqual(["a", "re a"]);
  });

  it("waits for Retry-After even when the page is looked at again", async () => {
    server.script = [{ status: 429, headers: { "Retry-After": "7" } }];
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass(1);
    chat.wake();
    await pass(1);
    expect(server.sent).toHaveLength(1);
  });

  it("shows the server's refusal, sends nothing by itself, and sends again when asked", async () => {
    const error = message("e", { text: "Not from this site." });
    server.script = [{ status: 403, body: { code: "forbidden", error } }];
    const chat = begin();
    const id = chat.send({ text: "a" }, "en");
    await pass(60);
    expect(server.sent).toHaveLength(1);
    expect(chat.entries[0]).toMatchObject({ state: "failed", error: "Not from this site." });
    chat.retry(id);
    await pass();
    expect(server.sent.map((sent) => sent.id)).toEqual([id, id]);
    expect(texts(chat)).toEqual(["a", "re a"]);
  });
});

describe("events", () => {
  it("shows what another tab wrote, once, and goes on from the last event", async () => {
    server.history = [message("h1", { author: "person" }), message("h2")];
    tab.setItem("k:session", JSON.stringify(server.mint()));
    const chat = begin();
    await chat.start();
    await pass();
    expect(server.lastEventId).toBe("7");
    server.push?.("message", message("h2"));
    server.push?.("message", message("c1", { author: "counsellor", label: "Mei" }));
    await pass();
    expect(chat.entries.map((entry) => entry.message.id)).toEqual(["h1", "h2", "c1"]);
  });

  it("does not double an answer that comes as an event and as a reply", async () => {
    server.delay = { a: 1000 };
    const chat = begin();
    const id = chat.send({ text: "a" }, "en");
    await pass(0.5);
    server.push?.("message", message(id, { author: "person", text: "a" }));
    server.push?.("message", message(`re-${id}`, { text: "re a" }));
    await pass(2);
    expect(texts(chat)).toEqual(["a", "re a"]);
  });

  it("keeps what is shown when the server has forgotten it, or did not know it yet", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    chat.send({ text: "b" }, "en");
    await pass();
    const known = chat.entries.map((entry) => entry.message);
    server.push?.("reset", {}); // a history of nothing
    await pass();
    expect(texts(chat)).toEqual(["a", "re a", "b", "re b"]);
    server.history = [message("0", { text: "0" }), ...known.slice(0, 2)];
    server.push?.("reset", {});
    await pass();
    expect(texts(chat)).toEqual(["0", "a", "re a", "b", "re b"]);
  });

  it("opens another line when one is silent, and says it is offline when none opens", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass(38);
    const opened = () => server.calls.filter((call) => call === "GET events").length;
    expect(opened()).toBe(1);
    await pass(5);
    expect([opened(), chat.online]).toEqual([2, true]);
    server.down = true;
    await pass(60);
    expect(chat.online).toBe(false);
    server.down = false;
    await pass(40);
    expect(chat.online).toBe(true);
  });

  it("gives the line up while nobody looks, and goes on from there", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    server.push?.("typing", { author: "assistant", on: false }, "9");
    await pass();
    chat.rest();
    await pass(29);
    chat.wake(); // only a glance at another tab
    await pass(29);
    const events = () => server.calls.filter((call) => call === "GET events").length;
    chat.rest();
    await pass(31);
    const before = events();
    await pass(90);
    expect(events()).toBe(before);
    chat.wake();
    await pass();
    expect([events(), server.lastEventId]).toEqual([before + 1, "9"]);
  });

  it("says who is writing, until the message is there", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    server.push?.("typing", { author: "counsellor", on: true });
    await pass();
    expect(chat.typing).toBe("counsellor");
    server.push?.("message", message("c", { author: "counsellor" }));
    await pass();
    expect(chat.typing).toBeUndefined();
  });

  it("begins anew after the server ended the conversation", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    server.push?.("ended", {});
    await pass();
    expect([chat.ended, chat.hasSession]).toEqual([true, false]);
    chat.send({ text: "b" }, "en");
    await pass(3);
    expect([chat.ended, server.tokens, texts(chat).at(-1)]).toEqual([false, 2, "re b"]);
  });
});

describe("what is kept", () => {
  it("works without any storage", async () => {
    const broken = () => {
      throw new Error("SecurityError");
    };
    const chat = begin(new Keep("k", broken, broken));
    chat.send({ text: "a" }, "en");
    chat.send({ text: "b" }, "en");
    await pass();
    expect([texts(chat), server.tokens]).toEqual([["a", "b", "re a", "re b"], 1]);
  });

  it("is in the tab, on the device only when asked for, and off it again", async () => {
    const keep = new Keep(
      "k",
      () => tab,
      () => device,
    );
    begin(keep).send({ text: "a" }, "en");
    await pass();
    expect(device.items.size).toBe(0);
    keep.remember = true;
    expect([...device.items.keys()].sort()).toEqual(["k:remember", "k:session"]);
    expect(tab.getItem("k:session")).toBeNull();
    keep.remember = false;
    expect([device.items.size, keep.get("session")]).toEqual([
      0,
      { token: "token-1", expires: 4e9, stored: false },
    ]);
  });

  it("asks for storage only when told to, and takes the new token", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    expect(chat.stored).toBe(false);
    await chat.setStored(true);
    expect([chat.stored, JSON.parse(tab.getItem("k:session") ?? "").token]).toEqual([
      true,
      "token-2",
    ]);
  });

  it("finds the conversation again when the new token was lost, and sends nothing till then", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    server.storageLost = 1;
    const moved = chat.setStored(true);
    await pass();
    chat.send({ text: "b" }, "en");
    await pass(0.5);
    expect(server.sent).toHaveLength(1);
    await pass(1);
    await moved;
    await pass();
    expect([chat.stored, texts(chat).at(-1), chat.ended]).toEqual([true, "re b", false]);
  });

  it("asks for consent anew in a new conversation", async () => {
    const chat = begin();
    await chat.setStored(true);
    chat.send({ text: "a" }, "en");
    await pass();
    chat.restart();
    expect([chat.stored, tab.getItem("k:stored")]).toEqual([false, null]);
  });

  it("follows the token that another tab of the device got, and touches no other's", async () => {
    const tabs = [tab, new Area(), new Area()];
    const keeps = tabs.map(
      (own) =>
        new Keep(
          "k",
          () => own,
          () => device,
        ),
    );
    const [one, apart] = [begin(keeps[0]), begin(keeps[1])];
    one.send({ text: "a" }, "en");
    apart.send({ text: "x" }, "en");
    await pass();
    if (keeps[0]) keeps[0].remember = true;
    const two = begin(keeps[2]);
    await two.start();
    const old = device.getItem("k:session");
    await one.setStored(true);
    const fresh = device.getItem("k:session");
    expect(fresh).not.toBe(old);
    two.send({ text: "b" }, "en"); // with the old token: it must not take the new one away
    await pass();
    apart.restart();
    apart.send({ text: "y" }, "en");
    await pass();
    expect(device.getItem("k:session")).toBe(fresh);
    two.forget();
    const three = begin(keeps[2]);
    for (const chat of [three, apart]) chat.elsewhere(old);
    await three.start();
    expect(three.stored).toBe(true);
    await three.setStored(false);
    one.elsewhere(fresh);
    await pass();
    expect([one.stored, texts(one), one.ended]).toEqual([false, ["a", "re a"], false]);
    three.restart();
    one.elsewhere(JSON.stringify({ token: "token-x" }));
    expect(one.entries).toHaveLength(2);
    expect(device.getItem("k:session")).toBeNull();
  });

  it("leaves nothing behind, and has what nobody kept deleted", async () => {
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass();
    chat.leave();
    await pass();
    expect([tab.items.size, chat.entries, server.calls.at(-1)]).toEqual([
      0,
      [],
      "DELETE conversation",
    ]);
  });

  it("drops an answer that comes after everything was deleted", async () => {
    server.delay = { a: 3000 };
    const chat = begin();
    chat.send({ text: "a" }, "en");
    await pass(1);
    await chat.delete();
    await pass(5);
    expect([chat.entries, tab.items.size]).toEqual([[], 0]);
  });
});
