"""Forward error correction: bits <-> coded bits and LLRs."""

from semjscc.phy.fec.base import Code
from semjscc.phy.fec.crc import CRC
from semjscc.phy.fec.ldpc import LDPC5G

__all__ = ["CRC", "LDPC5G", "Code"]
