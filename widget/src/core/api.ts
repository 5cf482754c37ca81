/** The server's interface. Every failure is a `Problem`; nothing else is thrown. */
import type { History, Message, MessageRequest, Session } from "./types";

const TIMEOUT = 30_000; // milliseconds; the server answers a turn within seconds

/** `status` 0: no answer at all. `words`: the server's own words for a refusal. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly words?: Message,
    /** Seconds after which to try again. */
    readonly wait = 0,
  ) {
    super(`chat: ${status}`);
  }
}

export class Api {
  constructor(
    readonly base: string,
    private readonly fetcher: typeof fetch = (...request) => fetch(...request),
  ) {}

  session(stored: boolean): Promise<Session> {
    return this.json("POST", "session", undefined, { stored });
  }

  storage(token: string, stored: boolean): Promise<Session> {
    return this.json("POST", "storage", token, { stored });
  }

  send(token: string, message: MessageRequest): Promise<{ messages: Message[] }> {
    return this.json("POST", "messages", token, message);
  }

  history(token: string): Promise<History> {
    return this.json("GET", "history", token);
  }

  async export(token: string, format: "text" | "json"): Promise<Blob> {
    return (await this.request("GET", `export?format=${format}`, token)).blob();
  }

  /** `leaving`: the page goes away; the request must not. */
  async delete(token: string, leaving = false): Promise<void> {
    await this.request("DELETE", "conversation", token, undefined, { keepalive: leaving });
  }

  /** An open stream of events; it ends when `signal` says so or the connection does. */
  async events(token: string, last: string, signal: AbortSignal): Promise<Response> {
    const headers = last ? { "Last-Event-ID": last } : undefined;
    return this.request("GET", "events", token, undefined, { signal }, headers);
  }

  private async json<T>(method: string, path: string, token?: string, body?: object): Promise<T> {
    const response = await this.request(method, path, token, body);
    try {
      return (await response.json()) as T;
    } catch {
      throw new Problem(0); // cut off half-way, or a page of some proxy
    }
  }

  private async request(
    method: string,
    path: string,
    token?: string,
    body?: object,
    more: RequestInit = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const given = new AbortController();
    const abort = () => given.abort();
    const timer = setTimeout(abort, TIMEOUT); // until the answer begins
    more.signal?.addEventListener("abort", abort);
    let response: Response;
    try {
      response = await this.fetcher(`${this.base}/${path}`, {
        method,
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body && { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
        // No cookies, no address of the page: the token is all the server needs.
        credentials: "omit",
        referrerPolicy: "no-referrer",
        cache: "no-store",
        ...more,
        signal: given.signal,
      });
    } catch {
      throw new Problem(0);
    } finally {
      clearTimeout(timer);
    }
    if (response.ok) return response;
    const answer = (await response.json().catch(() => undefined)) as
      | { error?: Message }
      | undefined;
    const words = typeof answer?.error?.text === "string" ? answer.error : undefined;
    throw new Problem(response.status, words, Number(response.headers.get("Retry-After")) || 0);
  }
}
