"""Rows of arrays shared out to threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch


def over_rows(work: Callable[[np.ndarray, np.ndarray], None], given: np.ndarray, made: np.ndarray, least: int) -> None:
    """``work(given, made)`` on as many threads as torch uses, each with its share of both arrays' rows.

    Args:
        work: writes into its second argument; must let go of the interpreter's lock.
        least: rows for which a thread of their own pays.
    """
    threads = max(1, min(torch.get_num_threads(), len(given) // least))
    if threads == 1:
        work(given, made)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, np.array_split(given, threads), np.array_split(made, threads)))
