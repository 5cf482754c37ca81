/** Server-sent events read from a fetch stream (EventSource cannot send a token). */

export interface ServerEvent {
  type: string;
  data: string;
  id: string;
}

/** Takes pieces of a stream, however they are cut, and returns the events that they complete. */
export class EventParser {
  private rest = "";
  private type = "";
  private data: string[] = [];
  /** The id of the last event, to be sent as Last-Event-ID; it stays until another one comes. */
  lastId = "";

  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    let text = this.rest + piece;
    // A carriage return at the very end may be the first half of CRLF: wait for what follows.
    const held = text.endsWith("\r") ? "\r" : "";
    text = text.slice(0, text.length - held.length);
    const lines = text.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + held;
    for (const line of lines) {
      const event = this.line(line);
      if (event) events.push(event);
    }
    return events;
  }

  private line(line: string): ServerEvent | undefined {
    if (line === "") {
      const { type, data } = this;
      this.type = "";
      this.data = [];
      if (!data.length) return undefined;
      return { type: type || "message", data: data.join("\n"), id: this.lastId };
    }
    const colon = line.indexOf(":");
    if (colon === 0) return undefined; // a comment: the server's heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.type = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    return undefined;
  }
}
