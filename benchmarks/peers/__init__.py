"""Other people's radios, set up as ours is."""
