import { type Object3D, Quaternion, Vector3 } from "three";

import type { PlaybackState } from "../protocol/index.js";
import type { TrackedHand } from "./own_hands.js";
import { clock } from "./playback.js";
import { type PanelButton, TextPanel } from "./text_panel.js";

export type MenuAction =
  "play" | "slower" | "faster" | "back" | "loop" | "place" | "recalibrate" | "leave";

const SIZE = { widthM: 0.25, heightM: 0.155, textM: 0.0125 };
const BUTTON = { widthM: 0.054, heightM: 0.046 };
/** The palm turns this far to the face before the menu comes; less lets it go again. */
const FACING = { show: 0.72, hide: 0.5 };
/** How far above the palm it floats. */
const ABOVE_M = 0.11;
const WRITE_EVERY_MS = 150;
const WRIST = 1;
const PALM = 0;

/** A menu above the palm of one hand, for the other hand's index finger. */
export class WristMenu {
  readonly panel = new TextPanel(SIZE);
  readonly #up = new Vector3();
  readonly #palm = new Vector3();
  readonly #towards = new Vector3();
  readonly #turn = new Quaternion();
  #writtenMs = -Infinity;

  get object(): Object3D {
    return this.panel.object;
  }

  get visible(): boolean {
    return this.object.visible;
  }

  /** Follows the hand; comes when its palm is turned to the face. */
  follow(hand: TrackedHand, headM: Vector3, nowMs: number, content: () => MenuContent): void {
    if (!hand.tracked) {
      this.panel.show(null);
      return;
    }
    this.#palm.fromArray(hand.jointsM, PALM * 3);
    this.#turn.fromArray(hand.jointQuat, WRIST * 4);
    // +y is out of the back of the hand.
    this.#up.set(0, -1, 0).applyQuaternion(this.#turn);
    this.#towards.copy(headM).sub(this.#palm).normalize();
    const facing = this.#up.dot(this.#towards);
    if (facing < (this.visible ? FACING.hide : FACING.show)) {
      this.panel.show(null);
      return;
    }
    this.object.position.copy(this.#palm);
    this.object.position.y += ABOVE_M;
    this.object.lookAt(headM);
    if (this.visible && nowMs - this.#writtenMs < WRITE_EVERY_MS) return;
    this.#writtenMs = nowMs;
    const now = content();
    this.panel.show({ title: titleOf(now), buttons: buttonsOf(now) });
  }
}

export interface MenuContent {
  playback: PlaybackState | null;
  positionS: number;
  beside: boolean;
}

function titleOf({ playback, positionS }: MenuContent): string {
  if (!playback?.recording) return "Live teacher";
  return `${clock(positionS)} of ${clock(playback.duration_s)} · ${playback.rate}×`;
}

function buttonsOf({ playback, beside }: MenuContent): PanelButton[] {
  const loaded = Boolean(playback?.recording);
  const rows: { id: MenuAction; label: string; pressed?: boolean }[][] = [
    loaded
      ? [
          { id: "play", label: playback!.playing ? "Pause" : "Play" },
          { id: "back", label: "Back\n5 s" },
          { id: "slower", label: "Slower" },
          { id: "faster", label: "Faster" },
        ]
      : [],
    [
      ...(loaded
        ? [{ id: "loop" as const, label: "Loop\n8 s", pressed: playback!.loop_s !== null }]
        : []),
      { id: "place", label: beside ? "On my\nkeys" : "Beside\nmy keys" },
      { id: "recalibrate", label: "Touch\nagain" },
      { id: "leave", label: "Leave" },
    ],
  ];
  return rows.flatMap((row, r) =>
    row.map((button, c) => ({
      ...button,
      ...BUTTON,
      xM: (c - (row.length - 1) / 2) * 0.06,
      yM: 0.018 - r * 0.054,
    })),
  );
}
