"""The model builtin/1 in NumPy, float64: an independent twin of Sources/Encode/Builtin.

`docs/builtin.md` says what every number means. Run as a script it writes Goldens.swift beside it,
which the Swift tests compare with. Needs Python 3.11 and numpy 2.
"""

import math
import pathlib

import numpy as np

# ---------------------------------------------------------------- shared


def soft_root(x, knee):
    """Signed square root, linear near zero: bounded slope, so that noise stays noise."""
    return x / np.sqrt(np.abs(x) + knee)


def block(x, knee, weight, floor, taper=1.0):
    """One block of a vector: rooted, then scaled towards norm `weight`; a block of little content stays small."""
    y = soft_root(np.asarray(x, float), knee) * taper
    return weight * y / (np.linalg.norm(y) + floor)


def unit(v):
    norm = np.linalg.norm(v)
    return None if norm == 0 else v / norm


# ---------------------------------------------------------------- video

#        knee   weight floor
VIDEO = {
    "shape": (1.0, 0.7, 4.0),
    "chroma": (1.0, 1.0, 4.0),
    "colour": (0.001, 0.4, 0.1),
    "edges": (0.05, 0.8, 1.0),
    "motion": (0.5, 0.9, 4.0),
}


def axis_weights(size):
    """[128, size] integer overlap of input cells with the 128 output cells, and the weight of one output."""
    unit_length = math.gcd(size, 128)
    total, cell = size // unit_length, 128 // unit_length
    weights = np.zeros((128, size), np.int64)
    for i in range(128):
        low, high = i * total, (i + 1) * total
        for j in range(low // cell, -(-high // cell)):
            weights[i, j] = min(high, (j + 1) * cell) - max(low, j * cell)
    return weights, total


def shrink(rgb):
    """rgb: [height, width, 3] uint8 -> [128, 128, 3] area means in sixteenths of a grey level, rounded."""
    rows, tall = axis_weights(rgb.shape[0])
    columns, wide = axis_weights(rgb.shape[1])
    sums = np.stack([rows @ rgb[:, :, c].astype(np.int64) @ columns.T for c in range(3)], axis=2)
    return np.floor(sums.astype(float) * (16.0 / (tall * wide)) + 0.5).astype(np.int64)


def luma(small):
    return (19595 * small[:, :, 0] + 38470 * small[:, :, 1] + 7471 * small[:, :, 2] + 32768) >> 16


def cells(a, n):
    """Sums of the n x n equal cells of a square array."""
    side = a.shape[0] // n
    return a.reshape(n, side, n, side).sum(axis=(1, 3))


def dct_basis(count, size):
    k, i = np.arange(count)[:, None], np.arange(size)[None, :]
    basis = np.cos(np.pi * k * (2 * i + 1) / (2 * size)) * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis


def shape_block(y):
    basis = dct_basis(8, 32)
    return (basis @ (cells(y, 32) / 256 - 128) @ basis.T / 32).ravel()


def chroma_block(small):
    r, g, b = (cells(small[:, :, c], 4).astype(float) / (16 * 1024) for c in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return np.concatenate([((b - y) / 1.772).ravel(), ((r - y) / 1.402).ravel()])


def colour_block(small):
    """[hue 4, saturation 2, value 2] shares of the 32 x 32 picture, every border of the bins soft."""
    r, g, b = (cells(small[:, :, c], 32).ravel() / 256 for c in range(3))
    high, low = np.maximum(np.maximum(r, g), b), np.minimum(np.minimum(r, g), b)
    chroma = high - low
    safe = np.maximum(chroma, 1e-9)
    hue = np.where(high == r, (g - b) / safe, np.where(high == g, 2 + (b - r) / safe, 4 + (r - g) / safe))
    place = np.mod(hue * (4 / 6), 4)
    saturation, value = chroma / (high + 16), high / 255
    out = np.zeros((4, 2, 2))
    for h in range(4):
        distance = np.abs(place - h)
        near = np.maximum(0, 1 - np.minimum(distance, 4 - distance))
        hued = saturation * near + (1 - saturation) / 4
        for s, s_weight in enumerate((1 - saturation, saturation)):
            for v, v_weight in enumerate((1 - value, value)):
                out[h, s, v] = np.mean(hued * s_weight * v_weight)
    return out.ravel()


def edges_block(y):
    """[cell row, cell column, 8 directions] mean gradient, split into the two nearest directions."""
    padded = np.pad(y, 1, mode="edge")
    gx = padded[1:-1, 2:] - padded[1:-1, :-2]
    gy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    out = np.zeros((4, 4, 8))
    directions = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]
    for d, (dx, dy) in enumerate(directions):
        if dx and dy:
            part = math.sqrt(2) * np.maximum(0, np.minimum(dx * gx, dy * gy))
        elif dx:
            part = np.maximum(0, dx * gx - np.abs(gy))
        else:
            part = np.maximum(0, dy * gy - np.abs(gx))
        out[:, :, d] = cells(part, 4) / (1024 * 32)
    return out.ravel()


def frame_features(rgb, previous):
    """One picture -> (step vector [256], its luma for the next picture, luma variance)."""
    small = shrink(rgb)
    y = luma(small)
    moved = np.zeros(16) if previous is None else cells(np.abs(y - previous), 4).ravel() / (16 * 1024)
    parts = {
        "shape": shape_block(y),
        "chroma": chroma_block(small),
        "colour": colour_block(small),
        "edges": edges_block(y),
        "motion": moved,
    }
    vector = np.concatenate([block(parts[name], *VIDEO[name]) for name in VIDEO])
    return vector, y, y.var() / 256


def embed_video(pooled):
    return unit(pooled)


# ---------------------------------------------------------------- audio

RATE, HOP, FRAMES = 16000, 1600, 10
BEFORE, AFTER = 280, 120
RECEPTIVE = BEFORE + HOP + AFTER
QUIET = 1e-6
CORE = 48
#        knee   weight floor
AUDIO = {
    "mean": (0.25, 1.0, 1.0),
    "deviation": (0.1, 0.6, 1.0),
    "delta": (0.1, 0.6, 1.0),
    "cepstrum": (0.5, 0.7, 1.0),
    "chroma": (0.02, 0.7, 0.2),
    "cepstrum_deviation": (0.5, 0.6, 1.0),
    "scalars": (0.5, 0.25, 1.0),
}
SPREAD = 0.05
#           centroid bandw. roll  flat   zcr   loud  ldev onset odev  rate  harm  silence
CENTRES = [0.15, 0.15, 0.3, -1.5, 0.10, 8.0, 1.0, 0.2, 0.15, 0.2, 0.5, 0.1]
SCALES = [0.10, 0.08, 0.2, 1.0, 0.08, 3.0, 0.7, 0.1, 0.1, 0.2, 0.2, 0.3]


def slaney_hz(mel):
    return 200 * mel / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)


