import { Viewer } from "./viewer.js";

const viewer = new Viewer();
window.ghosthands = viewer.hook();
viewer.start();
