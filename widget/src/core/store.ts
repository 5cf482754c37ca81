/**
 * One conversation: what is shown, what still has to be sent, and the line to the server.
 *
 * A message is written down before it is sent and struck out when it is answered or refused, so
 * that none is lost to a reload or a dead connection; its id makes sending it again harmless.
 */
import { type Api, Problem } from "./api";
import { EventParser, type ServerEvent } from "./sse";
import type { Keep } from "./storage";
import type { History, Language, Message, MessageRequest, Session, Typing } from "./types";
import { languageIn } from "./words";

const AT_ONCE = 5; // messages under way
const GAP = 1000; // milliseconds after which the next message goes though one is unanswered
const SILENCE = 40_000; // milliseconds without a heartbeat (every 15 s) after which a line is dead
const HIDDEN = 30_000; // milliseconds until a tab that nobody sees gives up its line
const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds before trying again, a little spread

export type SendState = "sending" | "waiting" | "failed";

/** A person's message that is not answered yet. `title`: what a button's payload shows as. */
export interface Outgoing {
  id: string;
  text?: string;
  payload?: string;
  title: string;
  language?: Language;
  region?: string;
  shown: Language;
  time: number;
  /** The status with which the server refused it. */
  failed?: number;
  error?: string;
}

/** A message as shown. `of`: the own message that it answers, as far as known. */
export interface Entry {
  message: Message;
  state?: SendState;
  error?: string;
  of?: string;
}

export class Conversation extends EventTarget {
  entries: Entry[] = [];
  /** False from the first failure to reach the server until it answers again. */
  online = true;
  /** Who is writing, if anybody. */
  typing: Typing["author"] | undefined;
  /** The conversation is over; the next message begins another one. */
  ended = false;
  loading = false;
  /** The person agreed that the conversation is kept. */
  stored: boolean;
  /** The language asked for with each message; undefined: the server goes by what is written. */
  language: Language | undefined;
  /** The country whose lines to name (ISO 3166-1), if known. */
  region = "";

  private pending: Outgoing[];
  private readonly underWay = new Set<string>();
  private sent = 0;
  /** The server is giving the conversation another token: nothing is sent meanwhile. */
  private moving = false;
  private session: Session | undefined;
  /** What this tab had on the device: of before (401), null where another tab took it off. */
  private gone: Session | null | undefined;
  private opening: Promise<Session> | undefined;
  private failures = 0;
  private notBefore = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stream: AbortController | undefined;
  private resting: ReturnType<typeof setTimeout> | true | undefined;
  private rereading: ReturnType<typeof setTimeout> | undefined;
  private lastEvent = "";
  private started = false;
  /** Grows with each conversation: an answer that belongs to an earlier one is dropped. */
  private era = 0;

  constructor(
    private readonly api: Api,
    private readonly keep: Keep,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.session = keep.get<Session>("session");
    this.pending = keep.get<Outgoing[]>("pending") ?? [];
    this.stored = this.session?.stored ?? keep.get<boolean>("stored") ?? false;
    this.showPending();
  }

  /** Whether this tab already talks: then it may go on by itself after a reload. */
  get begun(): boolean {
    return this.pending.length > 0 || this.keep.get("begun") === true;
  }

  get hasSession(): boolean {
    return this.session !== undefined;
  }

  /** Whether an answer is awaited. */
  get awaited(): boolean {
    return this.underWay.size > 0;
  }

  /** Takes up the conversation of the kept token, if there is one, and sends what waits. */
  async start(): Promise<void> {
    if (this.started) return;
    this.started = true;
    if (this.session) {
      this.keep.set("begun", true);
      this.loading = true;
      this.changed();
      await this.readHistory();
      this.loading = false;
      this.changed();
    }
    this.flush();
  }

  /** Writes a message down, shows it and sends it. `title`: the words of a pressed button. */
  send(content: { text: string } | { payload: string; title: string }, shown: Language): string {
    this.started = true;
    this.ended = false;
    const outgoing: Outgoing = {
      id: newId(),
      ...("text" in content ? { text: content.text } : { payload: content.payload }),
      title: "text" in content ? content.text : content.title,
      ...(this.language && { language: this.language }),
      ...(this.region && { region: this.region }),
      shown,
      time: this.now() / 1000,
    };
    this.pending.push(outgoing);
    this.save();
    this.showPending();
    this.flush();
    return outgoing.id;
  }

  /** Sends a refused message once more; with the same id, unless that has had other words. */
  retry(id: string): void {
    const outgoing = this.pending.find((item) => item.id === id);
    if (!outgoing) return;
    if (outgoing.failed === 409) {
      outgoing.id = newId();
      this.entries = this.entries.filter((entry) => entry.message.id !== id);
    }
    delete outgoing.failed;
    delete outgoing.error;
    this.save();
    this.wake();
  }

