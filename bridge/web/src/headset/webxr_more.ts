/** Parts of WebXR that @types/webxr does not have yet. */
declare global {
  interface XRFrame {
    /** WebXR Device API, "fillPoses": false where one space has no pose. */
    fillPoses(spaces: Iterable<XRSpace>, baseSpace: XRSpace, transforms: Float32Array): boolean;
    /** WebXR Hand Input, "fillJointRadii". */
    fillJointRadii(jointSpaces: Iterable<XRJointSpace>, radii: Float32Array): boolean;
  }
}

export {};
