import { WebGLRenderer } from "three";

import { Backoff, type ConnectionState, LEFT, RIGHT } from "../protocol/index.js";
import { type HandMesh, MeshError, fetchHandMesh } from "../stage/hand_mesh.js";
import { drawsInHardware } from "../ui/graphics.js";
import { roomFrom } from "../ui/names.js";
import {
  BRIDGE_GONE,
  NO_WEBGL,
  type Problem,
  VERSION_MISMATCH,
  needsToken,
  sentence,
  unknownRoom,
  wrongToken,
} from "../ui/problems.js";
import { browserSurroundings, socketUrl } from "../ui/surroundings.js";
import { followNewTokens, tokenFor } from "../ui/tokens.js";
import { hookOf } from "./debug_hook.js";
import { Experience } from "./experience.js";
import { sizeOf } from "./lesson_frame.js";
import { Lesson } from "./lesson.js";
import { Page, stateWords } from "./page.js";
import { control } from "./playback.js";
import {
  NO_HANDS,
  SESSION_OPTIONS,
  type Support,
  enterProblem,
  headsetSupport,
} from "./support.js";

/** The headset page: choices, a way in, and a stay in the headset. */
class Learn {
  readonly #room = roomFrom(new URLSearchParams(location.search));
  readonly #page = new Page(this.#room);
  readonly #lesson = new Lesson(
    {
      url: socketUrl(this.#room),
      client: "ghosthands-learn 0.1.0",
      token: tokenFor(this.#room, "watch"),
    },
    browserSurroundings,
    {
      onState: () => this.#update(),
      onPlayback: (state) => {
        this.#page.setLessons(state);
        this.#update();
      },
    },
  );
  #support: Support | null = null;
  #meshes: readonly HandMesh[] | null = null;
  #meshProblem: Problem | null = null;
  #enterProblem: Problem | null = null;
  #session: XRSession | null = null;
  #left = false;
  experience: Experience | null = null;

  start(): void {
    const page = this.#page;
    followNewTokens();
    page.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#enter();
    });
    page.lesson.addEventListener("change", () => {
      const recording = page.lesson.value;
      this.#lesson.send(recording ? control("load", { recording }) : control("unload"));
    });
    page.retry.addEventListener("click", () => void this.#look());
    navigator.xr?.addEventListener("devicechange", () => void this.#look());
    addEventListener("online", () => this.#lesson.retryNow());
    addEventListener("pagehide", () => this.#lesson.close());
    addEventListener("pageshow", (event) => event.persisted && this.#lesson.open());
    this.#lesson.open();
    void this.#look();
    void this.#loadMeshes(new Backoff({ firstMs: 500, maxMs: 5000 }));
  }

  get lesson(): Lesson {
    return this.#lesson;
  }

  async #look(): Promise<void> {
    const { isSecureContext } = window;
    this.#support = await headsetSupport({ isSecureContext, xr: navigator.xr, location });
    this.#update();
  }

  async #loadMeshes(backoff: Backoff): Promise<void> {
    try {
      this.#meshes = await Promise.all([fetchHandMesh(LEFT), fetchHandMesh(RIGHT)]);
      this.#meshProblem = null;
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#meshProblem = {
        title: "The hands’ shape could not be loaded",
        text: `${error.message}.`,
        next: "Wait: the page tries again by itself.",
      };
      setTimeout(() => void this.#loadMeshes(backoff), backoff.next());
    }
    this.#update();
  }

  #update(): void {
    const { state } = this.#lesson;
    const ready = this.#support?.kind === "ready" && this.#meshes !== null;
    this.#page.setState(...stateWords(state));
    this.#page.lesson.disabled = state.kind !== "open";
    const none = this.#support?.kind === "none" ? this.#support.problem : null;
    const problem =
      none ??
      this.#enterProblem ??
      this.#meshProblem ??
      connectionProblem(state, this.#room) ??
      lessonProblem(this.#lesson.playback?.problem ?? null);
    this.#page.setProblem(problem, { retry: none !== null && window.isSecureContext });
    const passthrough = this.#support?.kind === "ready" && this.#support.mode === "immersive-ar";
    const label = this.#session ? "In the headset" : "Enter";
    this.#page.setEnter(ready && !this.#session, label, this.#hint(ready, passthrough));
  }

  #hint(ready: boolean, passthrough: boolean): string {
    if (this.#session)
      return "Put the headset on. Leave by its menu, or by the one above your palm.";
    if (!this.#support) return "Looking for a headset …";
    if (!ready) return this.#support.kind === "none" ? "" : "Loading the hands …";
    if (this.#left) return "You have left. Your instrument’s place is kept.";
    return passthrough
      ? "You will see your own room."
      : "You will see a drawn room: this headset does not show yours.";
  }

  async #enter(): Promise<void> {
    if (this.#support?.kind !== "ready" || !this.#meshes || this.#session) return;
    const { mode } = this.#support;
    const choices = this.#page.choices;
    this.#enterProblem = null;
    try {
      // First of all: a browser lends a session only while the tap is fresh.
      this.#session = await navigator.xr!.requestSession(mode, SESSION_OPTIONS);
    } catch (error) {
      this.#enterProblem = enterProblem(error);
      this.#update();
      return;
    }
    const session = this.#session;
    let renderer: WebGLRenderer | null = null;
    session.addEventListener("end", () => this.#leave(session, renderer), { once: true });
    try {
      renderer = new WebGLRenderer({ alpha: true, antialias: drawsInHardware() });
      renderer.setClearAlpha(0);
      const size = sizeOf(choices.instrument)!;
      const settings = { ...choices, size, room: this.#room };
      this.experience = new Experience(
        renderer,
        session,
        mode,
        settings,
        this.#lesson,
        this.#meshes,
        localStorage,
      );
      await this.experience.start();
    } catch (error) {
      this.#enterProblem = renderer ? enterProblem(error) : NO_WEBGL;
      await session.end();
    }
    if (session.enabledFeatures && !session.enabledFeatures.includes("hand-tracking")) {
      this.#enterProblem = NO_HANDS;
    }
    this.#update();
  }

  #leave(session: XRSession, renderer: WebGLRenderer | null): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#left = this.experience?.flow.state.kind === "done";
    this.experience?.stop();
    this.experience = null;
    renderer?.dispose();
    renderer?.forceContextLoss();
    this.#update();
  }
}

function connectionProblem(state: ConnectionState, room: string): Problem | null {
  switch (state.kind) {
    case "waiting_for_room":
      return unknownRoom(room);
    case "reconnecting":
      return BRIDGE_GONE;
    case "refused":
      if (state.code === "unsupported_version") return VERSION_MISMATCH;
      return state.code === "unauthorised" ? needsToken(room) : wrongToken(room, state.reason);
    default:
      return null;
  }
}

/** Why the room does not play what was asked for; `reason` is the bridge's own word. */
function lessonProblem(reason: string | null): Problem | null {
  if (reason === null) return null;
  const next = "Choose another lesson, or look at the bridge’s folder of lessons.";
  return { title: "The lesson is not played", text: sentence(reason), next };
}

const learn = new Learn();
learn.start();
window.ghosthandsLearn = hookOf(learn);
