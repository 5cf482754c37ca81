import { describe, expect, it } from "vitest";
import { EventParser, type ServerEvent } from "../src/core/sse";

const read = (pieces: string[]) => {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

const STREAM = [
  ": hello",
  "",
  "id: 1",
  "event: message",
  'data: {"text":"挺好 🙂"}',
  "",
  ":",
  "event: typing",
  "data:first",
  "data: second",
  "",
  "event: nothing",
  "",
  "id: 2",
  "data",
  "",
  "",
];
const EVENTS: ServerEvent[] = [
  { type: "message", data: '{"text":"挺好 🙂"}', id: "1" },
  { type: "typing", data: "first\nsecond", id: "1" },
  { type: "message", data: "", id: "2" },
];

/** A small repeatable generator (mulberry32): a failing seed can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe("server-sent events", () => {
  it.each(["\n", "\r\n", "\r"])("reads lines that end with %j", (end) => {
    // A bare CR at the very end may be half of CRLF: the last line waits for what follows.
    expect(read([STREAM.join(end), ":\n"])).toEqual(EVENTS);
  });

  it("gives nothing before an event is complete", () => {
    const parser = new EventParser();
    expect(parser.push("data: a\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ type: "message", data: "a", id: "" }]);
  });

  it("reads the same however the stream is cut", () => {
    for (let seed = 0; seed < 300; seed++) {
      const next = random(seed);
      const ends = ["\n", "\r\n", "\r"];
      const text = `${STREAM.join(ends[seed % 3])}:\n`;
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        const length = 1 + Math.floor(next() * 9);
        pieces.push(text.slice(at, at + length));
        at += length;
      }
      expect(read(pieces), `seed ${seed}`).toEqual(EVENTS);
    }
  });

  it("goes on from a given id and ignores an id with NUL", () => {
    const parser = new EventParser();
    parser.lastId = "5";
    expect(parser.push("id: a\0b\ndata: x\n\n")).toEqual([{ type: "message", data: "x", id: "5" }]);
  });
});
