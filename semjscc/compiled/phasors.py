"""The sums of :mod:`semjscc.phy.channel.phasors`: over the rays of each path, and over the paths on every carrier.

Both multiply by exp(j turn d), where d counts from the middle of an axis. There cos(turn d) is even and sin(turn d)
odd: half of the d do, and real products. Vectors run along d; rays and paths are summed up one after the other.
Complex arrays are flat here, real and imaginary parts in turn.
"""

from collections.abc import Sequence
from functools import partial
from typing import no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.floats import LANES, backward, each, fill, load, lower, store, swapped, upper
from semjscc.compiled.functions import cos_pi, in_threads, jit, sin_pi, wrapped
from semjscc.compiled.memory import empty

HALF, TWICE = LANES // 2, 2 * LANES
LEAST = 2**25  # products that are worth a thread
_ZERO, _HALF, _PER_PI = (np.float32(x) for x in (0.0, 0.5, 1 / np.pi))
_NOTHING = np.empty(0, np.float32)


@no_type_check
@jit
def _phasors(phases, made, first, last):
    """Vectors ``first`` to ``last``; the last of all may lie over the one before."""
    for vector in range(first, last):
        i = min(vector * LANES, len(phases) - LANES)
        x = wrapped(load(phases, i) * _PER_PI)
        cos, sin = cos_pi(x), sin_pi(x)
        store(made, 2 * i, lower(cos, sin))
        store(made, 2 * i + LANES, upper(cos, sin))


