import assert from "node:assert/strict";
import { test } from "node:test";

import { type TokenPlaces, keepToken, tokenFor } from "../../src/ui/tokens.js";

/** A tab's address and storage. */
class Tab implements TokenPlaces {
  readonly kept = new Map<string, string>();
  storage = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void this.kept.set(key, value),
  };

  constructor(public hash = "") {}

  clearHash(): void {
    this.hash = "";
  }
}

test("takes the token out of the address and keeps it for this tab", () => {
  const tab = new Tab("#token=a-b_c.d");
  assert.equal(tokenFor("lesson", "watch", tab), "a-b_c.d");
  assert.equal(tab.hash, "");
  assert.equal(tokenFor("lesson", "watch", tab), "a-b_c.d");
});

test("a token is for one room and one scope", () => {
  const tab = new Tab("#token=x");
  tokenFor("lesson", "watch", tab);
  assert.equal(tokenFor("lesson", "publish", tab), null);
  assert.equal(tokenFor("studio", "watch", tab), null);
  keepToken("studio", "watch", "y", tab);
  assert.equal(tokenFor("studio", "watch", tab), "y");
});

test("a new link's token counts, not the old one", () => {
  const tab = new Tab("#token=old");
  tokenFor("lesson", "watch", tab);
  tab.hash = "#token=new";
  assert.equal(tokenFor("lesson", "watch", tab), "new");
});

test("where nothing can be kept, the token stays in the address", () => {
  const tab = new Tab("#token=x");
  const refuse = () => {
    throw new Error("storage is switched off");
  };
  tab.storage = { getItem: refuse, setItem: refuse };
  assert.equal(tokenFor("lesson", "watch", tab), "x");
  assert.equal(tab.hash, "#token=x");
  tab.hash = "";
  assert.equal(tokenFor("lesson", "watch", tab), null);
});
