"""What a parity check says about each of its bits, from what the others say: the check node updates.

Every update takes and gives LLRs log P(1)/P(0) with a slot for each bit of a check: ``[degree, checks, batch]``.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Messages = Float[Tensor, "degree checks batch"]


def sum_product(messages: Messages) -> Messages:
    """The exact update: odds r = P(1)/P(0) of a parity add like velocities, r12 = (r1 + r2) / (1 + r1 r2).

    Nothing is subtracted there, so no digits are lost where checks are nearly certain (the tanh rule loses all beyond
    17). LLRs are limited where the product of two odds would overflow, +-43 in single precision, and gradients pass
    the limit as if it were not there.
    """
    limit = 0.5 * math.log(torch.finfo(messages.dtype).max) - 1.0
    limited = messages.clamp(-limit, limit)
    if messages.requires_grad:
        limited = limited.detach() + (messages - messages.detach())
    one = messages.new_ones(())
    return _all_but_one(limited.exp_(), lambda r1, r2: (r1 + r2).div_(torch.addcmul(one, r1, r2))).log_()


def min_sum(messages: Messages, scale: float, offset: float) -> Messages:
    """The approximation |L| = scale * max(min |L_other| - offset, 0), with the sign of the others' parity."""
    smallest = _all_but_one(messages.abs(), torch.minimum)
    if offset:
        smallest = smallest.sub_(offset).clamp_(min=0.0)
    signs = torch.copysign(messages.new_ones(()), messages.detach())
    even = 1.0 if len(messages) % 2 == 0 else -1.0  # logits are positive for ones: an odd number of them turns the sign
    return smallest.mul_(signs).mul_(signs.prod(0).mul_(even * scale))


def _all_but_one(slots: Messages, combine: Callable[[Tensor, Tensor], Tensor]) -> Messages:
    """For each of at least two slots, all the others combined: three combinations a slot, in log2(slots) steps.

    Slots are paired and the pairs' results found; what is left out of a pair's result, each slot has from its partner.
    """
    if len(slots) == 2:
        return slots.flip(0)
    half = len(slots) // 2
    first, second, odd = slots.tensor_split((half, 2 * half))
    pairs = combine(first, second)
    others = _all_but_one(torch.cat([pairs, odd]) if len(odd) else pairs, combine)
    return torch.cat([combine(others[:half], second), combine(others[:half], first), others[half:]])
