// Runs in the page before its own scripts: a headset that a test moves (IWER, Meta, MIT).
(() => {
  const options = window.emulated ?? {};
  const config = { ...IWER.metaQuest3 };
  if (options.modes) config.supportedSessionModes = options.modes;
  if (options.features) config.supportedFeatures = options.features;
  const device = new IWER.XRDevice(config, { stereoEnabled: false });
  device.installRuntime({ forceInstall: true });
  device.primaryInputMode = "hand";
  device.position.set(0, 1.25, 0);
  const symbols = Object.getOwnPropertySymbols(device.hands.left);
  const { poses } = device.hands.left[symbols.find((name) => device.hands.left[name]?.poses)];

  const turned = (q, [x, y, z]) => {
    const [qx, qy, qz, qw] = q;
    const tx = 2 * (qy * z - qz * y), ty = 2 * (qz * x - qx * z), tz = 2 * (qx * y - qy * x);
    return [x + qw * tx + qy * tz - qz * ty, y + qw * ty + qz * tx - qx * tz, z + qw * tz + qx * ty - qy * tx];
  };

  window.headset = {
    device,
    // Puts a hand so that its index fingertip is at a point; q turns the hand.
    tip(side, point, pose = "point", q = [0, 0, 0, 1]) {
      const hand = device.hands[side];
      hand.poseId = pose;
      const joint = poses[pose].jointTransforms["index-finger-tip"].offsetMatrix;
      const offset = turned(q, [(side === "right" ? -1 : 1) * joint[12], joint[13], joint[14]]);
      hand.connected = true;
      hand.quaternion.set(...q);
      hand.position.set(...point.map((value, axis) => value - offset[axis]));
    },
    look(from, q = [0, 0, 0, 1]) {
      device.position.set(...from);
      device.quaternion.set(...q);
    },
    lose(side) {
      device.hands[side].connected = false;
    },
  };
})();
