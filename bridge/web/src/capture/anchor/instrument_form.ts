import { byId } from "../../ui/dom.js";
import { instrumentName } from "./instrument.js";

const KEY = "ghosthands.instrument";

/** The choice of the instrument; a device remembers it. */
export class InstrumentForm {
  readonly #kind = byId("anchor-instrument", HTMLSelectElement);
  readonly #part = byId("anchor-part", HTMLSelectElement);

  constructor(onChange: () => void) {
    const last = remembered();
    if ([...this.#kind.options].some(({ value }) => value === last)) this.#kind.value = last;
    byId("anchor-form").addEventListener("input", () => {
      this.#show();
      remember(this.#kind.value);
      onChange();
    });
    this.#show();
  }

  /** The bridge's name for the instrument, or what is wrong with the choice. */
  get name(): { name: string } | { wrong: string } {
    const value = (id: string) => byId(id, HTMLInputElement).value;
    const isPart = this.#isKeyboard && this.#part.value === "part";
    return instrumentName({
      kind: this.#kind.value,
      part: isPart ? { first: value("anchor-first"), last: value("anchor-last") } : null,
      widthCm: Number(value("anchor-width")),
      depthCm: Number(value("anchor-depth")),
    });
  }

  get #isKeyboard(): boolean {
    return this.#kind.value.startsWith("piano-");
  }

  #show(): void {
    byId("anchor-part-field").hidden = !this.#isKeyboard;
    byId("anchor-keys").hidden = !this.#isKeyboard || this.#part.value !== "part";
    byId("anchor-sizes").hidden = this.#kind.value !== "rectangle";
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function remember(kind: string): void {
  try {
    localStorage.setItem(KEY, kind);
  } catch {
    // Storage is switched off: it is chosen again next time.
  }
}
