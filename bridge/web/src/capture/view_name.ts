import { toName } from "../ui/names.js";

const KEY = "ghosthands.view";
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

/**
 * The view this device publishes: what the address says, else what it was called before, else a
 * new name. Two devices in one room need two names, so new ones end in chance.
 */
export function viewName(search: URLSearchParams): string {
  return toName(search.get("view") ?? "") ?? toName(remembered()) ?? newName();
}

/** Keeps a name that the user chose for the next visit. */
export function rememberViewName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Storage is switched off: the name is asked for again next time.
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function newName(): string {
  const touch = navigator.maxTouchPoints > 0;
  const small = Math.min(screen.width, screen.height) < 600;
  const kind = !touch ? "camera" : small ? "phone" : "tablet";
  const tail = crypto.getRandomValues(new Uint8Array(3));
  const name = `${kind}-${[...tail].map((byte) => LETTERS[byte % LETTERS.length]).join("")}`;
  rememberViewName(name);
  return name;
}