def mel_filters():
    """[64, 257]: slaney scale and slaney norm, times the bin width: a flat spectrum of 1 gives about 1."""
    top = 15 + math.log(8000 / 1000) * 27 / math.log(6.4)
    edges = [slaney_hz(top * i / 65) for i in range(66)]
    hz = np.arange(257) * (RATE / 512)
    bank = np.zeros((64, 257))
    for m in range(64):
        low, peak, high = edges[m : m + 3]
        triangle = np.maximum(0, np.minimum((hz - low) / (peak - low), (high - hz) / (high - peak)))
        bank[m] = triangle * 2 / (high - low) * (RATE / 512)
    return bank


def chroma_filters():
    """[12, 257]: bins 4...112 shared between the two nearest pitch classes, class 0 = A."""
    bank = np.zeros((12, 257))
    for k in range(4, 113):
        place = (12 * math.log2(k * (RATE / 512) / 440)) % 12
        lower = int(place)
        bank[lower % 12, k] += 1 - (place - lower)
        bank[(lower + 1) % 12, k] += place - lower
    return bank


HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
MEL, CHROMA, CEPSTRUM = mel_filters(), chroma_filters(), dct_basis(21, CORE)[1:]
TAPER = np.where(np.arange(64) < CORE, 1.0, 0.15)
HANN_LAGS = np.fft.irfft(np.abs(np.fft.rfft(HANN, 512)) ** 2)
LAGS = slice(32, 161)