  /** Tries at once: the connection is back, or the person looks at the page again. */
  wake(): void {
    this.rest(false);
    if (!this.started || !(this.session || this.pending.length)) this.online = true;
    if (this.failures) this.notBefore = 0;
    this.flush();
    if (this.rereading !== undefined) this.reread(0);
    else this.listen();
    this.changed();
  }

  /** Nobody sees the page: after a while another tab may need the line more. */
  rest(on = true): void {
    if (this.resting !== true) clearTimeout(this.resting);
    this.resting = on
      ? setTimeout(() => {
          this.resting = true;
          this.hangUp();
        }, HIDDEN)
      : undefined;
  }

  /** The device has lost its connection. */
  lost(): void {
    this.online = false;
    this.hangUp();
    this.showPending();
  }

  /** Asks for the conversation to be kept, or not any longer. Throws `Problem`. */
  async setStored(stored: boolean): Promise<void> {
    const { era } = this;
    await this.opening;
    const { session } = this;
    if (session) {
      const ask = () => this.api.storage(session.token, stored);
      this.moving = true;
      try {
        const fresh = await ask().catch(async (problem: Problem) => {
          if (problem.status) throw problem;
          await sleep(GAP); // perhaps only the answer was lost: the old token still works for this
          return ask();
        });
        if (era !== this.era) return;
        this.adopt(fresh);
      } finally {
        this.moving = false;
        this.flush();
      }
    }
    this.stored = stored;
    this.keep.set("stored", stored);
    this.listen();
    this.changed();
  }

  /** Another tab changed the token on the device: that of this conversation was `old`. */
  elsewhere(old: string | null): void {
    const mine = this.session ?? this.gone;
    if (mine === undefined || old !== (mine && JSON.stringify(mine))) return;
    const fresh = this.keep.get<Session>("session");
    if (fresh) {
      this.adopt(fresh);
      this.ended = false;
      if (this.started) void this.readHistory();
    } else {
      this.forget();
      this.gone = null;
    }
  }

  /** The conversation as a file, or undefined before it began. Throws `Problem`. */
  async export(format: "text" | "json"): Promise<Blob | undefined> {
    return this.session && this.api.export(this.session.token, format);
  }

  /** Deletes the conversation on the server and here. Throws `Problem`; then nothing is deleted. */
  async delete(): Promise<void> {
    if (this.session) {
      try {
        await this.api.delete(this.session.token);
      } catch (problem) {
        // An old token: there is nothing left to delete.
        if (!(problem instanceof Problem && [401, 404].includes(problem.status))) throw problem;
      }
    }
    this.forget();
  }

  /** Begins anew. What nobody agreed to keep is deleted on the server as well. */
  restart(): void {
    if (this.session && !this.stored) this.api.delete(this.session.token, true).catch(() => {});
    this.forget();
  }

  /** Before the page goes away for good: leaves nothing behind in this tab. */
  leave(): void {
    if (this.session && !this.stored) this.api.delete(this.session.token, true).catch(() => {});
    this.forget();
    for (const key of ["settings", "open", "region"]) this.keep.remove(key);
  }

  /** Drops everything held here, consent included. */
  forget(): void {
    this.era += 1;
    this.end();
    this.opening = this.gone = undefined;
    this.pending = [];
    this.entries = [];
    this.underWay.clear();
    this.reached();
    this.ended = this.moving = false;
    for (const key of ["pending", "begun"]) this.keep.remove(key);
    this.changed();
  }

  /** Closes the line and stops trying; `wake` goes on. */
  stop(): void {
    this.hangUp();
    clearTimeout(this.timer);
    clearTimeout(this.rereading);
    this.timer = this.rereading = undefined;
  }

  private hangUp(): void {
    this.stream?.abort();
    this.stream = this.typing = undefined;
  }

  // --- sending ---------------------------------------------------------------------------------

  /** Sends what waits, in its order: the next one when the last is answered, or takes long. */
  private flush(): void {
    if (!this.started) return;
    for (const outgoing of this.pending) {
      if (outgoing.failed || this.underWay.has(outgoing.id)) continue;
      const next = this.underWay.size ? this.sent + GAP : 0;
      const wait = Math.max(this.notBefore, next) - this.now();
      if (wait > 0 || this.moving || this.underWay.size >= AT_ONCE) {
        if (wait > 0) this.later(wait);
        break;
      }
      this.underWay.add(outgoing.id);
      void this.transmit(outgoing);
    }
    this.showPending();
  }

