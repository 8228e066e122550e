import {
  Backoff,
  Connection,
  LEFT,
  type Message,
  RIGHT,
  type Status,
} from "../protocol/index.js";
import { MeshError, fetchHandMesh } from "../stage/hand_mesh.js";
import { Playout } from "../stage/playout.js";
import type { Notice } from "../ui/notice_card.js";
import { byId } from "../ui/dom.js";
import { roomFrom } from "../ui/names.js";
import { NO_WEBGL, WEBGL_LOST } from "../ui/problems.js";
import { browserSurroundings, socketUrl } from "../ui/surroundings.js";
import { followNewTokens, tokenFor } from "../ui/tokens.js";
import { AxesHint } from "./axes_hint.js";
import { ComparisonFile } from "./comparison_file.js";
import { Controls } from "./controls.js";
import { type DebugHook, hookOf } from "./debug_hook.js";
import { LearnerPanel } from "./learner_panel.js";
import { followTheme } from "./look.js";
import { noticeFor, ofProblem } from "./notice.js";
import { Panel } from "./panel.js";
import { PlaybackBar } from "./playback/bar.js";
import { FrameLength } from "./playback/clock.js";
import { RecordingPanel } from "./recording_panel.js";
import { Scene } from "./scene.js";
import { Share } from "./share.js";
import { StageView } from "./stage_view.js";
import { ArrivalStats, RecentValues } from "./stats.js";

/** Hands that left a moment ago do not yet raise a notice. */
const NOTICE_AFTER_MS = 2500;
const PANEL_EVERY_MS = 250;
const BAR_EVERY_MS = 100;

