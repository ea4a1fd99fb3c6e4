"""The ray-based channels of 3GPP TR 38.901: clustered delay lines, and users dropped in a cell."""

from semjscc.phy.channel.tr38901.arrays import Array, Directional, Element, Omni
from semjscc.phy.channel.tr38901.cdl import CDL
from semjscc.phy.channel.tr38901.rural import RMa
from semjscc.phy.channel.tr38901.urban import UMa, UMi
from semjscc.phy.channel.tr38901.users import Drop, Users

__all__ = ["CDL", "Array", "Directional", "Drop", "Element", "Omni", "RMa", "UMa", "UMi", "Users"]