  private async transmit(outgoing: Outgoing): Promise<void> {
    const era = this.era;
    let token = "";
    this.sent = this.now();
    try {
      token = (await this.ensureSession()).token;
      if (era !== this.era) return;
      this.sent = this.now();
      const { id, text, payload, language, region } = outgoing;
      const request: MessageRequest = { id };
      if (payload !== undefined) request.payload = payload;
      else request.text = text ?? "";
      if (language) request.language = language;
      if (region) request.region = region;
      const reply = await this.api.send(token, request);
      if (era !== this.era) return;
      this.reached();
      this.settle(outgoing.id);
      for (const message of reply.messages) this.add(message, outgoing.id);
    } catch (error) {
      if (era === this.era) this.explain(error, outgoing, token);
    }
    if (era !== this.era) return;
    this.underWay.delete(outgoing.id);
    this.flush();
    this.changed();
  }

  /** Decides after a failure: a new session, another try later, or the server's refusal. */
  private explain(error: unknown, outgoing: Outgoing, token: string): void {
    const problem = error instanceof Problem ? error : new Problem(0);
    if (problem.status === 401 && this.failures < PAUSES.length) {
      // Old token. The first time a new session at once; a server that refuses each is given time.
      if (this.session?.token === token) {
        this.end();
        if (this.failures++ > 0) this.pause(0);
      }
    } else if (problem.status === 429) {
      this.pause(problem.wait || 1);
    } else if (problem.status >= 400 && problem.status < 500) {
      this.reached();
      outgoing.failed = problem.status;
      if (problem.words) outgoing.error = problem.words.text;
      this.save();
    } else {
      this.online = false;
      this.failures += 1;
      this.pause(problem.wait);
    }
  }

  private ensureSession(): Promise<Session> {
    if (this.session && this.session.expires > this.now() / 1000) {
      this.listen();
      return Promise.resolve(this.session);
    }
    if (this.session) this.end();
    const era = this.era;
    this.opening ??= this.api
      .session(this.stored)
      .then((session) => {
        if (era === this.era) {
          this.adopt(session);
          this.lastEvent = "";
          this.keep.set("begun", true);
          this.listen();
        }
        return session;
      })
      .finally(() => {
        if (era === this.era) this.opening = undefined;
      });
    return this.opening;
  }

  private adopt(session: Session): void {
    this.keep.set("session", session, this.session ?? this.gone);
    this.session = session;
    this.stored = session.stored;
    this.hangUp();
  }

  /** The token is worth nothing any more; what nobody agreed to anew is not kept. */
  private end(): void {
    this.stop();
    this.gone = this.session;
    this.keep.remove("session", JSON.stringify(this.session ?? null));
    this.keep.remove("stored");
    this.session = undefined;
    this.stored = false;
    this.lastEvent = "";
    this.ended = true;
  }

  private settle(id: string): void {
    this.pending = this.pending.filter((item) => item.id !== id);
    this.save();
    this.patch(id, undefined);
  }

  private reached(): void {
    this.failures = 0;
    this.notBefore = 0;
    this.online = true;
  }

  private pause(seconds: number): void {
    const own = PAUSES[Math.min(this.failures, PAUSES.length) - 1] ?? 1;
    const wait = Math.max(seconds, seconds ? 0 : own * (0.8 + 0.4 * Math.random()));
    this.notBefore = Math.max(this.notBefore, this.now() + wait * 1000);
    this.later(wait * 1000);
  }