/** The viewer page: a connection's messages, shown on a stage and told in panels. */
export class Viewer {
  readonly room = roomFrom(new URLSearchParams(location.search));
  readonly #token = tokenFor(this.room, "watch");
  readonly #panel = new Panel(this.room, () => this.connection.retryNow());
  readonly #learnerPanel = new LearnerPanel();
  readonly connection = new Connection(
    {
      url: socketUrl(this.room),
      client: "ghosthands-viewer 0.1.0",
      token: this.#token,
      onState: () => this.#onState(),
      onMessage: (message) => this.#onMessage(message),
    },
    browserSurroundings,
  );
  readonly stats = new ArrivalStats();
  readonly #drawn = new RecentValues();
  readonly #playout = new Playout();
  readonly #frameLength = new FrameLength();
  readonly bar = new PlaybackBar(
    (control) => this.connection.send(control),
    () => this.#frameLength.seconds,
  );
  readonly #recording = new RecordingPanel(this.room, this.#token, (state) =>
    this.bar.setAllowed(state === null || state.mayControlPlayback),
  );
  readonly #axes = new AxesHint(document.querySelector<SVGElement>("#axes")!);
  readonly #look = followTheme((look) => this.scene?.setLook(look));
  scene: Scene | null = null;
  #controls: Controls | null = null;
  #failure: Notice | null = null;
  #status: Status | null = null;
  frames = 0;
  poses = 0;
  /** When what the canvas shows was captured: the bridge's clock, milliseconds. */
  shownMs: number | null = null;
  /** How long after its capture that was drawn, milliseconds. */
  delayMs: number | null = null;
  #drawnMs = 0;
  #panelMs = -Infinity;
  #barMs = -Infinity;
  #handsSeenMs = -Infinity;

  start(): void {
    followNewTokens();
    new Share(this.room, this.#token);
    const canvas = byId("canvas", HTMLCanvasElement);
    try {
      this.scene = new Scene(new StageView(canvas), this.#look());
    } catch {
      this.#fail(ofProblem(NO_WEBGL));
      return;
    }
    this.#controls = new Controls(this.scene, this.bar, this.#recording);
    new ComparisonFile((passages) => this.bar.setPassages(passages));
    // Without preventDefault a browser would not give a lost picture back.
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#fail(ofProblem(WEBGL_LOST));
    });
    canvas.addEventListener("webglcontextrestored", () => (this.#failure = null));
    addEventListener("online", () => this.connection.retryNow());
    addEventListener("pagehide", () => this.connection.close());
    // Back from the page cache: the socket is gone.
    addEventListener("pageshow", (event) => event.persisted && this.connection.open());
    void this.#loadHands(new Backoff({ firstMs: 500, maxMs: 5000 }));
    this.connection.open();
    requestAnimationFrame((nowMs) => this.#draw(nowMs));
  }

  hook(): DebugHook {
    return hookOf(this);
  }

  #fail(failure: Notice): void {
    this.#failure = failure;
    this.#updatePanel(performance.now());
  }

  async #loadHands(backoff: Backoff): Promise<void> {
    try {
      this.scene!.setHands(await Promise.all([fetchHandMesh(LEFT), fetchHandMesh(RIGHT)]));
      this.#failure = null;
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#failure = {
        title: "The hands' shape could not be loaded",
        text: `${error.message}. Trying again by itself.`,
      };
      setTimeout(() => void this.#loadHands(backoff), backoff.next());
    }
  }

  #onState(): void {
    const open = this.connection.state.kind === "open";
    this.bar.setOpen(open);
    this.#recording.setOpen(open);
    if (!open) {
      this.#status = null;
      this.stats.reset();
      this.#drawn.reset();
      this.#playout.reset();
      this.scene?.reset();
    }
    this.#updatePanel(performance.now());
  }

  #onMessage(message: Message): void {
    const { scene } = this;
    const nowMs = performance.now();
    switch (message.type) {
      case "shape":
        scene?.setShape(message);
        break;
      case "status":
        if (message.recording !== this.#status?.recording) void this.#recording.refresh();
        this.#status = message;
        break;
      case "anchor":
        scene?.setAnchor(message.size_m.every((size) => size > 0) ? message : null);
        break;
      case "playback_state":
        if (message.recording !== this.bar.state?.recording) this.#frameLength.reset();
        if (!message.playing) this.#frameLength.pause();
        this.bar.setState(message);
        break;
      case "learner_hands":
        scene?.takeLearner(message, this.#bridgeNowMs() ?? nowMs);
        break;
      case "score":
        scene?.takeScore(message, nowMs);
        break;
      case "pose": {
        const bridgeMs = this.#bridgeNowMs();
        const timeMs = Number(message.time_ns) / 1e6;
        this.poses++;
        this.stats.add(nowMs, bridgeMs === null ? null : bridgeMs - timeMs);
        if (bridgeMs !== null) this.#playout.push(timeMs, message.hands, bridgeMs);
        scene?.pose(message);
        const state = this.bar.state;
        if (state?.playing) this.#frameLength.add(timeMs, state.rate);
        break;
      }
    }
  }

  #bridgeNowMs(): number | null {
    const ns = this.connection.bridgeNowNs();
    return ns === null ? null : Number(ns) / 1e6;
  }

  #draw(nowMs: number): void {
    requestAnimationFrame((next) => this.#draw(next));
    const scene = this.scene!;
    const elapsedMs = Math.min(100, nowMs - this.#drawnMs);
    this.#drawnMs = nowMs;
    const bridgeMs = this.#bridgeNowMs();
    const played = this.#playout.advance(bridgeMs ?? 0);
    this.delayMs = bridgeMs === null ? null : this.#playout.delayMs();
    this.shownMs = bridgeMs === null || this.delayMs === null ? null : bridgeMs - this.delayMs;
    scene.update(played, nowMs, bridgeMs, elapsedMs);
    if (played[0] || played[1]) {
      this.#handsSeenMs = nowMs;
      if (this.delayMs !== null) this.#drawn.add(nowMs, this.delayMs);
    }
    this.#controls!.keepInSight(played[0] !== null || played[1] !== null);
    scene.view.render(elapsedMs);
    this.frames++;
    if (nowMs - this.#barMs >= BAR_EVERY_MS) {
      this.#barMs = nowMs;
      this.#axes.update(scene.view.camera);
      this.bar.update(this.connection.bridgeNowNs());
    }
    if (nowMs - this.#panelMs >= PANEL_EVERY_MS) this.#updatePanel(nowMs);
  }

  #updatePanel(nowMs: number): void {
    this.#panelMs = nowMs;
    const connection = this.connection.state;
    const open = connection.kind === "open";
    this.#panel.setConnection(connection);
    this.#panel.setStatus(this.#status);
    this.#panel.setFigures({
      poseRateHz: open ? this.stats.rateHz(nowMs) : null,
      drawnMs: this.#drawn.quantiles(nowMs, [0.5, 0.95]) as [number, number] | null,
      arrivedMs: this.latencyMs(nowMs),
      roundTripMs: open ? this.connection.roundTripMs() : null,
    });
    const { scene } = this;
    if (scene) {
      const others = scene.learnerHands.others(this.#bridgeNowMs() ?? nowMs);
      this.#learnerPanel.update(scene.learnerHands.learner, others, scene.feedback);
    }
    this.#panel.setNotice(
      noticeFor({
        room: this.room,
        connection,
        status: this.#status,
        failure: this.#failure,
        handsSeen: nowMs - this.#handsSeenMs < NOTICE_AFTER_MS,
        hadToken: this.#token !== null,
        lesson: this.bar.state?.recording != null,
      }),
    );
  }

  /** Capture to this page, median of the last second; null while it is not known. */
  latencyMs(nowMs: number): number | null {
    return this.stats.medianAgeMs(nowMs);
  }
}
