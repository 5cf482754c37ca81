/**
 * What is kept in the browser. In the tab only, unless the person asks to be remembered: then token
 * and settings move to the device. Works in memory where the browser forbids storage.
 */

/** The part of the Web Storage interface that is used here. */
export type Area = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Kept on the device when the person wants to be remembered; the rest stays in the tab. */
const REMEMBERED = new Set(["session", "settings"]);

export class Keep {
  private readonly memory = new Map<string, string>();

  /** `tab`, `device`: give sessionStorage and localStorage; the mere access may throw. */
  constructor(
    private readonly prefix: string,
    private readonly tab: () => Area,
    private readonly device: () => Area,
  ) {}

  get remember(): boolean {
    return this.read(this.device, "remember") === "1";
  }

  /** Moves token and settings to the device, or takes everything off it again. */
  set remember(on: boolean) {
    for (const key of REMEMBERED) {
      const value = this.raw(key);
      this.remove(key);
      if (value !== null) this.write(on ? this.device : this.tab, key, value);
    }
    if (on) this.write(this.device, "remember", "1");
    else this.drop(this.device, "remember");
  }

  get<T>(key: string): T | undefined {
    try {
      return JSON.parse(this.raw(key) ?? "") as T;
    } catch {
      return undefined;
    }
  }

  /** `before`: what this tab had. Where the device has another one, that is another tab's. */
  set(key: string, value: unknown, before?: unknown): void {
    const text = JSON.stringify(value);
    const there = this.read(this.device, key);
    const ours = key !== "session" || !there || [text, JSON.stringify(before)].includes(there);
    this.drop(this.tab, key);
    this.write(REMEMBERED.has(key) && this.remember && ours ? this.device : this.tab, key, text);
  }

  /** `only`: the text without which it stays on the device, for it is another tab's. */
  remove(key: string, only?: string | null): void {
    this.memory.delete(key);
    this.drop(this.tab, key);
    if (REMEMBERED.has(key) && (only === undefined || only === this.read(this.device, key)))
      this.drop(this.device, key);
  }

  /** The name under which `key` is stored, to recognise what another tab changes. */
  name(key: string): string {
    return `${this.prefix}:${key}`;
  }

  private raw(key: string): string | null {
    return (
      this.memory.get(key) ??
      this.read(this.tab, key) ??
      (REMEMBERED.has(key) ? this.read(this.device, key) : null)
    );
  }

  private read(area: () => Area, key: string): string | null {
    try {
      return area().getItem(this.name(key));
    } catch {
      return null;
    }
  }

  private write(area: () => Area, key: string, value: string): void {
    try {
      area().setItem(this.name(key), value);
      this.memory.delete(key);
    } catch {
      this.memory.set(key, value); // no storage here: as long as the page lives
    }
  }

  private drop(area: () => Area, key: string): void {
    try {
      area().removeItem(this.name(key));
    } catch {
      // nothing was stored
    }
  }
}
