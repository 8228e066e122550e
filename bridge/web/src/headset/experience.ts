import { type Camera, PerspectiveCamera, Scene, Vector3, type WebGLRenderer } from "three";

import { SIDES, type Side } from "../protocol/index.js";
import type { HandMesh } from "../stage/hand_mesh.js";
import type { PlayedHand } from "../stage/playout.js";
import { IDENTITY, type Rigid } from "../stage/rigid.js";
import type { Size } from "./calibration.js";
import { CalibrationFlow } from "./calibration_flow.js";
import { Guide } from "./guide.js";
import { HandReader } from "./hand_reader.js";
import { Hud, type HudFacts } from "./hud.js";
import type { Lesson } from "./lesson.js";
import { type GhostPlace, LessonView } from "./lesson_view.js";
import { OwnHandView } from "./own_hand_view.js";
import { learnerHands } from "./own_hands.js";
import { PanelPoke } from "./panel_poke.js";
import { PlaceKeeper } from "./place_keeper.js";
import { backFrom, loopFrom, playOrPause, rateStep } from "./playback.js";
import { Pinch } from "./poke.js";
import { furnish } from "./room_scene.js";
import { Touch, points } from "./touch.js";
import { TouchMarks } from "./touch_marks.js";
import { flowWords } from "./words.js";
import { type MenuContent, WristMenu } from "./wrist_menu.js";

export interface Settings {
  room: string;
  instrument: string;
  size: Size;
  sides: readonly Side[];
  place: GhostPlace;
  mirrored: boolean;
}

const SEND_EVERY_MS = 1000 / 30;
const INDEX_TIP = 10;
const MENU_HAND: Side = 0;
const MENU_FINGER: Side = 1;
/** Where an instrument is put that is not there: at a table's height, in front of the learner. */
const IN_FRONT = { ahead: 0.42, below: 0.42, least: 0.6 };
const ABSENT: readonly (PlayedHand | null)[] = [null, null];

