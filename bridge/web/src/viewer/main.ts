import {
  Backoff,
  Connection,
  LEFT,
  type Message,
  RIGHT,
  SIDES,
  type Shape,
  type Side,
  type Status,
} from "../protocol/index.js";
import { type HandMesh, MeshError, fetchHandMesh } from "../stage/hand_mesh.js";
import { Playout } from "../stage/playout.js";
import { byId } from "../ui/dom.js";
import { roomFrom } from "../ui/names.js";
import { browserSurroundings, socketUrl } from "../ui/surroundings.js";
import { followNewTokens, tokenFor } from "../ui/tokens.js";
import { AxesHint } from "./axes_hint.js";
import { type DebugHook, handsForHook } from "./debug_hook.js";
import { Hands } from "./hands.js";
import { type StageLook, followTheme } from "./look.js";
import { type Notice, noticeFor } from "./notice.js";
import { Panel } from "./panel.js";
import { StageView } from "./stage_view.js";
import { ArrivalStats } from "./stats.js";

/** Hands that left a moment ago do not yet raise a notice. */
const NOTICE_AFTER_MS = 2500;
const PANEL_EVERY_MS = 250;

/** The viewer page: a connection's poses, played out on a stage. */
class Viewer {
  readonly #room = roomFrom(new URLSearchParams(location.search));
  readonly #panel = new Panel(this.#room, () => this.#connection.retryNow());
  readonly #connection = new Connection(
    {
      url: socketUrl(this.#room),
      client: "ghosthands-viewer 0.1.0",
      token: tokenFor(this.#room, "watch"),
      onState: () => this.#onState(),
      onMessage: (message) => this.#onMessage(message),
    },
    browserSurroundings,
  );
  readonly #playout = new Playout();
  readonly #stats = new ArrivalStats();
  readonly #shapes = new Map<Side, Shape>();
  readonly #axes = new AxesHint(document.querySelector<SVGElement>("#axes")!);
  #stage: StageView | null = null;
  #hands: Hands | null = null;
  #look: StageLook | null = null;
  #failure: Notice | null = null;
  #status: Status | null = null;
  #frames = 0;
  #poses = 0;
  #drawnMs = 0;
  #panelMs = -Infinity;
  #handsSeenMs = -Infinity;
  #framed = false;

  start(): void {
    try {
      this.#stage = new StageView(byId("canvas", HTMLCanvasElement));
    } catch {
      this.#failure = {
        title: "No 3D graphics",
        text: "This browser offers no WebGL 2. Switch on hardware acceleration, or use a current browser.",
      };
      this.#updatePanel(performance.now());
      return;
    }
    followNewTokens();
    followTheme((look) => this.#setLook(look));
    byId("reset").addEventListener("click", () => this.#resetView());
    byId("skeleton").addEventListener("click", () => this.#toggleSkeleton());
    addEventListener("keydown", (event) => this.#onKey(event));
    addEventListener("online", () => this.#connection.retryNow());
    addEventListener("pagehide", () => this.#connection.close());
    // Back from the page cache: the socket is gone.
    addEventListener("pageshow", (event) => event.persisted && this.#connection.open());
    void this.#loadHands(new Backoff({ firstMs: 500, maxMs: 5000 }));
    this.#connection.open();
    requestAnimationFrame((nowMs) => this.#draw(nowMs));
  }

  hook(): DebugHook {
    const viewer = this;
    return {
      get frames() {
        return viewer.#frames;
      },
      get poses() {
        return viewer.#poses;
      },
      get poseRate() {
        return viewer.#stats.rateHz(performance.now());
      },
      get latencyMs() {
        return viewer.#stats.medianAgeMs(performance.now());
      },
      get state() {
        return viewer.#connection.state.kind;
      },
      get hands() {
        return handsForHook(viewer.#hands);
      },
    };
  }

  async #loadHands(backoff: Backoff): Promise<void> {
    let meshes: HandMesh[];
    try {
      meshes = await Promise.all([fetchHandMesh(LEFT), fetchHandMesh(RIGHT)]);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#failure = {
        title: "The hands' shape could not be loaded",
        text: `${error.message}. Trying again by itself.`,
      };
      setTimeout(() => void this.#loadHands(backoff), backoff.next());
      return;
    }
    this.#failure = null;
    this.#hands = new Hands(meshes, this.#stage!.scene);
    this.#setLook(this.#look!);
    for (const shape of this.#shapes.values()) this.#hands.setShape(shape);
  }

  #setLook(look: StageLook): void {
    this.#look = look;
    this.#stage!.setLook(look);
    this.#hands?.setLook(look);
  }

  #onState(): void {
    if (this.#connection.state.kind !== "open") {
      this.#status = null;
      this.#stats.reset();
      this.#playout.reset();
    }
    this.#updatePanel(performance.now());
  }

  #onMessage(message: Message): void {
    if (message.type === "shape") {
      this.#shapes.set(message.side, message);
      this.#hands?.setShape(message);
    } else if (message.type === "status") {
      this.#status = message;
    } else if (message.type === "pose") {
      const nowMs = performance.now();
      const bridgeMs = this.#bridgeNowMs();
      const timeMs = Number(message.time_ns) / 1e6;
      this.#poses++;
      this.#stats.add(nowMs, bridgeMs === null ? null : bridgeMs - timeMs);
      if (bridgeMs !== null) this.#playout.push(timeMs, message.hands, bridgeMs);
    }
  }

  #bridgeNowMs(): number | null {
    const ns = this.#connection.bridgeNowNs();
    return ns === null ? null : Number(ns) / 1e6;
  }

  #draw(nowMs: number): void {
    requestAnimationFrame((next) => this.#draw(next));
    const elapsedMs = Math.min(100, nowMs - this.#drawnMs);
    this.#drawnMs = nowMs;
    const bridgeMs = this.#bridgeNowMs();
    const played = bridgeMs === null ? [null, null] : this.#playout.advance(bridgeMs);
    this.#hands?.setFloor(this.#stage!.floorY, this.#look!.shadowOpacity);
    this.#hands?.update(played, elapsedMs);
    this.#keepInSight(nowMs, played.filter((hand) => hand !== null).length);
    this.#stage!.render(elapsedMs);
    this.#axes.update(this.#stage!.camera);
    this.#frames++;
    if (nowMs - this.#panelMs >= PANEL_EVERY_MS) this.#updatePanel(nowMs);
  }

  /** Keeps the hands in the picture for as long as the user leaves the camera alone. */
  #keepInSight(nowMs: number, count: number): void {
    if (!this.#hands || count === 0) return;
    this.#handsSeenMs = nowMs;
    if (!this.#stage!.autoFraming) return;
    if (!this.#framed) this.#frameHands({ glide: false });
    else if (!this.#stage!.inSight(this.#keypointsM())) this.#frameHands({ glide: true });
    this.#framed = true;
  }

  /** Keypoints of all hands that are shown. */
  #keypointsM(): number[] {
    return SIDES.flatMap((side) => [...(this.#hands?.keypointsM(side) ?? [])]);
  }

  #frameHands({ glide }: { glide: boolean }): void {
    const points = this.#keypointsM();
    if (points.length > 0) this.#stage!.frameOn(points, { glide });
  }

  #resetView(): void {
    this.#stage!.autoFraming = true;
    this.#frameHands({ glide: true });
  }

  #toggleSkeleton(): void {
    if (!this.#hands) return;
    this.#hands.showSkeleton = !this.#hands.showSkeleton;
    byId("skeleton").setAttribute("aria-pressed", `${this.#hands.showSkeleton}`);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "r") this.#resetView();
    if (event.key === "k") this.#toggleSkeleton();
  }

  #updatePanel(nowMs: number): void {
    this.#panelMs = nowMs;
    const connection = this.#connection.state;
    const open = connection.kind === "open";
    this.#panel.setConnection(connection);
    this.#panel.setStatus(this.#status);
    this.#panel.setFigures({
      poseRateHz: open ? this.#stats.rateHz(nowMs) : null,
      latencyMs: this.#stats.medianAgeMs(nowMs),
      roundTripMs: open ? this.#connection.roundTripMs() : null,
    });
    this.#panel.setNotice(
      noticeFor({
        room: this.#room,
        connection,
        status: this.#status,
        failure: this.#failure,
        handsSeen: nowMs - this.#handsSeenMs < NOTICE_AFTER_MS,
      }),
    );
  }
}

const viewer = new Viewer();
window.ghosthands = viewer.hook();
viewer.start();