def spectra(chunk):
    """chunk: [2000] from 280 samples before the step -> [11, 257] powers of frames -1...9."""
    frames = np.stack([chunk[160 * i : 160 * i + 400] for i in range(FRAMES + 1)])
    return np.abs(np.fft.rfft(frames * HANN, 512, axis=1)) ** 2 / np.sum(HANN**2)


def ramp(x, low, high):
    return np.clip((x - low) / (high - low), 0, 1)


def frame_scalars(power, mel, logmel, rise, chunk):
    """Everything [10]: of the ten frames of a step."""
    k = np.arange(257) / 256
    total = power.sum(axis=1)
    share = power / (total + QUIET)[:, None]
    centroid = share @ k
    bandwidth = np.sqrt(np.sum(share * (k - centroid[:, None]) ** 2, axis=1))
    before = np.cumsum(power, axis=1) - power
    filled = np.clip((0.85 * total[:, None] - before) / (power + 1e-20), 0, 1).sum(axis=1) / 257
    rolloff = filled * total / (total + QUIET)
    flatness = logmel[:, :CORE].mean(axis=1) - np.log1p(mel[:, :CORE].mean(axis=1) / QUIET)
    signs = chunk >= 0
    crossings = signs[1:] != signs[:-1]
    zero_crossings = np.array([crossings[279 + 160 * i : 439 + 160 * i].mean() for i in range(FRAMES)])
    energy = (2 * total - power[:, 0] - power[:, 256]) / 512
    loudness = np.log1p(energy / 1e-7)
    lags = np.fft.irfft(power, axis=1)
    likeness = lags[:, LAGS] / (lags[:, :1] * (HANN_LAGS[LAGS] / HANN_LAGS[0]) + QUIET)
    harmonicity = np.clip(likeness.max(axis=1), 0, 1)
    silence = 1 - ramp(loudness, math.log1p(10), math.log1p(100))
    return [
        centroid, bandwidth, rolloff, flatness, zero_crossings, loudness, loudness**2, rise, rise**2,
        ramp(rise, 0.3, 0.6), harmonicity, silence,
    ]  # fmt: skip


def step_features(chunk, covered=None):
    """chunk: [2000] float; covered: [11] content share of frames -1...9 -> step vector [256]."""
    covered = np.ones(11) if covered is None else np.asarray(covered, float)
    power = spectra(chunk)
    mel = power @ MEL.T
    logmel = np.log1p(mel / QUIET)
    change = np.where(covered[:-1, None] > 0, logmel[1:] - logmel[:-1], 0)
    rise = np.maximum(change[:, :CORE], 0).mean(axis=1)
    power, mel, logmel = power[1:], mel[1:], logmel[1:]
    cepstrum = logmel[:, :CORE] @ CEPSTRUM.T
    tones = np.sqrt(power) @ CHROMA.T
    tones = tones / (tones.sum(axis=1, keepdims=True) + 0.01)
    scalars = np.stack(frame_scalars(power, mel, logmel, rise, chunk), axis=1)
    per_frame = np.concatenate([logmel, logmel**2, np.abs(change), cepstrum, cepstrum**2, tones, scalars], axis=1)
    weights = covered[1:]
    return weights @ per_frame / weights.sum() if weights.sum() > 0 else np.zeros(256)


def deviation(mean, square):
    """Standard deviation, quadratic near zero so that cancellation stays harmless."""
    variance = np.maximum(0, square - mean**2)
    return variance / np.sqrt(variance + SPREAD)


def audio_blocks(p):
    mean, square, delta = p[0:64], p[64:128], p[128:192]
    cepstrum, cepstrum_square, tones, s = p[192:212], p[212:232], p[232:244], p[244:256]
    scalars = np.array([*s[:6], deviation(s[5], s[6]), s[7], deviation(s[7], s[8]), *s[9:]])
    sounding = s[5] / (s[5] + 1)
    return {
        "mean": mean - mean[:CORE].mean(),
        "deviation": deviation(mean, square),
        "delta": delta,
        "cepstrum": cepstrum,
        "chroma": tones,
        "cepstrum_deviation": deviation(cepstrum, cepstrum_square),
        "scalars": (scalars - CENTRES) / SCALES * sounding,
    }


