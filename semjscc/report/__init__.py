"""One HTML page of all results, which needs neither a network nor, for all but the slider, a script."""
