"""The hot loops of channel coding on a CPU, compiled by numba; torch has its own form of each and stands in for it."""

import warnings
from functools import cache


@cache
def available() -> bool:
    """Whether numba can be had and compiles for this processor; if not, a warning says so, once."""
    try:
        from semjscc.phy.fec.compiled.lanes import probe

        probe()
    except Exception as error:  # whatever it is that a compiler stumbles over
        warnings.warn(
            f"channel coding falls back to torch, many times slower on a CPU: {type(error).__name__}: {error}; "
            "`pip install numba` where that is what is missing",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True