def embed_audio(pooled):
    blocks = audio_blocks(np.asarray(pooled, float))
    tapers = [TAPER if len(blocks[name]) == 64 else 1.0 for name in AUDIO]
    return unit(np.concatenate([block(blocks[n], *AUDIO[n], taper) for n, taper in zip(AUDIO, tapers)]))


# ---------------------------------------------------------------- goldens: made of whole numbers, so exact anywhere


def noise(count, seed):
    """[count] whole numbers in -32768...32767."""
    out, state = np.zeros(count, np.int64), seed
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 16) - 32768
    return out


def triangle(count, step):
    """[count] whole numbers in -16384...16384: a triangle wave of step / 65536 turns per sample."""
    phase = (np.arange(count) * step) % 65536
    return np.abs(phase - 32768) - 16384


def chord(count):
    """Three tones struck anew every quarter of a second, with some noise."""
    tones = triangle(count, 1802) + triangle(count, 2269) + triangle(count, 5400)
    decay = 4000 - np.arange(count) % 4000
    return ((tones * decay >> 12) + (noise(count, 1) >> 6)) / 2**17


def hiss(count):
    """Noise that swells from silence, with a low hum."""
    return ((noise(count, 7) * np.arange(count) >> 12) + triangle(count, 410) * 4) / 2**20


def painting(width, height, shift, seed):
    """[height, width, 3] slopes, a bright box that moves with `shift`, and grain."""
    y, x = np.mgrid[0:height, 0:width]
    grain = (noise(width * height, seed) % 16).reshape(height, width)
    box = (x > width // 4 + shift) & (x < width // 2 + shift) & (y > height // 3) & (y < height - height // 4)
    red = np.where(box, 220, x * 160 // width) + grain
    green = np.where(box, 60, y * 200 // height) + grain
    blue = (x + y) * 120 // (width + height) + 2 * grain
    return np.stack([red, green, blue], axis=2).astype(np.uint8)


def chunks(samples):
    padded = np.concatenate([np.zeros(BEFORE), samples, np.zeros(AFTER)])
    return [padded[HOP * k : HOP * k + RECEPTIVE] for k in range(len(samples) // HOP)]


def sound_steps(samples):
    """Complete steps; the frame before the first one does not exist."""
    covered = [np.array([0.0 if k == 0 else 1.0] + [1.0] * FRAMES) for k in range(len(samples) // HOP)]
    return [step_features(c, w) for c, w in zip(chunks(samples), covered)]


def goldens():
    chord_steps, hiss_steps = sound_steps(chord(32000)), sound_steps(hiss(32000))
    short = chord(32000)[:HOP]
    short[700:] = 0  # content ends within frame 4
    first, luma_before, _ = frame_features(painting(200, 120, 0, 3), None)
    second, _, _ = frame_features(painting(200, 120, 9, 4), luma_before)
    return {
        "chordStep": chord_steps[3],
        "chordTail": step_features(chunks(short)[0], [0, 1, 1, 1, 1, 60 / 160, 0, 0, 0, 0, 0]),
        "chordWindow": embed_audio(np.mean(chord_steps, axis=0)),
        "hissWindow": embed_audio(np.mean(hiss_steps, axis=0)),
        "paintingFirst": first,
        "paintingSecond": second,
        "paintingWindow": embed_video((first + second) / 2),
        "stampOnly": frame_features(painting(50, 37, 2, 5), None)[0],
    }


def swift(vectors):
    lines = ["// Written by builtin.py: float64 results of the same model. Do not edit.", "", "enum Goldens {"]
    for name, vector in vectors.items():
        lines += [f"  static let {name} = numbers(", '    """']
        rows = [vector[i : i + 8] for i in range(0, len(vector), 8)]
        lines += ["    " + " ".join(f"{value:.9g}" for value in row) for row in rows]
        lines += ['    """)', ""]
    return "\n".join(lines[:-1] + ["}", ""])


if __name__ == "__main__":
    pathlib.Path(__file__).with_name("Goldens.swift").write_text(swift(goldens()))
