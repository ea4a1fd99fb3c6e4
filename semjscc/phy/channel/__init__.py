"""Channels draw responses; :func:`apply` applies them."""

from semjscc.phy.channel.awgn import AWGN
from semjscc.phy.channel.base import Channel, apply
from semjscc.phy.channel.rayleigh import Rayleigh
from semjscc.phy.channel.tdl import TDL

__all__ = ["AWGN", "TDL", "Channel", "Rayleigh", "apply"]
