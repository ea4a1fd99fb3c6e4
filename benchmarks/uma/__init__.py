"""What UMa is like, and what a normalisation and a prefix do to a link over it."""