@no_type_check
@jit
def _sums(rays, phases, turns, ends, steps, sums, first, last):
    """Slots ``first`` to ``last``; half a vector of time steps at once: their cosines, then their sines.

    ``rays`` are those of all pairs; or room for those of one, which are then phasors with these ``phases`` at t = 0.
    """
    count, paths, pairs = turns.shape[1], len(ends), len(sums) // max(1, 2 * len(turns) * len(ends) * steps)
    half, middle = (steps + 1) // 2, _ZERO if steps % 2 else _HALF
    waves, total = np.empty(count * LANES, np.float32), np.empty(TWICE, np.float32)
    for slot in range(first, last):
        for start in range(0, half, HALF):
            _waves(turns[slot], middle + np.float32(start), waves)
            for pair in range(slot * pairs, (slot + 1) * pairs):
                at = 2 * pair * count
                if len(phases):
                    at = 0
                    _start(phases, pair * count, turns[slot], _HALF * np.float32(steps - 1), rays)
                ray = 0
                for path in range(paths):
                    re = im = fill(_ZERO)
                    while ray < ends[path]:
                        wave = load(waves, ray * LANES)
                        re, im = re + each(rays, at) * wave, im + each(rays, at + 1) * wave
                        ray, at = ray + 1, at + 2
                    store(total, 0, re)
                    store(total, LANES, im)
                    to = 2 * (pair * paths + path) * steps
                    for i in range(min(HALF, half - start)):
                        a, b, c, d = total[i], total[HALF + i], total[LANES + i], total[LANES + HALF + i]
                        later, sooner = to + 2 * (steps // 2 + start + i), to + 2 * (half - 1 - start - i)
                        sums[later], sums[later + 1] = a - d, c + b
                        sums[sooner], sums[sooner + 1] = a + d, c - b


@no_type_check
@jit
def _start(phases, at, turns, middle, rays):
    """Rays of a pair in the middle of the time."""
    for i in range(len(turns)):
        x = wrapped((phases[at + i] + middle * turns[i]) * _PER_PI)
        rays[2 * i], rays[2 * i + 1] = cos_pi(x), sin_pi(x)


@no_type_check
@jit
def _waves(turns, start, waves):
    """cos(turn d) at d = ``start`` and the seven after it, then sin(turn d), for each turn."""
    d, quarter = np.empty(LANES, np.float32), np.zeros(LANES, np.float32)
    for i in range(LANES):
        d[i], quarter[i] = start + np.float32(i % HALF), _HALF * np.float32(i // HALF)
    for i in range(len(turns)):
        store(waves, i * LANES, cos_pi(wrapped(turns[i] * _PER_PI * load(d, 0) - load(quarter, 0))))


@no_type_check
@jit
def _responses(gains, turns, size, steps, responses, first, last):
    """Slots ``first`` to ``last``: ``size`` carriers for each pair and each of ``steps`` instants."""
    paths, half, count = turns.shape[1], (size + 1) // 2, 2 * turns.shape[1] * steps
    chunks, pairs = -(-half // TWICE), len(gains) // max(1, 2 * steps * turns.size)
    waves, widest = np.empty(2 * TWICE * chunks * paths, np.float32), np.empty(4 * TWICE * chunks, np.float32)
    shifts = np.zeros((2, LANES * -(-count // LANES)), np.float32)
    shifted = np.zeros_like(shifts[0])
    fits = 2 * TWICE * chunks == size
    for slot in range(first, last):
        _carriers(turns[slot], size, steps, waves, shifts)
        for pair in range(slot * pairs, (slot + 1) * pairs):
            _shift(gains, pair * count, count, shifts, shifted)
            for step in range(steps):
                at = 2 * (pair * steps + step) * size
                to, middle = (responses, at + size) if fits else (widest, 2 * TWICE * chunks)
                for chunk in range(chunks):
                    _product(shifted, step, steps, count, waves, chunk, to, middle)
                if not fits:
                    _cut(widest, half, size, responses, at)


@no_type_check
@jit
def _shift(gains, at, count, shifts, shifted):
    """The gains of a pair times the phasors of :func:`_carriers`."""
    for i in range(count):
        shifted[i] = gains[at + i]
    for i in range(0, len(shifted), LANES):
        x = load(shifted, i)
        store(shifted, i, x * load(shifts[0], i) + swapped(x, x) * load(shifts[1], i))


@no_type_check
@jit
def _cut(widest, half, size, responses, at):
    """The carriers that there are, of those in whole vectors below and above the middle."""
    middle = len(widest) // 2
    for i in range(2 * half):
        responses[at + i] = widest[middle - 2 * half + i]
    for i in range(2 * half, 2 * size):
        responses[at + i] = widest[middle - 2 * (size // 2) + i]


@no_type_check
@jit
def _carriers(turns, size, steps, waves, shifts):
    """Cosines and sines of turn d for each path, 32 and 32, chunk by chunk; and phasors from the middle of the
    carriers to the one in the centre of the band: what a gain is multiplied by, and its neighbour (its other part).
    """
    d, middle = np.empty(LANES, np.float32), _ZERO if size % 2 else _HALF
    for i in range(LANES):
        d[i] = middle + np.float32(i)
    for path in range(len(turns)):
        turn = turns[path] * _PER_PI
        x = wrapped(-middle * turn)
        re, im = cos_pi(x), sin_pi(x)
        for i in range(2 * path * steps, 2 * (path + 1) * steps, 2):
            shifts[0, i], shifts[0, i + 1], shifts[1, i], shifts[1, i + 1] = re, re, -im, im
        for half in range(len(waves) // (TWICE * len(turns))):
            x = wrapped(turn * (load(d, 0) + np.float32(half * LANES)))
            at = 2 * TWICE * (half // 2 * len(turns) + path) + half % 2 * LANES
            store(waves, at, cos_pi(x))
            store(waves, at + TWICE, sin_pi(x))


@no_type_check
@jit
def _product(gains, step, steps, count, waves, chunk, to, middle):
    """32 carriers above and 32 below the middle: gains times cosines, +- j gains times sines."""
    a = b = c = d = e = f = g = h = fill(_ZERO)
    at = TWICE * chunk * (count // steps)
    i = 2 * step
    while i < count:
        re, im = each(gains, i), each(gains, i + 1)
        cos, sin = load(waves, at), load(waves, at + TWICE)
        a, b, c, d = a + re * cos, b + im * cos, c + re * sin, d + im * sin
        cos, sin = load(waves, at + LANES), load(waves, at + TWICE + LANES)
        e, f, g, h = e + re * cos, f + im * cos, g + re * sin, h + im * sin
        i, at = i + 2 * steps, at + 2 * TWICE
    _place(a, b, c, d, to, middle, 2 * TWICE * chunk)
    _place(e, f, g, h, to, middle, 2 * TWICE * chunk + TWICE)


@no_type_check
@jit
def _place(a, b, c, d, to, middle, away):
    """a + jb + j(c + jd) above, a + jb - j(c + jd) below."""
    above, below = (a - d, b + c), (backward(a + d, a), backward(b - c, b))
    store(to, middle + away, lower(*above))
    store(to, middle + away + LANES, upper(*above))
    store(to, middle - away - TWICE, lower(*below))
    store(to, middle - away - LANES, upper(*below))


def _flat(x: Tensor) -> np.ndarray:
    """Real and imaginary parts in turn."""
    return _array(torch.view_as_real(x.resolve_conj()).flatten())


def _array(x: Tensor) -> np.ndarray:
    return x.detach().resolve_neg().contiguous().numpy()


def phasors(phase: Tensor) -> Tensor:
    """As :func:`semjscc.phy.channel.phasors.phasor`, of at least 16 phases."""
    phases, made = phase.flatten(), torch.empty(phase.shape, dtype=torch.complex64)
    in_threads(partial(_phasors, _array(phases), _flat(made)), -(-len(phases) // LANES), LEAST // 256)
    return made


def sums(rays: Tensor, turn: Tensor, steps: int, counts: Sequence[int]) -> Tensor:
    """As :func:`semjscc.phy.channel.phasors.sum_over_time`."""
    return _summed(_flat(rays), _NOTHING, turn, steps, counts, rays.shape[1])


def started(phases: Tensor, turn: Tensor, steps: int, counts: Sequence[int]) -> Tensor:
    """As :func:`semjscc.phy.channel.phasors.sum_of_phasors`."""
    return _summed(_NOTHING, _array(phases.flatten()), turn, steps, counts, phases.shape[1])


def _summed(
    rays: np.ndarray, phases: np.ndarray, turn: Tensor, steps: int, counts: Sequence[int], pairs: int
) -> Tensor:
    made = empty(len(turn), pairs, len(counts), steps, 2)
    arguments = phases, _array(turn), np.cumsum(counts), steps, _array(made.flatten())

    def work(first: int, last: int) -> None:
        room = np.empty(2 * turn.shape[1], np.float32)  # a thread's own
        _sums(rays if len(rays) else room, *arguments, first, last)

    each = steps + 32 if len(phases) else steps  # products a ray takes, its start included
    in_threads(work, len(turn), 1 + LEAST // ((pairs + 10) * turn.shape[1] * each))
    return torch.view_as_complex(made)


def responses(gains: Tensor, turn: Tensor, size: int) -> Tensor:
    """As :func:`semjscc.phy.channel.phasors.sum_over_paths`."""
    batch, pairs, paths, steps = gains.shape
    made = empty(batch, pairs, steps, size, 2)
    work = partial(_responses, _flat(gains), _array(turn), size, steps, _array(made.flatten()))
    in_threads(work, batch, 1 + LEAST // ((2 * pairs * steps + 10) * paths * size))
    return torch.view_as_complex(made)
