import { IDENTITY, type Rigid, compose } from "../stage/rigid.js";
import { loadPlace, savePlace } from "./saved_place.js";

/** An anchor is read this often: rooms do not move, what the headset knows of them does. */
const READ_EVERY_MS = 500;

/** Keeps where the instrument is: for the next time, and in place while the headset learns the room. */
export class PlaceKeeper {
  #anchor: XRAnchor | null = null;
  /** The instrument's frame against the anchor. */
  #offset: Rigid | null = null;
  #readMs = -Infinity;

  constructor(
    private readonly session: XRSession,
    private readonly room: string,
    private readonly instrument: string,
    private readonly store: Storage,
  ) {}

  /**
   * What was kept the last time: a place in the room, or null. One that hangs on an anchor is found
   * by `read`, once the headset knows where the anchor is.
   */
  async restore(): Promise<Rigid | null> {
    const saved = loadPlace(this.store, this.room, this.instrument);
    if (!saved) return null;
    if (saved.anchor === null) return saved.pose;
    try {
      this.#anchor = (await this.session.restorePersistentAnchor?.(saved.anchor)) ?? null;
      this.#offset = saved.pose;
    } catch {
      // The headset has forgotten it: another room, or its data were cleared.
      this.#anchor = null;
    }
    return null;
  }

  /** The instrument is looked for anew: the anchor says nothing more. It stays kept until `keep`. */
  forget(): void {
    this.#offset = null;
  }

  /** Where the anchor says that the instrument is, now and then; null where it says nothing. */
  read(frame: XRFrame, room: XRReferenceSpace, nowMs: number): Rigid | null {
    if (!this.#anchor || !this.#offset || nowMs - this.#readMs < READ_EVERY_MS) return null;
    this.#readMs = nowMs;
    const pose = frame.getPose(this.#anchor.anchorSpace, room);
    return pose ? compose(rigidOf(pose.transform), this.#offset) : null;
  }

  /** Keeps a place, on an anchor where the headset has them. False where nothing can be kept. */
  keep(frame: XRFrame, room: XRReferenceSpace, pose: Rigid): boolean {
    this.#anchor?.delete();
    this.#anchor = this.#offset = null;
    const saved = savePlace(this.store, this.room, this.instrument, { pose, anchor: null });
    void this.#hang(frame, room, pose);
    return saved;
  }

  async #hang(frame: XRFrame, room: XRReferenceSpace, pose: Rigid): Promise<void> {
    const [x, y, z] = pose.positionM;
    const [qx, qy, qz, qw] = pose.rotationQuat;
    try {
      const at = new XRRigidTransform({ x, y, z }, { x: qx, y: qy, z: qz, w: qw });
      const anchor = await frame.createAnchor?.(at, room);
      if (!anchor) return;
      this.#anchor = anchor;
      this.#offset = IDENTITY; // the anchor is at the instrument itself
      const handle = await anchor.requestPersistentHandle?.();
      if (!handle) return;
      savePlace(this.store, this.room, this.instrument, { pose: this.#offset, anchor: handle });
    } catch {
      // No anchors here, or no more of them: the place in the room is kept all the same.
    }
  }
}

export function rigidOf({ position: p, orientation: q }: XRRigidTransform): Rigid {
  return { positionM: [p.x, p.y, p.z], rotationQuat: [q.x, q.y, q.z, q.w] };
}
