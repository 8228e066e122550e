import { roomFrom, toName } from "../ui/names.js";
import { followNewTokens, tokenFor } from "../ui/tokens.js";
import { CameraError, type Wanted, alreadyAllowed, listCameras, openCamera } from "./camera.js";
import { preferredFrom } from "./codecs.js";
import { Page } from "./page.js";
import { type PublishState, Publisher } from "./publisher.js";
import { SentStats } from "./sent_stats.js";
import { rememberViewName, viewName } from "./view_name.js";
import { ScreenWakeLock } from "./wake_lock.js";
import { whipUrl } from "./whip.js";

const STATS_EVERY_MS = 1000;

/** The capture page: one camera, published to one view of a room. */
class Capture {
  readonly #search = new URLSearchParams(location.search);
  readonly #room = roomFrom(this.#search);
  readonly #token = tokenFor(this.#room, "publish");
  readonly #page = new Page(this.#room, viewName(this.#search));
  readonly #publisher = new Publisher(preferredFrom(this.#search), (state) => this.#show(state));
  readonly #stats = new SentStats();
  readonly #wakeLock = new ScreenWakeLock();
  #stream: MediaStream | null = null;
  #facing: Wanted["facing"] = "environment";
  #deviceId: string | null = null;

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
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#publisher.retryNow();
    });
    setInterval(() => void this.#showSent(), STATS_EVERY_MS);

    followNewTokens();

    this.#show({ kind: "idle" });
    if (this.#search.get("autostart") === "1") await this.#toggle();
    else if (await alreadyAllowed()) await this.#openCamera();
  }

  async #toggle(): Promise<void> {
    if (this.#publisher.state.kind !== "idle" && this.#publisher.state.kind !== "refused") {
      this.#publisher.stop();
      return;
    }
    this.#page.start.disabled = true;
    const track = this.#stream?.getVideoTracks()[0] ?? (await this.#openCamera());
    this.#page.start.disabled = false;
    if (!track) return;
    this.#publisher.start(track, whipUrl(this.#room, this.#page.view.value), this.#token);
  }

  /** Opens the chosen camera and shows its picture; null where it cannot. */
  async #openCamera(): Promise<MediaStreamTrack | null> {
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
      this.#cameraFailed(error);
      return null;
    }
    const track = this.#stream.getVideoTracks()[0]!;
    // Smooth motion before sharp stills: a blurred hand is found again, a missing one is not.
    track.contentHint = "motion";
    track.addEventListener("ended", () => {
      this.#cameraFailed(
        new CameraError(
          "The camera stopped",
          "It was unplugged or taken by another app. Press Start.",
        ),
      );
    });
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
    this.#page.showPicture(null);
  }

  #cameraFailed(error: CameraError): void {
    this.#closeCamera();
    this.#publisher.stop();
    this.#page.setState("bad", "No camera");
    this.#page.setNotice({ title: error.title, text: error.message });
  }

  async #changeCamera(): Promise<void> {
    if (!this.#stream) return;
    const track = await this.#openCamera();
    if (track && this.#publisher.state.kind !== "idle") await this.#publisher.replaceTrack(track);
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
    const publishing = state.kind !== "idle" && state.kind !== "refused";
    page.setPublishing(publishing);
    this.#wakeLock.set(publishing);
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
        page.setNotice({ title: state.reason, text: "Trying again by itself.", hint: true });
        break;
      case "refused":
        page.setState("bad", "Refused");
        page.setNotice({
          title: "The stream was not taken",
          text: state.reason,
          ...(state.denied && {
            action: { label: "Type a join code", href: `/?room=${this.#room}` },
          }),
        });
    }
  }

  async #showSent(): Promise<void> {
    const live = this.#publisher.state.kind === "live";
    this.#page.setSent(this.#stats.read(live ? await this.#publisher.stats() : null));
  }
}

void new Capture().start();
