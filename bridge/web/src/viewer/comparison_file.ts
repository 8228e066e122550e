import { byId, setText } from "../ui/dom.js";
import { MAX_FILE_BYTES, type Passages, PassagesError, parsePassages } from "./playback/passages.js";

/** Opens a comparison: by the button, or dropped anywhere on the page. */
export class ComparisonFile {
  readonly #why = byId("comparison-why");
  readonly #input = byId("comparison", HTMLInputElement);

  constructor(private readonly onPassages: (passages: Passages) => void) {
    this.#input.addEventListener("change", () => {
      const file = this.#input.files?.[0];
      if (file) void this.#open(file);
      this.#input.value = "";
    });
    // Without this a file that misses goes to the browser, which leaves the page for it.
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) void this.#open(file);
    });
  }

  async #open(file: File): Promise<void> {
    try {
      if (file.size > MAX_FILE_BYTES) throw new PassagesError("The file is too large for a comparison.");
      const passages = parsePassages(await file.text());
      this.onPassages(passages);
      const count = passages.passages.length;
      setText(this.#why, `${count} ${count === 1 ? "passage" : "passages"}, worst first. Choose one to loop it.`);
    } catch (error) {
      setText(this.#why, error instanceof PassagesError ? error.message : "The file could not be read.");
    }
  }
}
