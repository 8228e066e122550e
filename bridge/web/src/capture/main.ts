import { roomFrom, toName } from "../ui/names.js";
import { followNewTokens, tokenFor } from "../ui/tokens.js";
import { CAMERA_STOPPED, type Problem, paragraph } from "../ui/problems.js";
import { AnchorDialog } from "./anchor/anchor_dialog.js";
import { Battery } from "./battery.js";
import {
  CameraError,
  type Wanted,
  alreadyAllowed,
  listCameras,
  lowerQuality,
  openCamera,
} from "./camera.js";
import { CameraControls } from "./camera_controls.js";
import { preferredFrom } from "./codecs.js";
import { DeviceWatch } from "./device_watch.js";
import { Page } from "./page.js";
import { type PublishState, Publisher } from "./publisher.js";
import { SentStats } from "./sent_stats.js";
import { SightView } from "./sight_view.js";
import { rememberViewName, viewName } from "./view_name.js";
import { ScreenWakeLock } from "./wake_lock.js";
import { whipUrl } from "./whip.js";

const STATS_EVERY_MS = 1000;
/** A page that was away for less is as if it never was. */
const AWAY_MS = 1000;
const BACK_NOTICE_MS = 6000;

/** The capture page: one camera, published to one view of a room. */
class Capture {
  readonly #search = new URLSearchParams(location.search);
  readonly #room = roomFrom(this.#search);
  readonly #token = tokenFor(this.#room, "publish");
  readonly #page = new Page(this.#room, viewName(this.#search));
  readonly #sight = new SightView(this.#page.preview);
  readonly #publisher = new Publisher(
    preferredFrom(this.#search),
    (state) => this.#show(state),
    (sight) => this.#sight.show(sight),
  );
  readonly #controls = new CameraControls(this.#page.lock, this.#page.torch);
  readonly #anchor = new AnchorDialog(this.#page.preview, {
    room: this.#room,
    token: this.#token,
    view: () => this.#page.view.value,
    bridge: () => this.#publisher.bridge ?? location.origin,
    known: () => this.#sight.sight?.instrument ?? false,
  });
  readonly #watch = new DeviceWatch();
  readonly #battery = new Battery();
  readonly #stats = new SentStats();
  readonly #wakeLock = new ScreenWakeLock();
  #stream: MediaStream | null = null;
  #facing: Wanted["facing"] = "environment";
  #deviceId: string | null = null;
  #opening: Promise<unknown> = Promise.resolve();
  #hiddenMs: number | null = null;

  async start(): Promise<void> {
    const page = this.#page;
    page.start.addEventListener("click", () => void this.#toggle());
    page.flip.addEventListener("click", () => void this.#flip());
    page.camera.addEventListener("change", () => {
      this.#deviceId = page.camera.value || null;
      void this.#changeCamera();
    });
    page.quality.addEventListener("change", () => void this.#changeCamera());
    page.view.addEventListener("change", () => this.#rename());
    addEventListener("pagehide", () => this.#publisher.stop());
    addEventListener("online", () => this.#publisher.retryNow());
    document.addEventListener("visibilitychange", () => void this.#onVisibility());
    page.anchor.addEventListener("click", () => this.#anchor.open());
    setInterval(() => void this.#showSent(), STATS_EVERY_MS);

    followNewTokens();

    this.#show({ kind: "idle" });
    if (this.#search.get("autostart") === "1") await this.#toggle();
    else if (await alreadyAllowed()) await this.#openCamera();
  }

  async #toggle(): Promise<void> {
    if (this.#publishing) {
      this.#publisher.stop();
      return;
    }
    this.#page.start.disabled = true;
    const track = this.#stream?.getVideoTracks()[0] ?? (await this.#openCamera());
    this.#page.start.disabled = false;
    if (!track) return;
    this.#publisher.start(track, whipUrl(this.#room, this.#page.view.value), this.#token);
  }

  /** Opens the chosen camera and shows its picture; null where it cannot. One at a time. */
  #openCamera(): Promise<MediaStreamTrack | null> {
    const opening = this.#opening.then(() => this.#openCameraNow());
    this.#opening = opening.catch(() => null);
    return opening;
  }

  async #openCameraNow(): Promise<MediaStreamTrack | null> {
    // Phones open a second camera only once the first is closed.
    this.#closeCamera();
    this.#page.setState("warn", "Starting camera");
    try {
      this.#stream = await openCamera({
        deviceId: this.#deviceId,
        facing: this.#facing,
        ...this.#page.wantedQuality,
      });
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      this.#cameraFailed(error.problem);
      return null;
    }
    const track = this.#stream.getVideoTracks()[0]!;
    // Smooth motion before sharp stills: a blurred hand is found again, a missing one is not.
    track.contentHint = "motion";
    track.addEventListener("ended", () => {
      // A phone may end the camera of a page that it hides: then it is opened again on return.
      if (document.visibilityState === "visible") this.#cameraFailed(CAMERA_STOPPED);
    });
    this.#controls.take(track);
    const { deviceId, facingMode } = track.getSettings();
    this.#page.showPicture(this.#stream);
    this.#page.setCameras(await listCameras(), deviceId);
    if (facingMode === "user" || facingMode === "environment") this.#facing = facingMode;
    this.#page.setFacing(facingMode ? this.#facing : null);
    this.#show(this.#publisher.state);
    return track;
  }

  #closeCamera(): void {
    // A track that is stopped from here does not fire "ended".
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#controls.take(null);
    this.#page.showPicture(null);
  }

  #cameraFailed(problem: Problem): void {
    this.#closeCamera();
    this.#publisher.stop();
    this.#page.setState("bad", "No camera");
    this.#page.setNotice(noticeOf(problem));
  }

  async #changeCamera(): Promise<void> {
    if (!this.#stream) return;
    const track = await this.#openCamera();
    if (track && this.#publisher.state.kind !== "idle") await this.#publisher.replaceTrack(track);
  }

  /** The page is hidden, or is back: a hidden one sends nothing, or little. */
  async #onVisibility(): Promise<void> {
    if (document.visibilityState !== "visible") {
      this.#hiddenMs = performance.now();
      return;
    }
    const awayMs = this.#hiddenMs === null ? 0 : performance.now() - this.#hiddenMs;
    this.#hiddenMs = null;
    this.#publisher.retryNow();
    if (this.#stream?.getVideoTracks()[0]?.readyState === "ended") await this.#changeCamera();
    if (!this.#publishing || awayMs < AWAY_MS) return;
    if (this.#publisher.state.kind !== "live") return;
    this.#page.setNotice({
      title: `The page was in the background for ${Math.round(awayMs / 1000)}\u00a0s.`,
      text: "Browsers stop the camera then. It sends again; keep this page in front.",
      hint: true,
    });
    setTimeout(() => this.#show(this.#publisher.state), BACK_NOTICE_MS);
  }

  get #publishing(): boolean {
    const { kind } = this.#publisher.state;
    return kind !== "idle" && kind !== "refused";
  }

  /** Asks for less, where the device or the network cannot keep up. */
  async #lowerQuality(): Promise<void> {
    const lower = lowerQuality(this.#page.wantedQuality);
    if (!lower) return;
    this.#page.quality.value = lower.id;
    await this.#changeCamera();
  }

  async #flip(): Promise<void> {
    this.#facing = this.#facing === "user" ? "environment" : "user";
    this.#deviceId = null;
    await this.#changeCamera();
  }

  #rename(): void {
    const name = toName(this.#page.view.value);
    this.#page.view.value = name ?? viewName(this.#search);
    if (name) rememberViewName(name);
  }

  #show(state: PublishState): void {
    const page = this.#page;
    page.setPublishing(this.#publishing);
    this.#wakeLock.set(this.#publishing);
    this.#sight.setLive(state.kind === "live");
    switch (state.kind) {
      case "idle":
        page.setState("off", "Not sending");
        page.setNotice(
          this.#stream
            ? null
            : {
                title: "Point this camera at the hands",
                text: "Prop the device up so that both hands stay in the picture, then press Start. The picture goes to this bridge only.",
              },
        );
        break;
      case "connecting":
        page.setState("warn", "Connecting");
        page.setNotice(null);
        break;
      case "live":
        page.setState("good", "Sending");
        page.setNotice(null);
        break;
      case "retrying":
        page.setState("bad", "Reconnecting");
        page.setNotice({ ...noticeOf(state.problem), hint: true });
        break;
      case "refused":
        page.setState("bad", "Refused");
        page.setNotice({
          ...noticeOf(state.problem),
          ...(state.denied && {
            action: { label: "Type a join code", href: `/?room=${this.#room}` },
          }),
        });
    }
  }

  async #showSent(): Promise<void> {
    const live = this.#publisher.state.kind === "live";
    const sent = this.#stats.read(live ? await this.#publisher.stats() : null);
    this.#page.setSent(sent);
    const { frameRate } = this.#page.wantedQuality;
    const battery = this.#publishing ? this.#battery.state : null;
    // Hidden pages are slowed down by the browser: that says nothing of the device.
    const shown = document.visibilityState === "visible" ? sent : null;
    const state = { nowMs: performance.now(), sent: shown, wantedFps: frameRate, battery };
    this.#page.setWarnings(
      this.#watch.step(state),
      lowerQuality(this.#page.wantedQuality) ? () => void this.#lowerQuality() : null,
    );
  }
}

/** A problem as a notice; a link that only leads to another page of this one is shown as it is. */
function noticeOf(problem: Problem): {
  title: string;
  text: string;
  action?: { label: string; href: string };
} {
  return {
    title: problem.title,
    text: paragraph(problem).trim(),
    ...(problem.link && { action: { ...problem.link } }),
  };
}

void new Capture().start();