/** One stay in the headset: from the session's first frame to its end. */
export class Experience {
  readonly flow: CalibrationFlow;
  readonly reader = new HandReader();
  readonly view: LessonView;
  readonly guide = new Guide();
  readonly menu = new WristMenu();
  readonly hud = new Hud();
  frames = 0;
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera();
  readonly #own = { 0: new OwnHandView(), 1: new OwnHandView() };
  readonly #marks = new TouchMarks();
  readonly #keeper: PlaceKeeper;
  readonly #touch = { 0: new Touch(), 1: new Touch() };
  readonly #pokes = { 0: new PanelPoke(this.guide.panel), 1: new PanelPoke(this.guide.panel) };
  readonly #menuPoke = new PanelPoke(this.menu.panel);
  readonly #pinch = new Pinch();
  readonly #passthrough: boolean;
  readonly #head = new Vector3();
  readonly #ahead = new Vector3();
  readonly #facts: HudFacts;
  readonly #menuContent = (): MenuContent => ({
    playback: this.lesson.playback,
    positionS: this.lesson.positionS,
    beside: this.view.place === "beside",
  });
  #room: XRReferenceSpace | null = null;
  #lastMs = 0;
  #sentMs = -Infinity;

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly session: XRSession,
    mode: XRSessionMode,
    private readonly settings: Settings,
    private readonly lesson: Lesson,
    meshes: readonly HandMesh[],
    store: Storage,
  ) {
    const { instrument, size, mirrored, sides, place, room } = settings;
    this.#passthrough = mode === "immersive-ar" && session.environmentBlendMode !== "opaque";
    this.flow = new CalibrationFlow(size);
    this.#keeper = new PlaceKeeper(session, room, instrument, store);
    this.view = new LessonView(meshes, instrument, size, mirrored, sides);
    this.#facts = { lesson, view: this.view, tracked: false };
    this.view.setPlace(place);
    this.view.setAnchor(lesson.anchor);
    for (const shape of lesson.shapes.values()) this.view.setShape(shape);
    if (!this.#passthrough) furnish(this.#scene);
    this.#scene.add(this.view.object, this.guide.object, this.menu.object, this.hud.object);
    this.#scene.add(this.#marks.object);
    for (const side of SIDES) this.#scene.add(this.#own[side].object);
    lesson.listen({
      onShape: (shape) => this.view.setShape(shape),
      onAnchor: (anchor) => this.view.setAnchor(anchor),
      onHands: (hands) => this.view.seen(hands),
    });
  }

  /** Begins to draw; ends with the session. */
  async start(): Promise<void> {
    const { renderer, session } = this;
    renderer.xr.enabled = true;
    renderer.xr.setReferenceSpaceType("local-floor");
    await renderer.xr.setSession(session);
    this.#room = renderer.xr.getReferenceSpace();
    const kept = await this.#keeper.restore();
    if (kept && this.flow.state.kind === "touch") this.flow.propose(kept);
    renderer.setAnimationLoop((timeMs, frame) => frame && this.#draw(timeMs, frame));
  }

  /** After the session has ended: lets go of everything. */
  stop(): void {
    this.renderer.setAnimationLoop(null);
    this.lesson.listen(null);
    this.view.dispose();
    for (const panel of [this.guide.panel, this.menu.panel, this.hud.panel]) panel.dispose();
  }

  #draw(nowMs: number, frame: XRFrame): void {
    const room = this.#room;
    if (!room) return;
    const elapsedMs = Math.min(100, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.frames++;
    this.#readHead(this.renderer.xr.getCamera());
    this.reader.read(frame, room);
    const anchored = this.#keeper.read(frame, room, nowMs);
    if (anchored) this.#foundByAnchor(anchored);
    this.#poke(nowMs, frame, room);
    if (this.flow.state.kind === "touch") this.#takeTouches(nowMs);
    this.#drawLesson(nowMs, elapsedMs);
    this.#drawPanels(nowMs);
    if (this.flow.state.kind === "done") this.#sendHands(nowMs);
    this.renderer.render(this.#scene, this.#camera);
  }

  #readHead(camera: Camera): void {
    this.#head.setFromMatrixPosition(camera.matrixWorld);
    this.#ahead.set(0, 0, -1).transformDirection(camera.matrixWorld);
  }

  /** The headset has found its anchor again, or knows better where it is. */
  #foundByAnchor(pose: Rigid): void {
    if (this.flow.state.kind === "touch") this.flow.propose(pose);
    else if (this.flow.state.kind === "done") this.flow.pose = pose;
  }

  #takeTouches(nowMs: number): void {
    for (const side of SIDES) {
      const { tracked, jointsM, tipRadiusM } = this.reader.hands[side];
      const touch = this.#touch[side];
      if (!tracked || !points(jointsM) || this.#pokes[side].hovered) {
        touch.interrupt();
        continue;
      }
      const at = INDEX_TIP * 3;
      const touched = touch.add(nowMs, jointsM[at]!, jointsM[at + 1]!, jointsM[at + 2]!);
      if (touched) this.flow.touch(touched, tipRadiusM);
    }
  }

  #drawLesson(nowMs: number, elapsedMs: number): void {
    const { lesson, view, flow } = this;
    const found = flow.state.kind === "check" || flow.state.kind === "done";
    view.object.visible = found;
    this.#marks.update(flow.state.kind === "done" ? null : flow.touches);
    if (flow.pose) view.setPose(flow.pose);
    lesson.feedback.advance(nowMs, elapsedMs);
    const bridgeMs = lesson.nowMs();
    const played = bridgeMs === null ? ABSENT : lesson.playout.advance(bridgeMs);
    const following = flow.state.kind === "done";
    if (found) {
      const solid = this.#passthrough ? (following ? 0 : 0.45) : 1;
      view.setInstrument(solid, this.#passthrough || !following);
      view.update(played, following ? lesson.feedback.ghostOpacity() : 0.5, elapsedMs);
    }
    for (const side of SIDES) {
      const as = this.settings.mirrored ? (side === 0 ? 1 : 0) : side;
      const fingers = lesson.feedback.fingers[as];
      this.#own[side].update(this.reader.hands[side], !this.#passthrough, fingers);
    }
  }

  #drawPanels(nowMs: number): void {
    const { flow, guide, menu, hud } = this;
    const following = flow.state.kind === "done";
    const hands = this.reader.hands;
    const tracked = hands[0].tracked || hands[1].tracked;
    if (following) {
      guide.show(null, flow.state);
      menu.follow(hands[MENU_HAND], this.#head, nowMs, this.#menuContent);
    } else {
      menu.panel.show(null);
      const progress = Math.max(...SIDES.map((side) => this.#touch[side].progress(nowMs)));
      const { instrument, size } = this.settings;
      const words = { progress, pointing: progress > 0.05, tracked };
      guide.show(flowWords(flow.state, instrument, size, words), flow.state);
      guide.place(this.#head, this.#ahead);
    }
    this.#facts.tracked = tracked;
    hud.update(nowMs, following ? flow.pose : null, this.#head, this.#facts);
  }

  #poke(nowMs: number, frame: XRFrame, room: XRReferenceSpace): void {
    const { guide, menu } = this;
    for (const side of SIDES) {
      const pressed = this.#pokes[side].update(nowMs, this.reader.hands[side]);
      if (pressed) this.#guideAction(pressed, frame, room);
    }
    const [left, right] = [this.#pokes[0].hovered, this.#pokes[1].hovered];
    guide.panel.hover(left ?? right);
    const action = this.#menuPoke.update(nowMs, this.reader.hands[MENU_FINGER]);
    menu.panel.hover(this.#menuPoke.hovered);
    if (action) this.act(action);
    const hand = this.reader.hands[MENU_HAND];
    if (!menu.visible || !hand.tracked) this.#pinch.leave();
    else if (this.#pinch.add(hand.jointsM)) this.act("play");
  }

  #guideAction(action: string, frame: XRFrame, room: XRReferenceSpace): void {
    const nudge = Guide.nudgeOf(action);
    if (nudge) this.flow.nudge(nudge);
    else if (action === "again") this.#again();
    else if (action === "in-front") this.flow.propose(this.#inFront());
    else if (action === "leave") void this.session.end();
    else if (action === "keep" && this.flow.pose) {
      this.flow.keep();
      this.#keeper.keep(frame, room, this.flow.pose);
    }
  }

  /** What a button of the wrist menu does; so does a pinch, for `play`. */
  act(action: string): void {
    const { lesson } = this;
    const { playback } = lesson;
    if (action === "leave") void this.session.end();
    else if (action === "recalibrate") this.#again();
    else if (action === "place") this.view.setPlace(this.view.place === "on" ? "beside" : "on");
    else if (!playback?.recording) return;
    else if (action === "play") lesson.send(playOrPause(playback));
    else if (action === "slower") lesson.send(rateStep(playback, false));
    else if (action === "faster") lesson.send(rateStep(playback, true));
    else if (action === "back") lesson.send(backFrom(lesson.positionS));
    else if (action === "loop") lesson.send(loopFrom(playback, lesson.positionS));
  }

  #again(): void {
    this.#keeper.forget();
    this.flow.again();
    for (const side of SIDES) this.#touch[side].reset();
  }

  /** A place in the air, for who has no instrument here. */
  #inFront(): Rigid {
    const { ahead, below, least } = IN_FRONT;
    const turnRad = Math.atan2(-this.#ahead.x, -this.#ahead.z);
    const { widthM } = this.settings.size;
    const [sin, cos] = [Math.sin(turnRad), Math.cos(turnRad)];
    return {
      ...IDENTITY,
      positionM: [
        this.#head.x - sin * ahead - (cos * widthM) / 2,
        Math.max(least, this.#head.y - below),
        this.#head.z - cos * ahead + (sin * widthM) / 2,
      ],
      rotationQuat: [0, Math.sin(turnRad / 2), 0, Math.cos(turnRad / 2)],
    };
  }

  #sendHands(nowMs: number): void {
    const { flow, lesson, view, settings } = this;
    if (nowMs - this.#sentMs < SEND_EVERY_MS - 2 || this.session.visibilityState !== "visible") {
      return;
    }
    const { hands } = this.reader;
    const timeNs = lesson.nowNs();
    if (timeNs === null || !flow.pose || !settings.sides.some((side) => hands[side].tracked)) {
      return;
    }
    this.#sentMs = nowMs;
    const from = {
      instrument: flow.pose,
      stage: view.stage,
      mirroredAboutM: view.mirroredAboutM,
      sides: settings.sides,
    };
    lesson.send(learnerHands(hands, from, lesson.seq++, timeNs));
  }
}
