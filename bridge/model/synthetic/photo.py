"""What a device does to a picture: lens blur, few pixels, noise, white balance, contrast, JPEG."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bridge.model.synthetic.appearance import to_display
from bridge.model.synthetic.draws import Draws

__all__ = ["jpeg", "photograph"]

_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""Quantisation of brightness at quality 50 (ITU-T T.81, table K.1); for colour its upper bound."""

_BLUR_TAPS = 9


def photograph(draws: Draws, linear: Tensor, source_px: Tensor) -> Tensor:
    """Display values ``(P, 3, S, S)``, 0 to 1, of pictures in linear light.

    Args:
        draws: Random numbers, a row for each picture.
        linear: ``(P, 3, S, S)``.
        source_px: ``(P,)`` how many pixels of the device's picture these were.
    """
    draws = draws.fork("photo")
    size = linear.shape[-1]
    stops = draws.normal("stops", 1, 1, 1).clamp(-2, 2) * 0.35
    balance = 1 + 0.06 * draws.normal("balance", 3, 1, 1)
    picture = linear * (2**stops) * balance
    # A pixel of the device covers size / source_px of ours; half that is the Gaussian's width.
    scarce = (0.45 * size / source_px).clamp(0.0, 2.5)
    lens = 0.9 * draws.uniform("lens") ** 3
    picture = _blurred(picture, (scarce**2 + (lens * size / 128) ** 2).sqrt(), draws)
    # Shot noise grows with the light's root; the sensor's own does not.
    grain = draws.normal("grain", 3, size, size)
    shot = 0.035 * draws.uniform("shot", 1, 1, 1) ** 2
    own = 0.012 * draws.uniform("own", 1, 1, 1) ** 2
    picture = picture + grain * (shot * picture.clamp(min=0).sqrt() + own)
    # Bright light is compressed before it is cut off.
    bright = 0.6 + 0.4 * ((picture - 0.6) / 0.8).tanh()
    display = to_display(torch.where(picture > 0.6, bright, picture))
    gamma = torch.exp(0.13 * draws.normal("gamma", 1, 1, 1))
    contrast = torch.exp(0.10 * draws.normal("contrast", 1, 1, 1))
    display = 0.5 + contrast * (display**gamma - 0.5)
    grey = display.mean(1, keepdim=True)
    vivid = torch.exp(0.2 * draws.normal("vivid", 1, 1, 1))
    display = (grey + vivid * (display - grey)).clamp(0, 1)
    return jpeg(display, draws.uniform("quality", low=25.0, high=98.0))


def _blurred(picture: Tensor, sigma_px: Tensor, draws: Draws) -> Tensor:
    """Each picture through its own Gaussian ``(P,)``; some are moved along x or y as well."""
    motion = 3.0 * draws.uniform("motion", 2) * draws.below("moved", 0.15, 1)
    for axis in (0, 1):
        width = (sigma_px**2 + motion[:, axis] ** 2).sqrt().clamp(min=0.05)
        tap = torch.arange(_BLUR_TAPS, device=picture.device) - _BLUR_TAPS // 2
        kernel = torch.exp(-0.5 * (tap / width[:, None]) ** 2)
        kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)
        shape = (-1, 1, 1, _BLUR_TAPS) if axis == 0 else (-1, 1, _BLUR_TAPS, 1)
        pad = (_BLUR_TAPS // 2,) * 2 + (0, 0)
        pad = pad if axis == 0 else pad[2:] + pad[:2]
        flat = torch.nn.functional.pad(picture.flatten(0, 1)[None], pad, mode="replicate")
        flat = torch.nn.functional.conv2d(flat, kernel.reshape(shape), groups=len(kernel))
        picture = flat[0].unflatten(0, (-1, 3))
    return picture


def jpeg(display: Tensor, quality: Tensor) -> Tensor:
    """What JPEG leaves of pictures ``(P, 3, S, S)``, 0 to 1, at qualities ``(P,)`` of 1 to 100.

    Blocks of 8 x 8 pixels, cosine transform, rounding by the standard's table as libjpeg scales
    it; colour at half the size. S is any size.
    """
    size = display.shape[-1]
    spare = -size % 16
    padded = torch.nn.functional.pad(display, (0, spare, 0, spare), mode="replicate")
    red, green, blue = (255 * padded).unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    colour = torch.stack([0.564 * (blue - luma), 0.713 * (red - luma)], 1)
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    table = torch.tensor(_LUMA, dtype=display.dtype, device=display.device)
    luma = _quantised(luma[:, None] - 128, table, scale)[:, 0] + 128
    small = torch.nn.functional.avg_pool2d(colour, 2)
    small = _quantised(small, (1.7 * table).clamp(max=99), scale)
    blueness, redness = small.repeat_interleave(2, 2).repeat_interleave(2, 3).unbind(1)
    red, blue = luma + redness / 0.713, luma + blueness / 0.564
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return torch.stack([red, green, blue], 1)[..., :size, :size].div(255).clamp(0, 1)


def _quantised(planes: Tensor, table: Tensor, scale: Tensor) -> Tensor:
    """Planes ``(P, C, H, W)`` with the coefficients of each block rounded."""
    k = torch.arange(8, dtype=planes.dtype, device=planes.device)
    cosines = torch.cos(math.pi * (2 * k + 1) * k[:, None] / 16) / 2
    cosines[0] /= math.sqrt(2)
    blocks = planes.unflatten(-2, (-1, 8)).unflatten(-1, (-1, 8)).transpose(-3, -2)
    steps = (table * scale[:, None, None]).round().clamp(min=1)[:, None, None, None]
    rounded = (cosines @ blocks @ cosines.T / steps).round() * steps
    back = cosines.T @ rounded @ cosines
    return back.transpose(-3, -2).flatten(-2).flatten(-3, -2)
