"""How near the radio is to Sionna 2.2 and to closed forms."""
