import type { Message, Session } from "../src/core/types";

/** A storage area in memory, kept over a "reload". */
export class Area {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
}

export function message(id: string, more: Partial<Message> = {}): Message {
  const text = more.text ?? `words of ${id}`;
  const blocks = [{ type: "paragraph" as const, text }];
  return { id, author: "assistant", language: "en", time: 1, template: "t", text, blocks, ...more };
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | "cut" | "lost";

/**
 * A server as the widget sees it: answers each id once, remembers what it was sent. `script` says
 * what happens to the next POSTs of messages: "cut" does not reach it, "lost" is processed but the
 * answer never arrives.
 */
export class Server {
  readonly sent: {
    id: string;
    text?: string;
    payload?: string;
    language?: string;
    region?: string;
  }[] = [];
  readonly processed: string[] = [];
  readonly calls: string[] = [];
  script: Answer[] = [];
  tokens = 0;
  valid = new Set<string>();
  history: Message[] = [];
  down = false;
  /** How many answers of POST storage get lost; the server takes the old token once more. */
  storageLost = 0;
  /** Milliseconds until an answer, by text. */
  delay: Record<string, number> = {};
  push: ((type: string, data: unknown, id?: string) => void) | undefined;
  lastEventId: string | null = null;

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const path = String(input).replace("https://host/chat/", "");
    this.calls.push(`${init.method} ${path}`);
    if (this.down) throw new TypeError("network");
    const json = (status: number, body: unknown, headers = {}) =>
      new Response(JSON.stringify(body), { status, headers });
    const body = init.body ? JSON.parse(String(init.body)) : undefined;
    if (path === "session") return json(200, this.mint(body.stored));
    const headers = new Headers(init.headers);
    if (!this.valid.has(headers.get("Authorization")?.replace("Bearer ", "") ?? "")) {
      return json(401, { code: "expired", error: message("e") });
    }
    if (path === "history") return json(200, { messages: this.history, event: "7" });
    if (path === "storage") {
      const session = this.mint(body.stored);
      if (this.storageLost-- > 0) throw new TypeError("network");
      this.valid.delete(headers.get("Authorization")?.replace("Bearer ", "") ?? "");
      return json(200, session);
    }
    if (path === "conversation") return json(200, { deleted: true });
    if (path === "events") return this.events(headers, init.signal);
    this.sent.push(body);
    const answer = this.script.shift();
    if (answer === "cut") throw new TypeError("network");
    if (answer && answer !== "lost") {
      return json(answer.status, answer.body ?? {}, answer.headers);
    }
    if (!this.processed.includes(body.id)) this.processed.push(body.id);
    const wait = this.delay[body.text];
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    if (answer === "lost") throw new TypeError("network");
    return json(200, { messages: [message(`re-${body.id}`, { text: `re ${body.text}` })] });
  };

  mint(stored = false): Session {
    const token = `token-${++this.tokens}`;
    this.valid.add(token);
    return { token, expires: 4e9, stored };
  }

  private events(headers: Headers, signal?: AbortSignal | null): Response {
    this.lastEventId = headers.get("Last-Event-ID");
    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.push = (type, data, id = "8") =>
          controller.enqueue(
            encoder.encode(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`),
          );
        signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return new Response(stream);
  }
}
