"""Channels draw responses; :func:`apply` applies them."""

from semjscc.phy.channel.awgn import AWGN
from semjscc.phy.channel.base import Channel, apply
from semjscc.phy.channel.rayleigh import Rayleigh
from semjscc.phy.channel.scattering import Scattering
from semjscc.phy.channel.tdl import TDL
from semjscc.phy.channel.tr38901 import CDL, Array, Directional, Omni, RMa, UMa, UMi, Users

__all__ = [
    "AWGN",
    "CDL",
    "TDL",
    "Array",
    "Channel",
    "Directional",
    "Omni",
    "RMa",
    "Rayleigh",
    "Scattering",
    "UMa",
    "UMi",
    "Users",
    "apply",
]
