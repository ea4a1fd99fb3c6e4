"""A link without a grid: only noise."""

from semjscc.phy.base import SymbolLink
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Received, Symbols
from semjscc.units import noise_variance


class PlainLink(SymbolLink):
    """y = x + n with n ~ CN(0, N0) and N0 = 10^(-SNR/10): one channel use a symbol, no pilots, no padding.

    Args:
        symbol_rate: symbols a second; None where time does not count: the duration is 0 then.

    Raises:
        ValueError: the symbol rate is not positive.
    """

    def __init__(self, symbol_rate: float | None = None):
        super().__init__()
        if symbol_rate is not None and not symbol_rate > 0:
            raise ValueError(f"symbol_rate={symbol_rate} symbols a second must be positive")
        self.symbol_rate = symbol_rate

    @property
    def symbols_per_slot(self) -> int:
        """No channel is drawn: a payload may be sent in parts of any length."""
        return 1

    def forward(self, symbols: Symbols, snr_db: SNR, rng: Randomness = GLOBAL) -> Received:
        """Any number of symbols per image; one SNR [dB] per image."""
        N0 = noise_variance(snr_db).to(symbols.real)[:, None]
        n = rng.complex_normal("noise", symbols.shape, symbols) * N0.sqrt()
        return Received(symbols + n, N0.expand(symbols.shape))

    def channel_uses(self, num_symbols: int) -> int:
        return num_symbols

    def data_uses(self, num_symbols: int) -> int:
        return num_symbols

    def duration(self, num_symbols: int) -> float:
        return num_symbols / self.symbol_rate if self.symbol_rate else 0.0