  private later(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), milliseconds);
  }

  private save(): void {
    if (this.pending.length) this.keep.set("pending", this.pending);
    else this.keep.remove("pending");
  }

  // --- showing ---------------------------------------------------------------------------------

  private stateOf(outgoing: Outgoing): SendState {
    if (outgoing.failed) return "failed";
    return this.underWay.has(outgoing.id) && this.online ? "sending" : "waiting";
  }

  private showPending(): void {
    for (const outgoing of this.pending) {
      if (!this.entries.some((entry) => entry.message.id === outgoing.id)) {
        this.entries = [...this.entries, { message: ownMessage(outgoing) }];
      }
      this.patch(outgoing.id, outgoing);
    }
    this.changed();
  }

  /** Sets what is said below an own message about its sending. */
  private patch(id: string, outgoing: Outgoing | undefined): void {
    this.entries = this.entries.map((entry) => {
      if (entry.message.id !== id) return entry;
      const { message } = entry;
      if (!outgoing) return entry.state ? { message } : entry;
      const state = this.stateOf(outgoing);
      if (entry.state === state && entry.error === outgoing.error) return entry;
      return { message, state, ...(outgoing.error && { error: outgoing.error }) };
    });
  }

  /** Shows a message once. `of`: answers stand in the order in which their questions were sent. */
  private add(message: Message, of?: string): void {
    if (this.entries.some((entry) => entry.message.id === message.id)) return;
    const sent = (id: string | undefined) =>
      id === undefined ? -1 : this.entries.findIndex((entry) => entry.message.id === id);
    const own = sent(of);
    let index = of === undefined ? -1 : this.entries.findIndex((entry) => sent(entry.of) > own);
    if (index < 0) index = this.entries.length;
    const entry: Entry = of === undefined ? { message } : { message, of };
    this.entries = [...this.entries.slice(0, index), entry, ...this.entries.slice(index)];
    if (message.author !== "person") {
      this.typing = undefined;
      this.dispatchEvent(new CustomEvent("message", { detail: message }));
    }
  }

  private changed(): void {
    this.dispatchEvent(new Event("change"));
  }

  // --- listening -------------------------------------------------------------------------------

  private async readHistory(): Promise<void> {
    const session = this.session;
    if (!session) return;
    try {
      const history = await this.api.history(session.token);
      if (this.session !== session) return;
      this.merge(history);
      this.online = true;
      this.listen();
    } catch (error) {
      if (this.session !== session) return;
      if (error instanceof Problem && error.status === 401) this.end();
      else {
        this.online = false;
        this.failures += 1;
        this.started = true;
        this.reread(5000);
      }
    }
  }

  /** Reads the history once more, as after a reload without a connection. */
  private reread(wait: number): void {
    clearTimeout(this.rereading);
    this.rereading = setTimeout(() => {
      this.rereading = undefined;
      void this.readHistory().then(() => this.changed());
    }, wait);
  }

  /** Shows what the server has, in its order; what it has forgotten, or not said yet, stays. */
  private merge({ messages, event }: History): void {
    const shown = this.entries;
    const find = (list: Entry[], id?: string) => list.findIndex((one) => one.message.id === id);
    this.entries = messages.map((message) => ({ ...shown[find(shown, message.id)], message }));
    shown.forEach((entry, index) => {
      if (find(this.entries, entry.message.id) >= 0) return;
      const before = find(this.entries, shown[index - 1]?.message.id) + 1;
      this.entries.splice(entry.state ? this.entries.length : before, 0, entry);
    });
    this.lastEvent = event;
    this.showPending();
  }

  private listen(): void {
    if (this.stream || !this.session || !this.started || this.resting === true) return;
    const control = new AbortController();
    this.stream = control;
    void this.read(this.session.token, control);
  }

  /** Reads events until `control` says stop, connecting again as often as needed. */
  private async read(token: string, control: AbortController): Promise<void> {
    let tries = 0;
    while (!control.signal.aborted) {
      try {
        const response = await this.api.events(token, this.lastEvent, control.signal);
        if (!this.online) {
          this.reached();
          this.flush();
        }
        const parser = new EventParser();
        parser.lastId = this.lastEvent;
        const reader = response.body?.getReader();
        const decoder = new TextDecoder();
        for (;;) {
          const piece = await Promise.race([reader?.read(), sleep(SILENCE)]);
          if (!piece || piece.done || control.signal.aborted) break;
          tries = 0; // the heartbeat counts
          for (const event of parser.push(decoder.decode(piece.value, { stream: true }))) {
            this.lastEvent = event.id || this.lastEvent;
            await this.handle(event);
          }
        }
        void reader?.cancel().catch(() => {});
      } catch (error) {
        const status = error instanceof Problem ? error.status : 0;
        if (status >= 400 && status < 500) {
          if (this.stream === control) this.stream = undefined;
          if (status === 401 && this.session?.token === token) this.end();
          if (status !== 429) break;
        } else if (tries && !control.signal.aborted) this.online = false;
      }
      if (control.signal.aborted) break;
      this.typing = undefined;
      this.changed();
      const pause = (PAUSES[Math.min(tries++, PAUSES.length - 1)] ?? 30) * 1000;
      await sleep(pause * (0.8 + 0.4 * Math.random()));
    }
    this.changed();
  }

  private async handle(event: ServerEvent): Promise<void> {
    let data: unknown;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    if (event.type === "message") this.add(data as Message);
    else if (event.type === "typing") {
      const { on, author } = data as Typing;
      this.typing = on ? author : undefined;
    } else if (event.type === "reset") await this.readHistory();
    else if (event.type === "ended") {
      this.end();
    }
    this.changed();
  }
}

const sleep = (milliseconds: number) =>
  new Promise<undefined>((resolve) => setTimeout(resolve, milliseconds));

function ownMessage(outgoing: Outgoing): Message {
  return {
    id: outgoing.id,
    author: "person",
    language: languageIn(outgoing.title, outgoing.shown),
    time: outgoing.time,
    template: null,
    text: outgoing.title,
    blocks: [{ type: "paragraph", text: outgoing.title }],
  };
}

/** A random id; `randomUUID` is missing on pages without TLS. */
export function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
