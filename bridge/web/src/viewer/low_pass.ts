/** Samples that are continued at each end before filtering, as the SDK has it. */
const PAD = 9;

/**
 * Low-passes a series forwards and backwards, so that nothing is delayed: a Butterworth filter of
 * second order, started as if the series had been at rest, ends continued by point reflection.
 *
 * The same numbers as scipy's `sosfiltfilt(butter(2, cutoff, fs=rate, output="sos"), x, padlen=9)`.
 *
 * @param values more than 9.
 */
export function lowPass(values: ArrayLike<number>, cutoffHz: number, rateHz: number): Float64Array {
  const count = values.length;
  const k = Math.tan((Math.PI * cutoffHz) / rateHz);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  const b0 = k * k * norm;
  const a1 = 2 * (k * k - 1) * norm;
  const a2 = (1 - Math.SQRT2 * k + k * k) * norm;

  const padded = new Float64Array(count + 2 * PAD);
  for (let i = 0; i < PAD; i++) {
    padded[i] = 2 * values[0]! - values[PAD - i]!;
    padded[PAD + count + i] = 2 * values[count - 1]! - values[count - 2 - i]!;
  }
  for (let i = 0; i < count; i++) padded[PAD + i] = values[i]!;

  for (let pass = 0; pass < 2; pass++) {
    // Transposed direct form II; the state of a filter at rest at the first value.
    let z2 = (b0 - a2) * padded[0]!;
    let z1 = (2 * b0 - a1) * padded[0]! + z2;
    for (let i = 0; i < padded.length; i++) {
      const x = padded[i]!;
      const y = b0 * x + z1;
      z1 = 2 * b0 * x - a1 * y + z2;
      z2 = b0 * x - a2 * y;
      padded[i] = y;
    }
    padded.reverse();
  }
  return padded.slice(PAD, PAD + count);
}

/** Derivative by central differences of second order for uneven steps, as numpy's `gradient`. */
export function gradient(values: ArrayLike<number>, times: ArrayLike<number>): Float64Array {
  const last = values.length - 1;
  const slope = (a: number, b: number) => (values[b]! - values[a]!) / (times[b]! - times[a]!);
  return Float64Array.from({ length: values.length }, (_, i) => {
    if (i === 0) return slope(0, 1);
    if (i === last) return slope(last - 1, last);
    const before = times[i]! - times[i - 1]!;
    const after = times[i + 1]! - times[i]!;
    return (
      (before ** 2 * values[i + 1]! +
        (after ** 2 - before ** 2) * values[i]! -
        after ** 2 * values[i - 1]!) /
      (before * after * (after + before))
    );
  });
}
