"""Forward error correction: bits <-> coded bits and LLRs."""

from semjscc.phy.fec.base import Code, Codes
from semjscc.phy.fec.convolutional import Convolutional
from semjscc.phy.fec.crc import CRC
from semjscc.phy.fec.interleaver import Interleaved
from semjscc.phy.fec.ldpc import LDPC5G
from semjscc.phy.fec.segmented import Segmented

__all__ = ["CRC", "LDPC5G", "Code", "Codes", "Convolutional", "Interleaved", "Segmented"]
